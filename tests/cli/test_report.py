"""`itsm report` on a terminal, for programs and for spreadsheets."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from itsm_gitops.cli.bars import bar, lanes, legend, longest
from itsm_gitops.cli.render import Style
from itsm_gitops.cli.report import _table
from itsm_gitops.model.report import BESIDE, ITEM, SHARE, STACKED, TEXT, Bars, Column, Table
from itsm_gitops.model.text import width
from itsm_gitops.reports.catalogue import REPORTS

from .conftest import Cli

PLAIN = Style(False)

OWN = ("improvements", "knowledge", "releases", "suppliers")  # files of schemas/reports


def drawn(table: Table, cells: int) -> list[str]:
    return [bar(table, row, longest(table), cells, PLAIN) for row in range(len(table.rows))]


def table(form: str, *rows: tuple[str, int, int]) -> Table:
    columns = (Column("name", "Name", TEXT), Column("a", "First"), Column("b", "Second"))
    return Table("t", "T", columns, rows, Bars(form, ("a", "b"), ("blue", "red")))


def test_stacked_bars_are_as_long_as_their_sum_and_show_every_part() -> None:
    found = table(STACKED, ("x", 3, 1), ("y", 2, 0), ("z", 0, 0), ("big", 7, 1))
    assert drawn(found, 8) == ["███▓", "██", "", "███████▓"]
    assert legend(found, PLAIN) == "█ first  ▓ second"


def test_an_ordered_scale_has_one_colour_and_its_parts_differ_by_density() -> None:
    columns = (Column("name", "Name", TEXT), Column("a", "First"), Column("b", "Second"))
    found = Table("t", "T", columns, (("x", 3, 1),), Bars(STACKED, ("a", "b"), ("step1", "step2")))
    colour = Style(True)
    assert bar(found, 0, 4, 4, colour) == "\x1b[34m███\x1b[0m\x1b[34m▓\x1b[0m"
    assert legend(found, colour) == "\x1b[34m█\x1b[0m first  \x1b[34m▓\x1b[0m second"


def test_bars_beside_each_other_have_one_scale() -> None:
    found = table(BESIDE, ("x", 8, 4), ("y", 1, 0))
    assert drawn(found, 8) == ["████████  ████", "█"]
    assert legend(found, PLAIN) == ""
    assert lanes(found, 20) == 9
    assert lanes(found, 14) == 0


def test_an_identifier_is_whole_where_there_is_little_room() -> None:
    columns = (
        Column("service", "Service", ITEM),
        Column("promise", "Promise", TEXT),
        Column("met", "Met"),
    )
    rows = (
        ("warehouse-operations-of-the-south", "Resolution of incidents, all of them, P1", 12),
        ("mail", "日本語のサービスレベルの約束です", 3),
    )
    lines = list(_table(Table("t", "T", columns, rows), PLAIN, 30))[2:]
    assert lines == [
        "warehouse-   Resolution     12",
        "operations-  of…",
        "of-the-",
        "south",
        "mail         日本語のサ…     3",
    ]


def test_a_head_without_room_says_that_it_goes_on() -> None:
    columns = (Column("item", "Configurationitem", ITEM), Column("met", "Met"))
    head = list(_table(Table("t", "T", columns, (("mail", 12),)), PLAIN, 16))[1]
    assert head == "Configurat…  Met"


def test_what_falls_short_of_its_goal_stands_out() -> None:
    columns = (
        Column("service", "Service", ITEM),
        Column("kept", "Kept", SHARE, "goal"),
        Column("goal", "Goal", SHARE),
    )
    rows = (("mail", 0.5, 0.9), ("shop", 0.9, 0.9), ("wiki", None, 0.9))
    lines = list(_table(Table("t", "T", columns, rows), Style(True), 80))[2:]
    assert lines == ["mail     \x1b[1;31m 50%\x1b[0m   90%", "shop      90%   90%", "wiki        –   90%"]


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_fits_80_columns(acme: Path, cli: Cli, incident: str, name: str) -> None:
    out = cli("report", name, "--definitions").out
    assert REPORTS[name].title in out
    assert "What the figures mean" in out
    assert max(map(width, out.splitlines())) <= 80


def test_without_a_name_each_report_is_told_in_a_line(acme: Path, cli: Cli, incident: str) -> None:
    out = cli("report").out
    assert [line.split()[0] for line in out.splitlines() if line[:1].isalpha()] == [*REPORTS, *OWN]
    assert len(cli("report", "--json").json) == len(REPORTS) + len(OWN)


def test_one_report_as_json_and_one_table_as_csv_say_the_same(acme: Path, cli: Cli, incident: str) -> None:
    found = cli("report", "backlog", "--service", "email", "--json").json
    assert (found["report"], found["service"]) == ("backlog", "email")
    assert found["until"] == "2026-11-22T12:00:00Z"
    rows = {t["table"]: t["rows"] for t in found["tables"]}
    text = cli("report", "backlog", "--service", "email", "--table", "services", "--csv").out
    read = list(csv.DictReader(io.StringIO(text)))
    assert read == [{k: str(v) for k, v in row.items()} for row in rows["services"]]
    assert read[0]["service"] == "email"


def test_the_same_at_an_older_revision(acme: Path, cli: Cli, incident: str) -> None:
    now = cli("report", "backlog", "--json").json["headline"]
    assert cli("report", "backlog", "--at", "HEAD", "--json").json["headline"] != now


def test_what_cannot_be_is_said(acme: Path, cli: Cli) -> None:
    assert "did you mean backlog?" in cli("report", "backlogs", code=1).err
    assert "--table and --csv need the name of a report" in cli("report", "--csv", code=2).err
    assert "takes a team" in cli("report", "backlog", "--team", "email", code=1).err
    assert "in the future" in cli("report", "backlog", "--since", "2027-01-01", code=2).err
