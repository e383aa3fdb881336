"""The agenda of upcoming changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from itsm_gitops.graph.calendars import Hold
from itsm_gitops.graph.schedule import FREEZES_AHEAD
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation import agenda, prose, urls
from itsm_gitops.presentation.agenda import Day, Span
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.freezes import freeze_chip, named, only_for
from itsm_gitops.presentation.language import counted, t, told, within
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, esc, join, link, words
from itsm_gitops.presentation.moments import MONTH_NAMES, day_and_month, day_title, full_day
from itsm_gitops.presentation.pages import going_on
from itsm_gitops.presentation.pages.change_views import ways
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import (
    explore_link,
    heading,
    line,
    main_action,
    paragraph,
    section,
)
from itsm_gitops.presentation.remainder import and_more
from itsm_gitops.presentation.view import View

_DAYS = 28
_MOST_LATER, _NAMED = 100, 3


def changes_page(view: View) -> ListPage:
    """Return the agenda: what runs, four weeks day by day with freezes and windows, what comes later."""
    planned = agenda.changes(view)
    days = agenda.days(view, _DAYS)
    start, end = days[0][0], days[-1][1]
    spans = agenda.calendar_spans(view, start - agenda.BEYOND, end + agenda.BEYOND)
    frozen = agenda.frozen(view)
    running = [s for s in planned if agenda.is_running(view, s)]
    waiting = [s for s in planned if s not in running]
    late = [s for s in waiting if s.end < start]
    later = [s for s in waiting if s.start >= end]
    unplanned = [e for e in view.open_of_role(meaning.CHANGE) if not e.columns.get("planned_start")]
    shown = join([day_block(view, day, waiting, spans, frozen) for day in days])
    act = main_action(urls.NEW_CHANGE, "Plan a change") if view.audience.forms else EMPTY
    body = join(
        [
            heading([], t("Upcoming changes"), lead=act),
            ways(view, urls.CHANGES),
            _freezes(view),
            section("Under way", rows(view, running, frozen), "under-way"),
            section("Overdue", rows(view, late, frozen), "overdue"),
            section("Planned", shown or paragraph("Nothing is planned in the next four weeks."), "ahead"),
            section("Later", _later(view, later, frozen), "later"),
            section("Not planned yet", _unplanned(view, unplanned), "not-planned"),
        ]
    )
    return ListPage(urls.CHANGES, t("Upcoming changes"), urls.CHANGES, body)


def _freezes(view: View) -> Html:
    """Return one line with the number of freezes ahead, which opens them; a freeze that lasts now is seen at once."""
    spans = _freezes_ahead(view)
    if not spans:
        return EMPTY
    number = counted(len(spans), "{count} freeze ahead", "{count} freezes ahead")
    is_open = " open" if any(s.start <= view.now and not s.proposed for s in spans) else ""
    first = spans[0]
    near = Html(f"<span>{named(first, esc(first.title))}, {when(view, first)}</span>")
    return Html(
        f"<details class=it-freezes{is_open}><summary>{esc(number)} {near}</summary>{freeze_list(view)}</details>"
    )


def _freezes_ahead(view: View) -> list[Span]:
    start = agenda.days(view, 1)[0][0]
    spans = agenda.calendar_spans(view, start, start + FREEZES_AHEAD)
    return [s for s in spans if s.look == "freeze" and s.end > view.now and not s.weekly]


def freeze_list(view: View, *, short: bool = False) -> Html:
    """Return the freezes that are in force or begin soon, with their dates and what they let through; in full why, too."""
    items = join([_freeze(view, s, short=short) for s in _freezes_ahead(view)])
    return Html(f"<ul class=it-freezes__list>{items}</ul>") if items else EMPTY


def _freeze(view: View, span: Span, *, short: bool) -> Html:
    name = link(view.url(span.id), esc(span.title))
    exempt = view.calendars.all[span.id].exempt_types
    only = only_for(view, sorted(view.calendars.all[span.id].applies_to))
    types = esc(", ".join(within(words(e)) for e in exempt))
    let = told("Exempt: {types}", types=types) if exempt else EMPTY
    said = join([Html(f"{part}.") for part in (only, let) if part], " ")
    why = view.store.data(span.id).get("description")
    css = "it-freeze it-freeze--proposed" if span.proposed else "it-freeze"
    return Html(
        f'<li class="{css}"{lasts(span)}><p><b>{named(span, name)}</b>, {when(view, span)}.'
        + (f"<p>{said}</p>" if said else "")
        + (prose.render(why, view.id_link) if isinstance(why, str) and not short else "")
    )


def _later(view: View, later: Sequence[Span], frozen: Mapping[str, Sequence[Hold]]) -> Html:
    """Return the first changes that are further ahead, and the way to all of them."""
    shown = rows(view, later[:_MOST_LATER], frozen)
    kind = view.book.player(meaning.CHANGE)
    if kind is None or len(later) <= _MOST_LATER:
        return shown
    return Html(f"{shown}{explore_link(and_more(len(later) - _MOST_LATER), kind=kind.name)}")


def day_block(
    view: View,
    day: Day,
    planned: Sequence[Span],
    spans: Sequence[Span],
    frozen: Mapping[str, Sequence[Hold]],
) -> Html:
    """Return one day of the agenda, nothing when nothing happens on it.

    ``frozen`` are the changes that a freeze forbids. What began on an earlier day of the agenda is there in full, and
    here in one line.
    """
    start, end = day
    around = [s for s in spans if s.touches(max(start, view.now), end)]  # without what is over today
    here = [s for s in planned if s.touches(start, end)]
    today = start <= view.now < end
    if not here and not any((today or s.start >= start) and not s.weekly for s in around):
        return EMPTY
    local = in_zone(start, view.zone)
    marks = "".join(
        f'<li class="it-mark it-mark--{looks(s)}">{named(s, link(view.url(s.id), esc(s.title)))}'
        f"{mark_lasts(view, s, day)}</li>"
        for s in around
    )
    begun = [s for s in here if s.start < start and not today]
    new = rows(view, [s for s in here if s not in begun], frozen, day=day)
    return Html(
        f'<section class="it-day" data-day={local:%Y-%m-%d}>'
        f"<h3>{_today(today)}{esc(day_title(local))}</h3>"
        + (f'<ul class="it-marks">{marks}</ul>' if marks else "")
        + new
        + continued(view, [(s, lasts(s).strip()) for s in begun], day)
        + "</section>"
    )


def looks(span: Span) -> str:
    """Return what tells a window of a calendar from the others: a freeze that is only proposed looks like none in force."""
    return "proposed" if span.proposed else span.look


def continued(view: View, spans: Sequence[tuple[Span, str]], day: Day) -> Html:
    """Return the changes that began on an earlier day, each with its attributes as one line."""
    if not spans:
        return EMPTY
    items = "".join(
        f"<li {marks}>{link(view.url(s.id), esc(s.title))} {_continues(view, s, day)}" for s, marks in spans
    )
    return Html(f"<ul class=it-continued>{items}</ul>")


def _continues(view: View, span: Span, day: Day) -> Html:
    return (
        esc(t("continues all day"))
        if span.end >= day[1]
        else told("continues until {end}", end=_end(view, span, day))
    )


def _today(today: bool) -> Html:
    """Return the word before the heading of today; a script moves it on with the reader's clock."""
    return Html(f"<span class=it-day__today>{esc(t('Today'))}, </span>") if today else EMPTY


