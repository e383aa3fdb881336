"""Lists of records are one component: each says number, service and team below the title, in the order of work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from test_pages import view_of
from test_their_work import MORE, record, text_of

from itsm_gitops.model.standing import Course, Promise
from itsm_gitops.presentation.pages import lists
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.tables import columns, table
from itsm_gitops.presentation.view import View

ITEMS = {
    "cmdb/offerings/paper.yaml": "id: paper\nclass: offering\nname: Sheets of paper\nlifecycle: production\n",
    "cmdb/services/mail.yaml": "id: mail\nclass: service\nname: Web team\nowner: web\nlifecycle: production\n",
}
LEFT = {"REQ-261110-TTTTA": 7200, "REQ-261110-TTTTB": 3600}  # seconds


def _records() -> Iterator[tuple[str, str]]:
    late, soon = (f"planned_start: 2026-{day}T20:00:00Z\n" for day in ("12-05", "11-28"))
    for number, start in enumerate((late, "", soon), 10):
        yield record(f"CHG-2611{number}-TTTTA", "change", f"Change {number}", "draft", start)
    yield record("REQ-261110-TTTTA", "request", "Some paper", "submitted", "offering: paper\n")
    yield record("REQ-261110-TTTTB", "request", "More paper", "submitted", "assigned_team: web\n")
    both = "impact: low\nurgency: low\nservice: mail\nassigned_team: web\n"
    yield record("INC-261110-TTTTA", "incident", "Same names", "new", both)
    yield record("MTG-261110-TTTTA", "meeting", "A meeting", "planned")


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    view = view_of(tmp_path_factory.mktemp("lists"), {**MORE, **ITEMS, **dict(_records())})
    view.course = lambda name: Course(
        tuple(Promise("resolution", "running", "gold", "", left, 0) for left in [LEFT.get(name)] if left)
    )
    return view


@pytest.fixture(scope="module")
def pages(view: View) -> dict[str, ListPage]:
    return {page.url: page for page in lists.record_lists(view)}


def rows_of(html: str) -> list[str]:
    return [text_of(row) for row in html.partition("</thead>")[2].split("<tr>")[1:]]


def heads_of(html: str) -> list[str]:
    return re.findall(r"<th scope=col[^>]*>(.*?)</th>", html)


def cell_of(view: View, name: str) -> str:
    return rows_of(table([view.entries[name]], columns(view, "title"), "One"))[0]


def test_below_a_title_stand_its_number_its_service_and_its_team(view: View) -> None:
    assert cell_of(view, "INC-261110-S10WW") == "A slow report INC-261110-S10WW Web team"
    assert cell_of(view, "INC-261110-TTTTA") == "Same names INC-261110-TTTTA Web team", (
        "one name is said once"
    )
    assert cell_of(view, "REQ-261110-TTTTA") == "Some paper REQ-261110-TTTTA Sheets of paper"
    assert cell_of(view, "MTG-261110-TTTTA") == "A meeting MTG-261110-TTTTA"


def test_changes_stand_by_their_planned_start_and_requests_by_what_is_left(
    pages: dict[str, ListPage],
) -> None:
    changes = [row.partition(" CHG")[0] for row in rows_of(pages["records/changes/index.html"].body)]
    assert [t for t in changes if t.startswith("Change ")] == ["Change 12", "Change 10", "Change 11"]
    body = pages["records/changes/index.html"].body
    assert body.index("Change 10") < body.index(">Not planned yet</th>") < body.index("Change 11")
    requests = [row.partition(" REQ")[0] for row in rows_of(pages["records/requests/index.html"].body)]
    assert requests[:2] == ["More paper", "Some paper"]


def test_the_list_of_changes_is_one_of_the_ways_to_see_changes(pages: dict[str, ListPage]) -> None:
    page = pages["records/changes/index.html"]
    assert page.section == "changes/index.html"
    assert re.search(r"<a href=\S*records/changes/index\.html\"? aria-current=page>List</a>", page.body)
    assert "it-ways" not in pages["records/incidents/index.html"].body
    state = pages["records/changes/state_draft.html"].body.partition("</h1>")[0]
    assert text_of(state).startswith("Changes List of changes")


def test_the_list_of_an_open_state_looks_like_the_list_of_all_that_is_open(
    pages: dict[str, ListPage],
) -> None:
    new, closed = (pages[f"records/incidents/state_{name}.html"].body for name in ("new", "closed"))
    whole = [row for row in rows_of(pages["records/incidents/index.html"].body) if " New " in row]
    titles = [row.partition(" INC")[0] for row in rows_of(new)]
    assert titles == [row.partition(" INC")[0] for row in whole]
    assert "data-ago" in new
    assert "data-ago" not in closed
    for body in (new, closed):
        assert body.index("Filter and sort these") < body.index("<table")


def test_lists_have_no_column_of_numbers_and_those_of_a_state_do_not_repeat_it(
    pages: dict[str, ListPage],
) -> None:
    assert heads_of(pages["records/incidents/index.html"].body) == ["Title", "State", "Priority", "Updated"]
    assert heads_of(pages["records/incidents/state_closed.html"].body) == ["Title", "Priority", "Updated"]
    assert heads_of(pages["records/incidents/month_2611.html"].body) == [
        "Title",
        "State",
        "Priority",
        "Updated",
    ]


def test_a_kind_with_one_record_leads_to_no_list_by_month(pages: dict[str, ListPage]) -> None:
    assert "By month" not in pages["records/meetings/index.html"].body
    assert "By month" in pages["records/incidents/index.html"].body


def test_states_and_open_records_are_counted_in_words(pages: dict[str, ListPage]) -> None:
    body = pages["records/incidents/index.html"].body
    counts = body[body.index("<ul class=it-counts>") :].partition("</ul>")[0]
    assert "it-chip" not in counts
    assert re.search(r"<a href=[^>]*state_new\.html>New <strong>\d", counts)
    assert re.search(r"<h2>Open <span class=it-count>\d", body)


def test_what_is_over_is_urgent_no_longer(view: View) -> None:
    entry = view.entries["INC-261121-TXGHH"]
    assert view.priority_chip(entry) == "<b class=it-chip--p1>P1</b>"
    assert view.priority_chip(replace(entry, state="closed")) == "<b class=it-chip--none>P1</b>"
