"""Pictures of what people see most, for people to look at: they are left in ``build/screenshots``.

What a machine can see of them is tested on the way: nothing moves while a page loads, nothing is wider than the
window, nothing is said on the console. Where each commit is judged nobody looks, and no picture is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import CHECKOUT, Guard, layout_shift

from itsm_gitops.publish.serving import listening
from tests.support import ALL_ROUNDS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FOLDER = CHECKOUT / "build" / "screenshots"
PAGES = {
    "home": "index.html",
    "service": "services/payments.html",
    "catalogue": "catalogue/index.html",
    "form": "catalogue/onboarding.html",
    "report-incident": "report.html",
    "explorer": "records/explore.html",
    "my-work": "records/mine.html",
    "record": "records/incidents/2610/INC-261029-5HD09.html",
    "change": "records/changes/2611/CHG-261104-R16W6.html",
    "item": "cmdb/databases/payments-db.html",
    "calendar": "changes/calendar.html",
    "reports": "reports/index.html",
    "report": "reports/backlog.html",
    "graph": "cmdb/map.html?item=payments",
    "search": "search.html?q=payments",
    "handbook": "handbook/20-incidents.html",
}
WIDTHS = {1280: 900, 390: 844}
MOST_SHIFT = 0.01


@pytest.fixture(scope="module")
def address(example: Path) -> Iterator[str]:
    with listening(example) as found:
        yield found


@pytest.mark.parametrize("name", PAGES)
def test_a_picture_of(name: str, guard: Guard, address: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    moved: dict[str, Any] = {}
    for width, height in WIDTHS.items():
        page = guard.open(address, PAGES[name], viewport={"width": width, "height": height})
        page.wait_for_load_state("networkidle")
        moved[f"{width}"] = layout_shift(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in ("default", "slate"):
            page.evaluate("name => document.body.setAttribute('data-md-color-scheme', name)", scheme)
            look = "light" if scheme == "default" else "dark"
            if ALL_ROUNDS:
                page.screenshot(path=FOLDER / f"{name}-{width}-{look}.png", full_page=True)
    assert {key: value for key, value in moved.items() if value >= MOST_SHIFT} == {}
