"""`itsm risk`, `itsm schedule` and `itsm freeze`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from itsm_gitops.cli.base import App, at_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import ItsmCommand, command, group_with_help
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import Style, facts, pad, styles, wrap
from itsm_gitops.cli.shared_options import ics_option
from itsm_gitops.cli.times import local, zone_note
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands import planning
from itsm_gitops.graph.planned import Planned
from itsm_gitops.graph.risk import FACT, QUESTION, Point
from itsm_gitops.graph.schedule import Freeze
from itsm_gitops.model import clock
from itsm_gitops.model.text import safe_text, shorten, width
from itsm_gitops.model.words import counted

LEVEL_STYLES = {"low": "green", "medium": "yellow", "high": "bold red"}


@command(
    "risk",
    [
        ("itsm risk K7QF3", "points, level, and what would lower it"),
        ("itsm risk K7QF3 --json", "for programs"),
    ],
)
@click.argument("identifier", metavar="CHG", shell_complete=lazily("identifiers"))
@at_option
@json_option
@pass_app
def risk_command(app: App, identifier: str, at: str | None, as_json: bool) -> None:
    """Explain how risky a change is.

    The level is the higher of what the answers (risk.answers) and the computed facts say.
    Questions, points and levels are in schemas/policies/risk.yaml.
    """
    result = planning.risk(app.repo, identifier, at=at)
    if as_json:
        print_json(result.as_json())
        return
    style = styles(sys.stdout)
    echo("\n".join(_risk(result, style, terminal_width())), color=style.on)


def _risk(risk: planning.Risk, style: Style, columns: int) -> Iterator[str]:
    assessment = risk.assessment
    yield f"{style.name(assessment.id)}  {shorten(safe_text(risk.title), columns - width(assessment.id) - 2)}"
    yield from wrap(_verdict(risk), columns)
    if assessment.override:
        by, why = (safe_text(assessment.override.get(k, "")) for k in ("by", "reason"))
        yield from wrap(f"Overridden by {by}: {why}", columns)
    for source, title in ((FACT, "Facts"), (QUESTION, "Questions")):
        level = assessment.level_of(source)
        total = f"{assessment.total(source)} points: "
        yield ""
        yield f"{style.bold(title)}  {style.dim(total)}{style.paint(level, LEVEL_STYLES[level])}"
        for point in (p for p in assessment.points if p.source == source):
            yield from _point(point, style, columns)
    if risk.savings:
        yield ""
        needed = planning.enough(assessment)
        yield style.bold("What would lower it") + (style.dim(f"  {needed}") if needed else "")
        rows = [(f"−{saves}", safe_text(point.lower)) for point, saves in risk.savings]
        yield from facts(rows, columns, style)


def _verdict(risk: planning.Risk) -> str:
    assessment = risk.assessment
    if assessment.model is not None and not assessment.model.assessed:
        return f"Risk {assessment.stored or 'not set'}: it is the template's, the computed one ({assessment.computed}) only informs."
    stored = f"the record says {assessment.stored}" if assessment.stored else "the record says nothing"
    verdict = f"Risk {assessment.computed}; {stored}."
    return f"{verdict} That is too low." if assessment.understated and not assessment.override else verdict


def _point(point: Point, style: Style, columns: int) -> Iterator[str]:
    sign = f"{point.points:>4}" if point.value is not None or point.source == FACT else "   ?"
    text = f"{point.title}: {point.shown}"
    why = f" ({point.reason})" if point.reason and point.source == FACT else ""
    for index, line in enumerate(wrap(safe_text(text + why), columns - 6)):
        yield f"{style.dim(sign) if not point.points else sign}  {line}" if index == 0 else f"      {line}"


@command(
    "schedule",
    [
        ("itsm schedule", "the next four weeks, day by day"),
        ("itsm schedule --month 2026-12", "a month at a glance"),
        ("itsm schedule --service mail --from 2026-12-01 --to 2w", "what can hit one service"),
        ("itsm schedule --with upgrade-mail", "as it would be with that branch merged"),
        ("itsm schedule --ics changes.ics", "a calendar file to subscribe to"),
    ],
)
@click.option("--from", "start", metavar="WHEN", default="", help="First day or moment.  [default: today]")
@click.option(
    "--to", "end", metavar="WHEN", default="", help="Last day or moment, or how long: 2w, 12h.  [default: 4w]"
)
@click.option(
    "--month",
    metavar="YYYY-MM",
    is_flag=False,
    flag_value="now",
    help="A month at a glance; without a value, this one.",
)
@click.option(
    "--service",
    metavar="ID",
    default="",
    shell_complete=lazily("services"),
    help="Only what can hit this service.",
)
@click.option(
    "--with",
    "together",
    metavar="BRANCH",
    multiple=True,
    shell_complete=lazily("revisions"),
    help="As if this branch were merged into HEAD (or --at); repeatable.",
)
@ics_option
@at_option
@json_option
@pass_app
def schedule_command(
    app: App,
    start: str,
    end: str,
    month: str | None,
    service: str,
    together: tuple[str, ...],
    ics: str | None,
    at: str | None,
    as_json: bool,
) -> None:
    """Show what is planned and what collides.

    Changes, freezes and maintenance windows.

    Collisions are found through the CMDB: same item, a part, something it needs, both halves of
    a redundant pair, one person twice. --with also finds the changes of different branches that
    pass alone and collide together. Times are in the repository's time zone.
    """
    if month is not None:
        if start or end:
            from itsm_gitops.cli.failures import usage

            raise usage("--month does not go with --from and --to", "use one or the other")
        start, end = planning.month(app.repo, "" if month == "now" else month)
    schedule = planning.schedule(app.repo, start=start, end=end, service=service, at=at, together=together)
    if ics:
        if ics == "-":
            echo(planning.ics(app.repo, schedule, at), nl=False)
            return
        planning.write_ics(app.repo, schedule, Path(ics), at)
        counts = (counted(len(schedule.changes), "change"), counted(len(schedule.around), "calendar window"))
        echo(f"{safe_text(ics)}: {', '.join(counts)}")
        return
    if as_json:
        print_json(planning.schedule_json(schedule))
        return
    from itsm_gitops.cli.agenda import agenda, month_grid

    style = styles(sys.stdout)
    draw = month_grid if month is not None else agenda
    lines = draw(schedule, style, terminal_width(), app.repo.config.timezone)
    echo("\n".join(lines), color=style.on)


@group_with_help("freeze")
def freeze_command() -> None:
    """Look at change freezes."""


@freeze_command.command(
    "preview",
    cls=ItsmCommand,
    examples=[
        ("itsm freeze preview", "what the freezes to come hold"),
        ("itsm freeze preview year-end --json", "one calendar, for programs"),
    ],
)
@click.argument("calendar", metavar="[CALENDAR]", default="", shell_complete=lazily("identifiers"))
@at_option
@json_option
@pass_app
def preview_command(app: App, calendar: str, at: str | None, as_json: bool) -> None:
    """Show which planned changes a freeze holds, and which it lets through.

    A calendar that is only drafted (lifecycle: planned) holds nothing yet; its preview says what
    it would hold.
    """
    effects = planning.freezes(app.repo, calendar, at=at)
    if as_json:
        print_json([planning.freeze_json(f) for f in effects])
        return
    style = styles(sys.stdout)
    zone = app.repo.config.timezone
    blocks = [_freeze(f, style, terminal_width(), zone) for f in effects]
    lines = [line for block in blocks for line in ("", *block)][1:]
    echo("\n".join(lines or ["no freeze is to come"]), color=style.on)


def _freeze(freeze: Freeze, style: Style, columns: int, zone: str) -> Iterator[str]:
    one = freeze.calendar
    draft = "" if one.in_force else style.warning("  draft: not in force")
    name = shorten(safe_text(freeze.window.name or one.name), columns - width(one.id) - 24)
    yield f"{style.name(one.id)}  {style.bold(name)}{draft}"
    start, end = (local(clock.format_time(t), zone) for t in freeze.window[:2])
    yield from (f"  {line}" for line in wrap(f"{start} to {end}{zone_note(zone)}", columns - 2))
    scope = ", ".join(sorted(one.applies_to)) or "everything"
    yield from (f"  {line}" for line in wrap(f"covers {safe_text(scope)}", columns - 2))
    if one.exempt_types:
        exempt = f"lets through: {safe_text(', '.join(one.exempt_types))}"
        yield from (f"  {line}" for line in wrap(exempt, columns - 2))
    word = "holds" if one.in_force else "would hold"
    if not freeze.held:
        yield f"  {word} nothing that is planned"
    for title, changes in ((word, freeze.held), ("lets through", freeze.exempt)):
        for change in changes:
            yield _row(f"  {title} ", change, style, columns, zone)


def _row(lead: str, change: Planned, style: Style, columns: int, zone: str) -> str:
    when = local(clock.format_time(change.start), zone)
    used = width(lead) + width(change.id) + len(when) + 4
    title = shorten(safe_text(change.title), columns - used)
    return f"{lead}{style.name(change.id)}  {pad(when, 16)}  {title}"
