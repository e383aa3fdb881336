"""`itsm risk`, `itsm schedule` and `itsm freeze preview`: the change manager's questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itsm_gitops.documents import output_file
from itsm_gitops.editing.fields import Reader
from itsm_gitops.graph.collisions import Collision
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.planned import Planned, changes_over
from itsm_gitops.graph.risk import FACT, LEVELS, QUESTION, Point, RiskAssessment, RiskBook
from itsm_gitops.graph.schedule import Freeze, Schedule, plan, preview_freezes
from itsm_gitops.model import clock, facts, meaning, moments
from itsm_gitops.model.errors import Refused, UsageError
from itsm_gitops.model.windows import Window, day_after, zone
from itsm_gitops.model.words import a_kind, fields_of

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_SPAN = re.compile(r"(\d{1,4})([hdw])", re.ASCII)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DEFAULT = timedelta(weeks=4)


@dataclass(frozen=True)
class Risk:
    """The computed risk of one change, and the points with whose lowering its level would fall."""

    assessment: RiskAssessment
    title: str
    savings: tuple[tuple[Point, int], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the answer as JSON data."""
        found = self.assessment
        return {
            "id": found.id,
            "model": found.model.name if found.model else None,
            "assessed": found.model is None or found.model.assessed,
            "stored": found.stored or None,
            "computed": found.computed,
            "effective": found.effective,
            "understated": found.understated,
            "override": dict(found.override) if found.override else None,
            "sources": {
                source: {
                    "points": found.total(source),
                    "level": found.level_of(source),
                    "thresholds": dict(found.thresholds[source]),
                }
                for source in (QUESTION, FACT)
            },
            "points": [fields_of(p) for p in found.points],
            "lower": [{"name": p.name, "saves": saves, "how": p.lower} for p, saves in self.savings],
        }


def risk(repo: Repository, fragment: str, *, at: str | None = None) -> Risk:
    """Compute the risk of one change; raises Refused for anything else."""
    store = repo.store(at)
    entry = store.find(fragment)
    if not facts.is_a(store.book, entry, meaning.CHANGE):
        raise Refused(f"{entry.id} is {a_kind(store.book.kinds[entry.kind])}", "itsm risk takes changes")
    network = Network(store)
    found = RiskBook(network, ImpactGraph(network), clock.now()).assess(entry, store.data(entry.id))
    worth = [(p, p.points - p.could) for p in found.points if p.points > p.could]
    return Risk(found, entry.title, tuple(sorted(worth, key=lambda w: (-w[1], w[0].name))))


def enough(found: RiskAssessment) -> str:
    """Say what it takes to reach the next lower level; empty where it is the lowest."""
    if found.computed == LEVELS[0]:
        return ""
    lower = LEVELS[LEVELS.index(found.computed) - 1]
    said = []
    for source, name in ((QUESTION, "the answers"), (FACT, "the facts")):
        if found.level_of(source) == found.computed:
            over = found.total(source) - found.thresholds[source][found.computed] + 1
            said.append(f"{name} {over} point{'s' if over > 1 else ''} less")
    return f"{lower} needs {' and '.join(said)}"


def moment(repo: Repository, text: str, option: str, since: datetime) -> datetime:
    """Read a date, a date and time or a span (``2w``, from ``since``) as a moment in UTC.

    Days begin at midnight in the repository's time zone. Raises UsageError.
    """
    span = _SPAN.fullmatch(text.strip())
    if span:
        return since + int(span[1]) * _UNITS[span[2]]
    schema = {"type": "string", "format": "date-time"}
    said = Reader(repo.config.timezone, lambda _, t: t).value(schema, text, option)
    found = clock.parse_time(str(said))
    if found is None:
        raise UsageError(f"{option}: '{text}' is not a time", "write 2026-11-22, 2w or 12h")
    moments.not_far(found, text, option)
    return found.astimezone(UTC)


def _end(repo: Repository, text: str, since: datetime) -> datetime:
    """Read where a time ends; a day belongs to it as a whole."""
    day = clock.parse_day(text.strip())
    return moment(repo, day_after(day).isoformat() if day else text, "--to", since)


def today(repo: Repository) -> datetime:
    """Return the beginning of the current day in the repository's time zone."""
    here = clock.now().astimezone(zone(repo.config.timezone))
    return here.replace(hour=0, minute=0, second=0).astimezone(UTC)


def schedule(
    repo: Repository,
    *,
    start: str = "",
    end: str = "",
    service: str = "",
    at: str | None = None,
    together: Sequence[str] = (),
) -> Schedule:
    """Return the schedule of a time (default: four weeks from today), of all changes or of a service's.

    ``together`` are branches: then it is the schedule that merging them all would give.
    """
    joined = None
    if together:
        from itsm_gitops.commands.joining import join

        store, joined = join(repo, together, at)
    else:
        store = repo.store(at)
    first = moment(repo, start, "--from", today(repo)) if start else today(repo)
    last = _end(repo, end, first) if end else first + _DEFAULT
    if service:
        entry = store.find(service)
        if not store.book.kinds[entry.kind].operational:
            raise Refused(
                f"{entry.id} is {a_kind(store.book.kinds[entry.kind])}", "--service takes a service"
            )
        service = entry.id
    network = Network(store)
    return plan(network, ImpactGraph(network), first, last, service, joined)


