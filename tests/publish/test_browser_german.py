"""The living example in German, whose words are long: nothing overlaps, and no word is torn where it does not fit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from browsing import CHECKOUT
from conftest import EXAMPLE_NOW
from layout_probe import layout_faults, torn_words

from itsm_gitops.publish.serving import listening
from tests.support import run_apart

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = {
    "home": "index.html",
    "services": "services/index.html",
    "service": "services/warehouse-operations.html",
    "catalogue": "catalogue/index.html",
    "offering": "catalogue/onboarding.html",
    "report": "report.html",
    "new change": "changes/new.html",
    "subscribe": "subscribe.html",
    "announcements": "cmdb/announcements/index.html",
    "records": "records/index.html",
    "items": "cmdb/index.html",
    "item": "cmdb/servers/app-node-1.html",
    "deep item": "cmdb/databases/orders-db.html",
    "team": "cmdb/teams/dba.html",
    "incident": "records/incidents/2611/INC-261122-CGGX8.html",
    "incidents": "records/incidents/index.html",
    "requests": "records/requests/index.html",
    "problems": "records/problems/index.html",
    "all records": "records/explore.html",
    "figures": "reports/changes.html",
    "my work": "records/mine.html",
    "search": "search.html?q=payments",
    "not found": "404.html",
}


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this checkout with German words."""
    root = tmp_path_factory.mktemp("german")
    for name in ("cmdb", "records", "schemas", "site"):
        shutil.copytree(CHECKOUT / name, root / name)
    settings = (CHECKOUT / "itsm.yaml").read_text(encoding="utf-8")
    assert "\nsite:\n" in settings
    (root / "itsm.yaml").write_text(
        settings.replace("\nsite:\n", "\nsite:\n  language: de\n"), encoding="utf-8"
    )
    folder = root / "built"
    done = run_apart(
        ["site", "build", "--out", str(folder)], root, env={"ITSM_NOW": EXAMPLE_NOW}, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_long_words_find_their_room(browser: Any, german: Path, name: str) -> None:
    page = browser.new_page()
    address, _, query = PAGES[name].partition("?")
    page.goto((german / address).as_uri() + (f"?{query}" if query else ""))
    faults = [*layout_faults(page), *torn_words(page)]
    page.close()
    assert faults == []


# Labels of a state or a clock in two lines or cut, and times in two lines, at the widths of a desk.
_BROKEN = """() => [
  ...[...document.querySelectorAll("#it-main :is(.it-chip, [class^='it-chip--'])")].filter(e => e.checkVisibility()
    && (e.getBoundingClientRect().height > 1.6 * parseFloat(getComputedStyle(e).lineHeight) || e.scrollWidth > e.clientWidth + 1)),
  ...[...document.querySelectorAll("#it-main td time")].filter(e => e.checkVisibility() && e.getClientRects().length > 1),
].map(e => e.textContent)"""


@pytest.mark.parametrize("name", ["incidents", "requests", "problems", "all records", "team", "deep item"])
def test_labels_and_times_stay_on_one_line_at_a_desk(browser: Any, german: Path, name: str) -> None:
    page = browser.new_page()
    broken = {}
    with listening(german) as address:
        page.goto(f"{address}{PAGES[name]}")
        page.wait_for_load_state("networkidle")
        for width in (1280, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.locator("#it-main :is(.it-chip, [class^='it-chip--'])").count() > 1
            broken[width] = page.evaluate(_BROKEN)
    page.close()
    assert {width: texts for width, texts in broken.items() if texts} == {}


def test_no_line_of_an_agenda_begins_with_a_comma_on_a_phone(browser: Any, german: Path) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto((german / "changes/calendar.html").as_uri())
    marks = page.locator(".it-mark:visible")
    assert marks.count() > 3
    apart = page.evaluate(
        """() => [...document.querySelectorAll(".it-mark")].filter(e => e.checkVisibility() && e.lastChild.nodeType === Node.TEXT_NODE).filter(e => {
          const comma = document.createRange();
          comma.setStart(e.lastChild, 0);
          comma.setEnd(e.lastChild, 1);
          const words = [...e.querySelector("a").getClientRects()].at(-1);
          return Math.abs(comma.getBoundingClientRect().left - words.right) > 2;
        }).map(e => e.textContent)"""
    )
    page.close()
    assert apart == []
