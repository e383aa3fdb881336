"""Conditions of a filter, ready to be asked: of the index, of an entry, of the document where neither says.

A condition may bring a clause in SQL over the index's documents: it is true wherever the condition holds, and where
it is exact, nowhere else. The index is asked for what fulfils it, and the rest of the condition is asked of each
entry. Most are answered by the entry. One that needs the document says so by answering None, and only what is left
then is read, all in one go; of what is read only that is parsed in which the words wanted occur at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.tokens import fold

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Store

_ALNUM = re.compile(r"[^\W_]+")


def pieces(text: str) -> tuple[str, ...]:
    """Return the runs of letters and digits of a text, folded: a file that holds the text holds each of them."""
    return tuple(_ALNUM.findall(fold(text)))


class Clause(NamedTuple):
    """A condition in SQL on a row of the index's table ``document``, never NULL, with a value for each ``?``."""

    sql: str
    values: tuple[Any, ...] = ()
    exact: bool = True


def both(*clauses: Clause) -> Clause:
    """Return the clause that all of some clauses hold."""
    return _joined(" AND ", clauses, exact=all(c.exact for c in clauses))


def either(clauses: Sequence[Clause]) -> Clause:
    """Return the clause that one of some clauses holds."""
    return _joined(" OR ", clauses, exact=all(c.exact for c in clauses))


def in_fields(name: str) -> str:
    """Return the value of a field among the short ones that a row holds, as SQL; for names of our own."""
    return f"json_extract(fields, '$.{name}')"


def plain_text_has(column: str, wanted: Sequence[str], *, values: tuple[str, ...] = ()) -> Clause | None:
    """Return the clause that a text contains one of some texts in any case; None where SQL cannot tell.

    SQL knows ASCII only: what has other characters, or escapes of JSON, is left to `fold`. ``values`` stand for
    the ``?`` in the expression that ``column`` may be.
    """
    if not all(text.isascii() and text.isprintable() for text in wanted):
        return None
    unclear = Clause(f"{column} GLOB '*[^ -~]*' OR instr({column}, '\\')", values * 2)
    tests = [Clause(f"instr(lower({column}), ?)", (*values, text)) for text in wanted]
    joined = either([*tests, unclear])
    return Clause(f"coalesce({joined.sql}, 0)", joined.values, exact=False)


def one_of(column: str, values: Iterable[str]) -> Clause:
    """Return the clause that a column has one of some texts, however many they are."""
    listed = json.dumps(sorted(values))
    # Columns that are never NULL, and bare: within a function SQLite would not look them up.
    return Clause(f"{column} IN (SELECT value FROM json_each(?))", (listed,))  # noqa: S608 - names of our own


_AT_ONCE = 64  # documents that are read before their number is looked at again


class ReadDocument:
    """One document as read from its file, parsed when asked for; ``data`` where it is parsed already."""

    def __init__(self, path: str, raw: bytes, data: dict[str, Any] | None = None) -> None:
        self._path = path
        self._raw = raw
        if data is not None:
            self.data = data

    @cached_property
    def _folded(self) -> str:
        return fold(self._raw.decode("utf-8", "replace"))

    def may_hold(self, wanted: Iterable[str]) -> bool:
        """Whether a text with these pieces may be in it: YAML folds lines at blanks, and escapes by backslashes."""
        return b"\\" in self._raw or all(piece in self._folded for piece in wanted)

    @cached_property
    def data(self) -> dict[str, Any]:
        """The document; raises Refused where it cannot be used any more."""
        data = documents.load(self._raw).data
        if not isinstance(data, dict):
            raise changed(self._path)
        return data


def changed(path: str) -> Refused:
    """Return the error for a file that was usable a moment ago."""
    return Refused(f"{path} changed while it was being read", "try again")


@dataclass(frozen=True, slots=True)
class FilterCondition:
    """A test of documents. ``decide`` answers from the entry, None where ``look`` must answer from the document.

    ``clause`` is true wherever the test holds; None where SQL cannot say anything.
    """

    decide: Callable[[Entry], bool | None]
    look: Callable[[Entry, ReadDocument], bool] | None = None
    clause: Clause | None = None

    def holds(self, entry: Entry, document: ReadDocument) -> bool:
        """Whether a document fulfils it."""
        decided = self.decide(entry)
        if decided is None:
            return self.look is not None and self.look(entry, document)
        return decided


def all_of(parts: Sequence[FilterCondition]) -> FilterCondition:
    """Return the condition that holds where all parts do."""
    if len(parts) == 1:
        return parts[0]

    def decide(entry: Entry) -> bool | None:
        certain = True
        for part in parts:
            decided = part.decide(entry)
            if decided is False:
                return False
            certain = certain and decided is True
        return True if certain else None

    clauses = [p.clause for p in parts if p.clause]
    exact = len(clauses) == len(parts) and all(c.exact for c in clauses)
    clause = _joined(" AND ", clauses, exact=exact) if clauses or not parts else None
    return FilterCondition(
        decide, lambda entry, document: all(p.holds(entry, document) for p in parts), clause
    )


