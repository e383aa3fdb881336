"""Whose work is what: the data of the page "My work", for whom the page is, and what a browser makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE, Guard, axe_source, see, serious_faults, switch_to_dark
from test_pages import view_of

from itsm_gitops.model.audience import TEAMS, Audience
from itsm_gitops.model.standing import ApprovalNeed, Asking
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.pages.mine import has_page
from itsm_gitops.presentation.view import View
from itsm_gitops.publish.own_work import work_file
from itsm_gitops.publish.serving import listening

INCIDENT, REQUEST, CHANGE = "INC-261122-JJJJJ", "REQ-261122-KKKKK", "CHG-261122-NNNNN"
AT = "2026-11-22T09:00:00Z"
MORE = {
    "cmdb/people/ben.yaml": "id: ben\nclass: person\nname: Ben Example\nteams: [web]\n",
    f"records/incidents/2026/11/{INCIDENT}.yaml": (
        f"id: {INCIDENT}\nkind: incident\ntitle: A disk is full\nimpact: high\nurgency: low\nstate: new\nassignee: ada\n"
        f"watchers: [ben, web]\ntimeline:\n- {{at: {AT}, by: ada, state: new}}\n"
    ),
    "records/incidents/2026/11/INC-261122-MMMMM.yaml": (
        f"id: INC-261122-MMMMM\nkind: incident\ntitle: Over\nimpact: high\nurgency: low\nstate: closed\nassignee: ada\n"
        f"timeline:\n- {{at: {AT}, by: ada, state: new}}\n- {{at: {AT}, by: ada, state: closed}}\n"
    ),
    f"records/changes/2026/11/{CHANGE}.yaml": (
        f"id: {CHANGE}\nkind: change\ntitle: A new cache\ntype: normal\ncis: [shop-web]\nimplementers: [ben]\nstate: authorize\n"
        f"timeline:\n- {{at: {AT}, by: ben, state: authorize}}\n"
    ),
    "cmdb/contracts/hosting.yaml": (
        "id: hosting\nclass: contract\nname: Hosting\nowner: web\nlifecycle: production\nend: 2026-12-10\n"
    ),
}


def data_of(view: View) -> Any:
    name, content = work_file(view)
    assert name == urls.OWN_WORK
    return json.loads(content.decode().partition(",")[2][:-3])


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> View:
    view = view_of(tmp_path_factory.mktemp("own"), MORE)
    need = ApprovalNeed("a rule", "it is so", "service_owner", "shop", 1, ("ada",), False, "")
    view.asking = lambda entry, data: Asking("it is", (need,))
    return view


def test_open_records_name_who_has_them_and_who_watches(asked: View) -> None:
    data = data_of(asked)
    assert data["assigned"] == {INCIDENT: ["ada"], CHANGE: ["ben"]}
    assert data["watched"] == {INCIDENT: ["ben", "web"]}
    assert data["people"] == {"ada": ["Ada Example", ["web"]], "ben": ["Ben Example", ["web"]]}
    assert data["teams"] == {"web": "Web team"}


def test_only_changes_that_may_not_be_carried_out_wait_for_approval(asked: View) -> None:
    """The other one of the sample is scheduled already."""
    assert data_of(asked)["approve"] == {CHANGE: ["ada"]}


def test_an_open_record_says_how_its_clock_stands_or_when_it_begins(asked: View) -> None:
    when = data_of(asked)["when"]
    assert set(when) <= {e.id for kind in asked.book.kinds for e in asked.work_of_kind(kind)}
    assert all(look in ("none", "soon", "bad") and always in (0, 1) for _, look, _, always in when.values())
    begins = [at for text, _, at, _ in when.values() if not text]
    assert begins
    assert all(at > 1_700_000_000 for at in begins)


def test_what_is_published_is_nobodys_work(asked: View) -> None:
    data = data_of(asked)
    assert "KE-261121-EEEEE" not in {i for part in ("assigned", "watched") for i in data[part]}


def test_what_is_due_soon_says_whose_it_is(asked: View) -> None:
    dues = data_of(asked)["due"]
    assert ["2026-12-10", "Hosting", "cmdb/contracts/hosting.html", "web"] in [
        [d[0], *d[2:4], d[5]] for d in dues
    ]


def test_the_page_is_for_those_who_see_names(asked: View) -> None:
    assert has_page(asked.book, Audience())
    assert not has_page(asked.book, Audience(name="public", people=TEAMS))


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with listening(site) as found:
        yield found


@pytest.mark.browser
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, PHONE], ids=["desktop", "phone"])
def test_somebody_says_once_who_they_are(guard: Guard, address: str, viewport: dict[str, int]) -> None:
    page = guard.open(address, "records/incidents/2611/INC-261120-AAAAA.html", viewport=viewport)
    page.goto(address + urls.MINE)
    see(page.locator(".it-mine__parts"), "Recently viewed")
    assert page.locator(".it-mine__parts a").all_inner_texts() == ["Shop front shows an error"]
    page.get_by_label("Who are you?").fill("Web team")
    see(page.locator("#it-mine-said"), "the work of Web team")
    page.locator(".it-mine .it-records a").first.click()
    page.locator("h1").filter(has_text="Shop front shows an error").wait_for()
    page.go_back()
    see(page.locator("#it-mine-said"), "the work of Web team")
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    page.get_by_role("button", name="Forget these").click()
    page.get_by_role("button", name="Forget me").click()
    page.reload()
    page.locator(".it-mine[aria-busy=false]").wait_for()
    assert page.get_by_label("Who are you?").input_value() == ""
    assert page.locator(".it-mine__parts a").count() == 0
    page.get_by_role("button", name="Web team").click()
    see(page.locator("#it-mine-said"), "the work of Web team")
    page.get_by_role("button", name="Forget me").click()
    page.get_by_label("Who are you?").fill("zoe")
    page.keyboard.press("Enter")
    see(page.locator("#it-mine-said"), "No person or team")


@pytest.mark.browser
@pytest.mark.slow
def test_no_accessibility_fault_in_light_and_dark(guard: Guard, address: str) -> None:
    source = axe_source()
    page = guard.open(address, urls.MINE)
    page.get_by_label("Who are you?").fill("Web team")
    see(page.locator("#it-mine-said"), "the work of Web team")
    page.evaluate(source)
    assert serious_faults(page) == []
    switch_to_dark(page)
    page.set_viewport_size(PHONE)
    assert serious_faults(page) == []


def test_the_menu_leads_to_the_page(site: Path) -> None:
    page = (site / urls.RECORDS).read_text(encoding="utf-8")
    assert "mine.html" in page
