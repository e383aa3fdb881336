"""What is set aside is set aside again for the same reason, until somebody corrects it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from itsm_gitops.exchange import TableError, import_csv
from itsm_gitops.exchange.reasons import MARK
from itsm_gitops.exchange.report import ROW_RESULTS
from tests.exchange.test_drafts import INCIDENTS, SERVERS, data, errors, given, rows  # noqa: F401
from tests.exchange.test_histories import LOG, states

HEAD = "id,title,opened\n"
# What is wrong with a row: its text, and the reason in the report.
FAULTY = {
    "too short": ("T1,Slow\n", "has 2 cells, but there are 3 columns"),
    "short with an empty cell": ("T1,\n", "has 2 cells, but there are 3 columns"),
    "one cell": ("T1\n", "has 1 cells, but there are 3 columns"),
    "too long": ("T1,Slow, since Monday,2024-01-01\n", "has 4 cells, but there are 3 columns"),
    "long with an empty cell at the end": ("T1,Slow,2024-01-01,\n", "has 4 cells, but there are 3 columns"),
    "short with quotes": ('T1,"Slow, ""very"" slow"\n', "has 2 cells, but there are 3 columns"),
    "short with lines": ('T1,"Slow\r\nand\rold\n"\n', "has 2 cells, but there are 3 columns"),
    "no title": ("T1,,2024-01-01\n", "the field 'title' is missing (S002)"),
    "no title, lines in the key": ('"T\n1",a,2024-01-01\n', "the key cannot be an alias"),
    "no key": (",Slow,2024-01-01\n", "no value in the key column 'id'"),
    "no date": ("T1,Slow,soon\n", "'opened' is not a time in the format named"),
    "the headings again": ("id,title,opened\n", "repeats the headings"),
    "a key twice": ("T1,Slow,2024-01-01\nT1,Slow,2024-01-01\n", "the key stands in 2 rows"),
}


def as_a_spreadsheet_saves(path: Path) -> None:
    """Make all rows of a table as wide as the widest, as spreadsheets do."""
    found = rows(path)
    width = max(map(len, found))
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([*r, *[""] * (width - len(r))] for r in found)


@pytest.mark.parametrize("case", FAULTY)
def test_a_row_is_set_aside_again_for_the_same_reason(given, run, mapping, case: str) -> None:  # noqa: F811
    text, reason = FAULTY[case]
    first = run(HEAD + text + "T9,Fine,2024-01-01\n", INCIDENTS)
    assert first.counts["created"] == 1
    assert all(s.reason.startswith(reason) for s in first.skipped), first.skipped
    aside = given.root / first.quarantine
    for spreadsheet in (False, True):
        if spreadsheet:
            as_a_spreadsheet_saves(aside)
        report = import_csv(given.repo, aside, mapping(INCIDENTS))
        assert (report.counts["created"], report.rows) == (0, len(first.skipped))
        assert [s.reason.partition(" (")[0] for s in report.skipped] == [
            s.reason.partition(" (")[0] for s in first.skipped
        ]
        before, aside = aside, given.root / report.quarantine
        assert [r[:3] for r in rows(aside)] == [r[:3] for r in rows(before)]
    assert errors(given) == []


@pytest.mark.parametrize("spreadsheet", [False, True])
def test_a_corrected_row_comes_in(given, run, mapping, spreadsheet: bool) -> None:  # noqa: F811
    first = run(HEAD + "T1,Slow\nT2,Slow, since Monday,2024-01-01\nT3,Hot\n", INCIDENTS)
    assert first.counts["created"] == 0
    aside = given.root / first.quarantine
    if spreadsheet:
        as_a_spreadsheet_saves(aside)
    head, one, two, three = rows(aside)
    one[2] = "2024-01-01"
    two[1:3] = ["Slow, since Monday", "2024-01-01"]
    del two[head.index(MARK) + 1 :]
    three[head.index("itsm_reason")] = ""  # as it is: its last cell is empty
    with aside.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, one, two, three])
    report = import_csv(given.repo, aside, mapping(INCIDENTS))
    assert report.counts["created"] == 2
    assert [s.key for s in report.skipped] == ["T3"]
    assert "opened" in report.skipped[0].reason
    assert data(given, "T2")["title"] == "Slow, since Monday"


@pytest.mark.parametrize("header_row", ["", ", header_row: true", ", header_row: false"])
def test_a_table_whose_columns_the_mapping_names(given, run, mapping, header_row: str) -> None:  # noqa: F811
    rules = INCIDENTS.replace(
        "system: old", f"system: old\nsource: {{header: [id, title, opened]{header_row}}}"
    )
    head = "number,what,since\n" if "true" in header_row else ""
    first = run(head + "T1,Slow\nT2,,2024-01-01\nT3,Fine,2024-01-01\n", rules)
    assert first.counts["created"] == 1
    report = import_csv(given.repo, given.root / first.quarantine, mapping(rules))
    assert [s.reason for s in report.skipped] == [s.reason for s in first.skipped]
    assert report.rows == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "shift_jis"])
def test_cells_stay_as_they_are_in_every_encoding(given, run, encoding: str) -> None:  # noqa: F811
    rules = INCIDENTS.replace(
        "system: old", f"system: old\nsource: {{encoding: {encoding}, delimiter: ';', escaped: true}}"
    )
    cell = "''=1+1; \"x\"\rÜ" if encoding != "shift_jis" else "''=1+1; \"x\"\r電"
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL).writerows([("id", "title", "opened"), ("T1", cell)])
    report = run(out.getvalue().encode(encoding), rules)
    raw = (given.root / report.quarantine).read_bytes().decode(encoding)
    found = list(csv.reader(io.StringIO(raw.removeprefix("\ufeff"), newline=""), delimiter=";"))
    assert found[1][:2] == ["T1", cell]


def test_the_headings_again_are_no_record(given, run) -> None:  # noqa: F811
    report = run(
        HEAD + "T1,Slow,2024-01-01\nid,title,opened\nT2,Hot,2024-01-01\n\ufeffid, title ,opened\n", INCIDENTS
    )
    assert (report.rows, report.counts["created"]) == (4, 2)
    assert [(s.row, s.reason) for s in report.skipped] == [
        (3, "repeats the headings"),
        (5, "repeats the headings"),
    ]


EVENTS = "id,state,opened,at,who\n"


def log(*events: str) -> str:
    return EVENTS + "".join(f"{e}\n" for e in events)


A1, A2 = "A,New,2024-01-01,2024-01-01,ann", "A,Active,2024-01-01,2024-01-02,ann"
B1, B2 = "B,New,2024-01-01,2024-01-01,ann", "B,Active,2024-01-01,2024-01-02,ann"
C1 = "C,New,2024-01-01,2024-01-01,ann"


def test_the_headings_again_inside_of_a_record_part_nothing(given, run) -> None:  # noqa: F811
    report = run(log(A1, EVENTS.strip(), A2, B1, EVENTS.strip()), LOG)
    assert (report.rows, report.counts["created"]) == (5, 2)
    assert [s.row for s in report.skipped] == [3, 6]
    assert states(given, "A") == ["new", "in_progress"]


@pytest.mark.parametrize(
    ("events", "aside"),
    [
        ((A1, "A,Active,2024-01-01", A2, B1, C1), {"A"}),
        ((A1, A2, "A,Active", B1, C1), {"A"}),
        ((A1, A2, "B,New", B1, C1), {"B"}),
        ((A1, A2, B1, B2, C1, "C,Active,2024-01-01,2024-01-02,ann,x"), {"C"}),
        ((A1, "D,New,2024-01-01", B1, C1), set()),
        ((A1, A2, ",Active", B1, C1), {"A", "B"}),
        ((A1, ",Active", A2, B1, C1), {"A"}),
        ((",New", A1, B1, C1), {"A"}),
        ((A1, B1, C1, ",New"), {"C"}),
    ],
)
def test_a_record_with_an_event_that_cannot_be_read_waits(
    given,  # noqa: F811
    run,
    mapping,
    events: tuple[str, ...],
    aside: set[str],
) -> None:
    report = run(log(*events), LOG)
    store = given.repo.store()
    assert {"A", "B", "C"} - set(store.aliases) == aside
    assert sum(report.results[n] for n in ROW_RESULTS) == report.rows == len(events)
    assert {s.key for s in report.skipped if s.key in ("A", "B", "C")} >= aside
    again = import_csv(given.repo, given.root / report.quarantine, mapping(LOG))
    assert again.counts["created"] == 0
    assert again.rows == len(report.skipped)


def test_a_record_comes_in_whole_when_its_event_is_corrected(given, run, mapping) -> None:  # noqa: F811
    report = run(log(A1, "A,Active,2024-01-01", B1), LOG)
    path = given.root / report.quarantine
    head, one, two = rows(path)
    two[:5] = A2.split(",")
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, one, two])
    assert import_csv(given.repo, path, mapping(LOG)).counts["created"] == 1
    assert states(given, "A") == ["new", "in_progress"]


@pytest.mark.parametrize("size", [0, 3_000])
def test_a_byte_that_is_not_of_the_encoding_has_its_place(given, run, size: int) -> None:  # noqa: F811
    text = HEAD + "T,Slow,2024-01-01\n" * size
    raw = text.encode() + b'T1,"two\nlines, Gro\xdfe"\n'
    with pytest.raises(TableError) as caught:
        run(raw, INCIDENTS)
    offset = len(raw) - 4
    assert f"log.csv: line {size + 3}, column 11 (byte {offset + 1})" in caught.value.message
    assert "0xdf" in caught.value.message
    assert "cp1252" in str(caught.value.hint)
    assert "Große" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("content", "encoding"), [(b"id\nT\x01", "utf-16-le"), (b"id,title\n\xff", "ascii"), (b"\x81", "cp1252")]
)
def test_other_encodings_have_places_too(given, run, content: bytes, encoding: str) -> None:  # noqa: F811
    rules = INCIDENTS.replace("system: old", f"system: old\nsource: {{encoding: {encoding}}}")
    with pytest.raises(TableError, match=r"line \d+, column \d+ \(byte \d+\)"):
        run(content, rules)


def test_relations_are_set_aside_alike(given, run, mapping) -> None:  # noqa: F811
    rules = "relations: {from: a, type: t, to: b}\n"
    report = run("a,t,b\nmail,depends_on\na,t,b\nops,depends_on,nothing\n", rules)
    assert [s.row for s in report.skipped] == [2, 3, 4]
    again = import_csv(given.repo, given.root / report.quarantine, mapping(rules))
    assert [s.reason for s in again.skipped] == [s.reason for s in report.skipped]


def test_servers_with_missing_cells(given, run, mapping) -> None:  # noqa: F811
    rules = SERVERS.replace("production}}", "production}, location: where}")
    report = run("host,where\na\nb,x\n", rules)
    assert report.created == ["b"]
    again = import_csv(given.repo, given.root / report.quarantine, mapping(rules))
    assert again.created == []
