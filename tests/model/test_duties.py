"""Days by which something is due, computed by hand: stages, days before and after, renewals, zones, who is free of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.model.duties import DueDay, dues_of
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.watched_time import watched

BERLIN = ZoneInfo("Europe/Berlin")


def kind(**properties: Any) -> Kind:
    """Return a class of item whose schema has these properties."""
    schema: Mapping[str, Any] = MappingProxyType({"properties": properties})
    return Kind(
        "thing", "item", "Thing", "things", "Things", "", "", "cmdb/things", False, schema, "", None, ()
    )


def date(due: Any) -> dict[str, Any]:
    return {"type": "string", "format": "date", "description": "A day.", "x-due": due}


def stands(due: Any, data: Mapping[str, Any], now: str, zone: Any = UTC) -> list[DueDay]:
    moment = datetime.fromisoformat(now)
    return [d.at(moment, zone) for d in dues_of(kind(day=date(due)), data)]


WARNED = {"message": "end", "warn_days": [90, 30]}


@pytest.mark.parametrize(
    ("now", "stage", "severity"),
    [
        ("2026-10-01T23:59:59+00:00", "later", "info"),
        ("2026-10-02T00:00:00+00:00", "near", "info"),  # 90 days before 31 December
        ("2026-11-30T23:59:59+00:00", "near", "info"),
        ("2026-12-01T00:00:00+00:00", "near", "warning"),  # 30 days before
        ("2026-12-31T23:59:59+00:00", "near", "warning"),
        ("2027-01-01T00:00:00+00:00", "past", "warning"),
    ],
)
def test_a_day_is_near_from_its_warnings_and_past_when_it_is_over(
    now: str, stage: str, severity: str
) -> None:
    (day,) = stands(WARNED, {"day": "2026-12-31"}, now)
    assert (day.stage, day.severity) == (stage, severity)


@pytest.mark.parametrize(
    ("due", "severity"),
    [
        ({"message": "end", "severity": "error"}, "error"),
        ({"message": "end", "severity": "info"}, "info"),
        ({"message": "end", "severity": "off"}, "off"),
    ],
)
def test_the_schema_says_how_bad_it_is(due: Any, severity: str) -> None:
    (day,) = stands(due, {"day": "2020-01-01"}, "2026-11-22T12:00:00+00:00")
    assert (day.stage, day.severity) == ("past", severity)


def test_a_day_is_over_in_the_zone_of_the_repository() -> None:
    now = "2026-12-31T23:30:00+00:00"  # half past midnight in Berlin
    assert [d.stage for d in stands(WARNED, {"day": "2026-12-31"}, now)] == ["near"]
    assert [d.stage for d in stands(WARNED, {"day": "2026-12-31"}, now, BERLIN)] == ["past"]


@pytest.mark.parametrize(
    ("due", "data", "days"),
    [
        ({"message": "m", "before": 30}, {"day": "2026-12-31"}, ["2026-12-01"]),
        ({"message": "m", "before": "notice"}, {"day": "2026-12-31", "notice": 90}, ["2026-10-02"]),
        ({"message": "m", "before": "notice"}, {"day": "2026-12-31"}, []),  # nobody knows it
        ({"message": "m", "before": "notice"}, {"day": "2026-12-31", "notice": True}, []),
        ({"message": "m", "after": 365}, {"day": "2024-02-29"}, ["2025-02-28"]),
        ({"message": "m", "after": 1}, {"day": "2026-11-22T10:00:00+01:00"}, ["2026-11-23T09:00:00Z"]),
        ({"message": "m"}, {"day": "2026-02-30"}, []),
        ({"message": "m"}, {"day": 20261122}, []),
        ({"message": "m"}, {}, []),
        (
            [{"message": "m"}, {"message": "n", "before": 1}],
            {"day": "2026-12-31"},
            ["2026-12-31", "2026-12-30"],
        ),
        ({"message": "m", "before": 36500}, {"day": "0001-01-01"}, []),
    ],
)
def test_the_day_is_moved_by_days(due: Any, data: Mapping[str, Any], days: list[str]) -> None:
    assert [d.day for d in dues_of(kind(day=date(due)), data)] == days


RENEWED = {"message": "m", "before": 30, "renews": {"months": "term", "when": {"renewal": "tacit"}}}


@pytest.mark.parametrize(
    ("data", "now", "day", "stage"),
    [
        ({"day": "2025-12-31", "term": 12, "renewal": "tacit"}, "2026-11-22", "2026-12-01", "later"),
        ({"day": "2025-12-31", "term": 12, "renewal": "tacit"}, "2026-12-02", "2027-12-01", "later"),
        ({"day": "2025-12-31", "term": 12, "renewal": "express"}, "2026-11-22", "2025-12-01", "past"),
        ({"day": "2025-12-31", "renewal": "tacit"}, "2026-11-22", "2025-12-01", "past"),
    ],
)
def test_a_day_of_notice_comes_again_where_the_contract_renews(
    data: Mapping[str, Any], now: str, day: str, stage: str
) -> None:
    (found,) = stands(RENEWED, data, f"{now}T12:00:00+00:00")
    assert (found.day, found.stage) == (day, stage)


def test_the_last_day_of_a_month_stays_one() -> None:
    due = {"message": "m", "renews": {"months": 1}}
    (found,) = stands(due, {"day": "2026-01-31"}, "2026-02-10T12:00:00+00:00")
    assert found.day == "2026-02-28"


def test_days_left_are_counted_in_days_of_the_calendar() -> None:
    now = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    for zone, left in ((UTC, 1), (BERLIN, 0)):
        (due,) = dues_of(kind(day=date(WARNED)), {"day": "2026-11-23"})
        assert due.at(now, zone).days_left(now, zone) == left


def test_what_frees_from_a_duty_is_looked_up_beside_the_date_and_around_it() -> None:
    item = {"properties": {"due": date({"message": "m", "unless": {"done": True}})}}
    of = kind(actions={"type": "array", "items": item})
    data = {
        "actions": [
            {"action": "One", "owner": "ada", "due": "2026-01-01", "done": True},
            {"action": "Two", "owner": "bob", "due": "2026-01-02", "done": False},
            {"action": "Three", "due": "2026-01-03"},
        ]
    }
    assert [(d.pointer, d.who, d.what) for d in dues_of(of, data)] == [
        (("actions", 1, "due"), "bob", "Two"),
        (("actions", 2, "due"), "", "Three"),
    ]


def test_dates_in_objects_are_found_and_a_malformed_document_owes_nothing() -> None:
    of = kind(backup={"type": "object", "properties": {"test": date({"message": "m"})}})
    assert [d.pointer for d in dues_of(of, {"backup": {"test": "2026-01-01"}})] == [("backup", "test")]
    assert list(dues_of(of, {"backup": ["2026-01-01"]})) == []


@given(
    start=st.dates(
        min_value=datetime(2025, 1, 1, tzinfo=UTC).date(), max_value=datetime(2028, 1, 1, tzinfo=UTC).date()
    ),
    hours=st.integers(0, 24 * 900),
    months=st.sampled_from([0, 1, 12]),
)
def test_how_a_day_stands_holds_until_the_watch_says(start: Any, hours: int, months: int) -> None:
    """A remembered check asks again when the watch says so, and not later than the answer changes."""
    due = {"message": "m", "warn_days": [40, 10], "renews": {"months": "term"}}
    (one,) = dues_of(kind(day=date(due)), {"day": start.isoformat(), "term": months})
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    present, watch = watched(now)
    before = one.at(present, BERLIN)
    assert (before.stage, before.day) == (one.at(now, BERLIN).stage, one.at(now, BERLIN).day)
    for share in (0.3, 0.999):
        later = now + (min(watch.until, now + timedelta(days=900)) - now) * share
        assert (one.at(later, BERLIN).stage, one.at(later, BERLIN).day) == (before.stage, before.day)


@pytest.mark.parametrize(
    ("day", "stage"),
    [
        ("9999-12-31", "later"),
        ("9999-12-31T23:59:59Z", "later"),
        ("0001-01-01", "past"),
        ("0001-01-01T00:00:00Z", "past"),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_the_ends_of_the_calendar_are_days_like_others(day: str, stage: str, zone: str) -> None:
    """People write such days for "never"."""
    where, now = ZoneInfo(zone), "2026-11-22T12:00:00+00:00"
    (found,) = stands(WARNED, {"day": day}, now, where)
    assert found.stage == stage
    assert (found.days_left(datetime.fromisoformat(now), where) > 0) is (stage == "later")


MISSING = {"message": "next look", "after": 365, "missing": {
    "message": "first look", "within": 90, "from": ["bought", "used"], "since": "2026-12-01"}}  # fmt: skip


@pytest.mark.parametrize(
    ("data", "day"),
    [
        ({}, "2027-03-01"),  # 90 days after 1 December
        ({"bought": "2020-01-01"}, "2027-03-01"),  # what was there before counts from then
        ({"bought": "2026-01-01", "used": "2027-01-10"}, "2027-04-10"),  # the latest counts
        ({"used": "2027-01-10T12:00:00Z"}, "2027-04-10"),
        ({"used": "tomorrow"}, "2027-03-01"),
        ({"day": "2026-06-01"}, "2027-06-01"),  # it is there: a year later, and nothing is missing
    ],
)
def test_a_date_that_is_not_there_is_due_from_a_first_day(data: dict[str, Any], day: str) -> None:
    assert [d.day for d in dues_of(kind(day=date(MISSING)), data)] == [day]


@pytest.mark.parametrize(
    ("stage", "count"), [("planned", 0), ("test", 0), ("production", 1), ("maintenance", 0), ("retired", 0)]
)
def test_only_what_is_in_production_is_missed(book: Any, stage: str, count: int) -> None:
    server = book.kinds["server"]
    found = [d for d in dues_of(server, {"lifecycle": stage}) if d.terms.missing_since]
    assert len(found) == count
