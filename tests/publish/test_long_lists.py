"""Lists that are longer than a page has room for: what is left out can be opened there, or is behind a link."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from test_agenda_pages import text_of

from itsm_gitops.graph.network import Relation
from itsm_gitops.model.field_history import ServiceHistory, ServiceIncident
from itsm_gitops.model.kinds import Kind
from itsm_gitops.presentation import fields, remainder, situation, urls
from itsm_gitops.presentation.markup import Html
from itsm_gitops.presentation.pages import (
    dependents,
    due,
    going_on,
    offers,
    parts,
    service_history,
    standing,
    steps,
    users_home,
)
from itsm_gitops.presentation.view import View

DATES = {
    "type": "array",
    "items": {"type": "object", "properties": {"date": {"type": "string", "format": "date"}, "name": {}}},
}


def test_a_line_of_names_opens_what_it_has_no_room_for() -> None:
    names = [Html(n) for n in "abcd"]
    assert remainder.joined(names, 4) == "a, b, c, d"
    assert text_of(remainder.joined(names, 2)) == "a, b and 2 more c d"


def test_a_long_table_of_a_document_is_shown_to_its_end(view: View) -> None:
    dates = [{"date": "2026-12-25", "name": f"Day {n}"} for n in range(260)]
    html = fields.value(view, dates, DATES)
    assert all(f"Day {n}<" in html for n in range(260))
    assert "and 60 more" in html


def test_long_parts_of_a_document_are_shown_to_their_end(view: View) -> None:
    tasks = [{"name": f"Task {n}", "nested": {"note": "x"}} for n in range(210)]
    html = fields.value(view, tasks, {"type": "array", "items": {"type": "object", "properties": {}}})
    assert "Task 209" in html
    assert "and 10 more" in html


def test_the_older_events_of_a_timeline_can_be_opened(view: View) -> None:
    kind: Kind = view.book.kinds["incident"]
    days = [{"at": "2026-11-01T08:00:00Z", "by": "ada", "note": f"Note {n}."} for n in range(503)]
    html = steps.timeline(view, kind, {"timeline": days})
    assert "Note 0." in html
    assert html.index("Note 502.") < html.index("and 3 older ones") < html.index("Note 2.")
    assert html.count("<ol class=it-timeline>") == 2


def test_known_errors_beyond_those_shown_are_linked(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "MOST_OFFERED", 0)
    incident = view.entries["INC-261120-AAAAA"]
    offered = offers._links(view, offers._offered(view, incident, "known_error"))
    assert "and 1 more" in offered
    assert "KE-" in offered


def test_what_is_due_beyond_the_page_is_in_the_calendar(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "_MOST", 0)
    body = due.due_page(view).body
    assert re.search(rf"<p class=it-next><a href=\S*{urls.DUE_ICS}>and \d+ more</a>", body)


def test_updates_beyond_those_shown_are_on_the_page_of_the_incident(
    view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_history, "_MOST_UPDATES", 0)
    begin = int(datetime(2026, 11, 20, 9, tzinfo=UTC).timestamp())
    one = ServiceIncident("INC-261120-AAAAA", "outage", begin, None, 3600)
    html = service_history._incident(view, one)
    assert re.search(r"<a href=\S*INC-261120-AAAAA\.html>and 1 more</a>", html)


def test_outages_and_services_beyond_those_shown_are_behind_links(
    view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = situation.services_of(view)
    ill = [e for e in services if not situation.is_well(view, e.id)]
    assert ill
    assert "more</a>" not in going_on.not_well(view, ill)
    monkeypatch.setattr(going_on, "_MOST_ROWS", 0)
    shown = going_on.not_well(view, ill)
    assert re.search(r"<a href=\S*services/index\.html>and 1 more</a>", shown)


def test_what_was_solved_beyond_that_shown_can_be_opened(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users_home, "_MOST", 0)
    begin = int(view.now.timestamp()) - 86400
    one = ServiceIncident("INC-261001-CCCCC", "outage", begin, begin + 3600, 3600)
    histories = {"shop": ServiceHistory(begin, (one,), ())}
    monkeypatch.setattr(view, "histories", histories)
    html = users_home._solved(view, [view.entries["shop"]])
    assert "and 1 more" in html
    assert "INC-261001-CCCCC.html" in html


def test_dependents_beyond_those_shown_are_on_the_map(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependents, "_MOST", 1)
    html = dependents.who_depends(view, "shop-db-1")
    assert re.search(r"<a href=\S*map\.html\?item=shop-db-1\S*>Map</a>", html)


def test_a_service_names_its_worst_incidents_and_opens_the_others(
    view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    ill = next(e for e in situation.services_of(view) if not situation.is_well(view, e.id))
    causes = ("INC-261001-CCCCC", "INC-261120-AAAAA")  # the first has no priority, the second is a P1
    assert situation.worst_first(view, causes) == ["INC-261120-AAAAA", "INC-261001-CCCCC"]
    assert situation.worst_first(view, ["INC-269999-ZZZZZ"]) == []
    monkeypatch.setitem(view.health, ill.id, view.health[ill.id]._replace(causes=causes))
    monkeypatch.setattr(going_on, "MOST_CAUSES", 1)
    row = going_on.not_well(view, [ill])
    assert "INC-261120-AAAAA.html" in row
    assert "INC-261001-CCCCC" not in row
    assert re.search(rf"<a href=\S*services/{ill.id}\.html>and 1 more</a>", row)
    notice = standing.reason(view, ill)
    assert notice.index("INC-261120-AAAAA") < notice.index("and 1 more") < notice.index("INC-261001-CCCCC")


def test_a_long_list_of_records_keeps_what_is_open_and_the_newest(
    view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [t for t in map(view.traits, view.entries) if t and t.is_record]
    finished = [t.id for t in records if not t.is_open]
    still_open = [t.id for t in records if t.is_open]
    done = finished[0]
    monkeypatch.setattr(parts, "_MOST_FINISHED", 2)
    assert parts._without_old(view, ["shop", *still_open, done, done, done]) == [
        "shop",
        *still_open,
        done,
        done,
    ]
    assert parts._without_old(view, ["shop", *still_open, done]) == ["shop", *still_open, done]
    monkeypatch.setattr(parts, "MOST_LINKS", len(still_open))
    monkeypatch.setattr(parts, "_MOST_FINISHED", 0)
    html = parts._group(view, "shop", "Assigned", [done, *still_open])
    assert all(i in html for i in still_open)
    assert done not in html
    assert "and 1 more" in html


def test_items_come_before_the_records_on_the_page_of_an_item(view: View) -> None:
    found = [
        Relation("a", "Assigned", "INC-261120-AAAAA", True, ()),
        Relation("m", "Members", "shop", True, ()),
    ]
    on_item = parts.relations(view, "shop", found)
    assert on_item.index("Members") < on_item.index("Assigned")
    on_record = parts.relations(view, "INC-261120-AAAAA", found)
    assert on_record.index("Assigned") < on_record.index("Members")


def test_what_is_related_in_several_ways_stands_once(view: View) -> None:
    incident, change = "INC-261120-AAAAA", "CHG-261118-BBBBB"
    (caused,) = [r for r in view.network.related(incident) if r.other == change]
    said = parts.relations(view, incident, [caused, caused._replace(title="Related to")])
    assert said.count(change) == parts.relations(view, incident, [caused]).count(change) > 0
    assert "<h3>Caused by · Related to</h3>" in said
