"""Moves what all pages share into files of its own: with 100,000 pages each kilobyte is 100 MB.

A stamped page has its head, its article, and of what the engine puts around that only the way home and the
footer's words. ``assets/shell.js`` puts the rest in: the header before anything is painted, what surrounds the
article when the page has been read and before any other script runs, so that a page looks and works as the engine
rendered it. Without scripts it is the article under the name of the site (``itsm.css``). Icons become classes of
one style sheet. Style sheets are joined to one file, scripts to another.

What is left is written as short as HTML allows: without quotes that nothing needs, and without end tags that
the next tag implies.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

SCRIPT = "assets/shell.js"
STYLES = "assets/itsm.css"
ALL_STYLES = "assets/page.css"
ALL_SCRIPTS = "assets/page.js"

_INLINE = re.compile(r"<script>(.*?)</script>\s*", re.DOTALL)
_SETTINGS = re.compile(r'<script id="__config" type="application/json">(.*?)</script>\s*', re.DOTALL)
# The opening of the body, what comes before the article, its start tag, what comes after it.
_BODY = re.compile(r"(<body[^>]*>)(.*?)(<article [^>]*>).*?</article>(.*?)(?=<script src)", re.DOTALL)
_CONTAINER = '<div class="md-container"'
_HOME = re.compile(r'<a (href="[^"]*") title="([^"]*)"[^>]* class="[^"]*\bmd-logo\b')
_FOOTER = re.compile(r"<footer.*?</footer>", re.DOTALL)
_LINKS_BELOW = re.compile(r'<nav class="it-foot".*?</nav>', re.DOTALL)
_TABS = re.compile(r'<li class="md-tabs__item(?: md-tabs__item--active)?"><a href="([^"]*)"')
# Who runs no script finds the feeds on the pages of the menu, and does without the site's sign in the tab.
_HEAD_LINKS = re.compile(r'<link rel="(?:alternate feed|icon)"[^>]*>')
_COLOURS = re.compile(r' data-md-color-(?:primary|accent)="custom"')
_SHORTER = (
    (re.compile(r"</?head>|</(?:body|html)>"), ""),
    (re.compile(r"(?<=;) (?=[a-z]+-(?:src|uri|action)\b)"), ""),
)
_TAG = re.compile(r"<(?!meta http)[a-z][^<>]*>")
_TAGS = re.compile(r"<[^>]+>")
_QUOTED = re.compile(r'(?<==)"([\w./:#-]+)"(?=[\s>])', re.ASCII)
_STYLE_LINK = re.compile(r'<link rel="stylesheet" href="([^"]*)">')
_SCRIPT_LINK = re.compile(r'<script src="([^"]*)"(?: defer)?></script>')
_LINKS = ((ALL_STYLES, _STYLE_LINK), (ALL_SCRIPTS, _SCRIPT_LINK))
# What would mean something else from another folder.
_RELATIVE = re.compile(rb"@import|url\((?!\s*[\"']?(?:data:|#))")
_SOURCE_MAP = re.compile(rb"^//# sourceMappingURL=.*$", re.MULTILINE)
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
  const bare = here.previousElementSibling;
  here.insertAdjacentHTML("beforebegin", from(parts.header));
  document.querySelectorAll(".md-tabs__item")[bare.dataset.tab]?.classList.add("md-tabs__item--active");
  bare.remove();
  const settings = document.createElement("script");
  settings.id = "__config";
  settings.type = "application/json";
  settings.textContent = JSON.stringify({{ ...parts.settings, base: root.slice(0, -1) || "." }});
  document.head.append(settings);
  document.head.insertAdjacentHTML("beforeend", from(parts.head));
  // All of the page is there now, and the scripts that wait for that have not run.
  document.addEventListener("readystatechange", () => {{
    const main = document.querySelector("body > main");
    main.insertAdjacentHTML("beforebegin", from(parts.around));
    const place = document.querySelector("article");
    const article = main.firstElementChild;
    article.className = place.className;
    place.replaceWith(article);
    main.nextElementSibling.remove();
    main.remove();
    const topic = document.querySelector("[data-md-component=header-topic] .md-ellipsis");
    const after = parts["after title"];
    if (topic) topic.textContent = document.title.endsWith(after) ? document.title.slice(0, -after.length) : document.title;
  }}, {{ once: true }});
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
        self._joined: dict[str, bytes] = {}
        self._bare = ""
        settings = _SETTINGS.search(html)
        if settings and _MATERIAL.search(html) and _BODY.search(html):
            self._parts = {"settings": json.loads(settings.group(1))}
            # The engine's scripts that stand by themselves: names that its bundle uses, reading the palette.
            self._scripts = [s for s in _INLINE.findall(html) if not s.startswith("var target=")]
            html = _SETTINGS.sub("", _INLINE.sub("", _MATERIAL.sub("", html)))
            self.html = _tight(html).replace('class="no-js"', 'class="it-slim"', 1)

    @property
    def active(self) -> bool:
        """Whether anything was taken out: pages of an engine that looks otherwise stay as they are."""
        return bool(self._parts)

    @property
    def joined(self) -> tuple[str, ...]:
        """The files that pages load in place of several ones."""
        return tuple(self._joined)

    def take_out(self, page: str, title: str, read: Callable[[str], bytes] | None) -> None:
        """Note what a dressed page called ``title`` has that only scripts use.

        ``read`` returns a file that the engine wrote, so that those of all pages can be joined; None joins nothing.
        """
        if not self.active:
            return
        self._parts["head"] = "".join(_HEAD_LINKS.findall(page))
        if body := _BODY.search(self.icons(page)):
            opening, before, article, after = body.groups()
            header, mark, around = before.replace(title, "").partition(_CONTAINER)
            self._parts |= {"header": header, "around": f"{mark}{around}{article}</article>{after}"}
            home, footer = _HOME.search(header), _FOOTER.search(after)
            way = f"<a {home.group(1)}>{home.group(2)}</a>" if home else ""
            words = _TAGS.sub("", _LINKS_BELOW.sub("", footer.group())) if footer else ""
            self._bare = (
                f'{_COLOURS.sub("", opening)}<header>{way}</header><script src="{self._depth}{SCRIPT}"></script>'
                f'<main><article id="it-main" class="md-typeset"></article></main><footer>{words}</footer>'
            )
        _, _, rest = page.partition(f"<title>{title}")
        self._parts["after title"] = unescape(rest.partition("</title>")[0])
        for name, pattern in _LINKS:
            urls = [url for url in pattern.findall(page) if url != self._depth + SCRIPT]
            if read and urls and all(url.startswith(self._depth) for url in urls):
                files = [read(url.removeprefix(self._depth)) for url in urls]
                if not any(_RELATIVE.search(text) for text in files):
                    self._joined[name] = b"\n".join(_SOURCE_MAP.sub(b"", text) for text in files)

    def lean(self, page: str, root: str, section: str = "") -> str:
        """Return a dressed page of some depth without what `take_out` noted, as short as HTML allows.

        ``section`` is the address of its section's first page, whose tab the script marks.
        """
        if not self.active:
            return page
        tabs = _TABS.findall(page)
        bare = self._bare.replace(f'"{self._depth}', f'"{root}')
        if root + section in tabs:
            bare = bare.replace("<header>", f'<header data-tab="{tabs.index(root + section)}">', 1)
        page = _HEAD_LINKS.sub("", _BODY.sub(lambda _: bare, page, count=1))
        for name, pattern in _LINKS:
            page = self._load_joined(page, name, pattern, root)
        for pattern, text in _SHORTER:
            page = pattern.sub(text, page)
        return _TAG.sub(lambda m: _QUOTED.sub(r"\1", m.group()), page)

    def _load_joined(self, page: str, name: str, pattern: re.Pattern[str], root: str) -> str:
        """Let a page load a joined file in place of its parts; scripts must wait for what `take_out` noted."""
        tags = [m for m in pattern.finditer(page) if m.group(1) != root + SCRIPT]
        for number, tag in reversed([*enumerate(tags)]):
            url = tag.group(1) if name not in self._joined else root + name if number == 0 else ""
            text = tag.group().replace(tag.group(1), url, 1) if url else ""
            if name == ALL_SCRIPTS:
                text = text.replace('"></script>', '" defer></script>')
            page = page[: tag.start()] + text + page[tag.end() :]
        return page

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the files (name and content) that pages have in common."""
        if self.active:
            yield SCRIPT, self.script()
        for name, text in self._joined.items():
            yield name, text + (self.styles() if name == ALL_STYLES else b"")

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
