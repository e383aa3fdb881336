"""Part of rule S102: duties of dates (``x-due``) that a schema no longer has, or that ask less than before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itsm_gitops.model.duties import KEYWORD
from itsm_gitops.model.findings import WARNING, Pointer
from itsm_gitops.model.strictness import implies, rank_of

_LIFTING = ("open_only", "latest_of")  # what ends a duty earlier

Data = Mapping[str, Any]


def weakened_duties(before: Any, after: Any) -> Iterator[tuple[Pointer, str]]:
    """Yield the duties of one schema that ask less than before: place in the new version, and how in words."""
    there = dict(_duties(after))
    for at, old in _duties(before):
        new = there.get(at, [])
        for index, terms in enumerate(old):
            name = f"the duty '{terms.get('message', at[-1])}'"
            if index >= len(new):
                yield nearest(after, at), f"{name} is gone"
                continue
            place = (*at, KEYWORD, index) if len(new) > 1 else (*at, KEYWORD)
            yield from ((place, f"{name} {how}") for how in _looser(terms, new[index]))


def _looser(old: Data, new: Data) -> Iterator[str]:
    if rank_of(new.get("severity", WARNING)) < rank_of(old.get("severity", WARNING)):
        yield f"is only '{new['severity']}' any more once the day has passed"
    if not implies(old.get("when"), new.get("when")):
        yield "is asked only under a condition that it did not have"
    lifted = new.get("unless")
    if lifted and not (old.get("unless") and implies(lifted, old["unless"])):
        yield "is lifted in more cases"
    for key in _LIFTING:
        if new.get(key) and new.get(key) != old.get(key):
            yield f"ends earlier ({key})"
    if max(new.get("warn_days", ()), default=0) < max(old.get("warn_days", ()), default=0):
        yield "warns later"


def _duties(node: Any, at: Pointer = ()) -> Iterator[tuple[Pointer, Sequence[Data]]]:
    """Yield the places of a schema, as written, that have duties, with these."""
    if isinstance(node, Mapping):
        found = node.get(KEYWORD)
        if found:
            yield at, found if isinstance(found, list) else [found]
        for key, value in node.items():
            if key != KEYWORD:
                yield from _duties(value, (*at, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _duties(value, (*at, index))


def nearest(data: Any, pointer: Pointer) -> Pointer:
    """Return as much of a place as there is."""
    found: Pointer = ()
    for step in pointer:
        if not isinstance(data, Mapping) or step not in data:
            break
        data, found = data[step], (*found, step)
    return found
