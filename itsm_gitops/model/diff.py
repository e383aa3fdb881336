"""What changed between two versions of a document: fields and list items, not lines of text.

Lists are compared by what their items are about: links by type and target, timeline entries by
time and author, anything with a ``name``, ``id`` or ``date`` by that, other items by value. So an
inserted item is one addition and not a change of every item after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from itsm_gitops.model.findings import Pointer

ADD = "add"
REMOVE = "remove"
CHANGE = "change"

# The keys that say what a list item is about; the first row whose keys an item all has, counts.
_IDENTITIES = (("type", "target"), ("at", "by"), ("id",), ("name",), ("date",), ("start", "end"))


class Change(NamedTuple):
    """One difference.

    ``pointer`` leads to the value in the new document. Where ``op`` is REMOVE its last step is
    the key or position in the old one. ``old`` is None for ADD, ``new`` is None for REMOVE.
    """

    pointer: Pointer
    op: str
    old: Any
    new: Any


def diff(old: Any, new: Any) -> list[Change]:
    """Return every difference, in the new document's order; empty when both are the same.

    ``True`` is not ``1`` and ``1`` is not ``1.0`` here; the order of keys does not matter, that of
    list items does.
    """
    return list(_diff(old, new, ()))


def same(old: Any, new: Any) -> bool:
    """Whether two values are the same, types included."""
    return next(_diff(old, new, ()), None) is None


def _diff(old: Any, new: Any, at: Pointer) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _diff_mappings(old, new, at)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _diff_lists(old, new, at)
    elif old.__class__ is not new.__class__ or old != new:
        yield Change(at, CHANGE, old, new)


def _diff_mappings(old: dict[str, Any], new: dict[str, Any], at: Pointer) -> Iterator[Change]:
    for key, value in old.items():
        if key not in new:
            yield Change((*at, key), REMOVE, value, None)
    for key, value in new.items():
        if key in old:
            yield from _diff(old[key], value, (*at, key))
        else:
            yield Change((*at, key), ADD, None, value)


def _diff_lists(old: list[Any], new: list[Any], at: Pointer) -> Iterator[Change]:
    pairs = align([identity(i) for i in old], [identity(i) for i in new])
    kept_old, kept_new = {i for i, _ in pairs}, {j for _, j in pairs}
    for index, value in enumerate(old):
        if index not in kept_old:
            yield Change((*at, index), REMOVE, value, None)
    partner = {j: i for i, j in pairs}
    for index, value in enumerate(new):
        if index in kept_new:
            yield from _diff(old[partner[index]], value, (*at, index))
        else:
            yield Change((*at, index), ADD, None, value)


def identity(item: Any) -> str:
    """Return what a list item is about, as text: its telling keys and their values, else the whole value as JSON."""
    if isinstance(item, dict):
        for keys in _IDENTITIES:
            if all(isinstance(item.get(k), str) for k in keys):
                return "\n".join(("", *keys, *(item[k] for k in keys)))
    return json.dumps(item, sort_keys=True, default=str)


def align(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Match positions of equal identities, keeping order; between two anchors, one item by one.

    A single item that stands where a single other one stood is the same item, changed, unless
    both are plain values.
    """
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    pairs = [(i, i) for i in range(start)]
    middle = old[start : len(old) - end], new[start : len(new) - end]
    if all(middle):
        pairs.extend((i + start, j + start) for i, j in _align_middle(*middle))
    pairs.extend((len(old) - n, len(new) - n) for n in range(end, 0, -1))
    return pairs


def _align_middle(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for op, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        mappings = all(o[0] in "{\n" for o in (*old[old_from:old_to], *new[new_from:new_to]))
        if op == "equal" or (op == "replace" and mappings and old_to - old_from == new_to - new_from == 1):
            yield from zip(range(old_from, old_to), range(new_from, new_to), strict=True)
