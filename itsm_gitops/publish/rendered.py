"""What the engine rendered: the frame of every page, written pages, and the pages that are filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from pathlib import Path
from posixpath import relpath
from typing import NamedTuple
from urllib.parse import urlsplit

from itsm_gitops.model.tokens import tokens
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.pages.find import not_found_page
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.publish import chrome, engine, search
from itsm_gitops.publish.batches import SiteFile, SiteFiles
from itsm_gitops.publish.scripts import addresses, as_published, is_inner
from itsm_gitops.publish.search import Doc
from itsm_gitops.publish.slim import STYLES
from itsm_gitops.snapshots.stamps import digest_of

HANDBOOK = "Handbook"
_REPORTS = urls.REPORTS.removesuffix("index.html")
_LEFT_OUT = (".map", "sitemap.xml", "sitemap.xml.gz", "search.json")


class WrittenPage(NamedTuple):
    """A page with a text that somebody wrote: what search shows of it, and the file that the engine made."""

    doc: Doc
    path: Path
    sign: str

    def words(self) -> set[str]:
        """Return the words that search finds it by."""
        return tokens(search.page_text(self.path.read_text(encoding="utf-8")))


class Rendered:
    """The folder that the engine left; ``pages`` are the addresses of its pages, ``shell`` is the frame of all others."""

    def __init__(self, folder: Path, url: str, written: str) -> None:
        """Take also where the site will be ('' where that is not known), and the language of its written pages."""
        self._folder = folder
        self._written = written
        self._top = urlsplit(url).path.rstrip("/") + "/"  # for the page that is shown at any address
        self.shell = chrome.Shell(
            (folder / f"{engine.SHELL}.html").read_text(encoding="utf-8"),
            engine.SHELL_ROOT,
            lambda url: as_published(url, (folder / url).read_bytes()),
        )
        self.pages = frozenset(p.relative_to(folder).as_posix() for p in folder.rglob("*.html"))
        self.sign = cache(self._sign)

    def _sign(self, url: str) -> str:
        """Return what tells the engine's page at an address from another one; '' where there is none."""
        return digest_of((self._folder / url).read_bytes()).hex() if url in self.pages else ""

    def file(self, page: ListPage) -> SiteFile:
        """Return a page as a file, in the engine's own page where there is one, else in the frame."""
        root = urls.root(page.url)
        if page.url in self.pages:
            html = (self._folder / page.url).read_text(encoding="utf-8")
            tab = relpath(page.section, urls.folder_of(page.url) or ".") if page.section else ""
            content = chrome.fill(html, root, page.body, self.shell.scripts(root), tab).encode()
        else:
            frame = self.shell.frame(root, page.section)
            content = frame.page(page.title, page.body, urls.folder_of(page.url))
        return SiteFile(page.url, content, page.title)

    def take_over(self, files: SiteFiles) -> tuple[list[Doc], list[WrittenPage]]:
        """Write what is no page of ours; return what search shows of our pages, and the written ones."""
        docs: list[Doc] = []
        written: list[WrittenPage] = []
        for name, content in self.shell.shared():
            files.put(name, content)
        for url in self._left():
            if url in self.pages and url in files.written:
                docs.append(page_doc(url, files.titles[url]))
            elif url not in self.pages:
                raw = (self._folder / url).read_bytes()
                added = self.shell.styles() if url == STYLES else b""
                content = as_published(url, raw) + added
                if files.wants(url, digest_of(content).hex()):
                    files.put(url, content)
            elif url == urls.NOT_FOUND:
                html = (self._folder / url).read_text(encoding="utf-8")
                if files.wants(url, self._top):
                    files.put(url, chrome.fill(html, self._top, not_found_page(self.pages).body).encode())
            else:
                written.append(self._page_of_text(files, url))
        # A repository's own look may be older than some script of the tool.
        for url in addresses():
            content = as_published(url, b"")
            if url not in files.written and files.wants(url, digest_of(content).hex()):
                files.put(url, content)
        return docs, written

    def _left(self) -> Iterator[str]:
        """Yield the addresses of what is to be taken over, sorted by path."""
        for path in sorted(p for p in self._folder.rglob("*") if p.is_file()):
            url = path.relative_to(self._folder).as_posix()
            if not (url.endswith(_LEFT_OUT) or url.startswith("_itsm/") or is_inner(url)):
                yield url

    def _page_of_text(self, files: SiteFiles, url: str) -> WrittenPage:
        """Write a page with a text of its own, where it is not as it was."""
        path = self._folder / url
        html = path.read_text(encoding="utf-8")
        title = chrome.title_of(html)
        if files.wants(url, ""):
            root = urls.root(url)
            dressed = chrome.dress(html, root, self.shell.scripts(root))
            files.put(url, chrome.in_language(dressed, self._written).encode(), title)
        return WrittenPage(Doc(url, title, t(HANDBOOK), snippet=_begins(html)), path, self.sign(url))


_FIRST = re.compile(r"</h1>.*?<p>(.*?)</p>", re.DOTALL)
_TAGS = re.compile(r"<[^>]+>")
_LONGEST = 160


def _begins(html: str) -> str:
    """Return the first paragraph of a written page as plain text, cut at a word."""
    found = _FIRST.search(html)
    text = " ".join(unescape(_TAGS.sub("", found.group(1))).split()) if found else ""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rsplit(' ', 1)[0]}…"


def page_doc(url: str, title: str) -> Doc:
    """Return what search shows of a page of no document."""
    return Doc(url, title, t("Report") if url.startswith(_REPORTS) else t("Page"))
