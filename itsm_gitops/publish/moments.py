"""Moments on pages: in the time zone of the site, with the moment in UTC for scripts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from itsm_gitops.model import clock
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.report import (
    BUSINESS,
    COUNT,
    EXACT_SHARE,
    MONEY,
    MONTH,
    MONTHS,
    SHARE,
    TEXT,
    WEEK,
    Cell,
    Column,
    shown,
)
from itsm_gitops.publish.language import numeral, t
from itsm_gitops.publish.markup import Html, esc, shorten

if TYPE_CHECKING:
    from itsm_gitops.repository.config import Config

in_utc = re.compile(r"[\d-]{10}T[\d:]{8}Z", re.ASCII).fullmatch  # a time as ``format_time`` writes it
_MOST_TIMES = 50_000
_written_day = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII).fullmatch
_NUMBERS = (COUNT, SHARE, EXACT_SHARE, BUSINESS, MONEY)
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def zone_of(config: Config) -> tzinfo:
    """Return the time zone of the site; UTC when the configured one does not exist."""
    try:
        return ZoneInfo(config.timezone)
    except (ValueError, OSError, KeyError):
        return UTC


class Moments:
    """Shows moments in one time zone; remembers those that it was asked for as text."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._shown: dict[str, Html] = {}

    def of_text(self, text: str) -> Html:
        """Return a moment that is given as text; text that is not a moment stays text."""
        shown = self._shown.get(text)
        if shown is None:
            moment = clock.parse_time(text)
            if moment is None:
                shown = esc(shorten(text, 40))
            else:
                shown = self._show(moment, text if in_utc(text) else clock.format_time(moment))
            if len(self._shown) > _MOST_TIMES:
                self._shown.clear()
            self._shown[text] = shown
        return shown

    def of(self, moment: datetime) -> Html:
        """Return a moment."""
        return self._show(moment, clock.format_time(moment))

    def _show(self, moment: datetime, written: str) -> Html:
        local = in_zone(moment, self._zone)
        shown = f"{day_of(local)} {local.year}, {local.hour:02}:{local.minute:02}"
        return Html(f"<time datetime={written}>{shown}</time>")


def day_and_month(text: str) -> str:
    """Return a date (``2026-11-22``) without its year: 22 Nov."""
    return day_of(date.fromisoformat(text))


def day_of(day: date, names: Sequence[str] = MONTHS) -> str:
    """Return a day without its year, with the name of its month from ``names``: 22 Nov."""
    return t("{day} {month}", day=day.day, month=t(names[day.month - 1]))


def said(column: Column, value: Cell) -> str:
    """Return a value of a report as people read it, days and months in the site's language."""
    if column.form == WEEK and value:
        return day_and_month(str(value))
    if column.form == MONTH and value:
        year, month = str(value).split("-")
        return f"{t(MONTHS[int(month) - 1])} {year}"
    text = shown(column, value)
    if column.form != TEXT:
        return numeral(text) if column.form in _NUMBERS else text
    return _as_day(text) or t(text)


def _as_day(text: str) -> str:
    """Return a date as people read it; nothing for a text that is none."""
    try:
        return f"{day_and_month(text)} {text[:4]}" if _written_day(text) else ""
    except ValueError:
        return ""


def day_letters() -> Html:
    """Return the days of a week as the head of a calendar."""
    return Html(
        "".join(f'<th scope="col"><abbr title="{esc(t(d))}">{esc(t(d[:3]))}</abbr></th>' for d in DAY_NAMES)
    )


def day_title(day: date) -> str:
    """Return a day as a heading: Saturday 28 November."""
    return t("{weekday} {day}", weekday=t(DAY_NAMES[day.weekday()]), day=day_of(day, MONTH_NAMES))
