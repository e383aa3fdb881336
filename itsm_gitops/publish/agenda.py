"""What is planned: changes with a window, freezes and maintenance windows, as spans of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from itsm_gitops.graph.status import affected
from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.windows import dated
from itsm_gitops.publish.view import View

_LOOKS = {"freeze": "freeze", "maintenance_window": "maintenance", "holidays": "holiday"}


class Span(NamedTuple):
    """Something that lasts from ``start`` to ``end`` (aware moments); ``look`` names what it is."""

    start: datetime
    end: datetime
    id: str
    title: str
    look: str

    def touches(self, start: datetime, end: datetime) -> bool:
        """Whether it overlaps the half-open time from ``start`` to ``end``."""
        return self.start < end and (self.end > start or self.start >= start)


def changes(view: View) -> list[Span]:
    """Return every change that is still to be done and has a planned start, earliest first."""
    found = []
    for entry in view.of_kind("change"):
        start = clock.parse_time(str(entry.columns.get("planned_start", "")))
        if start is not None and view.is_open(entry) and entry.state != "review":
            end = clock.parse_time(str(entry.columns.get("planned_end", ""))) or start
            found.append(Span(start, max(start, end), entry.id, entry.title, "change"))
    return sorted(found, key=lambda s: (s.start, s.id))


def calendar_spans(view: View, start: datetime, end: datetime) -> list[Span]:
    """Return the freezes, maintenance windows and holidays that touch a time, earliest first."""
    found = [s for e in view.of_kind("calendar") for s in _spans(view, e) if s.touches(start, end)]
    return sorted(found, key=lambda s: (s.start, s.id, s.title))


def is_frozen(view: View, change: Span, spans: Iterable[Span]) -> bool:
    """Whether a change's window touches a freeze that holds for its type and for what it affects."""
    entry = view.entries[change.id]
    touched = set(affected(entry))
    for span in spans:
        if span.look != "freeze" or not change.touches(span.start, span.end):
            continue
        data = view.store.data(span.id)
        only = data.get("applies_to")
        if entry.columns.get("type") not in (data.get("exempt_types") or ()) and (
            not only or touched & set(only)
        ):
            return True
    return False


def _spans(view: View, entry: Entry) -> Iterator[Span]:
    data = view.store.data(entry.id)
    look = _LOOKS.get(str(data.get("type")))
    if look is not None:
        for window in dated(data, view.zone):
            yield Span(window.start, window.end, entry.id, window.name or entry.title, look)


def days(view: View, count: int) -> list[tuple[datetime, datetime]]:
    """Return the next days from today in the site's time zone, each as its start and end."""
    today = view.now.astimezone(view.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [(today + timedelta(days=n)) for n in range(count + 1)]
    return [(a.astimezone(UTC), b.astimezone(UTC)) for a, b in pairwise(starts)]
