"""Who is on call when: rotas of layers that hand over in local time, with absences, overrides and holidays.

A rota is read as people plan one. Its layers are in order: the first that has somebody at a moment names who is called
first, each further one names a backup. A layer is a list of people who take turns of some days or weeks and hand over
at a time of day, which is local: a turn over the night on which clocks change is an hour shorter or longer. ``hours``
limit a layer to times of the week. Whoever is absent is replaced by the next in the layer who is not. An override is
what somebody decided for a span of time and goes before the first layer; of two at the same time the later one in the
file holds. All spans are half-open, all moments in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from itsm_gitops.model import clock, meaning
from itsm_gitops.model.untyped import as_mappings
from itsm_gitops.model.windows import (
    Window,
    are_hours,
    closed_days,
    is_time_of_day,
    is_zone,
    moment_of,
    weekly,
    zone,
)

Item = Callable[[str], Mapping[str, Any] | None]

# The fields of a rota that say who is on call; what reads them depends on these.
FIELDS = ("layers", "overrides", "absences", "holidays", "time_zone")
# What a layer does on holidays: not called, or called on these days only.
OFF, ONLY = "off", "only"
PERSON = meaning.PERSON  # who is called or absent

_DAY = timedelta(days=1)
_UNITS = {"day": 1, "week": 7}


class Turn(NamedTuple):
    """From ``start`` up to and without ``end`` these people are on call, whom to call first first; nobody: empty.

    ``override`` says that the first was decided by hand.
    """

    start: datetime
    end: datetime
    people: tuple[str, ...]
    override: bool = False


class TurnOverride(NamedTuple):
    """``person`` is on call instead of whoever it would be; ``place`` is its position in the file."""

    start: datetime
    end: datetime
    person: str
    place: int


class Absence(NamedTuple):
    """``person`` is not called from the beginning of one local day to the end of another."""

    start: datetime
    end: datetime
    person: str


@dataclass(frozen=True)
class Layer:
    """People who take turns of ``days`` days; ``first`` is the day of the first hand-over, ``last`` of the last (None: never)."""

    name: str
    people: tuple[str, ...]
    first: date
    last: date | None
    days: int
    hand_over: str
    hours: tuple[Mapping[str, Any], ...]
    holidays: str


@dataclass(frozen=True)
class Rota:
    """A rota as it is asked. ``closed`` are the days of its holiday calendars."""

    where: tzinfo
    layers: tuple[Layer, ...]
    overrides: tuple[TurnOverride, ...]
    absences: tuple[Absence, ...]
    closed: frozenset[date]

    def at(self, moment: datetime) -> Turn:
        """Return who is on call at a moment, as a turn that begins and ends there."""
        called = [person for layer in self.layers if (person := self._of_layer(layer, moment))]
        decided = [o.person for o in self.overrides if o.start <= moment < o.end]
        if decided:
            called = [decided[-1], *called[1:]]
        return Turn(moment, moment, tuple(dict.fromkeys(called)), bool(decided))

    def of_layer(self, name: str, moment: datetime) -> str:
        """Return who is called at a moment in the layer of a name; empty where nobody is, or there is no such layer."""
        filled = [layer.name for layer in self.layers if self._of_layer(layer, moment)]
        if filled[:1] == [name]:
            return self.at(moment).people[0]  # an override is instead of whoever would be called first
        return next((self._of_layer(layer, moment) for layer in self.layers if layer.name == name), "")

    def turns(self, start: datetime, end: datetime) -> list[Turn]:
        """Return who is on call between two moments, without a gap: times with nobody are turns too."""
        edges = sorted({start, *(e.astimezone(UTC) for e in self._edges(start, end) if start < e < end)})
        found: list[Turn] = []
        for first, after in zip(edges, [*edges[1:], end], strict=True):
            turn = self.at(first)._replace(start=first, end=after)
            if found and found[-1][2:] == turn[2:]:
                found[-1] = found[-1]._replace(end=after)
            elif first < after:
                found.append(turn)
        return found

    def gaps(self, start: datetime, end: datetime) -> list[Turn]:
        """Return the times between two moments at which nobody is on call."""
        return [t for t in self.turns(start, end) if not t.people]

    def _of_layer(self, layer: Layer, moment: datetime) -> str:
        """Return whose turn it is in a layer, or who stands in; empty where it names nobody at that moment."""
        day = moment.astimezone(self.where).date()
        if moment < moment_of(day, layer.hand_over, self.where):
            day -= _DAY
        over = layer.last is not None and moment >= moment_of(layer.last, layer.hand_over, self.where)
        if day < layer.first or over or not self._counts(layer, moment):
            return ""
        turn = (day - layer.first).days // layer.days
        away = {a.person for a in self.absences if a.start <= moment < a.end}
        order = (layer.people[(turn + n) % len(layer.people)] for n in range(len(layer.people)))
        return next((person for person in order if person not in away), "")

    def _counts(self, layer: Layer, moment: datetime) -> bool:
        """Whether a layer is called at this time of the week, and on this day."""
        holiday = moment.astimezone(self.where).date() in self.closed
        if layer.holidays == ONLY and not holiday:
            return False
        if not layer.hours:
            return not (layer.holidays == OFF and holiday)
        closed = self.closed if layer.holidays == OFF else frozenset[date]()
        tick = timedelta(microseconds=1)
        return any(
            w.start <= moment < w.end
            for w in weekly(layer.hours, self.where, moment, moment + tick, closed=closed)
        )

    def _edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the moments at which somebody else may be on call; some may lie outside the span."""
        for one in self.overrides:
            yield from (one.start, one.end)
        for away in self.absences:
            yield from (away.start, away.end)
        days = [start.astimezone(self.where).date() + n * _DAY for n in range(-1, (end - start).days + 3)]
        for layer in self.layers:
            turns = (d for d in days if d >= layer.first and (d - layer.first).days % layer.days == 0)
            last = [layer.last] if layer.last else []
            yield from (moment_of(d, layer.hand_over, self.where) for d in (*turns, *last))
            for window in weekly(layer.hours, self.where, start, end):
                yield from (window.start, window.end)
        for day in days if self.closed else ():
            if day in self.closed:
                yield from (moment_of(day, text, self.where) for text in ("00:00", "24:00"))


