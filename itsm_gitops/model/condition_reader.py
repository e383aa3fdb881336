"""Reads the language of conditions: data of a rule book becomes the objects of `conditions.py`.

A condition is a mapping; all of its lines must hold::

    type: normal                          the field has this value
    resolution_code: [fixed, workaround]  ... or one of these
    major.state: accepted                 a dot goes into an object, and through lists
    offering.approval.required: true      ... and on in the item that a field names
    category: security                    a text stands for the levels below it: security/phishing
    cost: {at_least: 500, below: 1000}    at_least, at_most, above, below compare numbers,
    review_by: {before: now}              before, after compare dates and times (with now,
    actual_end: {after: {field: actual_start}}      or with another field)
    on_hold: {present: false}             the field is there, or is not
    origin: {not: [phone, email]}         it has none of these values, or is not there
    and: [..], or: [..], not: {..}        conditions in conditions
    all: tasks.status, in: [done]         every entry of a list (any: one of them);
    all: tasks, have: {status: done}      `have` is a condition on the entry
    link: resolved_by, to: [change]       there is a link (or one that leads here, by its inverse name)
    linked: parent_of, category: [done]   everything linked so is in such a state;
                                          state, category and role (of the state) and have are possible in both

The last two forms stand alone in their mapping, or under ``and``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itsm_gitops.model.conditions import (
    ALWAYS,
    ORDERS,
    Among,
    Both,
    Compared,
    Condition,
    Either,
    FieldIs,
    InList,
    Linked,
    Negation,
    Present,
)
from itsm_gitops.model.errors import RuleBookError

AND, OR, NOT = "and", "or", "not"
ALL, ANY = "all", "any"
LINK, LINKED = "link", "linked"
IN, HAVE, TO, STATE, CATEGORY, BESIDES, ROLE = "in", "have", "to", "state", "category", "besides", "role"
PRESENT, FIELD = "present", "field"
# The keys that make a mapping a condition on a list or on links, with the keys that may stand beside them.
FORMS: Mapping[str, frozenset[str]] = {
    ALL: frozenset((IN, HAVE)),
    ANY: frozenset((IN, HAVE)),
    LINK: frozenset((TO, STATE, CATEGORY, ROLE, HAVE, BESIDES)),
    LINKED: frozenset((TO, STATE, CATEGORY, ROLE, HAVE, BESIDES)),
}
TESTS = frozenset((PRESENT, NOT, IN, *ORDERS))
_HELP = "schemas/README.md and the handbook describe the language of conditions"


def read_condition(raw: Any, *, exact: bool = False) -> Condition:
    """Return the condition that some data of a rule book says; nothing at all always holds.

    ``exact`` lets texts stand for themselves only, and not for the levels below them: for what opens a door.
    Raises RuleBookError where the data says none.
    """
    if raw is None or raw == {}:
        return ALWAYS
    if not isinstance(raw, Mapping):
        raise RuleBookError(f"a condition is a mapping, not {raw!r}", _HELP)
    form = form_of(raw)
    if form:
        return _FORMS[form](raw, exact)
    parts = tuple(_line(str(key), value, exact) for key, value in raw.items())
    return parts[0] if len(parts) == 1 else Both(parts)


def form_of(raw: Mapping[str, Any]) -> str:
    """Return which key makes a mapping a condition on a list or on links; empty for none."""
    return next((form for form in FORMS if isinstance(raw.get(form), str)), "")


def values_of(raw: Any) -> tuple[Any, ...]:
    """Return one value, or those of a list."""
    return tuple(raw) if isinstance(raw, list | tuple) else (raw,)


def _line(key: str, value: Any, exact: bool) -> Condition:
    if key in (AND, OR):
        parts = tuple(read_condition(part, exact=exact) for part in _listed(key, value))
        return Both(parts) if key == AND else Either(parts)
    if key == NOT:
        return Negation(read_condition(value, exact=exact))
    return _field(key, value, exact)


def _field(path: str, value: Any, exact: bool) -> Condition:
    """Return what a field must be: a value, one of several, or what passes some tests."""
    if not isinstance(value, Mapping):
        return FieldIs(path, (Among.of(values_of(value), exact=exact),))
    unknown = sorted(value.keys() - TESTS)
    if unknown or not value:
        raise RuleBookError(f"'{path}' has the test {str(unknown or '')!r}, which there is not", _HELP)
    parts: list[Condition] = []
    tests: list[Among | Compared] = []
    for key, wanted in value.items():
        if key == PRESENT:
            parts.append(Present(path) if wanted else Negation(Present(path)))
        elif key == NOT:
            parts.append(Negation(FieldIs(path, (Among.of(values_of(wanted), exact=exact),))))
        elif key == IN:
            tests.append(Among.of(values_of(wanted), exact=exact))
        elif isinstance(wanted, Mapping):
            tests.append(Compared(key, path=wanted[FIELD]))
        else:
            tests.append(Compared(key, wanted))
    if tests:
        parts.append(FieldIs(path, tuple(tests)))
    return parts[0] if len(parts) == 1 else Both(tuple(parts))


def _listed(key: str, value: Any) -> Sequence[Any]:
    if not isinstance(value, list) or not value:
        raise RuleBookError(f"'{key}' takes a list of conditions", _HELP)
    return value


def _refuse_others(raw: Mapping[str, Any], form: str) -> None:
    others = sorted(str(k) for k in raw.keys() - FORMS[form] - {form})
    if others:
        raise RuleBookError(f"'{others[0]}' cannot stand beside '{form}'", f"put both under '{AND}'")


def _list_form(raw: Mapping[str, Any], exact: bool) -> Condition:
    form = ALL if isinstance(raw.get(ALL), str) else ANY
    _refuse_others(raw, form)
    path, part = raw[form], read_condition(raw.get(HAVE), exact=exact)
    if IN in raw:
        # `tasks.status`: every task, also one without a status.
        path, _, last = path.rpartition(".") if "." in path else (path, "", "")
        among = FieldIs(last, (Among.of(values_of(raw[IN]), exact=exact),))
        part = among if part is ALWAYS else Both((among, part))
    return InList(path, part, every=form == ALL)


def _link_form(raw: Mapping[str, Any], exact: bool) -> Condition:
    form = LINK if isinstance(raw.get(LINK), str) else LINKED
    _refuse_others(raw, form)
    return Linked(
        raw[form],
        read_condition(raw.get(HAVE), exact=exact),
        frozenset(values_of(raw.get(TO, ()))),
        frozenset(values_of(raw.get(STATE, ()))),
        frozenset(values_of(raw.get(CATEGORY, ()))),
        every=form == LINKED,
        besides=str(raw.get(BESIDES, "")),
        roles=frozenset(values_of(raw.get(ROLE, ()))),
    )


_FORMS = {ALL: _list_form, ANY: _list_form, LINK: _link_form, LINKED: _link_form}
