"""`itsm cab agenda`: what a change advisory board speaks about on a day, computed; `itsm cab record`: what it decided.

The agenda itself is made in `graph/boards.py`. What the board decided stands in the record of the meeting and flows back
into the changes: as advice (`cab`) and as a note. It authorises nothing: that is for the gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itsm_gitops.documents import output_file
from itsm_gitops.editing.change import Written, save
from itsm_gitops.editing.opening import open_document
from itsm_gitops.editing.tracking import Occasion, timeline_entry
from itsm_gitops.git.actor import acting
from itsm_gitops.graph.boards import BoardAgenda, board_agenda, meetings_of
from itsm_gitops.graph.ics import domain
from itsm_gitops.graph.loaded import present_name
from itsm_gitops.graph.meetings_ics import agenda_calendar
from itsm_gitops.graph.network import Network
from itsm_gitops.model import clock, facts, meaning, moments
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import NotFound, Refused, UsageError, did_you_mean
from itsm_gitops.model.words import a_kind

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store

_ADVICE = "cab"


def agenda(repo: Repository, day: str = "", board: str = "", at: str | None = None) -> BoardAgenda:
    """Compute the agenda of a board on a day (default: its next planned meeting, else today).

    ``board`` is a team (default: that of the meeting). Raises UsageError for an invalid day, NotFound for no such team.
    """
    chosen, store = _day(day) if day else None, repo.store(at)
    board = present_name(store, board)
    if board and not facts.is_a(store.book, store.entries.get(board), meaning.TEAM):
        teams = [e.id for e in store.of_kinds(store.book.playing(meaning.TEAM))]
        near = did_you_mean(board, teams) or "itsm list teams shows them"
        raise NotFound(f"--board: there is no team '{board}'", near)
    return board_agenda(Network(store), repo.config.timezone, clock.now(), chosen, board)


def agenda_ics(repo: Repository, made: BoardAgenda, at: str | None = None) -> str:
    """Return an agenda as iCalendar text: the meeting of that day, or the whole day where no meeting is recorded."""
    loaded = repo.store(at)
    meeting = next((m for m in meetings_of(loaded) if m.id == made.meeting), None)
    return agenda_calendar(made, meeting, repo.config.organisation, domain(repo.config.identity), clock.now())


def write_agenda_ics(repo: Repository, made: BoardAgenda, path: Path, at: str | None = None) -> None:
    """Write an agenda as an iCalendar file; raises UsageError where it cannot be written."""
    with output_file(path, repo.root) as file:
        file.write(agenda_ics(repo, made, at))


def _day(text: str) -> date:
    day = clock.parse_day(text.strip())
    if day is None:
        raise UsageError(f"'{text}' is not a day", "write 2026-11-24")
    moments.not_far(day, text)
    return day


def record_decisions(
    repo: Repository, fragment: str, by: str | None = None, *, dry_run: bool = False
) -> list[Written]:
    """Write what a meeting decided into the changes it was about, each once; return what was written.

    Where the change has a field for the board's advice and the decision is one of its words, that is set; a note names
    the meeting in any case, by which a second run knows that it is done. Raises Refused where the record is no meeting,
    has no decisions, or did not take place yet.
    """
    store = repo.store()
    entry = store.find(fragment)
    if not facts.is_a(store.book, entry, meaning.MEETING):
        raise Refused(
            f"{entry.id} is {a_kind(store.book.kinds[entry.kind])}", "itsm cab record takes a meeting"
        )
    data = store.data(entry.id)
    flow = store.book.kinds[entry.kind].workflow
    if flow and entry.state == flow.initial:
        raise Refused(f"{entry.id} has not taken place yet", f"itsm move {entry.id} says that it has")
    decisions = [d for d in data.get("decisions") or () if isinstance(d, Mapping)]
    if not decisions:
        raise Refused(f"{entry.id} has no decisions", f"itsm set {entry.id} decisions+='{{\"about\": …}}'")
    return _record(repo, store, entry, data, decisions, acting(repo, by), dry_run=dry_run)


def _record(
    repo: Repository,
    store: Store,
    meeting: Entry,
    data: Mapping[str, Any],
    decisions: Iterable[Mapping[str, Any]],
    by: str,
    *,
    dry_run: bool,
) -> list[Written]:
    done = []
    for decision in decisions:
        about = store.entries.get(str(decision.get("about")))
        if about is None or not facts.is_a(store.book, about, meaning.CHANGE):
            continue
        document = open_document(repo, about.id)
        if any(meeting.id in str(e.get("note", "")) for e in document.data.get("timeline") or ()):
            continue
        word, reason = str(decision.get("decision")), str(decision.get("reason") or "")
        said = f"{word.replace('_', ' ').capitalize()} by the board ({meeting.id})."
        new = dict(document.data)
        new |= _advice(document.kind.fields, word, str(data.get("starts_at", ""))[:10], reason)
        note = f"{said} {reason}".strip()
        new["timeline"] = [*new.get("timeline", ()), timeline_entry(document, Occasion(by), note=note)]
        done.append(save(repo, document, new, dry_run=dry_run))
    return done


def _advice(fields: Mapping[str, Any], word: str, day: str, reason: str) -> dict[str, Any]:
    """Return the field for the board's advice, where there is one and the decision is a word of it."""
    parts = fields.get(_ADVICE, {}).get("properties", {})
    if word not in parts.get("decision", {}).get("enum", ()):
        return {}
    return {_ADVICE: {"date": day, "decision": word, **({"notes": reason} if reason else {})}}