def is_rota(data: Mapping[str, Any] | None) -> bool:
    """Whether the data of an item is that of a rota: it has layers."""
    return data is not None and isinstance(data.get("layers"), list)


def read_rota(data: Mapping[str, Any], item: Item) -> Rota:
    """Read a rota; ``item`` gives its holiday calendars. Malformed parts are left out: they have findings of their own."""
    name = str(data.get("time_zone", ""))
    where = zone(name) if is_zone(name) else UTC
    return Rota(
        where,
        tuple(_layers(data)),
        tuple(_overrides(data)),
        tuple(_absences(data, where)),
        closed_days(data, item),
    )


def people_on_call(named: Iterable[str], item: Item, moment: datetime) -> Iterator[str]:
    """Yield people and teams as they are named, and for a rota whoever it has on call at a moment."""
    for name in named:
        data = item(name)
        if data is not None and is_rota(data):
            yield from read_rota(data, item).at(moment).people
        else:
            yield name


def _layers(data: Mapping[str, Any]) -> Iterator[Layer]:
    for raw in as_mappings(data.get("layers")):
        people = [p for p in raw.get("people") or () if isinstance(p, str)]
        turn = raw.get("turn")
        first, last = clock.parse_day(raw.get("from")), clock.parse_day(raw.get("until"))
        every = turn.get("every", 1) if isinstance(turn, Mapping) else None
        unit = _UNITS.get(str(turn.get("unit"))) if isinstance(turn, Mapping) else None
        hand_over = raw.get("hand_over", "00:00")
        if not people or first is None or not isinstance(every, int) or every < 1 or unit is None:
            continue
        if not is_time_of_day(hand_over):
            continue
        hours = tuple(h for h in as_mappings(raw.get("hours")) if are_hours(h))
        yield Layer(
            str(raw.get("name", "")), tuple(people), first, last, every * unit,
            hand_over, hours, str(raw.get("holidays", "")),
        )  # fmt: skip


def _overrides(data: Mapping[str, Any]) -> Iterator[TurnOverride]:
    for place, raw in enumerate(data.get("overrides") or ()):
        if isinstance(raw, Mapping):
            start, end = (clock.parse_time(str(raw.get(key))) for key in ("start", "end"))
            if start and end and isinstance(raw.get(PERSON), str):
                yield TurnOverride(start.astimezone(UTC), end.astimezone(UTC), raw[PERSON], place)


def _absences(data: Mapping[str, Any], where: tzinfo) -> Iterator[Absence]:
    for raw in as_mappings(data.get("absences")):
        first, last = clock.parse_day(raw.get("from")), clock.parse_day(raw.get("until"))
        if first and last and isinstance(raw.get(PERSON), str):
            yield Absence(moment_of(first, "00:00", where), moment_of(last, "24:00", where), raw[PERSON])


def overlapping(overrides: Sequence[TurnOverride]) -> Iterator[tuple[TurnOverride, TurnOverride]]:
    """Yield the pairs of overrides that share time, by their positions."""
    for number, late in enumerate(overrides):
        for early in overrides[:number]:
            if early.start < late.end and late.start < early.end:
                yield early, late


def uncovered(rota: Rota, wanted: Iterable[Window] | None, start: datetime, end: datetime) -> list[Turn]:
    """Return the times between two moments with nobody on call; where some hours are wanted, only within these."""
    gaps = rota.gaps(start, end)
    if wanted is None:
        return gaps
    windows = list(wanted)
    return [
        Turn(max(g.start, w.start), min(g.end, w.end), ())
        for g in gaps
        for w in windows
        if w.touches(g.start, g.end)
    ]
