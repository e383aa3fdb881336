"""Recognises files that are no tables of text, so that a refusal can say what they are."""

from __future__ import annotations

import re
from typing import NamedTuple


class FileFormat(NamedTuple):
    """A format of files: its name in a sentence, and how to make a table of text of it."""

    name: str
    advice: str


_SAVE = "save the sheet as CSV (comma or semicolon separated, UTF-8) and import that"
_JSON = FileFormat("JSON", "export the table as CSV, or make one of it, for example with jq -r '… | @csv'")
_SIGNATURES = (
    (
        b"PK\x03\x04",
        FileFormat("a ZIP archive, as Excel (.xlsx) and LibreOffice (.ods) workbooks are", _SAVE),
    ),
    (b"\xd0\xcf\x11\xe0", FileFormat("an old Excel workbook (.xls)", _SAVE)),
    (b"%PDF", FileFormat("a PDF", "export the data behind it as CSV")),
    (b"SQLite format 3", FileFormat("an SQLite database", "export one of its tables as CSV")),
    (b"PAR1", FileFormat("a Parquet file", "export it as CSV")),
    (b"\x1f\x8b", FileFormat("packed with gzip", "give it a name that ends in .gz")),
    (b"BZh", FileFormat("packed with bzip2", "give it a name that ends in .bz2")),
    (b"\xfd7zXZ", FileFormat("packed with xz", "give it a name that ends in .xz")),
)
_TEXTS = (
    (re.compile(rb'\s*(\[\s*)?\{\s*("|\}\s*\Z|\Z)'), _JSON),
    (re.compile(rb"\s*\[\s*(\[|\]\s*\Z|\Z)"), _JSON),
    (
        re.compile(rb"\s*<(\?xml|!doctype|html|[a-z][\w:-]*[\s>/])", re.IGNORECASE),
        FileFormat("XML or HTML", "export the table as CSV"),
    ),
)
HEAD = 512  # bytes that are enough to tell


def recognise(head: bytes) -> FileFormat | None:
    """Return what a file is whose first bytes are ``head``; None for what may be a table of text."""
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            return found
    text = head.removeprefix(b"\xef\xbb\xbf")
    return next((found for pattern, found in _TEXTS if pattern.match(text)), None)
