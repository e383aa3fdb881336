"""Family D: rotas that leave hours uncovered, or say two things about one time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.escalation_steps import CALLED, LAYER, LEAD, NEXT_TEAM, STEPS, steps_of
from itsm_gitops.model.findings import WARNING
from itsm_gitops.model.roles import ON_CALL, names
from itsm_gitops.model.rotas import is_rota, overlapping, read_rota, uncovered
from itsm_gitops.model.windows import closed_days, spans
from itsm_gitops.rules.context import DocumentContext
from itsm_gitops.rules.rule import ITEMS, Hit, Rule

_AHEAD = timedelta(days=28)
_COVERS = "covers"
_PARTS = frozenset(("layers", "absences", "holidays", "time_zone", _COVERS))


def somebody_is_on_call(ctx: DocumentContext) -> Iterator[Hit]:
    """Walk through the turns of the next four weeks and look for hours that nobody has and somebody should."""
    if _PARTS & ctx.refused or not facts.is_in_force(ctx.kind, ctx.data):
        return
    # From midnight, so that the answer is kept for a day; what is over is left out by comparing its end with the present.
    start = datetime.combine(ctx.now.date(), time(), UTC)
    end = start + _AHEAD
    calendar = ctx.item(str(ctx.data[_COVERS])) if _COVERS in ctx.data else None
    wanted = spans(calendar, start, end, closed_days(calendar, ctx.item)) if calendar else None
    gaps = [g for g in uncovered(read_rota(ctx.data, ctx.item), wanted, start, end) if ctx.now < g.end]
    if gaps:
        first, more = gaps[0], len(gaps) - 1
        span = f"from {clock.format_time(first.start)} to {clock.format_time(first.end)}"
        rest = f", and {more} more time{'s' if more > 1 else ''} in four weeks" if more else ""
        yield Hit(f"nobody is on call {span}{rest}", ("layers",), at_key=True)


def overrides_are_clear(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the overrides of a rota with each other."""
    if "overrides" in ctx.refused:
        return
    for early, late in overlapping(read_rota(ctx.data, ctx.item).overrides):
        if early.person != late.person:
            message = f"{late.person} and {early.person} are both called at {clock.format_time(max(early.start, late.start))}"
            yield Hit(message, ("overrides", late.place), f"the later one in the file holds: {late.person}")


def steps_call_somebody(ctx: DocumentContext) -> Iterator[Hit]:
    """Look for steps of an escalation, and a team that takes over, that call nobody."""
    if not facts.is_in_force(ctx.kind, ctx.data):
        return
    later = ctx.data.get(NEXT_TEAM)
    if isinstance(later, str) and NEXT_TEAM not in ctx.refused and _calls_nobody(ctx, later):
        yield Hit(f"{later} has nobody on call and no lead", (NEXT_TEAM,))
    for step in steps_of(ctx.data) if STEPS not in ctx.refused else ():
        pointer = (STEPS, step.place)
        raw = ctx.data[STEPS][step.place]
        told = [word for word in CALLED if word in raw]
        if len(told) != 1:
            named = " and ".join(told) or "nobody"
            yield Hit(f"this step names {named}; it has to name one of {', '.join(CALLED)}", pointer)
        elif step.layer and step.layer not in _layers(ctx):
            known = did_you_mean(step.layer, _layers(ctx)) or "on_call has to name a rota with such a layer"
            yield Hit(f"no rota of this team has a layer '{step.layer}'", (*pointer, LAYER), known)
        elif step.who and _calls_nobody(ctx, step.who):
            yield Hit(f"{step.who} has nobody on call and no lead", (*pointer, told[0]))


def _layers(ctx: DocumentContext) -> list[str]:
    rotas = (data for name in names(ctx.data.get(ON_CALL)) if (data := ctx.item(name)) and is_rota(data))
    return [layer.name for data in rotas for layer in read_rota(data, ctx.item).layers]


def _calls_nobody(ctx: DocumentContext, name: str) -> bool:
    """Whether a team has nobody who could be called; persons, and teams of a directory elsewhere, are not known here."""
    data, entry = ctx.item(name), ctx.store.entries.get(name)
    if data is None or entry is None or not facts.is_a(ctx.book, entry, meaning.TEAM):
        return False
    return not (data.get(ON_CALL) or data.get(LEAD))


RULES = (
    Rule(
        "D040",
        "Hours with nobody on call",
        severity=WARNING,
        kinds=(meaning.ROTA,),
        why="An alert in such an hour calls nobody, and no emergency can be let in: it is found out when it is too late.",
        hint="itsm oncall ROTA --days 28 shows the turns; add a layer, people or hours, or say with `covers` which hours count",
        bad="layers:\n  - name: Office hours only\n    hours: [{days: [mon, tue, wed, thu, fri], from: '09:00', to: '17:00'}]",
        good="covers: office-hours\nlayers:\n  - name: Office hours\n    hours: [{days: [mon, tue, wed, thu, fri], from: '09:00', to: '17:00'}]",
        reach=(ITEMS,),
        check=somebody_is_on_call,
    ),
    Rule(
        "D041",
        "Overrides that contradict each other",
        severity=WARNING,
        kinds=(meaning.ROTA,),
        why="Two swaps of one time leave two people with different calendars: each may think that the other is called.",
        hint="take one of them away, or let one end where the other begins",
        bad="overrides:\n  - {start: 2026-12-24T08:00:00Z, end: 2026-12-26T08:00:00Z, person: anna}\n  - {start: 2026-12-25T08:00:00Z, end: 2026-12-27T08:00:00Z, person: ben}",
        good="overrides:\n  - {start: 2026-12-24T08:00:00Z, end: 2026-12-25T08:00:00Z, person: anna}\n  - {start: 2026-12-25T08:00:00Z, end: 2026-12-27T08:00:00Z, person: ben}",
        check=overrides_are_clear,
    ),
    Rule(
        "D042",
        "An escalation that calls nobody",
        severity=WARNING,
        kinds=(meaning.TEAM, meaning.SERVICE_LEVEL),
        why="A step is for the moment when nobody answered or a promise is nearly broken. That is too late to find that it calls nobody.",
        hint="itsm oncall RECORD shows who is called and when; name a layer of the team's rota, a team with somebody on call, or a person",
        bad="escalations:\n- after_minutes: 10\n  layer: Bakcup",
        good="escalations:\n- after_minutes: 10\n  layer: Backup",
        reach=(ITEMS,),
        check=steps_call_somebody,
    ),
)
