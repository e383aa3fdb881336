"""The calendar: for each month a grid of weeks and an agenda, drawn now; a script only switches and filters.

Without the script, and on a phone, a month is its agenda. Events carry their type and the services
that they can hit as data, by which the script hides the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from itsm_gitops.model.windows import moment_of
from itsm_gitops.publish import urls
from itsm_gitops.publish.events import CalendarEvent, events, kinds
from itsm_gitops.publish.language import t, told
from itsm_gitops.publish.markup import EMPTY, ROOT, Html, esc, join, link, words
from itsm_gitops.publish.pages.lists import ListPage
from itsm_gitops.publish.pages.parts import Crumb, heading, line, paragraph
from itsm_gitops.publish.pages.plan import MONTH_NAMES, NAMES, day_title, lasts, when
from itsm_gitops.publish.planned import Month, Plan
from itsm_gitops.publish.view import View, chip

_DAY = timedelta(days=1)
_WEEK = 7
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_VIEWS = ("month", "week", "agenda")
_SCRIPT = "assets/calendar.js"

# A day of the calendar with its start, its end and what happens on it.
_Cell = tuple[date, tuple[datetime, datetime], list[CalendarEvent]]


def calendar_pages(view: View) -> Iterator[ListPage]:
    """Yield a page for each month of the plan."""
    plan = view.plan
    known = events(view, plan)
    tools = _tools(view, plan, known)
    for number, month in enumerate(plan.months):
        title = month_title(month.first)
        weeks = list(_weeks(view, month, known))
        ways = _ways(plan, number)
        body = join(
            [
                heading([Crumb(urls.CHANGES, "Changes")], title, kicker=t("Calendar"), lead=_lead()),
                Html(f'<div class="it-cal">{ways}{tools}'),
                Html(f'<div class="it-cal__grid">{_grid(view, month, weeks)}</div>'),
                Html(f'<div class="it-cal__agenda">{_agenda(view, month, weeks)}</div>'),
                Html('<p class="it-cal__status it-muted" role="status"></p></div>'),
                _script(),
            ]
        )
        yield ListPage(
            urls.calendar(month.first, current=month.current), f"{t('Calendar')}: {title}", urls.CHANGES, body
        )


def month_title(first: date) -> str:
    """Return a month with its year: November 2026."""
    return f"{t(MONTH_NAMES[first.month - 1])} {first.year}"


def _lead() -> Html:
    """Say what is shown and how to have it in a calendar of one's own."""
    file, feed = link(urls.ICS, esc(t("a calendar file"))), link(urls.CHANGE_FEED, esc(t("a feed")))
    return told(
        "Changes, freezes and maintenance windows. Subscribe to all of them as {file}, or to {feed} of changes; the page "
        "of a service has the calendar of that service.",
        file=file,
        feed=feed,
    )


def _script() -> Html:
    return Html(f'<script src="{ROOT}{_SCRIPT}" defer></script>')


def _ways(plan: Plan, number: int) -> Html:
    """Return the links to the other months, the one before and the one after by name."""
    marks = {number - 1: ' rel="prev"', number + 1: ' rel="next"', number: ' aria-current="page"'}
    items = []
    for at, month in enumerate(plan.months):
        url = urls.calendar(month.first, current=month.current)
        shown = f'{esc(t(f"{month.first:%b}"))}<span class="it-cal__year"> {month.first:%Y}</span>'
        items.append(f'<li><a{marks.get(at, "")} href="{ROOT}{url}">{shown}</a></li>')
    return Html(f'<nav class="it-pager" aria-label="{esc(t("Months"))}"><ol>{"".join(items)}</ol></nav>')


def _tools(view: View, plan: Plan, known: Sequence[CalendarEvent]) -> Html:
    """Return what the script needs: the switch of views, the steps through weeks, the filters."""
    buttons = "".join(
        f'<button type="button" data-show="{v}" aria-pressed="false">{esc(t(v.capitalize()))}</button>'
        for v in _VIEWS
    )
    hit = {s for e in known for s in e.services}
    services = [(s, view.title(s)) for s in sorted(plan.carriers, key=view.title) if s in hit]
    return Html(
        '<form class="it-cal__tools" aria-label="' + esc(t("View and filters")) + '">'
        f'<div class="it-cal__views" role="group" aria-label="{esc(t("View"))}">{buttons}</div>'
        '<div class="it-cal__steps" role="group" aria-label="' + esc(t("Week")) + '">'
        '<button type="button" data-step="-1">' + esc(t("Earlier week")) + "</button>"
        '<button type="button" data-step="1">' + esc(t("Later week")) + "</button></div>"
        f"{_select('service', t('Service'), t('All services'), services)}"
        f"{_select('type', t('Type'), t('All types'), kinds(known))}</form>"
    )


def _select(name: str, label: str, everything: str, choices: Sequence[tuple[str, str]]) -> str:
    options = "".join(f'<option value="{esc(v)}">{esc(title)}</option>' for v, title in choices)
    return f'<label>{label} <select name="{name}"><option value="">{everything}</option>{options}</select></label>'


