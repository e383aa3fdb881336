"""What readers run into on real pages: lists longer than the page, days that pass, searches that mean something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE, Guard, see
from sample_site import NOW, write_sample

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.presentation import urls
from itsm_gitops.publish import build_site
from itsm_gitops.publish.serving import listening

pytestmark = pytest.mark.browser

_QUEUE = 130
_INCIDENT = """\
id: {id}
kind: incident
title: Parcel {number} is stuck
impact: low
urgency: low
state: new
assigned_team: web
assignee: ada
timeline:
- {{at: 2026-11-22T09:00:00Z, by: ada, state: new}}
"""
MORE = {
    "cmdb/rotas/shop-rota.yaml": """\
id: shop-rota
class: rota
name: Shop on call
owner: web
team: web
time_zone: Europe/Berlin
layers:
- name: first
  people: [ada]
  start: 2026-11-02
  hand_over: {days: [mon], at: 09:00}
""",
    "cmdb/teams/desk.yaml": "id: desk\nclass: team\nname: Parcel desk\nlead: ada\n",
    "cmdb/contracts/hosting.yaml": """\
id: hosting
class: contract
name: Hosting of the shop
owner: web
end: 2026-12-01
""",
    "cmdb/offerings/new-parcel.yaml": """\
id: new-parcel
class: offering
name: New parcel
owner: web
lifecycle: production
category: Access
service: shop
form: {type: object, properties: {a: {title: Which?, type: string}}}
""",
    "cmdb/services/parcels.yaml": """\
id: parcels
class: service
name: Parcels
owner: web
lifecycle: production
service_level: parcels-level
""",
    "cmdb/service-levels/parcels-level.yaml": """\
id: parcels-level
class: service-level
name: Around the clock
owner: web
lifecycle: production
kind: sla
targets:
- record: incident
  metric: resolution
  priority: P1
  minutes: 4320
""",
    "records/incidents/2026/11/INC-261122-RRRRR.yaml": """\
