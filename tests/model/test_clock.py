from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.model import clock
from itsm_gitops.model.errors import UsageError


def test_a_fixed_time_is_used_and_brought_to_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", "2026-11-22T23:30:15.75+02:00")
    assert clock.now() == datetime(2026, 11, 22, 21, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize("fixed", ["yesterday", "2026-11-22", "2026-02-30T09:00:00Z", "2026-11-22T09:00:00"])
def test_a_fixed_time_that_is_none_is_refused(fixed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", fixed)
    with pytest.raises(UsageError, match=f"^ITSM_NOW is not a time: {fixed}$"):
        clock.now()


def test_without_a_fixed_time_it_is_the_present(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", "")
    moment = clock.now()
    assert abs(moment - datetime.now(UTC)) < timedelta(seconds=5)
    assert (moment.microsecond, moment.utcoffset()) == (0, timedelta(0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22", date(2026, 11, 22)),
        ("2024-02-29", date(2024, 2, 29)),
        ("2026-02-30", None),
        ("2026-02-29", None),
        ("20261122", None),  # Python reads it, the schemas do not
        ("2026-W48-1", None),
        ("2026-11-22T09:30:00Z", None),
        (" 2026-11-22", None),
        ("", None),
        (20261122, None),
        (date(2026, 11, 22), None),
    ],
)
def test_a_day_is_read_in_one_form(text: object, expected: date | None) -> None:
    assert clock.parse_day(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T09:30:00Z", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("2026-11-22t09:30:00z", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("2026-11-22T09:30:00+05:30", datetime(2026, 11, 22, 4, 0, tzinfo=UTC)),
        ("2026-11-22T09:30:00-00:00", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("2026-11-22T09:30:00.5Z", datetime(2026, 11, 22, 9, 30, 0, 500000, tzinfo=UTC)),
        ("2026-11-22T09:30:00.123456789Z", datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC)),
        ("2024-02-29T23:59:59Z", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times_that_are_read(text: str, expected: datetime) -> None:
    assert clock.parse_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T09:30:00",  # no offset
        "2026-11-22 09:30:00Z",  # a blank
        "2026-11-22T09:30Z",  # no seconds
        "2026-11-22",
        "2026-02-30T09:30:00Z",
        "2026-13-01T09:30:00Z",
        "2025-02-29T09:30:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T09:60:00Z",
        "2026-11-22T09:30:60Z",
        "2026-11-22T09:30:00+24:00",
        "2026-11-22T09:30:00+01:99",
        "2026-11-22T09:30:00Z\n",
        "٢٠٢٦-11-22T09:30:00Z",
        "0001-01-01T00:00:00+05:00",  # before the first year in UTC
        "9999-12-31T23:00:00-05:00",  # after the last one
        "",
        None,
        20261122,
    ],
)
def test_times_that_are_not(text: object) -> None:
    assert clock.parse_time(text) is None  # type: ignore[arg-type]


@given(st.integers(0, 200_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_what_is_written_is_read_back(seconds: int, minutes: int) -> None:
    moment = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    text = clock.format_time(moment)
    assert text.endswith("Z")
    assert clock.parse_time(text) == moment


def test_random_suffixes_are_crockford_and_differ() -> None:
    made = {clock.random_suffix() for _ in range(200)}
    assert len(made) > 190
    assert all(len(s) == 5 and set(s) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for s in made)
    assert len(clock.random_suffix(9)) == 9


def test_numbers_in_crockford_base32() -> None:
    assert clock.encode_suffix(0) == "00000"
    assert clock.encode_suffix(31) == "0000Z"
    assert clock.encode_suffix(32) == "00010"
    assert clock.encode_suffix(32**5 + 7) == "00007"  # only the last digits
    assert clock.encode_suffix(18, 1) == "J"  # I is left out


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"), (0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"),
        (3600, "1 h"), (86399, "23 h"), (86400, "1 d"), (10 * 86400 + 5, "10 d"),
    ],
)  # fmt: skip
def test_durations_in_their_largest_unit(seconds: int, said: str) -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    assert clock.age(start, start + timedelta(seconds=seconds)) == said
