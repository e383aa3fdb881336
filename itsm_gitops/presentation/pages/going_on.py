"""Pieces of pages about what goes on now: the services that are not well, what users are told, what is announced."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from itsm_gitops.graph.status import DEGRADED, OUTAGE
from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.last_word import LastWord
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.major import RUNNING
from itsm_gitops.presentation import prose, situation, urls
from itsm_gitops.presentation.chips import chip, look_of
from itsm_gitops.presentation.contacts import contact_lines
from itsm_gitops.presentation.language import counted, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, dots, esc, join, link, shorten
from itsm_gitops.presentation.moments import day_and_month, duration, full_day
from itsm_gitops.presentation.remainder import and_more, joined
from itsm_gitops.presentation.situation import OngoingIncident
from itsm_gitops.presentation.view import View

_WORDS = 400  # characters of the last word
_MOST_ROWS = 40
_MOST_NAMES = 8  # of services in a line
_MOST_WAYS = 3  # to get help, in a line
MOST_CAUSES = 3  # incidents of one service; its page lists the others


def short(view: View, moment: datetime) -> Html:
    """Return a moment as briefly as it is clear beside other words: 20 Nov, 10:00."""
    local = in_zone(moment, view.zone)
    day = full_day(local) if local.year != view.today.year else day_and_month(local)
    return Html(f"<time datetime={clock.format_time(moment)}>{day}, {local.hour:02}:{local.minute:02}</time>")


def until(view: View, begin: datetime, end: datetime) -> Html:
    """Return the end of something: its time of day where it ends on the day on which it began."""
    first, last = in_zone(begin, view.zone), in_zone(end, view.zone)
    if first.date() != last.date():
        return short(view, end)
    return Html(f"<time datetime={clock.format_time(end)}>{last:%H:%M}</time>")


def from_to(
    view: View, start: datetime, end: datetime, said: Callable[[View, datetime], Html] = short
) -> Html:
    """Return the beginning and the end of something: 28 Nov, 20:00 to 23:00. ``said`` returns its beginning."""
    return told("{start} to {end}", start=said(view, start), end=until(view, start, end))


def lasting(view: View, moment: datetime) -> Html:
    """Return how long something has lasted as of the page: what was so then is all that the page knows."""
    seconds = max(60, int((view.now - moment).total_seconds()))
    return Html(f"<time datetime={clock.format_time(moment)}>{esc(duration(seconds))}</time>")


def since_when(view: View, moment: datetime | None, planned_end: datetime | None = None) -> Html:
    """Return since when and for how long something has been so, and until when it is planned."""
    if planned_end is not None and planned_end > view.now:
        return told("until {end}", end=short(view, planned_end))
    if moment is None:
        return EMPTY
    return told("since {start}, for {time}", start=short(view, moment), time=lasting(view, moment))


def not_well(
    view: View,
    services: Sequence[Entry],
    *,
    plain: bool = False,
    headed: bool = False,
    label: str = "Services that are not well",
) -> Html:
    """Return what makes services (or other items) not well: which ones it hits, since when, the last update and when the next one comes.

    A line for each incident, and one for each service of which nothing that is shown says why. Major incidents that hit no
    service that is shown have a line, too. ``plain`` leaves out what only IT needs; ``headed`` says that the head of the page tells
    the worst status already, ``label`` to those who hear the page what the list is.
    """
    found = {one.entry.id: one for one in situation.troubles(view, services)}
    causes, hit = _causes(view, services)
    groups = {name: causes[name] for name in sorted(causes, key=lambda name: _place(view, name, hit))}
    # The head names a status that all share.
    statuses = {view.health[e.id].status for e in services if not situation.is_well(view, e.id)}
    with_status = not (headed and len(statuses) == 1)
    rows = [_trouble_row(view, one) for i, one in found.items() if i not in hit and one.is_declared]
    for cause, more in groups.items():
        if cause in hit:
            rows.append(
                _cause_row(
                    view,
                    cause,
                    hit[cause],
                    found.get(cause),
                    more,
                    plain=plain,
                    with_status=with_status,
                )
            )
        else:
            rows.append(_row_alone(view, view.entries[cause], plain=plain, with_status=with_status))
    rows += [_trouble_row(view, one) for i, one in found.items() if i not in hit and not one.is_declared]
    if not rows:
        return EMPTY
    shown = join(rows[:_MOST_ROWS])
    if len(rows) > _MOST_ROWS:
        shown = Html(f"{shown}<li>{link(urls.SERVICES, esc(and_more(len(rows) - _MOST_ROWS)))}")
    # Why may be withheld: that somebody works on it is not.
    working = plain and not statuses.isdisjoint((OUTAGE, DEGRADED))
    said = counted(len(rows), "We are looking into it.", "We are looking into all of them.")
    return Html(
        f'<ul class="{"it-ill it-ill--plain" if plain else "it-ill"}" aria-label="{esc(t(label))}">{shown}</ul>'
        + (f"<p class=it-muted>{esc(said)}</p>" if working else "")
    )


def _causes(
    view: View, services: Sequence[Entry]
) -> tuple[dict[str, list[tuple[Entry, int]]], dict[str, list[Entry]]]:
    """Return what has a line, and which services each cause hits.

    A service without a cause has a line itself. With each line stand the services of which it is the last cause that is shown,
    and how many more each has.
    """
    lines: dict[str, list[tuple[Entry, int]]] = {}
    hit: dict[str, list[Entry]] = {}
    for entry in services:
        if situation.is_well(view, entry.id):
            continue
        causes = situation.worst_first(view, view.health[entry.id].causes)
        for cause in causes:
            hit.setdefault(cause, []).append(entry)
        shown = causes[:MOST_CAUSES] or [entry.id]
        for cause in shown:
            lines.setdefault(cause, [])
        if len(causes) > MOST_CAUSES:
            lines[shown[-1]].append((entry, len(causes) - MOST_CAUSES))
    return lines, hit


def _place(view: View, name: str, hit: Mapping[str, Sequence[Entry]]) -> tuple[bool, int, int, float]:
    """Return the place of a line: a declared major incident, the worst status, the most urgent, what was opened last."""
    entry = view.entries.get(name)
    statuses = [view.health[e.id].status for e in hit.get(name, ())] or [view.health[name].status]
    opened = clock.parse_time(entry.opened) if entry is not None else None
    return (
        entry is None or view.major_stage(entry) != RUNNING,
        min(map(situation.rank_of, statuses)),
        view.urgency(entry) if entry is not None else sys.maxsize,
        -opened.timestamp() if opened is not None else 0.0,
    )


def _cause_row(
    view: View,
    cause: str,
    services: Sequence[Entry],
    one: OngoingIncident | None,
    more: Sequence[tuple[Entry, int]],
    *,
    plain: bool,
    with_status: bool,
) -> Html:
    """Return the line of an incident or of work; ``one`` is the incident, ``more`` services with further causes, and how many."""
    status = min((view.health[e.id].status for e in services), key=situation.rank_of)
    title = link(view.url(cause), esc(shorten(view.title(cause) or cause, 160)))
    lead = view.priority_chip(one.entry) if one is not None and not plain else EMPTY
    chips = [chip(status.capitalize(), status)] if with_status else []
    chips += [_major_chip(one)] if one is not None and one.is_major else []
    names = joined([_named(view, e, status) for e in services], _MOST_NAMES)
    times = _times(view, one.since) if one is not None else _times_of(view, services[0])
    why = word_lines(view, one.word, one.next_by, is_promised=one.is_declared) if one is not None else []
    said_nothing = one is not None and not why
    several = len(services) > 1
    for entry, number in more:
        rest = link(view.url(entry.id), esc(and_more(number)))
        why.append(Html(f"{esc(entry.title)}: {rest}") if several else rest)
    if plain and status in (OUTAGE, DEGRADED):
        why += _help(view, services)
    return _line(
        look_of(status),
        title,
        chips,
        [Html(f"<span class=it-ill__for>{esc(t('Affects'))} </span>{names}"), *times],
        why,
        lead,
        said_nothing=said_nothing,
    )


def _named(view: View, entry: Entry, status: str) -> Html:
    """Return a service by name, with its status where that is not the one of its line."""
    own = view.health[entry.id].status
    return (
        view.link(entry.id) if own == status else Html(f"{view.link(entry.id)} {view.health_chip(entry.id)}")
    )


def _row_alone(view: View, entry: Entry, *, plain: bool, with_status: bool) -> Html:
    """Return the line of a service that is not well, and no record that is shown says why."""
    health = view.health[entry.id]
    why: list[Html] = []
    if not plain and (reason := view.reason(health)):
        why.append(esc(reason[:1].upper() + reason[1:]))
    if plain and health.status in (OUTAGE, DEGRADED):
        why += _help(view, [entry])
    chips = [view.health_chip(entry.id)] if with_status else []
    return _line(look_of(health.status), view.link(entry.id), chips, _times_of(view, entry), why)


def _help(view: View, services: Sequence[Entry]) -> list[Html]:
    """Return where users of some services get help, in one line; nothing where none says it."""
    listed = [view.store.data(e.id).get("contacts") for e in services]
    ways = list(dict.fromkeys(way for contacts in listed for way in contact_lines(contacts, reachable=True)))
    return [Html(f"<b>{esc(t('Get help'))}</b> {', '.join(ways[:_MOST_WAYS])}")] if ways else []


def _trouble_row(view: View, one: OngoingIncident) -> Html:
    title = link(view.url(one.entry.id), esc(shorten(one.entry.title or one.entry.id, 160)))
    return _line(
        "outage" if one.is_declared else look_of(one.status),
        title,
        [_major_chip(one)],
        _times(view, one.since),
        word_lines(view, one.word, one.next_by, is_promised=one.is_declared),
    )


def _times_of(view: View, entry: Entry) -> list[Html]:
    """Return since when a service is not well and for how long, or until when work on it is planned."""
    end = situation.until(view, entry.id)
    if end is not None and end > view.now:
        return [Html(f"<span class=it-ill__when>{since_when(view, None, end)}</span>")]
    return _times(view, situation.since(view, entry.id))


def _times(view: View, moment: datetime | None) -> list[Html]:
    """Return since when something is so and for how long; nothing where that is not known."""
    if moment is None:
        return []
    since = told("since {start}", start=short(view, moment))
    lasts = f"<span class=it-ill__lasts> ({lasting(view, moment)})</span>"
    return [Html(f"<span class=it-ill__when>{since}{lasts}</span>")]


def _line(
    look: str,
    name: Html,
    chips: Sequence[Html],
    about: Sequence[Html],
    why: Sequence[Html],
    lead: Html = EMPTY,
    *,
    said_nothing: bool = False,
) -> Html:
    """Return a line; ``lead`` is the priority before it, ``said_nothing`` says that users of an incident were told nothing yet."""
    first = Html(f"<div class=it-ill__lead>{lead}</div>") if lead else EMPTY
    nothing = (
        Html(f'<p class="it-ill__none it-muted">{esc(t("No update yet"))}</p>') if said_nothing else EMPTY
    )
    shown = join([Html(f"<p>{one}") for one in why])
    told_why = Html(f"<div class=it-ill__why>{shown}</div>") if shown else EMPTY
    return Html(
        f"<li class=it-ill--{look}>{first}<div class=it-ill__title><strong>{name}</strong> {join(chips, ' ')}</div>"
        f"{dots(about)}{nothing}{told_why}"
    )


def _major_chip(one: OngoingIncident) -> Html:
    return chip("Major incident" if one.is_declared else "Major incident proposed", "bad")


def word_lines(
    view: View, word: LastWord | None, next_by: datetime | None, *, is_promised: bool
) -> list[Html]:
    """Return what users were told last and when, and when the next word comes; ``is_promised`` says that one must come."""
    rows = []
    if word is not None:
        said = esc(shorten(" ".join(prose.plain(word.text).split()), _WORDS))
        at = Html(f" {short(view, situation.moment(word.at))}") if word.at is not None else EMPTY
        rows.append(Html(f"<b>{esc(t('Latest update'))}</b>{at}: {said}"))
    elif is_promised:
        rows.append(esc(t("Users have not been told anything yet.")))
    if next_by is not None and next_by < view.now:
        rows.append(
            told("The next update was promised for {moment} and is late.", moment=short(view, next_by))
        )
    elif next_by is not None:
        rows.append(told("Next update by {moment}", moment=short(view, next_by)))
    elif is_promised:
        rows.append(esc(t("No time is set for the next update.")))
    return rows
