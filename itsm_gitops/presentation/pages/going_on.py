"""Pieces of pages about what goes on now: the services that are not well, what users are told, what is announced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from itsm_gitops.graph.status import DEGRADED, OUTAGE
from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.last_word import LastWord
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation import prose, situation, urls
from itsm_gitops.presentation.announcements import NEWS, TITLES, Announcement, announcements, read
from itsm_gitops.presentation.chips import chip, look_of
from itsm_gitops.presentation.contacts import contact_lines
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, shorten
from itsm_gitops.presentation.moments import day_and_month, duration, full_day
from itsm_gitops.presentation.remainder import and_more
from itsm_gitops.presentation.situation import OngoingIncident
from itsm_gitops.presentation.view import View

_WORDS = 400  # characters of the last word
_MOST_ROWS = 40
_MOST_WAYS = 3  # to get help, in a line
MOST_CAUSES = 3  # incidents in a line; the page of the service lists the others


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


def lasting(view: View, moment: datetime) -> Html:
    """Return how long something has lasted; a script lets it go on with the reader's clock."""
    seconds = max(60, int((view.now - moment).total_seconds()))
    return Html(f"<time datetime={clock.format_time(moment)} data-lasts>{esc(duration(seconds))}</time>")


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
    label: str = "Services that are not well",
) -> Html:
    """Return the services (or other items) that are not well: their status, since when, why, the last update and when the next one comes.

    Services that the same incidents hit stand together. Major incidents that hit no service that is shown have a line of their
    own. ``plain`` leaves out what only IT needs; ``label`` says to those who hear the page what the list is.
    """
    found = {one.entry.id: one for one in situation.troubles(view, services)}
    groups: dict[tuple[str, ...], list[Entry]] = {}
    for entry in services:
        if not situation.is_well(view, entry.id):
            groups.setdefault(_together(view, entry, found), []).append(entry)
    hit = {i for some in groups.values() for entry in some for i in view.health[entry.id].causes}
    told_of: set[str] = set()
    rows = [_trouble_row(view, one) for i, one in found.items() if i not in hit and one.is_declared]
    rows += [_row(view, some, found, told_of, plain=plain) for some in groups.values()]
    rows += [_trouble_row(view, one) for i, one in found.items() if i not in hit and not one.is_declared]
    if not rows:
        return EMPTY
    shown = join(rows[:_MOST_ROWS])
    if len(rows) > _MOST_ROWS:
        shown = Html(f"{shown}<li>{link(urls.SERVICES, esc(and_more(len(rows) - _MOST_ROWS)))}")
    return Html(f'<ul class=it-ill aria-label="{esc(t(label))}">{shown}</ul>')


def _together(view: View, entry: Entry, found: Mapping[str, OngoingIncident]) -> tuple[str, ...]:
    """Return what services have in common that stand in one line: their status, since when, and the incidents behind it."""
    health = view.health[entry.id]
    causes = tuple(sorted(c for c in health.causes if c in found))
    return (health.status, _when(view, entry), *causes) if causes else (entry.id,)


def _when(view: View, entry: Entry) -> Html:
    return since_when(view, situation.since(view, entry.id), situation.until(view, entry.id))


def _row(
    view: View,
    services: Sequence[Entry],
    found: Mapping[str, OngoingIncident],
    told_of: set[str],
    *,
    plain: bool,
) -> Html:
    """Return the line of some services; ``told_of`` holds the incidents that a line above describes."""
    first = services[0]
    health = view.health[first.id]
    names = Html(", ".join(view.link(e.id) for e in services))
    when = _when(view, first)
    causes = situation.worst_first(view, health.causes)
    why = [_cause(view, c, found.get(c), told_of) for c in causes[:MOST_CAUSES]]
    if len(causes) > MOST_CAUSES:
        why.append(link(view.url(first.id), esc(and_more(len(causes) - MOST_CAUSES))))
    if not why and not plain and (reason := view.reason(health)):
        why = [esc(reason[:1].upper() + reason[1:])]
    if plain and health.status in (OUTAGE, DEGRADED):
        # Why may be withheld: that somebody works on it is not.
        why = [*(why or [esc(t("We are looking into it."))]), *_help(view, services)]
    return _line(look_of(health.status), names, [view.health_chip(first.id)], when, why)


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
        since_when(view, one.since),
        word_lines(view, one.word, one.next_by, is_promised=one.is_declared),
    )


def _line(look: str, name: Html, chips: Sequence[Html], when: Html, why: Sequence[Html]) -> Html:
    since = f"<span>{when}</span>" if when else ""
    told_why = join([Html(f"<p>{one}") for one in why])
    return Html(
        f"<li class=it-ill--{look}><div><strong>{name}</strong> {join(chips, ' ')}{since}</div>"
        + (f"<div class=it-ill__why>{told_why}</div>" if told_why else "")
    )


def _cause(view: View, cause: str, one: OngoingIncident | None, told_of: set[str]) -> Html:
    """Return why services are not well: the incident or the work, its last update, and when the next one comes."""
    title = link(view.url(cause), esc(shorten(view.title(cause) or cause, 160)))
    if one is None or cause in told_of:
        return title
    told_of.add(cause)
    chips = [_major_chip(one)] if one.is_major else []
    words_said = word_lines(view, one.word, one.next_by, is_promised=one.is_declared)
    return join([title, *chips, *(Html(f"<span>{row}</span>") for row in words_said)], " ")


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


def banners(view: View, now: datetime | None = None, service: str = "") -> Html:
    """Return what is announced, or will be soon; a script shows and hides each when its time comes."""
    at = now or view.now
    shown = join([_banner(view, one, at) for one in announcements(view, at, service)])
    return Html(f"<div class=it-announcements>{shown}</div>") if shown else EMPTY


def _banner(view: View, one: Announcement, now: datetime) -> Html:
    hidden = EMPTY if one.is_shown(now) else Html(" hidden")
    return Html(
        f'<aside class="it-announcement it-announcement--{one.type}" data-from={clock.format_time(one.shown_from)}'
        f' data-until={clock.format_time(one.end)}{hidden} aria-label="{esc(one.entry.title)}">'
        f"<p class=it-announcement__kind>{_kind(view, one)}<p class=it-announcement__title>{esc(one.entry.title)}</p>"
        f"{prose.render(one.text, view.id_link)}</aside>"
    )


def _kind(view: View, one: Announcement) -> Html:
    """Return the type of an announcement and its time; news has no time."""
    kind = Html(f"<b>{esc(t(TITLES[one.type]))}</b>")
    if one.type == NEWS:
        return kind
    return Html(
        f"{kind} <span>{short(view, one.start)} {esc(t('to'))} {until(view, one.start, one.end)}</span>"
    )


def about(view: View, entry: Entry) -> Html:
    """Return the type and the time of the announcement that a page is about, as on its banner."""
    one = read(entry, view)
    if one is None:
        return EMPTY
    look = f"it-announcement__kind it-announcement__kind--{one.type}"
    return Html(f'<span class="{look}">{_kind(view, one)}</span>')
