"""Recurring work: each record is made once, whoever runs it and how often."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from itsm_gitops.editing.recurring import make_recurring, recurring_work
from itsm_gitops.graph.recurrence import occurrences
from itsm_gitops.model.archive import list_of
from itsm_gitops.model.errors import RuleBookError, UsageError

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
POLICY = "schemas/policies/recurring.yaml"
RULE = """\
version: 1
rules:
  - name: access-review
    why: Access that nobody needs any more is found.
    rule: FREQ=MONTHLY;BYDAY=2TU
    start: 2026-01-01
    time: "09:30"
    lead_days: 10
    kind: improvement
    by: ada
    values:
      title: Review of access rights, {month} ({date}, {quarter}, {week}, {year})
      source: audit
    dates: {due: 14}
"""


def days(rule: str, begin: str, end: str) -> list[str]:
    """Return the local days and times of a rule at nine o'clock that counts from the beginning of 2026."""
    limits = [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (begin, end)]
    found = occurrences(rule, date(2026, 1, 1), time(9), AMSTERDAM, *limits)
    return [f"{m.astimezone(AMSTERDAM):%Y-%m-%d %H:%M}" for m in found]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=MONTHLY;BYDAY=2TU", ["2026-03-10 09:00", "2026-04-14 09:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-03-31 09:00", "2026-04-30 09:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-03-31 09:00"]),
        ("FREQ=MONTHLY;BYDAY=2TU;UNTIL=20260310T080000Z", ["2026-03-10 09:00"]),  # nine o'clock in Amsterdam
        ("FREQ=MONTHLY;BYDAY=2TU;UNTIL=20260310T075959Z", []),
        ("FREQ=MONTHLY;BYDAY=2TU;UNTIL=20260310", []),
        ("FREQ=MONTHLY;INTERVAL=3", ["2026-04-01 09:00"]),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", ["2026-03-29 09:00"]),
        ("FREQ=WEEKLY;INTERVAL=4;BYDAY=MO", ["2026-03-23 09:00", "2026-04-20 09:00"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-03-31 09:00", "2026-04-30 09:00"]),
    ],
)
def test_rules_mean_what_the_standard_says(rule: str, expected: list[str]) -> None:
    assert days(rule, "2026-03-01", "2026-05-01") == expected


def test_the_hour_of_the_clock_holds_over_its_change() -> None:
    begin, end = datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 30, 23, tzinfo=UTC)
    found = occurrences("FREQ=DAILY", date(2026, 1, 1), time(9), AMSTERDAM, begin, end)
    assert [m.hour for m in found] == [8, 7, 7]


def test_a_rule_may_count_from_the_beginning_of_the_calendar() -> None:
    begin, end = datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert len(list(occurrences("FREQ=YEARLY", date(1, 3, 28), time(0), AMSTERDAM, begin, end))) == 0
    assert len(list(occurrences("FREQ=YEARLY", date(1, 1, 1), time(0), AMSTERDAM, begin, end))) == 0


def test_an_end_before_the_calendar_is_refused() -> None:
    west = ZoneInfo("America/New_York")
    moment = datetime(2026, 3, 28, tzinfo=UTC)
    with pytest.raises(UsageError, match="not a rule of recurrence"):
        list(
            occurrences("FREQ=DAILY;UNTIL=00010101T000000Z", date(2026, 1, 1), time(9), west, moment, moment)
        )


def test_what_is_no_rule_is_refused() -> None:
    with pytest.raises(UsageError, match="not a rule of recurrence"):
        days("FREQ=MONTHLY;BYDAY=2XX", "2026-03-01", "2026-05-01")


def made(git_repo: Any, now: datetime) -> list[str]:
    """Run recurring work at a moment; return the identifiers of what was made."""
    repo = git_repo.repo
    new = [work for work in recurring_work(repo, now) if not work.exists]
    return [make_recurring(repo, work).id for work in new]


