"""The course of one record: which promises were kept, until when the others run, how long it took."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.model.standing import Course
from itsm_gitops.model.windows import Window
from itsm_gitops.service_levels.hours import Hours, RoundTheClock
from itsm_gitops.snapshots import load_store
from tests.reports.test_levels import HOUR, LEVEL, NOW, incident, needs, server, service
from tests.service_levels.clock_table import FREE, OFFICE


@pytest.fixture
def course(git_repo: Any) -> Any:
    git_repo.write("cmdb/service-levels/gold.yaml", LEVEL)
    git_repo.write("cmdb/calendars/office.yaml", OFFICE)
    git_repo.write("cmdb/calendars/free.yaml", FREE)
    git_repo.write("cmdb/services/shop.yaml", service("shop", "service_level: gold\n" + needs("shop-web")))
    git_repo.write("cmdb/servers/shop-web.yaml", server("shop-web"))

    def make(identifier: str) -> Course:
        reporter = SnapshotReporter()
        store, lives = load_store(git_repo.repo.snapshot(), visit=lambda _, d: reporter.visit(d))
        found: Course = reporter.course(store, lives, NOW)(identifier)
        return found

    return make


def local(day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC).timestamp())


def test_a_running_clock_ends_in_the_hours_of_its_calendar(record: Any, course: Any) -> None:
    # Friday 15:00, Sunday now: three of four hours are used, the fourth ends on Monday at nine.
    incident(record, "INC-261120-AAAAA", "20 15:00 new,20 15:10 in_progress")
    response, resolution = course("INC-261120-AAAAA").promises
    assert (response.metric, response.verdict, response.due) == ("response", "met", None)
    assert (resolution.verdict, resolution.used, resolution.due) == ("running", 3 * HOUR, local(23, 9))
    assert (resolution.level, resolution.calendar, resolution.promised) == ("gold", "office", 4 * HOUR)
    assert course("INC-261120-AAAAA").resolved_after is None


def test_a_paused_clock_ends_nowhere_and_a_missed_one_neither(record: Any, course: Any) -> None:
    incident(record, "INC-261120-AAAAA", "20 15:00 new,20 15:10 in_progress,20 16:00 on_hold")
    incident(record, "INC-261120-BBBBB", "20 09:00 new")
    paused = course("INC-261120-AAAAA").promises[1]
    assert (paused.verdict, paused.due, paused.used) == ("running", None, HOUR)
    assert {(p.metric, p.verdict, p.due) for p in course("INC-261120-BBBBB").promises} == {
        ("response", "missed", None),
        ("resolution", "missed", None),
    }


def test_how_long_it_took_and_waited(record: Any, course: Any) -> None:
    incident(
        record,
        "INC-261109-AAAAA",
        "09 17:00 new,09 17:20 in_progress,10 08:30 on_hold,10 09:00 in_progress,10 10:00 resolved",
    )
    found = course("INC-261109-AAAAA")
    assert (found.resolved_after, found.waited) == (17 * HOUR, HOUR // 2)
    assert course("INC-261109-ZZZZZ") == Course()


def test_the_moment_after_some_working_time_is_the_first_one_by_which_it_counted() -> None:
    rng = random.Random(11)
    base = int(datetime(2026, 3, 27, tzinfo=UTC).timestamp())

    def at(minute: int) -> datetime:
        return datetime.fromtimestamp(base + 60 * minute, UTC)

    hours = Hours([Window(at(s), at(s + rng.randrange(1, 60))) for s in rng.sample(range(900), 9)])
    for _ in range(300):
        start, wanted = base + 60 * rng.randrange(-50, 1000), 60 * rng.randrange(0, 400)
        end = hours.after(start, wanted)
        if end is None:
            assert hours.between(start, base + 60 * 2000) < wanted
        else:
            assert hours.between(start, end) == wanted
            assert end == start or hours.between(start, end - 1) < wanted
    assert Hours([]).after(5, 1) is None
    assert RoundTheClock().after(5, 10) == 15
