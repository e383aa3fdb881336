"""Family L: the numbers of one agreement beside each other, and beside what offerings say that they take.

A promise is read target by target, and the first that fits a record counts. So a general target before a special one hides
it, an answer that may come after the solution promises nothing, and what is more urgent is not promised later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.findings import WARNING
from itsm_gitops.model.rulebook import PRIORITY
from itsm_gitops.rules.context import Data, DocumentContext
from itsm_gitops.rules.rule import ITEMS, Hit, Rule
from itsm_gitops.service_levels.clocks import RESOLUTION, RESPONSE

_HOUR = 60
_ORDER = meaning.REQUEST


class _Target(NamedTuple):
    """One target with its place; ``rank`` of its priority is the smaller the more urgent, None for every priority."""

    place: int
    record: str
    metric: str
    priority: str
    minutes: int | None
    rank: int | None


def targets_agree(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the targets of an agreement with each other."""
    if "targets" in ctx.refused:
        return
    targets = _targets(ctx)
    for target in targets:
        others = [t for t in targets if t.record == target.record]
        said = _hidden(target, others) or _too_late(target, others) or _less_urgent(target, others)
        if said:
            field = "minutes" if target.minutes is not None else "metric"
            yield Hit(f"{_name(target)} {said}", ("targets", target.place, field))


def _targets(ctx: DocumentContext) -> list[_Target]:
    order = list(ctx.book.policy(PRIORITY).get("priorities", {}))
    found = []
    for place, raw in enumerate(ctx.data.get("targets") or ()):
        priority = raw.get("priority", "")
        rank = order.index(priority) if priority in order else None
        found.append(_Target(place, raw.get("record", ""), raw["metric"], priority, raw.get("minutes"), rank))
    return found


def _name(target: _Target) -> str:
    return " ".join(filter(None, (target.record, target.priority, target.metric)))


def _hidden(target: _Target, others: Sequence[_Target]) -> str:
    """Say which target before it counts for all that it is for."""
    if target.metric not in (RESPONSE, RESOLUTION):
        return ""  # an availability is not one record's
    for other in others:
        fits = other.metric == target.metric and other.priority in ("", target.priority)
        if other.place < target.place and fits:
            return f"never counts: target {other.place + 1} is for the same records, and the first that fits counts"
    return ""


def _too_late(target: _Target, others: Sequence[_Target]) -> str:
    """Say which solution is promised before this answer."""
    if target.metric != RESPONSE or target.minutes is None:
        return ""
    solved = next((o for o in others if o.metric == RESOLUTION and o.priority in ("", target.priority)), None)
    if solved is None or solved.minutes is None or target.minutes <= solved.minutes:
        return ""
    return f"in {target.minutes} min comes after the {RESOLUTION} in {solved.minutes} min"


def _less_urgent(target: _Target, others: Sequence[_Target]) -> str:
    """Say which less urgent records are promised to be quicker."""
    if target.rank is None or target.minutes is None:
        return ""
    for other in others:
        if other.metric != target.metric or other.rank is None or other.minutes is None:
            continue
        if other.rank > target.rank and other.minutes < target.minutes:
            return f"in {target.minutes} min is slower than {other.priority} in {other.minutes} min"
    return ""


def order_is_promised_in_time(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare how long an order normally takes with the promise that holds for it."""
    hours, level = ctx.data.get("expected_hours"), ctx.data.get("service_level")
    if hours is None or level is None or not facts.is_in_force(ctx.kind, ctx.data):
        return
    promised = _promised(ctx, ctx.item(level) or {})
    if promised is not None and hours * _HOUR > promised:
        message = f"it normally takes {hours:g} h, and '{level}' promises orders in {promised} min"
        yield Hit(message, ("expected_hours",))


def _promised(ctx: DocumentContext, level: Data) -> int | None:
    """Return the longest time that an agreement allows for an order, whatever its priority."""
    orders = set(ctx.book.playing(_ORDER))
    found: list[Any] = [
        t.get("minutes")
        for t in level.get("targets") or ()
        if t.get("record") in orders and t.get("metric") == RESOLUTION
    ]
    minutes = [m for m in found if isinstance(m, int)]
    return max(minutes) if minutes else None


RULES = (
    Rule(
        "L021",
        "Targets that contradict each other",
        severity=WARNING,
        kinds=(meaning.SERVICE_LEVEL,),
        why="The first target that fits a record counts, and what is more urgent is not promised later: else nobody means it.",
        hint="put special targets before general ones, and correct the minutes",
        bad="targets:\n  - {record: incident, metric: resolution, priority: P1, minutes: 480}\n"
        "  - {record: incident, metric: resolution, priority: P2, minutes: 240}",
        good="targets:\n  - {record: incident, metric: resolution, priority: P1, minutes: 240}\n"
        "  - {record: incident, metric: resolution, priority: P2, minutes: 480}",
        check=targets_agree,
    ),
    Rule(
        "L022",
        "Order that normally takes longer than promised",
        severity=WARNING,
        kinds=(meaning.OFFERING,),
        why="Orders are promised in a time that is not enough even when all goes well.",
        hint="promise more time, or say how it gets quicker",
        bad="expected_hours: 40\nservice_level: gold   # orders in 480 minutes",
        good="expected_hours: 6\nservice_level: gold   # orders in 480 minutes",
        reach=(ITEMS,),
        check=order_is_promised_in_time,
    ),
)
