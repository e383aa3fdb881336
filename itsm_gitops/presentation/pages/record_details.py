"""The details of a record beside its text: plain facts, how the priority came about, and when what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation.fields import FACT, Field, value
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, words
from itsm_gitops.presentation.pages.approval import template_title
from itsm_gitops.presentation.pages.reading import satisfaction
from itsm_gitops.presentation.view import View

SATISFACTION = "satisfaction"  # two words, among the details
SEVERITIES = {"low": "Low severity", "medium": "Medium severity", "high": "High severity"}


def record_details(
    view: View, entry: Entry, data: Mapping[str, Any], used: Sequence[Field], *, has_timeline: bool
) -> list[tuple[str, Html, bool]]:
    """Return the details that are not at the head; a timeline (``has_timeline``) says when the state changed."""
    priority = view.priority(entry)
    told_above = {"type"} if meaning.CHANGE in view.kind(entry).plays else set()
    told_above |= {"severity"} if data.get("severity") in tuple(SEVERITIES) else set()
    told_above |= {"impact", "urgency"} if priority and not priority.overridden else set()
    rows = [
        (f.title, _fact(view, data, f), False)
        for f in used
        if (f.role == FACT or f.name == SATISFACTION) and f.name not in told_above
    ]
    if priority:
        rows.insert(0, ("Priority", _derived_priority(view, entry, data), False))
    is_open = view.is_open(entry)
    times = {"Opened": entry.opened if is_open else ""}
    if not has_timeline:
        times["State changed"] = entry.entered if is_open else ""
        times["Last change"] = entry.updated if entry.updated != entry.entered else ""
    seen = {"", *(() if is_open else (entry.opened,))}
    for title, at in times.items():
        if at not in seen:
            rows.append((title, view.time(at), False))
            seen.add(at)
    return rows


def _fact(view: View, data: Mapping[str, Any], field: Field) -> Html:
    """Return a plain fact; a template by its title."""
    said = data[field.name]
    if field.name == SATISFACTION:
        return satisfaction(view, said) or value(view, said, field.schema)
    if field.name == "template":
        return esc(template_title(view, data)) or value(view, said, field.schema)
    return value(view, said, field.schema)


def _derived_priority(view: View, entry: Entry, data: Mapping[str, Any]) -> Html:
    """Return the priority with how it came about."""
    priority = view.priority(entry)
    if priority is None:
        return EMPTY
    title = view.priority_title(priority.name)
    name = esc(f"{priority.name} {title}" if title and title != priority.name else priority.name)
    if priority.overridden:
        how = esc(t("set by hand; see the reason"))
    else:
        how = told(
            "impact {impact}, urgency {urgency}",
            impact=esc(words(str(data.get("impact"))).lower()),
            urgency=esc(words(str(data.get("urgency"))).lower()),
        )
    return Html(f"{name} <small>{how}</small>")
