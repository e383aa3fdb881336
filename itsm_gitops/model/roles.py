"""Who fills a role: the people and teams that schemas/policies/roles.yaml, a record and the CMDB name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from itsm_gitops.model.rotas import people_on_call

# The field of a team that names who is called (a person, a team or a rota), and the way to fill a role by it.
ON_CALL = "on_call"

Item = Callable[[str], Mapping[str, Any] | None]


def names(value: Any) -> list[str]:
    """Return the names that a field holds, be it one name or a list of them."""
    if isinstance(value, list):
        return [v for v in value if isinstance(v, str)]
    return [value] if isinstance(value, str) else []


def follow(data: Mapping[str, Any], path: str, item: Item) -> list[Any] | None:
    """Return the values at a dotted path such as ``offering.approval.by``; where a step holds a name, its item goes on.

    An empty list where the path leads to a field that is not there, None where nobody can know: the first field
    is missing, or it names something that does not exist.
    """
    steps = path.split(".")
    if len(steps) > 1 and not data.get(steps[0]):
        return None
    return _follow(data, steps, item)


def _follow(value: Any, steps: Sequence[str], item: Item) -> list[Any] | None:
    if isinstance(value, list):
        parts = [_follow(v, steps, item) for v in value]
        return None if None in parts else [v for part in parts for v in part or ()]
    if not steps:
        return [] if value is None else [value]
    if isinstance(value, str):
        value = item(value)
        if value is None:
            return None
    return _follow(value.get(steps[0]), steps[1:], item) if isinstance(value, Mapping) else []


def described(role: str, roles: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what fills a role; None for one that there is not.

    ``field:PATH`` is who a field names and ``manager_of:FIELD`` the manager of that person: both need no entry.
    """
    how, colon, path = role.partition(":")
    if colon:
        ways = {"field": "fields", "manager_of": "manager_of"}
        return {ways[how]: [path]} if how in ways and path else None
    about = roles.get(role)
    return about if isinstance(about, dict) else None


def holders(
    about: Mapping[str, Any],
    data: Mapping[str, Any],
    item: Item,
    moment: datetime,
    roles: Mapping[str, Any] | None = None,
) -> frozenset[str]:
    """Return the people and teams that fill the role ``about`` for the record ``data`` at a moment.

    ``item`` returns the data of a CMDB item, None where there is none. Teams are not expanded, rotas are. ``roles``
    are all roles, for one that another fills ``otherwise``.
    """
    filled = frozenset(named(about, data, item, moment))
    other = described(str(about.get("otherwise", "")), roles or {})
    if filled or other is None:
        return filled
    return frozenset(named(other, data, item, moment))


def named(about: Mapping[str, Any], data: Mapping[str, Any], item: Item, moment: datetime) -> Iterator[str]:
    """Yield who fills a role by its own words at a moment, without ``otherwise``; some may come twice."""
    for way, value in about.items():
        if way == ON_CALL:
            yield from people_on_call(_on_call(names(value), data, item), item, moment)
        elif way in _WAYS:
            yield from _WAYS[way](names(value), data, item)


def _themselves(wanted: Sequence[str], _data: Mapping[str, Any], _item: Item) -> Sequence[str]:
    return wanted


def _of_fields(fields: Sequence[str], data: Mapping[str, Any], item: Item) -> Iterator[str]:
    for field in fields:
        value = data.get(field)
        if isinstance(value, str):  # most fields name one person
            yield value
        else:
            yield from names(follow(data, field, item))


def _managers(fields: Sequence[str], data: Mapping[str, Any], item: Item) -> Iterator[str]:
    # The first field that names somebody decides: for whom it is, before who typed the order.
    people = (names(follow(data, field, item)) for field in fields)
    for person in next(filter(None, people), ()):
        yield from names((item(person) or {}).get("manager"))


def _owners(fields: Sequence[str], data: Mapping[str, Any], item: Item) -> Iterator[str]:
    for field in fields:
        for owned in names(data.get(field)):
            yield from names((item(owned) or {}).get("owner"))


def _on_call(fields: Sequence[str], data: Mapping[str, Any], item: Item) -> Iterator[str]:
    for owner in _owners(fields, data, item):
        yield from names((item(owner) or {}).get(ON_CALL))


_Way = Callable[[Sequence[str], Mapping[str, Any], Item], Iterable[str]]
_WAYS: Mapping[str, _Way] = {
    "teams": _themselves,
    "people": _themselves,
    "fields": _of_fields,
    "manager_of": _managers,
    "owners": _owners,
}
