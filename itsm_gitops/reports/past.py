"""How services fared: day by day for a while, by which incidents, and how much of a time they were available."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from itsm_gitops.graph.impact import Effect
from itsm_gitops.graph.past import Spell
from itsm_gitops.graph.status import DEGRADED, OPERATIONAL, OUTAGE
from itsm_gitops.model.field_history import UNKNOWN, Available, Day, ServiceHistory, ServiceIncident
from itsm_gitops.model.windows import moment_of
from itsm_gitops.reports import measures
from itsm_gitops.reports.log import Log
from itsm_gitops.service_levels.clocks import Levels
from itsm_gitops.service_levels.hours import RoundTheClock

_WORD = {Effect.DEGRADED: DEGRADED, Effect.OUTAGE: OUTAGE}
_MOST_CAUSES = 8
_MOST_INCIDENTS = 100  # of a service that are listed
PERIODS = (30, 90, 365)  # days over which availability is told


def history(log: Log, days: int) -> dict[str, list[Day]]:
    """Return each of the last ``days`` days (today is the last) of every service in production.

    The time of the log must hold them. Days before the first record of the repository are unknown:
    nothing tells how they were.
    """
    today = log.now.astimezone(log.zone).date()
    dates = [today - timedelta(days=n) for n in range(days)][::-1]
    starts = [int(moment_of(d, "00:00", log.zone).timestamp()) for d in dates]
    worst: dict[tuple[str, int], _Worst] = {}
    for spell in log.spells:
        for index in _touched(spell, starts):
            worst.setdefault((spell.service, index), _Worst()).add(spell)
    known = days if log.first is None else max(0, bisect_right(starts, log.first) - 1)
    return {s: list(_days(s, dates, worst, known)) for s in log.services}


class _Worst:
    """The worst of a day and what was behind it."""

    def __init__(self) -> None:
        self.effect = Effect.NONE
        self.causes: set[str] = set()

    def add(self, spell: Spell) -> None:
        if spell.effect > self.effect:
            self.effect, self.causes = spell.effect, set()
        if spell.effect == self.effect:
            self.causes.update(spell.causes)


def _touched(spell: Spell, starts: list[int]) -> Iterator[int]:
    """Yield the indexes of the days that a spell has a part of."""
    index = max(0, bisect_right(starts, spell.start) - 1)
    while index < len(starts) and starts[index] < spell.end:
        yield index
        index += 1


def _days(service: str, dates: list[date], worst: dict[tuple[str, int], _Worst], known: int) -> Iterator[Day]:
    for index, day in enumerate(dates):
        found = worst.get((service, index))
        if found is not None:
            causes = tuple(sorted(found.causes, reverse=True)[:_MOST_CAUSES])
            yield Day(day.isoformat(), _WORD[found.effect], causes)
        else:
            yield Day(day.isoformat(), OPERATIONAL if index >= known else UNKNOWN)


class Uptime(NamedTuple):
    """How long a service was watched and how long of that it was down (seconds): around the clock, in agreed time."""

    watched: int
    down: int
    agreed: int
    agreed_down: int


def uptimes(log: Log, levels: Levels, begin: int | None = None) -> dict[str, Uptime]:
    """Return the uptime of every service in production within the time of the report, or from a later moment on."""
    since = max(log.since if begin is None else begin, log.until if log.first is None else log.first)
    down: dict[str, list[tuple[int, int]]] = {s: [] for s in log.services}
    for spell in log.spells:
        if spell.effect == Effect.OUTAGE:
            down[spell.service].append((spell.start, spell.end))
    found = {}
    for service, spans in down.items():
        level = levels.of_item(service)
        hours = levels.hours(levels.calendar(level)) if level else RoundTheClock()
        outages = [(max(a, since), b) for a, b in _union(spans) if b > since]
        found[service] = Uptime(
            log.until - since,
            sum(b - a for a, b in outages),
            hours.between(since, log.until),
            sum(hours.between(a, b) for a, b in outages),
        )
    return found


def histories(log: Log, levels: Levels) -> dict[str, ServiceHistory]:
    """Return what incidents did to every service in production, and how much of the last days it was available.

    The time of the log must hold the longest of the periods.
    """
    by_service: dict[str, list[Spell]] = {s: [] for s in log.services}
    for spell in log.spells:
        by_service[spell.service].append(spell)
    available: dict[str, list[Available]] = {s: [] for s in log.services}
    for days in PERIODS:
        for service, one in _available(log, levels, days):
            available[service].append(one)
    return {
        service: ServiceHistory(
            _since(some, log.until), tuple(_incidents(some, log.until)), tuple(available[service])
        )
        for service, some in by_service.items()
    }


def first_moment(log: Log, days: int) -> int:
    """Return the beginning of the first of the last days, today included, in seconds since 1970."""
    day = log.now.astimezone(log.zone).date() - timedelta(days=days - 1)
    return int(moment_of(day, "00:00", log.zone).timestamp())


def _since(spells: list[Spell], now: int) -> int | None:
    """Return since when a service has not been well; None where it is."""
    last = _union((s.start, s.end) for s in spells)[-1:]
    return last[0][0] if last and last[0][1] >= now else None


def _incidents(spells: list[Spell], now: int) -> Iterator[ServiceIncident]:
    """Yield what each incident did, those that began last first."""
    times: dict[str, list[Spell]] = {}
    for spell in spells:
        for cause in spell.causes:
            times.setdefault(cause, []).append(spell)
    found = []
    for cause, some in times.items():
        spans = _union((s.start, s.end) for s in some)
        end = None if spans[-1][1] >= now else spans[-1][1]
        worst = _WORD[max(s.effect for s in some)]
        found.append(ServiceIncident(cause, worst, spans[0][0], end, sum(b - a for a, b in spans)))
    yield from sorted(found, key=lambda one: (-one.start, one.id))[:_MOST_INCIDENTS]


def _available(log: Log, levels: Levels, days: int) -> Iterator[tuple[str, Available]]:
    """Yield how much of the last days each service was available, as exactly as it is shown."""
    begin = first_moment(log, days)
    since = log.day_of_moment(log.first).isoformat() if log.first is not None and log.first > begin else ""
    for service, up in uptimes(log, levels, begin).items():
        agreed = measures.availability(up.agreed, up.agreed_down)
        always = measures.availability_around_the_clock(up.watched, up.down)
        yield service, Available(days, since, _floored(agreed), _floored(always), up.down // 60)


def _floored(part: float | None) -> float | None:
    """Return a share as it is shown, so that a page stays as it is while nothing happens."""
    return None if part is None else math.floor(part * 10_000 + 1e-6) / 10_000


def _union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans joined where they overlap, in order of time."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
