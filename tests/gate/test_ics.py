"""The calendar file, read back with a library that knows the standard better than we do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.graph.ics import calendar
from itsm_gitops.graph.planned import Planned
from itsm_gitops.graph.schedule import Schedule, plan
from itsm_gitops.model.rulebook import RuleBook
from tests.gate.snapshots import change, graph_of, item, record

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = datetime(2026, 12, 1, tzinfo=UTC)
END = START + timedelta(days=7)
ANYTHING = st.text(st.characters(codec=None), max_size=200)


def written(*changes: Planned, name: str = "Acme: changes") -> str:
    return calendar(Schedule(START, END, "", changes, (), ()), name, "acme", NOW)


def events(text: str) -> list[icalendar.Event]:
    found = icalendar.Calendar.from_ical(text)
    assert isinstance(found, icalendar.Calendar)
    return list(found.walk("VEVENT"))


def reference(title: str) -> str:
    """What a text looks like to its reader: signs that cannot stand in a calendar are spaces."""
    plain = title.replace("\r\n", "\n")
    bad = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029"} - {"\n"}
    return "".join(" " if c in bad or "\ud800" <= c <= "\udfff" else c for c in plain)


def test_an_event_says_when_what_and_how_firm(book: RuleBook) -> None:
    documents: list[dict[str, Any]] = [
        item("db"),
        record(
            "AAAAA",
            title="Raise the limit",
            cis=["db"],
            risk={"level": "medium"},
            outage={"expected": True, "minutes": 20},
        ),
        record("BBBBB", title="Patch", cis=["db"], planned_start="2026-12-01T21:00:00Z", state="draft"),
        {
            "id": "rest",
            "class": "calendar",
            "name": "Rest",
            "owner": "ops",
            "type": "freeze",
            "time_zone": "UTC",
            "windows": [
                {"start": "2026-12-01T21:00:00Z", "end": "2026-12-03T00:00:00Z", "name": "Quiet days"}
            ],
        },
    ]
    graph = graph_of(book, documents)
    text = calendar(plan(graph.network, graph, START, END), "Acme: changes", "acme", NOW)
    first, second, freeze = events(text)
    assert first["UID"] == "CHG-261120-AAAAA@acme"
    assert first["SUMMARY"] == "CHG-261120-AAAAA Raise the limit"
    assert (first["DTSTART"].dt, first["DTEND"].dt) == (
        datetime(2026, 12, 1, 20, tzinfo=UTC),
        datetime(2026, 12, 1, 22, tzinfo=UTC),
    )
    assert str(first["DESCRIPTION"]).split("\n") == [
        "Normal change, scheduled, risk medium",
        "Affects db",
        "Interrupts for 20 min",
        "Collides with CHG-261120-BBBBB: both change db",
        "Inside the freeze rest",
    ]
    assert (first["STATUS"], second["STATUS"]) == ("CONFIRMED", "TENTATIVE")
    assert first["DTSTAMP"].dt == datetime(2026, 11, 22, 10, tzinfo=UTC)  # when the record last changed
    assert (freeze["UID"], freeze["SUMMARY"]) == ("rest-20261201T210000Z@acme", "Change freeze: Quiet days")
    assert all(e["TRANSP"] == "TRANSPARENT" for e in (first, second, freeze))


def test_the_calendar_itself_is_as_the_standard_wants_it() -> None:
    found = icalendar.Calendar.from_ical(written(change(1, 20, 22)))
    assert isinstance(found, icalendar.Calendar)
    assert (found["VERSION"], found["X-WR-CALNAME"]) == ("2.0", "Acme: changes")
    assert not found.errors
    assert all(not e.errors for e in found.walk("VEVENT"))
    assert {"UID", "DTSTAMP", "DTSTART", "DTEND"} <= set(found.walk("VEVENT")[0])


def test_times_are_utc_whatever_they_were_planned_in() -> None:
    berlin = datetime.fromisoformat("2026-12-01T21:00:00+01:00")
    text = written(replace(change(1, 0, 1), start=berlin, end=berlin + timedelta(hours=1)))
    assert "DTSTART:20261201T200000Z\r\n" in text
    assert "TZID" not in text


def test_identifiers_stay_when_a_change_moves_or_is_renamed_and_differ_between_changes() -> None:
    def uid(*changes: Planned) -> list[str]:
        return [str(e["UID"]) for e in events(written(*changes))]

    assert uid(change(1, 20, 22)) == uid(change(1, 8, 9, title="Something else", state="implement"))
    assert len({*uid(change(1, 20, 22), change(2, 20, 22))}) == 2


@pytest.mark.parametrize(
    "title",
    [
        "Limit; raised, twice\\n",
        "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil@x",
        "one\ntwo\rthree",
        'DQUOTE " and colon: and ^n',
        "\ufeffBOM, \u2028 line separator, \x85 next line, \x00",
        "bell \x07 and \ud800 half of a pair",
        "ä" * 100 + "日本語" * 40 + "👩‍🚒" * 20,
        "",
        " leading and trailing ",
    ],
)
def test_hostile_titles_stay_one_title(title: str) -> None:
    (event,) = events(written(change(1, 20, 22, title=title)))
    assert event["SUMMARY"] == f"CHG-261120-00001 {reference(title)}"
    assert event["UID"] == "CHG-261120-00001@acme"


@given(title=ANYTHING, name=ANYTHING)
def test_any_text_comes_back_and_no_line_is_too_long(title: str, name: str) -> None:
    text = written(change(1, 20, 22, title=title), name=name)
    raw = text.encode()
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
    lines = raw.removesuffix(b"\r\n").split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() for line in lines)  # none is empty, none breaks inside a character
    (event,) = events(text)
    assert event["SUMMARY"] == f"CHG-261120-00001 {reference(title)}"
    assert sum(line.startswith(b"BEGIN:VEVENT") for line in lines) == 1


def test_it_is_the_same_every_time() -> None:
    changes = (change(1, 20, 22, updated="2026-11-22T10:00:00Z"), change(2, 3, 4))
    assert written(*changes) == written(*changes)
