"""`itsm major`: the process of a major incident, from the first suspicion to the review."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from itsm_gitops.cli.base import (
    App,
    at_option,
    by_option,
    dry_run_option,
    json_option,
    lazily,
    pass_app,
    print_json,
    sync_option,
)
from itsm_gitops.cli.command import command, group_with_help
from itsm_gitops.cli.failures import usage
from itsm_gitops.cli.major_text import listed_lines, review_lines
from itsm_gitops.cli.outcome import print_written
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles
from itsm_gitops.cli.width import terminal_width

_F = TypeVar("_F", bound=Callable[..., Any])
_ID = click.argument("identifier", metavar="ID", shell_complete=lazily("identifiers"))
_REASON = click.option("--reason", metavar="TEXT", required=True, help="Why.")
_NEXT = click.option(
    "--next", "following", metavar="WHEN", help="When users hear more: 30m, 2h, '2026-11-22 14:30', none."
)
_WORD = click.option("--say", "word", metavar="TEXT", default="", help="What users are told with it.")


def _when(text: str) -> Callable[[_F], _F]:
    return click.option("--at", "when", metavar="WHEN", help=text)


@group_with_help("major")
def major_command() -> None:
    """Lead a major incident: declare it, keep users informed, stand it down, review it."""


@command(
    "list",
    [
        ("itsm major list", "open ones, incidents that look like one, reviews that are owed"),
        ("itsm major list --json", "for programs"),
    ],
)
@at_option
@json_option
@pass_app
def list_command(app: App, at: str | None, as_json: bool) -> None:
    """Show running major incidents, what looks like one, and the reviews that are owed.

    schemas/policies/major-incidents.yaml holds the criteria. An incident that meets one is declared,
    or declined with a reason.
    """
    from itsm_gitops.commands.major import list_major

    rows = list_major(app.repo, at)
    if as_json:
        print_json([row.as_json() for row in rows])
        return
    style = styles(sys.stdout)
    lines = list(listed_lines(rows, style, terminal_width(), app.repo.config.timezone))
    echo("\n".join(lines), color=style.on)


@command(
    "declare",
    [
        ("itsm major declare K7QF3 --reason 'No orders.'", "you command, the next word comes in 30 min"),
        (
            "itsm major declare K7QF3 --reason 'No orders.' --commander ben --say 'We are on it.'",
            "who leads, and the first word",
        ),
    ],
)
@_ID
@_REASON
@click.option(
    "--commander", metavar="HANDLE", shell_complete=lazily("people"), help="Who leads.  [default: you]"
)
@click.option(
    "--comms", metavar="HANDLE", shell_complete=lazily("people"), help="Who informs users and management."
)
@click.option("--impact", metavar="TEXT", help="What the business cannot do meanwhile.")
@click.option("--bridge", metavar="URL", help="Where the work is coordinated.")
@_WORD
@_NEXT
@_when("When it was decided, if earlier: 14:30 is '2026-11-22 14:30'; -10m.")
@by_option
@dry_run_option
@sync_option
@json_option
@pass_app
def declare_command(
    app: App,
    identifier: str,
    reason: str,
    commander: str | None,
    comms: str | None,
    impact: str | None,
    bridge: str | None,
    word: str,
    following: str | None,
    when: str | None,
    by: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Declare an incident a major incident.

    One entry of the timeline says who leads, why, what users are told and when they hear more.
    """
    from itsm_gitops.editing.major import declare

    done = declare(
        app.repo,
        identifier,
        reason=reason,
        commander=commander,
        comms=comms,
        impact=impact,
        bridge=bridge,
        word=word,
        following=following,
        by=by,
        at=when,
        dry_run=dry_run,
    )
    print_written([done], as_json, dry_run=dry_run)


@command("decline", [("itsm major decline K7QF3 --reason 'Ends within minutes.'", "not a major incident")])
@_ID
@_REASON
@_when("When it was decided, if earlier.")
@by_option
@dry_run_option
@sync_option
@json_option
@pass_app
def decline_command(
    app: App, identifier: str, reason: str, when: str | None, by: str | None, dry_run: bool, as_json: bool
) -> None:
    """Say that an incident is not a major incident, or not one after all.

    One that was declared still gets its review.
    """
    from itsm_gitops.editing.major import decline

    done = decline(app.repo, identifier, reason=reason, by=by, at=when, dry_run=dry_run)
    print_written([done], as_json, dry_run=dry_run)


