"""Periods of days in data: from which day to which, as one line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from itsm_gitops.presentation.language import day_of_month, told
from itsm_gitops.presentation.markup import EMPTY, Html
from itsm_gitops.presentation.moments import day_and_month, full_day

FROM, TO = "from", "to"
PERIOD = {FROM, TO}


def is_period(schema: Mapping[str, Any]) -> bool:
    """Whether an object says only from which day to which."""
    return set(schema.get("properties", ())) == PERIOD and _has_period(schema)


def _has_period(schema: Mapping[str, Any]) -> bool:
    properties = schema.get("properties", {})
    return all(properties.get(name, {}).get("format") == "date" for name in PERIOD)


def period(data: Mapping[str, Any], schema: Mapping[str, Any]) -> Html:
    """Return from which day to which, with a month and a year once; nothing where an object does not say both."""
    try:
        first, last = (date.fromisoformat(data[name]) for name in (FROM, TO))
    except (KeyError, TypeError, ValueError):
        return EMPTY
    if not _has_period(schema):
        return EMPTY
    text, begin = "{start} to {end}", full_day(first)
    if first.year == last.year:
        begin = day_and_month(first)
        if first.month == last.month:
            text, begin = "{first} to {last}", day_of_month(first.day)
    start, end = (
        Html(f"<time datetime={on.isoformat()}>{shown}</time>")
        for on, shown in ((first, begin), (last, full_day(last)))
    )
    return told(text, start=start, end=end, first=start, last=end)
