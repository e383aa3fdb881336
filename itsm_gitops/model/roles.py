"""Who fills a role: the people and teams that schemas/policies/roles.yaml, a record and the CMDB name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

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
    about: Mapping[str, Any], data: Mapping[str, Any], item: Item, roles: Mapping[str, Any] | None = None
) -> frozenset[str]:
    """Return the people and teams that fill the role ``about`` for the record ``data``.

    ``item`` returns the data of a CMDB item, None where there is none. Teams are not expanded. ``roles`` are all
    roles, for one that another fills ``otherwise``.
    """
    filled = frozenset(_holders(about, data, item))
    other = described(str(about.get("otherwise", "")), roles or {})
    if filled or other is None:
        return filled
    return frozenset(_holders(other, data, item))


def _holders(about: Mapping[str, Any], data: Mapping[str, Any], item: Item) -> Iterator[str]:
    yield from names(about.get("teams"))
    yield from names(about.get("people"))
    for field in names(about.get("fields")):
        yield from names(follow(data, field, item))
    # The first field that names somebody decides: for whom it is, before who typed the order.
    people = (names(follow(data, field, item)) for field in names(about.get("manager_of")))
    for person in next(filter(None, people), ()):
        yield from names((item(person) or {}).get("manager"))
    for field in names(about.get("owners")):
        for named in names(data.get(field)):
            yield from names((item(named) or {}).get("owner"))
    for field in names(about.get("on_call")):
        for named in names(data.get(field)):
            for owner in names((item(named) or {}).get("owner")):
                yield from names((item(owner) or {}).get("on_call"))
