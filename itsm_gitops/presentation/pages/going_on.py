"""Pieces of pages about what goes on now: the services that are not well, what users are told, what is announced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.last_word import LastWord
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation import prose, situation, urls
from itsm_gitops.presentation.announcements import NEWS, TITLES, Announcement, announcements, read
from itsm_gitops.presentation.chips import chip, look_of
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, shorten
from itsm_gitops.presentation.moments import day_and_month, duration, full_day
from itsm_gitops.presentation.pages.derived import clock_chip
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.remainder import and_more
from itsm_gitops.presentation.situation import OngoingIncident
from itsm_gitops.presentation.view import View

_WORDS = 400  # characters of the last word
_MOST_SERVICES, _MOST_TROUBLES = 40, 12


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


def not_well(view: View, services: Sequence[Entry]) -> Html:
    """Return the services that are not well as short lines: the name, how it is, since when and for how long."""
    ill = [e for e in services if not situation.is_well(view, e.id)]
    rows = join([_row(view, e) for e in ill[:_MOST_SERVICES]])
    if not rows:
        return EMPTY
    if len(ill) > _MOST_SERVICES:
        rows = Html(f"{rows}<li>{link(urls.SERVICES, esc(and_more(len(ill) - _MOST_SERVICES)))}")
    return Html(f'<ul class=it-ill aria-label="{esc(t("Services that are not well"))}">{rows}</ul>')


def _row(view: View, entry: Entry) -> Html:
    status = view.health[entry.id].status
    when = since_when(view, situation.since(view, entry.id), situation.until(view, entry.id))
    return Html(
        f"<li class=it-ill--{look_of(status)}>{view.link(entry.id)}{view.health_chip(entry.id)}"
        + (f"<span>{when}</span>" if when else "")
    )


def going_on(view: View, found: Iterable[OngoingIncident], *, plain: bool = False) -> Html:
    """Return the section about what is behind that: a card for each incident. ``plain`` leaves out what only IT needs."""
    listed = list(found)
    cards = join([trouble_card(view, one, plain=plain) for one in listed[:_MOST_TROUBLES]])
    if not cards:
        return EMPTY
    more = EMPTY
    if len(listed) > _MOST_TROUBLES:
        every = urls.index(view.kind(listed[0].entry))
        more = Html(f"<p class=it-next>{link(every, esc(and_more(len(listed) - _MOST_TROUBLES)))}</p>")
    return section("What is going on", Html(f"<ul class=it-going>{cards}</ul>{more}"), "now")


def trouble_card(view: View, trouble: OngoingIncident, *, plain: bool) -> Html:
    """Return an incident as users need it: what is hit, since when, the latest word, and when the next one comes."""
    entry = trouble.entry
    chips = [] if plain else [Html(f"<b>{esc(entry.id)}</b>")]
    if trouble.is_major:
        label = "Major incident" if trouble.is_declared or plain else "Major incident proposed"
        chips.append(chip(label, "bad"))
    if not plain:
        chips += [view.priority_chip(entry), view.state_chip(entry), clock_chip(view, entry)]
    elif not trouble.is_major:
        chips.append(view.state_chip(entry))
    title = link(view.url(entry.id), esc(shorten(entry.title or entry.id, 160)))
    hit = Html(", ".join(view.link(s) for s in trouble.services))
    about = [told("Affects {services}", services=hit)] if hit else []
    if when := since_when(view, trouble.since):
        about.append(Html(f"<span>{when}</span>"))
    lines = join(
        [
            Html(f"<p>{row}")
            for row in word_lines(view, trouble.word, trouble.next_by, is_promised=trouble.is_declared)
        ]
    )
    look = "outage" if trouble.is_declared else look_of(trouble.status)
    return Html(
        f"<li class=it-going--{look}><p class=it-line__title>{title}<p class=it-line__about>{join([c for c in chips if c], ' ')}"
        f"<p class=it-going__hit>{join(about, ' · ')}{lines}"
    )


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
