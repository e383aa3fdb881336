"""The population of a period as a workbook: changes, merges, exceptions, and what all of it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from itsm_gitops.evidence.exceptions import CELLS, Deviation, cells
from itsm_gitops.evidence.population import CHANGE_ROW, COLUMNS, MERGE_ROW, Population, Row, digest
from itsm_gitops.evidence.spreadsheet import Sheet, workbook


def population_book(
    population: Population, rows: Sequence[Row], deviations: Iterable[Deviation], period: Mapping[str, str]
) -> bytes:
    """Return a workbook (.xlsx) of some rows; ``period`` is what the command line said of it."""
    about = [
        ("since", period.get("since") or "the rules about approvals"),
        ("until", period.get("until") or "now"),
        *((f"branch {name}", commit) for name, commit in population.tips.items()),
        ("evidence ends with", population.ledger.tip or "(none)"),
        ("rows", str(len(rows))),
        ("digest of the rows", digest(rows)),
    ]
    return workbook(
        [
            Sheet("Changes", COLUMNS, _cells(rows, CHANGE_ROW)),
            Sheet("Merges", COLUMNS, _cells(rows, MERGE_ROW)),
            Sheet("Exceptions", CELLS, [[cells(d)[c] for c in CELLS] for d in deviations]),
            Sheet("About", ("what", "is"), about),
        ]
    )


def _cells(rows: Iterable[Row], kind: str) -> list[list[str]]:
    return [[row[c] for c in COLUMNS] for row in rows if row["row"] == kind]
