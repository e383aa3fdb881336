"""Tables of the audit as CSV, harmless to spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def as_csv(head: Sequence[str], rows: Iterable[Sequence[str]], *, raw: bool = False) -> str:
    """Return a table as CSV (RFC 4180); unless ``raw``, no cell is one that a spreadsheet would calculate."""
    import csv
    import io

    from itsm_gitops.model.formulas import neutralise

    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(head)
    for row in rows:
        writer.writerow([cell if raw else neutralise(cell) for cell in row])
    return out.getvalue()
