"""The agenda of the change advisory board that meets next, and the calendar file of all meetings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from itsm_gitops.graph.boards import AgendaItem, BoardAgenda, BoardMeeting, board_agenda, meetings_of
from itsm_gitops.graph.ics import domain
from itsm_gitops.graph.meetings_ics import meetings_calendar
from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.freezes import freeze_chip, only_for
from itsm_gitops.presentation.language import t, told, within
from itsm_gitops.presentation.markup import EMPTY, Html, dots, esc, join, link, words
from itsm_gitops.presentation.moments import day_and_month, day_title, full_day
from itsm_gitops.presentation.pages.change_views import BOARD_TITLE, has_board, ways
from itsm_gitops.presentation.pages.going_on import short
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import heading, paragraph, section
from itsm_gitops.presentation.pages.reading import subsection
from itsm_gitops.presentation.view import View

# Agendas are in the calendar file for meetings of the next weeks; what lies further ahead has none yet.
_AHEAD = timedelta(days=28)
_INSTANT = timedelta(microseconds=1)
_ASIDE = ("ahead",)  # what is planned already stands beside what is decided
_DECIDED, _FREEZES = "waiting", "freezes"
_HIGH = "high"


def board_page(view: View) -> ListPage:
    """Return the agenda of the board's next meeting, of today where none is planned."""
    made = board_agenda(view.network, view.config.timezone, view.now)
    shown = {
        name: section(t(title), _matters(view, items, numbered=name == _DECIDED), _anchor(name))
        for name, title, items in made.parts
    }
    main = join([html for name, html in shown.items() if name not in _ASIDE])
    side = join([shown[name] for name in _ASIDE])
    body = join(
        [
            heading([], t(BOARD_TITLE)),
            ways(view, urls.BOARD),
            _about(view, made),
            Html(f"<div class=it-board><div>{main}{_nothing(view, made)}</div><div>{side}</div></div>"),
        ]
    )
    return ListPage(urls.BOARD, t(BOARD_TITLE), urls.CHANGES, body)


def _anchor(name: str) -> str:
    return name.replace("_", "-")


def _about(view: View, made: BoardAgenda) -> Html:
    """Return for which meeting the agenda is, what it covers and where all meetings are, as one line of facts."""
    on = Html(f"<time datetime={made.day:%Y-%m-%d}>{esc(day_title(made.day))}</time>")
    meeting = link(view.url(made.meeting), on) if made.meeting and view.url(made.meeting) else on
    start, end = (
        day_and_month(moment.astimezone(view.zone)) for moment in (made.since, made.until - _INSTANT)
    )
    rows = (
        ("Meeting", meeting),
        ("Period", esc(t("{start} to {end}", start=start, end=end))),
    )
    facts_ = "".join(f"<div><dt>{esc(t(name))}<dd>{content}</div>" for name, content in rows)
    file = link(urls.MEETINGS_ICS, esc(t("Calendar file (.ics)")))
    return Html(f"<dl class=it-about>{facts_}<div><dd>{file}</div></dl>")


def _nothing(view: View, made: BoardAgenda) -> Html:
    """Return in one line the parts that have no matter."""
    since = short(view, made.since)
    empty = {name for name, _, items in made.parts if not items}
    said: list[Html] = []
    if {"went_wrong", "emergencies"} <= empty:
        said.append(told("No failed changes and no emergencies since {moment}.", moment=since))
    elif "went_wrong" in empty:
        said.append(told("No failed changes since {moment}.", moment=since))
    elif "emergencies" in empty:
        said.append(told("No emergencies since {moment}.", moment=since))
    said += [esc(t(text)) for name, text in _NONE.items() if name in empty]
    return Html(f"<p class=it-muted>{join(said, ' ')}") if said else EMPTY


_NONE = {
    "waiting": "No change waits for a decision.",
    "reviews": "No review is outstanding.",
    "ahead": "No change is planned until the next meeting.",
    "freezes": "No freeze is ahead.",
}


class MeetingAgenda(NamedTuple):
    """What a meeting of the board will speak about, and what stands beside that."""

    section: Html = EMPTY
    beside: Html = EMPTY


