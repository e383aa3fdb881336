"""Builds a site when something may have changed since the last build: reads the snapshot, runs the engine, writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from itsm_gitops.presentation.handbook import RuleText
from itsm_gitops.presentation.language import spoken
from itsm_gitops.publish import engine, frame, output
from itsm_gitops.publish.audience import load, visible_book
from itsm_gitops.publish.background import add_background
from itsm_gitops.publish.build_cache import BuildCache, digest
from itsm_gitops.publish.last_build import Figures, LastBuild
from itsm_gitops.publish.reasons import PageReason
from itsm_gitops.publish.rendered import Rendered
from itsm_gitops.publish.reporter import Reporter
from itsm_gitops.publish.site import Site
from itsm_gitops.publish.stamping import Progress
from itsm_gitops.repository.index.site_rows import DamagedRows, SiteRows, open_rows
from itsm_gitops.snapshots.config import Config, read_audience, read_rulebook
from itsm_gitops.snapshots.gaps import require, snapshot_gaps
from itsm_gitops.snapshots.memory import stamps
from itsm_gitops.snapshots.spool import spooled

if TYPE_CHECKING:
    from itsm_gitops.model.audience import Audience
    from itsm_gitops.model.rulebook import RuleBook
    from itsm_gitops.repository import Repository


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be built (the snapshot ``at``), into which folder, for whom, and as of which moment (UTC).

    ``base_url`` is where the site will be, None where the settings say it. ``facts`` are what decides beside the
    repository what the engine renders. The others are as ``build_site`` has them.
    """

    at: str | None
    target: Path
    audience: str
    base_url: str | None
    moment: datetime
    cli_reference: Callable[[], str | None]
    rules: Callable[[], Sequence[RuleText]]
    reporter: Reporter | None
    progress: Progress
    explain: str | None
    facts: Sequence[str]

    @property
    def work(self) -> Path:
        """The folder beside the site for what only builds need."""
        return self.target.parent / f"{self.target.name}-parts"


class Made(NamedTuple):
    """What a build counted, how many files changed on disk and were removed, and whether nothing was made at all."""

    figures: Figures
    written: int = 0
    removed: int = 0
    unchanged: bool = False
    reasons: Sequence[PageReason] = ()


def make(repo: Repository, wishes: Wishes, last_build: LastBuild) -> Made:
    """Make the site; or find, after waiting for another build, that this one has just been made."""
    snapshot = repo.snapshot(wishes.at)
    book = read_rulebook(snapshot)
    whole = repo.whole(wishes.at)
    require(snapshot_gaps(book, whole), "what the site says")
    visibility = read_audience(snapshot, book, wishes.audience)
    waited: list[bool] = []

    def waiting() -> None:
        waited.append(True)
        wishes.progress("Waiting for another build", 0, 1)

    with output.claim(wishes.target, visibility.name, repo.root, waiting) as folder:
        figures = last_build.figures() if waited else None
        if figures is not None:
            return Made(figures, unchanged=True)
        output.work_folder(wishes.work, repo.root)
        config = repo.settings(snapshot)
        # What another audience sees of a document depends on everything: its site is made anew each time.
        # So is one with roots, whose documents are not in the files that Git is asked about.
        git = repo.git if visibility.everything and not config.roots else None
        stamping = partial(stamps, snapshot, wishes.work / "clock")
        purpose = digest(snapshot, [visibility.name, type(wishes.reporter).__qualname__])

        def build(rows: SiteRows | None) -> tuple[Site, str]:
            cache = BuildCache(rows, purpose, stamping)
            if last_build.untouched(cache.signature):
                cache.trust_output()
            with spoken(frame.language_of(repo.root, config)):
                site = _made(repo, wishes, visibility, book, config, folder, cache)
            cache.keep(site.reports.fact())
            return site, cache.signature

        site, signature = _with_rows(last_build.rows if git else None, build)
        removed = last_build.tidy(folder, site.written)
        figures = Figures(*site.counts, tuple(g.as_row() for g in repo.gaps.values()))
        last_build.keep(signature, figures)
    reasons = site.made(wishes.explain) if wishes.explain is not None else ()
    return Made(figures, site.changed, removed, reasons=reasons)


def _with_rows(path: Path | None, build: Callable[[SiteRows | None], T]) -> T:
    """Return what ``build`` makes with the rows of the last build; without them where they are damaged."""
    rows = open_rows(path) if path else None
    with closing(rows) if rows else nullcontext(), suppress(DamagedRows):
        return build(rows)
    return build(None)


def _made(
    repo: Repository,
    wishes: Wishes,
    visibility: Audience,
    book: RuleBook,
    config: Config,
    folder: output.SiteFolder,
    cache: BuildCache,
) -> Site:
    """Read the documents and write the site."""
    progress, reporter, work = wishes.progress, wishes.reporter, wishes.work
    snapshot = repo.snapshot(wishes.at)
    url = wishes.base_url if wishes.base_url is not None else config.site_url

    def sources() -> engine.Sources:
        return frame.sources(
            repo.root,
            visible_book(book, visibility),
            config,
            visibility,
            url,
            cli_reference=wishes.cli_reference(),
            rules=wishes.rules(),
            reports=reporter.titles(book, whole=visibility.everything)
            if reporter and visibility.reports
            else (),
        )

    made_of = digest(snapshot, wishes.facts)
    with engine.rendering(made_of, sources, work, repo.git) as rendered, spooled(work) as spool:
        view, reports, words, unread = load(
            snapshot,
            book,
            visibility,
            reporter,
            wishes.moment,
            readings=cache.readings,
            spool=spool,
            progress=partial(progress, "Reading"),
        )
        repo.gaps = {gap.path: gap for gap in unread}
        progress("Reading what happened", 0, 1)
        add_background(view, repo, wishes.at, reporter)
        progress("Rendering the frame", 0, 1)
        frame_and_pages = Rendered(rendered(), url, frame.written_language(repo.root))
        site = Site(view, frame_and_pages, folder, url, progress, reports, cache)
        site.write(words)
    return site
