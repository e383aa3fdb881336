from __future__ import annotations

import pytest

from itsm_gitops.exchange.times import AMBIGUOUS, NONEXISTENT, LocalTimes, Moment
from itsm_gitops.model.errors import UsageError

LISBON = LocalTimes("%d/%m/%Y %H:%M", "Europe/Lisbon")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("29/2/2016 01:16", Moment("2016-02-29T01:16:00Z")),
        ("1/7/2016 12:00", Moment("2016-07-01T11:00:00Z")),
        # On 27 March 2016 the clock went from 01:00 to 02:00.
        ("27/3/2016 00:59", Moment("2016-03-27T00:59:00Z")),
        ("27/3/2016 01:30", Moment("2016-03-27T01:30:00Z", NONEXISTENT)),
        ("27/3/2016 02:00", Moment("2016-03-27T01:00:00Z")),
        # On 30 October 2016 it went from 02:00 back to 01:00.
        ("30/10/2016 00:59", Moment("2016-10-29T23:59:00Z")),
        ("30/10/2016 01:30", Moment("2016-10-30T00:30:00Z", AMBIGUOUS)),
        ("30/10/2016 02:00", Moment("2016-10-30T02:00:00Z")),
    ],
)
def test_times_around_the_changes_of_the_clock(text: str, expected: Moment) -> None:
    assert LISBON.read(text) == expected


@pytest.mark.parametrize("text", ["30/2/2016 01:00", "2016-02-29", "", "29/2/2016 25:00", "1/13/2016 10:00"])
def test_what_is_no_time(text: str) -> None:
    assert LISBON.read(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-01T08:00:00+02:00", "2024-03-01T06:00:00Z"),
        ("2024-03-01T08:00:00Z", "2024-03-01T08:00:00Z"),
        ("2024-03-01 08:00", "2024-03-01T07:00:00Z"),
        ("2024-03-01", "2024-02-29T23:00:00Z"),
    ],
)
def test_iso_times_carry_their_offset_or_get_the_zone(text: str, expected: str) -> None:
    assert LocalTimes("iso", "Europe/Berlin").read(text) == Moment(expected)


@pytest.mark.parametrize("text", ["20240301", "2024-W09-5", "08:00", "0001-01-01T00:00:00+14:00"])
def test_iso_spellings_that_are_refused(text: str) -> None:
    assert LocalTimes("iso", "Europe/Berlin").read(text) is None


def test_a_format_with_an_offset() -> None:
    times = LocalTimes("%Y-%m-%d %H:%M %z", "Etc/UTC")
    assert times.read("2024-03-01 08:00 +0100") == Moment("2024-03-01T07:00:00Z")


def test_days() -> None:
    assert LISBON.day("1/3/2024 23:30") == "2024-03-01"
    assert LISBON.day("31/31/2024 23:30") is None


def test_an_unknown_zone_is_named_with_its_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        LocalTimes("iso", "Europe/Lissabon")
    assert "Europe/Lisbon" in caught.value.hint


@pytest.mark.parametrize("zone", ["../../etc/passwd", "", "/etc/localtime"])
def test_a_zone_is_a_name_and_not_a_path(zone: str) -> None:
    with pytest.raises(UsageError):
        LocalTimes("iso", zone)
