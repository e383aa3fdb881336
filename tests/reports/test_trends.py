"""Whether a report's main figure went up or down: the last 30 days beside the 30 days before, counted by hand."""

from __future__ import annotations

import pytest

P4 = "impact: low\nurgency: low\n"


def at(day: str, clock: str = "10:00") -> str:
    return f"2026-{day}T{clock}:00Z"


@pytest.fixture
def lived(record) -> None:
    """Two whole periods and some days: from 23 September to 22 November at noon."""
    record("INC-260901-AAAAA", [(at("09-01"), "new"), (at("09-02"), "resolved")], P4)
    # The period before: 23 September 12:00 to 23 October 12:00.
    record("INC-260925-AAAAA", [(at("09-25"), "new"), (at("09-25", "14:00"), "resolved")], P4)
    record("INC-261023-AAAAA", [(at("10-23", "12:00"), "new")], P4)  # its last second
    # The last one.
    record("INC-261101-AAAAA", [(at("11-01"), "new"), (at("11-01", "12:00"), "resolved")], P4)
    record("INC-261102-AAAAA", [(at("11-02"), "new"), (at("11-02", "14:00"), "resolved")], P4)
    record("INC-261122-AAAAA", [(at("11-22", "12:00"), "new")], P4)  # at this moment


def test_what_came_in_the_last_days_is_compared_with_the_days_before(lived, reports) -> None:
    trend = reports()["flow"].trend
    assert (trend.values, trend.stands) == ((2, 3), False)
    assert trend.text == "Opened in the last 30 days: 3, up from 2 in the 30 days before"


def test_what_stands_open_is_compared_with_what_stood_open(lived, reports) -> None:
    found = reports()
    assert found["backlog"].trend.text == "Open records: up from 1 to 2 in the last 30 days"
    assert found["backlog"].headline.startswith("2 open")


def test_a_time_that_is_written_alike_is_the_same(lived, reports) -> None:
    trend = reports()["times"].trend
    assert trend.values == (4 * 3600, 3 * 3600)
    assert trend.text == (
        "Median time to resolve in the last 30 days: 3 h, down from 4 h in the 30 days before"
    )
    assert trend._replace(values=(7200, 7201)).text == (
        "Median time to resolve in the last 30 days: 2 h, as in the 30 days before"
    )


def test_a_trend_says_whether_it_is_better_or_worse(lived, reports) -> None:
    found = reports()
    assert found["backlog"].trend.verdict == "worse"  # more is open
    assert found["times"].trend.verdict == "better"  # it takes less time
    assert found["flow"].trend.verdict == ""  # more to do is neither
    assert found["quality"].trend.verdict == ""  # as before


def test_without_two_whole_periods_nothing_is_compared(record, reports, lived) -> None:
    assert reports(since="2026-10-01")["flow"].trend is None
    assert reports(since="2026-09-22")["flow"].trend is not None


def test_before_the_first_record_nothing_is_compared(record, reports) -> None:
    record("INC-261001-AAAAA", [(at("10-01"), "new")], P4)
    assert {r.trend for r in reports().values()} == {None}


def test_a_share_of_nothing_is_no_figure(lived, reports) -> None:
    found = reports()
    assert found["changes"].trend is None  # no change was closed
    assert found["dora"].trend.values == (0, 0)
    assert found["dora"].trend.text == "Changes carried out in the last 30 days: 0, as in the 30 days before"
    assert (
        found["quality"].trend.text
        == "Incidents reopened in the last 30 days: 0 of 2, as in the 30 days before"
    )


def test_programs_get_the_values(lived, reports) -> None:
    found = reports()
    assert found["flow"].as_json()["trend"] == {
        "what": "Opened",
        "form": "count",
        "days": 30,
        "values": [2, 3],
    }
    assert found["contracts"].as_json()["trend"] is None
