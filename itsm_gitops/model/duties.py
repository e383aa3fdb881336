"""Duties with a date: the terms that a schema gives a date (``x-due``), and the days of one document by which something is due.

A date alone is a note. ``x-due`` makes it a duty: when warnings begin (``warn_days``), the severity once the day
has passed (``severity``), exceptions (``unless``), and the name of the day (``message``). The rules D020 and D021,
`itsm due`, the page "What is due" and its calendar file read the same answer, made here:

    "x-due": {"message": "last day to give notice", "warn_days": [60, 14],
              "before": "notice_days", "renews": {"months": "renewal_term_months", "when": {"renewal": "tacit"}}}

``missing`` is the duty to fill the date in where it is not there, once something is in production:

    "missing": {"message": "first verification", "within": 90, "from": ["purchased_on"], "since": "2026-12-01"}

A date may carry several duties (a list). ``before`` and ``after`` move the day by a number of days, or by the number
that a field holds. ``latest_of`` names fields: of documents that are alike in them only the newest still has the duty
(`graph/due.py`). A day ends in the time zone of the repository; a date-time is a moment.
Retired and planned documents have no duties; ``open_only`` duties end with the work on the record, the others go on
when it is closed or cancelled.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.condition_reader import read_condition
from itsm_gitops.model.conditions import Condition, holds
from itsm_gitops.model.findings import INFO, OFF, WARNING, Pointer
from itsm_gitops.model.kinds import ANY_INDEX, Kind
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.once import Once
from itsm_gitops.model.schema_places import keyword_places, values_at
from itsm_gitops.model.subjects import DocumentSubject
from itsm_gitops.model.windows import moment_of

KEYWORD = "x-due"
LATER, NEAR, PAST = "later", "near", "past"
STAGES = (PAST, NEAR, LATER)

Data = Mapping[str, Any]
_ANSWERABLE = (
    "comms_lead",
    "commander",
    "owner",
    "assignee",
    "by",
    "assigned_team",
)  # who answers for a date: beside it first, then of the document
_DAY = timedelta(days=1)
_MOST_TERMS = 1200  # of a renewal: a hundred years of months


@dataclass(frozen=True, slots=True)
class DueTerms:
    """What a schema says of one date. ``pointer`` has ``*`` for any position of a list; ``warn_days`` fall.

    ``shift`` is a number of days, or the field that holds it; ``sign`` is its direction. ``renewal`` is how many months
    a renewal adds, or the field that says it. With ``missing_since``, a date, the duty is to fill in a date that is not
    there: ``shift`` days after that day, or after the latest of the dates ``counted_from``.
    """

    pointer: Pointer
    message: str
    warn_days: tuple[int, ...] = ()
    severity: str = WARNING
    unless: Condition | None = None
    when: Condition | None = None
    open_only: bool = False
    shift: int | str = 0
    sign: int = 1
    renewal: int | str = 0
    renewed_when: Condition | None = None
    missing_since: str = ""
    counted_from: tuple[str, ...] = ()
    latest_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """One day of one document by which something is due.

    ``day`` is a date or an RFC 3339 date-time; ``months`` is its period (0: it does not recur).
    ``who`` answers for it as far as the place itself says, else it is empty.
    """

    terms: DueTerms
    pointer: Pointer
    day: str
    months: int = 0
    who: str = ""
    what: str = ""

    def at(self, now: datetime, zone: tzinfo) -> DueDay:
        """Return its stage and severity at a moment; a recurring day is the next one that has not passed."""
        day, count = self.day, 0
        end = _end(day, zone)
        while self.months and now >= end and count < _MOST_TERMS:
            count += 1
            day = _later(self.day, self.months * count)
            end = _end(day, zone)
        if now >= end:
            return DueDay(self, day, end, PAST, self.terms.severity)
        warned = [d for d in self.terms.warn_days if now >= end - (d + 1) * _DAY]
        # Between the first and the last warning it is a notice; after the last of several it is urgent.
        urgent = (
            len(warned) > 1 and len(warned) == len(self.terms.warn_days) and self.terms.severity == WARNING
        )
        return DueDay(self, day, end, NEAR if warned else LATER, WARNING if urgent else INFO)


_BEGIN = datetime.min.replace(tzinfo=UTC) + _DAY


@dataclass(frozen=True, slots=True)
class DueDay:
    """A duty at a moment: its next day, the moment at which that day ends, its stage and its severity."""

    due: Due
    day: str
    end: datetime
    stage: str
    severity: str

    def days_left(self, now: datetime, zone: tzinfo) -> int:
        """Return the number of days until it is due; negative once overdue."""
        last = max(self.end, _BEGIN) - timedelta.resolution
        return (in_zone(last, zone).date() - now.astimezone(zone).date()).days

    @property
    def text(self) -> str:
        """What is due, with what it is about where a document has several."""
        about = f" ({self.due.what})" if self.due.what else ""
        return f"{self.due.terms.message}{about}"


_terms: Once[tuple[DueTerms, ...]] = Once(most=1024)


def due_terms(kind: Kind) -> tuple[DueTerms, ...]:
    """Return the duties that the schema of a kind gives its dates, in schema order; raises RuleBookError for an invalid condition."""
    return _terms(kind.schema, make=lambda: tuple(_find(kind.schema)))


def _find(schema: Data) -> Iterator[DueTerms]:
    for at, field in keyword_places(schema, KEYWORD):
        raw = field[KEYWORD]
        for one in raw if isinstance(raw, list) else [raw]:
            yield _read(one, at, str(field.get("description", "")))
            if "missing" in one:
                yield _read_missing(one["missing"], one, at)


def _read_missing(raw: Data, whole: Data, at: Pointer) -> DueTerms:
    return DueTerms(
        pointer=at,
        message=raw["message"],
        warn_days=tuple(sorted(whole.get("warn_days", ()), reverse=True)),
        severity=raw.get("severity", whole.get("severity", WARNING)),
        when=_condition(raw.get("when")),
        shift=raw["within"],
        missing_since=raw["since"],
        counted_from=tuple(raw.get("from", ())),
    )


def _read(raw: Data, at: Pointer, description: str) -> DueTerms:
    renews = raw.get("renews") or {}
    return DueTerms(
        pointer=at,
        message=raw.get("message") or description.rstrip("."),
        warn_days=tuple(sorted(raw.get("warn_days", ()), reverse=True)),
        severity=raw.get("severity", WARNING),
        unless=_condition(raw.get("unless")),
        when=_condition(raw.get("when")),
        open_only=raw.get("open_only", False),
        shift=raw.get("before", raw.get("after", 0)),
        sign=-1 if "before" in raw else 1,
        renewal=renews.get("months", 0),
        renewed_when=_condition(renews.get("when")),
        latest_of=tuple(raw.get("latest_of", ())),
    )


def _condition(raw: Any) -> Condition | None:
    return read_condition(raw) if raw else None


def dues_of(kind: Kind, data: Data) -> Iterator[Due]:
    """Yield the days of a document by which something is due, in schema order.

    They depend on the document and the rule book only, not on the clock. Documents without duties yield
    nothing, and a duty is left out where its ``unless`` holds.
    """
    terms = due_terms(kind)
    if not terms or _owes_nothing(kind, data):
        return
    done = kind.workflow is not None and kind.workflow.is_done(facts.stage_of(kind, data))
    for one in terms:
        if one.missing_since:
            missing = _missing(one, kind, data)
            if missing is not None:
                yield missing
        elif not (one.open_only and done) and one.pointer[0] in data:
            for value, at, around in values_at(data, one.pointer):
                due = _due(one, value, at, around)
                if due is not None:
                    yield due


def _missing(terms: DueTerms, kind: Kind, data: Data) -> Due | None:
    """Return by when a date is to be filled in that is not there; nothing before something is in production."""
    if terms.pointer[0] in data or not facts.is_in_force(kind, data):
        return None
    if terms.when is not None and not holds(terms.when, DocumentSubject(data)):
        return None
    starts = [terms.missing_since, *(shifted(data.get(name), 0) or "" for name in terms.counted_from)]
    days = _number(terms.shift, data)
    day = shifted(max(s[:10] for s in starts), days) if days is not None else None
    return Due(terms, terms.pointer, day) if day else None


def _owes_nothing(kind: Kind, data: Data) -> bool:
    """Whether a document is about something that is gone or not there yet.

    A record that was cancelled still owes what outlives its work: access that it gave ends, agreed actions are done.
    """
    state = facts.stage_of(kind, data)
    return facts.state_plays(kind, state, meaning.RETIRED) or facts.state_plays(kind, state, meaning.PLANNED)


def _due(terms: DueTerms, value: Any, at: Pointer, around: Data) -> Due | None:
    subject = DocumentSubject(around)
    if terms.unless is not None and holds(terms.unless, subject):
        return None
    if terms.when is not None and not holds(terms.when, subject):
        return None
    days = _number(terms.shift, around)
    day = shifted(value, terms.sign * days) if days is not None else None
    if day is None:
        return None
    renewed = terms.renewed_when is None or holds(terms.renewed_when, subject)
    months = (_number(terms.renewal, around) or 0) if renewed else 0
    nested = len(at) > 1
    who = next((str(around[n]) for n in _ANSWERABLE if nested and isinstance(around.get(n), str)), "")
    what = next(
        (str(around[n]) for n in ("action", "name", "role") if ANY_INDEX in terms.pointer and n in around), ""
    )
    return Due(terms, at, day, months, who, what)


def _number(value: int | str, around: Data) -> int | None:
    """Return a number of days or months: itself, or what a field holds; None where that is missing."""
    found = around.get(value) if isinstance(value, str) else value
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def shifted(value: Any, days: int) -> str | None:
    """Return a date or a date-time as text, some days later; None for anything else."""
    try:
        moment = clock.parse_time(value)
        if moment is not None:
            return clock.format_time(moment + days * _DAY)
        return (date.fromisoformat(value) + days * _DAY).isoformat()
    except (ValueError, TypeError, OverflowError):
        return None


def _later(day: str, months: int) -> str:
    """Return a date or a date-time some months later; the last of a shorter month where it has no such day."""
    moment = clock.parse_time(day)
    plain = moment.date() if moment else date.fromisoformat(day)
    years, month = divmod(plain.year * 12 + plain.month - 1 + months, 12)
    moved = date(years, month + 1, min(plain.day, monthrange(years, month + 1)[1]))
    if moment is None:
        return moved.isoformat()
    return clock.format_time(moment.replace(year=moved.year, month=moved.month, day=moved.day))


def _end(day: str, zone: tzinfo) -> datetime:
    """Return the moment (UTC) at which a day ends in a zone; of a date-time, the moment itself."""
    moment = clock.parse_time(day)
    return moment.astimezone(UTC) if moment else moment_of(date.fromisoformat(day), "24:00", zone)


def is_told(day: DueDay) -> bool:
    """Whether a duty is a finding: near, or past where the rule book does not switch that off."""
    return day.stage == NEAR or (day.stage == PAST and day.severity != OFF)
