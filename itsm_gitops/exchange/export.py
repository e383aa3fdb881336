"""Exports documents as JSON for programs and as CSV for spreadsheets."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import NotFound, did_you_mean
from itsm_gitops.model.formulas import neutralise
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.priority import priority
from itsm_gitops.model.rulebook import PRIORITY
from itsm_gitops.model.text import safe_json
from itsm_gitops.snapshots import Store

FORMAT = "itsm-gitops/export"
VERSION = 1

# Columns that are derived from a document and not stored in it, for every kind and for records.
DERIVED = ("path", "opened", "updated", "priority", "resolved", "closed")
_OF_RECORDS = ("priority", "opened", "resolved", "closed", "updated")

# Says when a record was resolved for good (RFC 3339; empty while it is not); see `reports.life`.
Resolved = Callable[[Entry, Mapping[str, Any]], str]
# Fields too deep for a cell: an export with them has to be asked for.
_DEEP = ("timeline", "x", "labels")


def export_json(store: Store, out: TextIO, kind: str | None = None) -> int:
    """Write every document (of one kind) as one JSON document and return how many they were.

    The document is ``{"format", "version", "snapshot", "unreadable", "documents": [{"path", "data"}, …]}``,
    in order of identifier; it is written piece by piece and never held in memory. ``unreadable`` are the
    paths of the files that are missing in it, because nobody can read them.
    """
    unreadable = sorted(
        store.broken[i] for i in store.left_out([store.book.kind(kind).name] if kind else None)
    )
    head = {"format": FORMAT, "version": VERSION, "snapshot": store.snapshot.name, "unreadable": unreadable}
    out.write(safe_json(json.dumps(head, ensure_ascii=False))[:-1] + ', "documents": [')
    count = 0
    for line in _lines(store, kind):
        out.write((",\n" if count else "\n") + line)
        count += 1
    out.write("\n]}\n")
    return count


def export_ndjson(store: Store, out: TextIO, kind: str | None = None) -> int:
    """Write every document (of one kind) as a line ``{"path", "data"}`` and return how many."""
    count = 0
    for line in _lines(store, kind):
        out.write(line + "\n")
        count += 1
    return count


def _lines(store: Store, kind: str | None) -> Iterator[str]:
    name = store.book.kind(kind).name if kind else None
    for entry, data in store.documents(name):
        yield safe_json(json.dumps({"path": entry.path, "data": data}, ensure_ascii=False))


def export_csv(
    store: Store,
    kind: str,
    out: TextIO,
    columns: Sequence[str] | None = None,
    *,
    raw: bool = False,
    resolved: Resolved | None = None,
) -> int:
    """Write the documents of one kind as CSV and return how many they were.

    ``columns`` are fields (dots lead into nested ones) or path, priority (derived), opened, resolved, closed
    and updated; by default all fields but the deepest. ``resolved`` works that time out. Lists of texts have one entry a line, anything deeper is JSON. Texts that
    a spreadsheet would run as formulas get an apostrophe in front, which an import with
    ``source.escaped`` takes off; ``raw`` leaves them as they are. Raises NotFound for an unknown column.
    """
    found = store.book.kind(kind)
    names = list(columns) if columns else default_columns(found)
    _check(found, names)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    count = 0
    value = ColumnValues(store, found, resolved)
    for entry, data in store.documents(found.name):
        writer.writerow([_cell(value(entry, data, name), raw) for name in names])
        count += 1
    return count


def default_columns(kind: Kind) -> list[str]:
    """The columns of an export that names none: every field that reads well in a cell."""
    return [name for name in kind.keys if name not in _DEEP] + list(_OF_RECORDS if kind.is_record else ())


def _check(kind: Kind, names: Sequence[str]) -> None:
    for name in names:
        head = name.partition(".")[0]
        if head not in kind.fields and name not in DERIVED:
            known = [*kind.fields, *DERIVED]
            raise NotFound(
                f"{kind.plural.replace('-', ' ')} have no field '{head}'", did_you_mean(head, known)
            )


class ColumnValues:
    """The values of columns, derived ones included; None where a document has none."""

    def __init__(self, store: Store, kind: Kind, resolved: Resolved | None) -> None:
        self._policy = store.book.policy(PRIORITY)
        self._flow = kind.workflow if kind.is_record else None
        self._resolved = resolved

    def __call__(self, entry: Entry, data: Mapping[str, Any], name: str) -> Any:
        """Return the value of a column; a dot in its name leads into a field."""
        if name in DERIVED and name not in data:
            return self.derived(entry, data, name)
        node: Any = data
        for step in name.split("."):
            if not isinstance(node, dict) or step not in node:
                return None
            node = node[step]
        return node

    def derived(self, entry: Entry, data: Mapping[str, Any], name: str) -> Any:
        """Return the value of a derived column, whatever the document's own fields are called."""
        if name == "priority":
            found = priority(self._policy, data)
            return found.name if found else None
        if name == "resolved":
            return self._resolved(entry, data) if self._resolved else None
        if name == "closed":
            return entry.entered if self._flow and self._flow.is_terminal(entry.state) else None
        return getattr(entry, name)


def _cell(value: Any, raw: bool) -> Any:
    """Return what stands in a cell: numbers as they are, texts made safe unless ``raw``."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else _deep(value)
    return text if raw else neutralise(text)


def _deep(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(v, str) and "\n" not in v for v in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False)
