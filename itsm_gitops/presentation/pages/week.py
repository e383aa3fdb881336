"""What changes in the next days, on the start page of those who run the services: what is under way, then day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from itsm_gitops.graph.calendars import MAINTENANCE, Hold
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation import agenda, urls
from itsm_gitops.presentation.agenda import Day, Span
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.freezes import freeze_chip, name_of
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import DOT, Html, dots, esc, join, link, shorten, words
from itsm_gitops.presentation.moments import DAY_NAMES, MONTH_NAMES, day_and_month, day_title
from itsm_gitops.presentation.pages.going_on import from_to
from itsm_gitops.presentation.pages.parts import paragraph, section
from itsm_gitops.presentation.pages.plan import lasts, when
from itsm_gitops.presentation.view import View

_DAYS = 7
_WINDOWS = "Maintenance windows"


def week(view: View) -> Html:
    """Return the section."""
    days = agenda.days(view, _DAYS)
    planned = agenda.changes(view)
    running = [s for s in planned if agenda.is_running(view, s)]
    waiting = [s for s in planned if s not in running]
    frozen = agenda.frozen(view)
    parts = [_block(t("Under way"), [_row(view, s, frozen) for s in running])]
    for day in days:
        here = [_row(view, s, frozen, day) for s in waiting if s.touches(*day)]
        local = in_zone(day[0], view.zone)
        parts.append(_block(day_title(local), here, f" data-day={local:%Y-%m-%d}"))
    above, windows = _around(view, days)
    shown = join(parts) or paragraph("Nothing is planned.")
    late = sum(s.end < days[0][0] for s in waiting)
    text = t("All upcoming changes, {count} overdue", count=late) if late else t("All upcoming changes")
    more = f'<p class="it-next">{link(urls.CHANGES, esc(text))}</p>'
    last = day_and_month(in_zone(days[-1][0], view.zone), MONTH_NAMES)
    return section(t("Changes until {day}", day=last), Html(f"{above}{shown}{windows}{more}"), "week")


def _block(title: str, items: Sequence[str], mark: str = "") -> Html:
    if not items:
        return Html("")
    return Html(
        f'<section class="it-day it-week__day"{mark}><h3>{esc(title)}</h3><ul class="it-agenda">{"".join(items)}</ul></section>'
    )


def _around(view: View, days: Sequence[Day]) -> tuple[Html, Html]:
    """Return the freezes and holidays of these days that are not over, a line for each sort, and the maintenance windows."""
    first, last = days[0][0], days[-1][1]
    lines: dict[str, dict[tuple[str, str], list[Html]]] = {}
    for span in agenda.calendar_spans(view, first - agenda.BEYOND, last + agenda.BEYOND):
        if span.touches(max(first, view.now), last):
            is_window = span.look == agenda.LOOKS[MAINTENANCE] and not span.proposed
            sort = _WINDOWS if is_window else name_of(span)
            lines.setdefault(sort, {}).setdefault((span.id, span.title), []).append(_times(view, span))
    windows = [
        f"<li><div class=it-agenda__when>{join(times, ' ')}</div><div class=it-agenda__what>{dots([link(view.url(i), esc(title))])}</div>"
        for (i, title), times in lines.pop(_WINDOWS, {}).items()
    ]
    shown = []
    for sort, some in lines.items():
        about = [f"{link(view.url(i), esc(title))} {', '.join(times)}" for (i, title), times in some.items()]
        shown.append(Html(f"<p class=it-week__around>{esc(sort)}: {DOT.join(about)}</p>"))
    return join(shown), _block(t(_WINDOWS), windows)


def _times(view: View, span: Span) -> Html:
    """Return when something begins and ends: by days of the week, where it is over within one."""
    if span.end - span.start > agenda.BEYOND / 2:
        return from_to(view, span.start, span.end)
    start, end = (in_zone(moment, view.zone) for moment in (span.start, span.end))
    first, last = (esc(t(DAY_NAMES[moment.weekday()][:3])) for moment in (start, end))
    ends = Html(f"{end:%H:%M}" if start.date() == end.date() else f"{last} {end:%H:%M}")
    said = told("{start} to {end}", start=Html(f"{first} {start:%H:%M}"), end=ends)
    return Html(f"<span>{said}</span>")


def _row(view: View, span: Span, frozen: Mapping[str, Sequence[Hold]], day: Day | None = None) -> str:
    """Return the line of a change: when, what, and what is wrong with it."""
    entry = view.entries[span.id]
    kind = str(entry.columns.get("type", ""))
    alarms = [chip(words(kind), "bad")] if kind == "emergency" else []
    if span.id in frozen:
        alarms.append(freeze_chip(frozen[span.id]))
    if span.end < view.now:
        alarms.append(chip("Overdue", "bad"))
    title = link(view.url(span.id), esc(shorten(span.title or span.id, 160)))
    named = esc(words(kind)) if kind != "emergency" else Html("")
    moment = when(view, span, day) if day else from_to(view, span.start, span.end)
    return (
        f'<li{lasts(span)}><div class="it-agenda__when">{moment}</div><div class="it-agenda__what">'
        f"<p class=it-line__title>{title}</p>{dots([esc(span.id), named])}{join(alarms, ' ')}</div>"
    )
