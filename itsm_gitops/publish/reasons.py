"""Why a build made a page: the keys of the data that it was made from (see ``keys``), in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from itsm_gitops.publish import keys as known

ALWAYS = "it is made each time: it is about the whole repository"
FIRST = "there is no cache of this tool, rule book and settings: every page is made"
FRAME = "what frames every page is not as it was: every page is made"
DOUBT = "a document cannot be read, or could not be at the last build: every page is made"
NEW = "the last build had no such page"
OTHER_ROWS = "it lists other documents than before"
OTHER_FIGURES = "something that reports count is not as it was"
SPOILT = "its file is not as the last build wrote it"
_MOST = 4
_WHOLE = {
    known.ALL: "any document",
    known.NOW: "the moment",
    known.BACK: "the moment, which is before that of the last build",
    known.TODAY: "the day",
    known.GRAPH: "how failures travel",
    known.HISTORY: "whether there is a history in Git",
    known.SIMILAR: "how many records there are",
    known.FAILURES: "how past changes ended",
    known.ITEMS: "the items of the CMDB",
    known.UPDATED: "when the last record was updated",
    known.DUES: "what is due",
    known.MAJORS: "which incidents are major ones",
}
_PART = {
    known.HEALTH: "the status of {}",
    known.KNOWN: "the known errors of {}",
    known.PAST: "the last days of {}",
    known.EVENTS: "what happened to {}",
    known.HIT: "what {} makes unwell",
    known.EDITED: "the edits of {} in Git",
    known.PROOF: "the evidence about {}",
    known.AWAITED: "the changes that wait for the approval of {}",
    known.CONFLICT: "what is in the way of {}",
    known.WORD: "the records with '{}' in the title",
    known.KEPT: "how the service level of {} was kept",
    known.KIND: "the documents of the kind {}",
    known.DATA: "where the data of finished records lies ({})",
    known.LINKS: "the links of {}",
    known.TRAITS: "the place of {} among others",
}


class PageReason(NamedTuple):
    """A page or data file that a build made, by its address, and why."""

    page: str
    why: str


def named(key: str) -> str:
    """Return what a key stands for; a key without a prefix is a document's identifier."""
    prefix, colon, rest = key.partition(":")
    return _WHOLE.get(key) or _PART.get(prefix + colon, "{}").format(rest if colon else key)


def listed(keys: Iterable[str], most: int = _MOST) -> str:
    """Return the first of some keys in words, documents before what follows from them, and how many more there are."""
    ordered = sorted(keys, key=lambda k: (k in _WHOLE, ":" in k, k))
    rest = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(map(named, ordered[:most])) + rest


def changed(keys: Iterable[str]) -> str:
    """Return that some of what a page was made from has changed."""
    return f"changed: {listed(keys)}"


def not_made(page: str, keys: Iterable[str]) -> PageReason:
    """Return why a page was not made."""
    return PageReason(page, f"not made, as nothing has changed of {listed(keys, 12)}")
