"""The agenda of upcoming changes, and the list of known errors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from itsm_gitops.graph.status import affected
from itsm_gitops.publish import agenda, urls
from itsm_gitops.publish.agenda import Span
from itsm_gitops.publish.markup import EMPTY, Html, esc, join, link
from itsm_gitops.publish.pages.lists import Page
from itsm_gitops.publish.pages.parts import columns, heading, paragraph, section, table
from itsm_gitops.publish.view import View, chip

_DAYS = 28
_MOST_LATER = 100
_NAMES = {"freeze": "Change freeze", "maintenance": "Maintenance window", "holiday": "Holiday"}


def changes_page(view: View) -> Page:
    """Return the agenda: four weeks day by day with freezes and windows, then what comes later."""
    planned = agenda.changes(view)
    days = agenda.days(view, _DAYS)
    start, end = days[0][0], days[-1][1]
    spans = agenda.calendar_spans(view, start, end)
    late = [s for s in planned if s.end < start]
    later = [s for s in planned if s.start >= end][:_MOST_LATER]
    unplanned = [e for e in view.of_kind("change") if view.is_open(e) and not e.columns.get("planned_start")]
    frozen = frozenset(s.id for s in planned if agenda.is_frozen(view, s, spans))
    agenda_html = join([day_block(view, a, b, planned, spans, frozen) for a, b in days])
    lead = Html(
        f"The next {_DAYS} days, with freezes and maintenance windows. All changes are in the "
        f"{link('records/changes/index.html', esc('list of changes'))}."
        if "change" in view.book.kinds
        else ""
    )
    body = join(
        [
            heading([], "Upcoming changes", lead=lead),
            section("Overdue", _rows(view, late, frozen), css="it-late"),
            agenda_html or paragraph("Nothing is planned in the next four weeks."),
            section("Later", _rows(view, later, frozen)),
            section(
                "Not planned yet",
                table(unplanned, columns(view, "id", "title", "state", "team"), "Not planned"),
            ),
        ]
    )
    return Page(urls.CHANGES, "Upcoming changes", urls.CHANGES, body)


def day_block(
    view: View,
    start: datetime,
    end: datetime,
    planned: Sequence[Span],
    spans: Sequence[Span],
    frozen: frozenset[str],
    *,
    short: bool = False,
) -> Html:
    """Return one day of the agenda, nothing when nothing happens on it.

    ``frozen`` are the changes that a freeze forbids; ``short`` leaves out what they touch.
    """
    around = [s for s in spans if s.touches(start, end)]
    here = [s for s in planned if s.touches(start, end)]
    if not here and not any(s.start >= start for s in around):
        return EMPTY
    local = start.astimezone(view.zone)
    marks = "".join(
        f'<li class="it-mark it-mark--{s.look}">{esc(_NAMES[s.look])}: {esc(s.title)}</li>' for s in around
    )
    return Html(
        '<section class="it-day">'
        f"<h2>{local:%A} {local.day} {local:%B}</h2>"
        + (f'<ul class="it-marks">{marks}</ul>' if marks else "")
        + _rows(view, here, frozen, day=True, short=short)
        + "</section>"
    )


def _rows(
    view: View, spans: Sequence[Span], frozen: frozenset[str], *, day: bool = False, short: bool = False
) -> Html:
    if not spans:
        return EMPTY
    items = "".join(f"<li>{_row(view, s, frozen, day=day, short=short)}</li>" for s in spans)
    return Html(f'<ul class="it-agenda">{items}</ul>')


def _row(view: View, span: Span, frozen: frozenset[str], *, day: bool, short: bool) -> Html:
    entry = view.entries[span.id]
    kind = str(entry.columns.get("type", ""))
    touched = "" if short else ", ".join(view.link(i) for i in affected(entry)[:6] if i in view.entries)
    warning = chip("In a freeze", "bad") if span.id in frozen else EMPTY
    return Html(
        f'<div class="it-agenda__when">{when(view, span, day=day)}</div>'
        f'<div class="it-agenda__what"><p>{view.link(span.id)}</p>'
        f'<p class="it-chips">{view.state_chip(entry)} '
        f"{chip(kind.capitalize(), 'bad' if kind == 'emergency' else 'none') if kind else ''} {warning}</p>"
        f"{f'<p class=it-touched>Touches {touched}</p>' if touched else ''}</div>"
    )


def when(view: View, span: Span, *, day: bool) -> Html:
    """Return the start and the end of a span: times of day under a day's heading, else with the dates."""
    start, end = (t.astimezone(view.zone) for t in (span.start, span.end))
    if start.date() != end.date() or not day:
        until = Html(f" to {view.moment(span.end)}") if start != end else EMPTY
        return Html(f"{view.moment(span.start)}{until}")
    return Html(f"{start:%H:%M} to {end:%H:%M}" if start != end else f"{start:%H:%M}")


def known_errors_page(view: View) -> Page:
    """Return the known errors in force with their services, then the retired ones."""
    entries = sorted(view.of_kind("known-error"), key=lambda e: (e.opened, e.id), reverse=True)
    current = [e for e in entries if e.state != "retired"]
    retired = [e for e in entries if e.state == "retired"]
    lead = esc("Faults whose cause is known, with the way around them until they are fixed.")
    shown = columns(view, "id", "title", "state", "service", "updated")
    body = join(
        [
            heading([], "Known errors", lead=lead),
            table(current[:500], shown, "Known errors") or paragraph("There are none."),
            section("Retired", table(retired[:200], shown, "Retired known errors")),
        ]
    )
    return Page(urls.KNOWN_ERRORS, "Known errors", urls.KNOWN_ERRORS, body)
