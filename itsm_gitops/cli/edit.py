"""`itsm set`, `note`, `correct`, `link` and `unlink`."""

from __future__ import annotations

import sys

import click

from itsm_gitops.cli.base import (
    App,
    at_time_options,
    by_option,
    dry_run_option,
    json_option,
    lazily,
    pass_app,
    sync_option,
)
from itsm_gitops.cli.bulk import bulk_options, edit_all, words_behind
from itsm_gitops.cli.command import command
from itsm_gitops.cli.failures import usage
from itsm_gitops.cli.outcome import print_written
from itsm_gitops.editing.duplicate import mark_duplicate
from itsm_gitops.editing.edits import add_note, correct, set_fields, with_fields, with_note
from itsm_gitops.editing.fields import read_assignment
from itsm_gitops.editing.link import link, linked, unlink

_ID = click.argument("identifier", metavar="ID", shell_complete=lazily("identifiers"))
_ID_OR_ALL = click.argument("identifier", metavar="ID", required=False, shell_complete=lazily("identifiers"))


@command(
    "set",
    [
        ("itsm set K7QF3 impact=high assigned_team=network", "change two fields"),
        ("itsm set K7QF3 assignee=@me", "take it"),
        ("itsm set K7QF3 cis+=mail-db watchers-=ben", "add to a list, take from a list"),
        (
            "itsm set CHG-261122-4QX7M risk.level=low planned_start='2026-11-28 20:00'",
            "part of a field; a local time",
        ),
        ("itsm set mail support_hours=", "remove a field"),
        ('itsm set K7QF3 impact=low --reason "Only one printer."', "with a reason, where one is required"),
        ("itsm set K7QF3 assigned_team=network --at -2h --reason 'By phone.'", "since two hours ago"),
        ("itsm set --all 'incidents state:new service:mail' assigned_team=network", "many; asks first"),
    ],
)
@_ID_OR_ALL
@click.argument("assignments", metavar="FIELD=VALUE...", nargs=-1, shell_complete=lazily("assignments"))
@bulk_options
@by_option
@at_time_options
@dry_run_option
@sync_option
@json_option
@pass_app
def set_command(
    app: App,
    identifier: str | None,
    assignments: tuple[str, ...],
    over: str | None,
    yes: bool,
    by: str | None,
    at: str | None,
    reason: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Change fields of a document.

    FIELD=VALUE sets, FIELD+=VALUE adds to a list, FIELD-=VALUE takes from it, FIELD= removes.
    Only the changed values are rewritten; comments and order stay. What the life cycle tracks
    (team, impact, planned times …) also goes into the timeline, with who, when and why. @me is
    you; a name that exists nowhere is refused with the nearest, unless it is followed by !.
    """
    if over is not None:
        values = [read_assignment(a) for a in words_behind(over, identifier, *assignments)]
        if not values:
            raise usage("nothing to set", "itsm set --all FILTER FIELD=VALUE")
        edit_all(
            app,
            over,
            lambda d, _: (d, with_fields(app.repo, d, values, by=by, at=at, reason=reason)),
            yes=yes,
            dry_run=dry_run,
            as_json=as_json,
        )
        return
    if identifier is None or not assignments:
        raise usage(
            "which document, and what?", "itsm set ID FIELD=VALUE, or itsm set --all FILTER FIELD=VALUE"
        )
    values = [read_assignment(a) for a in assignments]
    edit = set_fields(app.repo, identifier, values, by=by, at=at, reason=reason, dry_run=dry_run)
    print_written([edit], as_json, dry_run=dry_run)


@command(
    "note",
    [
        ('itsm note K7QF3 "Disk is full; extending the volume."', "for colleagues"),
        ('itsm note K7QF3 --comment "Mail works again."', "for the requester too"),
        ('itsm note K7QF3 "Restarted it." --sync', "and everybody has it"),
        ("journalctl -u mail -n 20 | itsm note K7QF3 -", "from standard input"),
        ('itsm note K7QF3 "Pulled the plug." --at -40m --reason "No network."', "written later"),
        ("itsm note --all 'incidents state:open ci:mail-db' --yes 'Volume is full.'", "on many"),
    ],
)
@_ID_OR_ALL
@click.argument("text", nargs=-1)
@bulk_options
@click.option("--comment", is_flag=True, help="The requester may read it.")
@by_option
@at_time_options
@dry_run_option
@sync_option
@json_option
@pass_app
def note_command(
    app: App,
    identifier: str | None,
    text: tuple[str, ...],
    over: str | None,
    yes: bool,
    comment: bool,
    by: str | None,
    at: str | None,
    reason: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Add a note or a comment to the timeline.

    A note is internal; a comment may be published to the requester. TEXT '-' reads standard input.
    """
    given = words_behind(over, identifier, *text) if over is not None else text
    if not given or (over is None and identifier is None):
        raise usage("which record, and what?", "itsm note ID TEXT, or itsm note --all FILTER TEXT")
    words = sys.stdin.read() if given == ("-",) else " ".join(given)
    if over is not None:
        edit_all(
            app,
            over,
            lambda d, _: (
                d,
                with_note(app.repo, d, words, comment=comment, by=by, at=at, reason=reason),
            ),
            yes=yes,
            dry_run=dry_run,
            as_json=as_json,
        )
        return
    assert identifier is not None  # noqa: S101 - looked at above
    edit = add_note(
        app.repo, identifier, words, comment=comment, by=by, at=at, reason=reason, dry_run=dry_run
    )
    print_written([edit], as_json, dry_run=dry_run)


@command(
    "correct",
    [
        (
            "itsm correct K7QF3 '2026-11-22 09:00' '2026-11-22 08:30' --reason 'Reported by phone.'",
            "it was reported half an hour earlier",
        ),
        (
            "itsm correct K7QF3 2026-11-22T11:02:00Z 2026-11-22T08:00:00Z --reason 'Entered late.'",
            "exact times",
        ),
    ],
)
@_ID
@click.argument("wrong")
@click.argument("right")
@click.option("--reason", metavar="TEXT", required=True, help="Why the time was wrong.")
@by_option
@dry_run_option
@sync_option
@json_option
@pass_app
def correct_command(
    app: App,
    identifier: str,
    wrong: str,
    right: str,
    reason: str,
    by: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Correct when something in the timeline happened.

    WRONG is the time of the entries, as the timeline shows it, RIGHT when they happened. Nothing is
    rewritten: a new entry tells the right time, and clocks, reports and rules read that one.
    """
    edit = correct(app.repo, identifier, wrong, right, reason, by=by, dry_run=dry_run)
    print_written([edit], as_json, dry_run=dry_run)


@command(
    "link",
    [
        ("itsm link K7QF3 caused_by PRB-261122-9TX2M", "an incident and its problem"),
        ("itsm link PRB-261122-9TX2M causes K7QF3", "the same, said from the other side"),
        ("itsm link mail depends_on mail-db", "two configuration items"),
        ("itsm link --all 'incidents state:open mail' caused_by 9TX2M", "many; asks first"),
    ],
)
@_ID_OR_ALL
@click.argument("relation", metavar="TYPE", required=False, shell_complete=lazily("link_types"))
@click.argument("target", required=False, shell_complete=lazily("identifiers"))
@bulk_options
@click.option("--note", help="Why the link exists.")
@dry_run_option
@sync_option
@json_option
@pass_app
def link_command(
    app: App,
    identifier: str | None,
    relation: str | None,
    target: str | None,
    over: str | None,
    yes: bool,
    note: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Link two documents.

    TYPE is a name of the link vocabulary or of an inverse; the link is stored once, on the side
    that the vocabulary says. 'itsm explain links' lists all types.
    """
    given = words_behind(over, identifier, relation, target)
    if len(given) != (3 if over is None else 2):
        raise usage(
            "a link has a type and a target", "itsm link ID TYPE ID, or itsm link --all FILTER TYPE ID"
        )
    kind, other = given[-2:]
    if over is not None:
        edit_all(
            app,
            over,
            lambda d, so_far: linked(app.repo, d.id, kind, other, note=note, pending=so_far),
            yes=yes,
            dry_run=dry_run,
            as_json=as_json,
        )
        return
    edit = link(app.repo, given[0], kind, other, note=note, dry_run=dry_run)
    print_written([edit], as_json, dry_run=dry_run)


@command(
    "duplicate",
    [
        ("itsm duplicate K7QF3 9TX2M", "K7QF3 repeats 9TX2M"),
        ('itsm duplicate K7QF3 9TX2M --note "Same call, twice."', "with a word about it"),
    ],
)
@_ID
@click.argument("other", metavar="OF", shell_complete=lazily("identifiers"))
@click.option("--note", metavar="TEXT", default="", help="What else you want to say.")
@by_option
@sync_option
@dry_run_option
@json_option
@pass_app
def duplicate_command(
    app: App, identifier: str, other: str, note: str, by: str | None, dry_run: bool, as_json: bool
) -> None:
    """Cancel a record that repeats another.

    It is linked to OF, the record that stays, and cancelled in one edit; the reason names OF.
    """
    edit = mark_duplicate(app.repo, identifier, other, note=note, by=by, dry_run=dry_run)
    print_written([edit], as_json, dry_run=dry_run)


@command("unlink", [("itsm unlink K7QF3 caused_by PRB-261122-9TX2M", "")])
@_ID
@click.argument("relation", metavar="TYPE", shell_complete=lazily("link_types"))
@click.argument("target", shell_complete=lazily("identifiers"))
@dry_run_option
@sync_option
@json_option
@pass_app
def unlink_command(
    app: App, identifier: str, relation: str, target: str, dry_run: bool, as_json: bool
) -> None:
    """Remove a link.

    Either of the two documents may store it; TYPE may be its name from either end.
    """
    if not relation:
        raise usage("the type of the link is empty")
    edit = unlink(app.repo, identifier, relation, target, dry_run=dry_run)
    print_written([edit], as_json, dry_run=dry_run)
