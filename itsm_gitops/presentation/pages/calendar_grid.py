"""A month of the calendar as a grid of weeks: freezes colour days, windows mark them, what lasts for days is one bar.

Events say at which minutes of their day they begin and end, so that a script can place them along the hours of a week
or a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from itsm_gitops.model import facts
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation.agenda import Span
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.events import CalendarEvent
from itsm_gitops.presentation.freezes import NAMES, name_of
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, link, words
from itsm_gitops.presentation.moments import MONTH_NAMES, day_letters
from itsm_gitops.presentation.pages.plan import looks, when
from itsm_gitops.presentation.planned import Month
from itsm_gitops.presentation.view import View

_AHEAD, _ = _CHANGES = ("change", "done")
_FREEZE, _HOLIDAY = "freeze", "holiday"
# What lasts for less is shown on each of its days, with its times.
_LONG = timedelta(days=1)
_MINUTES = 24 * 60

# A day of the calendar with its start, its end and what happens on it.
Edges = tuple[datetime, datetime]
Cell = tuple[date, Edges, list[CalendarEvent]]


class _Bar(NamedTuple):
    """A change over several days of one week: from which to which of its days, and in which row of bars."""

    event: CalendarEvent
    first: int
    last: int
    lane: int


def month_grid(view: View, month: Month, weeks: Sequence[list[Cell]]) -> Html:
    """Return the weeks of a month as a table."""
    head = day_letters()
    rows = []
    seen: set[str] = set()  # the calendars that are named already
    for week in weeks:
        year, number, _ = week[0][0].isocalendar()
        bars = _bars(week)
        cells = "".join(_cell(view, month, cell, place, bars, seen) for place, cell in enumerate(week))
        rows.append(f'<tr data-week="{year}-W{number:02}">{cells}</tr>')
    name = f"{t(MONTH_NAMES[month.first.month - 1])} {month.first.year}"
    return Html(
        f'<table class="it-grid"><caption class="it-vh">{name}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def legend(view: View, weeks: Sequence[list[Cell]]) -> Html:
    """Return what the looks of the events in some weeks mean."""
    known = {e.span.id: e for week in weeks for _, _, here in week for e in here}.values()
    parts = [
        ("", "Change", any(e.span.look == _AHEAD and not _is_tentative(view, e) for e in known)),
        ("tentative", "Not approved yet", any(_is_tentative(view, e) for e in known)),
        ("done", "Done", any(e.span.look == "done" for e in known)),
        *((look, title, any(looks(e.span) == look for e in known)) for look, title in NAMES.items()),
        ("proposed", "Proposed freeze", any(e.span.proposed for e in known)),
    ]
    items = "".join(
        f"<li><span class='it-cal__key{f' it-cal__key--{look}' if look else ''}'></span>{esc(t(text))}</li>"
        for look, text, used in parts
        if used
    )
    if any(e.warnings for e in known):
        items += f"<li><span class=it-ev__mark></span>{esc(t('Conflict'))}</li>"
    return Html(f'<ul class=it-cal__legend aria-label="{esc(t("Legend"))}">{items}</ul>') if items else EMPTY


def _bars(week: Sequence[Cell]) -> list[_Bar]:
    """Return freezes and the changes that last for days, each in the first row of bars that is free on all of its days."""
    bars = _lay(week, [e for _, _, here in week for e in here if e.span.look == _FREEZE], 0)
    long = [
        e
        for _, _, here in week
        for e in here
        if e.span.look in _CHANGES and e.span.end - e.span.start >= _LONG
    ]
    return bars + _lay(week, long, _bands(bars))


def _lay(week: Sequence[Cell], events: Sequence[CalendarEvent], first: int) -> list[_Bar]:
    """Return bars for events, from a row of bars on."""
    days = {e: [place for place, (_, _, here) in enumerate(week) if e in here] for e in events}
    taken: list[int] = []  # the last day of each row
    bars = []
    for event, places in sorted(days.items(), key=lambda p: (p[1][0], p[0].span.start, p[0].span.id)):
        lane = next((n for n, last in enumerate(taken) if last < places[0]), len(taken))
        taken[lane : lane + 1] = [places[-1]]
        bars.append(_Bar(event, places[0], places[-1], first + lane))
    return bars


def _bands(bars: Sequence[_Bar]) -> int:
    """Return how many rows of bars freezes take: they are hidden where hours are shown, which freezes colour."""
    return max((bar.lane + 1 for bar in bars if bar.event.span.look == _FREEZE), default=0)


def _cell(view: View, month: Month, cell: Cell, place: int, bars: Sequence[_Bar], seen: set[str]) -> str:
    day, edges, here = cell
    today = edges[0] <= view.now < edges[1]
    looks = [name for name, on in (("out", day.month != month.first.month), ("today", today)) if on]
    css = "".join(f" it-grid__day--{look}" for look in looks)
    long = {bar.event for bar in bars}
    ground = [e for e in here if e.span.look not in _CHANGES]
    behind = "".join(_behind(view, e, edges, named=e not in long and e.span.id not in seen) for e in ground)
    seen |= {e.span.id for e in ground}
    changes = [e for e in here if e.span.look in _CHANGES and e not in long]
    changes.sort(key=lambda e: (e.span.start, e.span.id))
    items = _lanes(view, place, bars, edges) + "".join(_small(view, e, edges) for e in changes)
    note = '<span class="it-vh"> ' + esc(t("today")) + "</span>" if today else ""
    name = f'<time datetime="{day:%Y-%m-%d}">{day.day}<span class="it-grid__month"> {esc(t(MONTH_NAMES[day.month - 1]))}</span></time>{note}'
    listed = f"<ul>{items}</ul>" if items else ""
    around = f"<ul class=it-behind>{behind}</ul>" if behind else ""
    return f'<td class="it-grid__day{css}" data-day={day:%Y-%m-%d}><p>{name}</p>{listed}{around}</td>'


def _lanes(view: View, place: int, bars: Sequence[_Bar], edges: Edges) -> str:
    """Return the rows of bars on one day: a bar where it begins, and room for those that began before."""
    here = {bar.lane: bar for bar in bars if bar.first <= place <= bar.last}
    bands = _bands(bars)
    items = []
    for lane in range(max(here, default=-1) + 1):
        bar = here.get(lane)
        room = "'it-ev__room it-ev__band'" if lane < bands else "it-ev__room"
        if bar is None:
            items.append(f"<li class={room} aria-hidden=true></li>")
        elif bar.first != place:
            items.append(f"<li class={room} aria-hidden=true {event_data(bar.event)}></li>")
        else:
            css = f" it-span it-span--{bar.last - bar.first + 1}"
            shown = _band(view, bar.event, css) if lane < bands else _small(view, bar.event, edges, css)
            items.append(shown)
    return "".join(items)


def _band(view: View, event: CalendarEvent, css: str) -> str:
    """Return the name of a freeze over its days of one week."""
    span = event.span
    shown = link(view.url(span.id), esc(f"{name_of(span)}: {span.title}"))
    return f'<li class="it-ev it-ev__band it-ev__band--{looks(span)}{css}" {event_data(event)}>{shown}</li>'


def event_data(event: CalendarEvent) -> str:
    """Return the attributes by which the script filters."""
    return f'data-type="{esc(event.kind)}" data-services="{esc(" ".join(event.services))}"'


def _behind(view: View, event: CalendarEvent, day: Edges, *, named: bool) -> str:
    """Return a freeze, a window or a holiday on one of its days.

    In a month it is a ground or a stripe, and ``named`` only once; a freeze has its name on its bar.
    """
    span = event.span
    whole = span.start <= day[0] and span.end >= day[1]
    times = EMPTY if whole else Html(f" <span class=it-behind__when>{when(view, span, day)}</span>")
    kind = f'<span class="it-vh">{esc(name_of(span))}: </span>'
    look = span.look if named or span.look == _HOLIDAY else f"{span.look} it-behind--on"
    if span.proposed:  # it looks like one in force where hours are shown, so its name says the difference
        kind, look = f"{esc(name_of(span))}: ", f"{look} it-ev--proposed"
    title = f"{name_of(span)}: {span.title}"
    shown = link(view.url(span.id), Html(f"{kind}{esc(span.title)}"))
    return (
        f"<li class='it-ev it-ev--{look}' {event_data(event)}{_minutes(view, span, day)}"
        f' title="{esc(title)}">{shown}{times}</li>'
    )


def _minutes(view: View, span: Span, day: Edges) -> str:
    """Return the attribute with the part of a day that a span takes: two minutes of the day, by the clock on the wall."""
    start, end = (in_zone(moment, view.zone) for moment in (span.start, span.end))
    first = start.hour * 60 + start.minute if span.start > day[0] else 0
    last = end.hour * 60 + end.minute if span.end < day[1] else _MINUTES
    return f' data-minutes="{first} {max(first, last)}"'


def _small(view: View, event: CalendarEvent, day: Edges, bar: str = "") -> str:
    """Return a change of the grid: a line in a month, all of it in a week."""
    span = event.span
    begins = f"{in_zone(span.start, view.zone):%H:%M}" if span.start >= day[0] else ""
    start = f'<span class="it-ev__time">{begins}</span> ' if begins else ""
    mark = (
        '<span class="it-ev__mark"><span class="it-vh">' + esc(t("Conflict")) + ": </span></span>"
        if event.warnings
        else ""
    )
    look, said = span.look, ""
    if _is_tentative(view, event):
        look, said = f"{look} it-ev--tentative", f'<span class="it-vh">{esc(t("Not approved yet"))}: </span>'
    shown = link(view.url(span.id), Html(f"{said}{mark}{start}{esc(span.title)}"))
    more = [when(view, span, day), *event_chips(view, event), *(esc(w) for w in event.warnings)]
    below = "".join(f"<span>{part}</span>" for part in more)
    detail = "" if bar else f'<p class="it-ev__more">{below}</p>'
    place = "" if bar else _minutes(view, span, day)
    return f'<li class="it-ev it-ev--{look}{bar}" {event_data(event)}{place}>{shown}{detail}</li>'


def _is_tentative(view: View, event: CalendarEvent) -> bool:
    """Whether a change may not be carried out yet."""
    entry = view.entries[event.span.id]
    return event.span.look == _AHEAD and not facts.is_firm(view.book, entry.kind, entry.state)


def event_chips(view: View, event: CalendarEvent) -> list[Html]:
    """Return the state and the type of a change as chips."""
    entry = view.entries[event.span.id]
    if not view.kind(entry).is_record:
        return []
    kind = [chip(words(event.kind), "bad" if event.kind == "emergency" else "none")] if event.kind else []
    return [view.state_chip(entry), *kind]
