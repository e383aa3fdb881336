"""`itsm site`: building and serving, with the handbook's references of rules and commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from itsm_gitops.presentation.handbook import RuleText
    from itsm_gitops.publish.build import SiteReport
    from itsm_gitops.publish.reporter import Reporter
    from itsm_gitops.repository import Repository


def build(
    repo: Repository,
    *,
    at: str | None = None,
    output: Path | None = None,
    base_url: str | None = None,
    audience: str | None = None,
    reference: Callable[[], str] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    explain: str | None = None,
) -> SiteReport:
    """Build the site of a snapshot for an audience; ``explain`` asks why pages are made (see ``build_site``).

    ``reference`` gives the Markdown of the command line's reference.
    """
    from itsm_gitops.publish.build import build_site

    return build_site(
        repo,
        at=at,
        output_folder=output,
        base_url=base_url,
        audience=audience,
        cli_reference=reference,
        rules=_explanations,
        reporter=_reporter,
        progress=progress or _silent,
        explain=explain,
    )


def _reporter() -> Reporter:
    from itsm_gitops.commands.reporting import SnapshotReporter

    return SnapshotReporter()


def _explanations() -> Sequence[RuleText]:
    from itsm_gitops.rules import explanations

    return explanations()


def _silent(what: str, done: int, total: int) -> None:
    """Report no progress."""


def serve(
    repo: Repository,
    *,
    port: int,
    output: Path | None,
    audience: str | None = None,
    reference: Callable[[], str] | None,
    say: Callable[[str], None],
) -> None:
    """Build and serve the site on the loopback address until interrupted; rebuild when files change."""
    from itsm_gitops.publish.serving import serve as run

    run(
        repo,
        port=port,
        output_folder=output,
        audience=audience,
        cli_reference=reference,
        rules=_explanations,
        reporter=_reporter,
        say=say,
    )
