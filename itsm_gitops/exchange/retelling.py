"""The timeline entries that a later import writes: about tracked fields with a new value, and about earlier events.

A table with one row for each record has current values and no history. So an import that takes over a new value of a
tracked field writes an entry, as `itsm set` does, at the moment of the import. An event of the table that is older
than the last entry is written now, with the time at which it ``happened``. Both carry a reason by which the next import
recognises them, and does not take them for edits of a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from itsm_gitops.exchange.mapping import TableMapping
from itsm_gitops.model import clock
from itsm_gitops.model.timeline import AT, HAPPENED, REASON, SET, WAS, seconds
from itsm_gitops.model.tracked import untold

Entry = dict[str, Any]
IMPORTED = "imported from "
_OWN = frozenset({AT, "by", SET, WAS, REASON})


def reason_of(mapping: TableMapping) -> str:
    """Return why something is so that an import wrote."""
    return f"{IMPORTED}{mapping.system or 'another system'}"


def as_in_table(timeline: Sequence[Entry]) -> list[Entry]:
    """Return a timeline without the entries that later imports added, each event at its own time."""
    return [_event(e) for e in timeline if not (_is_ours(e) and e.keys() <= _OWN)]


def _is_ours(entry: Any) -> bool:
    return isinstance(entry, Mapping) and str(entry.get(REASON, "")).startswith(IMPORTED)


def _event(entry: Entry) -> Entry:
    if not _is_ours(entry) or HAPPENED not in entry:
        return entry
    return {k: v for k, v in ({**entry, AT: entry[HAPPENED]}).items() if k not in (HAPPENED, REASON)}


class Reteller:
    """Tells for one mapping."""

    def __init__(self, mapping: TableMapping, track: Sequence[str]) -> None:
        self._by, self._reason, self._track = mapping.actor, reason_of(mapping), track

    def events(self, timeline: Sequence[Entry], later: Iterable[Entry]) -> list[Entry]:
        """Return the entries that a table has beyond a timeline, in a form in which they can follow it."""
        found: list[Entry] = []
        for entry in later:
            moment = _not_before([*timeline, *found], entry[AT])
            if moment != entry[AT]:
                moment = _not_before([*timeline, *found], clock.format_time(clock.now()))
                entry = {**entry, AT: moment, HAPPENED: entry[AT], REASON: self._reason}
            found.append(entry)
        return found

    def values(self, before: Mapping[str, Any], after: Mapping[str, Any], lost: Iterable[str]) -> Entry:
        """Return the entry about tracked fields that differ and that no entry tells, and about ``lost`` fields.

        Empty where there is nothing to tell.
        """
        timeline = after.get("timeline", [])
        new, old = untold(self._track, timeline, before, after, lost)
        if not new and not old:
            return {}
        at = _not_before(timeline, clock.format_time(clock.now()))
        told = {key: values for key, values in ((SET, new), (WAS, old)) if values}
        return {AT: at, "by": self._by, **told, REASON: self._reason}


def _not_before(timeline: Sequence[Entry], moment: str) -> str:
    """Return a time as it is, or that of the last entry where this one is later: timelines never go back."""
    last = str(timeline[-1].get(AT)) if timeline else ""
    written, wanted = seconds(last), seconds(moment)
    return last if written is not None and (wanted is None or wanted < written) else moment