@pytest.fixture
def recurring(git_repo: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ITSM_NOW", "2026-05-05T12:00:00Z")
    git_repo.write(POLICY, RULE)
    return git_repo


def test_a_record_is_made_once_and_only_when_it_is_due(recurring: Any) -> None:
    assert made(recurring, datetime(2026, 5, 2, 7, 29, tzinfo=UTC)) == [
        "IMP-260404-" + suffix(recurring, "04")
    ]
    first = made(recurring, datetime(2026, 5, 2, 7, 30, tzinfo=UTC))
    assert [i[:10] for i in first] == ["IMP-260502"]
    assert made(recurring, datetime(2026, 5, 2, 7, 30, tzinfo=UTC)) == []
    assert made(recurring, datetime(2026, 5, 5, 12, tzinfo=UTC)) == []


def suffix(git_repo: Any, month: str) -> str:
    paths = sorted((git_repo.root / f"records/improvements/2026/{month}").glob("*.yaml"))
    return paths[0].stem.split("-")[2]


def test_the_text_follows_from_the_day(recurring: Any) -> None:
    now = datetime(2026, 5, 5, tzinfo=UTC)
    made(recurring, now)
    path = next((recurring.root / "records/improvements/2026/05").glob("*.yaml"))
    text = path.read_text()
    assert "title: Review of access rights, May 2026 (2026-05-12, Q2 2026, 2026-W20, 2026)" in text
    assert "due: 2026-05-26" in text
    assert "- at: 2026-05-02T07:30:00Z\n  by: ada\n  state: raised" in text
    path.unlink()
    made(recurring, now)
    assert path.read_text() == text


def test_an_archived_record_is_not_made_again(recurring: Any) -> None:
    now = datetime(2026, 5, 5, tzinfo=UTC)
    made(recurring, now)
    path = next((recurring.root / "records/improvements/2026/05").glob("*.yaml"))
    path.unlink()
    recurring.write(list_of(2026), f"commit {'0' * 40}\n{path.stem}\n")
    assert all(work.exists for work in recurring_work(recurring.repo, now))
    assert made(recurring, now) == []


def test_what_was_forgotten_is_made_up_for_until_it_is_too_old(recurring: Any) -> None:
    found = [work.occurs.date() for work in recurring_work(recurring.repo, datetime(2026, 5, 6, tzinfo=UTC))]
    assert found == [date(2026, 5, 12)]
    recurring.write(POLICY, RULE.replace("lead_days: 10", "lead_days: 10\n    catch_up_days: 70"))
    found = [work.occurs.date() for work in recurring_work(recurring.repo, datetime(2026, 5, 6, tzinfo=UTC))]
    assert found == [date(2026, 3, 10), date(2026, 4, 14), date(2026, 5, 12)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: improvement", "kind: improvment", "'improvment'"),
        ("    why: Access that nobody needs any more is found.\n", "", "'why' is missing"),
        ("time: ", "tmie: ", "'tmie'"),
        ("lead_days: 10", "lead_days: true", "lead_days"),
        ("2026-01-01", "2026-02-30", "start"),
        ("dates: {due: 14}", "dates: {due: soon}", "due"),
        ("BYDAY=2TU", "BYDAY=2XX", "not a rule of recurrence"),
        ("BYDAY=2TU", "BYDAY=2TU;COUNT=0", "never comes"),
        ("BYDAY=2TU", "BYDAY=2TU;UNTIL=20251231T000000Z", "never comes"),
        ("MONTHLY;BYDAY=2TU", "DAILY;INTERVAL=0", "INTERVAL is 1 or more"),
    ],
)
def test_nothing_is_made_by_rules_that_the_check_refuses(
    old: str, new: str, said: str, recurring: Any
) -> None:
    assert old in RULE
    recurring.write(POLICY, RULE.replace(old, new))
    with pytest.raises(RuleBookError, match=rf"{POLICY}:\d+:\d+: .*{said}"):
        recurring_work(recurring.repo, datetime(2026, 5, 5, tzinfo=UTC))


def test_the_meeting_of_the_living_example_is_the_one_that_its_rule_makes(example_repo: Any) -> None:
    work = recurring_work(example_repo, datetime(2026, 11, 22, 21, tzinfo=UTC))
    assert [(w.identifier, w.exists) for w in work] == [("MTG-261120-VE7H6", True)]
