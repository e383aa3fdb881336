"""The tree of categories: schemas/policies/categories.yaml, compared by level and in any case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.levels import levels

CATEGORIES = "schemas/policies/categories.yaml"
TEAM, CONFIDENTIAL, CLOSING, OPEN = "team", "confidential", "closing", "open"
_VOCABULARY = "x-vocabulary"


class CategoryTree:
    """The categories of a rule book; ``policy`` is the data of its file, empty where it has none."""

    def __init__(self, policy: Mapping[str, Any]) -> None:
        raw = policy.get("categories")
        self.names: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}

    @cached_property
    def _by_levels(self) -> Mapping[tuple[str, ...], Mapping[str, Any]]:
        return {
            levels(str(n)): about if isinstance(about, Mapping) else {} for n, about in self.names.items()
        }

    def has(self, text: str) -> bool:
        """Whether there is such a category, or a parent of it is open."""
        wanted = levels(text)
        if wanted in self._by_levels:
            return True
        return bool(wanted) and any(about.get(OPEN) is True for about in self._parents(wanted))

    def say(self, text: str, key: str) -> Any:
        """Return what a category, or else the nearest parent that says it, says of something; None for nothing."""
        wanted = levels(text)
        return next((about[key] for about in self._parents(wanted) if key in about), None)

    @cached_property
    def verdict(self) -> Callable[[str], tuple[bool, Any]]:
        """Whether there is a category, and what it says of closing: the same few are asked for by all records."""
        return lru_cache(maxsize=4096)(lambda text: (self.has(text), self.say(text, CLOSING)))

    def confidential(self) -> list[str]:
        """Return the categories that are confidential, with everything below them."""
        return [str(name) for name in self.names if self.say(str(name), CONFIDENTIAL) is True]

    def _parents(self, wanted: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
        """Yield the settings of a category and of its parents, the nearest first."""
        for length in range(len(wanted), 0, -1):
            if wanted[:length] in self._by_levels:
                yield self._by_levels[wanted[:length]]


NO_CATEGORIES = CategoryTree({})


def has_categories(field: Any) -> bool:
    """Whether the schema of a field says that it holds a category."""
    return isinstance(field, Mapping) and field.get(_VOCABULARY) is True


def category_fields(kind: Kind) -> list[str]:
    """Return the fields of a kind that hold a category."""
    return [name for name, field in kind.fields.items() if has_categories(field)]


def closing_fields(kind: Kind) -> frozenset[str]:
    """Return the fields that a life cycle demands only once the work has ended."""
    flow = kind.workflow
    if flow is None:
        return frozenset()
    later = {r.field for s in flow.states.values() if flow.is_done(s.name) for r in s.require}
    return frozenset(
        later - {r.field for s in flow.states.values() if flow.is_open(s.name) for r in s.require}
    )
