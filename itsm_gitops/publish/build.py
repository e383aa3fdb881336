"""Builds the site: a snapshot in, a folder of static files out."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from itsm_gitops.documents.places import plain_path
from itsm_gitops.model import clock
from itsm_gitops.publish import engine, frame, handbook, output
from itsm_gitops.publish.audience import load, visible_book
from itsm_gitops.publish.background import add_background
from itsm_gitops.publish.build_cache import BuildCache, digest
from itsm_gitops.publish.last_build import Figures, LastBuild, background
from itsm_gitops.publish.reporter import Reporter
from itsm_gitops.publish.site import Site
from itsm_gitops.publish.stamping import Progress
from itsm_gitops.repository import Repository
from itsm_gitops.repository.config import read_audience, read_config, read_rulebook
from itsm_gitops.repository.gaps import gap_of, require, snapshot_gaps
from itsm_gitops.repository.rooted import rooted
from itsm_gitops.repository.spool import spooled

OUTPUT = Path("build/site")


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


def _silent(what: str, count: int, total: int) -> None:
    """Report no progress."""


@contextmanager
def _uncollected() -> Iterator[None]:
    """Switch the garbage collector off: a build makes hardly any cycles, and collecting takes a tenth of its time."""
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
    done and the total. ``repo.gaps`` says afterwards which documents could not be read: they are missing, and
    what they could have a say in is "unknown". Raises ItsmError when the site cannot be built: for faulty
    settings, rules or audiences, and for a snapshot that is checked out in part.
    """
    started = time.perf_counter()
    progress("Reading", 0, 1)
    snapshot = repo.snapshot(at)
    book, config = read_rulebook(snapshot), read_config(snapshot).require(snapshot.name)
    snapshot = rooted(snapshot, config)
    require(snapshot_gaps(book, snapshot), "what the site says")
    visibility = read_audience(snapshot, book, config.audience if audience is None else audience)
    usual = (
        OUTPUT if visibility.name == config.audience else OUTPUT.with_name(f"{OUTPUT.name}-{visibility.name}")
    )
    target = plain_path(repo.root / (output_folder or usual))
    waiting = partial(progress, "Waiting for another build", 0, 1)
    with output.claim(target, visibility.name, repo.root, waiting) as folder:
        work = output.work_folder(_work_folder(target), repo.root)
        settings = [visibility.name, type(reporter).__qualname__]
        # What another audience sees of a document depends on everything: its site is made anew each time.
        # So is one with roots, whose documents are not in the files that Git is asked about.
        git = repo.git if visibility.everything and not config.roots else None
        tool, moment = digest(snapshot, settings), (now or clock.now()).astimezone(UTC)
        made_of = engine.made_of(frame.site_folder(repo.root), config.engine)
        facts = (tool, moment.isoformat(), repr((base_url, cli_reference, tuple(rules))), made_of)
        last_build = LastBuild(git, work, str(target), snapshot, background(git, at, facts) if git else ())
        same = last_build.figures()
        if same:
            seconds = time.perf_counter() - started
            repo.gaps = {gap.path: gap for gap in map(gap_of, same.unread)}  # it is as incomplete as it was
            return SiteReport(target, visibility.name, *same[:3], 0, 0, seconds, unchanged=True)
        cache = BuildCache(git, work, tool, last_build.stamps)
        url = base_url if base_url is not None else config.site_url
        parts = frame.sources(
            repo.root,
            visible_book(book, visibility),
            config,
            visibility,
            url,
            cli_reference=cli_reference,
            rules=rules,
            reports=reporter.titles() if reporter and visibility.reports else (),
        )
        with engine.rendering(parts, work, repo.git) as rendered, spooled(work) as spool:
            view, report_list, words, unread = load(
                snapshot,
                book,
                visibility,
                reporter,
                moment,
                memory=cache.memory,
                spool=spool,
                progress=partial(progress, "Reading"),
            )
            repo.gaps = {gap.path: gap for gap in unread}
            progress("Reading what happened", 0, 1)
            add_background(view, repo, at, reporter)
            progress("Rendering the frame", 0, 1)
            site = Site(view, rendered(), folder, url, progress, report_list, cache)
            report = site.write(words)
        cache.keep()
        last_build.keep(site.written, Figures(*report[:3], tuple(g.as_row() for g in repo.gaps.values())))
    seconds = time.perf_counter() - started
    return SiteReport(target, visibility.name, *report, seconds)


def _work_folder(target: Path) -> Path:
    """Return the folder beside a site for what only builds need."""
    return target.parent / f"{target.name}-parts"
