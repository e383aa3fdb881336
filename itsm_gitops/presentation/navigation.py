"""The navigation: which pages the engine renders, and in which order readers find them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.audience import Audience
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.groups import (
    CLASSES,
    OTHER_REPORTS,
    RECORDS,
    REPORTS,
    STANDARDS,
    anchor_of,
    by_title,
    grouped,
    report_group,
)
from itsm_gitops.presentation.handbook import md
from itsm_gitops.presentation.language import t

_HEADING = re.compile(r"^# +(.+?)\s*#*$", re.MULTILINE)
_PLAIN = re.compile(r"[^\w ,.()/-]+")
# A heading of an index, or a page that it links.
_INDEXED = re.compile(r"^## +(.+?)\s*#*$|\]\(([\w.-]+\.md)\)", re.MULTILINE)
# Only written pages follow each other, as their index has them.
_SIDE = "[toc, path, footer]"
_NEITHER = "[navigation, toc, path, footer]"
# Before the address of an entry that is no page: it names the group of those that follow, and leads to its part of the index.
GROUP = "group:"
# Before the address of a page in what the engine puts on every page, whose depth it does not know.
PAGE = "page:"
# Its facets stand where other pages have the navigation.
EXPLORER = "All records"
DUE_TITLE = "What is due"
MINE_TITLE = "My work"


def known_errors_title(audience: Audience) -> str:
    """Return what the known errors are called: those who only use services know no errors, they have problems."""
    return "Known errors" if audience.everything else "Known problems"


def source_of(url: str) -> str:
    """Return the Markdown file that the engine renders to ``url``."""
    return url.removesuffix(".html") + ".md"


def navigation(
    book: RuleBook,
    handbook: Sequence[tuple[str, str]],
    reference: Sequence[tuple[str, str]],
    reports: Sequence[tuple[str, str]] = (),
    *,
    forms: bool = True,
    dues: bool = True,
    people: bool = True,
    items: bool = True,
    known_errors: str = "Known errors",
) -> tuple[list[Any], dict[str, str]]:
    """Return MkDocs' navigation and the empty pages for it, by path.

    ``handbook`` and ``reference`` are (path inside ``docs``, title) of pages that have text,
    ``reports`` are (address, title). Without text there is no handbook; ``forms`` says whether there are
    pages to report, to request and to file something, ``dues`` whether there is one of what is due, ``people`` whether there is one
    of what is one person's, ``items`` whether readers are led to configuration items, ``known_errors`` what
    the page of known errors is called.
    """
    tabs: list[Any] = [
        {t("Home"): _page(urls.HOME)},
        *([{t(MINE_TITLE): _page(urls.MINE)}] if people else []),
        {t("Services"): _page(urls.SERVICES)},
        *([{t("Catalogue"): _page(urls.CATALOGUE)}] if forms else []),
        {t("Records"): [*_records(dues=dues), *_kinds(book, records=True)]},
    ]
    if book.playing(meaning.CHANGE):
        tabs.append({t("Changes"): _page(urls.CHANGES)})
    if book.playing(meaning.KNOWN_ERROR):
        tabs.append({t(known_errors): _page(urls.KNOWN_ERRORS)})
    classes = [{t("Map"): _page(urls.MAP)}, *_kinds(book, records=False, forms=forms)]
    if items:
        tabs.append({"CMDB": [_page(urls.CMDB), *classes]})
    if reports:
        tabs.append({t("Reports"): [_page(urls.REPORTS), *_reports(book, reports)]})
    prose: list[Any] = [
        {title: path} if path != source_of(urls.HANDBOOK) else path for path, title in handbook
    ]
    if reference:
        prose.append({t("Reference"): _reference(reference)})
    if prose:
        tabs.append({t("Handbook"): prose})
    return tabs, _empty_pages(book, tabs, forms=forms)


def _records(*, dues: bool) -> list[Any]:
    """Return the pages before the lists of each kind."""
    due = [{t(DUE_TITLE): _page(urls.DUE)}] if dues else []
    return [_page(urls.RECORDS), *due, {t(EXPLORER): _page(urls.EXPLORE)}]


def _reports(book: RuleBook, reports: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """Return the pages of reports below the names of their groups."""
    entries: list[dict[str, str]] = []
    for group in (*REPORTS, OTHER_REPORTS, STANDARDS):
        some = [
            {t(title): _page(url)}
            for url, title in reports
            if report_group(PurePosixPath(url).stem, book) == group
        ]
        if some:
            entries += [{t(group): f"{GROUP}{urls.REPORTS}#{anchor_of(group)}"}, *some]
    return entries


def _reference(pages: Sequence[tuple[str, str]]) -> list[Any]:
    """Return the reference's pages, those about the fields of a kind in a part of their own."""
    kinds = [{title: path} for path, title in pages if "/fields-" in path]
    return [*({title: path} for path, title in pages if "/fields-" not in path), {t("Fields"): kinds}]


def _page(url: str) -> str:
    return source_of(url)


