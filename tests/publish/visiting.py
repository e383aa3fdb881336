"""People who come to the site with a task: one with a mouse, one with a keyboard only. What they do is counted."""

from __future__ import annotations

import json
import time
from types import TracebackType
from typing import Any, Self

from browsing import CHECKOUT

FOLDER = CHECKOUT / "build" / "tasks"
MOST_CLICKS = 4
# Further down than this nobody tabs.
MOST_TABS = 250

_FOCUSED = """() => {
  const e = document.activeElement;
  const label = e.labels && e.labels.length ? e.labels[0].innerText : "";
  return [e.tagName, e.type || "", e.getAttribute("aria-label") || label || e.innerText || ""].map(t => t.trim());
}"""


class Visitor:
    """Somebody on a page who does a named task; leaves what it took in ``build/tasks``."""

    way = ""
    most = MOST_CLICKS

    def __init__(self, page: Any, task: str) -> None:
        self.page = page
        self.task = task
        self.clicks = 0
        self.searches = 0
        self._began = time.perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            return
        took = {"clicks": self.clicks, "searches": self.searches}
        FOLDER.mkdir(parents=True, exist_ok=True)
        facts = {"task": self.task, "way": self.way, **took, "seconds": time.perf_counter() - self._began}
        name = f"{self.task.replace(' ', '-')}_{self.way}.json"
        (FOLDER / name).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        # A search and the choice of what it found, or a few clicks; keys are not counted.
        assert self.clicks <= (self.most if not self.searches else 1), took
        assert self.searches <= 1, took

    def read(self, text: str) -> None:
        """Wait until the page's content says something."""
        self.page.locator("#it-main").get_by_text(text).first.wait_for()

    def search(self, words: str, hit: str, heading: str = "", *, kind: str = "") -> None:
        """Type words into the search of the header and choose the first of what it finds: a page with this heading.

        ``kind`` is what the search says that it is, where several are called alike.
        """
        self.searches += 1
        self._into_search()
        # At once: with each letter the list is made anew, and a choice made before the last answer would be lost.
        self.page.keyboard.insert_text(words)
        found = self.page.locator(".it-hits [role=option]").filter(has_text=hit).filter(has_text=kind).first
        found.wait_for()
        self._choose(found)
        self.page.locator("h1").filter(has_text=heading or hit).wait_for()

    def _into_search(self) -> None:
        raise NotImplementedError

    def _choose(self, found: Any) -> None:
        raise NotImplementedError


class WithMouse(Visitor):
    """Clicks; each click counts, and so does the one into the first field of a form."""

    way = "mouse"

    def follow(self, name: str) -> None:
        """Click a link by a part of its words."""
        self._click(self.page.get_by_role("link", name=name).locator("visible=true").first)

    def press(self, name: str) -> None:
        """Click a button."""
        self._click(self.page.get_by_role("button", name=name).locator("visible=true").first)

    def tick(self, name: str) -> None:
        """Click a box to be ticked."""
        self._click(self.page.get_by_role("checkbox", name=name).locator("visible=true").first)

    def write(self, label: str, text: str) -> None:
        """Write into a field; from one to the next goes Tab."""
        field = self.page.get_by_label(label).first
        if self.page.evaluate("!document.activeElement.closest('.it-form')"):
            self._click(field)
        field.fill(text)
        field.focus()

    def _click(self, what: Any) -> None:
        self.clicks += 1
        what.click()

    def _into_search(self) -> None:
        self.page.locator("#it-q").click()

    def _choose(self, found: Any) -> None:
        self._click(found)


class Staff(WithMouse):
    """Somebody who works here, at a desk or with a phone: three clicks, or a search; into fields goes Tab."""

    most = 3

    def write(self, label: str, text: str) -> None:
        """Write into a field."""
        self.page.get_by_label(label).first.fill(text)

    def _into_search(self) -> None:
        # On a phone the field is behind its sign.
        self.page.locator(".it-find__icon").click()


class WithKeyboard(Visitor):
    """Has Tab, Enter, Space, arrows and letters."""

    way = "keyboard"

    def follow(self, name: str) -> None:
        """Go to a link by a part of its words, and open it."""
        self._reach("A", name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def press(self, name: str) -> None:
        """Go to a button and press it."""
        self._reach("BUTTON", name)
        self.page.keyboard.press("Enter")

    def tick(self, name: str) -> None:
        """Go to a box and tick it."""
        self._reach("INPUT", name, "checkbox")
        self.page.keyboard.press("Space")

    def write(self, label: str, text: str) -> None:
        """Go to a field and write into it; what is in it is selected by arriving there."""
        self._reach("INPUT TEXTAREA", label)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def _reach(self, tags: str, name: str, kind: str = "") -> None:
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            tag, found, text = self.page.evaluate(_FOCUSED)
            if tag in tags.split() and name in text and kind in (found, ""):
                return
        raise AssertionError(f"no key leads to {name}")

    def _into_search(self) -> None:
        self.page.keyboard.press("/")

    def _choose(self, found: Any) -> None:
        for _ in range(10):
            self.page.keyboard.press("ArrowDown")
            if found.get_attribute("aria-selected") == "true":
                self.page.keyboard.press("Enter")
                return
        raise AssertionError("the arrows do not lead to what was found")
