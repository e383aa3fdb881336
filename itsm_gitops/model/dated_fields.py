"""Dates that belong together: what a schema says of a date beside its format (``x-time``).

    "end": {"x-time": {"after": "start"}}      the last day is not before the first
    "started_at": {"x-time": {"past": true}}   it has happened: it cannot lie ahead

Names in ``after`` are fields beside the date or of an object around it. Dates are compared as days, moments as moments;
a day and a moment by the day, in the time zone of the repository. The same time is in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from itsm_gitops.model import clock
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.once import Once
from itsm_gitops.model.schema_places import keyword_places, values_at
from itsm_gitops.model.windows import moment_of

KEYWORD = "x-time"
TOLERANCE = timedelta(days=1)  # clocks differ, and a time zone may have been forgotten

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DateTerms:
    """What a schema says of the order of one date. ``after`` are fields that it is not before; ``past``: it has happened."""

    pointer: Pointer
    after: tuple[str, ...]
    past: bool


_terms: Once[tuple[DateTerms, ...]] = Once(most=1024)


def date_terms(kind: Kind) -> tuple[DateTerms, ...]:
    """Return what the schema of a kind says of the order of its dates, in schema order."""
    return _terms(kind.schema, make=lambda: tuple(_read(*p) for p in keyword_places(kind.schema, KEYWORD)))


def _read(pointer: Pointer, field: Data) -> DateTerms:
    raw = field[KEYWORD]
    after = raw.get("after", ())
    return DateTerms(pointer, (after,) if isinstance(after, str) else tuple(after), raw.get("past", False))


def before_another(kind: Kind, data: Data, zone: tzinfo) -> Iterator[tuple[Pointer, str, str, str]]:
    """Yield each date that lies before one that comes first: its pointer, its text, the other field and its text."""
    for terms in date_terms(kind):
        if not terms.after:
            continue
        for value, at, around in values_at(data, terms.pointer):
            for name in terms.after:
                if _is_before(value, around.get(name), zone):
                    yield at, value, name, around[name]


def not_yet(kind: Kind, data: Data, now: datetime, zone: tzinfo) -> Iterator[tuple[Pointer, str]]:
    """Yield each date that says what has happened and lies more than a day ahead: its pointer and its text."""
    limit = now + TOLERANCE
    for terms in date_terms(kind):
        if terms.past:
            for value, at, _ in values_at(data, terms.pointer):
                if _is_ahead(value, limit, zone):
                    yield at, value


def _is_ahead(value: Any, limit: datetime, zone: tzinfo) -> bool:
    moment = clock.parse_time(value)
    if moment is None:
        day = _day(value, zone)
        moment = moment_of(day, "00:00", zone) if day is not None else None
    return moment is not None and moment > limit


def _is_before(one: Any, other: Any, zone: tzinfo) -> bool:
    first, second = clock.parse_time(one), clock.parse_time(other)
    if first is not None and second is not None:
        return first < second
    day, earlier = _day(one, zone), _day(other, zone)
    return day is not None and earlier is not None and day < earlier


def _day(value: Any, zone: tzinfo) -> date | None:
    moment = clock.parse_time(value)
    if moment is not None:
        return in_zone(moment, zone).date()
    return clock.parse_day(value)
