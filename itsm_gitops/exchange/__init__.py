"""Ways in and out: importers that report every value they could not take over, and exporters.

Decisions
---------

The importer reads everything, then decides, then writes. Nothing is half imported. Identifiers derive from the
old numbers, so a second import finds its own records. What a table cannot say is reported, never guessed: date format
and time zone must be named, and the rows of one record must stand together. What is left out is kept with its reason (`quarantine.py`,
`reasons.py`) and stays out until somebody corrects it; `identifiers.py` keeps each full name, so that two never become one.

The export for analytics (`parquet.py`) is for engines that exist, so its tables are plain: `typed_columns.py` derives
types from the rule book, `analytics.py` makes the rows, `export_folder.py` lets whole files only appear. What did not
change is not read: a partition is known by the digest of the documents it is made of, and of everything else its rows
depend on; rows that change as time goes by (a running clock) are never taken as unchanged.
"""

from __future__ import annotations

from itsm_gitops.exchange.csv_import import StrictRefusal, import_csv
from itsm_gitops.exchange.export import export_csv, export_json, export_ndjson
from itsm_gitops.exchange.mapping_file import MappingError
from itsm_gitops.exchange.report import ImportReport
from itsm_gitops.exchange.tables import TableError

__all__ = [
    "ImportReport",
    "MappingError",
    "StrictRefusal",
    "TableError",
    "export_csv",
    "export_json",
    "export_ndjson",
    "import_csv",
]
