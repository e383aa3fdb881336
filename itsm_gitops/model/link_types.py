"""Link types: the words of the link vocabulary, which say how documents may be related."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LinkType:
    """One word of the link vocabulary.

    ``impact`` says how failure travels: ``from_target`` (the source of the link is hit when its
    target fails), ``from_source`` (the other way round) or an empty string. ``in_links`` is
    False for relations that only fields (``owner``) express. ``max`` bounds the number of
    targets one source may have; 0 is no bound.
    """

    name: str
    title: str
    inverse: str
    inverse_title: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    description: str = ""
    symmetric: bool = False
    acyclic: bool = False
    max: int = 0
    impact: str = ""
    in_links: bool = True


def read_link_type(name: str, raw: Mapping[str, Any]) -> LinkType:
    """Return one word as the policy of links describes it; raises KeyError or TypeError for a wrong description."""
    symmetric = raw.get("symmetric", False)
    return LinkType(
        name=name,
        title=raw["title"],
        inverse=name if symmetric else raw["inverse"],
        inverse_title=raw["title"] if symmetric else raw["inverse_title"],
        sources=tuple(raw["from"]),
        targets=tuple(raw["to"]),
        description=raw.get("description", ""),
        symmetric=symmetric,
        acyclic=raw.get("acyclic", False),
        max=raw.get("max", 0),
        impact=raw.get("impact", ""),
        in_links=raw.get("in_links", True),
    )
