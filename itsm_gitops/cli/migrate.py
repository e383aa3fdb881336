"""`itsm migrate`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from itsm_gitops.cli.base import App, by_option, dry_run_option, json_option, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.failures import usage
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import facts, styles
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.words import counted

if TYPE_CHECKING:
    from itsm_gitops.editing.migrate import MigrationPlan

_SORTS = ("state", "field", "kind", "link", "value")
_WORDS = {"state": 2, "field": 2, "kind": 2, "link": 2, "value": 3}


@command(
    "migrate",
    [
        ("itsm migrate state change:assess assessment --dry-run", "see what would change"),
        ("itsm migrate field incident.contact_method reach_by", "rename a field"),
        ("itsm migrate value incident.origin in_person walk_up", "rename a word of a list"),
        ("itsm migrate kind known-error workaround", "rename a kind (its identifiers stay)"),
        ("itsm migrate link caused_by due_to", "rename a type of link"),
        ("itsm migrate remove value incident.origin other --becomes phone", "make two words one"),
        ("itsm migrate remove field incident.location", "remove what no document uses"),
    ],
)
@click.argument("words", metavar="[remove] SORT WORD... NEW", nargs=-1, required=True)
@click.option("--becomes", metavar="WORD", default="", help="With remove: the word that takes its place.")
@click.option("--reason", metavar="TEXT", default="", help="Why; it is kept with the migration.")
@by_option
@dry_run_option
@json_option
@pass_app
def migrate_command(
    app: App, words: tuple[str, ...], becomes: str, reason: str, by: str | None, dry_run: bool, as_json: bool
) -> None:
    """Rename or remove a word in the rule book and in all documents.

    SORT is state, field, kind, link or value. The rule book, every document and an entry in
    schemas/migrations are written as one change, or nothing is; commit it as one. itsm check --base
    accepts it, and older commits are read through it from then on.
    """
    from itsm_gitops.editing.migrate import migrate, plan, planned

    removed = words[0] == "remove"
    sort, *rest = words[1:] if removed else words
    if sort not in _SORTS:
        raise usage(f"'{sort}' cannot be migrated", f"one of: {', '.join(_SORTS)}")
    if becomes and not removed:
        raise usage("--becomes belongs to remove", "write the new word at the end instead")
    if len(rest) != _WORDS[sort] - removed:
        raise usage("there are too many or too few words", f"itsm migrate --help has an example for {sort}")
    old = rest[1] if sort == "value" else ""
    new = becomes if removed else rest[-1]
    migration = planned(sort, rest[0], new, old=old, removed=removed, reason=reason)
    done = plan(app.repo, migration) if dry_run else migrate(app.repo, migration, by=by)
    if as_json:
        print_json(_json(done, dry_run=dry_run))
        return
    _print(done, dry_run=dry_run)


def _json(done: MigrationPlan, *, dry_run: bool) -> dict[str, Any]:
    return {
        "migration": done.migration.file(),
        "written": not dry_run,
        "documents": done.documents,
        "places": done.places,
        "examples": list(done.examples),
        "rule_book": list(done.rule_files),
        "left": [{"path": place.path, "line": place.line} for place in done.left],
    }


def _print(done: MigrationPlan, *, dry_run: bool) -> None:
    style = styles(sys.stdout)
    migration = done.migration
    title = f"{migration.sort} {migration.subject} → {migration.new or '(removed)'}"
    files = ", ".join(p.removeprefix("schemas/") for p in done.rule_files) or "nothing"
    documents = counted(done.documents, "document")
    rows = [("rule book", files), ("documents", f"{documents}, {counted(done.places, 'place')}")]
    if done.examples:
        more = done.documents - len(done.examples)
        names = ", ".join(p.rpartition("/")[2].removesuffix(".yaml") for p in done.examples)
        rows.append(("first", names + (f" and {more:,} more" if more > 0 else "")))
    lines = [style.bold(title), *facts(rows, terminal_width(), style)]
    lines += [f"not changed, other kinds use it too: {p.path}:{p.line}" for p in done.left]
    lines.append(
        "Nothing was written." if dry_run else "Look at it (git diff), then commit all of it as one commit."
    )
    echo("\n".join(lines), color=style.on)
