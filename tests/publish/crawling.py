"""A crawler over the files of a built site: every address, anchor and reference in them must lead somewhere.

It reads files, not a server: what a page, a style sheet, a script's data or a feed names must be a file
of the site with the named anchor in it, or an address of another host that a person may choose to follow.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from itsm_gitops.reports.tables import NONE

_RAW = re.compile(r"<!--.*?-->|(<script\b[^>]*>).*?</script>|(<style\b[^>]*>).*?</style>", re.DOTALL)
_TAG = re.compile(
    r"<([a-zA-Z][\w-]*)((?:\s+[^\s<>=\"'/]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?)*)\s*/?>"
)
_ATTRIBUTE = re.compile(r"([^\s=\"'/]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_ADDRESSES = {
    "href",
    "src",
    "action",
    "poster",
    "xlink:href",
    "formaction",
    "data-src",
    "data-href",
    "data-page",
}
_REFERENCES = {
    "for",
    "aria-labelledby",
    "aria-describedby",
    "aria-controls",
    "aria-owns",
    "headers",
    "list",
    "form",
}
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_LOOSE = re.compile(r"'unsafe-|https?:|\*|script-src[^;]* data:")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_CSS_URL = re.compile(r"url\(\s*(?:\"([^\"]*)\"|'([^']*)'|([^)\"']*))\s*\)|@import\s+[\"']([^\"']+)")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# What a page's script reads from its address: names of documents.
_NAMING = ("item", "service", "ci", "team")
_FEED_LINK = re.compile(r"<link\b[^>]*\bhref=\"([^\"]*)\"")
_SITEMAP_LOC = re.compile(r"<loc>([^<]*)</loc>")


@dataclass
class Page:
    """What one page names: its own ids, what it refers to in itself, and its links (element, address, rel).

    ``policy`` is its content security policy, ``handlers`` are scripts and styles in attributes.
    """

    ids: list[str] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    links: set[tuple[str, str, str]] = field(default_factory=set)
    policy: str = ""
    handlers: set[str] = field(default_factory=set)


def read_page(html: str) -> Page:
    """Take ids, references and addresses out of a page."""
    page = Page()
    if found := _POLICY.search(html):
        page.policy = found.group(1)
    for name, text in _TAG.findall(_RAW.sub(lambda m: m.group(1) or m.group(2) or "", html)):
        if "=" not in text:
            continue
        attributes = {k.lower(): a or b or c for k, a, b, c in _ATTRIBUTE.findall(text)}
        if "id" in attributes:
            page.ids.append(unescape(attributes["id"]))
        for key in attributes.keys() & _REFERENCES:
            page.references.update(unescape(attributes[key]).split())
        page.handlers.update(key for key in attributes if key.startswith("on") or key == "style")
        for key in attributes.keys() & _ADDRESSES:
            page.links.add((name.lower(), unescape(attributes[key]), attributes.get("rel", "")))
    return page


class Site:
    """The files of a built site and what is wrong with the addresses in them."""

    def __init__(self, root: Path, base_url: str = "") -> None:
        """Take the folder of a site and, where it was built for one, the address it will have."""
        self.root = root
        self.base_url = base_url
        self._above = urlsplit(base_url).path or "/"  # a site of no known address is the root of its host
        self._host = base_url.removesuffix(self._above)
        self.files = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}
        self.pages = {
            name: read_page((root / name).read_text(encoding="utf-8"))
            for name in sorted(self.files)
            if name.endswith(".html")
        }
        self._ids = {name: set(page.ids) for name, page in self.pages.items()}
        stems = (name.rpartition("/")[2].removesuffix(".html") for name in self.pages)
        self._names = {"index" if stem == "index_" else stem for stem in stems}

    def faults(self) -> list[str]:
        """Return every fault as ``file: what``, sorted."""
        found = {*self._pages(), *self._styles(), *self._feeds(), *self._search(), *self._explorer()}
        return sorted({*found, *self._map(), *self._json(), *self._orphans()})

    # ---- One address ----

    def _target(self, source: str, address: str) -> tuple[str, str]:
        """Return the file and the anchor that an address names, seen from a file of the site."""
        address = address.removeprefix(self._host)
        path, _, anchor = address.partition("#")
        path = unquote(path.partition("?")[0])
        if not path:
            return source, unquote(anchor)
        if path.startswith("/"):
            inside = path.startswith(self._above)
            return (path.removeprefix(self._above) if inside else "(outside)"), unquote(anchor)
        return posixpath.normpath(posixpath.join(posixpath.dirname(source), path)), unquote(anchor)

    def _dead(self, source: str, address: str) -> str:
        """Return what is wrong with an address inside the site, '' when it leads somewhere."""
        target, anchor = self._target(source, address)
        if target not in self.files:
            return f"{source}: nothing at {address}"
        if anchor and target in self._ids and anchor not in self._ids[target]:
            return f"{source}: no anchor {address}"
        asked = parse_qs(address.partition("#")[0].partition("?")[2]) if "?" in address else {}
        unknown = [v for name in _NAMING for v in asked.get(name, ()) if v not in {*self._names, NONE}]
        return f"{source}: asks for {unknown[0]}, which has no page: {address}" if unknown else ""

    # ---- Pages ----

    def _pages(self) -> Iterator[str]:
        for name, page in self.pages.items():
            doubled = (
                {i for i in page.ids if page.ids.count(i) > 1} if len(page.ids) > len(set(page.ids)) else ()
            )
            yield from (f"{name}: id {i} twice" for i in doubled)
            yield from (
                f"{name}: refers to id {i}, which is not there" for i in page.references - self._ids[name]
            )
            if not page.policy.startswith("default-src 'none';") or _LOOSE.search(page.policy):
                yield f"{name}: its policy lets too much pass: {page.policy}"
            yield from (f"{name}: a {attribute} attribute" for attribute in page.handlers)
            for element, address, rel in page.links:
                yield from filter(None, [self._link(name, element, address, rel)])

    def _link(self, name: str, element: str, address: str, rel: str) -> str:
        inside = not _SCHEME.match(address) and not address.startswith("//")
        if inside or (self.base_url and address.startswith(self.base_url)):
            return self._dead(name, address)
        if address.startswith("mailto:"):
            return ""
        if not address.startswith(("https://", "http://")):
            return f"{name}: an address nobody should follow: {address[:60]}"
        if element != "a":
            return f"{name}: <{element}> reaches another host: {address[:60]}"
        return "" if "noopener" in rel.split() else f"{name}: without rel=noopener: {address[:60]}"

    def _orphans(self) -> Iterator[str]:
        """Find pages that no way of links leads to from the start page."""
        reached, waiting = {"index.html", "404.html"}, ["index.html"]
        while waiting:
            name = waiting.pop()
            for _, address, _ in self.pages[name].links:
                target = "" if _SCHEME.match(address) else self._target(name, address)[0]
                if target in self.pages and target not in reached:
                    reached.add(target)
                    waiting.append(target)
        yield from (f"{name}: no link leads here" for name in self.pages.keys() - reached)

    # ---- Everything else ----

    def _text(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def _named(self, source: str, addresses: Iterable[str]) -> Iterator[str]:
        yield from filter(None, (self._dead(source, a) for a in addresses))

    def _styles(self) -> Iterator[str]:
        for name in self.files:
            if name.endswith(".css"):
                urls = ("".join(found) for found in _CSS_URL.findall(_CSS_COMMENT.sub("", self._text(name))))
                yield from self._named(name, (u for u in urls if not u.startswith(("data:", "#"))))

    def _feeds(self) -> Iterator[str]:
        for name in self.files:
            if name.startswith("feeds/") or name.endswith("sitemap.xml"):
                found = [*_FEED_LINK.findall(self._text(name)), *_SITEMAP_LOC.findall(self._text(name))]
                yield from self._named(name, map(unescape, found))

    def _handed(self, folder: str, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Yield what the scripts of an index hand to the page, in order of their names."""
        for name in sorted(self.files):
            if name.startswith(f"{folder}/{prefix}") and name.endswith(".js"):
                yield name, json.loads("[" + self._text(name).partition("(")[2].rpartition(")")[0] + "]")[1]

    def _search(self) -> Iterator[str]:
        listed = set()
        for name, rows in self._handed("search", "docs-"):
            listed |= {row[0] for row in rows}
            places = [row[0].partition("?")[0] for row in rows]
            yield from (f"{name}: nothing at {place}" for place in places if place not in self.files)
        unlisted = {n for n in self.pages if n.startswith(("records/", "services/"))} - listed
        yield from (
            f"{n}: search does not know it" for n in unlisted if re.search(r"/[A-Z]+-\d{6}-\w+\.html$", n)
        )

    def _explorer(self) -> Iterator[str]:
        handed = dict(self._handed("explore"))
        index = handed["explore/index.js"]
        for chunk in index["chunks"]:
            rows = handed.get(name := f"explore/{chunk['name']}.js")
            if rows is None:
                yield f"explore/index.js: no chunk {chunk['name']}"
                continue
            table, numbers = rows.get("kind", [[chunk["kind"]], [0] * len(rows["id"])])
            for identifier, number in zip(rows["id"], numbers, strict=True):
                folder = index["kinds"][table[number]]["folder"]
                page = f"{folder}/{identifier.split('-')[1][:4]}/{identifier}.html"
                yield from [] if page in self.files else [f"{name}: nothing at {page}"]

    def _map(self) -> Iterator[str]:
        if (name := "cmdb/map_data.js") not in self.files:
            return
        data = json.loads(self._text(name).partition("(")[2].rpartition(")")[0])
        for identifier, _, number, *_ in data["items"]:
            page = f"{data['classes'][number][3]}/{'index_' if identifier == 'index' else identifier}.html"
            yield from [] if page in self.files else [f"{name}: nothing at {page}"]

    def _json(self) -> Iterator[str]:
        """Check the API: addresses are from the site's root, but for a schema's, which is from the file."""
        for name in self.files:
            if name.endswith(".json") and "/schema/" not in name:
                for key, value in _strings(json.loads(self._text(name))):
                    if key == "$schema":
                        yield from self._named(name, [value])
                    elif key in ("href", "page", "pages", "feeds", "status", "calendar") and "." in value:
                        yield from [] if value in self.files else [f"{name}: nothing at {value}"]


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a JSON document with the name it stands under; a record's own document is not ours."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part, key)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name != "document":
                yield from _strings(part, name)
