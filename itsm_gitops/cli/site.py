"""`itsm site build` and `itsm site serve`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from itsm_gitops.cli.base import App, at_option, json_option, pass_app, print_json
from itsm_gitops.cli.command import command, group_with_help
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.progress import Progress
from itsm_gitops.cli.render import styles
from itsm_gitops.commands.site import build, serve

if TYPE_CHECKING:
    from itsm_gitops.publish.build import SiteReport

_AUDIENCE = click.option(
    "--audience",
    metavar="NAME",
    help="Whom the site is for: a name of schemas/policies/audiences.yaml.  [default: as itsm.yaml says]",
)


@group_with_help("site")
def site_command() -> None:
    """Build or serve the web site."""


@command(
    "build",
    [
        ("itsm site build", "into build/site"),
        ("itsm site build --out public --base-url https://it.example.org/", "for a host"),
        ("itsm site build --audience public", "what the public may see, into build/site-public"),
        ("itsm site build --at v1.2", "as the repository was"),
        ("itsm site build --explain", "and say which pages were made, and why"),
        ("itsm site build --explain INC-251126-ABCDE", "and say why this page was made, or was not"),
    ],
)
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the site.  [default: build/site; build/site-NAME for another audience]",
)
@_AUDIENCE
@click.option("--base-url", metavar="URL", help="Where the site will be.  [default: as itsm.yaml says]")
@click.option(
    "--explain",
    metavar="[PAGE]",
    is_flag=False,
    flag_value="",
    help="Say what was made and why; of PAGE (an address or an identifier), why it was made or was not.",
)
@at_option
@json_option
@pass_app
def build_command(
    app: App,
    out: Path | None,
    audience: str | None,
    base_url: str | None,
    explain: str | None,
    at: str | None,
    as_json: bool,
) -> None:
    """Build the site.

    The result is plain files that need no server program and load nothing from other hosts.
    """
    with Progress() as progress:
        folder = out.absolute() if out else None
        report = build(
            app.repo,
            at=at,
            output=folder,
            base_url=base_url,
            audience=audience,
            reference=_reference,
            progress=progress,
            explain=explain,
        )
    if as_json:
        numbers = {n: getattr(report, n) for n in report.__slots__ if n != "reasons"}
        why = {} if explain is None else {"reasons": [r._asdict() for r in report.reasons]}
        print_json({**numbers, "output": str(report.output), **why})
        return
    style = styles(sys.stdout)
    done = "nothing has changed:" if report.unchanged else "built"
    whom = f"for the audience {report.audience} " if audience else ""
    echo(
        f"{style.good(done)} {report.pages:,} pages ({report.records:,} records, {report.items:,} items) "
        f"{whom}in {report.seconds:.1f} s",
        color=style.on,
    )
    echo(f"{report.written:,} files written, {report.removed:,} removed")
    if explain is not None:
        _explain(report, explain)
    echo(f"open {style.name(str(report.output / 'index.html'))}", color=style.on)


@command(
    "serve",
    [
        ("itsm site serve", "on http://127.0.0.1:8000/, rebuilt when files change"),
        ("itsm site serve --audience public", "as the public sees it"),
        ("itsm site serve --port 0", "on any free port"),
    ],
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free port."
)
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the site.  [default: build/site; build/site-NAME for another audience]",
)
@_AUDIENCE
@pass_app
def serve_command(app: App, port: int, out: Path | None, audience: str | None) -> None:
    """Build the site, serve it to this machine only, and rebuild it when files change."""
    serve(
        app.repo,
        port=port,
        output=out.absolute() if out else None,
        audience=audience,
        reference=_reference,
        say=echo,
    )


site_command.add_command(build_command)
site_command.add_command(serve_command)


def _explain(report: SiteReport, page: str) -> None:
    """Say why a page was made or was not; of all pages, each reason with how many pages it holds for and the first."""
    if report.unchanged:
        echo("nothing was made: the sources, the moment and every file are as the last build left them")
    elif page:
        for reason in report.reasons:
            echo(f"{reason.page}: {reason.why}")
        if not report.reasons:
            echo(f"this site has no page {page}")
    else:
        pages: dict[str, list[str]] = {}
        for reason in report.reasons:
            pages.setdefault(reason.why, []).append(reason.page)
        for why, some in sorted(pages.items(), key=lambda group: (-len(group[1]), group[0])):
            more = f" and {len(some) - 1:,} more" if len(some) > 1 else ""
            echo(f"{some[0]}{more}: {why}")


def _reference() -> str:
    from itsm_gitops.cli.reference import reference

    return reference()
