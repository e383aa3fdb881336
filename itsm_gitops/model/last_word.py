"""What the users of a record were told last: its comments, apart from the internal notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from itsm_gitops.model.timeline import COMMENT, entries_of, moments


class LastWord(NamedTuple):
    """What users were told, when (seconds since 1970, UTC; None where nothing tells), and by whom."""

    text: str
    at: int | None
    by: str = ""


def words_of(data: Mapping[str, Any]) -> list[LastWord]:
    """Return everything that users were told, the oldest first."""
    entries = entries_of(data.get("timeline"))
    told = ((e.get(COMMENT), at, e.get("by")) for e, at in zip(entries, moments(entries), strict=True))
    return [LastWord(str(text), at, by if isinstance(by, str) else "") for text, at, by in told if text]


def last_word(data: Mapping[str, Any]) -> LastWord | None:
    """Return what users were told last; None where they were told nothing."""
    return next(iter(words_of(data)[-1:]), None)
