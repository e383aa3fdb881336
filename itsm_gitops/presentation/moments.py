"""Moments on pages: in the time zone of the site, with the moment in UTC for scripts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from itsm_gitops.model import clock, wording
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.report import MONEY, TEXT, Cell, Column, Table, shown
from itsm_gitops.model.wording import MONTHS, Phrase
from itsm_gitops.presentation.language import WRITER, day_of_month, t
from itsm_gitops.presentation.markup import Html, esc, shorten, value_words

if TYPE_CHECKING:
    from itsm_gitops.snapshots.config import Config

in_utc = re.compile(r"[\d-]{10}T[\d:]{8}Z", re.ASCII).fullmatch  # a time as ``format_time`` writes it
_MOST_TIMES = 50_000
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

    def day_of_text(self, text: str) -> Html:
        """Return the day of a moment that is given as text; text that is not a moment stays text."""
        moment = clock.parse_time(text)
        if moment is None:
            return self.of_text(text)
        day = full_day(in_zone(moment, self._zone).date())
        return Html(f"<time datetime={clock.format_time(moment)}>{day}</time>")

    def of(self, moment: datetime) -> Html:
        """Return a moment."""
        return self._show(moment, clock.format_time(moment))

    def _show(self, moment: datetime, written: str) -> Html:
        local = in_zone(moment, self._zone)
        shown = t(
            "{day} {month} {year}, {time}",
            day=day_of_month(local.day),
            month=t(MONTHS[local.month - 1]),
            year=local.year,
            time=f"{local.hour:02}:{local.minute:02}",
        )
        return Html(f"<time datetime={written}>{shown}</time>")


def day_and_month(day: date, names: Sequence[str] = MONTHS) -> str:
    """Return a day without its year: 22 Nov; ``names`` are those of the months."""
    return wording.day_and_month(day, WRITER, names)


def said(column: Column, value: Cell) -> str:
    """Return a value of a report as readers of the site's language write it."""
    if column.form in (TEXT, MONEY) and column.name != "title" and isinstance(value, str):
        value = value if isinstance(value, Phrase) else value_words(value)
        value = _as_day(value) or value
    return shown(column, value, WRITER)


def said_in(table: Table, number: int, name: str) -> str:
    """Return the cell of a row of a report's table as readers of the site's language write it."""
    column = table.column(name)
    if column.form in (TEXT, MONEY):
        return said(column, table.values(name)[number])
    return table.said(number, name, WRITER)


def _as_day(text: str) -> str:
    """Return a date as people read it; nothing for a text that is none."""
    day = clock.parse_day(text)
    return full_day(day) if day else ""


def duration(seconds: float) -> str:
    """Return a duration in its two largest units: 3 d 4 h."""
    return wording.duration(seconds, WRITER)


def full_day(day: date, names: Sequence[str] = MONTHS) -> str:
    """Return a day with its year: 22 Nov 2026; ``names`` are those of the months."""
    return wording.full_day(day, WRITER, names)


def short_name(weekday: str) -> str:
    """Return the name of a day of the week (one of ``DAY_NAMES``) in three letters."""
    return t(weekday[:3])


def day_letters() -> Html:
    """Return the days of a week as the head of a calendar."""
    return Html(
        "".join(
            f'<th scope="col"><abbr title="{esc(t(d))}">{esc(short_name(d))}</abbr></th>' for d in DAY_NAMES
        )
    )


def day_title(day: date) -> str:
    """Return a day as a heading: Saturday 28 November."""
    return t(
        "{weekday} {day} {month}",
        weekday=t(DAY_NAMES[day.weekday()]),
        day=day_of_month(day.day),
        month=t(MONTH_NAMES[day.month - 1]),
    )
