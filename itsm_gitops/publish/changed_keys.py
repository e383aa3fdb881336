"""Which keys (see ``tracing``) have changed: of the data that changed documents take part in, and of answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from itsm_gitops.graph.similar import title_words
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.meaning import CHANGE
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.presentation.traits import traits_of
from itsm_gitops.publish.keys import ALL, FAILURES, GRAPH, ITEMS, KIND, LINKS, SIMILAR, TRAITS, WORD

_CAUSES = "causes"  # the relation of a change to what went wrong because of it


def changed_keys(
    before: Mapping[str, Entry], after: Mapping[str, Entry], book: RuleBook, regrouped: Callable[[str], bool]
) -> set[str]:
    """Return the keys of the data that changed documents take part in.

    ``before`` and ``after`` are the entries of those documents only, by identifier; one that is new
    or gone is in one of them. ``regrouped`` says whether the redundancy of an item has changed.
    """
    keys: set[str] = set()
    for identifier in before.keys() | after.keys():
        versions = [e for e in (before.get(identifier), after.get(identifier)) if e is not None]
        keys.update((ALL, identifier, LINKS + identifier, *(KIND + e.kind for e in versions)))
        edges = set(versions[0].edges) ^ set(versions[1].edges if len(versions) > 1 else ())
        keys.update(LINKS + e.target for e in edges)
        if len(versions) == 1 or traits_of(book, versions[0]) != traits_of(book, versions[1]):
            keys.add(TRAITS + identifier)
        if any(book.links[e.relation].impact for e in edges if e.relation in book.links):
            keys.add(GRAPH)
        keys.update(_likeness(versions))
        if any(_tells_causes(e, book) for e in edges) or _is_another_past(versions, book):
            keys.add(FAILURES)
        if any(not book.kinds[e.kind].is_record for e in versions):
            keys.add(ITEMS)
            keys.update(set(versions[0].aliases) ^ set(versions[1].aliases if len(versions) > 1 else ()))
            moved = len({(e.kind, e.state, e.edges, e.aliases) for e in versions}) > 1 or len(versions) == 1
            if moved or regrouped(identifier):
                keys.add(GRAPH)
    return keys


def _is_another_past(versions: Sequence[Entry], book: RuleBook) -> bool:
    """Whether anything differs that later changes learn from a change: everything but its title and its links."""
    if not any(CHANGE in book.kinds[e.kind].plays for e in versions):
        return False
    return len(versions) == 1 or _lessons(versions[0], book) != _lessons(versions[1], book)


def _lessons(entry: Entry, book: RuleBook) -> Entry:
    return replace(untitled(entry, book), edges=())


def untitled(entry: Entry, book: RuleBook) -> Entry:
    """Return everything but the title of a document."""
    label = book.kinds[entry.kind].label
    return replace(entry, title="", columns={n: v for n, v in entry.columns.items() if n != label})


def _tells_causes(edge: Edge, book: RuleBook) -> bool:
    """Whether an edge says what a change caused, in whichever direction it is stored."""
    link = book.links.get(edge.relation)
    return _CAUSES in (edge.relation, link.inverse if link else "")


def _likeness(versions: Sequence[Entry]) -> Iterator[str]:
    """Yield the keys of the data that similarity depends on: words of titles, items, dates, number of records."""
    words = [title_words(e) for e in versions]
    if len(versions) == 1:
        yield SIMILAR
    traits = {(e.kind, e.opened, e.edges) for e in versions}
    changed = set().union(*words) if len(traits) > 1 or len(versions) == 1 else words[0] ^ words[1]
    yield from (WORD + w for w in changed)


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the keys of the answers that are no longer the same."""
    return [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