def _kinds(book: RuleBook, *, records: bool, forms: bool = True) -> list[dict[str, str]]:
    """Return the lists of kinds of record or of classes of item below the names of their groups.

    Those that have a tab of their own are links to it.
    """
    elsewhere = (urls.SERVICES, *([urls.CATALOGUE] if forms else []))
    left_out = () if forms else (urls.CATALOGUE,)
    kinds = [k for k in by_title(book) if k.is_record == records and urls.index(k) not in left_out]
    first, groups = (urls.RECORDS, RECORDS) if records else (urls.CMDB, CLASSES)
    entries: list[dict[str, str]] = []
    for group, members in grouped(book, kinds, groups):
        entries.append({t(group.title): f"{GROUP}{first}#{group.anchor}"})
        for kind in members:
            url = urls.index(kind)
            entries.append({plain(kind.plural_title): f"{PAGE}{url}" if url in elsewhere else _page(url)})
    return entries


def _empty_pages(book: RuleBook, tabs: list[Any], *, forms: bool) -> dict[str, str]:
    """Return the Markdown of the pages whose article is filled in later."""
    pages = {
        _page(urls.SEARCH): _empty(t("Search"), _NEITHER),
        _page(urls.SUBSCRIBE): _empty(t("Subscribe"), _NEITHER),
    }
    for role, url, title in (
        (meaning.INCIDENT, urls.REPORT, "Report an incident"),
        (meaning.CHANGE, urls.NEW_CHANGE, "Plan a change"),
    ):
        if forms and book.playing(role):
            pages[_page(url)] = _empty(t(title), _NEITHER)
    for tab in tabs:
        for title, content in tab.items():
            if title == t("Handbook"):
                continue
            if isinstance(content, str):
                pages[content] = _empty(title, _NEITHER)
                continue
            for entry in content:
                path, name = (
                    (entry, title) if isinstance(entry, str) else next((p, t) for t, p in entry.items())
                )
                if path.startswith((GROUP, PAGE)):
                    continue
                # The explorer and the map need the whole width.
                wide = name == t(EXPLORER) or path == _page(urls.MAP)
                pages[path] = _empty(name, _NEITHER if wide else _SIDE)
    return pages


def _empty(title: str, hidden: str) -> str:
    return f"---\nhide: {hidden}\ntitle: {json.dumps(title)}\n---\n\nThis page is filled in when the site is built.\n"


def plain(title: str) -> str:
    """Return a title of the rule book with nothing in it that could be markup."""
    return " ".join(_PLAIN.sub(" ", title).split()) or "Untitled"


def handbook_pages(docs: Path) -> list[tuple[str, str]]:
    """Return (path inside ``docs``, title) of the written pages: the index, then by file name.

    A page may begin with a number (``10-report.md``) to be where it should in the list. Links are no pages:
    even their titles could be those of files outside the repository.
    """
    folder = docs / "handbook"
    listed = folder.glob("*.md") if folder.is_dir() and not folder.is_symlink() else ()
    paths = sorted(p for p in listed if p.is_file() and not p.is_symlink())
    paths.sort(key=lambda p: (p.name != "index.md", p.name))
    return [(f"handbook/{p.name}", _title(p)) for p in paths]


def as_the_index(pages: Sequence[tuple[str, str]], docs: Path) -> list[tuple[str, str]]:
    """Return written pages in the order in which their index links them, below its headings; then those that it does not link.

    An index without headings leaves them as they are.
    """
    titles = dict(pages)
    index = source_of(urls.HANDBOOK)
    text = (docs / index).read_text(encoding="utf-8", errors="replace") if index in titles else ""
    found: dict[str, str] = {}
    for heading, linked in _INDEXED.findall(text):
        if heading:
            found[f"{GROUP}{urls.HANDBOOK}#{anchor_of(heading)}"] = plain(heading)
        elif (path := f"handbook/{linked}") in titles and found:
            found.setdefault(path, titles[path])
    groups = [n for n, path in enumerate(found) if path.startswith(GROUP)]
    paths = [*found, GROUP]
    empty = {paths[n] for n in groups if paths[n + 1].startswith(GROUP)}
    listed = {path: title for path, title in found.items() if path not in empty and path != index}
    return [*pages[:1], *listed.items(), *(page for page in pages[1:] if page[0] not in listed)]


def left_out(docs: Path, handbook: bool | Sequence[str]) -> frozenset[str]:
    """Return the files inside ``docs`` that are not published: all text but the chosen part of the handbook.

    ``handbook`` names files inside ``docs/handbook``; True is everything, text beside the handbook included.
    """
    if handbook is True:
        return frozenset()
    published = {f"handbook/{name}" for name in handbook or ()}
    files = {p.relative_to(docs).as_posix() for p in docs.rglob("*") if p.is_file()}
    return frozenset(f for f in files - published if f.startswith("handbook/") or f.endswith(".md"))


def _title(path: Path) -> str:
    match = _HEADING.search(path.read_text(encoding="utf-8", errors="replace"))
    return plain(match.group(1).replace("`", "")) if match else path.stem.replace("-", " ").capitalize()


def handbook_index(pages: Iterable[tuple[str, str]]) -> str:
    """Return a start page for a handbook that has none."""
    items = "\n".join(f"- [{md(title)}]({path.removeprefix('handbook/')})" for path, title in pages)
    return f"# Handbook\n\nHow this repository works.\n\n{items}\n"
