"""A month of the calendar as a grid of weeks: windows colour the days, what lasts for days is one bar over them.

Events say at which minutes of their day they begin and end, so that a script can place them along the hours of a week
or a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from itsm_gitops.model import facts
from itsm_gitops.presentation.agenda import Span
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.events import CalendarEvent
from itsm_gitops.presentation.freezes import NAMES, name_of
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, link, words
from itsm_gitops.presentation.moments import MONTH_NAMES, day_letters
from itsm_gitops.presentation.pages.plan import when
from itsm_gitops.presentation.planned import Month
from itsm_gitops.presentation.view import View

_AHEAD, _ = _CHANGES = ("change", "done")
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
    for week in weeks:
        year, number, _ = week[0][0].isocalendar()
        bars = _bars(week)
        cells = "".join(_cell(view, month, cell, place, bars) for place, cell in enumerate(week))
        rows.append(f'<tr data-week="{year}-W{number:02}">{cells}</tr>')
    name = f"{t(MONTH_NAMES[month.first.month - 1])} {month.first.year}"
    return Html(
        f'<table class="it-grid"><caption class="it-vh">{name}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def legend(known: Sequence[CalendarEvent]) -> Html:
    """Return what the looks of the grid mean."""
    if not known:
        return EMPTY
    used = {e.span.look for e in known}
    parts = (
        (("", "Change"), ("tentative", "Not approved yet"), ("done", "Done")) if used & {*_CHANGES} else ()
    )
    around = tuple((look, title) for look, title in NAMES.items() if look in used)
    looks = "".join(
        f"<li><span class='it-cal__key{f' it-cal__key--{look}' if look else ''}'></span>{esc(t(text))}</li>"
        for look, text in parts + around
    )
    mark = f"<li><span class=it-ev__mark></span>{esc(t('Conflict'))}</li>" if parts else ""
    return Html(f'<ul class=it-cal__legend aria-label="{esc(t("Legend"))}">{looks}{mark}</ul>')


def _bars(week: Sequence[Cell]) -> list[_Bar]:
    """Return the changes that last for days, each in the first row of bars that is free on all of its days."""
    days: dict[CalendarEvent, list[int]] = {}
    for place, (_, _, here) in enumerate(week):
        for event in here:
            if event.span.look in _CHANGES and event.span.end - event.span.start >= _LONG:
                days.setdefault(event, []).append(place)
    taken: list[int] = []  # the last day of each row
    bars = []
    for event, places in sorted(days.items(), key=lambda p: (p[1][0], p[0].span.start, p[0].span.id)):
        lane = next((n for n, last in enumerate(taken) if last < places[0]), len(taken))
        taken[lane : lane + 1] = [places[-1]]
        bars.append(_Bar(event, places[0], places[-1], lane))
    return bars


def _cell(view: View, month: Month, cell: Cell, place: int, bars: Sequence[_Bar]) -> str:
    day, edges, here = cell
    today = edges[0] <= view.now < edges[1]
    looks = [name for name, on in (("out", day.month != month.first.month), ("today", today)) if on]
    css = "".join(f" it-grid__day--{look}" for look in looks)
    long = {bar.event for bar in bars}
    behind = "".join(_behind(view, e, edges) for e in here if e.span.look not in _CHANGES)
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
    items = []
    for lane in range(max(here, default=-1) + 1):
        bar = here.get(lane)
        if bar is None:
            items.append("<li class=it-ev__room aria-hidden=true></li>")
        elif bar.first != place:
            items.append(f"<li class=it-ev__room aria-hidden=true {event_data(bar.event)}></li>")
        else:
            items.append(_small(view, bar.event, edges, f" it-span it-span--{bar.last - bar.first + 1}"))
    return "".join(items)


def event_data(event: CalendarEvent) -> str:
    """Return the attributes by which the script filters."""
    return f'data-type="{esc(event.kind)}" data-services="{esc(" ".join(event.services))}"'


def _behind(view: View, event: CalendarEvent, day: Edges) -> str:
    """Return a freeze, a window or a holiday: it colours whole days, and is named below their changes where it begins and on days in part."""
    span = event.span
    whole = span.start <= day[0] and span.end >= day[1]
    times = EMPTY if whole else Html(f" <span class=it-behind__when>{when(view, span, day)}</span>")
    kind = f'<span class="it-vh">{esc(name_of(span))}: </span>' if span.look in NAMES else ""
    if span.proposed:  # it looks like one in force, so its name says the difference
        kind = f"{esc(name_of(span))}: "
    begins = span.start >= day[0] or day[0].astimezone(view.zone).weekday() == 0
    look = span.look if begins or not whole else f"{span.look} it-behind--on"
    shown = link(view.url(span.id), Html(f"{kind}{esc(span.title)}"))
    return (
        f"<li class='it-ev it-ev--{look}' {event_data(event)}{_minutes(view, span, day)}>{shown}{times}</li>"
    )


def _minutes(view: View, span: Span, day: Edges) -> str:
    """Return the attribute with the part of a day that a span takes: two minutes of the day, by the clock on the wall."""
    start, end = (moment.astimezone(view.zone) for moment in (span.start, span.end))
    first = start.hour * 60 + start.minute if span.start > day[0] else 0
    last = end.hour * 60 + end.minute if span.end < day[1] else _MINUTES
    return f' data-minutes="{first} {max(first, last)}"'


def _small(view: View, event: CalendarEvent, day: Edges, bar: str = "") -> str:
    """Return a change of the grid: a line in a month, all of it in a week."""
    span = event.span
    begins = f"{span.start.astimezone(view.zone):%H:%M}" if span.start >= day[0] else ""
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
