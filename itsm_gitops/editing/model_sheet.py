"""Many items at once, from one sheet: what it says, as the documents that it makes or changes.

A sheet is YAML (a list under the plural of each class, in the order in which people think) or CSV (one row for each item, with
a column ``class``). Beside fields, an entry may have the words of links: ``depends_on: [shop-db]``. The same sheet can be
applied again: what is there already is left as it is, what the sheet says otherwise is changed, nothing is taken away.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.model import ids
from itsm_gitops.model.errors import ItsmError, Refused, UsageError, did_you_mean
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook

DEFAULTS = "defaults"
_CLASS = "class"


class SheetFault(NamedTuple):
    """What is wrong at one place of a sheet (lines and columns from 1), and what to do about it."""

    line: int
    column: int
    message: str
    hint: str = ""


class SheetRefused(Refused):
    """A sheet that cannot be applied; ``faults`` are all of them. Nothing was written."""

    def __init__(self, name: str, faults: Sequence[SheetFault]) -> None:
        self.faults = tuple(sorted(faults))
        lines = []
        for fault in self.faults:
            lines.append(f"{name}:{fault.line}:{fault.column}: {fault.message}")
            lines += [f"    {line}" for line in fault.hint.splitlines()]
        count = "1 mistake" if len(self.faults) == 1 else f"{len(self.faults)} mistakes"
        super().__init__(f"{name} has {count}; nothing was written", "\n".join(lines))


@dataclass
class SheetRow:
    """One item of a sheet: its class, identifier and values (fields, and words of links), and where it stands.

    ``typed`` says that values are text still, as in CSV.
    """

    kind: Kind
    id: str
    values: dict[str, Any]
    line: int
    column: int = 1
    typed: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)


def read_sheet(book: RuleBook, name: str, raw: bytes) -> list[SheetRow]:
    """Return the items of a sheet; raises SheetRefused with everything that cannot be read."""
    faults: list[SheetFault] = []
    try:
        rows = list(_csv(book, raw, faults) if name.endswith(".csv") else _yaml(book, raw, faults))
    except ItsmError as error:
        faults.append(SheetFault(1, 1, error.message, error.hint))
        rows = []
    seen: dict[str, SheetRow] = {}
    for row in rows:
        if row.id in seen:
            faults.append(
                SheetFault(
                    row.line, row.column, f"'{row.id}' is in the sheet already", f"line {seen[row.id].line}"
                )
            )
        seen.setdefault(row.id, row)
    if faults:
        raise SheetRefused(name, faults)
    return rows


def _yaml(book: RuleBook, raw: bytes, faults: list[SheetFault]) -> Iterator[SheetRow]:
    loaded = documents.load(raw, limits=documents.RULEBOOK_LIMITS)
    faults += [SheetFault(p.line, p.column, p.message, p.hint) for p in loaded.problems]
    if loaded.problems:
        return
    places = documents.locate(raw)
    if not isinstance(loaded.data, dict):
        raise UsageError("a sheet is a mapping: the plural of a class, and its items", _START)
    defaults = loaded.data.get(DEFAULTS) or {}
    for heading, entries in loaded.data.items():
        if heading == DEFAULTS:
            continue
        at = places.key((heading,))
        kind = _class(book, heading)
        if kind is None or not isinstance(entries, list):
            text = (
                f"'{heading}' is not a class of item"
                if kind is None
                else f"'{heading}' is to be a list of items"
            )
            faults.append(
                SheetFault(at.line if at else 1, at.column if at else 1, text, _near(book, heading))
            )
            continue
        for number, entry in enumerate(entries):
            span = places.nearest((heading, number))
            if (
                not isinstance(entry, dict)
                or not isinstance(entry.get("id"), str)
                or not ids.is_item_id(entry["id"])
            ):
                hint = "- id: shop, then its fields; an id has lower-case letters, digits and hyphens"
                faults.append(SheetFault(span.line, span.column, "an item needs an id", hint))
                continue
            values = {k: v for k, v in entry.items() if k not in ("id", kind.tag)}
            yield SheetRow(kind, entry["id"], values, span.line, span.column, defaults=defaults)


def _csv(book: RuleBook, raw: bytes, faults: list[SheetFault]) -> Iterator[SheetRow]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("the sheet is not UTF-8 text", "save it as CSV UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if not {_CLASS, "id"} <= set(reader.fieldnames or ()):
        raise UsageError("the first line names the columns: class, id, name, …", _START)
    for entry in reader:
        if entry.get(None):
            faults.append(SheetFault(reader.line_num, 1, "this line has more cells than the first one"))
            continue
        kind, identifier = _class(book, str(entry[_CLASS]).strip()), str(entry["id"]).strip()
        if kind is None or not ids.is_item_id(identifier):
            text = (
                f"'{entry[_CLASS]}' is not a class of item"
                if kind is None
                else f"'{identifier}' cannot be an id"
            )
            hint = (
                _near(book, str(entry[_CLASS]))
                if kind is None
                else f"for example {ids.slug(identifier) or 'shop'}"
            )
            faults.append(SheetFault(reader.line_num, 1, text, hint))
            continue
        values = {
            k.strip(): v.strip() for k, v in entry.items() if k not in (_CLASS, "id") and v and v.strip()
        }
        yield SheetRow(kind, identifier, values, reader.line_num, typed=True)


_START = "itsm model --starter prints one to begin with"


def _class(book: RuleBook, word: str) -> Kind | None:
    wanted = word.lower().replace("_", "-").replace(" ", "-")
    for kind in book.kinds.values():
        if not kind.is_record and wanted in (kind.name, kind.plural):
            return kind
    return None


def _near(book: RuleBook, word: str) -> str:
    plurals = [k.plural for k in book.kinds.values() if not k.is_record]
    return did_you_mean(word, plurals) or f"one of: {', '.join(plurals)}"
