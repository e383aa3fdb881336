"""Conditions in words, for messages, `itsm move` and the handbook's reference."""

from __future__ import annotations

from typing import Any

from itsm_gitops.model.conditions import (
    Among,
    Both,
    Condition,
    Either,
    FieldIs,
    InList,
    Linked,
    Negation,
    Present,
    Test,
)

_SIGNS = {
    "at_least": "at least",
    "at_most": "at most",
    "above": "above",
    "below": "below",
    "after": "after",
    "before": "before",
}


def in_words(condition: Condition) -> str:
    """Return a condition as part of a sentence: ``type is normal and risk is there``; empty for one that always holds."""
    if isinstance(condition, FieldIs):
        return f"{condition.path or 'it'} is {' and '.join(map(_test, condition.tests))}"
    if isinstance(condition, Present):
        return f"{condition.path} is there"
    if isinstance(condition, Both | Either):
        joined = " and " if isinstance(condition, Both) else " or "
        return joined.join(_bracketed(part) for part in condition.parts)
    if isinstance(condition, Negation):
        return _negated(condition.part)
    if isinstance(condition, InList):
        which = "every entry" if condition.every else "one entry"
        return f"of {which} of {condition.path} {in_words(condition.part)}"
    if isinstance(condition, Linked):
        return _linked(condition)
    return ""


def _negated(part: Condition) -> str:
    if isinstance(part, Present):
        return f"{part.path} is not there"
    if isinstance(part, FieldIs):
        return f"{part.path or 'it'} is not {' and '.join(map(_test, part.tests))}"
    return f"not ({in_words(part)})"


def _bracketed(part: Condition) -> str:
    return f"({in_words(part)})" if isinstance(part, Both | Either) else in_words(part)


def _test(test: Test) -> str:
    if isinstance(test, Among):
        return _or(test.values)
    return f"{_SIGNS[test.sign]} {test.path or _value(test.value)}"


def _or(values: tuple[Any, ...] | list[str]) -> str:
    return " or ".join(map(_value, values))


def _value(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _linked(condition: Linked) -> str:
    kinds = _or(sorted(condition.kinds))
    wants = []
    if condition.states:
        wants.append(f"in state {_or(sorted(condition.states))}")
    if condition.categories:
        wants.append(f"in a state of category {_or(sorted(condition.categories))}")
    if condition.roles:
        wants.append(f"in a state that is {_or(sorted(condition.roles))}")
    part = in_words(condition.part)
    if part:
        wants.append(f"where {part}")
    if condition.every:
        left = f", but for those in {condition.besides}," if condition.besides else ""
        return f"everything linked by {condition.relation}{f' ({kinds})' if kinds else ''}{left} is {' and '.join(wants)}"
    return " ".join(filter(None, (f"there is a link {condition.relation}", kinds and f"to {kinds}", *wants)))
