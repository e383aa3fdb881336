"""Moves what all pages share into files of its own: with 100,000 pages each kilobyte is 100 MB.

Icons become classes of one style sheet. What does nothing without a script (the palette's form, the
engine's inline scripts and settings, the drawer of small screens) is put in by ``assets/shell.js``
where it stood before, so that a page looks and works as the engine rendered it. Without scripts the
tabs stay visible on small screens (``itsm.css``).
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

SCRIPT = "assets/shell.js"
STYLES = "assets/itsm.css"

_INLINE = re.compile(r"<script>(.*?)</script>\s*", re.DOTALL)
_SETTINGS = re.compile(r'<script id="__config" type="application/json">(.*?)</script>\s*', re.DOTALL)
_PALETTE = re.compile(
    r'<form class="md-header__option" data-md-component="palette">.*?</form>\s*(<script>.*?</script>)?',
    re.DOTALL,
)
_DRAWER = re.compile(r'(?<=<div class="md-sidebar__inner">)(.*?)(?=</div>\s*</div>\s*</div>)', re.DOTALL)
_MATERIAL = re.compile(r'<meta name="generator" content="[^"]*mkdocs-material[^"]*">\s*')
_ICON = re.compile(r"<svg\b[^>]*>.*?</svg>", re.DOTALL)
_BETWEEN = re.compile(r"(?<=>)\s+(?=<)|(?<=>)(?<!</svg>)\n(?=\S)|(?<=\S)\n(?=<)")

_LOOK = (
    "svg.it-i { aspect-ratio: 1; forced-color-adjust: none; mask: var(--it-i) center / contain no-repeat; }"
)

_SCRIPT_TEXT = """\
// What is the same on every page. Written by `itsm site build`.
(() => {{
  const here = document.currentScript;
  const root = here.getAttribute("src").slice(0, -"{name}".length);
  const parts = {parts};
  const from = (html) => html.replaceAll('"{depth}', `"${{root}}`);
  document.documentElement.classList.remove("no-js");
  window.__md_scope = new URL(root || ".", location);
  here.insertAdjacentHTML("beforebegin", from(parts.palette));
  const settings = document.createElement("script");
  settings.id = "__config";
  settings.type = "application/json";
  settings.textContent = JSON.stringify({{ ...parts.settings, base: root.slice(0, -1) || "." }});
  document.head.append(settings);
  addEventListener("DOMContentLoaded", () => {{
    const drawer = document.querySelector(".md-sidebar--primary .md-sidebar__inner");
    if (drawer) drawer.innerHTML = from(parts.drawer);
  }});
}})();
"""


class Slim:
    """A page of the engine without what all pages share, and the files that have it instead."""

    def __init__(self, html: str, depth: str) -> None:
        """Take the page and the way from it to the root of the site (``../../``)."""
        self.html = html
        self._depth = depth
        self._icons: dict[str, str] = {}
        self._scripts: list[str] = []
        self._parts: dict[str, Any] = {}
        palette, drawer, settings = (p.search(html) for p in (_PALETTE, _DRAWER, _SETTINGS))
        if palette and drawer and settings and _MATERIAL.search(html):
            self._parts = {
                "palette": _tight(_ICON.sub("", palette.group().partition("<script>")[0])),
                "drawer": _tight(drawer.group()),
                "settings": json.loads(settings.group(1)),
            }
            # The engine's scripts that stand by themselves: names that its bundle uses, reading the palette.
            self._scripts = [s for s in _INLINE.findall(html) if not s.startswith("var target=")]
            html = _PALETTE.sub(f'<script src="{depth}{SCRIPT}"></script>', html, count=1)
            html = _SETTINGS.sub("", _INLINE.sub("", _MATERIAL.sub("", html)))
            html = _tight(_DRAWER.sub("", html, count=1))
            self.html = html.replace('class="no-js"', 'class="no-js it-slim"', 1)

    @property
    def active(self) -> bool:
        """Whether anything was taken out: pages of an engine that looks otherwise stay as they are."""
        return bool(self._parts)

    def icons(self, html: str) -> str:
        """Return HTML with its icons as empty drawings that the style sheet fills."""
        if not self.active:
            return html
        return _ICON.sub(lambda m: f'<svg class="it-i {self._icon(m.group())}"></svg>', html)

    def _icon(self, svg: str) -> str:
        if svg not in self._icons:
            self._icons[svg] = f"it-i{hashlib.sha256(svg.encode()).hexdigest()[:6]}"
        return self._icons[svg]

    def script(self) -> bytes:
        """Return the file ``assets/shell.js``."""
        parts = json.dumps(self._parts, ensure_ascii=False).replace("</", "<\\/")
        head = _SCRIPT_TEXT.format(name=SCRIPT, parts=parts, depth=self._depth)
        own = "\n".join(self._own_scope(s) for s in self._scripts)
        return f"{head}{own}\n".encode()

    def _own_scope(self, script: str) -> str:
        """Return an inline script so that it no longer says at which depth its page lies."""
        return re.sub(r'__md_scope=new URL\("[^"]*",location\),', "", script)

    def styles(self) -> bytes:
        """Return what the style sheet must have for the icons."""
        rules = [_LOOK]
        for svg, name in sorted(self._icons.items(), key=lambda pair: pair[1]):
            picture = (
                svg if "xmlns=" in svg else svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
            )
            drawing = picture.replace('"', "'").replace("#", "%23").replace("\n", " ")
            rules.append(f'.{name} {{ --it-i: url("data:image/svg+xml,{drawing}"); }}')
        return ("\n" + "\n".join(rules) + "\n").encode()


def _tight(html: str) -> str:
    """Drop the line breaks around elements; the distance of text from an icon comes from the style sheet."""
    return _BETWEEN.sub("", html)
