"""`itsm show`."""

from __future__ import annotations

import sys

import click

from itsm_gitops.cli.base import App, at_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo, echo_exactly
from itsm_gitops.cli.render import styles
from itsm_gitops.cli.view import render
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands.showing import show


@command(
    "show",
    [
        ("itsm show INC-261122-K7QF3", "a record with timeline, links and next steps"),
        ("itsm show k7qf", "any part of an identifier will do"),
        ("itsm show payments-db --at v1.2", "as it was in a revision"),
        ("itsm show payments-db --json", "everything, for programs"),
    ],
)
@click.argument("identifier", metavar="ID", shell_complete=lazily("identifiers"))
@click.option(
    "--links/--no-links",
    default=None,
    help="Look for links from other documents everywhere, or nowhere.  [default: not in folders of "
    "more than 2,000 documents]",
)
@click.option("--raw", is_flag=True, help="Print the file as it is.")
@at_option
@json_option
@pass_app
def show_command(
    app: App, identifier: str, links: bool | None, raw: bool, at: str | None, as_json: bool
) -> None:
    """Show one document with everything around it.

    ID is an identifier, a unique part of one in any case, or an old number. The clocks of
    finished records are in --json.
    """
    # Programs get everything; people get it fast.
    with_links = False if raw else links if links is not None or not as_json else True
    document = show(app.repo, identifier, at=at, links=with_links, clocks=as_json)
    if as_json:
        print_json(document.as_json())
        return
    style = styles(sys.stdout)
    if raw:
        text = document.document.raw.decode("utf-8", "replace")
        echo_exactly(text)
        return
    zone = app.repo.config.timezone
    lines = render(document, style, terminal_width(), zone)
    echo("\n".join(lines), color=style.on)
