"""A real browser on pages of the site, and everything that must never happen in it."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path
from typing import Any

from tests.npm import npm_file

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
]
CHECKOUT = Path(__file__).resolve().parents[2]
AXE_VERSION = "4.10.3"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 780}
# Waiting ends when what is waited for is there; the limit only ends what will never be. A loaded machine is slow.
PATIENCE = 120_000  # milliseconds


class Guard:
    """Opens pages and remembers every request to elsewhere, console error, exception and dialog."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._contexts: list[Any] = []
        self.trouble: list[str] = []

    def open(
        self, address: str, url: str = "", *, viewport: dict[str, int] = DESKTOP, javascript: bool = True
    ) -> Any:
        context = self._browser.new_context(
            viewport=viewport, color_scheme="light", reduced_motion="reduce", java_script_enabled=javascript
        )
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        # Sites of tests are built at a fixed moment, and pages compare it with the reader's clock.
        context.clock.set_fixed_time("2026-11-22T12:00:00Z")
        page = context.new_page()
        page.on("request", lambda r: self._note(not r.url.startswith(address), f"request {r.url}"))
        page.on("response", lambda r: self._note(r.status >= 400, f"{r.status} {r.url}"))
        page.on("console", lambda m: self._note(m.type in ("error", "warning"), f"console {m.text}"))
        page.on("pageerror", lambda e: self._note(True, f"exception {e}"))
        page.on("dialog", lambda d: (self._note(True, f"dialog {d.message}"), d.dismiss()))
        page.goto(address + url)
        return page

    def _note(self, wrong: bool, what: str) -> None:
        if wrong:
            self.trouble.append(what)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def wait_until(page: Any, expression: str, argument: object = None) -> None:
    """Wait until JavaScript is true on the page; playwright's own way to wait is eval, which our pages forbid."""
    from playwright.sync_api import Error

    for _ in range(PATIENCE // 50):
        with contextlib.suppress(Error):  # the page goes away while it is asked, and another one comes
            if page.evaluate(expression, argument):
                return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {expression}")


def see_heading(page: Any, text: str) -> None:
    """Wait until the page is the one with this heading: a click that leads elsewhere returns before it is there."""
    from playwright.sync_api import expect

    expect(page.locator("h1")).to_have_text(text, timeout=PATIENCE)


def see(what: Any, text: str) -> None:
    """Wait until an element says something, among other things."""
    from playwright.sync_api import expect

    expect(what).to_contain_text(text, timeout=PATIENCE)


@functools.cache
def axe_source() -> str:
    """Return the text of axe-core; skips the test where there is no npm."""
    return npm_file("axe", f"axe-core@{AXE_VERSION}", "axe-core/axe.min.js").read_text(encoding="utf-8")


def serious_faults(page: Any) -> list[tuple[str, list[str]]]:
    """Run axe on the page: what breaks WCAG and what axe calls serious, with the elements."""
    # A link that is half scrolled out of its list is no small target.
    page.evaluate(
        "document.querySelectorAll('.md-sidebar__scrollwrap').forEach(list => { list.scrollTop = 0 })"
    )
    result = page.evaluate("tags => axe.run(document, { runOnly: tags })", AXE_TAGS)
    return [
        (v["id"], [n["html"][:160] for n in v["nodes"]][:4])
        for v in result["violations"]
        if v["impact"] in ("serious", "critical") or "best-practice" not in v["tags"]
    ]


def switch_to_dark(page: Any) -> None:
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.evaluate("document.body.getAttribute('data-md-color-scheme')") == "slate"


def layout_shift(page: Any) -> float:
    """Return how much moved by itself since the page began to load (CLS; 0 is nothing)."""
    return float(
        page.evaluate(
            """() => new Promise(done => {
              let sum = 0;
              new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) sum += e.value; })
                .observe({ type: "layout-shift", buffered: true });
              setTimeout(() => done(sum), 150);
            })"""
        )
    )