def month(repo: Repository, text: str) -> tuple[str, str]:
    """Return the first and the last day of a month (``2026-12``, empty for the current one)."""
    if not text:
        text = f"{clock.now().astimezone(zone(repo.config.timezone)):%Y-%m}"
    try:
        first = datetime.strptime(text, "%Y-%m")  # noqa: DTZ007 - a month has no zone
    except ValueError as error:
        raise UsageError(f"--month: '{text}' is not a month", "write 2026-12") from error
    moments.not_far(first, text, "--month")
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"


def ics(repo: Repository, found: Schedule, at: str | None = None) -> str:
    """Return a schedule as iCalendar text, with the changes finished or cancelled in its time; ``at`` is its snapshot."""
    from itsm_gitops.graph.ics import calendar, domain

    name = repo.config.organisation
    title = f"{name}: changes" + (f" of {found.service}" if found.service else "")
    return calendar(found, title, domain(repo.config.identity), clock.now(), over=_over(repo, found, at))


def _over(repo: Repository, found: Schedule, at: str | None) -> list[Planned]:
    """Return the finished and cancelled changes in the time of a schedule that can hit its service."""
    network = Network(repo.store(at))
    over = changes_over(network, found.start, found.end)
    if not found.service:
        return over
    near = ImpactGraph(network).carriers([found.service])
    return [c for c in over if not near.isdisjoint(c.items)]


def write_ics(repo: Repository, found: Schedule, path: Path, at: str | None = None) -> None:
    """Write a schedule as an iCalendar file; raises UsageError where it cannot be written."""
    with output_file(path, repo.root) as file:
        file.write(ics(repo, found, at))


def freezes(repo: Repository, calendar: str = "", *, at: str | None = None) -> list[Freeze]:
    """Return what the freezes to come hold: all of them, or one calendar's, drafts included."""
    store = repo.store(at)
    name = store.find(calendar).id if calendar else ""
    return preview_freezes(Network(store), clock.now(), name)


def schedule_json(found: Schedule) -> dict[str, Any]:
    """Return a schedule as JSON data."""
    return {
        **_window(Window(found.start, found.end)),
        "service": found.service or None,
        "with": list(found.joined.branches),
        "changes": [
            {
                **_change(c),
                "from": found.joined.brought.get(c.id),
                "freezes": [
                    {
                        "calendar": h.calendar.id,
                        "name": h.window.name,
                        "exempt": h.exempt,
                        **_window(h.window),
                    }
                    for h in found.holds.get(c.id, ())
                ],
                "outside_windows": _outside(found, c.id),
            }
            for c in found.changes
        ],
        "calendars": [
            {"id": a.calendar.id, "type": a.calendar.type, "name": a.window.name, **_window(a.window)}
            for a in found.around
        ],
        "collisions": [{**_collision(c), "only_together": found.only_together(c)} for c in found.collisions],
        "availability": [
            {
                "service": a.service,
                "outage_minutes": a.outage,
                "degraded_minutes": a.degraded,
                "horizon_minutes": a.horizon,
                "percent": round(a.percent, 4),
                "causes": [
                    {"changes": list(c.changes), "effect": c.effect.label, "minutes": c.minutes}
                    for c in a.causes
                ],
            }
            for a in found.availability
        ],
    }


def _outside(found: Schedule, identifier: str) -> list[str]:
    left = found.outside.get(identifier)
    return [c.id for c in left.calendars] if left else []


def freeze_json(found: Freeze) -> dict[str, Any]:
    """Return one freeze as JSON data."""
    return {
        "calendar": found.calendar.id,
        "name": found.window.name,
        "in_force": found.calendar.in_force,
        **_window(found.window),
        "held": [_change(c) for c in found.held],
        "exempt": [_change(c) for c in found.exempt],
    }


def _window(window: Window) -> dict[str, str]:
    return {"start": clock.format_time(window.start), "end": clock.format_time(window.end)}


def _change(change: Planned) -> dict[str, Any]:
    said: Callable[[str], str | None] = lambda text: text or None  # noqa: E731
    return {
        "id": change.id,
        "title": change.title,
        "type": change.type,
        "state": change.state,
        "risk": said(change.risk),
        **_window(change.window),
        "items": list(change.items),
        "implementers": list(change.implementers),
        "team": said(change.team),
        "outage_minutes": change.outage,
    }


def _collision(found: Collision) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "changes": [found.first.id, found.second.id],
        **_window(found.overlap),
        "items": [list(found.first_items), list(found.second_items)],
        "subject": found.subject or None,
        "reason": found.reason,
    }
