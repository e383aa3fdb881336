"""Merges the timelines of a record: entries of both sides in the order in which they were written.

A timeline is only ever added to, so two sides differ in what each added. What an entry says of a state or of a tracked
value leads from one entry to the next, so two sides may both add notes, and one of them a step. Where both made the
same step, one entry tells it: that of the side which is known to others already (``published``), else the earlier one.
Where they made different ones, the field is left as a conflict.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.model.additions import added, touched
from itsm_gitops.model.diff import same
from itsm_gitops.model.timeline import AT, SET, STATE, WAS, seconds

Data = Mapping[str, Any]
Entries = Sequence[Data]
_WORDLESS = frozenset({AT, "by"})
OURS, THEIRS = "ours", "theirs"


class MergedTimeline(NamedTuple):
    """What two timelines become, and the fields of which both sides told something.

    ``agreed`` maps those to the value they have now, by dotted name (None: no value), ``contested`` names the others.
    """

    entries: list[dict[str, Any]]
    agreed: Mapping[str, Any]
    contested: frozenset[str]


def merge_timelines(
    base: Entries, ours: Entries, theirs: Entries, published: Callable[[], str] = lambda: ""
) -> MergedTimeline | None:
    """Return what two timelines become; None where a side changed the entries that both had.

    ``published`` says which side others have already (OURS, THEIRS, empty: nobody knows): its entries stay as they are.
    It is asked only where both sides told of one field.
    """
    gaps = [_gaps(base, entries) for entries in (ours, theirs)]
    one, two = gaps
    if one is None or two is None:
        return None
    own = [_without_common(one, two), _without_common(two, one)]
    agreed: dict[str, Any] = {}
    contested: set[str] = set()
    both = sorted(set(_told(own[0])) & set(_told(own[1])))
    known = published() if both else ""
    for name in both:
        mine, other = ([entry for gap in side for entry in gap] for side in own)
        settled = _settle(name, mine, other, known)
        if settled is None:
            contested.add(name)
        else:
            agreed[name] = settled.value
    entries: list[dict[str, Any]] = []
    for number, gap in enumerate(map(_in_order, one, own[1])):
        entries += [entry for entry in gap if not entry.keys() <= _WORDLESS]
        entries += [dict(base[number])] if number < len(base) else []
    return MergedTimeline(entries, agreed, frozenset(contested))


def _gaps(base: Entries, side: Entries) -> list[list[dict[str, Any]]] | None:
    """Return what a side added, by the entry of base before which it stands; private copies."""
    news = added(base, side)
    if news is None:
        return None
    gaps: list[list[dict[str, Any]]] = [[]]
    fresh = set(news)
    for position, entry in enumerate(side):
        if position in fresh:
            gaps[-1].append({k: dict(v) if isinstance(v, dict) else v for k, v in entry.items()})
        else:
            gaps.append([])
    return gaps


def _text(entry: Data) -> str:
    return json.dumps(entry, sort_keys=True)


def _without_common(
    side: list[list[dict[str, Any]]], other: list[list[dict[str, Any]]]
) -> list[list[dict[str, Any]]]:
    """Return a side without what both have: that came to both by an earlier merge, or a picked commit."""
    there = Counter(_text(entry) for gap in other for entry in gap)
    found: list[list[dict[str, Any]]] = []
    for gap in side:
        found.append([])
        for entry in gap:
            text = _text(entry)
            if there[text] > 0:
                there[text] -= 1
            else:
                found[-1].append(entry)
    return found


def _told(gaps: list[list[dict[str, Any]]]) -> Iterator[str]:
    for gap in gaps:
        for entry in gap:
            yield from touched(entry)


def _value(entry: Data, name: str) -> Any:
    return entry.get(STATE) if name == STATE else entry.get(SET, {}).get(name)


class _Settled(NamedTuple):
    value: Any


def _settle(
    name: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]], published: str
) -> _Settled | None:
    """Let one entry tell each step of a field that both sides made; None where the steps contradict each other.

    The entries that are left without it are changed in place.
    """
    mine, more = ([e for e in side if name in touched(e)] for side in (ours, theirs))
    kept, other = _preferred(name, mine, more, published)
    steps, others = ([_value(e, name) for e in path] for path in (kept, other))
    last, further = steps[-1], others[len(steps) :]
    if same(others[: len(steps)], steps) and further:
        if (seconds(other[len(steps)].get(AT)) or 0) < (seconds(kept[-1].get(AT)) or 0):
            return None
        _strip(name, other[: len(steps)])
        return _Settled(further[-1])
    if same(others[-1], last) or same(steps[: len(others)], others):
        _strip(name, other)
        return _Settled(last)
    return None


def _preferred(
    name: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]], published: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the entries that stay as they are, and those that may lose what they repeat."""
    if published:
        return (ours, theirs) if published == OURS else (theirs, ours)
    steps, more = ([_value(e, name) for e in path] for path in (ours, theirs))
    if len(steps) != len(more):
        return (ours, theirs) if len(steps) > len(more) else (theirs, ours)
    order = [(seconds(path[-1].get(AT)) or 0, _text(path[-1])) for path in (ours, theirs)]
    return (ours, theirs) if order[0] <= order[1] else (theirs, ours)


def _strip(name: str, entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        if name == STATE:
            del entry[STATE]
            continue
        for part in (SET, WAS):
            if name in entry.get(part, {}):
                del entry[part][name]
                if not entry[part]:
                    del entry[part]


def _in_order(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries of both by the time at which they were written; each side keeps its order."""
    waiting, rest, found = list(ours), list(theirs), []
    while waiting and rest:
        keys = [(seconds(side[0].get(AT)) or 0, _text(side[0])) for side in (waiting, rest)]
        found.append((waiting if keys[0] <= keys[1] else rest).pop(0))
    return [*found, *waiting, *rest]
