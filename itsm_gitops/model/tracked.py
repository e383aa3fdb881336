"""Tracked fields whose values differ from the last ones in the timeline: what an entry must say about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from itsm_gitops.model.diff import same
from itsm_gitops.model.timeline import entries_of, told_value, value_in

Data = Mapping[str, Any]


def untold(
    names: Iterable[str], timeline: Any, before: Data, after: Data
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values that fields get, and those they had, where ``after`` differs from the timeline.

    The last value of a field in the timeline counts as its former value, so that one entry leads to the next;
    ``before`` holds those that no entry names.
    """
    new: dict[str, Any] = {}
    old: dict[str, Any] = {}
    entries = entries_of(timeline)
    for name in dict.fromkeys(names):
        value, had = value_in(after, name), told_value(entries, name, value_in(before, name))
        if not same(value, had):
            if value is not None:
                new[name] = value
            if had is not None:
                old[name] = had
    return new, old
