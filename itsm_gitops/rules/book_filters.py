"""Rule S029: filters and columns in files of the rule book use kinds, words and fields that there are."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model.filter_faults import column_fault, filter_faults
from itsm_gitops.model.findings import WARNING
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.stored_filters import StoredFilter, has_filters, stored_filters
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.own_rule_book import UNREADABLE
from itsm_gitops.rules.rule import RULEBOOK, Hit, Rule


def filters_can_find(ctx: BookContext) -> Iterator[Hit]:
    """Read the filters of reports, views and maps of standards, and the columns that are shown of what they find."""
    paths = [path for path in ctx.files if has_filters(path)]
    if (
        not paths
        or any(loaded.problems for loaded in ctx.files.values())
        or any(map(ctx.refusals, ctx.files))
    ):
        return  # what cannot be read has its own finding, and decides nothing here
    files = {path: loaded.data for path, loaded in ctx.files.items() if path.startswith("schemas/")}
    try:
        book = RuleBook(files, files.__getitem__)
        _ = book.kinds, book.links  # a filter would be blamed for what is wrong there
        for path in paths:
            for stored in stored_filters(path, ctx.data(path)):
                yield from (hit._replace(path=path) for hit in _faults(book, stored))
    except UNREADABLE:
        return  # what makes the rule book unusable has a finding of its own


def _faults(book: RuleBook, stored: StoredFilter) -> Iterator[Hit]:
    kinds, faults = filter_faults(book, stored.text)
    for fault in faults:
        yield Hit(fault.message, stored.pointer, _in_line(fault.hint))
    for column in stored.columns:
        wrong = column_fault(column.name, kinds)
        if wrong:
            yield Hit(wrong.message, column.pointer, _in_line(wrong.hint))


def _in_line(hint: str) -> str:
    """Return a hint of the command line, which may have several lines, as that of a finding."""
    return "; ".join(hint.splitlines())


RULES = (
    Rule(
        "S029",
        "Filter that can find nothing",
        scope=RULEBOOK,
        severity=WARNING,
        why="A report or a view is run long after it was written: a mistyped word would be found by its readers.",
        hint="itsm list takes the same filter and says what there is; itsm explain KIND lists the fields",
        bad="tables:\n  - {name: open, title: Open, of: incidents stat:open, columns: [id, titel]}",
        good="tables:\n  - {name: open, title: Open, of: incidents state:open, columns: [id, title]}",
        check=filters_can_find,
    ),
)
