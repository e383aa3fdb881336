"""What is announced to those who use services: on start pages, on the page of a service, and on its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from itsm_gitops.graph.announcements import NEWS, Announcement, read_announcement
from itsm_gitops.model import clock, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.windows import moment_of
from itsm_gitops.presentation import prose
from itsm_gitops.presentation.announcements import TITLES, announcements
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link
from itsm_gitops.presentation.moments import day_title
from itsm_gitops.presentation.pages.going_on import from_to, short
from itsm_gitops.presentation.view import View


def banners(view: View, service: Entry | None = None) -> Html:
    """Return what is announced (about a service), or will be soon; a script shows and hides each when its time comes."""
    at = _begin_of_today(view) if service else view.now
    found = of_service(view, service) if service else announcements(view, at)
    shown = join([_banner(view, one, at) for one in found])
    return Html(f"<div class=it-announcements>{shown}</div>") if shown else EMPTY


def _banner(view: View, one: Announcement, now: datetime) -> Html:
    hidden = EMPTY if one.is_shown(now) else Html(" hidden")
    title = link(view.url(one.entry.id), esc(one.entry.title))
    return Html(
        f'<aside class="it-announcement it-announcement--{one.type}" data-from={clock.format_time(one.shown_from)}'
        f' data-until={clock.format_time(one.end)}{hidden} aria-label="{esc(one.entry.title)}">'
        f"<p class=it-announcement__kind>{_kind(view, one)}<p class=it-announcement__title>{title}</p>"
        f"{prose.render(one.text, view.id_link)}</aside>"
    )


def _kind(view: View, one: Announcement, said: Callable[[View, datetime], Html] = short) -> Html:
    """Return the type of an announcement and its time; news has no time. ``said`` returns a moment."""
    kind = Html(f"<b>{esc(t(TITLES[one.type]))}</b>")
    if one.type == NEWS:
        return kind
    return Html(f"{kind} <span>{from_to(view, one.start, one.end, said)}</span>")


def about(view: View, entry: Entry) -> Html:
    """Return the type and the time of the announcement that a page is about."""
    one = read_announcement(view.store, entry)
    if one is None:
        return EMPTY
    look = f"it-announcement__kind it-announcement__kind--{one.type}"
    return Html(f'<span class="{look}">{_kind(view, one, _at_length)}</span>')


def of_service(view: View, entry: Entry) -> list[Announcement]:
    """Return what is announced about a service; what is over before today is not. Nothing of another item."""
    if meaning.SERVICE not in view.kind(entry).plays:
        return []
    return announcements(view, _begin_of_today(view), entry.id)


def _begin_of_today(view: View) -> datetime:
    """Return the moment by which the page of a service is made: it stays as it is for a day."""
    return moment_of(view.today, "00:00", view.zone)


def _at_length(view: View, moment: datetime) -> Html:
    """Return a moment with its day of the week: Saturday 28 November, 20:00."""
    local = in_zone(moment, view.zone)
    if local.year != view.today.year:
        return short(view, moment)
    return Html(f"<time datetime={clock.format_time(moment)}>{esc(day_title(local))}, {local:%H:%M}</time>")
