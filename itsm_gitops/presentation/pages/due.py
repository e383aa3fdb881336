"""The page "What is due": what is overdue, due soon and due in the next months, and its calendar file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from itsm_gitops.graph.due import DueEntry, within
from itsm_gitops.graph.due_ics import due_calendar
from itsm_gitops.graph.ics import domain
from itsm_gitops.model import clock
from itsm_gitops.model.duties import LATER, NEAR, PAST
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import WRITER, counted, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link
from itsm_gitops.presentation.moments import MONTH_NAMES, day_and_month, full_day
from itsm_gitops.presentation.navigation import DUE_TITLE as TITLE
from itsm_gitops.presentation.pages.acts import beside, buttons
from itsm_gitops.presentation.pages.contracts import NAME as CONTRACTS
from itsm_gitops.presentation.pages.going_on import short
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import Crumb, heading, paragraph, section
from itsm_gitops.presentation.remainder import and_more
from itsm_gitops.presentation.view import View

_MOST = 500
_SOON = "soon"
_AHEAD = 183  # days
SOON = 31  # days: what somebody's own list of work has
_NEXT = 14  # days
_PARTS = ((PAST, "Overdue"), (_SOON, "In the next two weeks"), (LATER, "Later"))
_NEAR = 3  # days
_HEAD = ("Due", "What", "For", "Responsible", "Time left")
_CELLS = ("it-c-time", "it-due__what", "it-c-title", "it-due__who")


def due_page(view: View) -> ListPage:
    """Return the page; what lies further ahead than half a year is in the calendar file only."""
    dues = within(view.dues, _AHEAD)
    dues += [d for d in view.dues if d.day.stage == NEAR and d not in dues]
    lead = esc(t("Contracts, licences, certificates, reviews and agreed actions, by the day they are due."))
    if view.course:
        contracts = link(urls.report(CONTRACTS), esc(t("the calendar of contracts")))
        lead = join([lead, told("A whole year is in {calendar}.", calendar=contracts)], " ")
    head = beside(
        heading([Crumb(urls.RECORDS, "Records")], t(TITLE), lead=lead),
        buttons([(urls.DUE_ICS, "Add to my calendar")], main=False),
    )
    parts = [
        section(
            title, _table(view, [d for d in dues if _part(d) == part], title, by_month=part == LATER), part
        )
        for part, title in _PARTS
    ]
    body = join([head, join(parts) or paragraph("Nothing is due in the next six months.")])
    return ListPage(urls.DUE, t(TITLE), urls.RECORDS, body)


def _part(due: DueEntry) -> str:
    """Return the part of the page that a duty stands in: by its day alone, whatever notice it gives."""
    if due.day.stage == PAST:
        return PAST
    return _SOON if due.days <= _NEXT else LATER


def _look(days: int) -> str:
    """Return how urgent a duty looks, by its day alone; the script of the page keeps to the same days."""
    return "bad" if days < 0 else "soon" if days <= _NEAR else "none"


def soon(view: View, dues: Sequence[DueEntry], caption: str) -> Html:
    """Return a table of what is overdue and due within a month, nothing where nothing is."""
    return _table(view, within(dues, SOON), caption)


def _table(view: View, dues: Sequence[DueEntry], caption: str, *, by_month: bool = False) -> Html:
    if not dues:
        return EMPTY
    head = "".join(f'<th scope="col">{esc(t(title))}</th>' for title in _HEAD)
    bodies = []
    for month, some in groupby(dues[:_MOST], lambda due: _month(view, due) if by_month else ""):
        title = f"<tr class=it-group><th colspan={len(_HEAD)} scope=rowgroup>{esc(month)}</th></tr>"
        bodies.append(
            f"<tbody>{title if month else ''}{''.join(_row(view, due, dated=not month) for due in some)}</tbody>"
        )
    more = (
        Html(f"<p class=it-next>{link(urls.DUE_ICS, esc(and_more(len(dues) - _MOST)))}</p>")
        if len(dues) > _MOST
        else EMPTY
    )
    return Html(
        '<div class="it-scroll"><table class="it-table it-due">'
        f'<caption class="it-vh">{esc(t(caption))}</caption><thead><tr>{head}</tr></thead>{"".join(bodies)}</table></div>'
        f"{more}"
    )


def _date(view: View, due: DueEntry) -> date:
    return view.now.astimezone(view.zone).date() + timedelta(days=due.days)


def _month(view: View, due: DueEntry) -> str:
    """Return the month in which something is due: a heading."""
    day = _date(view, due)
    return f"{t(MONTH_NAMES[day.month - 1])} {day.year}"


def _row(view: View, due: DueEntry, *, dated: bool) -> str:
    """Return the line of a duty; ``dated`` says that no heading above tells the year."""
    who = view.link(due.who) if due.who in view.entries else esc(due.who)
    nobody = Html(f"<span class=it-due__nobody>{esc(t('No one yet'))}</span>")
    cells = (_day(view, due, dated=dated), _what(due), _about(view, due), who or nobody)
    shown = "".join(
        f'<td class={css} data-label="{esc(t(name))}">{cell}</td>'
        for name, css, cell in zip(_HEAD, _CELLS, cells, strict=False)
    )
    return f"<tr>{shown}<td class=it-c-chip data-due={_date(view, due)}>{days_left(due.days)}</td></tr>"


def _what(due: DueEntry) -> Html:
    """Return what is due; where a document has several, what this one is about, and below it what that is."""
    if not due.day.due.what:
        return esc(due_text(due))
    return Html(f"{esc(due.day.due.what)}<small>{esc(t(due.day.due.terms.message))}</small>")


def _about(view: View, due: DueEntry) -> Html:
    """Return what something is due for: its title, and the number of a record below it."""
    entry = due.entry
    title = link(view.url(entry.id), esc(entry.title or entry.id))
    return Html(f"{title}<small>{esc(entry.id)}</small>") if view.kind(entry).is_record else title


def due_text(due: DueEntry) -> str:
    """Return what is due, in the site's language: first what it is about, where a document has several."""
    said = t(due.day.due.terms.message)
    return f"{due.day.due.what} ({said})" if due.day.due.what else f"{said[:1].upper()}{said[1:]}"


