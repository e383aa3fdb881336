"""What changes in the next days, on the start page of those who run the services: what is under way, then day by day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from itsm_gitops.graph.calendars import MAINTENANCE, Hold
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation import agenda, urls
from itsm_gitops.presentation.agenda import Day, Span
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.freezes import freeze_chip, name_of
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, dots, esc, join, link, shorten, words
from itsm_gitops.presentation.moments import DAY_NAMES, MONTH_NAMES, day_and_month, day_title
from itsm_gitops.presentation.pages.going_on import from_to
from itsm_gitops.presentation.pages.parts import paragraph, section
from itsm_gitops.presentation.pages.plan import lasts, when
from itsm_gitops.presentation.view import View

_DAYS = 7


def week(view: View) -> Html:
    """Return the section."""
    days = agenda.days(view, _DAYS)
    planned = agenda.changes(view)
    running = [s for s in planned if agenda.is_running(view, s)]
    waiting = [s for s in planned if s not in running]
    frozen = agenda.frozen(view)
    around = [s for s in _around(view, days) if s.touches(max(days[0][0], view.now), days[-1][1])]
    windows = [s for s in around if _is_window(s)]
    parts = [_block(t("Under way"), [_row(view, s, frozen) for s in running])]
    for number, day in enumerate(days):
        here = [_row(view, s, frozen, day) for s in waiting if s.touches(*day)]
        # What began before is named on the first day.
        begun = [s for s in windows if (s.start >= day[0] or not number) and s.start < day[1]]
        local = in_zone(day[0], view.zone)
        parts.append(_block(day_title(local), here, _windows(view, begun), f" data-day={local:%Y-%m-%d}"))
    shown = join(parts) or paragraph("Nothing is planned.")
    late = sum(s.end < days[0][0] for s in waiting)
    text = t("All upcoming changes, {count} overdue", count=late) if late else t("All upcoming changes")
    more = f'<p class="it-next">{link(urls.CHANGES, esc(text))}</p>'
    last = day_and_month(in_zone(days[-1][0], view.zone), MONTH_NAMES)
    above = _held(view, [s for s in around if not _is_window(s)])
    return section(t("Changes until {day}", day=last), Html(f"{above}{shown}{more}"), "week")


def _block(title: str, items: Sequence[str], windows: Html = EMPTY, mark: str = "") -> Html:
    if not items and not windows:
        return EMPTY
    listed = f'<ul class="it-agenda">{"".join(items)}</ul>' if items else ""
    return Html(
        f'<section class="it-day it-week__day"{mark}><h3>{esc(title)}</h3>{windows}{listed}</section>'
    )


def _around(view: View, days: Sequence[Day]) -> list[Span]:
    return agenda.calendar_spans(view, days[0][0] - agenda.BEYOND, days[-1][1] + agenda.BEYOND)


def _is_window(span: Span) -> bool:
    return span.look == agenda.LOOKS[MAINTENANCE] and not span.proposed


def _windows(view: View, spans: Iterable[Span]) -> Html:
    """Return the maintenance windows that begin on a day, beside its name."""
    named = [Html(f"{link(view.url(s.id), esc(s.title))} {_times(view, s, named=False)}") for s in spans]
    first = [Html(f"{esc(t('Windows'))}: {one}") for one in named[:1]]
    return dots([*first, *named[1:]], "it-week__windows it-dots")


def _held(view: View, spans: Iterable[Span]) -> Html:
    """Return the freezes and the holidays of these days that are not over, a line for each sort."""
    lines: dict[str, dict[tuple[str, str], list[Html]]] = {}
    for span in spans:
        lines.setdefault(name_of(span), {}).setdefault((span.id, span.title), []).append(_times(view, span))
    shown = []
    for sort, some in lines.items():
        about = [f"{link(view.url(i), esc(title))} {', '.join(times)}" for (i, title), times in some.items()]
        shown.append(Html(f"<p class=it-week__around>{esc(sort)}: {DOT.join(about)}</p>"))
    return join(shown)


def _times(view: View, span: Span, *, named: bool = True) -> Html:
    """Return when something begins and ends: by days of the week, where it is over within one.

    ``named`` says the day on which it begins, too.
    """
    if span.end - span.start > agenda.BEYOND / 2:
        return from_to(view, span.start, span.end)
    start, end = (in_zone(moment, view.zone) for moment in (span.start, span.end))
    first, last = (esc(t(DAY_NAMES[moment.weekday()][:3])) for moment in (start, end))
    ends = Html(f"{end:%H:%M}" if start.date() == end.date() else f"{last} {end:%H:%M}")
    begins = Html(f"{first} {start:%H:%M}" if named else f"{start:%H:%M}")
    said = told("{start} to {end}", start=begins, end=ends)
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