@command(
    "update",
    [
        (
            'itsm major update K7QF3 "Half of the orders go through." --next 20m',
            "the next word in 20 minutes",
        ),
        ('itsm major update K7QF3 "All is back." --next none', "the last word"),
    ],
)
@_ID
@click.argument("text", nargs=-1, required=True)
@_NEXT
@by_option
@dry_run_option
@sync_option
@json_option
@pass_app
def update_command(
    app: App,
    identifier: str,
    text: tuple[str, ...],
    following: str | None,
    by: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Tell users how the work is going, and when they hear more.

    TEXT '-' reads standard input. An update that comes later than promised is a finding; 'itsm due' and the
    site list it.
    """
    from itsm_gitops.editing.major import update

    words = sys.stdin.read() if text == ("-",) else " ".join(text)
    done = update(app.repo, identifier, words, following=following, by=by, dry_run=dry_run)
    print_written([done], as_json, dry_run=dry_run)


@command(
    "stand-down",
    [
        (
            "itsm major stand-down K7QF3 --reason 'Orders work.' --mitigated -10m",
            "users could work again ten minutes ago",
        ),
    ],
)
@_ID
@_REASON
@_WORD
@click.option("--mitigated", metavar="WHEN", help="When users could work again, even if by a workaround.")
@click.option("--review-due", metavar="DATE", help="Day of the review.  [default: as the policy says]")
@_when("When it ended, if earlier.")
@by_option
@dry_run_option
@sync_option
@json_option
@pass_app
def stand_down_command(
    app: App,
    identifier: str,
    reason: str,
    word: str,
    mitigated: str | None,
    review_due: str | None,
    when: str | None,
    by: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """End a major incident: the alarm is over, the review is owed.

    The incident itself stays open until it is resolved. It cannot be closed without its review.
    """
    from itsm_gitops.editing.major import stand_down

    done = stand_down(
        app.repo,
        identifier,
        reason=reason,
        word=word,
        mitigated=mitigated,
        review_due=review_due,
        by=by,
        at=when,
        dry_run=dry_run,
    )
    print_written([done], as_json, dry_run=dry_run)


@command(
    "review",
    [
        ("itsm major review K7QF3", "what the timeline tells already, and what is missing"),
        (
            "itsm major review K7QF3 --set root_cause='A full disk.' --action 'dba 2026-12-11 Watch it'",
            "write it",
        ),
    ],
)
@_ID
@click.option(
    "--set", "texts", metavar="FIELD=TEXT", multiple=True, help="A part of the review (repeatable)."
)
@click.option(
    "--action", "actions", metavar='"OWNER DATE WHAT"', multiple=True, help="An agreed action (repeatable)."
)
@dry_run_option
@sync_option
@json_option
@pass_app
def review_command(
    app: App, identifier: str, texts: tuple[str, ...], actions: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """Prefill the review of a major incident from its timeline, or write it.

    Impact, detection, resolution and who took part follow from the record; people write the
    summary, the causes and the actions.
    """
    from itsm_gitops.editing.major_review import draft_review, write_review

    if texts or actions:
        done = write_review(app.repo, identifier, dict(map(_pair, texts)), actions, dry_run=dry_run)
        print_written([done], as_json, dry_run=dry_run)
        return
    draft = draft_review(app.repo, identifier)
    if as_json:
        print_json(draft.as_json())
        return
    style = styles(sys.stdout)
    echo("\n".join(review_lines(draft, style, terminal_width(), app.repo.config.timezone)), color=style.on)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise usage(f"'{text}' is not FIELD=TEXT", "for example --set root_cause='A full disk.'")
    return name.strip(), value


for _sub in (
    list_command,
    declare_command,
    decline_command,
    update_command,
    stand_down_command,
    review_command,
):
    major_command.add_command(_sub)
