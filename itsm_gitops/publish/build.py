"""Builds the site: a snapshot in, a folder of static files out. What a build with nothing to do needs is all here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from itsm_gitops.documents.places import plain_path
from itsm_gitops.model import clock
from itsm_gitops.publish.last_build import LastBuild
from itsm_gitops.publish.tool import digest_of_files, libraries_sign, site_folder
from itsm_gitops.snapshots.gaps import gap_of
from itsm_gitops.snapshots.package_sign import package_sign
from itsm_gitops.snapshots.workers import collector_paused

if TYPE_CHECKING:
    from itsm_gitops.presentation.handbook import RuleText
    from itsm_gitops.publish.reasons import PageReason
    from itsm_gitops.publish.reporter import Reporter
    from itsm_gitops.publish.stamping import Progress
    from itsm_gitops.repository import Repository

OUTPUT = Path("build/site")
T = TypeVar("T")
# At once, or by a function whose answer depends on nothing but the tool: it is asked only where a site is made.
Given: TypeAlias = T | Callable[[], T]


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What a build did: for whom, pages of the site, files that changed on disk, files removed, the time.

    ``unchanged`` says that nothing was made at all, because it would have been the same; ``reasons`` why each page
    was made, where that was asked for.
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
    reasons: Sequence[PageReason] = ()


def _silent(what: str, count: int, total: int) -> None:
    """Report no progress."""


@collector_paused()
def build_site(
    repo: Repository,
    *,
    at: str | None = None,
    output_folder: Path | None = None,
    base_url: str | None = None,
    audience: str | None = None,
    cli_reference: Given[str | None] = None,
    rules: Given[Sequence[RuleText]] = (),
    reporter: Given[Reporter | None] = None,
    now: datetime | None = None,
    progress: Progress = _silent,
    explain: str | None = None,
) -> SiteReport:
    """Build the site of a snapshot for an audience, into a folder (``build/site`` of the repository).

    ``audience`` is one of schemas/policies/audiences.yaml (default: as ``itsm.yaml`` says; any other is
    built into ``build/site-NAME``). ``base_url`` is where the site will be (default: as ``itsm.yaml``
    says), ``cli_reference`` the Markdown of the command line's reference, ``rules`` what the handbook says
    of each rule, ``reporter`` what makes the reports (none: the site has none), ``now`` the moment that
    "open" and "upcoming" refer to (default: the clock). ``progress`` is called with a phase, how much is
    done and the total. ``explain`` asks why pages are made: all (empty), or one by its address or the identifier of its
    document. ``repo.gaps`` says afterwards which documents could not be read: they are missing, and
    what they could have a say in is "unknown". Raises ItsmError when the site cannot be built: for faulty
    settings, rules or audiences, and for a snapshot that is checked out in part.
    """
    started = time.perf_counter()
    progress("Reading", 0, 1)
    config = repo.config if at is None else repo.settings(repo.snapshot(at))
    name = config.audience if audience is None else audience
    usual = OUTPUT if name == config.audience else OUTPUT.with_name(f"{OUTPUT.name}-{name}")
    target = plain_path(repo.root / (output_folder or usual))
    moment = (now or clock.now()).astimezone(UTC)
    facts = (
        package_sign(),
        libraries_sign(),
        digest_of_files(site_folder(repo.root)),
        repr((name, base_url)),
        repr([_sign(given) for given in (cli_reference, rules, reporter)]),
    )
    # Documents of roots are not among the files that Git is asked about here.
    git = None if config.roots else repo.git
    last_build = LastBuild(git, at, target, (*facts, moment.isoformat()))
    figures = last_build.figures()
    written = removed = 0
    unchanged = figures is not None
    reasons: Sequence[PageReason] = ()
    if figures is None:
        from itsm_gitops.publish.making import Wishes, make

        handbook = partial(_given, cli_reference), partial(_given, rules)
        wishes = Wishes(
            at, target, name, base_url, moment, *handbook, _given(reporter), progress, explain, facts
        )
        figures, written, removed, unchanged, reasons = make(repo, wishes, last_build)
    else:
        repo.gaps = {gap.path: gap for gap in map(gap_of, figures.unread)}  # it is as incomplete as it was
    seconds = time.perf_counter() - started
    return SiteReport(target, name, *figures[:3], written, removed, seconds, unchanged, reasons)


def _sign(given: Given[Any]) -> str:
    """Return what tells something given from another: data as it is, objects and functions by their names."""
    named = given if callable(given) else type(given)
    plain = given is None or isinstance(given, str | Sequence)
    return repr(given) if plain else f"{named.__module__}.{named.__qualname__}"


def _given(given: Given[T]) -> T:
    return given() if callable(given) else given