def _weeks(view: View, month: Month, known: Sequence[CalendarEvent]) -> Iterator[list[_Cell]]:
    """Yield the weeks of a month from Monday to Sunday, whole ones, with what happens on each day."""
    monday = month.first - timedelta(days=month.first.weekday())
    last = month.end.astimezone(view.zone).date()
    while monday < last:
        days = [monday + n * _DAY for n in range(_WEEK)]
        edges = [moment_of(d, "00:00", view.zone) for d in (*days, monday + _WEEK * _DAY)]
        near = [e for e in known if e.span.touches(edges[0], edges[-1])]
        yield [
            (day, (start, end), [e for e in near if e.span.touches(start, end)])
            for day, start, end in zip(days, edges, edges[1:], strict=False)
        ]
        monday += _WEEK * _DAY


def _grid(view: View, month: Month, weeks: Sequence[list[_Cell]]) -> Html:
    head = "".join(f'<th scope="col"><abbr title="{esc(t(d))}">{esc(t(d)[:3])}</abbr></th>' for d in _DAYS)
    rows = []
    for week in weeks:
        year, number, _ = week[0][0].isocalendar()
        cells = "".join(_cell(view, month, cell) for cell in week)
        rows.append(f'<tr data-week="{year}-W{number:02}">{cells}</tr>')
    return Html(
        f'<table class="it-grid"><caption class="it-vh">{month_title(month.first)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _cell(view: View, month: Month, cell: _Cell) -> str:
    day, edges, here = cell
    today = edges[0] <= view.now < edges[1]
    looks = [name for name, on in (("out", day.month != month.first.month), ("today", today)) if on]
    css = "".join(f" it-grid__day--{look}" for look in looks)
    items = "".join(_small(view, event, edges) for event in here)
    note = '<span class="it-vh"> ' + esc(t("today")) + "</span>" if today else ""
    name = f'<time datetime="{day:%Y-%m-%d}">{day.day}<span class="it-grid__month"> {esc(t(MONTH_NAMES[day.month - 1]))}</span></time>{note}'
    listed = f"<ul>{items}</ul>" if items else ""
    return f'<td class="it-grid__day{css}" data-day={day:%Y-%m-%d}><p>{name}</p>{listed}</td>'


def _data(event: CalendarEvent) -> str:
    """Return the attributes by which the script filters."""
    return f'data-type="{esc(event.kind)}" data-services="{esc(" ".join(event.services))}"'


def _small(view: View, event: CalendarEvent, day: tuple[datetime, datetime]) -> str:
    """Return an event of the grid: a line in a month, all of it in a week."""
    span = event.span
    begins = f"{span.start.astimezone(view.zone):%H:%M}" if span.start >= day[0] else ""
    start = (
        f'<span class="it-ev__time">{begins}</span> ' if begins and span.look in ("change", "done") else ""
    )
    mark = (
        '<span class="it-ev__mark"><span class="it-vh">' + esc(t("Conflict")) + ": </span></span>"
        if event.warnings
        else ""
    )
    kind = f'<span class="it-vh">{esc(t(NAMES[span.look]))}: </span>' if span.look in NAMES else ""
    shown = link(view.url(span.id), Html(f"{kind}{mark}{start}{esc(span.title)}"))
    more = [when(view, span, day), *_chips(view, event), *(esc(w) for w in event.warnings)]
    below = "".join(f"<span>{part}</span>" for part in more)
    return (
        f'<li class="it-ev it-ev--{span.look}" {_data(event)}>{shown}<p class="it-ev__more">{below}</p></li>'
    )


def _chips(view: View, event: CalendarEvent) -> list[Html]:
    entry = view.entries[event.span.id]
    if not view.kind(entry).is_record:
        return []
    kind = [chip(words(event.kind), "bad" if event.kind == "emergency" else "none")] if event.kind else []
    return [view.state_chip(entry), *kind]


def _agenda(view: View, month: Month, weeks: Sequence[list[_Cell]]) -> Html:
    cells = [cell for week in weeks for cell in week if cell[0].month == month.first.month]
    days = join([_agenda_day(view, cell) for cell in cells])
    return days or paragraph("Nothing is planned in this month.")


def _agenda_day(view: View, cell: _Cell) -> Html:
    """Return a day on which a change happens or something begins; nothing for the others."""
    day, edges, here = cell
    changes = [e for e in here if e.span.look in ("change", "done")]
    around = [e for e in here if e not in changes]
    if not changes and not any(e.span.start >= edges[0] for e in around):
        return EMPTY
    marks = "".join(
        f'<li class="it-mark it-mark--{e.span.look}" {_data(e)}>{esc(t(NAMES[e.span.look]))}: '
        f"{link(view.url(e.span.id), esc(e.span.title))}, {when(view, e.span, edges)}</li>"
        for e in around
    )
    rows = "".join(_agenda_row(view, e, edges) for e in changes)
    return Html(
        f'<section class="it-day" data-day={day:%Y-%m-%d}><h2>{esc(day_title(day))}</h2>'
        + (f'<ul class="it-marks">{marks}</ul>' if marks else "")
        + (f'<ul class="it-agenda">{rows}</ul>' if rows else "")
        + "</section>"
    )


def _agenda_row(view: View, event: CalendarEvent, day: tuple[datetime, datetime]) -> str:
    about = _chips(view, event)
    if event.warnings:
        about.append(chip("Conflict", "bad"))
    why = "".join(f'<p class="it-touched">{esc(w)}</p>' for w in event.warnings)
    entry = view.entries[event.span.id]
    return (
        f'<li {_data(event)}{lasts(event.span)}><div class="it-agenda__when">{when(view, event.span, day)}</div>'
        f'<div class="it-agenda__what">{line(view, entry, about)}{why}</div></li>'
    )
