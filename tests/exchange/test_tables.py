from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from pathlib import Path

import pytest

from itsm_gitops.exchange.tables import CELL_MAX, CsvTable, Dialect, TableError
from itsm_gitops.model.errors import NotFound


def read(path: Path, **dialect: object) -> list[list[str]]:
    with CsvTable(path, Dialect(**dialect)) as opened:
        return [list(opened.columns), *(list(row.cells) for row in opened.rows())]


def refusal(path: Path, **dialect: object) -> TableError:
    with pytest.raises(TableError) as caught:
        read(path, **dialect)
    return caught.value


def test_quotes_line_breaks_and_delimiters_inside_cells(table) -> None:
    path = table('a,b\r\n"x, ""y""","1\n2"\r\n')
    assert read(path) == [["a", "b"], ['x, "y"', "1\n2"]]


@pytest.mark.parametrize(
    ("delimiter", "character"), [(";", ";"), ("tab", "\t"), ("\\t", "\t"), ("|", "|"), (":", ":")]
)
def test_other_delimiters(table, delimiter: str, character: str) -> None:
    path = table(f"a{character}b\n1{character}2\n")
    assert read(path, delimiter=delimiter) == [["a", "b"], ["1", "2"]]


def test_a_table_without_a_header(table) -> None:
    assert read(table("1,2\n"), header=("a", "b")) == [["a", "b"], ["1", "2"]]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "latin-1"])
def test_encodings(table, encoding: str) -> None:
    path = table("größe,b\nä,ß\n".encode(encoding))
    assert read(path, encoding=encoding) == [["größe", "b"], ["ä", "ß"]]


def test_a_byte_order_mark_is_not_part_of_the_first_heading(table) -> None:
    assert read(table(b"\xef\xbb\xbfa,b\n1,2\n"))[0] == ["a", "b"]


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_packed_tables(table, suffix: str, pack) -> None:
    assert read(table(pack(b"a\n1\n"), f"t.csv{suffix}")) == [["a"], ["1"]]


def test_a_damaged_packed_table(table) -> None:
    assert "is damaged" in refusal(table(lzma.compress(b"a\n1\n")[:-9], "t.csv.xz")).message


def test_blank_lines_are_no_rows(table) -> None:
    with CsvTable(table("a,b\n\n1,2\n,\n\n3,4\n"), Dialect()) as opened:
        assert [(r.number, r.cells) for r in opened.rows()] == [
            (3, ["1", "2"]),
            (4, ["", ""]),
            (6, ["3", "4"]),
        ]


def test_rows_are_counted_as_a_spreadsheet_counts_them(table) -> None:
    with CsvTable(table('a,b\n"1\n1",2\n3\n4,5\n'), Dialect()) as opened:
        found = [(row.number, row.fault) for row in opened.rows()]
    assert found == [(2, ""), (3, "has 1 cells, but there are 2 columns"), (4, "")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('a,b\n"x"y,2\n', "row 2 (line 2) cannot be read: ',' expected after '\"'"),
        ('a,b\n"never closed,2\n', "row 2 (line 2) cannot be read: unexpected end of data"),
        ("a,\0b\n1,2\n", "contains NUL characters in its first row"),
        (
            f"a,b\n1,{'x' * (CELL_MAX + 1)}\n",
            f"row 2 (line 2) has a cell of more than {CELL_MAX:,} characters",
        ),
        ("", "has no header row"),
        ("\n1,2\n", "has no header row"),
        (b"a,b\n1,\xff\n", "line 2, column 3 (byte 7): byte 0xff is not utf-8: invalid start byte"),
        ("a," * 2000 + "b\n", "has 2001 columns; at most 2000 are read"),
    ],
)
def test_what_would_have_to_be_guessed_is_refused(table, content: str | bytes, message: str) -> None:
    error = refusal(table(content))
    assert message in error.message
    assert error.message.startswith("log.csv")


def test_headings_cannot_carry_terminal_escapes(table) -> None:
    with CsvTable(table("\x1b[31ma,\x1b[31ma\n"), Dialect()) as opened, pytest.raises(TableError) as caught:
        opened.position("\x1b[31ma")
    assert "\x1b" not in caught.value.message
    assert "2 times (columns [1, 2])" in caught.value.message


def test_a_missing_column_is_named_with_its_nearest(table) -> None:
    with CsvTable(table("number,state\n1,2\n"), Dialect()) as opened, pytest.raises(NotFound) as caught:
        opened.position("nummber")
    assert caught.value.hint == "did you mean number?"


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("dialect", "message"),
    [
        ({"encoding": "no-such"}, "there is no encoding 'no-such'"),
        ({"encoding": "base64"}, "'base64' is not an encoding of text"),
        ({"delimiter": ";;"}, "delimiter and quote must each be one character"),
    ],
)
def test_dialects_that_cannot_be(table, dialect: dict[str, str], message: str) -> None:
    assert message in refusal(table("a\n1\n"), **dialect).message


WIDTHS = {
    "CSV001": 3,
    "CSV002": 4,
    "CSV003": 3,
    "CSV004": 2,
    "CSV005": 2,
    "CSV006": 2,
    "CSV007": 3,
    "CSV008": 3,
}
SEPARATORS = {"Semicolon": ";", "Tabulator": "tab", "Colon": ":"}


def test_tables_as_real_spreadsheets_write_them(corpus: Path, tmp_path: Path) -> None:
    read_files = 0
    with tarfile.open(fileobj=io.BytesIO((corpus / "csv-dialects-otobo/csv.tar.xz").read_bytes())) as archive:
        for member in archive:
            separator = next((s for name, s in SEPARATORS.items() if f"-{name}." in member.name), "")
            if not member.isfile() or not separator:
                continue
            path = tmp_path / Path(member.name).name
            content = archive.extractfile(member).read()
            path.write_bytes(content)
            width = WIDTHS[path.name[len("ImportExportFormat") :][:6]]
            rows = read(path, delimiter=separator, header=tuple("abcd"[:width]))[1:]
            assert all(len(row) == width for row in rows), path.name
            if "CSV001" in path.name:
                assert rows == [[f"Row{r}-Col{c}" for c in (1, 2, 3)] for r in (1, 2, 3)]
            read_files += 1
    assert read_files >= 25
