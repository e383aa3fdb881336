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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from itsm_gitops.exchange.decoding import find_undecodable
from itsm_gitops.exchange.formats import HEAD, recognise
from itsm_gitops.exchange.reasons import ReasonColumns, find_reasons
from itsm_gitops.model.errors import ItsmError, NotFound, did_you_mean
from itsm_gitops.model.formulas import restore
from itsm_gitops.model.text import safe_text

CELL_MAX = 16_777_216  # characters in one cell; what is longer is no table but an attack
COLUMNS_MAX = 2_000
DELIMITERS = {"tab": "\t", "\\t": "\t"}
_SEPARATORS = {",": ",", ";": ";", "tab": "\t", "|": "|"}  # by what spreadsheets and programs separate cells
_OPENERS: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}


class TableError(ItsmError):
    """A table that cannot be read without guessing. The message says which row and column."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written.

    ``header`` names the columns in place of the first row; ``header_row`` says whether there is a row of
    headings nevertheless (None: it is one when a cell of it says what the column is called). ``escaped``
    says that an apostrophe stands before cells that look like formulas, as our own export writes it.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    header: tuple[str, ...] = ()
    header_row: bool | None = None
    escaped: bool = False


HEADINGS = "repeats the headings"


class CsvRow(NamedTuple):
    """One row. ``number`` counts rows of the table from 1, the header included where there is one.

    ``fault`` says why its cells cannot be used, ``HEADINGS`` for the row of headings again; empty for a good row.
    """

    number: int
    cells: Sequence[str]
    fault: str = ""


class CsvTable:
    """A table being read: its column names, then its rows. Use as a context manager.

    ``heading`` is the row of headings that the mapping's own names replace; empty where there is none.
    In a file of rows left out the columns of reasons are none of the table.
    """

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.path = path
        self._dialect = dialect
        self._file = _open(path, dialect)
        self._number = 0
        self._waiting: list[list[str]] = []
        self.columns: tuple[str, ...] = ()
        self.heading: tuple[str, ...] = ()
        self._reasons: ReasonColumns | None = None
        try:
            self._reader = _reader(self._file, dialect)
            self.columns = self._header()
        except BaseException:
            self._file.close()
            raise
        self._index: dict[str, list[int]] = {}
        for position, name in enumerate(self.columns):
            self._index.setdefault(name, []).append(position)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def positions(self, name: str) -> tuple[int, ...]:
        """Return the positions of all columns with this heading; raises NotFound with the nearest names.

        ``name#2`` is the second of several columns with the heading ``name``.
        """
        if name in self._index:
            return tuple(self._index[name])
        heading, mark, place = name.rpartition("#")
        same = self._index.get(heading, [])
        if mark and place.isdecimal() and 0 < int(place) <= len(same):
            return (same[int(place) - 1],)
        hint = (
            self._other_delimiter() or did_you_mean(name, self.columns) or f"columns: {_shown(self.columns)}"
        )
        raise NotFound(f"{self.path.name} has no column '{safe_text(name)}'", hint)

    def _other_delimiter(self) -> str:
        """Return what to do where the whole header is one column, because another sign separates its names."""
        only = self.columns[0] if len(self.columns) == 1 else ""
        word, sign = max(_SEPARATORS.items(), key=lambda known: only.count(known[1]))
        return (
            f"{word} separates its columns: delimiter: '{word}' under source in the mapping"
            if sign in only
            else ""
        )

    def position(self, name: str) -> int:
        """Return the position of a column that stands once; raises TableError where it stands more often."""
        found = self.positions(name)
        if len(found) > 1:
            where = [i + 1 for i in found]
            raise TableError(
                f"{self.path.name} has the column '{safe_text(name)}' {len(found)} times (columns {where})",
                f"name one of them, '{safe_text(name)}#1' or '{safe_text(name)}#2'; "
                "lists, links and comments take all of them",
            )
        return found[0]

    def rows(self) -> Iterator[CsvRow]:
        """Yield each row that is not blank, with its ``fault`` where its cells cannot be used.

        Raises TableError where nothing tells the rows apart.
        """
        width, escaped = len(self.columns), self._dialect.escaped
        # Two tables, one behind the other, have the headings twice.
        headings = {cells[0]: cells for cells in (self.columns, self.heading) if cells}
        for physical in self._physical():
            cells, fault = self._reasons.split(physical) if self._reasons else (physical, "")
            if len(cells) != width:
                if any(cells):
                    fault = fault or f"has {len(cells)} cells, but there are {width} columns"
                    yield CsvRow(self._number, cells, fault)
                continue
            if cells[0].strip("\ufeff \t") in headings and self._repeats(cells, headings.values()):
                fault = HEADINGS
            if escaped:
                cells = [restore(cell) for cell in cells]
            yield CsvRow(self._number, cells, fault)

    def _repeats(self, cells: Sequence[str], headings: Iterable[tuple[str, ...]]) -> bool:
        return tuple(cell.strip("\ufeff \t") for cell in cells) in headings

    def _header(self) -> tuple[str, ...]:
        cells = next(self._physical(), [])
        first = tuple(cell.strip() for cell in cells)
        names = self._dialect.header or first
        if not any(names):
            raise TableError(f"{self.path.name} has no header row", "name the columns under source.header")
        if any("\0" in name for name in first):
            raise TableError(
                f"{self.path.name} contains NUL characters in its first row",
                "this is not a text table, or its encoding is another one (source.encoding)",
            )
        if len(names) > COLUMNS_MAX:
            raise TableError(f"{self.path.name} has {len(names)} columns; at most {COLUMNS_MAX} are read")
        self._reasons = find_reasons(first)
        if self._reasons:
            first = first[: self._reasons.width]
        if not self._dialect.header:
            return first
        if self._reasons or self._is_heading(first):
            self.heading = () if self._reasons else first
            return names
        self._waiting.append(cells)
        self._number -= 1
        return names

    def _is_heading(self, first: Sequence[str]) -> bool:
        said = self._dialect.header_row
        names = self._dialect.header
        if said is None:
            return any(c and c.casefold() == n.casefold() for c, n in zip(first, names, strict=False))
        return said

    def _physical(self) -> Iterator[list[str]]:
        while True:
            if self._waiting:
                self._number += 1
                yield self._waiting.pop()
                continue
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._number += 1
                raise self._unreadable(error) from error
            except (UnicodeDecodeError, UnicodeError) as error:
                self._number += 1
                raise self._undecodable(error) from error
            except (EOFError, OSError, lzma.LZMAError) as error:
                raise TableError(f"{self.path.name} is damaged: {error}") from error
            self._number += 1
            yield cells

    def _error(self, what: str, hint: str) -> TableError:
        line = getattr(self._reader, "line_num", 0)
        return TableError(f"{self.path.name}: row {self._number} (line {line}) {what}", hint)

    def _undecodable(self, error: UnicodeError) -> TableError:
        # The reader is ahead of the rows by some thousand bytes, so the place is looked for from the start.
        with _binary(self.path) as file:
            found = find_undecodable(file, _codec(self._dialect).name)
        if found:
            return TableError(f"{self.path.name}: {found.place}: {found.what}", found.advice)
        hint = "name the right encoding in the mapping (source.encoding)"
        return self._error(f"is not {self._dialect.encoding}: {error}", hint)

    def _unreadable(self, error: csv.Error) -> TableError:
        if "field limit" in str(error):
            what = f"has a cell of more than {CELL_MAX:,} characters"
            return self._error(what, "a quote that is never closed does that, too")
        return self._error(f"cannot be read: {error}", _CSV_HINT)


_CSV_HINT = "a quoted cell ends with a quote and is followed by the delimiter; quotes inside are doubled"


def _shown(names: Sequence[str]) -> str:
    return ", ".join(safe_text(n) for n in names[:12]) + (", …" if len(names) > 12 else "")


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _codec(dialect: Dialect) -> codecs.CodecInfo:
    try:
        codec = codecs.lookup(dialect.encoding)
    except LookupError:
        raise TableError(
            f"there is no encoding '{safe_text(dialect.encoding)}'", "utf-8, cp1252, utf-16 …"
        ) from None
    if not getattr(codec, "_is_text_encoding", True):
        raise TableError(f"'{dialect.encoding}' is not an encoding of text", "utf-8, cp1252, utf-16 …")
    return codec


def _binary(path: Path) -> Any:
    return _OPENERS.get(path.suffix.lower(), _plain)(path)


def _open(path: Path, dialect: Dialect) -> IO[str]:
    codec = _codec(dialect)
    # A byte order mark at the start is not part of the first heading.
    encoding = "utf-8-sig" if codec.name == "utf-8" else codec.name
    try:
        raw = io.BufferedReader(_binary(path))
        head = raw.peek(HEAD)
    except (EOFError, OSError, lzma.LZMAError) as error:
        if isinstance(error, OSError) and error.errno:
            raise NotFound(f"{path} cannot be read: {error.strerror or error}") from error
        raise TableError(f"{path.name} is damaged: {error}") from error
    other = recognise(head[:HEAD])
    if other:
        raw.close()
        raise TableError(f"{path.name} is not a CSV file: it is {other.name}", other.advice)
    return io.TextIOWrapper(raw, encoding=encoding, newline="")


def _reader(file: IO[str], dialect: Dialect) -> Any:
    delimiter = DELIMITERS.get(dialect.delimiter, dialect.delimiter)
    csv.field_size_limit(CELL_MAX)
    try:
        return csv.reader(file, delimiter=delimiter, quotechar=dialect.quote, strict=True)
    except (TypeError, ValueError) as error:
        raise TableError(f"delimiter and quote must each be one character: {error}") from error
