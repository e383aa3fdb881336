"""Turns of a rota as a calendar file: one event for each turn in which somebody is on call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from itsm_gitops.graph.ics import as_file, event, text_value
from itsm_gitops.model.rotas import Turn
from itsm_gitops.model.wording import ENGLISH, Phrase, Writer, listed


def rota_calendar(
    turns: Iterable[Turn],
    rota: str,
    title: str,
    host: str,
    stamp: datetime,
    url: str = "",
    writer: Writer = ENGLISH,
) -> str:
    """Return the calendar file of turns; ``host`` makes identifiers unique (`ics.domain`), ``stamp`` is when they count as written."""
    events = [
        line for turn in turns if turn.people for line in _event(turn, rota, title, host, stamp, url, writer)
    ]
    return as_file(title, "On call", events)


def _event(
    turn: Turn, rota: str, title: str, host: str, stamp: datetime, url: str, writer: Writer
) -> Iterator[str]:
    first, *backups = turn.people
    about: list[str] = [title]
    if backups:
        about.append(Phrase("Backup: {people}", people=", ".join(backups)))
    if turn.override:
        about.append(Phrase("Decided by hand"))
    yield from event(
        uid=f"{rota}-{turn.start:%Y%m%dT%H%M%SZ}@{host}",
        stamp=stamp,
        start=turn.start,
        end=turn.end,
        summary=Phrase("On call: {person}", person=first).said(writer),
        about=listed(about, "\n").said(writer),
        url=url,
        extra=(f"CATEGORIES:{text_value('On call')}",),
    )