id: INC-261122-RRRRR
kind: incident
title: No parcel arrives
service: parcels
impact: high
urgency: high
state: new
assigned_team: web
timeline:
- {at: 2026-11-22T09:00:00Z, by: ada, state: new}
""",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("situations")
    repo = write_sample(root)
    queue = {f"INC-261122-Q{n:04}": n for n in range(_QUEUE)}
    texts = {
        f"records/incidents/2026/11/{i}.yaml": _INCIDENT.format(id=i, number=n) for i, n in queue.items()
    }
    for path, text in {**MORE, **texts}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    done = build_site(repo, reporter=SnapshotReporter(), now=NOW, cli_reference="# Command line\n")
    with listening(done.output) as found:
        yield found


def later(guard: Guard, address: str, name: str, moment: datetime) -> Any:
    """Open a page with the clock of its reader at a moment."""
    page = guard.open(address, "index.html")
    page.clock.install(time=moment)
    page.goto(f"{address}{name}")
    page.locator(".it-made-at time").first.wait_for()
    return page


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, PHONE], ids=["desktop", "phone"])
def test_all_of_ones_own_work_can_be_reached(guard: Guard, address: str, viewport: dict[str, int]) -> None:
    page = guard.open(address, urls.MINE, viewport=viewport)
    page.get_by_label("Who are you?").fill("Ada Example")
    see(page.locator("#it-mine-said"), "the work of Ada Example")
    part = page.locator(".it-mine__parts section").filter(has_text="Assigned to you")
    assert sum(row.is_visible() for row in part.locator("tbody tr").all()) == 25
    part.get_by_role("button", name=f"and {_QUEUE - 25} more").click()
    assert sum(row.is_visible() for row in part.locator("tbody tr").all()) == _QUEUE
    assert page.evaluate("document.activeElement.tagName") == "A"


def test_all_that_a_search_finds_can_be_reached(guard: Guard, address: str) -> None:
    page = guard.open(address, f"{urls.SEARCH}?q=stuck")
    results = page.locator("#it-search-results a")
    results.first.wait_for()
    assert results.count() == 100
    said = page.locator("#it-search-status").inner_text()
    page.get_by_role("button", name=re.compile(r"^Show \d+ more of \d+$")).click()
    results.nth(_QUEUE - 1).wait_for()
    assert said.startswith(f"{results.count()} results")


@pytest.mark.parametrize(
    ("text", "first", "near"),
    [
        # Whose thing fails does not want a new one: the service first, then the way to report it.
        ("parcel broken", "services/parcels.html", "report.html"),
        ("order a parcel", "catalogue/new-parcel.html", ""),
        ("change calendar", "changes/calendar.html", ""),
        # Two words in the title are more than one, whatever page has it.
        ("contact parcel desk", "cmdb/teams/desk.html", ""),
    ],
)
def test_a_search_means_something(guard: Guard, address: str, text: str, first: str, near: str) -> None:
    page = guard.open(address, f"{urls.SEARCH}?q={text.replace(' ', '+')}")
    results = page.locator("#it-search-results a")
    results.first.wait_for()
    found = [str(one.get_attribute("href")) for one in results.all()[:2]]
    assert found[0].endswith(first)
    assert near in found[1]


def test_days_until_something_is_due_pass(guard: Guard, address: str) -> None:
    row = "#it-main tr:has-text('Hosting of the shop')"
    page = guard.open(address, urls.DUE)
    before = page.locator(row).locator("[data-due]").get_attribute("data-due")
    due = datetime.fromisoformat(f"{before}T12:00:00+01:00")
    for days, said in ((2, "in 2 days"), (0, "today"), (-3, "3 days overdue")):
        page = later(guard, address, urls.DUE, due - timedelta(days=days))
        assert said in page.locator(row).first.inner_text()


def test_the_clocks_of_service_levels_go_on(guard: Guard, address: str) -> None:
    name = "records/incidents/2611/INC-261122-RRRRR.html"
    end = datetime(2026, 11, 25, 9, tzinfo=UTC)
    for hours, said in ((3, "3 h left"), (-5, "Overdue")):
        page = later(guard, address, name, end - timedelta(hours=hours))
        assert page.locator("[data-by]").first.inner_text(timeout=5000) == said


def test_today_moves_on_in_the_calendar_of_a_rota(guard: Guard, address: str) -> None:
    page = later(guard, address, "cmdb/rotas/shop-rota.html", NOW + timedelta(days=3))
    day = (NOW + timedelta(days=3)).strftime("%Y-%m-%d")
    cells = page.locator(".it-rota__today")
    assert [cell.get_attribute("data-day") for cell in cells.all()] == [day]


def test_programs_find_the_data(guard: Guard, address: str) -> None:
    page = guard.open(address, urls.SUBSCRIBE)
    page.get_by_text("Data for programs").click()
    page.get_by_role("link", name="Status of all services (JSON)").wait_for()
    assert page.locator(f"a[href$='{urls.API}']").count() == 1


def test_of_one_service_only_its_own_addresses_are_shown(guard: Guard, address: str) -> None:
    page = guard.open(address, urls.SUBSCRIBE)
    rows = page.locator(".it-subscribe tbody tr:visible")
    page.wait_for_function("!document.querySelector('.it-later')")
    assert rows.count() == 0
    choice = page.get_by_label("Which service?")
    for name in ("Online shop", "Parcels"):
        choice.select_option(label=name)
        assert rows.locator(".it-c-title").all_inner_texts() == [name]
    choice.select_option("")
    assert rows.count() == 0


def test_a_form_is_about_the_service_that_led_there(guard: Guard, address: str) -> None:
    page = guard.open(address, f"{urls.REPORT}?service=shop")
    page.locator("#q-title").fill("Nothing arrives")
    page.goto(f"{address}{urls.REPORT}?service=parcels")
    page.get_by_text("are still here").wait_for()
    assert page.locator("[data-path=service] select").input_value() == '"parcels"'
    assert page.locator("#q-title").input_value() == "Nothing arrives"
