"""The clock of a record that matters most, as a label that a script keeps up to date."""

from __future__ import annotations

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.promises import MET, MISSED, at_a_glance, pressing
from itsm_gitops.model.standing import Promise
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc
from itsm_gitops.presentation.view import View


def pressing_clock(view: View, entry: Entry) -> Promise | None:
    """Return the clock that matters most, None where nothing runs or was missed."""
    promise = pressing(view.course(entry.id).promises) if view.course else None
    return None if promise is None or promise.verdict == MET else promise


def clock_chip(view: View, entry: Entry) -> Html:
    """Return that clock as a label; nothing where there is none."""
    promise = pressing_clock(view, entry)
    return (
        clock_label(promise, view.title(promise.calendar) if promise.calendar else "") if promise else EMPTY
    )


def clock_words(promise: Promise) -> tuple[str, str]:
    """Return how a clock stands, and the look of that."""
    look = "bad" if promise.verdict == MISSED else "soon" if promise.near else "none"
    said = t(at_a_glance(promise))
    return f"{said[:1].upper()}{said[1:]}", look


def clock_label(promise: Promise, calendar: str = "") -> Html:
    """Return how a clock stands, with the second of its end: a script keeps it up to date while the page is being read.

    ``calendar`` is the name of the hours that it counts, where nothing beside it says that.
    """
    shown = chip(*clock_words(promise))
    if promise.due is None:
        return shown
    # Without a calendar of working hours, the time left is the difference of two times.
    always = "" if promise.calendar else " data-always"
    hint = Html(f' title="{esc(calendar)}"') if calendar else EMPTY
    return Html(f"<span data-by={promise.due}{always}{hint}>{shown}</span>")