def mark_lasts(view: View, span: Span, day: Day) -> Html:
    """Return how long a mark lasts: nothing for a whole day, else its times, and after its first day that it continues."""
    if (span.start, span.end) == day:
        return EMPTY
    if span.start < day[0] and not day[0] <= view.now < day[1]:
        return Html(f" {_continues(view, span, day)}")
    return Html(f", {when(view, span, day)}")


def rows(
    view: View,
    spans: Sequence[Span],
    frozen: Mapping[str, Sequence[Hold]],
    *,
    day: Day | None = None,
) -> Html:
    """Return changes as lines with their times, their state and what they touch."""
    if not spans:
        return EMPTY
    items = "".join(f"<li{lasts(s)}>{_row(view, s, frozen, day)}</li>" for s in spans)
    return Html(f'<ul class="it-agenda">{items}</ul>')


def lasts(span: Span) -> str:
    """Return the attributes by which a script tells what is under way and what is over."""
    return f" data-from={clock.format_time(span.start)} data-until={clock.format_time(span.end)}"


def _row(view: View, span: Span, frozen: Mapping[str, Sequence[Hold]], day: Day | None) -> Html:
    warnings = [freeze_chip(frozen[span.id])] if span.id in frozen else []
    if span.end < view.now and (day or agenda.is_running(view, span)):
        warnings.append(chip("Overdue", "bad"))
    return _told(view, view.entries[span.id], when(view, span, day), warnings)


