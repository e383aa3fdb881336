"""Family D: agreements against each other and against what uses them.

An internal agreement or an underpinning contract carries a promise to users (``underpins``): it may not be weaker, or
the promise cannot be kept (ITIL 4 service level management; FitSM-1 PR2.4). What is used must be in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from itsm_gitops.model import facts, meaning, windows
from itsm_gitops.model.findings import WARNING
from itsm_gitops.rules.context import Data, DocumentContext, day
from itsm_gitops.rules.rule import AGREEMENTS, ITEMS, Hit, Rule
from itsm_gitops.service_levels.clocks import OLA, RESOLUTION, UC

USING = ("service_level", "contract", "licences")
_CALENDAR = "calendar"  # the field of an agreement
# Two weeks, in winter and in summer, in which hours are compared: what holds in both holds on either side of a change of clocks.
_WEEKS = (datetime(2026, 1, 12, tzinfo=UTC), datetime(2026, 7, 13, tzinfo=UTC))
_WEEK = timedelta(days=7)
_ALL = 100.0


def promise_is_supported(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare each target, and the hours, of an agreement with those of the agreements that it carries."""
    if not facts.is_in_force(ctx.kind, ctx.data) or {"underpins", "targets"} & ctx.refused:
        return
    for name in ctx.data.get("underpins") or ():
        promise = ctx.item(name)
        entry = ctx.store.entries.get(name)
        if promise is None or entry is None or not facts.is_in_force(ctx.book.kinds[entry.kind], promise):
            continue
        yield from _weaker_targets(ctx, name, promise)
        hit = _weaker_hours(ctx, name, promise)
        if hit is not None:
            yield hit


def _weaker_targets(ctx: DocumentContext, name: str, promise: Data) -> Iterator[Hit]:
    seen: set[int] = set()
    for wanted in promise.get("targets") or ():
        at = next((i for i, t in enumerate(ctx.data.get("targets") or ()) if _is_for(t, wanted)), None)
        reason = _weakness(ctx.data["targets"][at], wanted) if at is not None else None
        if at is not None and reason and at not in seen:
            seen.add(at)
            field, said = reason
            yield Hit(f"{said} promised by '{name}'", ("targets", at, field))


def _is_for(target: Data, wanted: Data) -> bool:
    """Whether a target is about what another one promises: the same metric and record, its priority or any."""
    if target["metric"] != wanted["metric"] or target.get("record") != wanted.get("record"):
        return False
    return "priority" not in target or target["priority"] == wanted.get("priority")


def _weakness(target: Data, wanted: Data) -> tuple[str, str] | None:
    what = " ".join(str(wanted[k]) for k in ("record", "priority", "metric") if k in wanted)
    ours, theirs = target.get("minutes"), wanted.get("minutes")
    if ours is not None and theirs is not None and ours > theirs:
        return "minutes", f"{what} in {ours} min is slower than the {theirs} min"
    share, least = target.get("percent", _ALL), wanted.get("percent", _ALL)
    if share < least and (ours is None or theirs is None or ours >= theirs):
        return ("percent", f"{what} of {share:g}% is less than the {least:g}%")
    return None


def _weaker_hours(ctx: DocumentContext, name: str, promise: Data) -> Hit | None:
    """Return what is wrong where the hours of the agreement do not cover those of the promise."""
    own = ctx.item(ctx.data.get(_CALENDAR)) if _CALENDAR in ctx.data else {}
    theirs = ctx.item(promise.get(_CALENDAR)) if _CALENDAR in promise else {}
    if own is None or theirs is None or not own or own == theirs:
        return None  # a calendar that is not there has its own finding; none at all is around the clock
    for start in _WEEKS:
        covered = windows.merged(_hours(own, start))
        for window in windows.merged(_hours(theirs, start)):
            if not windows.within(window.start, window.end, covered):
                wanted = f"'{promise[_CALENDAR]}'" if _CALENDAR in promise else "around the clock"
                message = (
                    f"the hours of '{ctx.data[_CALENDAR]}' do not cover those promised by '{name}' ({wanted})"
                )
                return Hit(message, (_CALENDAR,))
    return None


def _hours(calendar: Mapping[str, Any], start: datetime) -> list[windows.Window]:
    """Return the hours of a week (all of it without a calendar), cut at its ends."""
    end = start + _WEEK
    if not calendar:
        return [windows.Window(start, end, "")]
    weekly = {k: v for k, v in calendar.items() if k in ("hours", "time_zone", "name")}
    found = windows.spans(weekly, start, end)
    return [windows.Window(max(w.start, start), min(w.end, end), w.name) for w in found]


def chain_keeps_the_promise(ctx: DocumentContext) -> Iterator[Hit]:
    """Add the time of a supplier to that of each team which carries the same promise, and compare the sum with it.

    The team works on the fault and then waits for the supplier: both times fall within the one that users were promised.
    Whichever is too long alone has a finding of its own.
    """
    if ctx.data.get("kind") != UC or not facts.is_in_force(ctx.kind, ctx.data):
        return
    if {"underpins", "targets", "kind"} & ctx.refused:
        return
    seen: set[int] = set()
    for name, promise, teams in _chains(ctx):
        for wanted in promise.get("targets") or ():
            own = _time_for(ctx.data, wanted)
            if own is None or wanted.get("metric") != RESOLUTION or own[0] in seen:
                continue
            found = [(m, team) for team, level in teams if (m := _minutes_for(level, wanted)) is not None]
            internal, team = max(found, default=(0, ""))
            allowed = wanted.get("minutes")
            if not team or allowed is None or max(internal, own[1]) > allowed or internal + own[1] <= allowed:
                continue
            seen.add(own[0])
            what = " ".join(str(wanted[k]) for k in ("record", "priority", "metric") if k in wanted)
            message = (
                f"{what}: {own[1]} min here and {internal} min of '{team}' are {internal + own[1]} min, "
                f"more than the {allowed} min promised by '{name}'"
            )
            yield Hit(message, ("targets", own[0], "minutes"))


