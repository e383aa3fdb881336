"""Rule S029: filters and columns in files of the rule book use kinds, words and fields that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.model.filter_faults import column_fault, filter_faults
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.rule import NETWORK, Hit, Rule

# Where filters stand: the folder, the keys to each of them (``*``: every one), and the keys beside it that name columns.
_FILTERS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("schemas/reports/", ("tables", "*", "of"), ("columns", "group", "sort")),
    ("schemas/views/", ("of",), ("columns", "sort")),
    ("schemas/policies/standards/", ("areas", "*", "requirements", "*", "evidence", "*", "query"), ()),
)
_ORDER = "-"  # before a column: the other way round


class _Place(NamedTuple):
    """A filter, the mapping in which it stands, and where that is."""

    text: str
    around: Mapping[str, Any]
    pointer: Pointer


def filters_can_find(ctx: NetworkContext) -> Iterator[Hit]:
    """Read the filters of reports, views and maps of standards, and the columns that are shown of what they find."""
    for folder, keys, columns in _FILTERS:
        for path in sorted(p for p in ctx.book.files if p.startswith(folder) and p.endswith(".yaml")):
            for place in _places(ctx.book.policy(path), keys, ()):
                yield from (hit._replace(path=path) for hit in _faults(ctx.book, place, keys[-1], columns))


def _places(node: Any, keys: tuple[str, ...], at: Pointer) -> Iterator[_Place]:
    head, rest = keys[0], keys[1:]
    if not rest:
        text = node.get(head) if isinstance(node, Mapping) else None
        if isinstance(text, str):
            yield _Place(text, node, at)
    elif head == "*" and isinstance(node, list):
        for index, value in enumerate(node):
            yield from _places(value, rest, (*at, index))
    elif isinstance(node, Mapping) and head in node:
        yield from _places(node[head], rest, (*at, head))


def _faults(book: RuleBook, place: _Place, key: str, columns: tuple[str, ...]) -> Iterator[Hit]:
    kinds, faults = filter_faults(book, place.text)
    for fault in faults:
        yield Hit(fault.message, (*place.pointer, key), fault.hint)
    for name in columns:
        value = place.around.get(name)
        for index, word in enumerate(value if isinstance(value, list) else [value]):
            column = word.removeprefix(_ORDER) if isinstance(word, str) else None
            wrong = column_fault(column, kinds) if column else None
            if wrong:
                at = (*place.pointer, name, index) if isinstance(value, list) else (*place.pointer, name)
                yield Hit(wrong.message, at, wrong.hint)


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
