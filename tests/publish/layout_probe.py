"""Looks for what lies on something else, pages that scroll sideways and torn words, from a phone to a desk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

WIDTHS = (*range(320, 1441, 40), 1219, 1220)
# Boxes that scroll by themselves may hold something wider than they are.
_LOOK = """() => {
  const faults = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 1) {
    const out = [...document.querySelectorAll("body *")].filter(e => {
      const r = e.getBoundingClientRect();
      return r.width && r.right > innerWidth + 1 && !e.closest(".it-scroll, .it-map__view, .it-net__view, .md-sidebar, pre, .it-vh, .md-tabs, .highlight");
    });
    faults.push(`the page scrolls sideways by ${wide}: ${out.slice(0, 3).map(e => e.outerHTML.slice(0, 90)).join(" | ")}`);
  }
  const boxes = (parent) => [...parent.children].filter(e => e.offsetParent && getComputedStyle(e).position !== "absolute");
  for (const parent of document.querySelectorAll(".it-cols, .it-pair, .it-x__body, .it-net__stage")) {
    const some = boxes(parent);
    some.forEach((one, i) => some.slice(i + 1).forEach(other => {
      const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
      const besides = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
      if (!besides) return;
      const reach = Math.max(a.left, ...[...one.querySelectorAll("*")].filter(e => e.offsetParent && !e.closest(".it-scroll, .it-map__view, .it-net__view, .it-vh, svg, pre")).map(e => e.getBoundingClientRect().right));
      if (a.left < b.left && reach > b.left + 1) faults.push(`${one.className} lies on ${other.className} by ${Math.round(reach - b.left)}`);
    }));
  }
  return faults;
}"""


def layout_faults(page: Any, widths: Iterable[int] = WIDTHS) -> list[str]:
    """Return what is wrong with the layout of the page that is open, at some widths."""
    faults = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        faults += [f"at {width}: {fault}" for fault in page.evaluate(_LOOK)]
    return faults


# A word that is broken at a hyphen of its own is not torn. Not every browser has the hyphens of every language: without.
_TORN = """() => {
  const faults = [];
  for (const e of document.querySelectorAll("body *")) if (getComputedStyle(e).hyphens === "auto") e.style.hyphens = "manual";
  for (const e of document.querySelectorAll("#it-main :is(dt, th, label, legend, button, h1, h2, h3, strong, b, .it-q__help), .md-header__topic, .md-nav__link")) {
    if (!e.checkVisibility() || !e.getClientRects().length) continue;
    const walk = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
      for (const word of text.data.matchAll(/[\\p{L}\\p{N}]{2,}/gu)) {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) faults.push(`"${word[0]}" is torn`);
      }
    }
  }
  return faults;
}"""


def torn_words(page: Any, widths: Iterable[int] = (320, 360, 400, 768, 1024, 1440)) -> list[str]:
    """Return the words of headings, labels and buttons that are broken in the middle."""
    faults = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        faults += [f"at {width}: {fault}" for fault in page.evaluate(_TORN)]
    return faults
