"""Spans of time in words, as briefly as they are clear: one day once, one time of day once."""

from __future__ import annotations

from datetime import datetime

from itsm_gitops.model import clock
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation.language import day_of_month, t, told
from itsm_gitops.presentation.markup import Html
from itsm_gitops.presentation.moments import day_and_month, full_day
from itsm_gitops.presentation.pages.going_on import short, until
from itsm_gitops.presentation.view import View


def span(view: View, start: datetime, end: datetime) -> Html:
    """Return from when to when: "28 Nov, 20:00 to 23:00", "16 to 23 Nov, 09:00", "4 Dec, 17:00 to 6 Dec, 09:00"."""
    first, last = in_zone(start, view.zone), in_zone(end, view.zone)
    if first.date() == last.date() or f"{first:%H:%M}" != f"{last:%H:%M}":
        said = told("{start} to {end}", start=short(view, start), end=until(view, start, end))
    else:
        said = Html(
            f"<time datetime={clock.format_time(start)}/{clock.format_time(end)}>{_same_time(view, first, last)}</time>"
        )
    return Html(f"<span class=it-span-of>{said}</span>")


def _same_time(view: View, first: datetime, last: datetime) -> str:
    """Return a span that ends at the time of day at which it begins."""
    day = day_and_month if last.year == view.today.year else full_day
    time = f"{last:%H:%M}"
    if (first.year, first.month) == (last.year, last.month):
        return t("{first} to {last}, {time}", first=day_of_month(first.day), last=day(last), time=time)
    start = day_and_month(first) if first.year in (last.year, view.today.year) else full_day(first)
    return t("{start} to {end}, {time}", start=start, end=day(last), time=time)
