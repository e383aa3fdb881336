"""Promises of service levels, the days of a service and its availability, counted by hand."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.model.field_history import Day
from itsm_gitops.model.report import EXACT_SHARE, Column, shown
from itsm_gitops.model.windows import Window
from itsm_gitops.service_levels.hours import Hours, RoundTheClock, hours_of
from itsm_gitops.snapshots import load_store
from tests.service_levels.clock_table import FREE, OFFICE

HOUR, DAY = 3600, 86400
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HIGH = "impact: high\nurgency: high\nservice: shop\ncis: [shop-web]\n"

LEVEL = """\
id: gold
class: service-level
name: Gold
owner: desk
lifecycle: production
kind: sla
targets:
- {record: incident, metric: response, priority: P1, minutes: 30, percent: 95}
- {record: incident, metric: resolution, priority: P1, minutes: 240, percent: 90}
- {record: incident, metric: resolution, minutes: 600, percent: 80}
- {metric: availability, percent: 99.5}
calendar: office
pause_states: [on_hold]
warn_at_percent: 50
"""


def service(name: str, more: str = "") -> str:
    return f"id: {name}\nclass: service\nname: {name.capitalize()}\nlifecycle: production\n{more}"


def needs(*names: str) -> str:
    return "links:\n" + "".join(f"- {{type: depends_on, target: {n}}}\n" for n in names)


def server(name: str) -> str:
    return f"id: {name}\nclass: server\nname: {name}\nlifecycle: production\n"


@pytest.fixture(autouse=True)
def _cmdb(git_repo: Any) -> None:
    git_repo.write("cmdb/service-levels/gold.yaml", LEVEL)
    git_repo.write("cmdb/calendars/office.yaml", OFFICE)
    git_repo.write("cmdb/calendars/free.yaml", FREE)
    git_repo.write("cmdb/services/shop.yaml", service("shop", "service_level: gold\n" + needs("shop-web")))
    git_repo.write("cmdb/servers/shop-web.yaml", server("shop-web"))


def incident(record: Any, name: str, steps: str, fields: str = HIGH) -> None:
    """Write an incident; ``steps`` are ``day time state`` in November, separated by commas."""
    parts = [s.split() for s in steps.split(",")]
    record(name, [(f"2026-11-{d}T{t}:00+01:00", state) for d, t, state in parts], fields)


def test_the_clock_counts_office_hours_and_stands_still_on_hold(record, figures) -> None:
    # Monday 17:00 to Tuesday 10:00: one hour, two hours; less half an hour on hold.
    incident(
        record,
        "INC-261109-AAAAA",
        "09 17:00 new,09 17:20 in_progress,10 08:30 on_hold,10 09:00 in_progress,10 10:00 resolved",
    )
    # Opened on Tuesday evening, resolved after the holiday: nothing of Wednesday counts.
    incident(record, "INC-261117-BBBBB", "17 16:00 new,17 17:00 in_progress,19 10:30 resolved")
    found = figures()
    row = found["levels.targets"]["gold"]  # the last of its promises: resolution of P1
    assert (row["target"], row["met"], row["missed"]) == ("Resolution, incident P1 Critical", 1, 1)
    missed = found["levels.missed"]["INC-261117-BBBBB"]
    assert missed["over_s"] in (30 * 60, 30 * 60)  # both its promises: 1 h of 30 min, 4 h 30 min of 4 h
    kept = found["levels.services"]["shop"]
    assert (kept["response"], kept["resolution"]) == (0.5, 0.5)
    assert (kept["response_goal"], kept["resolution_goal"], kept["availability_goal"]) == (0.95, 0.8, 0.995)


def test_open_records_run_or_are_missed_and_cancelled_ones_do_not_count(record, figures) -> None:
    # It is Sunday noon: since Friday 15:00 three hours count.
    incident(record, "INC-261120-AAAAA", "20 15:00 new,20 15:10 in_progress")
    incident(record, "INC-261120-BBBBB", "20 13:00 new")
    incident(record, "INC-261120-CCCCC", "20 09:00 new,20 16:00 cancelled")
    found = figures()
    row = found["levels.targets"]["gold"]
    assert (row["met"], row["missed"], row["running"]) == (0, 1, 1)
    assert set(found["levels.running"]) == {"INC-261120-AAAAA"}
    assert found["levels.running"]["INC-261120-AAAAA"]["left_s"] == HOUR
    assert set(found["levels.missed"]) == {"INC-261120-BBBBB"}
    month = found["levels.months"]["2026-11"]
    assert (month["met"], month["missed"]) == (1, 2)  # one response in time; a response and a resolution not


def test_the_first_target_that_fits_counts(record, figures) -> None:
    low = HIGH.replace("impact: high\nurgency: high", "impact: low\nurgency: low")
    incident(record, "INC-261109-AAAAA", "09 08:00 new,09 17:00 resolved", low)
    rows = figures()["levels.targets"]
    assert rows["gold"]["target"] == "Resolution, incident"
    assert (rows["gold"]["within_s"], rows["gold"]["met"]) == (10 * HOUR, 1)


def test_requests_are_judged_by_the_level_of_their_offering(git_repo, record, figures) -> None:
    git_repo.write(
        "cmdb/service-levels/silver.yaml",
        "id: silver\nclass: service-level\nname: Silver\nkind: sla\ntargets:\n"
        "- {record: request, metric: resolution, minutes: 60, percent: 80}\n- nonsense\n- {metric: response}\n",
    )
    git_repo.write(
        "cmdb/offerings/laptop.yaml",
        "id: laptop\nclass: offering\nname: Laptop\nservice: shop\nservice_level: silver\n",
    )
    steps = [("2026-11-14T10:00:00Z", "submitted"), ("2026-11-14T10:40:00Z", "fulfilled")]  # a Saturday
    record("REQ-261114-AAAAA", steps, "offering: laptop\n")
    found = figures()
    assert found["levels.targets"]["silver"]["met"] == 1  # around the clock: it names no calendar
    assert found["levels.services"]["shop"]["resolution"] is None  # not what the service's own level promises
    assert reports_of(git_repo)["shop"]["level"] == "gold"


def test_a_service_level_of_the_wrong_shape_stops_nothing(git_repo, record, figures) -> None:
    wrong = LEVEL.replace("[on_hold]", "[{a: 1}, [on_hold], on_hold]").replace(
        "calendar: office", "calendar: [x]"
    )
    git_repo.write("cmdb/service-levels/gold.yaml", wrong.replace("minutes: 30,", "minutes: soon,"))
    incident(
        record, "INC-261109-AAAAA", "09 17:00 new,09 17:20 on_hold,09 19:20 in_progress,09 20:00 resolved"
    )
    row = figures()["levels.targets"]["gold"]
    assert (row["target"], row["met"]) == ("Resolution, incident P1 Critical", 1)


def reports_of(git_repo: Any) -> Any:
    from itsm_gitops.presentation.pages.past import kept_by_service

    store, lives = load_store(git_repo.repo.snapshot(), visit=lambda _, d: SnapshotReporter().visit(d))
    return kept_by_service(SnapshotReporter().reports(store, lives, NOW))


def days_of(git_repo: Any, count: int = 21) -> dict[str, list[Day]]:
    store, lives = load_store(git_repo.repo.snapshot(), visit=lambda _, d: SnapshotReporter().visit(d))
    return {k: list(v) for k, v in SnapshotReporter().history(store, lives, NOW, count).items()}


def test_days_of_a_service(git_repo, record) -> None:
    incident(record, "INC-261105-AAAAA", "05 09:00 new,05 10:00 resolved", "impact: low\ncis: [shop-web]\n")
    incident(record, "INC-261109-AAAAA", "09 23:00 new,10 01:00 resolved")
    worn = HIGH.replace("impact: high", "impact: medium")
    incident(record, "INC-261110-BBBBB", "10 09:00 new,11 09:00 resolved,11 12:00 in_progress", worn)
    days = {d.day[-2:]: d for d in days_of(git_repo)["shop"]}
    assert (min(days), max(days), len(days)) == ("02", "22", 21)
    assert {d.status for n, d in days.items() if n < "05"} == {"unknown"}  # before the first record
    assert {days[n].status for n in ("05", "06", "07", "08")} == {"operational"}
    assert days["09"] == ("2026-11-09", "outage", ("INC-261109-AAAAA",))
    assert days["10"] == (
        "2026-11-10",
        "outage",
        ("INC-261109-AAAAA",),
    )  # the worst of the day, and its cause
    assert days["11"] == ("2026-11-11", "degraded", ("INC-261110-BBBBB",))
    assert days["22"].status == "degraded"  # reopened, and open to this day


def test_redundant_parts_take_a_service_down_only_together(git_repo, record, figures) -> None:
    group = "redundancy:\n- {name: nodes, members: [node-1, node-2], min_up: 1}\n"
    git_repo.write(
        "cmdb/services/pay.yaml",
        service("pay", "service_level: gold\n" + needs("node-1", "node-2") + group),
    )
    for node in ("node-1", "node-2"):
        git_repo.write(f"cmdb/servers/{node}.yaml", server(node))
    first, second = (f"impact: high\nurgency: low\ncis: [node-{n}]\n" for n in (1, 2))
    incident(record, "INC-261102-AAAAA", "02 00:00 new,02 01:00 resolved", first)
    incident(record, "INC-261109-AAAAA", "09 10:00 new,09 14:00 resolved", first)
    incident(record, "INC-261109-BBBBB", "09 12:00 new,09 16:00 resolved", second)
    incident(record, "INC-261112-AAAAA", "12 10:00 new,12 12:00 resolved", first)
    incident(record, "INC-261112-BBBBB", "12 13:00 new,12 14:00 resolved", second)
    days = {d.day[-2:]: d for d in days_of(git_repo)["pay"]}
    assert days["09"] == ("2026-11-09", "outage", ("INC-261109-BBBBB", "INC-261109-AAAAA"))
    assert days["12"].status == "operational"  # one after the other
    # Two hours since the first record on Monday 2 November, 00:00.
    watched = (NOW - datetime(2026, 11, 1, 23, tzinfo=UTC)).total_seconds()
    found = figures()
    assert found["levels.availability"]["pay"]["availability_24h"] == pytest.approx(1 - 2 * HOUR / watched)
    # Fourteen working days (the 18th is a holiday) of ten hours.
    assert found["levels.services"]["pay"]["availability"] == pytest.approx(1 - 2 / 140)
    assert found["levels.services"]["shop"]["availability"] == 1


def test_what_was_no_incident_after_all_took_no_service_down(git_repo, record, figures) -> None:
    incident(record, "INC-261109-AAAAA", "09 10:00 new,09 14:00 cancelled")
    incident(record, "INC-261110-AAAAA", "10 10:00 new,10 12:00 resolved")
    days = {d.day[-2:]: d for d in days_of(git_repo)["shop"]}
    assert (days["09"].status, days["10"].status) == ("operational", "outage")
    assert figures()["levels.availability"]["shop"]["agreed_down_s"] == 2 * HOUR


def test_without_records_nothing_is_known(git_repo, figures) -> None:
    assert {d.status for d in days_of(git_repo)["shop"]} == {"unknown"}
    assert figures()["levels.services"]["shop"]["availability"] is None


def test_working_time_is_the_sum_of_its_minutes() -> None:
    """The quick way against counting minute by minute, over windows that overlap and touch."""
    rng = random.Random(7)
    base = int(datetime(2026, 3, 27, tzinfo=UTC).timestamp())

    def at(minute: int) -> datetime:
        return datetime.fromtimestamp(base + 60 * minute, UTC)

    starts = [rng.randrange(0, 900) for _ in range(12)]
    windows = [Window(at(s), at(s + rng.randrange(0, 90))) for s in starts]
    open_minutes = {m for m in range(1100) if any(w.start <= at(m) < w.end for w in windows)}
    hours = Hours(windows)
    for _ in range(300):
        first, last = rng.randrange(-50, 1050), rng.randrange(-50, 1050)
        counted = 60 * sum(m in open_minutes for m in range(first, last))
        assert hours.between(base + 60 * first, base + 60 * last) == counted
    assert Hours([]).between(0, 10) == 0
    assert RoundTheClock().between(10, 25) == 15
    assert hours_of(None, 0, 1).between(25, 10) == 0


@pytest.mark.parametrize(("share", "said"), [(1.0, "100%"), (0.99999, "99.99%"), (0.995, "99.5%")])
def test_a_share_is_not_rounded_up_to_all(share: float, said: str) -> None:
    assert shown(Column("a", "A", EXACT_SHARE), share) == said


def histories_of(git_repo: Any) -> Any:
    store, lives = load_store(git_repo.repo.snapshot(), visit=lambda _, d: SnapshotReporter().visit(d))
    return SnapshotReporter().histories(store, lives, NOW)


def test_what_happened_to_a_service_and_since_when_it_is_not_well(git_repo, record) -> None:
    incident(record, "INC-261109-AAAAA", "09 10:00 new,09 12:00 resolved")
    worn = HIGH.replace("impact: high", "impact: medium")
    incident(record, "INC-261110-BBBBB", "10 09:00 new,11 09:00 resolved,22 10:00 in_progress", worn)
    incident(record, "INC-261122-CCCCC", "22 11:00 new")
    found = histories_of(git_repo)["shop"]
    assert found.since == int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp())
    assert [(i.id, i.status, i.end is None, i.seconds) for i in found.incidents] == [
        ("INC-261122-CCCCC", "outage", True, 2 * HOUR),
        ("INC-261110-BBBBB", "degraded", True, 27 * HOUR),
        ("INC-261109-AAAAA", "outage", False, 2 * HOUR),
    ]


def test_availability_of_the_last_days_is_what_the_report_says_of_that_time(
    git_repo, record, figures
) -> None:
    old = [("2025-08-09T10:00:00Z", "new"), ("2025-08-09T12:00:00Z", "resolved")]
    record("INC-250809-AAAAA", old, HIGH)
    incident(record, "INC-261109-AAAAA", "09 10:00 new,09 12:00 resolved")
    incident(record, "INC-261121-BBBBB", "21 10:00 new,21 13:00 resolved")  # a Saturday
    found = {one.days: one for one in histories_of(git_repo)["shop"].available}
    assert list(found) == [30, 90, 365]
    since = {30: "2026-10-24", 90: "2026-08-25", 365: "2025-11-23"}
    for days, one in found.items():
        row = figures(since=since[days])["levels.availability"]["shop"]
        assert (one.since, one.down) == ("", row["down_s"] // 60) == ("", 300)
        assert shown(EXACT, one.agreed) == shown(EXACT, row["availability"])
        assert shown(EXACT, one.always) == shown(EXACT, row["availability_24h"])


def test_availability_counts_from_the_first_record_on(git_repo, record) -> None:
    incident(record, "INC-261109-AAAAA", "09 10:00 new,09 12:00 resolved")
    found = histories_of(git_repo)["shop"].available
    assert [one.since for one in found] == ["2026-11-09"] * 3
    assert len({(one.agreed, one.always) for one in found}) == 1


EXACT = Column("availability", "Available", EXACT_SHARE)
