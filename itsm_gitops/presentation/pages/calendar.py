"""The calendar: for each month a grid of weeks and an agenda, drawn now; a script only switches and filters.

Without the script, and on a phone, a month is its agenda. Events carry their type and the services
that they can hit as data, by which the script hides the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from itsm_gitops.model.windows import moment_of
from itsm_gitops.model.wording import MONTHS
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.events import CalendarEvent, events, kinds
from itsm_gitops.presentation.freezes import name_of
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import EMPTY, ROOT, Html, esc, join, link
from itsm_gitops.presentation.moments import MONTH_NAMES, day_title
from itsm_gitops.presentation.pages.calendar_grid import Cell, event_chips, event_data, legend, month_grid
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import Crumb, heading, line, paragraph
from itsm_gitops.presentation.pages.plan import lasts, when
from itsm_gitops.presentation.planned import Month, Plan
from itsm_gitops.presentation.remainder import folded
from itsm_gitops.presentation.view import View

_DAY = timedelta(days=1)
_WEEK = 7
_VIEWS = ("month", "week", "day", "agenda")


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
                Html(f'<div class="it-cal__grid">{month_grid(view, month, weeks)}{legend(known)}</div>'),
                Html(f'<div class="it-cal__agenda">{_agenda(view, month, weeks)}</div>'),
                Html('<p class="it-cal__status it-muted" role="status"></p></div>'),
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


def _ways(plan: Plan, number: int) -> Html:
    """Return the links to the other months, the one before and the one after by name."""
    marks = {number - 1: ' rel="prev"', number + 1: ' rel="next"', number: ' aria-current="page"'}
    now = link(f"{urls.CALENDAR}#today", esc(t("Today")), "it-cal__now")
    items = [f"<li>{now}</li>"]
    for at, month in enumerate(plan.months):
        url = urls.calendar(month.first, current=month.current)
        shown = f'{esc(t(MONTHS[month.first.month - 1]))}<span class="it-cal__year"> {month.first:%Y}</span>'
        items.append(f'<li><a{marks.get(at, "")} href="{ROOT}{url}">{shown}</a></li>')
    return Html(f'<nav class="it-pager" aria-label="{esc(t("Months"))}"><ol>{"".join(items)}</ol></nav>')


def _tools(view: View, plan: Plan, known: Sequence[CalendarEvent]) -> Html:
    """Return what the script needs: the switch of views, the steps through weeks and days, the filters."""
    buttons = "".join(
        f'<button type="button" data-show="{v}" aria-pressed="false">{esc(t(v.capitalize()))}</button>'
        for v in _VIEWS
    )
    hit = {s for e in known for s in e.services}
    services = [(s, view.title(s)) for s in sorted(plan.carriers, key=view.title) if s in hit]
    return Html(
        '<form class="it-cal__tools" aria-label="' + esc(t("View and filters")) + '">'
        f'<div class="it-cal__views" role="group" aria-label="{esc(t("View"))}">{buttons}</div>'
        '<div class="it-cal__steps" role="group" aria-label="' + esc(t("Earlier and later")) + '">'
        '<button type="button" data-step="-1">' + esc(t("Earlier week")) + "</button>"
        '<button type="button" data-step="1">' + esc(t("Later week")) + "</button></div>"
        f"{_select('service', t('Service'), t('All services'), services)}"
        f"{_select('type', t('Type'), t('All types'), kinds(known))}</form>"
    )


def _select(name: str, label: str, everything: str, choices: Sequence[tuple[str, str]]) -> str:
    options = "".join(f'<option value="{esc(v)}">{esc(title)}</option>' for v, title in choices)
    return f'<label>{label} <select name="{name}"><option value="">{everything}</option>{options}</select></label>'


def _weeks(view: View, month: Month, known: Sequence[CalendarEvent]) -> Iterator[list[Cell]]:
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


def _agenda(view: View, month: Month, weeks: Sequence[list[Cell]]) -> Html:
    cells = [cell for week in weeks for cell in week if cell[0].month == month.first.month]
    days = [(cell[0], _agenda_day(view, cell)) for cell in cells]
    # Who asks for today gets the next day on which something happens.
    ahead = next((day for day, shown in days if shown and day >= view.today), None) if month.current else None
    mark = Html("<span id=today></span>")
    marked = [(day, Html(f"{mark}{shown}") if day == ahead else shown) for day, shown in days]
    rest = mark if month.current and ahead is None else EMPTY
    over = join([shown for day, shown in marked if month.current and day < view.today])
    earlier = folded(t("Earlier this month"), over) if over else EMPTY
    coming = join([shown for day, shown in marked if not month.current or day >= view.today])
    nothing = EMPTY if over or coming else paragraph("Nothing is planned in this month.")
    return join([earlier, coming, nothing, rest])


def _agenda_day(view: View, cell: Cell) -> Html:
    """Return a day on which a change happens or something begins; nothing for the others."""
    day, edges, here = cell
    changes = [e for e in here if e.span.look in ("change", "done")]
    around = [e for e in here if e not in changes]
    if not changes and not any(e.span.start >= edges[0] for e in around):
        return EMPTY
    marks = "".join(
        f'<li class="it-mark it-mark--{e.span.look}" {event_data(e)}>{esc(name_of(e.span))}: '
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
    about = event_chips(view, event)
    if event.warnings:
        about.append(chip("Conflict", "bad"))
    why = "".join(f'<p class="it-touched">{esc(w)}</p>' for w in event.warnings)
    entry = view.entries[event.span.id]
    return (
        f'<li {event_data(event)}{lasts(event.span)}><div class="it-agenda__when">{when(view, event.span, day)}</div>'
        f'<div class="it-agenda__what">{line(view, entry, about)}{why}</div></li>'
    )
