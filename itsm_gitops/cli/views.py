"""`itsm views`."""

from __future__ import annotations

import click

from itsm_gitops.cli.base import App, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.failures import usage
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.shared_options import filter_argument
from itsm_gitops.commands.views import SavedView, remove_view, save_view, saved_views
from itsm_gitops.model.text import safe_text


@command(
    "views",
    [
        ("itsm views", "all views: yours and those of the repository"),
        ("itsm views --save mail incidents state:open service:mail", "keep a list for yourself"),
        (
            "itsm views --save mail 'incidents service:mail' --columns id,state,title --sort age",
            "its columns, its order",
        ),
        ("itsm views --save mail 'incidents service:mail' --shared", "for everybody, in schemas/views"),
        ("itsm views --remove mail", ""),
    ],
)
@filter_argument
@click.option("--save", metavar="NAME", help="Keep KIND and FILTER under this name.")
@click.option("--remove", metavar="NAME", shell_complete=lazily("views"), help="Remove one of yours.")
@click.option("--shared", is_flag=True, help="The view of the repository, in schemas/views.")
@click.option("--title", metavar="TEXT", default="", help="What it shows.")
@click.option("--columns", metavar="A,B,…", default="", help="Its columns.")
@click.option("--sort", metavar="COLUMN", default="", help="Its order; '-COLUMN' turns it round.")
@click.option("--limit", "-n", type=click.IntRange(min=1), default=None, help="Most rows.")
@json_option
@pass_app
def views_command(
    app: App,
    words: tuple[str, ...],
    save: str | None,
    remove: str | None,
    shared: bool,
    title: str,
    columns: str,
    sort: str,
    limit: int | None,
    as_json: bool,
) -> None:
    """List saved views, and keep lists under a name.

    A view is kinds and a filter as itsm list takes them, with columns and an order. Your own are files of the folder
    itsm/views in ~/.config (or $XDG_CONFIG_HOME), those of everybody are in schemas/views; yours come first.
    """
    if save and remove:
        raise usage("--save and --remove are two different things", "one at a time")
    if remove:
        path = remove_view(app.repo, remove, shared=shared)
        if as_json:
            print_json({"removed": path})
        else:
            echo(f"removed {safe_text(path)}")
        return
    if save:
        named = tuple(c.strip() for c in columns.split(",") if c.strip())
        view = save_view(
            app.repo, save, words, title=title, columns=named, sort=sort, limit=limit or 0, shared=shared
        )
        if as_json:
            print_json(view.as_json())
        else:
            echo(f"itsm list --view {view.name}\n  {safe_text(view.path)}")
        return
    if words:
        raise usage("a filter is kept under a name", "itsm views --save NAME KIND FILTER")
    found = list(saved_views(app.repo).values())
    if as_json:
        print_json([v.as_json() for v in found])
    else:
        _print(found)


def _print(found: list[SavedView]) -> None:
    from itsm_gitops.cli.tables import Cell, TextColumn, print_table

    if not found:
        echo("there are no views yet: itsm views --save NAME KIND FILTER")
        return
    rows: list[list[Cell]] = [[v.name, "shared" if v.shared else "yours", v.title, v.of] for v in found]
    print_table(
        [
            TextColumn("view", fixed=True, style="cyan"),
            TextColumn("whose", fixed=True),
            TextColumn("title", least=16),
            TextColumn("of", least=24),
        ],
        rows,
    )
