"""Times as people write them, in the repository's zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from itsm_gitops.model import moments
from itsm_gitops.model.moments import TimeRange, compared, moment_of, read_time, relative


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", "2026-11-22T12:00:00Z")


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-11-22", "2026-11-21T23:00", "2026-11-22T23:00"),
        ("2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),  # the clock goes back: 25 hours
        ("2026-11", "2026-10-31T23:00", "2026-11-30T23:00"),
        ("2026-12", "2026-11-30T23:00", "2026-12-31T23:00"),
        ("2026", "2025-12-31T23:00", "2026-12-31T23:00"),
        ("today", "2026-11-21T23:00", "2026-11-22T23:00"),
        ("Yesterday", "2026-11-20T23:00", "2026-11-21T23:00"),
        ("2026-11-22 20:00", "2026-11-22T19:00", "2026-11-22T19:01"),
        ("2026-11-22T20:00:30", "2026-11-22T19:00:30", "2026-11-22T19:00:31"),
        ("2026-11-22T20:00:00Z", "2026-11-22T20:00:00", "2026-11-22T20:00:01"),
        ("2026-11-22T20:00:00+05:30", "2026-11-22T14:30:00", "2026-11-22T14:30:01"),
        ("-7d", "2026-11-15T12:00", "2026-11-15T12:00"),
        ("+2h", "2026-11-22T14:00", "2026-11-22T14:00"),
        ("now", "2026-11-22T12:00", "2026-11-22T12:00"),
    ],
)
def test_a_time_is_a_span(text: str, start: str, end: str) -> None:
    assert read_time(text, "Europe/Berlin") == TimeRange(_utc(start), _utc(end))


@pytest.mark.parametrize(
    "text",
    ["", "7d", "2026-02-30", "2026-13", "0000", "-999999w", "tomorow", "2026-11-22T25:00", "٢٠٢٦", "2026-1"],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    assert read_time(text, "Europe/Berlin") is None


def test_sides_of_a_span_meet() -> None:
    for text in ("2026-11-22", "-7d", "2026-11-22T20:00:00.5Z"):
        span = read_time(text, "Europe/Berlin")
        assert span
        after, since, before, until = (compared(span, sign) for sign in (">", ">=", "<", "<="))
        assert before.end == since.start == span.start
        assert until.end == after.start > span.start
        assert compared(span, "") == span


def test_what_fields_hold() -> None:
    assert moment_of("2026-11-22", "Europe/Berlin") == _utc("2026-11-21T23:00")
    assert moment_of("2026-11-22T20:00:00+01:00", "UTC") == _utc("2026-11-22T19:00")
    for value in (
        "today",
        "-7d",
        "2026-11",
        "yesterday ",
        "-100000min",
        20261122,
        None,
        ["2026-11-22"],
        True,
    ):
        assert moment_of(value, "UTC") is None


def test_how_long_ago() -> None:
    assert relative("-90 min") == _utc("2026-11-22T10:30")
    assert relative("90min") is None


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/New_York"])
@pytest.mark.parametrize("text", ["9999-12-31", "9999-12", "9999"])
def test_the_last_day_of_the_calendar_is_a_day_and_has_no_end(text: str, zone: str) -> None:
    span = moments.read_time(text, zone)
    assert span is not None
    assert span.end == moments.LAST
    assert span.start < span.end
    assert span.holds(moments.LAST)
    assert moments.moment_of("9999-12-31", zone) is not None


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/New_York"])
def test_the_first_day_of_the_calendar_is_a_day(zone: str) -> None:
    span = moments.read_time("0001-01-01", zone)
    assert span is not None
    assert moments.FIRST <= span.start < span.end
