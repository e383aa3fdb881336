"""What the conditions of a rule book look at beyond the document that they are about: which links, which references."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from itsm_gitops.model.conditions import Condition
from itsm_gitops.model.once import Once
from itsm_gitops.model.rulebook import RuleBook


class Looks(NamedTuple):
    """The stored types of link that conditions look along, and the paths with dots that may lead into items.

    ``fields`` are those that are read of what is linked.
    """

    relations: frozenset[str]
    paths: frozenset[str]
    fields: frozenset[str]


_looks: Once[Looks] = Once()


def looks(book: RuleBook) -> Looks:
    """Return what the guards of all life cycles and the repository's own rules look at."""
    return _looks(book, make=lambda: _read(book))


def _read(book: RuleBook) -> Looks:
    relations: set[str] = set()
    paths: set[str] = set()
    fields: set[str] = set()
    for condition in conditions(book):
        for sort, word in condition.words():
            if sort == "link":
                link = book.links.get(word) or book.inverses.get(word)
                relations.update([link.name] if link else ())
                continue
            if "." in word:
                paths.add(word)
            if sort == "linked path":
                fields.add(word.partition(".")[0])
    return Looks(frozenset(relations), frozenset(paths), frozenset(fields))


def conditions(book: RuleBook) -> Iterator[Condition]:
    """Yield the conditions of all life cycles and of the repository's own rules."""
    for flow in book.life_cycles:
        for state in flow.states.values():
            yield from (r.when for r in state.require)
            for guard in state.guards:
                yield from (guard.when, guard.must)
        for step in flow.transitions:
            yield step.when
            yield from (s.when for s in step.refuse)
        yield from (s.when for s in flow.refuse)
    for rule in book.user_rules:
        yield from (rule.guard.when, rule.guard.must)
