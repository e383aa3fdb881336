"""Weekly hours in real time zones, single windows, and whether something lies inside them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.model.windows import Window, merged, moment_of, spans, within, zone

BERLIN = zone("Europe/Berlin")
NIGHT = {"time_zone": "Europe/Berlin", "hours": [{"days": ["sat"], "from": "22:00", "to": "06:00"}]}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def hours(calendar: dict[str, Any], start: str, end: str) -> list[tuple[str, str]]:
    return [(f"{w.start:%m-%dT%H:%M}", f"{w.end:%m-%dT%H:%M}") for w in spans(calendar, at(start), at(end))]


def test_a_weekly_window_over_midnight_keeps_local_time_when_the_clocks_change() -> None:
    found = hours(NIGHT, "2026-10-17T00:00Z", "2026-11-02T00:00Z")
    assert found == [
        ("10-17T20:00", "10-18T04:00"),
        ("10-24T20:00", "10-25T05:00"),  # the night is an hour longer: 22:00 +02:00 to 06:00 +01:00
        ("10-31T21:00", "11-01T05:00"),
    ]


def test_the_night_in_spring_is_an_hour_shorter() -> None:
    ((start, end),) = hours(NIGHT, "2026-03-28T12:00Z", "2026-03-29T12:00Z")
    assert (start, end) == ("03-28T21:00", "03-29T04:00")


@pytest.mark.parametrize(
    ("day", "text", "expected"),
    [
        # RFC 5545 section 3.3.5: a skipped time counts with the offset before the gap ...
        (date(2026, 3, 29), "02:30", "2026-03-29T01:30+00:00"),
        # ... and of a time that occurs twice the first one counts.
        (date(2026, 10, 25), "02:30", "2026-10-25T00:30+00:00"),
        (date(2026, 12, 31), "24:00", "2026-12-31T23:00+00:00"),
        (date(2026, 7, 1), "00:00", "2026-06-30T22:00+00:00"),
    ],
)
def test_local_times(day: date, text: str, expected: str) -> None:
    assert moment_of(day, text, BERLIN) == at(expected)


def test_a_zone_with_half_hours_and_an_unknown_one() -> None:
    rule = [{"days": ["mon"], "from": "09:00", "to": "17:00"}]
    kolkata = {"time_zone": "Asia/Kolkata", "hours": rule}
    nowhere = {"time_zone": "Mars/Base", "hours": rule}
    assert hours(kolkata, "2026-11-23T00:00Z", "2026-11-24T00:00Z") == [("11-23T03:30", "11-23T11:30")]
    assert hours(nowhere, "2026-11-23T00:00Z", "2026-11-24T00:00Z") == [("11-23T09:00", "11-23T17:00")]


def test_holidays_close_a_day() -> None:
    start, end = at("2026-10-17T00:00Z"), at("2026-10-26T00:00Z")
    assert [w.start.day for w in spans(NIGHT, start, end, frozenset([date(2026, 10, 17)]))] == [24]


def test_single_windows_and_days_count_too() -> None:
    calendar = {
        "name": "Days",
        "time_zone": "Europe/Berlin",
        "windows": [
            {"start": "2026-12-24T12:00:00+01:00", "end": "2026-12-27T00:00:00+01:00", "name": "Christmas"}
        ],
        "dates": [{"date": "2026-12-31", "name": "New Year's Eve"}],
    }
    found = spans(calendar, at("2026-12-25T00:00Z"), at("2027-01-01T00:00Z"))
    assert [(w.name, f"{w.end:%d %H}") for w in found] == [
        ("Christmas", "26 23"),
        ("New Year's Eve", "31 23"),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {"hours": "always"},
        {"hours": [{"days": "sat", "from": "22:00", "to": "23:00"}]},
        {"hours": [{"days": ["sat"], "from": 22, "to": "25:99"}]},
        {"windows": [{"start": "yesterday"}, 7]},
        {"dates": [{"date": "2026-02-30"}, {"date": "0001-01-01"}, {"date": "9999-12-31"}]},
        {"time_zone": "../../etc/passwd"},
    ],
)
def test_a_broken_calendar_has_no_windows_and_does_no_harm(broken: dict[str, Any]) -> None:
    assert (
        spans({"time_zone": "Asia/Tokyo", **broken}, at("2026-11-01T00:00Z"), at("2026-12-01T00:00Z")) == []
    )


def test_a_span_of_centuries_is_cut_and_the_ends_of_the_calendar_are_no_trap() -> None:
    assert len(spans(NIGHT, at("2026-01-01T00:00Z"), at("2926-01-01T00:00Z"))) < 600
    assert spans(NIGHT, at("0001-01-01T00:00Z"), at("9999-12-31T23:59Z")) == []


_MINUTES = st.integers(0, 600)
_WINDOWS = st.lists(st.tuples(_MINUTES, _MINUTES), max_size=12)


def windows_of(pairs: list[tuple[int, int]]) -> list[Window]:
    zero = datetime(2026, 1, 1, tzinfo=UTC)
    return [Window(zero + timedelta(minutes=a), zero + timedelta(minutes=b)) for a, b in pairs]


@given(pairs=_WINDOWS, span=st.tuples(_MINUTES, _MINUTES))
def test_merging_and_containing_agree_with_counting_minutes(
    pairs: list[tuple[int, int]], span: tuple[int, int]
) -> None:
    covered = {m for a, b in pairs for m in range(a, b)}
    found = merged(windows_of(pairs))
    assert sum((w.end - w.start) // timedelta(minutes=1) for w in found) == len(covered)
    assert all(one.end < two.start for one, two in pairwise(found))
    a, b = sorted(span)
    if a < b:
        ((start, end, _),) = windows_of([(a, b)])
        assert within(start, end, windows_of(pairs)) == set(range(a, b)).issubset(covered)
