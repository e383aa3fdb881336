"""Part of rule S102: demands of a life cycle, a policy or an own rule that are still there and ask less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.guards import FIELD, MESSAGE, MUST, WHEN, WHILE
from itsm_gitops.model.strictness import implies, weaker, weaker_step
from itsm_gitops.model.untyped import as_list, as_mapping

_ALIKE = (MUST, WHILE, "linked", "all", "link", FIELD)
_COUNT = "count"

Data = Mapping[str, Any]


class _Demand(NamedTuple):
    """A demand where it stands: what it belongs to, what it is called, and its data."""

    group: str
    name: str
    raw: Data
    pointer: Pointer


def weakened(before: Data, after: Data, *, is_rule: bool) -> Iterator[tuple[Pointer, str]]:
    """Yield the demands of one file that ask less than before: place in the new version, and how in words.

    ``is_rule`` says that the file is one rule of the repository's own.
    """
    if is_rule:
        yield from (((key,) if key else (), f"this rule {how}") for key, how in weaker(before, after))
        return
    there: dict[tuple[str, str], list[_Demand]] = {}
    for demand in _demands(after):
        there.setdefault((demand.group, demand.name), []).append(demand)
    for old in _demands(before):
        # One field may be demanded several times, under several conditions.
        new = there.get((old.group, old.name)) or _renamed(old, [d for some in there.values() for d in some])
        found = [[(one, key, how) for key, how in weaker(old.raw, one.raw)] for one in new]
        for one, key, how in min(found, key=len, default=[]):
            at = (*one.pointer, key) if key in one.raw else one.pointer
            yield at, f"{old.group}{old.name} {how}"
    yield from _steps(before, after)
    yield from _approvals(before, after)
    wider = [
        f
        for f in as_list(after.get("editable_when_closed"))
        if f not in as_list(before.get("editable_when_closed"))
    ]
    if wider and "editable_when_closed" in before:
        yield ("editable_when_closed",), f"{', '.join(map(repr, wider))} may change after the end now"


def _renamed(old: _Demand, there: Sequence[_Demand]) -> list[_Demand]:
    """Return the demands that ask the same under another message."""
    own = {k: old.raw[k] for k in _ALIKE if k in old.raw}
    return (
        [d for d in there if d.group == old.group and own == {k: d.raw[k] for k in _ALIKE if k in d.raw}]
        if own
        else []
    )


def _demands(data: Data) -> Iterator[_Demand]:
    for state, about in as_mapping(data.get("states")).items():
        for index, raw in enumerate(as_list(as_mapping(about).get("require"))):
            yield _named(f"state '{state}': ", raw, ("states", state, "require", index))
    for key in ("require", "refuse", "reason_for"):
        for index, raw in enumerate(as_list(data.get(key))):
            yield _named("", raw, (key, index))


def _named(group: str, raw: Any, pointer: Pointer) -> _Demand:
    if not isinstance(raw, Mapping):
        raw = {FIELD: raw}
    shown = raw.get(MESSAGE) or raw.get(FIELD) or ", ".join(f"{k}: {v}" for k, v in raw.items())
    return _Demand(group, f"'{shown}'", raw, pointer)


def _steps(before: Data, after: Data) -> Iterator[tuple[Pointer, str]]:
    """Compare the steps between the same states."""
    new = {
        (str(s.get("name")), source, str(s.get("to"))): (index, s)
        for index, s in _entries(after.get("transitions"))
        for source in as_list(s.get("from"))
    }
    for _, step in _entries(before.get("transitions")):
        told: set[tuple[Pointer, str]] = set()
        for source in as_list(step.get("from")):
            found = new.get((str(step.get("name")), source, str(step.get("to"))))
            for key, how in weaker_step(step, found[1]) if found else ():
                pointer: Pointer = (
                    ("transitions", found[0], *((key,) if key in found[1] else ())) if found else ()
                )
                told.add((pointer, f"the step '{step.get('name')}' {how}"))
        yield from sorted(told, key=str)


def _approvals(before: Data, after: Data) -> Iterator[tuple[Pointer, str]]:
    """Compare the rules of the policy of approvals: how many are asked, and when."""
    for key in ("rules", "protected"):
        new = {str(r.get("name")): (i, r) for i, r in _entries(after.get(key))}
        for _, rule in _entries(before.get(key)):
            found = new.get(str(rule.get("name")))
            if found is None:
                continue
            index, now = found
            asked, wanted = _count(rule), _count(now)
            if wanted < asked:
                yield (key, index), f"the rule '{rule['name']}' asks {wanted} instead of {asked}"
            if not implies(rule.get(WHEN), now.get(WHEN)):
                yield (key, index), f"the rule '{rule['name']}' asks in fewer cases, or in others"


def _count(rule: Data) -> int:
    count = as_mapping(rule.get("require")).get(_COUNT, 1)
    return count if isinstance(count, int) else 1


def _entries(value: Any) -> Iterator[tuple[int, Data]]:
    return ((i, e) for i, e in enumerate(as_list(value)) if isinstance(e, Mapping))
