"""Reads tables of text: CSV in any common dialect, one row at a time, refusing what is ambiguous.

Quoting, encoding and the number of cells must be right: a table that is read "somehow" puts values
under wrong headings, which nobody notices until much later.
"""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import lzma
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from itsm_gitops.model.errors import ItsmError, NotFound, did_you_mean
from itsm_gitops.model.formulas import restore
from itsm_gitops.model.text import safe_text

CELL_MAX = 131_072  # characters in one cell
COLUMNS_MAX = 2_000
_DELIMITERS = {"tab": "\t", "\\t": "\t"}
_OPENERS: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}


class TableError(ItsmError):
    """A table that cannot be read without guessing. The message says which row and column."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written. ``header`` names the columns of a table whose first row does not."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    header: tuple[str, ...] = ()


class Row(NamedTuple):
    """One row. ``number`` counts rows of the table from 1, the header included where there is one."""

    number: int
    cells: Sequence[str]


class Table:
    """A table being read: its column names, then its rows. Use as a context manager."""

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.path = path
        self._dialect = dialect
        self._file = _open(path, dialect)
        self._number = 0
        self.columns: tuple[str, ...] = ()
        try:
            self._reader = _reader(self._file, dialect)
            self.columns = self._header()
        except BaseException:
            self._file.close()
            raise
        self._index = {name: position for position, name in enumerate(self.columns)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def position(self, name: str) -> int:
        """Return the position of a column; raises NotFound with the nearest names."""
        if name not in self._index:
            hint = did_you_mean(name, self.columns) or f"columns: {_shown(self.columns)}"
            raise NotFound(f"{self.path.name} has no column '{safe_text(name)}'", hint)
        return self._index[name]

    def rows(self) -> Iterator[Row]:
        """Yield each row that is not blank; raises TableError at the first that cannot be read."""
        width = len(self.columns)
        for cells in self._physical():
            if len(cells) != width:
                if not any(cells):
                    continue
                raise self._error(
                    f"has {len(cells)} cells, but there are {width} columns",
                    "quote cells that contain the delimiter, or name the right delimiter in the mapping",
                )
            for position, cell in enumerate(cells):
                if "\0" in cell:
                    raise self._error(
                        "contains a NUL character",
                        "this is not a text table, or its encoding is another one",
                        position,
                    )
                if cell.startswith("'"):
                    cells[position] = restore(cell)
            yield Row(self._number, cells)

    def _header(self) -> tuple[str, ...]:
        names = self._dialect.header or tuple(cell.strip() for cell in next(self._physical(), ()))
        if not any(names):
            raise TableError(f"{self.path.name} has no header row", "name the columns under source.header")
        if len(names) > COLUMNS_MAX:
            raise TableError(f"{self.path.name} has {len(names)} columns; at most {COLUMNS_MAX} are read")
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            where = [i + 1 for i, n in enumerate(names) if n == twice[0]]
            raise TableError(
                f"{self.path.name} has the column '{safe_text(twice[0])}' {len(where)} times (columns {where})",
                "give each column its own name, or name them all under source.header",
            )
        return names

    def _physical(self) -> Iterator[list[str]]:
        while True:
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._number += 1
                raise self._error(f"cannot be read: {error}", _CSV_HINT) from error
            except (UnicodeDecodeError, UnicodeError) as error:
                self._number += 1
                raise self._error(
                    f"or one soon after it is not {self._dialect.encoding}: {_reason(error)}",
                    "name the right encoding in the mapping (source.encoding), for example cp1252",
                ) from error
            except (EOFError, OSError, lzma.LZMAError) as error:
                raise TableError(f"{self.path.name} is damaged: {error}") from error
            self._number += 1
            yield cells

    def _error(self, what: str, hint: str, position: int | None = None) -> TableError:
        line = getattr(self._reader, "line_num", 0)
        column = ""
        if position is not None:
            name = self.columns[position] if position < len(self.columns) else ""
            column = f", column {position + 1}" + (f" ({safe_text(name)})" if name else "")
        return TableError(f"{self.path.name}: row {self._number} (line {line}){column} {what}", hint)


_CSV_HINT = "a quoted cell ends with a quote and is followed by the delimiter; quotes inside are doubled"


def _reason(error: UnicodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte 0x{error.object[error.start]:02x}, {error.reason}"
    return str(error)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(safe_text(n) for n in names[:12]) + (", …" if len(names) > 12 else "")


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _open(path: Path, dialect: Dialect) -> IO[str]:
    try:
        codec = codecs.lookup(dialect.encoding)
    except LookupError:
        raise TableError(
            f"there is no encoding '{safe_text(dialect.encoding)}'", "utf-8, cp1252, utf-16 …"
        ) from None
    if not getattr(codec, "_is_text_encoding", True):
        raise TableError(f"'{dialect.encoding}' is not an encoding of text", "utf-8, cp1252, utf-16 …")
    # A byte order mark at the start is not part of the first heading.
    encoding = "utf-8-sig" if codec.name == "utf-8" else codec.name
    try:
        raw = _OPENERS.get(path.suffix.lower(), _plain)(path)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror or error}") from error
    return io.TextIOWrapper(raw, encoding=encoding, newline="")


def _reader(file: IO[str], dialect: Dialect) -> Any:
    delimiter = _DELIMITERS.get(dialect.delimiter, dialect.delimiter)
    csv.field_size_limit(CELL_MAX)
    try:
        return csv.reader(file, delimiter=delimiter, quotechar=dialect.quote, strict=True)
    except (TypeError, ValueError) as error:
        raise TableError(f"delimiter and quote must each be one character: {error}") from error
