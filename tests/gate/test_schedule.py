"""The schedule of a snapshot: what is shown, in which freeze, outside which window, and what a freeze holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from itsm_gitops.graph.schedule import Joined, Schedule, key, plan, preview_freezes
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.rulebook import RuleBook
from tests.gate.snapshots import graph_of, item, record

START = datetime(2026, 12, 1, tzinfo=UTC)
WEEK = START + timedelta(days=7)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def calendar(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    about = {"id": name, "class": "calendar", "name": f"The {name}", "owner": "ops", "type": kind}
    return {**about, "time_zone": "UTC", **fields}


def window(start: str, end: str, name: str = "Rest") -> dict[str, str]:
    return {"start": f"2026-12-{start}:00Z", "end": f"2026-12-{end}:00Z", "name": name}


def scheduled(suffix: str, start: str, end: str, cis: Iterable[str], **fields: Any) -> dict[str, Any]:
    times = {"planned_start": f"2026-12-{start}:00Z", "planned_end": f"2026-12-{end}:00Z"}
    return record(suffix, **times, cis=list(cis), **fields)


def planned(
    book: RuleBook, *documents: dict[str, Any], service: str = "", start: datetime = START
) -> Schedule:
    graph = graph_of(book, documents)
    return plan(graph.network, graph, start, WEEK, service)


def shown(found: Schedule) -> list[str]:
    return [c.id[-5:] for c in found.changes]


def test_what_touches_the_time_is_shown_earliest_first(book: RuleBook) -> None:
    found = planned(
        book,
        item("db"),
        scheduled("AFTER", "03T20:00", "03T22:00", ["db"]),
        scheduled("BEFRE", "02T20:00", "02T22:00", ["db"]),
        scheduled("ENDED", "08T00:00", "08T01:00", ["db"]),
        record("NEVER", planned_start=None, planned_end=None, cis=["db"]),
        scheduled("WRNGX", "04T20:00", "04T10:00", ["db"]),
        scheduled("DNE11", "04T20:00", "04T22:00", ["db"], state="closed"),
        scheduled("ENDXX", "04T20:00", "04T22:00", ["db"], state="review"),
        scheduled("DRAFT", "05T20:00", "05T22:00", ["db"], state="draft"),
    )
    assert shown(found) == ["BEFRE", "AFTER", "DRAFT"]


def test_a_change_that_began_before_is_shown_until_it_ends(book: RuleBook) -> None:
    long = scheduled("WEEK1", "01T00:00", "03T00:00", ["db"])
    assert shown(planned(book, item("db"), long, start=START + timedelta(days=1))) == ["WEEK1"]
    assert shown(planned(book, item("db"), long, start=START + timedelta(days=2))) == []


def test_a_service_sees_what_can_reach_it_at_any_distance(book: RuleBook) -> None:
    documents = [
        item("mail", "service", needs=["web"]),
        item("web", needs=["db"]),
        item("db"),
        item("disk", part_of=["db"]),
        item("wiki", "service", needs=["host"]),
        item("host"),
        scheduled("DSKXX", "02T20:00", "02T22:00", ["disk"]),
        scheduled("HSTXX", "03T20:00", "03T22:00", ["host"]),
        scheduled("NAMED", "04T20:00", "04T22:00", [], service="mail"),
    ]
    assert shown(planned(book, *documents, service="mail")) == ["DSKXX", "NAMED"]
    assert shown(planned(book, *documents, service="wiki")) == ["HSTXX"]


def test_collisions_with_what_is_not_shown_are_told(book: RuleBook) -> None:
    found = planned(
        book,
        item("mail", "service", needs=["db"]),
        item("db"),
        item("host"),
        scheduled("DBDBD", "02T20:00", "02T22:00", ["db"], implementers=["anna"]),
        scheduled("HSTXX", "02T21:00", "02T23:00", ["host"], implementers=["anna"]),
        service="mail",
    )
    assert shown(found) == ["DBDBD"]
    assert [c.reason for c in found.collisions_of("CHG-261120-DBDBD")] == ["anna carries out both"]


def test_freezes_hold_what_they_cover_and_let_their_exemptions_through(book: RuleBook) -> None:
    rest = calendar(
        "rest",
        "freeze",
        windows=[window("02T00:00", "04T00:00")],
        applies_to=["db"],
        exempt_types=["emergency"],
    )
    found = planned(
        book,
        rest,
        item("db"),
        item("web"),
        scheduled("WTHN1", "02T20:00", "02T22:00", ["db"]),
        scheduled("ANTHR", "02T20:00", "02T22:00", ["web"]),
        scheduled("HSTYX", "02T20:00", "02T22:00", ["db"], type="emergency"),
        scheduled("EDGEX", "04T00:00", "04T02:00", ["db"]),
    )
    assert {i[-5:]: [h.exempt for h in holds] for i, holds in found.holds.items()} == {
        "WTHN1": [False],
        "HSTYX": [True],
    }


def test_a_drafted_freeze_holds_nothing_yet(book: RuleBook) -> None:
    rest = calendar("rest", "freeze", windows=[window("02T00:00", "04T00:00")], lifecycle="planned")
    found = planned(book, rest, item("db"), scheduled("WTHN1", "02T20:00", "02T22:00", ["db"]))
    assert (found.holds, found.around) == ({}, ())


def test_maintenance_windows_are_kept_by_what_interrupts(book: RuleBook) -> None:
    nights = calendar("nights", "maintenance_window", windows=[window("02T20:00", "03T04:00", "Night")])
    outage = {"expected": True, "minutes": 10}
    found = planned(
        book,
        nights,
        item("db"),
        scheduled("NGHT1", "02T21:00", "03T01:00", ["db"], outage=outage),
        scheduled("BYDAY", "03T10:00", "03T11:00", ["db"], outage=outage),
        scheduled("CAAAM", "03T10:00", "03T11:00", ["db"]),
        scheduled("HSTYX", "03T12:00", "03T13:00", ["db"], outage=outage, type="emergency"),
    )
    assert {i[-5:]: [c.id for c in left.calendars] for i, left in found.outside.items()} == {
        "BYDAY": ["nights"]
    }


def test_a_window_of_ones_own_comes_before_the_one_for_everything(book: RuleBook) -> None:
    outage = {"expected": True, "minutes": 10}
    found = planned(
        book,
        calendar("all-items", "maintenance_window", windows=[window("02T20:00", "03T04:00", "Night")]),
        calendar(
            "db-only",
            "maintenance_window",
            windows=[window("05T00:00", "06T00:00", "Day")],
            applies_to=["db"],
        ),
        item("db"),
        scheduled("NGHT1", "02T21:00", "02T22:00", ["db"], outage=outage),
        scheduled("XWNDB", "05T10:00", "05T11:00", ["db"], outage=outage),
    )
    assert {i[-5:]: [c.id for c in left.calendars] for i, left in found.outside.items()} == {
        "NGHT1": ["db-only"]
    }


def test_a_weekly_window_that_is_written_in_two_is_shown_as_one(book: RuleBook) -> None:
    hours = [
        {"days": ["sat"], "from": "20:00", "to": "24:00"},
        {"days": ["sun"], "from": "00:00", "to": "05:00"},
    ]
    found = planned(book, calendar("night", "maintenance_window", hours=hours))
    assert [(f"{a.window.start:%d %H}", f"{a.window.end:%d %H}") for a in found.around] == [
        ("05 20", "06 05")
    ]


def test_overlaps_on_purpose_are_told_on_both_sides(book: RuleBook) -> None:
    link = [{"type": "coordinated_with", "target": "CHG-261120-BBBBB"}]
    found = planned(
        book,
        item("db"),
        scheduled("AAAAA", "02T20:00", "02T22:00", ["db"], links=link),
        scheduled("BBBBB", "02T21:00", "02T23:00", ["db"]),
    )
    assert found.collisions == ()
    assert found.agreed == {
        "CHG-261120-AAAAA": frozenset({"CHG-261120-BBBBB"}),
        "CHG-261120-BBBBB": frozenset({"CHG-261120-AAAAA"}),
    }


def test_collisions_that_one_side_knows_are_not_of_the_merge(book: RuleBook) -> None:
    graph = graph_of(
        book,
        [
            item("db"),
            scheduled("AAAAA", "02T20:00", "02T22:00", ["db"]),
            scheduled("BBBBB", "02T21:00", "02T23:00", ["db"]),
        ],
    )
    alone = plan(graph.network, graph, START, WEEK)
    (collision,) = alone.collisions
    assert not alone.only_together(collision)
    merged = plan(graph.network, graph, START, WEEK, joined=Joined(("topic",)))
    assert merged.only_together(collision)
    known = plan(
        graph.network, graph, START, WEEK, joined=Joined(("topic",), known=frozenset({key(collision)}))
    )
    assert not known.only_together(collision)


def test_a_schedule_that_ends_before_it_begins_is_refused(book: RuleBook) -> None:
    graph = graph_of(book, [item("db")])
    with pytest.raises(Refused, match="ends before it begins"):
        plan(graph.network, graph, WEEK, START)


def freezes(book: RuleBook, *documents: dict[str, Any], calendar: str = "") -> list[Any]:
    found = preview_freezes(graph_of(book, documents).network, NOW, calendar)
    return [(f.calendar.id, [c.id[-5:] for c in f.held], [c.id[-5:] for c in f.exempt]) for f in found]


def test_a_preview_says_what_a_freeze_holds_also_of_drafts_but_not_of_the_past(book: RuleBook) -> None:
    past = {"start": "2026-11-01T00:00:00Z", "end": "2026-11-02T00:00:00Z", "name": "Gone"}
    documents = [
        item("db"),
        calendar(
            "first", "freeze", windows=[past, window("02T00:00", "04T00:00")], exempt_types=["emergency"]
        ),
        calendar("second", "freeze", windows=[window("03T00:00", "05T00:00")], lifecycle="planned"),
        calendar("third", "freeze", windows=[window("03T00:00", "05T00:00")], lifecycle="retired"),
        scheduled("AAAAA", "02T20:00", "02T22:00", ["db"]),
        scheduled("BBBBB", "03T20:00", "03T22:00", ["db"], type="emergency"),
    ]
    assert freezes(book, *documents) == [
        ("first", ["AAAAA"], ["BBBBB"]),
        ("second", ["BBBBB"], []),
    ]
    assert freezes(book, *documents, calendar="third") == [("third", ["BBBBB"], [])]


def test_a_preview_of_what_is_no_freeze_is_refused_with_those_there_are(book: RuleBook) -> None:
    documents = [calendar("night", "maintenance_window"), calendar("rest", "freeze")]
    with pytest.raises(Refused, match="'night' is not a freeze") as caught:
        freezes(book, *documents, calendar="night")
    assert caught.value.hint == "freezes: rest"
