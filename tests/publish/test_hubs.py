"""The pages that lead to others say what needs somebody now; the menu beside them has their groups, in their order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_pages import view_of
from test_their_work import MORE, sections, text_of

from itsm_gitops.model.audience import Audience
from itsm_gitops.model.standing import ApprovalNeed, Asking
from itsm_gitops.presentation import navigation, urls
from itsm_gitops.presentation.pages import hubs
from itsm_gitops.presentation.pages.lists import record_lists
from itsm_gitops.presentation.pages.origin import origin
from itsm_gitops.presentation.view import View


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    view = view_of(tmp_path_factory.mktemp("hubs"), MORE)
    need = ApprovalNeed("a rule", "it is so", "service_owner", "shop", 1, ("ada",), False, "")
    view.asking = lambda entry, data: Asking("it is", (need,))
    return view


def test_the_records_begin_with_what_is_most_urgent(view: View) -> None:
    urgent = sections(hubs.records_index(view).body)["Most urgent now"]
    titles = ["Shop front shows an error", "No sales", "It rains in", "A slow report"]
    assert [urgent.index(title) for title in titles] == sorted(urgent.index(title) for title in titles)


def test_what_is_published_for_readers_is_not_urgent(view: View) -> None:
    assert "KE-261121-EEEEE" in {e.id for e in view.open_of_kind("known-error")}
    assert "KE-261121-EEEEE" not in sections(hubs.records_index(view).body)["Most urgent now"]


def test_the_records_say_how_much_needs_somebody_and_where_to_begin(view: View) -> None:
    body = hubs.records_index(view).body
    head = body.partition("<h2")[0]
    counts = head[head.index("<ul class=it-counts>") :]
    assert re.fullmatch(r"Open \d+ Unassigned \d+ Waiting for approval 1", text_of(counts))
    ways = re.findall(r"<a[^>]*>([^<]*)</a>", head[head.index("it-do--beside") : head.index("<ul")])
    assert ways == ["Report an incident", "Request something", "Plan a change"]


def test_the_numbers_of_the_kinds_add_up_to_those_above(view: View) -> None:
    html = hubs.records_index(view).body
    rows = re.findall(r"<li>(.*?)<b>(\d+)</b>", html.partition("id=kinds")[2])
    unassigned = [int(n) for row, _ in rows for n in re.findall(r"(\d+) unassigned", row)]
    said = dict(re.findall(r"<li[^>]*><a [^>]*>(\w[\w ]*) <strong>(\d+)", html))
    assert len(rows) == sum(k.is_record for k in view.book.kinds.values())
    assert sum(int(n) for _, n in rows) == int(said["Open"])
    assert sum(unassigned) == int(said["Unassigned"])


def test_below_what_is_urgent_are_the_ways_to_the_rest(view: View) -> None:
    onwards = sections(hubs.records_index(view).body)["Most urgent now"]
    assert re.search(r"All \d+ open records What is due My work$", onwards)


def test_a_kind_says_how_many_are_open_and_one_for_readers_how_many_they_have(view: View) -> None:
    kinds = sections(hubs.records_index(view).body)["Open by kind"]
    assert re.search(
        r"Daily work Incidents (?:\d unassigned )?4 Service requests (?:\d unassigned )?1 Problems (?:\d unassigned )?2",
        kinds,
    )
    assert re.search(r"Known errors \d+ published \d", kinds)
    assert not re.search(r"\b0 (?:unassigned|running late|published)", kinds)


def test_readers_without_forms_are_not_led_to_forms(view: View) -> None:
    before, view.audience = view.audience, Audience(forms=False)
    head = hubs.records_index(view).body.partition("<h2")[0]
    view.audience = before
    assert "Report an incident" not in head


def test_the_items_begin_with_those_that_are_not_well(view: View) -> None:
    found = sections(hubs.cmdb_index(view).body)
    head, _, _ = hubs.cmdb_index(view).body.partition("<h2")
    said = text_of(head)
    assert re.search(r"Needs attention \d+ \w+", said)  # in one line, which opens
    assert "Shop front" in said
    assert "Needs attention" not in found
    assert re.search(r"Applications 1 .* 1 \w+", found["Software and cloud"])


def test_the_menu_names_the_groups_of_the_page_and_what_they_lead_to(view: View) -> None:
    tabs, pages = navigation.navigation(view.book, (), (), [("reports/backlog.html", "Backlog and ageing")])
    by_title = {title: entries for tab in tabs for title, entries in tab.items()}
    assert list(by_title)[:3] == ["Home", "My work", "Services"]
    records = [next(iter(e)) for e in by_title["Records"] if isinstance(e, dict)]
    assert records[:4] == ["What is due", "All records", "Daily work", "Incidents"]
    assert {"Daily work": f"{navigation.GROUP}{urls.RECORDS}#work"} in by_title["Records"]
    assert {"Workload": f"{navigation.GROUP}{urls.REPORTS}#workload"} in by_title["Reports"]
    for title, first in (("Records", hubs.records_index(view)), ("CMDB", hubs.cmdb_index(view))):
        groups = [a for e in by_title[title] if isinstance(e, dict) for a in e.values() if "#" in a]
        for address in groups:
            assert f"id={address.partition('#')[2]}" in first.body
    assert not [page for page in pages if navigation.GROUP in page]
    # A class with a tab of its own is in the menu as on the page, as a link to that tab.
    assert {"Services": f"{navigation.PAGE}{urls.SERVICES}"} in by_title["CMDB"]
    assert not [page for page in pages if navigation.PAGE in page]


def test_the_handbook_stands_in_the_order_of_its_index(tmp_path: Path) -> None:
    pages = {
        "index": "# Handbook\n\n## Every day\n\n- [The second](20-b.md): it\n- [Not there](30-c.md)\n\n## Empty\n\n## Set up\n\n- [The first](10-a.md)\n",
        "10-a": "# First\n",
        "20-b": "# Second\n",
        "40-d": "# Not listed\n",
    }
    (tmp_path / "handbook").mkdir()
    for name, text in pages.items():
        (tmp_path / f"handbook/{name}.md").write_text(text)
    found = navigation.as_the_index(navigation.handbook_pages(tmp_path), tmp_path)
    assert found == [
        ("handbook/index.md", "Handbook"),
        ("group:handbook/index.html#every-day", "Every day"),
        ("handbook/20-b.md", "Second"),
        ("group:handbook/index.html#set-up", "Set up"),
        ("handbook/10-a.md", "First"),
        ("handbook/40-d.md", "Not listed"),
    ]


def test_an_index_without_headings_leaves_the_order_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "handbook").mkdir()
    for name, text in {"index": "# Handbook\n\n- [B](20-b.md)\n", "10-a": "# A\n", "20-b": "# B\n"}.items():
        (tmp_path / f"handbook/{name}.md").write_text(text)
    listed = navigation.handbook_pages(tmp_path)
    assert navigation.as_the_index(listed, tmp_path) == listed


def test_the_menu_of_a_built_site_has_its_groups(site: Path) -> None:
    html = (site / "records/incidents/index.html").read_text(encoding="utf-8")
    groups = re.findall(r'it-group-name"?><a href="?\.\./\.\./records/index\.html#(\w+)', html)
    assert groups[:2] == ["work", "knowledge"]
    assert "group:" not in html


def test_file_and_command_are_folded_at_the_foot(view: View) -> None:
    html = origin(view, view.entries["ada"])
    seen, folded = html.partition("<details")[::2]
    assert "Edit this file" in seen
    assert "itsm show ada" in folded
    assert "cmdb/people/ada.yaml</code>" in folded
    assert "For engineers" in folded


def test_the_list_of_a_kind_counts_as_open_what_the_hub_counts(view: View) -> None:
    pages = {page.url: page.body for page in record_lists(view)}
    parts = sections(pages["records/known-errors/index.html"])
    assert [title.split(" ")[0] for title in parts] == ["Published"]  # the only one of the sample
    hub = sections(hubs.records_index(view).body)["Open by kind"]
    assert re.search(r"Known errors 1 published 0", hub)