def _chains(ctx: DocumentContext) -> Iterator[tuple[str, Data, list[tuple[str, Data]]]]:
    """Yield each promise that a contract carries, with the operational levels that carry it as well.

    A contract under an operational level carries what that one carries.
    """
    levels = {
        e.id: data
        for e in facts.of_role(ctx.book, ctx.store.entries.values(), meaning.SERVICE_LEVEL)
        if (data := ctx.item(e.id)) is not None and facts.is_in_force(ctx.book.kinds[e.kind], data)
    }
    operational = {n: d for n, d in levels.items() if d.get("kind") == OLA}
    carried: list[str] = []
    for name in ctx.data.get("underpins") or ():
        carried += operational[name].get("underpins") or () if name in operational else [name]
    for name in dict.fromkeys(carried):
        if name in levels and name not in operational:
            teams = [(n, d) for n, d in operational.items() if name in (d.get("underpins") or ())]
            yield name, levels[name], teams


def _time_for(level: Data, wanted: Data) -> tuple[int, int] | None:
    """Return the place and the minutes of the target of an agreement that is about a promise."""
    for index, target in enumerate(level.get("targets") or ()):
        if _is_for(target, wanted) and "minutes" in target:
            return index, target["minutes"]
    return None


def _minutes_for(level: Data, wanted: Data) -> int | None:
    found = _time_for(level, wanted)
    return found[1] if found else None


def agreement_is_in_force(ctx: DocumentContext) -> Iterator[Hit]:
    """Look at the first and the last day, and the stage of life, of each agreement that an item in production uses."""
    if not facts.is_in_force(ctx.kind, ctx.data):
        return
    for field in USING:
        value = ctx.data.get(field)
        named = value if isinstance(value, list) else [value]
        for index, name in enumerate(named):
            reason = _not_in_force(ctx, name)
            if reason:
                yield Hit(f"'{name}' {reason}", (field, index) if isinstance(value, list) else (field,))


def _not_in_force(ctx: DocumentContext, name: object) -> str:
    data, entry = ctx.item(name), ctx.store.entries.get(str(name))
    if data is None or entry is None:
        return ""
    stage = ctx.inactive(name)
    if stage:
        return f"is {stage}"
    start, end = day(data.get("start")), day(data.get("end"))
    zone = windows.zone(ctx.store.config.timezone)
    if start and ctx.now < windows.moment_of(start, "00:00", zone):
        return f"does not apply before {start}"
    if end and not _goes_on(data) and ctx.now >= windows.moment_of(end, "24:00", zone):
        return f"ended on {end}"
    return ""


def _goes_on(data: Data) -> bool:
    return data.get("perpetual") is True or data.get("renewal") == "tacit"


RULES = (
    Rule(
        "D022",
        "Agreement that is weaker than the promise it carries",
        severity=WARNING,
        kinds=(meaning.SERVICE_LEVEL,),
        why="What a supplier or a team gives more slowly, or at fewer hours, than users were promised breaks the promise.",
        hint="agree on better terms below, or promise less above",
        bad="# underpins gold, which promises P1 in 240 minutes\ntargets:\n  - {record: incident, metric: resolution, priority: P1, minutes: 480}",
        good="# underpins gold, which promises P1 in 240 minutes\ntargets:\n  - {record: incident, metric: resolution, priority: P1, minutes: 180}",
        reach=(AGREEMENTS,),
        check=promise_is_supported,
    ),
    Rule(
        "L020",
        "Team and supplier together are slower than the promise",
        severity=WARNING,
        kinds=(meaning.SERVICE_LEVEL,),
        why="A fault passes through the team and the supplier one after the other: each may be fast enough, and both together not.",
        hint="agree on a shorter time with the supplier or the team, or promise a longer one above",
        bad="# gold promises P1 in 240 minutes, the team's level takes 120\nkind: uc\nunderpins: [gold]\n"
        "targets:\n  - {record: incident, metric: resolution, priority: P1, minutes: 180}",
        good="# gold promises P1 in 240 minutes, the team's level takes 120\nkind: uc\nunderpins: [gold]\n"
        "targets:\n  - {record: incident, metric: resolution, priority: P1, minutes: 120}",
        reach=(AGREEMENTS,),
        check=chain_keeps_the_promise,
    ),
    Rule(
        "D025",
        "Agreement that is used and not in force",
        severity=WARNING,
        why="What an item in production leans on must hold today: a contract that has not begun or has ended covers nothing.",
        hint="renew the agreement, correct its days, or name the one that is in force",
        bad="# a server in production\ncontract: hardware-care   # its end was 2020-12-31",
        good="# a server in production\ncontract: hardware-care   # its end is 2099-12-31",
        reach=(ITEMS,),
        about=USING,
        check=agreement_is_in_force,
    ),
)
