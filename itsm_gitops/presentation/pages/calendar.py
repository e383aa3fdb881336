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
from itsm_gitops.presentation.freezes import named
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import EMPTY, ROOT, Html, esc, join, link
from itsm_gitops.presentation.moments import MONTH_NAMES, day_title
from itsm_gitops.presentation.pages.calendar_grid import Cell, event_chips, event_data, legend, month_grid
from itsm_gitops.presentation.pages.change_views import ways
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import heading, line, paragraph
from itsm_gitops.presentation.pages.plan import continued, lasts, looks, mark_lasts, when
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
    filters = _filters(view, plan, known)
    for number, month in enumerate(plan.months):
        title = month_title(month.first)
        weeks = list(_weeks(view, month, known))
        body = join(
            [
                heading([], t("Change calendar")),
                ways(view, urls.CALENDAR),
                Html(f'<div class="it-cal"><div class=it-cal__bar>{_months(plan, number)}{filters}</div>'),
                Html(f'<div class="it-cal__grid">{month_grid(view, month, weeks)}</div>'),
                legend(view, weeks),
                Html(f'<div class="it-cal__agenda">{_agenda(view, month, weeks)}</div>'),
                Html(f'<p class="it-cal__status it-muted" role="status"></p></div>{_subscribe()}'),
            ]
        )
        yield ListPage(
            urls.calendar(month.first, current=month.current), f"{t('Calendar')}: {title}", urls.CHANGES, body
        )


def month_title(first: date) -> str:
    """Return a month with its year: November 2026."""
    return f"{t(MONTH_NAMES[first.month - 1])} {first.year}"


def _subscribe() -> Html:
    """Say how to have what is shown in a calendar of one's own."""
    file, feed = link(urls.ICS, esc(t("a calendar file"))), link(urls.CHANGE_FEED, esc(t("a feed")))
    said = told(
        "Subscribe to all changes, freezes and maintenance windows as {file}, or to {feed} of changes; the page of a "
        "service has the calendar of that service.",
        file=file,
        feed=feed,
    )
    return Html(f"<p class=it-also>{said}")


def _months(plan: Plan, number: int) -> Html:
    """Return the month with the ways to the one before, the one after, today and, behind its name, all others."""
    steps = {"prev": (number - 1, "‹"), "next": (number + 1, "›")}
    earlier, later = (_step(plan, rel, at, sign) for rel, (at, sign) in steps.items())
    items = []
    for at, month in enumerate(plan.months):
        mark = ' aria-current="page"' if at == number else ""
        url = urls.calendar(month.first, current=month.current)
        shown = f"{esc(t(MONTHS[month.first.month - 1]))} {month.first:%Y}"
        items.append(f'<li><a{mark} href="{ROOT}{url}">{shown}</a>')
    title = esc(month_title(plan.months[number].first))
    chooser = f"<details class=it-cal__choose><summary>{title}</summary><ul>{''.join(items)}</ul></details>"
    now = link(f"{urls.CALENDAR}#today", esc(t("Today")), "it-cal__now")
    return Html(
        f'<nav class="it-cal__months" aria-label="{esc(t("Months"))}">{earlier}{chooser}{later}{now}</nav>'
    )


def _step(plan: Plan, rel: str, at: int, sign: str) -> str:
    """Return the way to a month beside the one shown; where the plan ends, its place."""
    if not 0 <= at < len(plan.months):
        return f"<span class=it-cal__step aria-hidden=true>{sign}</span>"
    month = plan.months[at]
    url, name = urls.calendar(month.first, current=month.current), esc(month_title(month.first))
    return f'<a class=it-cal__step rel={rel} href="{ROOT}{url}" aria-label="{name}" title="{name}">{sign}</a>'


def _filters(view: View, plan: Plan, known: Sequence[CalendarEvent]) -> Html:
    """Return what the script needs: the switch of views, the steps through weeks and days, the filters."""
    buttons = "".join(
        f'<button type="button" data-show="{v}" aria-pressed="false">{esc(t(v.capitalize()))}</button>'
        for v in _VIEWS
    )
    hit = {s for e in known for s in e.services}
    services = [(s, view.title(s)) for s in sorted(plan.carriers, key=view.title) if s in hit]
    return Html(
        '<form class="it-cal__tools" aria-label="' + esc(t("View and filters")) + '">'
        '<div class="it-cal__steps" role="group" aria-label="' + esc(t("Earlier and later")) + '">'
        '<button type="button" data-step="-1">' + esc(t("Earlier week")) + "</button>"
        '<button type="button" data-step="1">' + esc(t("Later week")) + "</button></div>"
        f'<div class="it-cal__views" role="group" aria-label="{esc(t("View"))}">{buttons}</div>'
        f"{_select('service', t('Service'), t('All services'), services)}"
        f"{_select('type', t('Type'), t('All types'), kinds(known))}</form>"
    )


def _select(name: str, label: str, everything: str, choices: Sequence[tuple[str, str]]) -> str:
    options = "".join(f'<option value="{esc(v)}">{esc(title)}</option>' for v, title in choices)
    return f'<label><span class=it-vh>{label}</span><select name="{name}"><option value="">{everything}</option>{options}</select></label>'


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
    # A month of weekly windows only has nothing else to show.
    only_weekly = all(e.span.weekly for cell in cells for e in cell[2])
    days = [(cell[0], _agenda_day(view, cell, quiet=not only_weekly)) for cell in cells]
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


def _agenda_day(view: View, cell: Cell, *, quiet: bool) -> Html:
    """Return a day on which a change happens or something begins; nothing for the others.

    A day on which only a weekly window begins can be ``quiet``: a script shows it when windows are asked for.
    """
    day, edges, here = cell
    changes = [e for e in here if e.span.look in ("change", "done")]
    # What is over today, nobody asks for; past days are a record.
    around = [e for e in here if e not in changes and (day != view.today or e.span.end > view.now)]
    if not changes and not any(e.span.start >= edges[0] for e in around):
        return EMPTY
    marks = "".join(
        f'<li class="it-mark it-mark--{looks(e.span)}" {event_data(e)}>'
        f"{named(e.span, link(view.url(e.span.id), esc(e.span.title)))}{mark_lasts(view, e.span, edges)}</li>"
        for e in around
    )
    still = quiet and not changes and all(e.span.weekly for e in around if e.span.start >= edges[0])
    begun = [e for e in changes if e.span.start < edges[0] and day.day > 1 and day != view.today]
    rows = "".join(_agenda_row(view, e, edges) for e in changes if e not in begun)
    return Html(
        f'<section class="it-day" data-day={day:%Y-%m-%d}{" data-quiet" if still else ""}><h2>{esc(day_title(day))}</h2>'
        + (f'<ul class="it-marks">{marks}</ul>' if marks else "")
        + (f'<ul class="it-agenda">{rows}</ul>' if rows else "")
        + continued(view, [(e.span, event_data(e)) for e in begun], edges)
        + "</section>"
    )


def _agenda_row(view: View, event: CalendarEvent, day: tuple[datetime, datetime]) -> str:
    about = event_chips(view, event)
    mark = f"{chip('Conflict', 'bad')} "
    why = "".join(
        f'<p class="it-touched">{"" if n else mark}{esc(w)}</p>' for n, w in enumerate(event.warnings)
    )
    entry = view.entries[event.span.id]
    return (
        f'<li {event_data(event)}{lasts(event.span)}><div class="it-agenda__when">{when(view, event.span, day)}</div>'
        f'<div class="it-agenda__what">{line(view, entry, about)}{why}</div></li>'
    )
