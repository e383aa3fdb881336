"""The page "What is due": what is overdue, due soon and due in the next months, and its calendar file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from itsm_gitops.graph.due import DueEntry, within
from itsm_gitops.graph.due_ics import due_calendar
from itsm_gitops.graph.ics import domain
from itsm_gitops.model import clock
from itsm_gitops.model.duties import LATER, NEAR, PAST
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import WRITER, counted, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link
from itsm_gitops.presentation.moments import full_day
from itsm_gitops.presentation.navigation import DUE_TITLE as TITLE
from itsm_gitops.presentation.pages.contracts import NAME as CONTRACTS
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import heading, paragraph, section
from itsm_gitops.presentation.remainder import and_more
from itsm_gitops.presentation.view import View

_MOST = 500
_SOON = "soon"
_AHEAD = 183  # days
SOON = 31  # days: what somebody's own list of work has
_NEXT = 14  # days
_PARTS = ((PAST, "Overdue"), (_SOON, "In the next two weeks"), (LATER, "Later"))
_LOOKS = {PAST: "bad", NEAR: "soon", LATER: "none"}
_HEAD = ("Due", "What", "For", "Responsible", "Time left")


def due_page(view: View) -> ListPage:
    """Return the page; what lies further ahead than half a year is in the calendar file only."""
    dues = within(view.dues, _AHEAD)
    dues += [d for d in view.dues if d.day.stage == NEAR and d not in dues]
    file = link(urls.DUE_ICS, esc(t("a calendar file")))
    lead = told(
        "Everything that somebody has to do by a certain day: contracts and their notice, licences, certificates, support, "
        "reviews, inspections, access, agreed actions. Subscribe to it as {file}.",
        file=file,
    )
    if view.course:
        contracts = link(urls.report(CONTRACTS), esc(t("the calendar of contracts")))
        lead = join([lead, told("For a whole year of contracts see {calendar}.", calendar=contracts)], " ")
    parts = [
        section(title, _table(view, [d for d in dues if _part(d) == part], title), part)
        for part, title in _PARTS
    ]
    body = join(
        [heading([], t(TITLE), lead=lead), join(parts) or paragraph("Nothing is due in the next six months.")]
    )
    return ListPage(urls.DUE, t(TITLE), urls.RECORDS, body)


def _part(due: DueEntry) -> str:
    """Return the part of the page that a duty stands in: by its day alone, whatever notice it gives."""
    if due.day.stage == PAST:
        return PAST
    return _SOON if due.days <= _NEXT else LATER


def _look(due: DueEntry) -> str:
    """Return how urgent a duty looks: what is due within two weeks does, and what gives notice earlier."""
    return _LOOKS[NEAR if _part(due) == _SOON else due.day.stage]


def soon(view: View, dues: Sequence[DueEntry], caption: str) -> Html:
    """Return a table of what is overdue and due within a month, nothing where nothing is."""
    return _table(view, within(dues, SOON), caption)


def _table(view: View, dues: Sequence[DueEntry], caption: str) -> Html:
    if not dues:
        return EMPTY
    head = "".join(f'<th scope="col">{esc(t(title))}</th>' for title in _HEAD)
    rows = "".join(_row(view, due) for due in dues[:_MOST])
    more = (
        Html(f"<p class=it-next>{link(urls.DUE_ICS, esc(and_more(len(dues) - _MOST)))}</p>")
        if len(dues) > _MOST
        else EMPTY
    )
    return Html(
        '<div class="it-scroll"><table class="it-table it-due">'
        f'<caption class="it-vh">{esc(t(caption))}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        f"{more}"
    )


def _row(view: View, due: DueEntry) -> str:
    who = view.link(due.who) if due.who in view.entries else esc(due.who)
    cells = (_day(view, due), esc(due_text(due)), view.link(due.entry.id), who)
    shown = "".join(
        f'<td data-label="{esc(t(name))}"{" class=it-c-time" if n == 0 else ""}>{c}</td>'
        for n, (name, c) in enumerate(zip(_HEAD, cells, strict=False))
    )
    day = view.now.astimezone(view.zone).date() + timedelta(days=due.days)
    return f"<tr>{shown}<td data-due={day}>{chip(_distance(due.days), _look(due))}</td></tr>"


def due_text(due: DueEntry) -> str:
    """Return what is due, in the site's language: first what it is about, where a document has several."""
    said = t(due.day.due.terms.message)
    return f"{due.day.due.what} ({said})" if due.day.due.what else f"{said[:1].upper()}{said[1:]}"


def _day(view: View, due: DueEntry) -> Html:
    moment = clock.parse_time(due.day.day)
    if moment is not None:
        return view.moment(moment)
    day = date.fromisoformat(due.day.day)
    return Html(f'<time datetime="{day:%Y-%m-%d}">{full_day(day)}</time>')


def _distance(days: int) -> str:
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
