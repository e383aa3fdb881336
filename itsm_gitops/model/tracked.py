"""Tracked fields whose values differ from the last ones in the timeline: what an entry must say about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from itsm_gitops.model.diff import same
from itsm_gitops.model.timeline import entries_of, told_value, value_in

Data = Mapping[str, Any]


def untold(
    track: Iterable[str], timeline: Any, before: Data, after: Data, lost: Iterable[str] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values that tracked fields get, and those they had, where ``after`` differs from the timeline.

    The last value of a field in the timeline counts as its former value, so that one entry leads to the next;
    ``before`` holds those that no entry names. Of fields that nobody tracks and that are ``lost``, what they held is
    told each time: an entry may tell that an earlier value was lost, and none tells that there was another one since.
    """
    new: dict[str, Any] = {}
    old: dict[str, Any] = {}
    entries = entries_of(timeline)
    tracked = dict.fromkeys(track)
    for name in dict.fromkeys(lost):
        if name not in tracked and value_in(before, name) is not None:
            old[name] = value_in(before, name)
    for name in tracked:
        value, had = value_in(after, name), told_value(entries, name, value_in(before, name))
        if not same(value, had):
            if value is not None:
                new[name] = value
            if had is not None:
                old[name] = had
    return new, old