def meeting_agenda(view: View, entry: Entry, data: Mapping[str, Any]) -> MeetingAgenda:
    """Return what a planned meeting of the board will speak about, as the records say it now; nothing for other records."""
    if meaning.MEETING not in view.kind(entry).plays or data.get("agenda") or not has_board(view):
        return MeetingAgenda()
    meeting = next((m for m in meetings_of(view.network.loaded) if m.id == entry.id), None)
    if meeting is None or not (meeting.planned and meeting.decides_on_changes):
        return MeetingAgenda()
    made = board_agenda(view.network, view.config.timezone, view.now, meeting.day(view.zone), meeting.board)
    parts = [
        subsection(title, _matters(view, items, numbered=name == _DECIDED))
        for name, title, items in made.parts
        if items and name != _FREEZES
    ]
    freezes = [
        section(t(title), _matters(view, items, numbered=False), name)
        for name, title, items in made.parts
        if items and name == _FREEZES
    ]
    more = Html(f"<p class=it-next>{link(urls.BOARD, esc(t('Agenda of the board')))}</p>")
    agenda = section("Agenda", Html(f"{join(parts) or paragraph('No agenda yet')}{more}"), "agenda")
    return MeetingAgenda(agenda, join(freezes))


def _matters(view: View, items: Sequence[AgendaItem], *, numbered: bool) -> Html:
    """Return the matters of a part; those to decide are in an order, so only they have numbers."""
    shown = "".join(_matter(view, item) for item in items)
    tag = "ol" if numbered and len(items) > 1 else "ul"
    return Html(f"<{tag} class=it-matters>{shown}</{tag}>") if shown else EMPTY


def _matter(view: View, item: AgendaItem) -> str:
    """Return one matter: its marks, why the board looks at it, and of a change what it is for and who asked for it."""
    data = view.store.data(item.id)
    entry = view.entries[item.id]
    is_change = meaning.CHANGE in view.kind(entry).plays
    said = dict(item.values)
    risk = said.get("risk") or (data["risk"].get("level") if isinstance(data.get("risk"), Mapping) else None)
    marks = [freeze_chip(item.held)] if item.held else []
    if is_change and risk == _HIGH:
        marks.insert(0, chip(_risk(str(risk)), "high"))
    title = link(view.url(item.id), esc(item.name or item.title))
    chips = f"<p class=it-chips>{join(marks, ' ')}</p>" if marks else ""
    first = [_why(view, item)]
    if is_change and isinstance(risk, str) and risk != _HIGH:
        first.append(esc(_risk(risk)))
    only = only_for(view, item.only)
    below = f"{dots(first)}{dots([only] if only else _for(view, item, entry))}"
    return f"<li><p class=it-line__title>{title}{chips}{below}"


def _risk(level: str) -> str:
    """Return a level of risk in words."""
    known = {"low": "Low risk", "medium": "Medium risk", "high": "High risk"}
    return t(known[level]) if level in known else t("Risk: {level}", level=within(words(level)))


def _for(view: View, item: AgendaItem, entry: Entry) -> list[Html]:
    """Return the service that a change is for, who asked for it, and its number."""
    if meaning.CHANGE not in view.kind(entry).plays:
        return []
    who, service = view.store.data(item.id).get("requested_by"), entry.columns.get("service")
    return [
        view.link(service) if isinstance(service, str) else EMPTY,
        told("Requested by {person}", person=view.link(who)) if isinstance(who, str) else EMPTY,
        Html(f"<span class=it-nowrap>{esc(item.id)}</span>"),
    ]


def _why(view: View, item: AgendaItem) -> Html:
    """Return why the board looks at something, with its days and words as readers of the site write them."""
    said = {name: _said(view, value) for name, value in item.values}
    start = said.get("start")
    if start or "risk" in said:  # the risk is a label or a word of its own
        return told("Planned for {start}", start=start) if start else esc(t("No window yet"))
    why = told(item.text, **said) if item.text else esc(item.reason)
    return Html(f"{why[:1].upper()}{why[1:]}")


def _said(view: View, value: date | str) -> Html:
    if isinstance(value, datetime):
        return short(view, value)
    if isinstance(value, date):
        shown = day_and_month(value) if value.year == view.today.year else full_day(value)
        return Html(f"<time datetime={value:%Y-%m-%d}>{shown}</time>")
    return esc(within(words(value)))


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
