"""Sentences with figures: an English text that can also be written in another language, figures included.

Reports, and other code that puts figures into sentences, return a `Phrase`. As a string it is the English text, for the
command line and for programs; a site writes it with the `Writer` of its language. Languages differ in more than words, so
a phrase is a whole sentence with placeholders, and one with a number has a singular and a plural.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple, Self

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG = 100 * 86400
_HOURS, _MINUTES, _SECONDS = "{count} h", "{count} min", "{count} s"
_UNITS = ((86400, "{count} d"), (3600, _HOURS), (60, _MINUTES))


def _is_one(count: int) -> bool:
    return count == 1


class Writer(NamedTuple):
    """How a language writes texts and numbers, given the English ones (``1,234.5``), and days of a month.

    ``is_one`` says which counts take the singular.
    """

    text: Callable[[str], str] = str
    number: Callable[[str], str] = str
    day: Callable[[int], str] = str
    is_one: Callable[[int], bool] = _is_one


ENGLISH = Writer()


class Figure(NamedTuple):
    """A value in a phrase, with the function that writes it, such as `duration`."""

    write: Callable[[Any, Writer], str]
    value: Any

    def said(self, writer: Writer) -> str:
        """Return the value in a language."""
        return self.write(self.value, writer)


Value = str | int | Figure


class Phrase(str):
    """A text with placeholders (``{name}``) for ``values``: numbers, figures, names and phrases.

    As a string it is the English text. Names stay as they are in all languages; give a word as a phrase.
    """

    __slots__ = ("_count", "_texts", "_values")
    _texts: tuple[str, str]
    _count: int
    _values: dict[str, Value]

    def __new__(cls, text: str, several: str = "", count: int = 1, /, **values: Value) -> Self:
        """Take the text; with a ``count``, also the plural."""
        texts = text, several or text
        made = super().__new__(cls, _filled(texts, count, values, ENGLISH))
        made._texts, made._count, made._values = texts, count, values
        return made

    def said(self, writer: Writer) -> str:
        """Return the phrase in another language."""
        return _filled(self._texts, self._count, self._values, writer)


def plural(count: int, one: str, several: str, **values: Value) -> Phrase:
    """Return a phrase about a number of things, which is ``{count}`` in it."""
    return Phrase(one, several, count, **values)


def listed(parts: Iterable[Value], between: str = ", ") -> Phrase:
    """Return a phrase of parts side by side."""
    values = {f"part_{number}": part for number, part in enumerate(parts)}
    return Phrase(between.join(f"{{{name}}}" for name in values), **values)


def _filled(texts: tuple[str, str], count: int, values: dict[str, Value], writer: Writer) -> str:
    one, several = texts
    if one == several and not values:
        return writer.text(one)  # a text of users may have braces
    text = writer.text(one if writer.is_one(count) else several)
    said = {name: _written(value, writer) for name, value in values.items()}
    return text.format(**{"count": writer.number(f"{count:,}"), **said})


def _written(value: Value, writer: Writer) -> str:
    if isinstance(value, Phrase | Figure):
        return value.said(writer)
    return writer.number(f"{value:,}") if isinstance(value, int) else value


def field_name(name: str, writer: Writer = ENGLISH) -> str:
    """Return the name of a field as in files, or its translation."""
    return name if writer is ENGLISH else writer.text(name.replace("_", " ").capitalize())


def percent(share: float, writer: Writer = ENGLISH) -> str:
    """Say a share from 0 to 1 in whole percent, to the nearest; only all of them are 100."""
    return _percent(f"{share * 100 if share >= 1 else min(share * 100, 99):.0f}", writer)


def floored_percent(share: float, writer: Writer = ENGLISH) -> str:
    """Say a share in whole percent, rounded down, so that it does not seem to reach a goal that it misses."""
    return _percent(f"{int(share * 100 + 1e-9)}", writer)


def exact_percent(share: float, writer: Writer = ENGLISH) -> str:
    """Say a share in hundredths of a percent, rounded down, so that only what never failed shows 100."""
    return _percent(f"{math.floor(share * 10_000 + 1e-6) / 100:g}", writer)


def _percent(number: str, writer: Writer) -> str:
    return writer.text("{number}%").format(number=writer.number(number))


def duration(seconds: float, writer: Writer = ENGLISH) -> str:
    """Say a duration in its two largest units: ``3 d 4 h``, ``5 h 20 min``, ``12 min``, ``40 s``.

    From a hundred days on, hours say nothing.
    """
    rest = round(seconds)
    if rest < 60:
        return _unit(f"{rest}", _SECONDS, writer)
    rest = (rest + 30) // 60 * 60 if rest < 86400 else (rest + 1800) // 3600 * 3600
    return " ".join(list(_split(rest, writer))[: 1 if round(seconds) >= _LONG else 2])


def business_time(seconds: float, writer: Writer = ENGLISH) -> str:
    """Say a time in the hours of an agreement in hours and minutes: ``132 h``, ``1 h 30 min``, ``12 min``, ``40 s``.

    Never in days: the length of an agreed day differs.
    """
    rest = round(seconds)
    if rest < 60:
        return _unit(f"{rest}", _SECONDS, writer)
    hours, minutes = divmod((rest + 30) // 60, 60)
    parts = ((hours, _HOURS), (minutes, _MINUTES))
    return " ".join(_unit(f"{count:,}", unit, writer) for count, unit in parts if count)


def in_minutes(number: str, writer: Writer = ENGLISH) -> str:
    """Say a number of minutes as it is, without hours: ``110 min``."""
    return _unit(number, _MINUTES, writer)


def _split(rest: int, writer: Writer) -> Iterator[str]:
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            yield _unit(f"{count}", unit, writer)


def _unit(number: str, unit: str, writer: Writer) -> str:
    return writer.text(unit).format(count=writer.number(number))


def day_and_month(day: date, writer: Writer = ENGLISH, names: Sequence[str] = MONTHS) -> str:
    """Say a day without its year: ``22 Nov``; ``names`` are those of the months."""
    month = writer.text(names[day.month - 1])
    return writer.text("{day} {month}").format(day=writer.day(day.day), month=month)


def full_day(day: date, writer: Writer, names: Sequence[str] = MONTHS) -> str:
    """Say a day with its year: ``22 Nov 2026``."""
    month = writer.text(names[day.month - 1])
    return writer.text("{day} {month} {year}").format(day=writer.day(day.day), month=month, year=day.year)


def month_and_year(month: str, writer: Writer = ENGLISH) -> str:
    """Say a month (``2026-11``): ``Nov 2026``."""
    year, number = month.split("-")
    return f"{writer.text(MONTHS[int(number) - 1])} {year}"
