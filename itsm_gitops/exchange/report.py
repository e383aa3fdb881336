"""What an import did, and every value that it did not take over as it stood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from itsm_gitops.model.text import safe_text, shorten

# What can become of a value, in the order reports show it.
NOT_UNDERSTOOD = "not understood"
DEFAULTED = "defaulted"
ADJUSTED = "adjusted"
SUPERSEDED = "superseded"
DROPPED = "dropped"
RETAINED = "retained"
OUTCOMES = (NOT_UNDERSTOOD, DEFAULTED, ADJUSTED, SUPERSEDED, DROPPED, RETAINED)

# What can become of a row.
CREATED = "created"
UPDATED = "updated"
UNCHANGED = "unchanged"
KEPT = "kept"
SKIPPED = "skipped"
ROW_RESULTS = (CREATED, UPDATED, UNCHANGED, KEPT, SKIPPED)

_VALUES_KEPT = 50  # distinct values told apart for each column, outcome and reason
_ROWS_KEPT = 3
_OTHERS = "(other values)"
FORMAT = "itsm-gitops/import-report"


class Note(NamedTuple):
    """One thing that happened to values of a column; ``rows`` are the first row numbers."""

    column: str
    outcome: str
    reason: str
    value: str
    times: int
    rows: tuple[int, ...]


class Tally:
    """Counts what happens to values, keeping memory bounded however long the table is."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._rows: dict[tuple[str, str, str, str], list[int]] = {}
        self._distinct: Counter[tuple[str, str, str]] = Counter()

    def add(self, column: str, outcome: str, reason: str, value: str, row: int, times: int = 1) -> None:
        """Count one value (or ``times`` of it) first seen in ``row`` (0 for no row in particular)."""
        key = (column, outcome, reason, value)
        if key not in self._counts:
            if self._distinct[key[:3]] >= _VALUES_KEPT:
                key = (column, outcome, reason, _OTHERS)
            else:
                self._distinct[key[:3]] += 1
        self._counts[key] += times
        rows = self._rows.setdefault(key, [])
        if row and row not in rows and len(rows) < _ROWS_KEPT:
            rows.append(row)

    def notes(self) -> list[Note]:
        """Return the counts: by outcome, column and reason, the most frequent value first."""
        notes = [Note(*key, count, tuple(self._rows[key])) for key, count in self._counts.items()]
        notes.sort(key=lambda n: (OUTCOMES.index(n.outcome), n.column, n.reason, -n.times, n.value))
        return notes


class Skipped(NamedTuple):
    """A row of the table that became nothing: why, and by which rule and field where one is against it."""

    key: str
    row: int
    reason: str
    code: str = ""
    field: str = ""


class KeptDocument(NamedTuple):
    """An existing document that differs from what the table says and was left alone."""

    id: str
    fields: tuple[str, ...]


@dataclass(slots=True)
class ImportReport:
    """The outcome of one import. Identifiers are in the order of the table.

    ``unreadable`` are documents that the table could not be compared with. ``linked`` are other documents that get links. ``results`` counts rows by what became of them; they add up to ``rows``. ``quarantine`` is the file
    with the rows that were left out, empty where there is none.
    """

    source: str
    mapping: str
    kind: str
    dry_run: bool
    rows: int = 0
    results: Counter[str] = field(default_factory=Counter)
    quarantine: str = ""
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[KeptDocument] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many documents were created, updated, unchanged, kept, skipped, and items created."""
        return {
            "created": len(self.created),
            "updated": len(self.updated),
            "unchanged": len(self.unchanged),
            "kept": len(self.kept),
            "skipped": len(self.skipped),
            "items": len(self.items),
            **({"linked": len(self.linked)} if self.linked else {}),
        }

    @property
    def written(self) -> bool:
        """Whether any file was, or without ``dry_run`` would have been, written."""
        return bool(self.created or self.updated or self.items or self.linked)

    @property
    def fruitless(self) -> bool:
        """Whether there were rows and every one was left out."""
        return bool(self.rows) and self.results[SKIPPED] == self.rows

    def close(self) -> None:
        """Put the rows left out in order; raises RuntimeError where the results do not add up to the rows."""
        self.skipped.sort(key=lambda s: s.row)
        self.results[SKIPPED] = len(self.skipped)
        total = sum(self.results[name] for name in ROW_RESULTS)
        if total != self.rows:
            raise RuntimeError(f"{self.rows} rows, but the results add up to {total}: {dict(self.results)}")

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, with a format name and version."""
        return {
            "format": FORMAT,
            "version": 1,
            "source": self.source,
            "mapping": self.mapping,
            "kind": self.kind,
            "dry_run": self.dry_run,
            "rows": self.rows,
            "row_results": {name: self.results[name] for name in ROW_RESULTS},
            "quarantine": self.quarantine,
            "counts": self.counts,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "kept": [{"id": k.id, "fields": list(k.fields)} for k in self.kept],
            "skipped": [s._asdict() for s in self.skipped],
            "items": self.items,
            "linked": self.linked,
            "unreadable": self.unreadable,
            "values": [{**n._asdict(), "rows": list(n.rows)} for n in self.notes],
        }

    def to_markdown(self) -> str:
        """Return the report as a Markdown document for people; long lists are cut and say so."""
        verb = "would be created" if self.dry_run else "created"
        lines = [f"# Import of {_cell(self.source)}", ""]
        lines += [f"Mapping `{_cell(self.mapping)}`, kind `{self.kind}`, {self.rows} rows.", ""]
        lines += _table(
            ("result", "documents"), [(n if n != "created" else verb, str(c)) for n, c in self.counts.items()]
        )
        for outcome in OUTCOMES:
            rows = [
                (n.column, n.value, str(n.times), n.reason, ", ".join(map(str, n.rows)))
                for n in self.notes
                if n.outcome == outcome
            ]
            if rows:
                lines += ["", f"## Values {outcome}", ""]
                lines += _table(("column", "value", "count", "why", "first rows"), rows)
        if self.kept:
            lines += [
                "",
                "## Kept as they are",
                "",
                "They differ from the table; `--update` takes its values over.",
                "",
            ]
            lines += _table(("id", "fields that differ"), [(k.id, ", ".join(k.fields)) for k in self.kept])
        if self.skipped:
            lines += ["", "## Skipped", ""]
            lines += [f"The rows are in `{_cell(self.quarantine)}`.", ""] if self.quarantine else []
            rows = [(s.key, str(s.row), s.field, s.code, s.reason) for s in self.skipped]
            lines += _table(("key", "row", "field", "rule", "why"), rows)
        return "\n".join(lines) + "\n"


_LINES_MAX = 200


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    listed = list(rows)
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(_cell(c) for c in row)} |" for row in listed[:_LINES_MAX]]
    if len(listed) > _LINES_MAX:
        lines += ["", f"… and {len(listed) - _LINES_MAX} more."]
    return lines


_ESCAPES: Mapping[int, str] = str.maketrans(
    {"|": "\\|", "<": "&lt;", ">": "&gt;", "&": "&amp;", "`": "'", "*": "\\*", "_": "\\_", "[": "\\["}
)


def _cell(text: str) -> str:
    return shorten(safe_text(text), 120).translate(dict(_ESCAPES))