def _told(view: View, entry: Entry, moment: Html, warnings: Sequence[Html] = ()) -> Html:
    """Return a change as the line of a list: a moment, its title with state and type, what speaks against it and what it touches."""
    kind = str(entry.columns.get("type", ""))
    chips = [view.state_chip(entry)]
    if kind:
        chips.append(chip(words(kind), "bad" if kind == "emergency" else "none"))
    below = join([part for part in (*warnings, _touched(view, entry)) if part], " ")
    about = Html(f"<p class=it-touched>{below}") if below else EMPTY
    return Html(
        f'<div class="it-agenda__when">{moment}</div>'
        f'<div class="it-agenda__what">{line(view, entry, chips)}{about}</div>'
    )


def _unplanned(view: View, entries: Sequence[Entry]) -> Html:
    """Return the changes without a plan as lines like those with one: since when each is open, and what it is about."""
    items = "".join(f"<li>{_told(view, e, told('since {day}', day=_opened(view, e)))}</li>" for e in entries)
    return Html(f'<ul class="it-agenda">{items}</ul>') if items else EMPTY


def _opened(view: View, entry: Entry) -> Html:
    """Return the day on which a record was opened, without the year where it is this one."""
    moment = clock.parse_time(entry.opened)
    if moment is None:
        return esc(entry.opened)
    local = in_zone(moment, view.zone)
    shown = day_and_month(local) if local.year == view.today.year else full_day(local)
    return Html(f"<time datetime={clock.format_time(moment)}>{shown}</time>")


def _touched(view: View, entry: Entry) -> Html:
    """Return the services that a change affects and the number of other items, which its page names; items where it is none."""
    items = [i for i in facts.affected(entry) if i in view.entries]
    services = [i for i in items if meaning.SERVICE in view.kind(view.entries[i]).plays]
    shown = (services or items)[:_NAMED]
    if not shown:
        return EMPTY
    more = len(items) - len(shown)
    names = Html(DOT.join(view.link(i) for i in shown))
    said = told("Affects {items}", items=names)
    return Html(f"{said} {esc(counted(more, 'and {count} item', 'and {count} items'))}") if more else said


def when(view: View, span: Span, day: Day | None = None) -> Html:
    """Return the start and the end of a span: times of day under a day's heading, else with the dates."""
    start, end = (in_zone(t, view.zone) for t in (span.start, span.end))
    if day is None:
        first = going_on.short(view, span.start)
        if start == end:
            return first
        return told("{start} to {end}", start=first, end=going_on.until(view, span.start, span.end))
    if span.start < day[0]:
        return told("until {end}", end=_end(view, span, day))
    if span.end > day[1]:
        return told("from {start} until {end}", start=Html(f"{start:%H:%M}"), end=_end(view, span, day))
    if start == end:
        return Html(f"{start:%H:%M}")
    return told("{start} to {end}", start=Html(f"{start:%H:%M}"), end=_end(view, span, day))


def _end(view: View, span: Span, day: Day) -> Html:
    """Return the end of a span: its time of day on this day, with the date on a later one."""
    local = in_zone(span.end, view.zone)
    if span.end < day[1]:
        return Html(f"{local:%H:%M}")
    return (
        Html("24:00")
        if span.end == day[1]
        else Html(f"<span class=it-nowrap>{day_and_month(local, MONTH_NAMES)}, {local:%H:%M}</span>")
    )
