"""The table of `make bench` on made-up timings: ratios, verdicts, limits, growth. No timing decides anything here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def table() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import table as module

        yield module
    finally:
        sys.path.remove(str(BENCHMARKS))


def measured(table: ModuleType, *walls: float, megabytes: float = 50, **more: object) -> object:
    return table.Measured(tuple(table.Sample(w, w / 2, megabytes) for w in walls), **more)


def test_every_row_of_the_goals_can_be_run(table: ModuleType) -> None:
    import rows

    names = [row.name for row in table.read_goals()]
    assert len(names) == len(set(names))
    assert set(names) == {n for group in rows.GROUPS for n in group.rows} | set(rows.SITE_ROWS)
    assert set(rows.LOG_ROWS) <= set(names)


def test_every_goal_names_a_yardstick_that_is_measured_beside_it(table: ModuleType) -> None:
    import rows
    from worlds import World

    world = World("x", 1000, Path("/nowhere"))
    world.__dict__["incidents"] = ["records/incidents/2026/11/INC-261122-K7QF3.yaml"]
    world.__dict__["edited"] = world.incidents
    beside = {row: set(group.jobs(world)) for group in rows.GROUPS for row in group.rows}
    beside |= {key: {"status", *rows.YARDSTICKS} for key in rows.SITE_ROWS}
    for row in table.read_goals():
        assert {goal.against for goal in row.goals} <= beside[row.name] - {row.name}


def test_a_ratio_is_the_median_of_the_rounds(table: ModuleType) -> None:
    """A round in which the machine was busy slows both sides; comparing medians of each would give 1.5."""
    row, stick = measured(table, 2, 30, 4), measured(table, 1, 10, 2)
    assert table.compare(row, stick) == table.Spread(2, 2, 2.5)


def test_quartiles(table: ModuleType) -> None:
    assert table.spread([5, 1, 2, 4, 3]) == table.Spread(3, 2, 4)
    assert table.spread([7]) == table.Spread(7, 7, 7)


@pytest.mark.parametrize(
    ("records", "walls", "state", "wanted", "remarks"),
    [
        (100_000, (1.4,), "met", 1.5, ()),
        (100_000, (3.0,), "missed", 1.5, ("missed by 2.00 x",)),
        (1_000, (3.0,), "-", 0, ()),  # nothing is asked at this size
    ],
)
def test_a_verdict(
    table: ModuleType,
    records: int,
    walls: tuple[float, ...],
    state: str,
    wanted: float,
    remarks: tuple[str, ...],
) -> None:
    row = table.Row("list", "list", (table.Goal("status", 1.5, (100_000,)),))
    found = table.verdict(
        row, "x", records, {"list": measured(table, *walls), "status": measured(table, 1.0)}
    )
    assert (found.state, found.wanted, found.remarks) == (state, wanted, remarks)
    assert found.ratio.median == walls[0]


def test_limits_hold_at_the_largest_size(table: ModuleType) -> None:
    row = table.Row("site", "site", (table.Goal("hugo", 2),), memory=1000, output=1000, files=1.1)
    runs = {
        "hugo": measured(table, 1.0),
        "site": measured(table, 1.0, megabytes=1500, output=1880.0, files=1.0),
    }
    assert table.verdict(row, "x", 10_000, runs).state == "met"
    found = table.verdict(row, "x", 100_000, runs)
    assert found.state == "missed"
    assert found.remarks == ("1,500 MB of memory, 1.50 x", "1,880 MB written, 1.88 x")


def test_what_was_not_measured_says_why(table: ModuleType) -> None:
    row = table.Row("query", "query", (table.Goal("status", 1.5),))
    found = table.verdict(row, "x", 1000, {"query": table.Measured(trouble="there is no command 'query'")})
    assert (found.state, found.remarks, found.seconds) == ("-", ("there is no command 'query'",), None)
    without = {"query": measured(table, 1.0), "status": table.Measured(trouble="Git is not installed")}
    found = table.verdict(row, "x", 1000, without)
    assert (found.state, found.remarks, found.ratio) == ("-", ("status: Git is not installed",), None)


def test_different_bytes_are_a_missed_goal(table: ModuleType) -> None:
    row = table.Row("site-ten", "site", (table.Goal("status", 15),))
    runs = {"site-ten": measured(table, 1.0, equal=False), "status": measured(table, 1.0)}
    assert table.verdict(row, "x", 1000, runs).state == "missed"


@pytest.mark.parametrize(
    ("small", "large", "exponent", "state"),
    [(1.0, 10.0, 1.0, "met"), (1.0, 20.0, 1.301, "missed"), (1.0, 1.0, 0, "met")],
)
def test_growth(table: ModuleType, small: float, large: float, exponent: float, state: str) -> None:
    row = table.Row("check", "check", growth=1.1)
    runs = {"10000": {"check": measured(table, small)}, "100000": {"check": measured(table, large)}}
    found = table.growth(row, runs)
    assert found[0] == pytest.approx(exponent, abs=0.001)
    assert found[1] == state
    assert table.growth(row, {"10000": runs["10000"]}) is None
    assert table.growth(row._replace(growth=0), runs) is None


def test_lines_are_one_for_each_verdict(table: ModuleType) -> None:
    row = table.Row("list", "list, filtered", (table.Goal("status", 1.5),))
    runs = {"list": measured(table, 3.0, 3.0), "status": measured(table, 1.0, 1.0)}
    head, line, last = table.lines(
        [table.verdict(row, "1000", 1000, runs), table.verdict(row, "1000", 1000, {})]
    )
    assert "compared with" in head
    assert "3.00 x status" in line
    assert "missed by 2.00 x" in line
    assert "not measured" in last
