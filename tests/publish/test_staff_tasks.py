"""The ten tasks that people who work here come for, at a desk and with a phone: three clicks, or one search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import DESKTOP, PHONE, Guard, see
from visiting import Staff

from itsm_gitops.publish.serving import listening

pytestmark = pytest.mark.browser

Comes = Callable[..., Staff]
SIZES = {"desk": DESKTOP, "phone": PHONE}


@pytest.fixture(scope="module")
def address(example: Path) -> Iterator[str]:
    with listening(example) as found:
        yield found


@pytest.fixture(scope="module")
def sample_address(site: Path) -> Iterator[str]:
    with listening(site) as found:
        yield found


@pytest.fixture(params=SIZES)
def somebody(request: pytest.FixtureRequest, guard: Guard, address: str) -> Comes:
    """Somebody opens the start page of the example, or of another site, to do a task."""

    def comes(task: str, root: str = address) -> Staff:
        page = guard.open(root, "index.html", viewport=SIZES[request.param])
        return Staff(page, f"{task} {request.param}")

    return comes


def main(visitor: Staff) -> Any:
    return visitor.page.locator("#it-main")


def test_what_changes_on_saturday(somebody: Comes) -> None:
    with somebody("what changes on Saturday") as visitor:
        visitor.follow("All upcoming changes")
        visitor.read("Saturday 28 November")
        visitor.read("New channel plan and directional antennas for hall B")


def test_whether_a_change_caused_it(somebody: Comes) -> None:
    with somebody("was it caused by a change") as visitor:
        visitor.follow("Tracking answers slowly for business customers")
        visitor.read("Caused by")
        visitor.read("Move old partitions of the tracking database to slower disks")


def test_a_known_workaround(somebody: Comes) -> None:
    with somebody("a known workaround") as visitor:
        visitor.search("scanners radar", "Hand scanners lose the radio when a ship's radar is seen")
        visitor.read("In the controller choose the hall")


def test_who_owns_payments(somebody: Comes) -> None:
    with somebody("owner of payments") as visitor:
        visitor.search("who owns payments", "Payments")
        see(main(visitor).locator("dl").filter(has_text="Owner").first, "Payments")


def test_export_a_list(somebody: Comes) -> None:
    with somebody("export a list") as visitor:
        visitor.follow("Browse records")
        visitor.page.locator(".it-x[aria-busy=false]").wait_for()
        visitor.press("Export")
        with visitor.page.expect_download() as saved:
            visitor.press("CSV")
        assert saved.value.path().read_text(encoding="utf-8").startswith("id,title,state,priority")


def test_all_of_priority_one_of_a_team(somebody: Comes, sample_address: str) -> None:
    """The sample, because nothing of priority one is open in the living example."""
    with somebody("P1 of a team", sample_address) as visitor:
        visitor.search("P1 of the web team", "Open records with priority P1: Web team", "All records")
        visitor.page.locator(".it-x[data-rows='1']").wait_for()
        assert visitor.page.locator(".it-x tbody .it-id").all_inner_texts() == ["INC-261120-AAAAA"]


def test_whether_mail_is_down(somebody: Comes) -> None:
    with somebody("is mail down") as visitor:
        visitor.search("is e-mail down", "Mail and calendar")
        assert main(visitor).locator('[class^="it-chip--"]').first.inner_text() == "Operational"


def test_the_service_level_of_last_month(somebody: Comes) -> None:
    with somebody("service level last month") as visitor:
        visitor.search("service levels report", "Service levels", kind="Report")
        # Of the month before, and in sight: not behind anything that has to be opened.
        see(visitor.page.locator(".it-figures tr:visible").filter(has_text="Oct 2026"), "85%")


def test_ask_for_a_laptop_without_a_git_account(somebody: Comes) -> None:
    with somebody("ask for a laptop") as visitor:
        visitor.follow("Request something")
        visitor.follow("New laptop")
        visitor.page.locator(".it-form [type=submit]:not([disabled])").wait_for()
        for required in visitor.page.locator(".it-q:not([hidden])[data-rules*='\"required\":true']").all():
            fill(required)
        visitor.press("Make the request")
        visitor.page.locator(".it-made").wait_for()
        see(visitor.page.locator("[data-part=text]"), "offering: new-laptop")


def fill(question: Any) -> None:
    """Answer a question with anything that it takes."""
    control = question.locator("input:not(.it-q__find), select, textarea").first
    match question.get_attribute("data-control"):
        case "choice":
            control.select_option(index=1)
        case "choices" | "yesno" | "radios":
            control.check()
        case "date":
            control.fill("2026-12-01")
        case "number":
            control.fill("1")
        case _:
            known = question.get_attribute("data-names")
            options = question.page.locator(f"#{known} option") if known else None
            control.fill(options.first.get_attribute("value") if options else "A reason that is long enough")


def test_subscribe_to_a_feed(somebody: Comes) -> None:
    with somebody("subscribe to a feed") as visitor:
        visitor.follow("Subscribe")
        visitor.press("Copy address")
        visitor.read("Outages, degradations and planned work")
