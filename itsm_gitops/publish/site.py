"""Writes all pages and data files of one site from the loaded snapshot."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.tokens import tokens
from itsm_gitops.publish import chrome, engine, explorer, output, scripts, search, urls
from itsm_gitops.publish.background import conflicts, evidence_files
from itsm_gitops.publish.batches import Batch, shape_of
from itsm_gitops.publish.build_cache import BuildCache, PageFiles
from itsm_gitops.publish.data import api, data_files
from itsm_gitops.publish.indexing import HANDBOOK, Indexer, in_search_order, page_doc, shortcuts
from itsm_gitops.publish.own_work import work_file
from itsm_gitops.publish.pages import board, calendar, due, explore, forms, home, lists, mine, plan
from itsm_gitops.publish.pages import reports as report_pages
from itsm_gitops.publish.pages import topology as map_pages
from itsm_gitops.publish.pages.find import not_found_page, search_page
from itsm_gitops.publish.pages.lists import ListPage
from itsm_gitops.publish.pages.subscribe import subscribe_page
from itsm_gitops.publish.planned import Plan
from itsm_gitops.publish.reasons import ALWAYS, OTHER_FIGURES, OTHER_ROWS, PageReason, not_made
from itsm_gitops.publish.search import Doc, Postings, handed_over
from itsm_gitops.publish.site_reports import SiteReports
from itsm_gitops.publish.slim import STYLES
from itsm_gitops.publish.stamping import Progress, StaleFile, Stamper, pieces
from itsm_gitops.publish.topology import Topology, data_file
from itsm_gitops.publish.tracing import Tracer, traced
from itsm_gitops.publish.view import View
from itsm_gitops.repository.workers import default_jobs, share_as_free

_LEFT_OUT = (".map", "sitemap.xml", "sitemap.xml.gz", "search.json")


class Site:
    """One build of a site: writes everything once; ``written`` then has the stamp of every file."""

    def __init__(
        self,
        view: View,
        rendered: Path,
        folder: output.SiteFolder,
        url: str,
        progress: Progress,
        reports: SiteReports,
        cache: BuildCache,
    ) -> None:
        """Take also ``url``: where the site will be, '' where that is not known."""
        self._cache = cache
        self.reports = reports
        self._view = view
        self._plan = Plan(view)
        self._topology = Topology(view)
        view.conflicts = conflicts(self._plan.schedule)
        self._batch = Batch(view, cache)  # when the view has everything that is noted
        self._url = url
        self._top = urlsplit(url).path.rstrip("/") + "/"  # for the page that is shown at any address
        self._rendered = rendered
        self._folder = folder
        self._target = str(folder.root)
        self._progress = progress
        shell = rendered / f"{engine.SHELL}.html"
        self._shell = chrome.Shell(
            shell.read_text(encoding="utf-8"),
            engine.SHELL_ROOT,
            lambda url: scripts.as_published(url, (rendered / url).read_bytes()),
        )
        paths = (p.relative_to(rendered).as_posix() for p in rendered.rglob("*.html"))
        self._existing = frozenset(paths)
        self.written: dict[str, bytes] = {}  # the files of the site, and how to tell that they are the same
        self._changed = 0
        self._always: set[str] = set()  # what is made each time
        self._titles: dict[
            str, str
        ] = {}  # of pages that are up to date and that the engine has one for, by address
        self.report = (0, 0, 0, 0, 0)

    def write(self, words: dict[str, str] | None) -> None:
        """Write every page; ``report`` is then pages, records, items, changed files and removed files.

        ``words`` are the words of each document for the search index that the cache does not know; they are used up.
        None: take them from the pages.
        """
        around = hashlib.sha256(f"{self._url}\0{self._shell.digest()}".encode()).hexdigest()
        self._cache.begin(self._view, self._target, around)
        entries = in_search_order(self._view)
        unwritten: list[Indexer] = []

        def meanwhile() -> None:
            indexer = self._bounded_part(entries)
            if words is not None:
                self._index(indexer, entries, words)
            else:
                unwritten.append(indexer)

        words_by_id = self._documents(entries, self._view.entries if words is not None else (), meanwhile)
        for indexer in unwritten:
            self._index(indexer, entries, words_by_id)
        records = sum(self._view.kind(e).is_record for e in entries)
        removed = self._folder.remove_stale(self.written)
        count = sum(u.endswith(".html") for u in self.written)
        self.report = (count, records, len(entries) - records, self._changed, removed)

    def made(self, page: str = "") -> list[PageReason]:
        """Return the pages and data files that this build made and why, by address; or what it did about one page.

        ``page`` is an address, or the identifier of a document.
        """
        if not page:
            made = dict.fromkeys(self._always, ALWAYS)
            made |= {self._view.url(key) or key: why for key, why in self._cache.why.items()}
            return [PageReason(url, why) for url, why in sorted(made.items())]
        url = self._view.url(page) or page.removeprefix("./")
        keys = [page, url, PurePosixPath(url).stem]
        keys += [urls.REPORTS] if url in self.reports.files else []
        why = next((self._cache.why[key] for key in keys if key in self._cache.why), "")
        if why or url in self._always:
            return [PageReason(url, why or ALWAYS)]
        return [not_made(url, page.keys) for page in map(self._cache.page, keys) if page][:1]

    def _bounded_part(self, entries: list[Entry]) -> Indexer:
        """Write everything but the documents and the search index; return what writes that."""
        reports, data, keys = self._report_files()
        pages = {p.url: p for p in [*self._record_lists(), *reports, *self._pages()]}
        indexer = Indexer(self._view, *self._engine_files(pages), self._cache, self._target)
        rendered = frozenset(self.written)
        for page in pages.values():
            if page.url not in rendered:
                self._stamp(page)
        for name, content in data_files(self._view, self._plan, self._url):
            self._put(name, content)
        self._put(*data_file(self._topology))
        built = {"at": clock.format_time(self._view.now), "zone": str(self._view.zone)}
        self._put(*handed_over(urls.BUILT, urls.BUILT.removesuffix(".js"), built))
        for url, content in (*data, *evidence_files(self._view)):
            self._put(url, content)
        self._note_reports(keys)
        indexes = api.indexes(self._batch.view, self._batch.wants)
        for name, content in chain(indexes, explorer.files(self._view, entries, self._batch)):
            self._put(name, content)
        if mine.has_page(self._view.book, self._view.audience):
            self._put(*work_file(self._view))
        self.written |= self._batch.current
        return indexer

    def _index(self, indexer: Indexer, entries: list[Entry], words: dict[str, str]) -> None:
        """Write the search index."""
        for name, content in indexer.files(entries, words):
            self._put(name, content)
        self.written |= indexer.kept
        indexer.keep(entries, self.written)

    def _pages(self) -> Iterator[ListPage]:
        """Yield every page that is not a document's."""
        view = self._view
        yield subscribe_page(view, self._url)
        yield home.services_page(view)
        yield home.catalogue_page(view)
        yield lists.records_index(view)
        yield explore.explore_page(view)
        if mine.has_page(view.book, view.audience):
            yield mine.mine_page()
        if view.audience.reports:
            yield due.due_page(view)
        yield plan.changes_page(view)
        if board.has_board(view):
            yield board.board_page(view)
        yield from calendar.calendar_pages(view, self._plan)
        yield plan.known_errors_page(view)
        yield lists.cmdb_index(view)
        yield map_pages.map_page(self._topology)
        yield from lists.class_lists(view)
        yield from forms.pages(view)
        yield search_page()
        yield home.home_page(view, self._existing)

    def _report_files(self) -> tuple[Sequence[ListPage], Sequence[tuple[str, bytes]], set[str]]:
        """Return the pages and data files of reports, and what they were made from; none where they are up to date."""
        reports, files = self.reports, self.reports.files
        if self._cache.is_current(urls.REPORTS, files, reports.sign) and files:
            self.written.update(zip(files, self._cache.signs(urls.REPORTS), strict=True))
            self._titles.update(reports.titles)
            return (), (), set()
        if self._cache.why.get(urls.REPORTS) == OTHER_ROWS:
            self._cache.why[urls.REPORTS] = OTHER_FIGURES
        tracer = Tracer()
        tracer.begin(urls.REPORTS)
        pages = list(report_pages.report_pages(traced(self._view, tracer), reports.all))
        data = list(report_pages.data_files(reports.all))
        reports.titles = {page.url: page.title for page in pages}
        reports.files = [*reports.titles, *(url for url, _ in data)]
        return pages, data, tracer.keys

    def _note_reports(self, keys: set[str]) -> None:
        reports = self.reports
        if keys and reports.files and self._cache.active:
            signs = [self.written[url] for url in reports.files]
            self._cache.note([PageFiles.of(urls.REPORTS, keys, signs, reports.sign)])
            self._always.difference_update(reports.files)

    def _record_lists(self) -> list[ListPage]:
        """Write the lists of records that are out of date; return those that the engine has a page for."""
        batch = self._batch
        rendered = []
        for page in lists.record_lists(batch.view, batch.wants):
            if page.url in self._existing:
                rendered.append(page)
                continue
            self._stamp(page)
        return rendered

    def _engine_files(self, pages: dict[str, ListPage]) -> tuple[list[Doc], Postings]:
        """Take over what the engine rendered; return the search entries of its pages."""
        docs: list[Doc] = []
        written: list[tuple[Doc, str]] = []  # pages with text of their own come after the others
        words: Postings = {}
        for name, content in self._shell.shared():
            self._put(name, content)
        for path in sorted(p for p in self._rendered.rglob("*") if p.is_file()):
            url = path.relative_to(self._rendered).as_posix()
            if url.endswith(_LEFT_OUT) or url.startswith("_itsm/") or scripts.is_inner(url):
                continue
            if url in self._titles:
                docs.append(page_doc(url, self._titles[url]))
                continue
            if not url.endswith(".html"):
                added = self._shell.styles() if url == STYLES else b""
                self._put(url, scripts.as_published(url, path.read_bytes()) + added)
                continue
            html = path.read_text(encoding="utf-8")
            if url == urls.NOT_FOUND:
                self._put(url, chrome.fill(html, self._top, not_found_page().body).encode())
                continue
            loaded = self._shell.scripts(urls.root(url))
            if url in pages:
                self._put(url, chrome.fill(html, urls.root(url), pages[url].body, loaded).encode())
                docs.append(page_doc(url, pages[url].title))
                continue
            self._put(url, chrome.dress(html, urls.root(url), loaded).encode())
            text = search.page_text(html)
            written.append((Doc(url, chrome.title_of(html), HANDBOOK), text))
        # A repository's own look may be older than some script of the tool.
        for url in scripts.addresses():
            if url not in self.written:
                self._put(url, scripts.as_published(url, b""))
        docs += shortcuts(self._view)
        for doc, text in written:
            docs.append(doc)
            search.post(words, len(docs) - 1, tokens(text))
        return docs, words

    def _put(self, url: str, content: bytes) -> None:
        self._changed += self._folder.write(url, content)
        sign = self.written[url] = output.sign(self._target, url)
        if self._batch.is_making(url):
            self._batch.note(url, sign)
        else:
            self._always.add(url)

    def _stamp(self, page: ListPage) -> None:
        around = self._shell.frame(urls.root(page.url), page.section)
        self._put(page.url, around.page(page.title, page.body, urls.folder_of(page.url)))

    def _files_of(self, entry: Entry) -> tuple[str, ...]:
        """Return the page of a document and its data, where it has a file of its own."""
        view = self._view
        if view.kind(entry).is_record and not view.is_open(entry):
            return (view.url(entry.id),)
        return view.url(entry.id), view.data_url(entry)

    def _stale(self, todo: Iterable[Entry]) -> Iterator[StaleFile]:
        """Yield the files of finished records that must be written; of those that need not be, note the stamps."""
        cache, changed = self._cache, {e.id for e in todo}
        for name, members in self._view.finished.items():
            url = urls.api_finished(name)
            if changed.isdisjoint(members) and cache.is_current(url, (url,), shape_of(members)):
                self.written[url] = cache.signs(url)[0]
                continue
            yield StaleFile(url, members, cache.untouched(url, (url,)))

    def _documents(
        self, entries: list[Entry], with_words: Container[str], meanwhile: Callable[[], None]
    ) -> dict[str, str]:
        """Stamp the pages of the documents that need it, in several processes when there are many.

        This process calls ``meanwhile`` first. Returns the words of the documents that are not in ``with_words``.
        """
        files = {e.id: self._files_of(e) for e in entries}
        todo = [e for e in entries if not self._cache.is_current(e.id, files[e.id])]
        view = self._view
        _ = view.health, view.offers, view.network.related(""), view.similar, view.hit_by, view.finished
        tracing, progress = self._cache.active, self._progress
        stale = list(self._stale(todo))
        parts = pieces(todo, stale, view.entries)
        total = sum(len(part.entries) for part in parts)
        stamper = Stamper(
            view, self._shell, self._folder, total, with_words, tracing=tracing, progress=progress
        )
        gc.freeze()
        try:
            shares = share_as_free(parts, stamper, meanwhile, default_jobs(total))
        finally:
            gc.unfreeze()
        words: dict[str, str] = {}
        for share in shares:
            self._changed += share.changed
            self._cache.note(share.pages)
            words |= share.words
        for name, some in files.items():
            # One that was deleted meanwhile has no stamps: the next build looks at it again.
            self.written.update(zip(some, self._cache.signs(name) or (b"",) * len(some), strict=True))
        self.written.update((shard.url, self._cache.signs(shard.url)[0]) for shard in stale)
        return words
