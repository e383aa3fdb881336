"""Bars that lie, one row below the other: the name of a row, its value as text, and the mark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log

from itsm_gitops.model.report import ITEM, RANGE, RECORD, SHARE, STACKED, TEXT, Bars, Cell, Column, Row, Table
from itsm_gitops.model.trend import Trend
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, is_named_value, join, words
from itsm_gitops.presentation.moments import duration, said, said_in

LETTER = 7.1  # a generous width of one letter at the size of the page's style
_BAR, _PITCH = 18, 28
_TRACK, _WIDE_TRACK = 130, 480  # the room of bars on a telephone, and at a desk
_LEAST_LABELLED = 20  # pixels
_LEAST_SPARKS, _SPARK_WIDE, _SPARK_STEP, _SPARK_HIGH = 6, 10, 16, 26
_SHORT = 4  # values of so many letters need little room
# What a logarithmic scale of times is read by.
_TICKS = (60, 600, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400)
_LEAST_TIME = 15  # seconds; less is drawn as so much
# The name of the language, so that a drawing is also one outside of a page. Its words stand beside it.
SVG = 'xmlns="http://www.w3.org/2000/svg" width="100%" aria-hidden="true"'

Named = Callable[[str], Html]
Leading = Callable[[Table, int, str, Html], Html]


def name_of(column: Column, value: Cell, title_of: Named) -> Html:
    """Return how a row is called: an item or record by its title, a value of the rule book by its word."""
    if column.form in (ITEM, RECORD) and isinstance(value, str) and value:
        return title_of(value)
    if column.form == TEXT and isinstance(value, str) and is_named_value(value) and t(value) == value:
        return esc(words(value))
    return esc(said(column, value))


def key(tag: str, look: str, title: str) -> Html:
    """Return what a mark of a look means."""
    return Html(f'<{tag} class="it-key it-key--{look}">{esc(title)}</{tag}>')


def legend(tables: Sequence[Table]) -> Html:
    """Return what the marks of some charts mean, without those that are not there; nothing where there is one."""
    looks: dict[str, tuple[str, str]] = {}
    for table in tables:
        chart = table.chart
        if chart is None or len(chart.columns) < 2:
            continue
        for name, look in zip(chart.columns, chart.looks, strict=True):
            if any(table.values(name)):
                looks.setdefault(name, (look, table.column(name).title))
    order = [c.name for table in tables for c in table.columns]
    items = "".join(
        key("li", look, t(title))
        for _, (look, title) in sorted(looks.items(), key=lambda i: order.index(i[0]))
    )
    return Html(f'<ul class="it-keys">{items}</ul>') if items else EMPTY


def number_of(value: Cell) -> float:
    """Return a value as a number; what is none is nought."""
    return value if isinstance(value, int | float) else 0


def reach(table: Table, chart: Bars, row: Row) -> float:
    """Return how far the bar of a row reaches."""
    names = [c.name for c in table.columns]
    values = [number_of(row[names.index(name)]) for name in chart.columns]
    return sum(values) if chart.form == STACKED else values[0] if chart.form == RANGE else max(values)


def most_of(table: Table, chart: Bars) -> float:
    """Return how far the longest bar reaches."""
    return max((reach(table, chart, row) for row in table.rows), default=0)


def lying(table: Table, chart: Bars, title_of: Named, leading: Leading) -> Html:
    """Return bars that lie, one row below the other, each behind its name and its value."""
    # Shares are parts of a whole: a bar over all of the width is all of it.
    share = table.column(chart.columns[0]).form == SHARE
    most = max(most_of(table, chart), 1.0 if share else 0)
    counted = next(iter(table.shows), chart.columns[0]) if chart.form == STACKED else chart.columns[0]
    rows, longest = [], 0
    for number, row in enumerate(table.rows):
        name = name_of(table.columns[0], row[0], title_of)
        if chart.form == STACKED:
            first = table.column(chart.columns[0])
            value = said(first, round(reach(table, chart, row)))
        else:
            value = said_in(table, number, chart.columns[0])
        longest = max(longest, len(value))
        bar = _parts(table, chart, number, most)
        rows.append(
            f"<li><span>{name}</span><b>{leading(table, number, counted, esc(value))}</b>"
            f'<svg {SVG} height="{_BAR}">{bar}</svg></li>'
        )
    long = " it-bars--long" if longest > _SHORT else ""
    return Html(f'<ul class="it-bars{long}">{"".join(rows)}</ul>')


def _parts(table: Table, chart: Bars, number: int, most: float) -> Html:
    """Return the parts of one bar, with their numbers where it has several and these fit."""
    left, parts = 0.0, []
    several = sum(bool(table.values(name)[number]) for name in chart.columns) > 1
    for name, look in zip(chart.columns, chart.looks, strict=True):
        wide, label = number_of(table.values(name)[number]) / most * 100, said_in(table, number, name)
        if wide:
            parts.append(mark(left, 0, wide, _BAR, look))
        needed = max(len(label) * LETTER + 8, _LEAST_LABELLED)
        if several and wide and wide / 100 * _WIDE_TRACK >= needed:
            css = "" if wide / 100 * _TRACK >= needed else " it-tick--wide"
            parts.append(_label(label, left + wide / 2, _BAR / 2, f"it-bar__n it-bar__n--{look}{css}"))
        left += wide
    return join(parts)


def ranges(table: Table, chart: Bars, title_of: Named) -> Html:
    """Return a row for each range: its name, its two values, and between these where it lies on a logarithmic scale."""
    low, high = chart.columns
    known = [max(number_of(v), _LEAST_TIME) for name in chart.columns for v in table.values(name) if v]
    scale = _Scale(min(known) / 1.4, max(known) * 1.25)
    first, second = (
        key("span", look, t(table.column(n).title))
        for n, look in zip(chart.columns, chart.looks, strict=True)
    )
    rows = [
        f'<li class="it-bars__head"><span></span>{first}<span class="it-bars__track"></span>{second}</li>'
    ]
    for number, row in enumerate(table.rows):
        name = name_of(table.columns[0], row[0], title_of)
        values = [esc(said_in(table, number, n)) for n in chart.columns]
        at, to = (scale.place(number_of(table.values(n)[number])) for n in (low, high))
        marks = [scale.lines(_PITCH)]
        if to > at and values[0] != values[1]:
            marks.append(mark(at, 8, to - at, 12, chart.looks[1]))
        marks.append(
            Html(
                f'<rect class="it-bar it-bar--{chart.looks[0]}" x="{short(at)}%" y="5" width="6" height="{_BAR}" transform="translate(-3)"/>'
            )
        )
        rows.append(
            f"<li><span>{name}</span><b>{values[0]}</b>"
            f'<svg class="it-bars__track" {SVG} height="{_PITCH}">{join(marks)}</svg><b>{values[1]}</b></li>'
        )
    axis = f'<svg class="it-bars__track" {SVG} height="18">{scale.names()}</svg>'
    rows.append(
        f'<li class="it-bars__axis" aria-hidden="true"><span></span><b></b>{axis}<b>{esc(t("Logarithmic scale"))}</b></li>'
    )
    return Html(f'<ul class="it-bars it-bars--range">{"".join(rows)}</ul>')


class _Scale:
    """A logarithmic scale of times, from a shortest to a longest."""

    def __init__(self, least: float, most: float) -> None:
        self._low, self._room = log(least), log(most) - log(least)
        self._ticks = [tick for tick in _TICKS if least <= tick <= most]

    def place(self, value: float) -> float:
        """Return where a time lies, in percent."""
        return (log(max(value, _LEAST_TIME)) - self._low) / self._room * 100

    def lines(self, high: int) -> Html:
        """Return what a row is read by."""
        places = [short(self.place(tick)) for tick in self._ticks]
        return join([Html(f'<line x1="{x}%" x2="{x}%" y1="0" y2="{high}"/>') for x in places])

    def names(self) -> Html:
        """Return how the lines are called."""
        return join(
            [
                Html(
                    f'<text class="it-tick" x="{short(self.place(tick))}%" y="13">{esc(duration(tick))}</text>'
                )
                for tick in self._ticks
            ]
        )


def sparkline(trend: Trend) -> Html:
    """Return the values of a trend as small bars, the last one stronger; nothing where there are few or all are nought.

    It is for the eye only: the words beside it say the same.
    """
    most = max(trend.values)
    if len(trend.values) < _LEAST_SPARKS or not any(trend.values):
        return EMPTY
    last = len(trend.values) - 1
    bars = "".join(
        f'<rect class="it-bar it-bar--{"step4" if n == last else "step1"}" x="{n * _SPARK_STEP}"'
        f' y="{short(_SPARK_HIGH - high)}" width="{_SPARK_WIDE}" height="{short(high)}"/>'
        for n, high in enumerate(max(2.0, value / most * _SPARK_HIGH) for value in trend.values)
    )
    wide = last * _SPARK_STEP + _SPARK_WIDE
    return Html(
        f'<svg class="it-spark" width="{wide}" height="{_SPARK_HIGH}" aria-hidden="true">{bars}</svg>'
    )


def mark(left: float, top: float, wide: float, high: float, look: str) -> Html:
    """Return a rectangle in the colour of a look; places and widths are percents."""
    return Html(
        f'<rect class="it-bar it-bar--{look}" x="{short(left)}%" y="{short(top)}" width="{short(max(wide, 0.4))}%"'
        f' height="{short(high)}"/>'
    )


def short(number: float) -> str:
    """Return a number with two digits behind its point at most."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _label(text: str, left: float, middle: float, css: str = "") -> Html:
    """Return a value: inside its mark where it has a class of its own, else behind it."""
    place = f' class="{css}"' if css else ' dx="6"'
    return Html(
        f'<text x="{short(left)}%" y="{short(middle)}"{place} dominant-baseline="central">{esc(text)}</text>'
    )
