"""The schedule on a terminal: day by day, or a month at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from itsm_gitops.cli.render import Style, pad, wrap
from itsm_gitops.cli.times import zone_note
from itsm_gitops.graph.calendars import FREEZE, MAINTENANCE
from itsm_gitops.graph.planned import Planned
from itsm_gitops.graph.schedule import Around, Schedule
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.text import safe_text, shorten, width
from itsm_gitops.model.windows import zone as zone_of
from itsm_gitops.model.words import counted

_NAMES = {FREEZE: "freeze", MAINTENANCE: "maintenance"}
_RISKS = {"high": "bold red", "medium": "yellow"}
_INDENT = 17
_DAY = timedelta(days=1)
_CELL_LINES = 3
_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def agenda(schedule: Schedule, style: Style, columns: int, zone: str) -> list[str]:
    """Return the schedule day by day, then what collides and what services lose."""
    here = zone_of(zone)
    lines = [style.bold(line) for line in wrap(_head(schedule, here, zone), columns)]
    for day in _days(schedule, here):
        begins, ends = _bounds(day, here)
        rows = [c for c in schedule.changes if _falls(c.start, schedule.start, begins, ends)]
        marks = [a for a in schedule.around if _falls(a.window.start, schedule.start, begins, ends)]
        if rows or marks:
            lines += ["", style.bold(f"{day:%A %Y-%m-%d}")]
            lines += [_mark(a, day, here, style, columns) for a in marks]
            lines += [line for c in rows for line in _change(schedule, c, day, here, style, columns)]
    return [*lines, *_availability(schedule, style, columns)]


def _head(schedule: Schedule, here: tzinfo, zone: str) -> str:
    first, last = (schedule.start.astimezone(here), (schedule.end - timedelta(seconds=1)).astimezone(here))
    of = f" that can hit {safe_text(schedule.service)}" if schedule.service else ""
    count = counted(len(schedule.changes), "change") if schedule.changes else "no changes"
    head = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}{zone_note(zone)}: {count}{of}"
    if schedule.joined.branches:
        came = sum(c.id in schedule.joined.brought for c in schedule.changes)
        head += f", {came or 'none'} of them from {safe_text(' and '.join(schedule.joined.branches))}"
    return head


def _days(schedule: Schedule, here: tzinfo) -> Iterator[date]:
    day = schedule.start.astimezone(here).date()
    while _bounds(day, here)[0] < schedule.end:
        yield day
        day += _DAY


def _bounds(day: date, here: tzinfo) -> tuple[datetime, datetime]:
    start, end = (datetime(d.year, d.month, d.day, tzinfo=here).astimezone(UTC) for d in (day, day + _DAY))
    return start, end


def _falls(moment: datetime, first: datetime, begins: datetime, ends: datetime) -> bool:
    """Whether something is listed under a day: where it begins, or on the first day where it began before."""
    return begins <= max(moment, first) < ends


def _hours(start: datetime, end: datetime, day: date, here: tzinfo) -> str:
    one, two = in_zone(start, here), in_zone(end, here)
    begins = f"{one:%H:%M}" if one.date() == day else "  …  "
    last = (two - timedelta(seconds=1)).date()
    if last == day:
        return f"{begins}–{'24:00' if two.date() != day else format(two, '%H:%M')}"
    return f"{begins}–{two:%d %b}" if last > day + _DAY else f"{begins}–{two:%H:%M}+1"


def _mark(around: Around, day: date, here: tzinfo, style: Style, columns: int) -> str:
    kind = _NAMES.get(around.calendar.type, "holiday")
    hours = pad(_hours(around.window.start, around.window.end, day, here), 13)
    name = safe_text(around.window.name or around.calendar.name)
    text = f"{hours}  {name if kind in name.lower() else f'{kind}: {name}'}"
    return "  " + style.paint(shorten(text, columns - 2), "magenta" if kind == "freeze" else "dim")


def _change(
    schedule: Schedule, change: Planned, day: date, here: tzinfo, style: Style, columns: int
) -> Iterator[str]:
    hours = pad(_hours(change.start, change.end, day, here), 13)
    yield f"  {hours}  {shorten(safe_text(change.title), columns - _INDENT)}"
    texts = _fill(_notes(schedule, change), columns - _INDENT - width(change.id) - 2)
    for number, line in enumerate(texts):
        lead = " " * width(change.id) if number else style.name(change.id)
        yield f"{' ' * _INDENT}{lead}  {style.paint(line, _RISKS.get(change.risk, 'dim'))}"
    for text in _warnings(schedule, change):
        for line in wrap(f"! {safe_text(text)}", columns - _INDENT):
            yield " " * _INDENT + style.paint(line, "bold yellow")


def _fill(parts: Iterable[str], columns: int) -> list[str]:
    """Join parts by semicolons into lines that break between them, and inside one only where it must."""
    lines: list[str] = []
    for part in map(safe_text, parts):
        if lines and width(lines[-1]) + 2 + width(part) <= columns:
            lines[-1] += f"; {part}"
        else:
            lines += wrap(part, columns)
    return lines


def _notes(schedule: Schedule, change: Planned) -> Iterator[str]:
    """Yield what a planner wants to know of a change, shortest first."""
    state = "" if change.firm and not change.running else f", {change.state}"
    yield f"{change.type or 'no type'}, {change.risk or 'no'} risk{state}"
    if change.outage:
        yield f"{change.outage} min interruption"
    if change.implementers or change.team:
        yield f"by {', '.join(change.implementers) or change.team}"
    if change.id in schedule.joined.brought:
        yield f"from {schedule.joined.brought[change.id]}"
    agreed = [c.id for c in schedule.changes if c.id in schedule.agreed.get(change.id, ())]
    if agreed:
        yield f"overlaps {' and '.join(agreed)} on purpose"


def _warnings(schedule: Schedule, change: Planned) -> Iterator[str]:
    for hold in schedule.holds.get(change.id, ()):
        if not hold.exempt:
            yield f"inside the freeze {hold.calendar.id} ({hold.window.name})"
    outside = schedule.outside.get(change.id)
    if outside:
        yield f"outside {' and '.join(c.id for c in outside.calendars)}"
    met: dict[str, list[str]] = {}
    for collision in schedule.collisions_of(change.id):
        other = collision.second if collision.first.id == change.id else collision.first
        together = " (only together)" if schedule.only_together(collision) else ""
        met.setdefault(f"{other.id}{together}", []).append(collision.reason)
    for other_id, reasons in met.items():
        yield f"collides with {other_id}: {', and '.join(reasons)}"


def _availability(schedule: Schedule, style: Style, columns: int) -> Iterator[str]:
    if not schedule.availability:
        return
    yield ""
    yield style.bold("Projected availability") + style.dim("  of planned work")
    longest = min(30, max(width(a.service) for a in schedule.availability), max(8, columns - 34))
    for one in schedule.availability:
        causes = ", ".join(" with ".join(c.changes) for c in one.causes)
        worn = f", {one.degraded} min degraded" if one.degraded else ""
        name = pad(shorten(safe_text(one.service), longest), longest)
        text = f"  {name}  {one.percent:7.3f}%  {one.outage} min down{worn}"
        room = columns - width(text) - 2
        yield (
            f"{text}  {style.dim(shorten(causes, room))}" if room >= width(one.causes[0].changes[0]) else text
        )


def month_grid(schedule: Schedule, style: Style, columns: int, zone: str) -> list[str]:
    """Return one month as a grid of weeks, ``#`` for freezes, and below it what its changes are."""
    here = zone_of(zone)
    first = schedule.start.astimezone(here).date()
    last = (schedule.end - timedelta(seconds=1)).astimezone(here).date()
    room = max(4, (columns - 6) // 7)
    lines = [style.bold(f"{first:%B %Y}{zone_note(zone)}"), " ".join(pad(d, room) for d in _WEEK).rstrip()]
    monday = first - _DAY * first.weekday()
    while monday <= last:
        week = [monday + _DAY * n for n in range(7)]
        cells = [_cell(schedule, d, here, room, style) if first <= d <= last else [] for d in week]
        for row in range(max(map(len, cells))):
            parts = [c[row] if row < len(c) else (" " * room, "") for c in cells]
            lines.append(" ".join(style.paint(text, look) for text, look in parts).rstrip())
        monday += _DAY * 7
    legend = "# freeze   ! collides, in a freeze or outside its window"
    lines += ["", *(style.dim(line) for line in wrap(legend, columns))]
    lines += [line for c in schedule.changes for line in _entry(schedule, c, here, style, columns)]
    return [*lines, *_availability(schedule, style, columns)]


def _entry(schedule: Schedule, change: Planned, here: tzinfo, style: Style, columns: int) -> Iterator[str]:
    """Yield a change below the grid: the end of its identifier, when it begins, its title."""
    warned = any(True for _ in _warnings(schedule, change))
    short = change.id.rpartition("-")[2]
    lead = f"{'!' if warned else ' '}{short}  {in_zone(change.start, here):%a %d %H:%M}"
    title = shorten(safe_text(change.title), max(8, columns - width(lead) - 2))
    yield f"{style.paint(lead, 'yellow' if warned else _RISKS.get(change.risk, ''))}  {title}"


def _cell(schedule: Schedule, day: date, here: tzinfo, room: int, style: Style) -> list[tuple[str, str]]:
    begins, ends = _bounds(day, here)
    frozen = any(a.calendar.type == FREEZE and a.window.touches(begins, ends) for a in schedule.around)
    rows = [c for c in schedule.changes if c.window.touches(begins, ends)]
    cell = [
        (
            pad(f"{day.day:2}{' ' + '#' * max(1, room - 4) if frozen else ''}", room),
            "magenta" if frozen else "bold",
        )
    ]
    visible = rows if len(rows) <= _CELL_LINES else rows[: _CELL_LINES - 1]
    for change in visible:
        sign = "!" if any(True for _ in _warnings(schedule, change)) else " "
        text = f"{sign}{change.id.rpartition('-')[2]}"
        cell.append(
            (pad(shorten(text, room), room), "yellow" if sign == "!" else _RISKS.get(change.risk, ""))
        )
    if len(rows) > len(visible):
        cell.append((pad(f" +{len(rows) - len(visible)} more", room), "dim"))
    return cell
