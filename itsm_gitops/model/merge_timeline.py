"""Merges the timelines of a record: entries of both sides in the order in which they were written.

A timeline is only ever added to, so two sides differ in what each added. What an entry says of a state or of a tracked
value leads from one entry to the next, so two sides may both add notes, and one of them a step. Where both made the
same step, one entry tells it: that of the side which is known to others already (``published``), else the earlier one.
Where they made different ones, the field is left as a conflict.
"""

from __future__ import annotations

import json
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
    It is asked only where that matters.
    """
    gaps = [_gaps(base, entries) for entries in (ours, theirs)]
    one, two = gaps
    if one is None or two is None:
        return None
    own = _without_common([one, two])
    agreed: dict[str, Any] = {}
    contested = _before_common(one, own[0]) | _before_common(two, own[1])
    both = sorted((set(_told(own[0])) & set(_told(own[1]))) - contested)
    known = published() if both else ""
    for name in both:
        mine, other = ([entry for gap in side for entry in gap] for side in own)
        settled = _settle(name, mine, other, known)
        if settled is None:
            contested.add(name)
        else:
            agreed[name] = settled.value
    entries: list[dict[str, Any]] = []
    alone = {id(entry) for side in own for gap in side for entry in gap}
    for number, gap in enumerate(
        _woven(mine, other, alone, published) for mine, other in zip(one, two, strict=True)
    ):
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


def _without_common(sides: Sequence[list[list[dict[str, Any]]]]) -> list[list[list[dict[str, Any]]]]:
    """Return both sides without what both have: that came to both by an earlier merge, or a picked commit."""
    one, two = ([entry for gap in side for entry in gap] for side in sides)
    texts, others = list(map(_text, one)), list(map(_text, two))
    # Of entries that are alike, those are the same that stand among the same others.
    pairs = _longest_common(texts, others)
    left, right = {a for a, _ in pairs}, {b for _, b in pairs}
    for a, text in enumerate(texts):
        b = next((n for n, t in enumerate(others) if t == text and n not in right), None)
        if a not in left and b is not None:
            left.add(a)
            right.add(b)
    common = {id(one[a]) for a in left} | {id(two[b]) for b in right}
    return [[[entry for entry in gap if id(entry) not in common] for gap in side] for side in sides]


def _longest_common(one: Sequence[str], two: Sequence[str]) -> list[tuple[int, int]]:
    """Return the places of a longest sequence that both have in the same order."""
    length = [[0] * (len(two) + 1) for _ in range(len(one) + 1)]
    for a in reversed(range(len(one))):
        for b in reversed(range(len(two))):
            here = length[a + 1][b + 1] + 1 if one[a] == two[b] else 0
            length[a][b] = max(here, length[a + 1][b], length[a][b + 1])
    pairs, a, b = [], 0, 0
    while a < len(one) and b < len(two):
        if one[a] == two[b]:
            pairs.append((a, b))
        step = one[a] == two[b] or length[a + 1][b] >= length[a][b + 1]
        b += one[a] == two[b] or not step
        a += step
    return pairs


def _before_common(side: list[list[dict[str, Any]]], own: list[list[dict[str, Any]]]) -> set[str]:
    """Return the fields that a side told of alone before what both have: the other side came there another way."""
    alone = {id(entry) for gap in own for entry in gap}
    told: set[str] = set()
    found: set[str] = set()
    for entry in (entry for gap in side for entry in gap):
        fields = set(touched(entry))
        if id(entry) in alone:
            told |= fields
        else:
            found |= told & fields
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
        if (seconds(other[len(steps)].get(AT)) or 0) <= (seconds(kept[-1].get(AT)) or 0):
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


def _woven(
    ours: list[dict[str, Any]],
    theirs: list[dict[str, Any]],
    alone: set[int],
    published: Callable[[], str],
) -> list[dict[str, Any]]:
    """Return what both added at one place: by time, and before or after what both have as on its own side.

    Where the sides have that in another order, the order of the published side stays.
    """
    mine, other = _parts(ours, alone), _parts(theirs, alone)
    if [list(map(_text, shared)) for _, shared in mine] != [list(map(_text, shared)) for _, shared in other]:
        whole, rest = (theirs, ours) if published() == THEIRS else (ours, theirs)
        return _in_order(whole, [entry for entry in rest if id(entry) in alone])
    pairs = zip(mine, other, strict=True)
    return [e for (before, shared), (more, _) in pairs for e in (*_in_order(before, more), *shared)]


def _parts(
    side: list[dict[str, Any]], alone: set[int]
) -> list[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Cut a side at each entry that both have: what stands before it, and the entry; the last part ends with none."""
    parts: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = [([], [])]
    for entry in side:
        if id(entry) in alone:
            parts[-1][0].append(entry)
        else:
            parts[-1][1].append(entry)
            parts.append(([], []))
    return parts


def _in_order(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries of both by the time at which they were written; each side keeps its order."""
    waiting, rest, found = list(ours), list(theirs), []
    while waiting and rest:
        keys = [(seconds(side[0].get(AT)) or 0, _text(side[0])) for side in (waiting, rest)]
        found.append((waiting if keys[0] <= keys[1] else rest).pop(0))
    return [*found, *waiting, *rest]
