"""`itsm list`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from itsm_gitops.cli.base import App, at_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.failures import usage
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import CATEGORY_STYLES, PRIORITY_STYLES, brief, styles, words
from itsm_gitops.cli.shared_options import filter_argument, teams_option
from itsm_gitops.commands.columns import Row
from itsm_gitops.commands.filters import Filters
from itsm_gitops.commands.listing import Listing, list_documents

if TYPE_CHECKING:
    from itsm_gitops.cli.tables import Cell, TextColumn
    from itsm_gitops.model.kinds import Kind

_FIXED = ("id", "priority", "age", "kind", "state", "lifecycle", "criticality", "opened", "updated")
_HEADS = {"priority": "pri", "assigned_team": "team", "criticality": "criticality"}
_TIMES = ("opened", "updated")


@command(
    "list",
    [
        ("itsm list incidents state:open service:mail", "open incidents of a service, most urgent first"),
        ("itsm list 'state:open and (priority:P1 or assignee:@me)'", "and, or, not and parentheses"),
        ("itsm list changes 'updated:>-7d' --sort updated", "changes with something new in the last week"),
        ("itsm list 'reaches:payments \"disk full\"'", "any text, and what a service stands on"),
        ("itsm list sla:soon,missed state:open --sort clock --columns id,clock,title", "what is late first"),
        ("itsm list incidents category=mail major.state:accepted", "any field, any depth"),
        ("itsm list problems team:none --json", "nobody's problems, for programs"),
        ("itsm list --view mine service:mail", "a saved view, narrowed down"),
        ("itsm list services --columns id,name,owner,service_level", "choose the columns"),
    ],
)
@filter_argument
@click.option(
    "--state",
    "-s",
    "states",
    multiple=True,
    shell_complete=lazily("list_states"),
    help="A state, a category (new, active, waiting, done, cancelled), open or finished.",
)
@click.option(
    "--service",
    "services",
    metavar="ID",
    multiple=True,
    shell_complete=lazily("services"),
    help="Affects this service.",
)
@click.option(
    "--ci",
    "cis",
    metavar="ID",
    multiple=True,
    shell_complete=lazily("identifiers"),
    help="Names this item or record in any way.",
)
@teams_option("Assigned to or owned by this team ('none': by no team).")
@click.option(
    "--assignee",
    "assignees",
    metavar="HANDLE",
    multiple=True,
    shell_complete=lazily("people"),
    help="Assigned to this person ('none': to nobody).",
)
@click.option(
    "--priority", "-p", "priorities", metavar="P", multiple=True, help="Derived priority, for example P1."
)
@click.option("--since", metavar="WHEN", default="", help="Something happened since: 2026-11-01, 7d, 12h.")
@click.option("--until", metavar="WHEN", default="", help="The last thing happened until: 2026-11-01, 7d.")
@click.option(
    "--where",
    "where",
    metavar="FIELD=VALUE",
    multiple=True,
    shell_complete=lazily("assignments_of_kind"),
    help="A field has this value; '*' any value, empty none.",
)
@click.option("--text", metavar="TEXT", default="", help="A text of the document contains this.")
@click.option(
    "--view",
    metavar="NAME",
    default="",
    shell_complete=lazily("views"),
    help="A saved view; more words narrow it down. itsm views lists them.",
)
@click.option("--sort", metavar="COLUMN", help="Sort by this column; '-COLUMN' turns the order round.")
@click.option(
    "--limit", "-n", type=click.IntRange(min=1), help="Show at most this many.  [default: 50 on a terminal]"
)
@click.option("--columns", metavar="A,B,…", default="", help="Show these columns instead.")
@at_option
@json_option
@pass_app
def list_command(app: App, /, **options: Any) -> None:
    """List documents with filters and columns.

    KIND is a kind or class in singular or plural (incidents, change, services …), 'cis' for all
    items that can fail, 'items' for the whole CMDB; without it all records are listed.

    FILTER is conditions such as state:open, -priority:P4, opened:2026-10..2026-11, and text that the documents
    contain. Words: kind, state, status, priority, service, team, ci, assignee, reaches, id, title, opened, updated,
    closed, sla; every field (risk.level:high), every relation from either side (resolves:INC-…). A comma is an "or",
    '=' the whole value, 'none' nothing, '*' anything. Put it in single quotes, so that the shell leaves it
    alone. Each option is the same as the word of its name.
    """
    filters = Filters(
        states=_split(options["states"]),
        services=_split(options["services"]),
        teams=_split(options["teams"]),
        priorities=_split(options["priorities"]),
        assignees=_split(options["assignees"]),
        cis=_split(options["cis"]),
        since=options["since"],
        until=options["until"],
        where=tuple(_pair(w) for w in options["where"]),
        text=options["text"],
    )
    as_json = options["as_json"]
    words, sort, columns = options["words"], options["sort"], _split((options["columns"],))
    limit = options["limit"] or (50 if sys.stdout.isatty() and not as_json else 0)
    if options["view"]:
        from itsm_gitops.commands.views import saved_view

        view = saved_view(app.repo, options["view"])
        words, sort, columns = (view.of, *words), sort or view.sort or None, columns or view.columns
        limit = options["limit"] or view.limit or limit
    listing = list_documents(
        app.repo,
        words,
        filters,
        sort=sort,
        limit=limit,
        columns=columns,
        at=options["at"],
    )
    if as_json:
        print_json(listing.as_json())
    else:
        _print(app, listing)


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise usage(f"'{text}' is not a condition", "write FIELD=VALUE, for example category=mail")
    return name.strip(), value.strip()


def _print(app: App, listing: Listing) -> None:
    style = styles(sys.stdout)
    if not listing.rows:
        names = (
            " or ".join(k.plural.replace("-", " ") for k in listing.kinds[:3])
            if len(listing.kinds) <= 3
            else "documents"
        )
        echo(f"no {names} match")
        return
    from itsm_gitops.cli.tables import print_table

    zone = app.repo.config.timezone
    print_table(
        _columns(listing), [[_cell(listing, row, c, zone) for c in listing.columns] for row in listing.rows]
    )
    if listing.matched > len(listing.rows):
        text = f"{len(listing.rows)} of {listing.matched:,}; --limit N shows more"
    else:
        text = f"{listing.matched:,} {_noun(listing)}"
    echo(style.dim(text), color=style.on)


def _noun(listing: Listing) -> str:
    if len(listing.kinds) != 1:
        return "document" if listing.matched == 1 else "documents"
    kind = listing.kinds[0]
    return kind.title.lower() if listing.matched == 1 else kind.plural.replace("-", " ")


def _columns(listing: Listing) -> list[TextColumn]:
    from itsm_gitops.cli.tables import TextColumn

    return [
        TextColumn(
            _HEADS.get(name, words(name)),
            fixed=name in _FIXED or all(_is_time(k, name) for k in listing.kinds),
            right=name == "age",
            least=16 if name in ("title", "name") else 13,
            style="cyan" if name == "id" else "",
            whole=name == "id",
        )
        for name in listing.columns
    ]


def _is_time(kind: Kind, name: str) -> bool:
    return name in _TIMES or kind.fields.get(name, {}).get("format") == "date-time"


def _cell(listing: Listing, row: Row, name: str, zone: str) -> Cell:
    value = row.values[name]
    if value is None:
        return ""
    kind = listing.book.kinds[row.entry.kind]
    if name in ("state", kind.state_field) and kind.workflow:
        state = kind.workflow.states.get(str(value))
        return words(str(value)), CATEGORY_STYLES.get(state.category, "") if state else ""
    if name == "priority":
        return str(value), PRIORITY_STYLES.get(str(value), "")
    if _is_time(kind, name):
        from itsm_gitops.cli.times import local

        return local(str(value), zone)
    return brief(value, 200)