def _day(view: View, due: DueEntry, *, dated: bool) -> Html:
    """Return the day, with its year where that is not this one and to be said (``dated``)."""
    moment = clock.parse_time(due.day.day)
    # The time of day matters for what records plan, as a meeting; a certificate or what is counted in days ends on a day.
    terms = due.day.due.terms
    is_planned = view.kind(due.entry).is_record and not terms.shift and not terms.missing_since
    if moment is not None and is_planned:
        return short(view, moment)
    day = date.fromisoformat(due.day.day) if moment is None else in_zone(moment, view.zone).date()
    shown = full_day(day) if dated and day.year != view.today.year else day_and_month(day)
    return Html(f'<time datetime="{day:%Y-%m-%d}">{shown}</time>')


def days_left(days: int) -> Html:
    """Return how far ahead a duty is, as a label."""
    return chip(distance(days), _look(days))


def distance(days: int) -> str:
    """Return how far ahead a day is, in words."""
    if days == 0:
        return t("today")
    if days > 0:
        return counted(days, "in {count} day", "in {count} days")
    return counted(-days, "{count} day overdue", "{count} days overdue")


def due_file(view: View, base: str) -> bytes:
    """Return the calendar file of everything that is due; ``base`` is where the site will be, '' if unknown."""
    # A duty has no time of writing, so the beginning of the year stands for it: the same bytes in each build.
    stamp = view.now.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    name = view.config.organisation
    return due_calendar(
        view.dues,
        name,
        domain(view.config.identity),
        stamp,
        lambda i: base + view.url(i) if base else "",
        WRITER,
    ).encode()
