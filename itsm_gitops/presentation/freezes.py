"""Freezes on pages: their names, the items they cover, and the mark of a change that lies in one."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_gitops.graph.calendars import FREEZE, Hold
from itsm_gitops.presentation.agenda import Span
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, esc
from itsm_gitops.presentation.view import View

NAMES = {"freeze": "Change freeze", "maintenance": "Maintenance window", "holiday": "Holiday"}


def only_for(view: View, items: Sequence[str]) -> Html:
    """Return the items that a freeze is for, nothing where it is for all."""
    names = Html(DOT.join(view.link(i) for i in items))
    return told("Only for: {items}", items=names) if items else EMPTY


def name_of(span: Span) -> str:
    """Return what a freeze, a window or a holiday is called."""
    return t("Proposed freeze" if span.proposed else NAMES[span.look])


def is_proposed(view: View, identifier: str) -> bool:
    """Whether a calendar is a freeze that is only proposed."""
    one = view.calendars.all.get(identifier)
    return one is not None and one.type == FREEZE and one.proposed


def named(span: Span, name: Html) -> Html:
    """Return a freeze, a window or a holiday by its ``name``, with what it is where the name does not say it."""
    said = t(NAMES[span.look]).split()[-1].casefold() in span.title.casefold()
    if said:
        return told("Proposed: {name}", name=name) if span.proposed else name
    return Html(f"{esc(name_of(span))}: {name}")


def freeze_chip(holds: Sequence[Hold]) -> Html:
    """Return the mark of a change that a freeze forbids; a proposed one forbids nothing yet."""
    in_force = any(h.calendar.in_force for h in holds)
    return chip("In a freeze", "bad") if in_force else chip("In a proposed freeze", "waiting")


def freeze_warning(hold: Hold) -> str:
    """Return in words which freeze forbids a change."""
    text = "In a proposed freeze: {name}" if hold.calendar.proposed else "In a freeze: {name}"
    return t(text, name=hold.window.name or hold.calendar.name or hold.calendar.id)
