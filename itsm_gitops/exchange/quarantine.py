"""The rows that an import left out, as a table with the reasons, to be corrected and imported again.

The table is written as the source is (encoding, delimiter, quotes), with the cells as they were and the
columns of `reasons` behind them. An import reads it by the same mapping.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from itsm_gitops import documents
from itsm_gitops.exchange.reasons import MARK, REASONS, mark
from itsm_gitops.exchange.report import Skipped
from itsm_gitops.exchange.tables import DELIMITERS, CsvTable, Dialect
from itsm_gitops.model import ids
from itsm_gitops.model.errors import ItsmError, UsageError
from itsm_gitops.model.text import safe_text

FOLDER = "build/quarantine"
_HEAD = 1 << 20  # bytes in which the headings of the widest table stand
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


def default_path(root: Path, source: Path) -> Path:
    """Return where the rows of a table go when nobody says: a folder that Git ignores, never the records."""
    stem = source.name.removesuffix(source.suffix) if source.suffix in (".gz", ".bz2", ".xz") else source.name
    stem = stem.removesuffix(Path(stem).suffix)
    found = root / FOLDER / f"{stem if _SAFE.fullmatch(stem) else ids.slug(stem)}.csv"
    # Rows of such a file that still do not fit do not take the place of what somebody has corrected.
    return found.with_stem(f"{found.stem}-again") if _same(found, source) else found


def check_path(root: Path, path: Path, source: Path) -> None:
    """Raise UsageError for a file among the documents or the rule book, and for one with anything else in it."""
    place = path.absolute().resolve()
    if _same(path, source):
        raise UsageError(f"{path} is the table itself", "name another file for the rows that cannot come in")
    for folder in ("records", "cmdb", "schemas", ".git"):
        if place.is_relative_to((root / folder).resolve()):
            raise UsageError(f"{path} lies in {folder}/", "rows that were left out belong anywhere else")
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name a file")
    if path.exists() and not _is_ours(path):
        raise UsageError(
            f"{path} exists and holds something else", "name another file, or move that one away"
        )


def write(path: Path, source: Path, dialect: Dialect, skipped: Mapping[int, Skipped]) -> None:
    """Write the rows whose numbers are in ``skipped``, in the order of the table."""
    text = io.StringIO()
    with CsvTable(source, replace(dialect, escaped=False)) as table:
        writer = csv.writer(
            text,
            delimiter=DELIMITERS.get(dialect.delimiter, dialect.delimiter),
            quotechar=dialect.quote,
            lineterminator="\n",
        )
        width = len(table.columns)
        rows = [row for row in table.rows() if row.number in skipped]
        marked = any(row.fault for row in rows)
        writer.writerow([*table.columns, *(REASONS if marked else REASONS[:-1])])
        for row in rows:
            reason = skipped[row.number]
            own = [*row.cells, *[""] * (width - len(row.cells))]
            why = [str(row.number), reason.field, reason.code, safe_text(reason.reason)]
            if marked:
                why.append(mark(row.cells) if row.fault else "")
            writer.writerow([*own[:width], *why, *own[width:]])
    _put(path, text.getvalue().encode(dialect.encoding, "backslashreplace"))


def clear(path: Path) -> None:
    """Remove the file of an earlier import, when this one left nothing out."""
    try:
        if path.exists() and _is_ours(path):
            path.unlink()
    except OSError as error:
        raise ItsmError(f"{path} cannot be removed: {error.strerror}") from error


def _same(path: Path, other: Path) -> bool:
    return path.absolute().resolve() == other.absolute().resolve()


def _is_ours(path: Path) -> bool:
    """Whether a file has the columns of reasons in its first lines, in whatever encoding."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).replace(b"\0", b"")
    except OSError:
        return False
    return not head or all(name.encode() in head for name in REASONS if name != MARK)


def _put(path: Path, content: bytes) -> None:
    try:
        before = path.read_bytes() if path.is_file() else None
        documents.write_atomic(path, content, expected=before)
    except OSError as error:
        raise ItsmError(f"the rows left out cannot be written: {path}: {error.strerror}") from error
