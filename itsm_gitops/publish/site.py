"""Writes all pages and data files of one site from the loaded snapshot."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import chain
from pathlib import PurePosixPath

from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.conflicts import conflicts
from itsm_gitops.presentation.data import api, feeds
from itsm_gitops.presentation.pages import lists
from itsm_gitops.presentation.planned import Plan
from itsm_gitops.presentation.view import View
from itsm_gitops.presentation.wanted import shape_of
from itsm_gitops.publish import explorer, output
from itsm_gitops.publish.batches import SiteFiles
from itsm_gitops.publish.build_cache import BuildCache
from itsm_gitops.publish.indexing import Indexer, in_search_order, shortcuts
from itsm_gitops.publish.reasons import ALWAYS, PageReason, not_made
from itsm_gitops.publish.rendered import Rendered
from itsm_gitops.publish.search import handed_over
from itsm_gitops.publish.site_reports import SiteReports
from itsm_gitops.publish.stamping import Progress, StaleFile, Stamper, pieces
from itsm_gitops.publish.units import units
from itsm_gitops.snapshots.workers import default_jobs, share_as_free

_FEW_PAGES = 20


class Site:
    """One build of a site: writes everything once; ``written`` then has the stamp of every file."""

    def __init__(
        self,
        view: View,
        rendered: Rendered,
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
        view.plan = Plan(view)
        view.conflicts = conflicts(view.plan.schedule)
        self._url = url
        self._rendered = rendered
        self._folder = folder
        self._target = str(folder.root)
        self._progress = progress
        self._files = SiteFiles(
            view, cache, folder, self._rendered.sign
        )  # when the view has everything that is noted
        self.written = self._files.written
        self.counts = (0, 0, 0)

    def write(self, words: dict[str, str] | None) -> None:
        """Write every page; ``counts`` are then those of pages, records and items.

        ``words`` are the words of each document for the search index that the cache does not know; they are used up.
        None: take them from the pages.
        """
        around = hashlib.sha256(f"{self._url}\0{self._rendered.shell.digest()}".encode()).hexdigest()
        self._cache.begin(self._view, self._target, around)
        entries = in_search_order(self._view)
        unwritten: list[Indexer] = []

        def meanwhile() -> None:
            indexer = self._bounded_part(entries)
            if words is not None:
                indexer.write(entries, words)
            else:
                unwritten.append(indexer)

        words_by_id = self._documents(entries, self._view.entries if words is not None else (), meanwhile)
        for indexer in unwritten:
            indexer.write(entries, words_by_id)
        records = sum(self._view.kind(e).is_record for e in entries)
        count = sum(u.endswith(".html") for u in self.written)
        self.counts = (count, records, len(entries) - records)

    @property
    def changed(self) -> int:
        """How many files changed on disk."""
        return self._files.changed

    def made(self, page: str = "") -> list[PageReason]:
        """Return the pages and data files that this build made and why, by address; or what it did about one page.

        ``page`` is an address, or the identifier of a document.
        """
        files, reason = self._files, self._cache.why
        if not page:
            made = dict.fromkeys(files.always, ALWAYS)
            made |= {url: reason[unit] for url, unit in files.unit_of.items() if unit in reason}
            alone = reason.keys() - files.unit_of.values()
            made |= {self._view.url(key) or key: reason[key] for key in alone}
            return [PageReason(url, why) for url, why in sorted(made.items())]
        url = self._view.url(page) or page.removeprefix("./")
        keys = [page, url, PurePosixPath(url).stem, files.unit_of.get(url, url)]
        why = next((reason[key] for key in keys if key in reason), "")
        if why or url in files.always:
            return [PageReason(url, why or ALWAYS)]
        return [not_made(url, page.keys) for page in map(self._cache.page, keys) if page][:1]

    def _bounded_part(self, entries: list[Entry]) -> Indexer:
        """Write everything but the documents and the search index; return what writes that."""
        view, files, rendered = self._view, self._files, self._rendered
        for unit in units(view, rendered, self.reports, self._url):
            files.add(unit)
        for page in lists.record_lists(files.view, files.wants):
            files.put(*rendered.file(page))
        docs, written = rendered.take_over(files)
        built = {"at": clock.format_time(view.now), "zone": str(view.zone)}
        files.put(*handed_over(urls.BUILT, urls.BUILT.removesuffix(".js"), built))
        for name, content in chain(
            feeds.files(files.view, self._url, files.wants),
            api.indexes(files.view, files.wants),
            explorer.files(view, entries, files),
        ):
            files.put(name, content)
        return Indexer(files, [*docs, *shortcuts(view)], written, self._cache, self._target)

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
            view, self._rendered.shell, self._folder, total, with_words, tracing=tracing, progress=progress
        )
        gc.freeze()
        try:
            # Few pages of many documents are worth a second process: this one has the lists and the search to do.
            jobs = default_jobs(len(entries) if total > _FEW_PAGES else total)
            shares = share_as_free(parts, stamper, meanwhile, jobs)
        finally:
            gc.unfreeze()
        words: dict[str, str] = {}
        for share in shares:
            self._files.changed += share.changed
            self._cache.note(share.pages)
            words |= share.words
        for name, some in files.items():
            # One that was deleted meanwhile has no stamps: the next build looks at it again.
            self.written.update(zip(some, self._cache.signs(name) or (b"",) * len(some), strict=True))
        self.written.update((shard.url, self._cache.signs(shard.url)[0]) for shard in stale)
        return words
