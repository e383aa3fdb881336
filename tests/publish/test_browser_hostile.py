"""Hostile text in every field of every kind, in a real browser: it is shown, and nothing of it runs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE, Guard
from hostile_site import MARK, hostile_documents, write_hostile
from playwright.sync_api import expect
from sample_site import NOW

from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.publish import build_site
from itsm_gitops.publish.serving import listening

pytestmark = pytest.mark.browser

# What no article holds but for our own forms, and what no page holds but for the frame's own scripts and theirs.
LIVE = (
    "script, img, iframe, object, embed, form:not(.it-form), input:not(.it-form input, .it-subscribe input), "
    "textarea:not(.it-form textarea), button:not([class*=md-c], .it-form button, .it-subscribe button), style, base, meta, link, math"
)
OURS = ", ".join(
    [f"[src$='assets/{n}.js']" for n in ("forms", "explorer", "map", "mine", "subscribe")]
    + ["[src*='/explore/']", "[src$='cmdb/map_data.js']"]
)
LOADING = f"script:not({OURS}), iframe, object, embed, base, meta[http-equiv]"
# The calendar's script places events by numbers of its own: no text of a record is in them.
HANDLERS = r"""() => [...document.querySelectorAll("*")].flatMap(e => [...e.attributes]
    .filter(a => a.name.startsWith("on") || (a.name === "style" && e.closest("#it-main") && !/^(--(bars|from|for|column|columns|over|gutter|letters): \d+; ?)+$/.test(a.value)))
    .map(a => `${e.tagName} ${a.name}=${a.value}`))"""
ADDRESSES = """() => [...document.querySelectorAll("#it-main [href], #it-main [src], #it-main [action]")]
    .map(e => e.getAttribute("href") || e.getAttribute("src") || e.getAttribute("action"))
    .filter(a => /^[a-z][a-z0-9+.-]*:/i.test(a) && !/^(https?|mailto|webcal):/i.test(a))"""

# The calendar's own tools: a form with six buttons, and its script.
CALENDAR_LIVE, CALENDAR_LOADING = 7, 1
# Pages that are tools, and how many scripts they have of their own: what is live in them is ours, and a test of
# each says that nothing else is.
TOOLS = {
    "404.html": 0,
    "search.html": 0,
    "records/explore.html": 0,
    "records/mine.html": 0,
    "cmdb/map.html": 0,
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, book: RuleBook) -> Path:
    return build_site(write_hostile(tmp_path_factory.mktemp("hostile"), book), now=NOW).output


@pytest.fixture(scope="module")
def address(hostile: Path) -> Iterator[str]:
    with listening(hostile) as found:
        yield found


@pytest.fixture
def open_page(guard: Guard, address: str) -> Callable[..., Any]:
    return partial(guard.open, address)


def pages_of(site: Path) -> list[str]:
    """Every page but those of the handbook, which records cannot reach."""
    found = (p.relative_to(site).as_posix() for p in sorted(site.rglob("*.html")))
    return [p for p in found if not p.startswith("handbook/")]


def test_every_hostile_document_has_a_page(hostile: Path, book: RuleBook) -> None:
    names = {p.stem for p in hostile.rglob("*.html")}
    missing = [path for path in hostile_documents(book) if Path(path).stem not in names]
    assert missing == []


@pytest.mark.slow
def test_nothing_runs_all_is_text_and_no_word_widens_a_phone(
    open_page: Callable[..., Any], address: str, hostile: Path
) -> None:
    page = open_page("404.html", viewport=PHONE)
    rendered = page.locator(LOADING).count()
    page.goto(f"{address}records/incidents/2611/INC-261120-AAAAA.html")
    stamped = page.locator(LOADING).count()
    wrong: dict[str, Any] = {}
    for url in pages_of(hostile):
        page.goto(address + url, wait_until="load")
        live, loading = (
            (CALENDAR_LIVE, CALENDAR_LOADING)
            if url.startswith("changes/calendar")
            else (0, TOOLS.get(url, 0))
        )
        frame = stamped if page.locator("html.it-slim").count() else rendered
        facts = {
            "live": 0 if url in TOOLS else page.locator("#it-main").locator(LIVE).count() - live,
            "loading": page.locator(LOADING).count() - frame - loading,
            "handlers": page.evaluate(HANDLERS),
            "addresses": page.evaluate(ADDRESSES),
            "width": max(0, page.evaluate("document.documentElement.scrollWidth") - PHONE["width"]),
        }
        if "HH" in url or "hostile-" in url:
            facts["unseen"] = MARK not in page.locator("h1").inner_text() or MARK not in page.title()
        if any(facts.values()):
            wrong[url] = facts
    assert not wrong, [(u, {k: v for k, v in f.items() if v}) for u, f in wrong.items()]


def test_search_shows_hostile_text_as_text(open_page: Callable[..., Any]) -> None:
    page = open_page("search.html?q=script")
    page.locator("#it-search-results a").first.wait_for()
    assert MARK in page.locator("#it-search-results").inner_text()
    assert page.locator("#it-search-results").locator("script, img, svg, [onclick]").count() == 0


def test_the_explorer_shows_hostile_text_as_text(open_page: Callable[..., Any]) -> None:
    page = open_page("records/explore.html", viewport=PHONE)
    page.locator(".it-x[aria-busy=false]").wait_for()
    elements = "() => [...new Set([...document.querySelectorAll('.it-x *')].map(e => e.tagName))].sort()"
    before = page.evaluate(elements)
    page.goto(f"{page.url}?status=all&cols=id,kind,state,priority,service,ci,team,opened,updated&q=script")
    page.locator(".it-x[aria-busy=false]").wait_for()
    page.get_by_role("button", name="Filters").click()
    more = page.get_by_role("button", name=re.compile("more$"))
    for left in range(more.count(), 0, -1):  # each goes when it has shown the rest of its list
        more.first.click()
        expect(more).to_have_count(left - 1)
    assert page.locator("tbody tr").filter(has_text=MARK).count() > 4
    assert page.locator(".it-x__facets li").filter(has_text="alert(").count() > 4
    assert set(page.evaluate(elements)) - set(before) == {"MARK"}
    assert page.evaluate(HANDLERS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.locator(".it-x__facets li").filter(has_text="alert(").first.get_by_role("checkbox").check()
    assert page.locator(".it-x__chip").count() == 2, "the words and the team"


def test_the_map_shows_hostile_names_as_text(open_page: Callable[..., Any]) -> None:
    """In the boxes, the details, the list and the status, wherever the map starts."""
    page = open_page("cmdb/map.html?item=hostile-server-0&at=hostile-server-0")
    page.locator(".it-net__panel h2").wait_for()
    assert MARK in page.locator(".it-net__panel h2").inner_text()
    assert MARK in page.locator(".it-net__list").inner_text()
    assert MARK in page.locator(".it-net__status").inner_text()
    assert MARK in (page.locator("g[role=button]").first.get_attribute("aria-label") or "")
    for kind in page.locator("select[name=class] option").evaluate_all("all => all.map(o => o.value)"):
        page.locator("select[name=class]").select_option(kind)
    page.locator("input[name=start]").fill("<img src=x onerror=alert(1)>")
    page.keyboard.press("Enter")
    assert "<img src=x" in page.locator(".it-net__status").inner_text()
    made = page.locator(".it-net").locator("script, img, iframe, [onerror], [onclick], [style]")
    assert made.count() == 0
    assert page.evaluate(ADDRESSES) == []


@pytest.mark.parametrize(
    ("live", "noticed"),
    [
        ("<img src=x onerror=alert(1)>", "console"),
        ("<script>alert(1)</script>", "console"),
        ("<svg onload=alert(1)></svg>", "console"),
        ("<img src='https://tracker.example/p.png'>", "request"),
    ],
)
def test_the_guard_would_notice(browser: Any, hostile: Path, tmp_path: Path, live: str, noticed: str) -> None:
    """The policy stops a script that slipped through; the browser says so, and the guard hears it."""
    site = tmp_path / "site"
    shutil.copytree(hostile, site)
    page = site / "index.html"
    html = page.read_text(encoding="utf-8")
    page.write_text(html.replace("<h1>", f"<h1>{live}", 1), encoding="utf-8")
    guard = Guard(browser)
    with listening(site) as address:
        guard.open(address).wait_for_timeout(300)
        guard.close()
    assert any(t.startswith(noticed) for t in guard.trouble), guard.trouble
