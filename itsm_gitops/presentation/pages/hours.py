"""The hours of a week in words, and the next times of a window: "Monday to Friday, 08:00 to 18:00"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from itsm_gitops.graph.on_call import reader
from itsm_gitops.model.windows import DAYS, Window, are_hours, closed_days, joined, spans
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, esc, join
from itsm_gitops.presentation.moments import DAY_NAMES
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.pages.spans import span
from itsm_gitops.presentation.remainder import folded
from itsm_gitops.presentation.view import View

_WINDOWS = "windows"
_BEFORE, _AHEAD, _MOST = timedelta(days=7), timedelta(days=62), 4
_EVER = timedelta(days=365 * 20)
_DAY, _WEEK = 24 * 60, 7 * 24 * 60
_CALLED = ("maintenance_window", "freeze")  # of these the next times matter


def calendar_sections(view: View, data: Mapping[str, Any]) -> Html:
    """Return the sections of a calendar: its hours, the next times, and what it applies to."""
    if _has_dates(data):
        dates = section("When", _dates(view, data), "when")
        return join([dates, section("Applies to", _applies(view, data.get("applies_to")), "applies-to")])
    said = sentences(data.get("hours"))
    hours = section("Hours", Html("".join(f"<p class=it-hours>{esc(one)}</p>" for one in said)), "hours")
    ahead = section("Next times", _next(view, data), "next-times")
    both = (
        Html(f"<div class=it-pair><div>{hours}</div><div>{ahead}</div></div>") if hours and ahead else EMPTY
    )
    return join(
        [
            both or join([hours, ahead]),
            section("Applies to", _applies(view, data.get("applies_to")), "applies-to"),
        ]
    )


def told(data: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields of a calendar that its sections tell."""
    return frozenset({"hours", "applies_to", *([_WINDOWS] if _has_dates(data) else [])})


def _has_dates(data: Mapping[str, Any]) -> bool:
    """Whether a calendar is its dated windows, with nothing weekly beside them."""
    return data.get("type") in _CALLED and not data.get("hours") and bool(data.get(_WINDOWS))


def _dates(view: View, data: Mapping[str, Any]) -> Html:
    """Return the windows of a calendar, what is over folded below the others."""
    all_times = sorted(spans(data, view.now - _EVER, view.now + _EVER, frozenset()))
    ahead = _times(view, data, [one for one in all_times if one.end > view.now])
    over = _times(view, data, [one for one in reversed(all_times) if one.end <= view.now])
    return join([ahead, folded(t("Earlier times"), over) if ahead and over else over])


def _times(view: View, data: Mapping[str, Any], found: Sequence[Window]) -> Html:
    """Return windows as lines: when, and what each is called where that is not the name of the calendar."""
    lines = [
        f"<li>{span(view, one.start, one.end)}"
        + (f"{DOT}{esc(one.name)}" if one.name not in ("", data.get("name")) else "")
        for one in found
    ]
    return Html(f"<ul class=it-times>{''.join(lines)}</ul>") if lines else EMPTY


def _applies(view: View, items: Any) -> Html:
    named = [view.link(one) for one in items if isinstance(one, str)] if isinstance(items, list) else []
    return Html(f"<ul class=it-names>{''.join(f'<li>{one}' for one in named)}</ul>") if named else EMPTY


def _next(view: View, data: Mapping[str, Any]) -> Html:
    """Return the next times of a window or a freeze, whatever of it is weekly or single."""
    if data.get("type") not in _CALLED:
        return EMPTY
    closed = closed_days(data, reader(view.store))
    # What began before and touches midnight is one with what follows.
    near = joined(spans(data, view.now - _BEFORE, view.now + _AHEAD, closed))
    found = sorted(one for one in near if one.end > view.now)
    return _times(view, data, found[:_MOST])


def sentences(hours: Any) -> list[str]:
    """Return the hours of a week (``{days, from, to}``) as sentences; nothing for what is none.

    Hours that touch at midnight are one: nobody goes home between Saturday 24:00 and Sunday 00:00.
    """
    rules = [h for h in hours if isinstance(h, dict) and are_hours(h)] if isinstance(hours, list) else []
    whole = _merged(
        sorted(
            _minutes(place, rule) for rule in rules for place, name in enumerate(DAYS) if name in rule["days"]
        )
    )
    if whole == [(0, _WEEK)]:
        return [t("Around the clock")]
    alike = sorted(whole, key=lambda one: (one[0] % _DAY, one[1] - one[0], one[0]))
    groups = [list(some) for _, some in groupby(alike, key=lambda one: (one[0] % _DAY, one[1] - one[0]))]
    return [_said(some) for some in sorted(groups)]


def _minutes(place: int, rule: Mapping[str, Any]) -> tuple[int, int]:
    """Return when hours of a day begin and end, in minutes of the week."""
    opens, closes = (60 * int(text[:2]) + int(text[3:]) for text in (rule["from"], rule["to"]))
    return place * _DAY + opens, place * _DAY + (closes if closes > opens else closes + _DAY)


def _merged(found: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans without those that touch another, also over the end of the week."""
    whole: list[tuple[int, int]] = []
    for start, end in found:
        if whole and start <= whole[-1][1]:
            whole[-1] = whole[-1][0], max(whole[-1][1], end)
        else:
            whole.append((start, end))
    if len(whole) > 1 and whole[-1][1] >= _WEEK + whole[0][0]:
        (_, end), *between, (start, last) = whole
        whole = [*between, (start, max(last, _WEEK + end))]
    return whole


def _said(some: Sequence[tuple[int, int]]) -> str:
    start, end = some[0]
    opens, closes = _time(start), _time(end) if end % _DAY or end - start > _DAY else "24:00"
    crosses = (end - 1) // _DAY > start // _DAY
    if crosses and (len(some) == 1 or end - start > _DAY):
        return "; ".join(
            t(
                "{day} {time} to {last} {end}",
                day=t(DAY_NAMES[one // _DAY % 7]),
                time=_time(one),
                last=t(DAY_NAMES[other // _DAY % 7]),
                end=_time(other),
            )
            for one, other in some
        )
    return t(
        "{days}, {start} to {end}", days=_days([one // _DAY for one, _ in some]), start=opens, end=closes
    )


def _time(minutes: int) -> str:
    return f"{minutes % _DAY // 60:02}:{minutes % 60:02}"


def _days(places: Sequence[int]) -> str:
    """Return days of the week, three and more in a row as from one to another."""
    names = [t(DAY_NAMES[place % 7]) for place in places]
    if len(places) == 7:
        return t("Every day")
    if len(places) > 2 and places[-1] - places[0] == len(places) - 1:
        return t("{start} to {end}", start=names[0], end=names[-1])
    return ", ".join(names)
