"""The agenda of the change advisory board that meets next, and the calendar file of all meetings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from itsm_gitops.graph.boards import AgendaItem, BoardMeeting, board_agenda, meetings_of
from itsm_gitops.graph.ics import domain
from itsm_gitops.graph.meetings_ics import meetings_calendar
from itsm_gitops.model import meaning
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.fields import day
from itsm_gitops.presentation.freezes import DOT, freeze_chip, only_for
from itsm_gitops.presentation.language import t, told, within
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, words
from itsm_gitops.presentation.moments import day_title
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import Crumb, heading, paragraph, section
from itsm_gitops.presentation.view import View

TITLE = "Agenda of the board"
# Agendas are in the calendar file for meetings of the next weeks; what lies further ahead has none yet.
_AHEAD = timedelta(days=28)


def has_board(view: View) -> bool:
    """Whether there is an agenda to show: meetings are recorded, and readers may see figures and meetings."""
    return view.audience.reports and bool(view.of_role(meaning.MEETING) and view.book.playing(meaning.CHANGE))


def board_page(view: View) -> ListPage:
    """Return the agenda of the board's next meeting, of today where none is planned."""
    made = board_agenda(view.network, view.config.timezone, view.now)
    own = f" {view.link(made.meeting)}." if made.meeting and view.url(made.meeting) else ""
    on = Html(f"<time datetime={made.day:%Y-%m-%d}>{esc(day_title(made.day))} {made.day.year}</time>")
    about = told(
        "What happened since {start}, and what is planned until {end}, taken from the records. All meetings are in {file}.",
        start=view.moment(made.since),
        end=view.moment(made.until),
        file=link(urls.MEETINGS_ICS, esc(t("a calendar file"))),
    )
    lead = Html(f"{told('For {day}.', day=on)}{own} {about}")
    parts = [
        section(t(title), _matters(view, items), name.replace("_", "-")) for name, title, items in made.parts
    ]
    body = join([heading([Crumb(urls.CHANGES, "Upcoming changes")], t(TITLE), lead=lead), *parts])
    return ListPage(urls.BOARD, t(TITLE), urls.CHANGES, body)


def _matters(view: View, items: Sequence[AgendaItem]) -> Html:
    if not items:
        return paragraph("Nothing.")
    return Html(f"<ul class=it-list>{''.join(_matter(view, item) for item in items)}</ul>")


def _matter(view: View, item: AgendaItem) -> str:
    """Return one matter: why it is one, what forbids it, and of a change what it is for and who asked for it."""
    mark = f" {freeze_chip(item.held)}" if item.held else ""
    only = only_for(view, item.only)
    about = _about(view, item)
    below = f"<br><span class=it-muted>{about}</span>" if about else ""
    dot = "." if only else ""
    why = f"<span class=it-muted>{_why(view, item)}{dot}{only}</span>"
    return f"<li>{view.link(item.id)}{mark}<br>{why}{below}"


def _about(view: View, item: AgendaItem) -> Html:
    """Return the service, the risk and the requester of a change, as far as the reason does not say them."""
    entry = view.entries[item.id]
    if meaning.CHANGE not in view.kind(entry).plays:
        return EMPTY
    data = view.store.data(item.id)
    risk = data.get("risk")
    said = "risk" in dict(item.values)
    level = risk.get("level") if isinstance(risk, Mapping) and not said else None
    who = data.get("requested_by")
    service = entry.columns.get("service")
    parts = (
        view.link(service) if isinstance(service, str) else EMPTY,
        told("Risk: {level}", level=esc(within(words(level)))) if isinstance(level, str) else EMPTY,
        told("Requested by {person}", person=view.link(who)) if isinstance(who, str) else EMPTY,
    )
    return join([p for p in parts if p], DOT)


def _why(view: View, item: AgendaItem) -> Html:
    """Return why the board looks at something, with its days and words as readers of the site write them."""
    said = {name: _said(view, value) for name, value in item.values}
    return told(item.text, **said) if item.text else esc(item.reason)


def _said(view: View, value: date | str) -> Html:
    if isinstance(value, datetime):
        return view.moment(value)
    return day(view, value.isoformat()) if isinstance(value, date) else esc(within(words(value)))


def board_files(view: View, base: str) -> Iterator[ListPage | tuple[str, bytes]]:
    """Yield the page of the agenda and the calendar file of meetings, where there is a board."""
    if has_board(view):
        yield board_page(view)
        yield urls.MEETINGS_ICS, meetings_file(view, base)


def meetings_file(view: View, base: str) -> bytes:
    """Return the calendar file of all meetings with a page; ``base`` is where the site will be, '' if unknown."""
    meetings = [m for m in meetings_of(view.network.loaded) if view.url(m.id)]
    agendas = {
        m.id: board_agenda(view.network, view.config.timezone, view.now, m.day(view.zone), m.board)
        for m in meetings
        if _is_near(view, m)
    }
    # The beginning of the year stands for a meeting that has no time of writing: the same bytes in each build.
    stamp = view.now.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    name, host = view.config.organisation, domain(view.config.identity)
    return meetings_calendar(
        meetings, agendas, name, host, stamp, lambda i: base + view.url(i) if base else ""
    ).encode()


def _is_near(view: View, meeting: BoardMeeting) -> bool:
    return meeting.planned and meeting.decides_on_changes and meeting.starts < view.now + _AHEAD
