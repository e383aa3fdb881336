"""Building the site: a snapshot in, a folder of static files out."""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from itsm_gitops.model import clock
from itsm_gitops.model.audience import read_audience
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.report import Report
from itsm_gitops.publish import chrome, engine, explorer, frame, handbook, output, search, urls
from itsm_gitops.publish.audience import load, visible_book
from itsm_gitops.publish.background import add_background, conflicts, evidence_files
from itsm_gitops.publish.data import data_files
from itsm_gitops.publish.indexing import Indexer
from itsm_gitops.publish.last import Figures, Last, background
from itsm_gitops.publish.memo import Made, Memo, digest
from itsm_gitops.publish.pages import calendar, explore, forms, home, lists, plan
from itsm_gitops.publish.pages import reports as report_pages
from itsm_gitops.publish.pages import topology as map_pages
from itsm_gitops.publish.pages.find import not_found_page, search_page
from itsm_gitops.publish.pages.lists import Page
from itsm_gitops.publish.planned import Plan
from itsm_gitops.publish.reporter import Reporter
from itsm_gitops.publish.search import Doc, Postings
from itsm_gitops.publish.slim import STYLES
from itsm_gitops.publish.stamping import Progress, Stamper
from itsm_gitops.publish.topology import Topology, data_file
from itsm_gitops.publish.tracing import Tracer, traced
from itsm_gitops.publish.view import View
from itsm_gitops.repository import Repository
from itsm_gitops.repository.config import read_config, read_rulebook
from itsm_gitops.repository.spool import spooled
from itsm_gitops.repository.workers import share_as_free