def any_of(parts: Sequence[FilterCondition]) -> FilterCondition:
    """Return the condition that holds where one of the parts does."""
    if len(parts) == 1:
        return parts[0]

    def decide(entry: Entry) -> bool | None:
        certain = True
        for part in parts:
            decided = part.decide(entry)
            if decided:
                return True
            certain = certain and decided is False
        return False if certain else None

    clauses = [p.clause for p in parts if p.clause]
    clause = either(clauses) if len(clauses) == len(parts) else None
    return FilterCondition(
        decide, lambda entry, document: any(p.holds(entry, document) for p in parts), clause
    )


def none_of(part: FilterCondition) -> FilterCondition:
    """Return the condition that holds where a part does not."""

    def decide(entry: Entry) -> bool | None:
        decided = part.decide(entry)
        return None if decided is None else not decided

    own = part.clause
    clause = Clause(f"NOT ({own.sql})", own.values) if own and own.exact else None
    return FilterCondition(decide, lambda entry, document: not part.holds(entry, document), clause)


def _joined(sign: str, clauses: Sequence[Clause], *, exact: bool) -> Clause:
    sql = sign.join(f"({c.sql})" for c in clauses) or ("1" if sign == " AND " else "0")
    return Clause(sql, tuple(v for c in clauses for v in c.values), exact)


def fulfilling(store: Store, kinds: Collection[str], condition: FilterCondition) -> list[Entry]:
    """Return the entries of some kinds that fulfil a condition, by identifier; raises Refused where a file changed."""
    from itsm_gitops.repository.index.indexed_store import IndexedStore

    candidates = _candidates(store, kinds, condition)
    exact = isinstance(store, IndexedStore) and condition.clause is not None and condition.clause.exact
    return candidates if exact else fulfilling_of(store, candidates, condition)


def _candidates(store: Store, kinds: Collection[str], condition: FilterCondition) -> list[Entry]:
    """Return the entries of some kinds that may fulfil a condition: with an index, those that SQL lets through."""
    from itsm_gitops.repository.index.indexed_store import IndexedStore

    if not isinstance(store, IndexedStore) or not condition.clause:
        return store.of_kinds(kinds)
    marks = ", ".join("?" * len(kinds))
    clause = condition.clause
    return store.select(f"kind IN ({marks}) AND ({clause.sql})", (*sorted(kinds), *clause.values))


def enough_fulfilling(
    store: Store, kinds: Collection[str], condition: FilterCondition, enough: int
) -> tuple[list[Entry], bool]:
    """Return entries that fulfil a condition, and whether they are all there are.

    What the entries themselves answer is complete. Documents are read from the newest on until there are ``enough``.
    """
    candidates = _candidates(store, kinds, condition)
    decided = [(entry, condition.decide(entry)) for entry in candidates]
    some = [entry for entry, answer in decided if answer]
    unsure = [entry for entry, answer in decided if answer is None]
    unsure.sort(key=lambda e: (e.opened, e.id), reverse=True)
    for start in range(0, len(unsure), _AT_ONCE):
        if len(some) >= enough:
            return some, False
        part = unsure[start : start + _AT_ONCE]
        looked = set(_looked(store, part, condition))
        some += [entry for entry in part if entry.id in looked]
    return some, True


def fulfilling_of(store: Store, entries: Iterable[Entry], condition: FilterCondition) -> list[Entry]:
    """Return those of some entries whose documents fulfil a condition; raises Refused where a file changed."""
    likely = [(entry, decided) for entry in entries if (decided := condition.decide(entry)) is not False]
    unsure = [entry for entry, decided in likely if decided is None]
    looked = set(_looked(store, unsure, condition)) if unsure else set()
    return [entry for entry, decided in likely if decided or entry.id in looked]


def _looked(store: Store, entries: Sequence[Entry], condition: FilterCondition) -> Iterator[str]:
    files = store.snapshot.read_many(e.path for e in entries)
    for entry in entries:
        path, raw = next(files, ("", b""))
        if path != entry.path:
            raise changed(entry.path)
        if condition.holds(entry, ReadDocument(path, raw)):
            yield entry.id


def contains(text: str) -> FilterCondition:
    """Return the condition that a document has a text in its title, its identifier or any other text of it."""
    wanted, parts = fold(text), pieces(text)

    def decide(entry: Entry) -> bool | None:
        return True if any(wanted in fold(t) for t in (entry.title, entry.id, *entry.aliases)) else None

    def look(_: Entry, document: ReadDocument) -> bool:
        return document.may_hold(parts) and any(wanted in fold(t) for t in _texts(document.data))

    return FilterCondition(decide, look)


def _texts(node: Any) -> Iterator[str]:
    """Yield every text in a document's data; names of fields are none."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _texts(child)
