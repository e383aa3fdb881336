"""Whether a demand of the rule book asks as much as it did before: two versions of its data, compared word by word.

Only what can be seen from the words counts as at least as strict: the same condition, one with more lines, one whose list
of values is shorter. Whatever else was changed counts as weaker, since nobody could tell otherwise without trying.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itsm_gitops.model.findings import ERROR, INFO, OFF, WARNING
from itsm_gitops.model.guards import BESIDE, EXCEPT, FIELD, MUST, SEVERITY, SINCE, WHEN, WHILE
from itsm_gitops.model.untyped import as_list
from itsm_gitops.model.user_rules import FOR

_RANK = {OFF: 0, INFO: 1, WARNING: 2, ERROR: 3}
_AND, _OR, _NOT = "and", "or", "not"
_LOOSENING = frozenset(("besides",))  # a line that takes something out of what is asked
_REASON, _BY = "reason", "by"

Data = Mapping[str, Any]


def rank_of(severity: Any) -> int:
    """Return how much a severity weighs; anything else weighs as an error."""
    return _RANK.get(str(severity), _RANK[ERROR])


def weaker(before: Data, after: Data) -> Iterator[tuple[str, str]]:
    """Yield where a demand asks less than before: the key, and the difference in words."""
    if _severity(after) < _severity(before):
        yield SEVERITY, f"is only {_article(after.get(SEVERITY, ERROR))} any more"
    since, then = str(after.get(SINCE, "")), str(before.get(SINCE, ""))
    if since > then:
        yield SINCE, f"is asked only since {since}"
    for key, what in ((WHILE, "state"), (FOR, "kind")):
        gone = [w for w in as_list(before.get(key)) if w not in as_list(after.get(key))]
        if gone and key in after:
            yield key, f"is not asked any more for the {what} {', '.join(map(repr, gone))}"
    if not implies(before.get(WHEN), after.get(WHEN)):
        yield WHEN, "is asked only under a condition that it did not have"
    free = [w for w in as_list(after.get(EXCEPT)) if w not in as_list(before.get(EXCEPT))]
    if free:
        yield EXCEPT, f"is lifted for {', '.join(map(repr, free))}"
    if not implies(_body(after), _body(before)):
        yield MUST if MUST in after else "", "asks for something else than before"


def weaker_step(before: Data, after: Data) -> Iterator[tuple[str, str]]:
    """Yield where a step of a life cycle is held back less than before."""
    if before.get(_REASON) and not after.get(_REASON):
        yield _REASON, "needs no reason any more"
    roles, now = as_list(before.get(_BY)), as_list(after.get(_BY))
    if roles and (not now or set(now) - set(roles)):
        more = ", ".join(str(r) for r in now if r not in roles) or "everybody"
        yield _BY, f"may be made by {more.replace('_', ' ')} now"


def implies(one: Any, other: Any) -> bool:
    """Whether a condition certainly holds only where another one does; None is always."""
    if not other or one == other:
        return True
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return False
    if any(key in one and one.get(key) != other.get(key) for key in _LOOSENING):
        return False
    return all(_line(key, one, value) for key, value in other.items() if key not in _LOOSENING)


def _line(key: str, one: Data, value: Any) -> bool:
    """Whether one condition implies a line of another."""
    if key not in one:
        return False
    own = one[key]
    if own == value:
        return True
    if key == _NOT:
        return implies(value, own)
    if key == _AND:
        return all(any(implies(x, y) for x in as_list(own)) for y in as_list(value))
    if key == _OR:
        return all(any(implies(x, y) for y in as_list(value)) for x in as_list(own))
    if isinstance(value, Mapping) and isinstance(own, Mapping):
        return implies(own, value)
    if isinstance(value, list):
        return set(map(repr, own if isinstance(own, list) else [own])) <= set(map(repr, value))
    return False


def _body(demand: Data) -> Any:
    """Return what a demand asks for, whichever way it is written."""
    if FIELD in demand:
        return {FIELD: demand[FIELD]}
    if MUST in demand:
        return demand[MUST]
    return {k: v for k, v in demand.items() if k not in BESIDE and k != EXCEPT}


def _severity(demand: Data) -> int:
    return rank_of(demand.get(SEVERITY, ERROR))


def _article(severity: Any) -> str:
    return {WARNING: "a warning", INFO: "a note", OFF: "nothing"}.get(str(severity), str(severity))
