"""Rule S029: filters and columns in files of the rule book use kinds, words and fields that there are."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model.filter_faults import column_fault, filter_faults
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.stored_filters import StoredFilter, has_filters, stored_filters
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.rule import NETWORK, Hit, Rule


def filters_can_find(ctx: NetworkContext) -> Iterator[Hit]:
    """Read the filters of reports, views and maps of standards, and the columns that are shown of what they find."""
    for path in sorted(filter(has_filters, ctx.book.files)):
        for stored in stored_filters(path, ctx.book.policy(path)):
            yield from (hit._replace(path=path) for hit in _faults(ctx.book, stored))


def _faults(book: RuleBook, stored: StoredFilter) -> Iterator[Hit]:
    kinds, faults = filter_faults(book, stored.text)
    for fault in faults:
        yield Hit(fault.message, stored.pointer, fault.hint)
    for column in stored.columns:
        wrong = column_fault(column.name, kinds)
        if wrong:
            yield Hit(wrong.message, column.pointer, wrong.hint)


RULES = (
    Rule(
        "S029",
        "Filter that can find nothing",
        scope=NETWORK,
        why="A report or a view is run long after it was written: a mistyped word would be found by its readers.",
        hint="itsm list takes the same filter and says what there is; itsm explain KIND lists the fields",
        bad="tables:\n  - {name: open, title: Open, of: incidents stat:open, columns: [id, titel]}",
        good="tables:\n  - {name: open, title: Open, of: incidents state:open, columns: [id, title]}",
        reach=(),
        check=filters_can_find,
    ),
)
