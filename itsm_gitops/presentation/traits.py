"""What lists are ordered by and what figures count: all that a page needs of a record that it does not show itself.

Pages of items name a dozen of the thousands of records that affect them. What they need of the others changes far less
often than the records do, so it has a key of its own (see ``tracing``).
"""

from __future__ import annotations

from typing import NamedTuple

from itsm_gitops.model import facts
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.presentation import urls


class Traits(NamedTuple):
    """What tells the place of a document among others."""

    id: str
    kind: str
    is_record: bool
    has_page: bool
    is_open: bool
    opened: str
    planned: str
    affected: tuple[str, ...]


def traits_of(book: RuleBook, entry: Entry) -> Traits:
    """Return the traits of a document."""
    kind = book.kinds[entry.kind]
    return Traits(
        entry.id,
        entry.kind,
        kind.is_record,
        bool(urls.page(kind, entry.id)),
        facts.is_open(book, entry),
        entry.opened,
        str(entry.columns.get("planned_start", "")),
        tuple(facts.affected(entry)),
    )
