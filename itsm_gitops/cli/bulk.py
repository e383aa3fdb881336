"""One edit over a filter: the preview, the question, what was done. For `itsm set`, `move`, `link` and `note`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from itsm_gitops.cli.base import App, interactive, lazily, print_json
from itsm_gitops.cli.failures import usage
from itsm_gitops.cli.outcome import change_lines
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.text import safe_text, shorten, width
from itsm_gitops.model.words import counted

if TYPE_CHECKING:
    from itsm_gitops.editing.bulk import Edit
    from itsm_gitops.editing.change import Written

_SHOWN = 10

_F = TypeVar("_F", bound=Callable[..., Any])


def bulk_options(function: _F) -> _F:
    """Add ``--all FILTER`` and ``--yes``."""
    over = click.option(
        "--all",
        "over",
        metavar="FILTER",
        shell_complete=lazily("filters", "complete_filters"),
        help="Instead of ID: every document of a filter, as itsm list takes it. All or none.",
    )
    yes = click.option("--yes", "-y", is_flag=True, help="With --all: do not ask first.")
    return over(yes(function))


def words_behind(over: str | None, *words: str | None) -> tuple[str, ...]:
    """Return what stands on the command line, whose first word is no identifier where a filter says which documents are meant."""
    given = tuple(w for w in words if w is not None)
    if over is not None and not over.strip():
        raise usage(
            "--all needs a filter", "--all 'incidents state:new service:mail'; itsm list shows what it finds"
        )
    return given


def edit_all(app: App, over: str, edit: Edit, *, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Show what an edit would do to all documents of a filter, ask, and do it: to all of them or to none."""
    from itsm_gitops.commands.filters import Filters
    from itsm_gitops.commands.listing import list_documents
    from itsm_gitops.editing.bulk import change_all

    app.repo.store(None).require_complete("which documents are meant")
    found = [row.entry.id for row in list_documents(app.repo, (over,), Filters()).rows]
    if not found:
        raise usage("no document matches the filter; nothing was written", f"itsm list {over}")
    asking = not yes and not dry_run
    if asking and not interactive():
        raise usage(
            f"{counted(len(found), 'document')} would be changed; nothing was written",
            "--dry-run shows what would become of them, --yes does it",
        )
    preview = change_all(app.repo, found, edit, dry_run=True) if asking or dry_run else ()
    if preview and not as_json:
        _print(preview, len(found), would=True)
    if (
        asking
        and preview
        and not click.confirm(f"Change {counted(len(preview), 'document')}?", default=False)
    ):
        raise click.Abort
    done = list(preview) if dry_run else change_all(app.repo, found, edit)
    if as_json:
        print_json([w.as_json() for w in done])
    elif not done:
        echo(f"all of {counted(len(found), 'document')} are so already")
    elif not dry_run:
        _print(done, len(found), would=False)


def _print(done: Sequence[Written], matched: int, *, would: bool) -> None:
    style, columns = styles(sys.stdout), terminal_width()
    for result in done[:_SHOWN] if would else ():
        title = shorten(safe_text(result.title), max(10, columns - width(result.id) - 2))
        echo(f"{style.name(result.id)}  {title}", color=style.on)
        for line in change_lines(result.changes, style, columns):
            echo(line, color=style.on)
    if would and len(done) > _SHOWN:
        echo(style.dim(f"and {len(done) - _SHOWN} more"), color=style.on)
    same = matched - len(done)
    unchanged = f", {same} {'is' if same == 1 else 'are'} so already" if same > 0 else ""
    verb = "would be changed" if would else "changed"
    echo(f"{counted(len(done), 'document')} {style.good(verb)}{unchanged}", color=style.on)
