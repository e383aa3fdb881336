"""What somebody new to the site comes for: at most four clicks or one search each, and no mouse needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import DESKTOP, PHONE, Guard
from visiting import Visitor, WithKeyboard, WithMouse

from itsm_gitops import documents
from itsm_gitops.publish.serving import listening

pytestmark = pytest.mark.browser

Comes = Callable[..., Visitor]


@pytest.fixture(scope="module")
def address(example: Path) -> Iterator[str]:
    with listening(example) as found:
        yield found


@pytest.fixture(scope="module")
def sample_address(site: Path) -> Iterator[str]:
    with listening(site) as found:
        yield found


@pytest.fixture(params=[WithMouse, WithKeyboard], ids=["mouse", "keyboard"])
def somebody(request: pytest.FixtureRequest, guard: Guard, address: str) -> Comes:
    """Somebody opens the start page of the example, or of another site, to do a task."""
    return lambda task, root=address: request.param(guard.open(root, "index.html"), task)


def test_find_whether_the_mail_service_is_down(somebody: Comes) -> None:
    with somebody("is mail down") as visitor:
        visitor.follow("Mail and calendar")
        visitor.page.locator("h1").filter(has_text="Mail and calendar").wait_for()
        assert visitor.page.locator('#it-main [class^="it-chip--"]').first.inner_text() == "Operational"


@pytest.mark.slow
def test_find_whether_the_mail_service_is_down_by_search(somebody: Comes) -> None:
    with somebody("is mail down, searched") as visitor:
        visitor.search("mail", "Mail and calendar")
        assert visitor.page.locator('#it-main [class^="it-chip--"]').first.inner_text() == "Operational"


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_what_is_down_and_since_when_is_on_the_first_screen(
    guard: Guard, address: str, viewport: dict[str, int]
) -> None:
    page = guard.open(address, "index.html", viewport=viewport)
    row = page.locator(".it-ill li", has_text="Remote access refuses new connections")
    row.wait_for()
    said = " ".join(row.inner_text().split())
    assert "Remote access since 16 Nov, 08:52" in said
    if viewport is DESKTOP:
        assert "(6 d 4 h)" in said
        assert "Latest update 20 Nov, 17:00: Until the larger range is in place" in said
    last = page.locator(".it-ill li").last.bounding_box()
    assert last["y"] + last["height"] <= viewport["height"]
    assert page.evaluate("scrollY") == 0


def test_request_laptop_access_and_get_the_record(somebody: Comes) -> None:
    with somebody("request laptop access") as visitor:
        visitor.follow("Request something")
        visitor.follow("Administrator rights on your laptop")
        visitor.page.locator(".it-form [type=submit]:not([disabled])").wait_for()
        visitor.write("Number on the label of the laptop", "HP-3207")
        visitor.write("What will you install or change?", "A debugger for the scanner's software")
        visitor.write("For how many days?", "7")
        visitor.write("Who asks for it?", "payments-lead")
        visitor.press("Make the request")
        visitor.page.locator(".it-made").wait_for()
        record = documents.load(visitor.page.locator("[data-part=text]").inner_text().encode()).data
        assert isinstance(record, dict)
        assert (record["offering"], record["state"]) == ("laptop-admin-rights", "submitted")
        assert record["answers"] == {
            "asset_number": "HP-3207",
            "purpose": "A debugger for the scanner's software",
            "days": 7,
        }


def test_find_the_change_that_caused_an_incident(somebody: Comes) -> None:
    with somebody("what caused it") as visitor:
        visitor.follow("Tracking answers slowly for business customers")
        visitor.read("Caused by")
        visitor.follow("Move old partitions of the tracking database to slower disks")
        visitor.page.locator("h1").filter(has_text="Move old partitions").wait_for()


def test_see_what_will_change_on_saturday(somebody: Comes) -> None:
    with somebody("what changes on Saturday") as visitor:
        visitor.follow("See planned changes")
        visitor.read("Saturday 28 November")
        visitor.read("New channel plan and directional antennas for hall B")


def test_find_a_workaround(somebody: Comes) -> None:
    with somebody("find a workaround") as visitor:
        visitor.search("radar scanners", "Hand scanners lose the radio when a ship's radar is seen")
        visitor.read("Workaround")
        visitor.read("In the controller choose the hall")


@pytest.mark.slow
def test_find_a_workaround_by_the_list_of_known_errors(somebody: Comes) -> None:
    with somebody("find a workaround, listed") as visitor:
        visitor.follow("Known errors")
        visitor.follow("Hand scanners lose the radio when a ship's radar is seen")
        visitor.read("In the controller choose the hall")


def test_find_all_open_incidents_of_a_priority_and_a_team(somebody: Comes, sample_address: str) -> None:
    """The sample, because nothing of priority one is open in the living example."""
    with somebody("open P1 of a team", sample_address) as visitor:
        visitor.follow("Browse records")
        visitor.page.locator(".it-x[aria-busy=false]").wait_for()
        visitor.tick("P1 Critical")
        visitor.tick("Web team")
        visitor.page.locator(".it-x[data-rows='1']").wait_for()
        assert visitor.page.locator(".it-x tbody .it-id").all_inner_texts() == ["INC-261120-AAAAA"]