OUTPUT = Path("build/site")
_LEFT_OUT = (".map", "sitemap.xml", "sitemap.xml.gz", "search.json")


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What a build did: for whom, pages of the site, files that changed on disk, files removed, the time.

    ``unchanged`` says that nothing was made at all, because it would have been the same.
    """

    output: Path
    audience: str
    pages: int
    records: int
    items: int
    written: int
    removed: int
    seconds: float
    unchanged: bool = False


def _silent(what: str, done: int, total: int) -> None:
    """Report no progress."""


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no circles meanwhile: a build makes hardly any, and looking takes a tenth of its time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@_uncollected()
def build_site(
    repo: Repository,
    *,
    at: str | None = None,
    output_folder: Path | None = None,
    base_url: str | None = None,
    audience: str | None = None,
    cli_reference: str | None = None,
    rules: Sequence[handbook.RuleText] = (),
    reporter: Reporter | None = None,
    now: datetime | None = None,
    progress: Progress = _silent,
) -> SiteReport:
    """Build the site of a snapshot for an audience, into a folder (``build/site`` of the repository).

    ``audience`` is one of schemas/policies/audiences.yaml (default: as ``itsm.yaml`` says; any other is
    built into ``build/site-NAME``). ``base_url`` is where the site will be (default: as ``itsm.yaml``
    says), ``cli_reference`` the Markdown of the command line's reference, ``rules`` what the handbook says
    of each rule, ``reporter`` what makes the reports (none: the site has none), ``now`` the moment that
    "open" and "upcoming" refer to (default: the clock). ``progress`` is called with a phase, how much is
    done and the total. Raises ItsmError when the site cannot be built.
    """
    started = time.perf_counter()
    progress("Reading", 0, 1)
    snapshot = repo.snapshot(at)
    book, config = read_rulebook(snapshot), read_config(snapshot)[0]
    wanted = read_audience(book, audience or config.audience)
    folder = OUTPUT if wanted.name == config.audience else OUTPUT.with_name(f"{OUTPUT.name}-{wanted.name}")
    target = (repo.root / (output_folder or folder)).absolute()
    output.claim(target, wanted.name)
    about = [wanted.name, type(reporter).__qualname__]
    work = _work_folder(target)
    # What another audience sees of a document depends on everything: its site is made anew each time.
    git = repo.git if wanted.everything else None
    tool, moment = digest(snapshot, about), (now or clock.now()).astimezone(UTC)
    made_of = engine.made_of(frame.site_folder(repo.root), config.engine)
    facts = (tool, moment.isoformat(), repr((base_url, cli_reference, tuple(rules))), made_of)
    last = Last(git, work, str(target), snapshot, background(git, at, facts) if git else ())
    same = last.figures()
    if same:
        return SiteReport(target, wanted.name, *same, 0, 0, time.perf_counter() - started, unchanged=True)
    memo = Memo(git, work, tool, last.stamps)
    url = base_url if base_url is not None else config.site_url
    parts = frame.sources(
        repo.root,
        visible_book(book, wanted),
        config,
        wanted,
        url,
        cli_reference=cli_reference,
        rules=rules,
        reports=reporter.titles() if reporter and wanted.reports else (),
    )
    with engine.rendering(parts, work) as rendered, spooled(work) as spool:
        view, found, words = load(
            snapshot,
            book,
            wanted,
            reporter,
            moment,
            memory=memo.memory,
            spool=spool,
            progress=partial(progress, "Reading"),
        )
        progress("Reading what happened", 0, 1)
        add_background(view, repo, at, reporter)
        progress("Rendering the frame", 0, 1)
        site = _Site(view, rendered(), target, url, progress, found, memo)
        report = site.write(words)
    memo.keep()
    last.keep(site.written, Figures(*report[:3]))
    seconds = time.perf_counter() - started
    return SiteReport(target, wanted.name, *report, seconds)


def _work_folder(target: Path) -> Path:
    """Return the folder beside a site for what only builds need."""
    return target.parent / f"{target.name}-parts"


class _Site:
    """One build: everything between the loaded snapshot and the files."""

    def __init__(
        self,
        view: View,
        rendered: Path,
        target: Path,
        url: str,
        progress: Progress,
        reports: Sequence[Report],
        memo: Memo,
    ) -> None:
        """Take also ``url``: where the site will be, '' where that is not known."""
        self._memo = memo
        self._reports = reports
        self._view = view
        self._plan = Plan(view)
        self._topology = Topology(view)
        view.conflicts = conflicts(self._plan.schedule)
        self._url = url
        self._top = urlsplit(url).path.rstrip("/") + "/"  # for the page that is shown at any address
        self._rendered = rendered
        self._target = str(target)
        self._progress = progress
        self._folders: set[str] = set()
        shell = rendered / f"{engine.SHELL}.html"
        self._shell = chrome.Shell(shell.read_text(encoding="utf-8"), engine.SHELL_ROOT)
        found = (p.relative_to(rendered).as_posix() for p in rendered.rglob("*.html"))
        self._existing = frozenset(found)
        self.written: dict[str, bytes] = {}  # the files of the site, and how to tell that they are the same
        self._changed = 0

    def write(self, words: dict[str, str]) -> tuple[int, int, int, int, int]:
        """Write every page; return pages, records, items, changed files and removed files.

        ``words`` are those that search finds each document by, if they are known already; they are used up.
        """
        around = hashlib.sha256(f"{self._url}\0{self._shell.digest()}".encode()).hexdigest()
        self._memo.begin(self._view, self._target, around)
        entries = self._entries()
        known = bool(words)
        unwritten: list[Indexer] = []

        def meanwhile() -> None:
            indexer = self._bounded_part(entries)
            if known:
                self._index(indexer, entries, words)
            else:
                unwritten.append(indexer)

        found = self._documents(entries, self._view.entries if known else (), meanwhile)
        for indexer in unwritten:
            self._index(indexer, entries, found)
        records = sum(self._view.kind(e).is_record for e in entries)
        removed = output.remove_stale(Path(self._target), self.written)
        count = sum(u.endswith(".html") for u in self.written)
        return count, records, len(entries) - records, self._changed, removed

    def _bounded_part(self, entries: list[Entry]) -> Indexer:
        """Write everything but the documents and the search index; return what writes that."""
        pages = {p.url: p for p in [*self._record_lists(), *self._pages()]}
        indexer = Indexer(self._view, *self._engine_files(pages), self._memo, self._target)
        rendered = frozenset(self.written)
        for page in pages.values():
            if page.url not in rendered:
                self._stamp(page)
        for name, content in data_files(self._view, self._plan, self._url):
            self._put(name, content)
        self._put(*data_file(self._topology))
        for url, content in (*report_pages.data_files(self._reports), *evidence_files(self._view)):
            self._put(url, content)
        for name, content in explorer.files(self._view, entries):
            self._put(name, content)
        return indexer

    def _index(self, indexer: Indexer, entries: list[Entry], words: dict[str, str]) -> None:
        """Write the search index."""
        for name, content in indexer.files(entries, words):
            self._put(name, content)
        indexer.keep(entries, self.written)

    def _pages(self) -> Iterator[Page]:
        """Yield every page that is not a document's."""
        view = self._view
        yield home.services_page(view)
        yield home.catalogue_page(view)
        yield lists.records_index(view)
        yield explore.explore_page(view)
        yield plan.changes_page(view)
        yield from calendar.calendar_pages(view, self._plan)
        yield plan.known_errors_page(view)
        yield lists.cmdb_index(view)
        yield map_pages.map_page(self._topology)
        yield from lists.class_lists(view)
        yield from forms.pages(view)
        yield from report_pages.report_pages(view, self._reports)
        yield search_page()
        yield home.home_page(view, self._existing)

    def _record_lists(self) -> list[Page]:
        """Write the lists of records, those that are other now; return the ones the engine has a page for."""
        memo, tracer = self._memo, Tracer()
        view = traced(self._view, tracer) if memo.active else self._view
        shape = ""

        def make(url: str, what: str) -> bool:
            nonlocal shape
            if memo.is_current(url, (url,), what):
                self.written[url] = memo.signs(url)[0]
                return False
            tracer.begin(url)
            shape = what
            return True

        rendered = []
        for page in lists.record_lists(view, make):
            if page.url in self._existing:
                rendered.append(page)
                continue
            self._stamp(page)
            memo.note([Made(page.url, tuple(tracer.keys), (self.written[page.url],), shape)])
        return rendered

    def _engine_files(self, pages: dict[str, Page]) -> tuple[list[Doc], Postings]:
        """Take over what the engine rendered; return the search entries of its pages."""
        docs: list[Doc] = []
        words: Postings = {}
        for name, content in self._shell.script():
            self._put(name, content)
        for path in sorted(p for p in self._rendered.rglob("*") if p.is_file()):
            url = path.relative_to(self._rendered).as_posix()
            if url.endswith(_LEFT_OUT) or url.startswith("_itsm/"):
                continue
            if not url.endswith(".html"):
                added = self._shell.styles() if url == STYLES else b""
                self._put(url, path.read_bytes() + added)
                continue
            html = path.read_text(encoding="utf-8")
            if url == urls.NOT_FOUND:
                self._put(url, chrome.fill(html, self._top, not_found_page().body).encode())
                continue
            if url in pages:
                self._put(url, chrome.fill(html, urls.root(url), pages[url].body).encode())
                docs.append(Doc(url, pages[url].title, "Page"))
                continue
            self._put(url, chrome.dress(html, urls.root(url)).encode())
            docs.append(Doc(url, chrome.title_of(html), "Handbook"))
            search.post(words, len(docs) - 1, search.tokens(search.page_text(html)))
        return docs, words

    def _put(self, url: str, content: bytes) -> None:
        self._changed += output.write(self._target, url, content, self._folders)
        self.written[url] = output.sign(self._target, url)

    def _stamp(self, page: Page) -> None:
        around = self._shell.frame(urls.root(page.url), page.section)
        self._put(page.url, around.page(page.title, page.body).encode())

    def _entries(self) -> list[Entry]:
        """Return the documents that get a page, in the order search numbers them."""
        view = self._view
        wanted = [e for e in view.entries.values() if view.url(e.id)]
        items = [e for e in wanted if not view.kind(e).is_record]
        records = [e for e in wanted if view.kind(e).is_record]
        records.sort(key=lambda e: (e.opened, e.id), reverse=True)
        return [*items, *records]

    def _files_of(self, entry: Entry) -> tuple[str, str]:
        """Return the page and the data of a document."""
        record = self._view.kind(entry).is_record
        return self._view.url(entry.id), (urls.api_record if record else urls.api_item)(entry.id)

    def _documents(
        self, entries: list[Entry], known: Container[str], meanwhile: Callable[[], None]
    ) -> dict[str, str]:
        """Stamp the pages of the documents that need it, in several processes when there are many.

        ``meanwhile`` is done by this process first. Returns the words of documents beyond those that are ``known``.
        """
        todo = []
        for entry in entries:
            files = self._files_of(entry)
            if not self._memo.is_current(entry.id, files):
                todo.append(entry)
        view = self._view
        _ = view.health, view.known_errors, view.network.related(""), view.similar, view.hit_by
        tracing, progress = self._memo.active, self._progress
        stamper = Stamper(
            view, self._shell, self._target, len(todo), known, tracing=tracing, progress=progress
        )
        gc.freeze()
        try:
            shares = share_as_free(todo, stamper, meanwhile)
        finally:
            gc.unfreeze()
        words: dict[str, str] = {}
        for share in shares:
            self._changed += share.changed
            self._memo.note(share.made)
            words |= share.words
        for entry in entries:  # one that has gone meanwhile has no signs: the next build looks at it again
            signs = self._memo.signs(entry.id) or (b"", b"")
            self.written.update(zip(self._files_of(entry), signs, strict=True))
        return words
