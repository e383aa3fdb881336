"""Who fills a role: the people and teams that schemas/policies/roles.yaml, a record and the CMDB name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Item = Callable[[str], Mapping[str, Any] | None]


def names(value: Any) -> list[str]:
    """Return the names that a field holds, be it one name or a list of them."""
    if isinstance(value, list):
        return [v for v in value if isinstance(v, str)]
    return [value] if isinstance(value, str) else []


def holders(about: Mapping[str, Any], data: Mapping[str, Any], item: Item) -> frozenset[str]:
    """Return the people and teams that fill the role ``about`` for the record ``data``.

    ``item`` returns the data of a CMDB item, None where there is none. Teams are not expanded.
    """
    return frozenset(_holders(about, data, item))


def _holders(about: Mapping[str, Any], data: Mapping[str, Any], item: Item) -> Iterator[str]:
    yield from names(about.get("teams"))
    yield from names(about.get("people"))
    for field in names(about.get("fields")):
        yield from names(data.get(field))
    for field in names(about.get("owners")):
        for named in names(data.get(field)):
            yield from names((item(named) or {}).get("owner"))
    for field in names(about.get("on_call")):
        for named in names(data.get(field)):
            for owner in names((item(named) or {}).get("owner")):
                yield from names((item(owner) or {}).get("on_call"))
