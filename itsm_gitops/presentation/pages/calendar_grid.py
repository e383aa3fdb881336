"""A month of the calendar as a grid of weeks: freezes colour days, windows mark them, what lasts for days is one bar.

Events say at which minutes of their day they begin and end, so that a script can place them along the hours of a week
or a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from itsm_gitops.graph.calendars import MAINTENANCE
from itsm_gitops.model import facts
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation.agenda import LOOKS, Span
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.events import CalendarEvent
from itsm_gitops.presentation.freezes import NAMES, name_of, named
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, words
from itsm_gitops.presentation.moments import DAY_NAMES, MONTH_NAMES, day_letters, short_name
from itsm_gitops.presentation.pages.plan import looks, when
from itsm_gitops.presentation.planned import Month
from itsm_gitops.presentation.view import View

_AHEAD, _ = _CHANGES = ("change", "done")
_FREEZE, _HOLIDAY, _WINDOW = "freeze", "holiday", LOOKS[MAINTENANCE]
# What lasts for less is a bar in a month only: where hours are shown it stands on each of its days, at its times.
_LONG = timedelta(days=1)
_MINUTES = 24 * 60
_MOST_WINDOWS = 4  # named in the legend
_MOST_DAYS = 3  # of the week, named beside a window
# A bar is as many lines high as its words need where the days are narrow, up to so many.
_LETTERS, _MOST_LINES = 18, 3
_BEFORE, _UNTIL = 8, 24  # letters before the title of a change, and of one that began in an earlier week
# The sorts of bars: freezes, and changes that are bars in a month only.
_BAND, _DAYS = " it-ev__band", " it-ev--days"

# A day of the calendar with its start, its end and what happens on it.
Edges = tuple[datetime, datetime]
Cell = tuple[date, Edges, list[CalendarEvent]]


class _Bar(NamedTuple):
    """Something over days of one week: from which to which, in which row of bars, its classes, whether it goes on after."""

    event: CalendarEvent
    first: int
    last: int
    lane: int
    css: str
    goes_on: bool


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
    windows = _windows(view, weeks)
    items = "".join(
        windows if look == _WINDOW and windows else _key(look, esc(t(text)))
        for look, text, used in parts
        if used
    )
    if any(e.warnings for e in known):
        items += f"<li><span class=it-ev__mark></span>{esc(t('Conflict'))}</li>"
    return Html(f'<ul class=it-cal__legend aria-label="{esc(t("Legend"))}">{items}</ul>') if items else EMPTY


def _key(look: str, text: Html, data: str = "") -> str:
    return f"<li{data}><span class='it-cal__key{f' it-cal__key--{look}' if look else ''}'></span>{text}</li>"


def _windows(view: View, weeks: Sequence[list[Cell]]) -> str:
    """Return the keys of the windows, each with its name and its days: in a month they are stripes. Nothing where they are many."""
    windows: dict[str, CalendarEvent] = {}
    days: dict[str, dict[int, None]] = {}
    for place, cell in enumerate(cell for week in weeks for cell in week):
        for event in cell[2]:
            if event.span.look == _WINDOW and not event.span.proposed:
                windows[event.span.id] = event
                days.setdefault(event.span.id, {})[place % len(DAY_NAMES)] = None
    if len(windows) > _MOST_WINDOWS:
        return ""
    return "".join(
        _key(
            _WINDOW,
            Html(
                f"<span>{named(e.span, link(view.url(i), esc(e.span.title)))}{_weekdays(sorted(days[i]))}</span>"
            ),
            f" {event_data(e)}",
        )
        for i, e in windows.items()
    )


def _weekdays(days: Sequence[int]) -> str:
    """Return the days of the week on which there is a window; of one on most days there is nothing to tell."""
    return f" ({esc(', '.join(short_name(DAY_NAMES[d]) for d in days))})" if len(days) <= _MOST_DAYS else ""


def _bars(week: Sequence[Cell]) -> list[_Bar]:
    """Return freezes and the changes over days, each in the first row of bars that is free on all of its days.

    Rows of freezes come first, then those of changes that last for a day and more: only these are bars in a week, too.
    """
    over: dict[CalendarEvent, list[int]] = {}
    for place, (_, _, here) in enumerate(week):
        for event in here:
            over.setdefault(event, []).append(place)
    start, end = week[0][1][0], week[-1][1][1]
    bars: list[_Bar] = []
    sorts: dict[str, dict[CalendarEvent, list[int]]] = {_BAND: {}, "": {}, _DAYS: {}}
    for event, places in over.items():
        span = event.span
        if span.look == _FREEZE:
            sorts[_BAND][event] = places
        elif span.look in _CHANGES and span.end - span.start >= _LONG:
            sorts[""][event] = places
        elif span.look in _CHANGES and (len(places) > 1 or span.start < start or span.end > end):
            sorts[_DAYS][event] = places
    for css, some in sorts.items():
        bars += _lay(week, some, max((bar.lane + 1 for bar in bars), default=0), css)
    return bars


def _lay(week: Sequence[Cell], days: dict[CalendarEvent, list[int]], first: int, css: str) -> list[_Bar]:
    """Return bars for events on their days, from a row of bars on; those of one row are equally high."""
    taken: list[int] = []  # the last day of each row
    high: list[int] = []
    found = []
    for event, places in sorted(days.items(), key=lambda p: (p[1][0], p[0].span.start, p[0].span.id)):
        lane = next((n for n, last in enumerate(taken) if last < places[0]), len(taken))
        lines = min(_MOST_LINES, -(-_letters(event, week[places[0]][1]) // (_LETTERS * len(places))))
        high[lane : lane + 1] = [max([lines, *high[lane : lane + 1]])]
        taken[lane : lane + 1] = [places[-1]]
        found.append((event, places, lane))
    looks_of = [f"{css} it-lane--{lines}" if lines > 1 else css for lines in high]
    end = week[-1][1][1]
    return [_Bar(e, p[0], p[-1], first + n, looks_of[n], e.span.end > end) for e, p, n in found]


def _letters(event: CalendarEvent, day: Edges) -> int:
    """Return about how many letters a bar has."""
    span = event.span
    if span.look == _FREEZE:
        return len(named(span, esc(span.title)))
    return len(span.title) + (_UNTIL if span.start < day[0] else _BEFORE)


def _cell(view: View, month: Month, cell: Cell, place: int, bars: Sequence[_Bar]) -> str:
    day, edges, here = cell
    today = edges[0] <= view.now < edges[1]
    looks = [name for name, on in (("out", day.month != month.first.month), ("today", today)) if on]
    css = "".join(f" it-grid__day--{look}" for look in looks)
    as_bar = {bar.event: bar.css for bar in bars}
    behind = "".join(_behind(view, e, edges) for e in here if e.span.look not in _CHANGES)
    changes = [e for e in here if e.span.look in _CHANGES and as_bar.get(e, _DAYS).startswith(_DAYS)]
    changes.sort(key=lambda e: (e.span.start, e.span.id))
    small = (_small(view, e, edges, " it-ev--hours" if e in as_bar else "") for e in changes)
    items = _lanes(view, place, bars, edges) + "".join(small)
    note = '<span class="it-vh"> ' + esc(t("today")) + "</span>" if today else ""
    name = f'<time datetime="{day:%Y-%m-%d}">{day.day}<span class="it-grid__month"> {esc(t(MONTH_NAMES[day.month - 1]))}</span></time>{note}'
    listed = f"<ul>{items}</ul>" if items else ""
    around = f"<ul class=it-behind>{behind}</ul>" if behind else ""
    return f'<td class="it-grid__day{css}" data-day={day:%Y-%m-%d}><p>{name}</p>{listed}{around}</td>'


def _lanes(view: View, place: int, bars: Sequence[_Bar], edges: Edges) -> str:
    """Return the rows of bars on one day: a bar where it begins, and room for those that began before."""
    looks_of = {bar.lane: bar.css for bar in bars}
    here = {bar.lane: bar for bar in bars if bar.first <= place <= bar.last}
    items = []
    for lane in range(max(here, default=-1) + 1):
        bar, css = here.get(lane), looks_of[lane]
        if bar is None or bar.first != place:
            data = f" {event_data(bar.event)}" if bar else ""
            items.append(f'<li class="it-ev__room{css}" aria-hidden=true{data}></li>')
        else:
            items.append(_bar(view, bar, edges))
    return "".join(items)


def _bar(view: View, bar: _Bar, edges: Edges) -> str:
    """Return a freeze or a change over its days of one week; its edge is open where it goes on in another one."""
    event, span = bar.event, bar.event.span
    css = f"{bar.css} it-span it-span--{bar.last - bar.first + 1}"
    css += " it-span--since" if span.start < edges[0] else ""
    css += " it-span--on" if bar.goes_on else ""
    look = f"it-ev__band--{looks(span)}" if span.look == _FREEZE else _look(view, event)
    shown = link(view.url(span.id), _named(view, event, edges))
    return f'<li class="it-ev {look}{css}" {event_data(event)}>{shown}</li>'


def _named(view: View, event: CalendarEvent, day: Edges) -> Html:
    """Return what a bar says: of a freeze its name, of a change when it begins, or in a later week until when it lasts."""
    span = event.span
    if span.look == _FREEZE:
        return named(span, esc(span.title))
    moment = when(view, span, day) if span.start < day[0] else _time(view, span)
    return _titled(view, event, moment)


def event_data(event: CalendarEvent) -> str:
    """Return the attributes by which the script filters."""
    return f'data-type="{esc(event.kind)}" data-services="{esc(" ".join(event.services))}"'


def _behind(view: View, event: CalendarEvent, day: Edges) -> str:
    """Return a freeze, a window or a holiday on one of its days.

    In a month it is a ground or a stripe, which the legend names; a freeze has its name on its bar, a holiday on its day.
    """
    span = event.span
    whole = span.start <= day[0] and span.end >= day[1]
    times = EMPTY if whole else Html(f" <span class=it-behind__when>{when(view, span, day)}</span>")
    kind = f'<span class="it-vh">{esc(name_of(span))}: </span>'
    look = span.look if span.look == _HOLIDAY else f"{span.look} it-behind--on"
    if span.proposed:  # it looks like one in force where hours are shown, so its name says the difference
        kind, look = "", f"{look} it-ev--proposed"
    title = f"{name_of(span)}: {span.title}"
    said = named(span, esc(span.title)) if span.proposed else esc(span.title)
    shown = link(view.url(span.id), Html(f"{kind}{said}"))
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


def _small(view: View, event: CalendarEvent, day: Edges, css: str) -> str:
    """Return a change on one of its days: a line in a month, all of it in a week."""
    span = event.span
    shown = link(
        view.url(span.id), _titled(view, event, _time(view, span) if span.start >= day[0] else EMPTY)
    )
    more = [when(view, span, day), *event_chips(view, event), *(esc(w) for w in event.warnings)]
    below = join([Html(f"<span>{part}</span>") for part in more])
    return (
        f'<li class="it-ev {_look(view, event)}{css}" {event_data(event)}{_minutes(view, span, day)}>'
        f'{shown}<p class="it-ev__more">{below}</p></li>'
    )


def _time(view: View, span: Span) -> Html:
    return Html(f"{in_zone(span.start, view.zone):%H:%M}")


def _look(view: View, event: CalendarEvent) -> str:
    return f"it-ev--{event.span.look}{' it-ev--tentative' if _is_tentative(view, event) else ''}"


def _titled(view: View, event: CalendarEvent, moment: Html) -> Html:
    """Return the title of a change after its marks and a moment."""
    said = f'<span class="it-vh">{esc(t("Not approved yet"))}: </span>' if _is_tentative(view, event) else ""
    if event.warnings:
        said += f'<span class="it-ev__mark"><span class="it-vh">{esc(t("Conflict"))}: </span></span>'
    if moment:
        said += f'<span class="it-ev__time">{moment}</span> '
    return Html(f"{said}{esc(event.span.title)}")


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
