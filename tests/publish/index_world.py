"""The search index of a repository without the rest of its site: what a browser loads, in a second."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

from sample_site import NOW

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.model.audience import INTERNAL
from itsm_gitops.presentation import navigation, urls
from itsm_gitops.presentation.extras import extra_of
from itsm_gitops.presentation.language import spoken, t
from itsm_gitops.presentation.view import View
from itsm_gitops.publish import search
from itsm_gitops.publish.batches import SiteFiles
from itsm_gitops.publish.build_cache import BuildCache
from itsm_gitops.publish.indexing import Indexer, in_search_order, shortcuts
from itsm_gitops.publish.output import claim
from itsm_gitops.publish.rendered import HANDBOOK, WrittenPage, page_doc
from itsm_gitops.publish.search import Doc
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import load_store

_TITLE = re.compile(r"^title: (.*)$", re.MULTILINE)


def write_index(repo: Repository, docs: Path, language: str, folder: Path) -> Path:
    """Write the index of a site in a language and return its folder; ``docs`` has its handbook."""
    words: dict[str, str] = {}

    def visit(store: object, document: object) -> list[object]:
        words[document.id] = search.words_of(document.data)  # type: ignore[attr-defined]
        return extra_of(document, store.book)  # type: ignore[attr-defined,arg-type,return-value]

    with spoken(language):
        store, extras = load_store(repo.snapshot(), visit=visit)  # type: ignore[arg-type]
        view = View(store, extras, NOW)  # type: ignore[arg-type]
        pages, written = _pages(view, docs, folder / "handbook")
        cache = BuildCache(None, "", {})
        with claim(folder / "site", INTERNAL) as opened:
            files = SiteFiles(view, cache, opened, lambda url: "")
            Indexer(files, pages, written, cache, str(opened.root)).write(in_search_order(view), words)
    return folder / "site"


def _pages(view: View, docs: Path, kept: Path) -> tuple[list[Doc], list[WrittenPage]]:
    handbook = navigation.handbook_pages(docs)
    reports = [(urls.report(n), title) for n, title in SnapshotReporter().titles(view.book, whole=True)]
    _, empty = navigation.navigation(view.book, handbook, (), reports)
    titles = {path: json.loads(_TITLE.findall(text)[0]) for path, text in sorted(empty.items())}
    # In the menu some have a shorter name.
    longer = {urls.CHANGES: t("Upcoming changes"), urls.MAP: t("Map of dependencies")}
    named = {path.removesuffix(".md") + ".html": title for path, title in titles.items()} | longer
    pages = [page_doc(url, title) for url, title in named.items()]
    pages += shortcuts(view)
    written = []
    for path, title in handbook:
        rendered = kept / path
        rendered.parent.mkdir(parents=True, exist_ok=True)
        rendered.write_text(f"<article>{escape((docs / path).read_text(encoding='utf-8'))}</article>")
        written.append(WrittenPage(Doc(path.removesuffix(".md") + ".html", title, HANDBOOK), rendered, ""))
    return pages, written
