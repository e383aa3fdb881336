"""Charts of a report's tables as SVG: no script, colours from the page, the table beside it says the same.

A chart is as wide as a telephone, so that its letters are large enough there; text lies in boxes that
clip, because nobody knows the reader's fonts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10

from itsm_gitops.model.report import (
    ITEM,
    OVER_TIME,
    RECORD,
    SHARE,
    STACKED,
    Bars,
    Cell,
    Column,
    Table,
)
from itsm_gitops.model.wording import Phrase
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, shorten
from itsm_gitops.presentation.moments import said

_WIDTH = 360
_LETTER = 6.5  # a generous width of one letter at the size of the page's style
_NAMES, _VALUES = 152, 84
_BAR, _GAP = 14, 9
_PLOT = 150
_MOST_BARS = 12


def draw(table: Table, name: str, title_of: Callable[[str], str] = str) -> Html:
    """Return the figure of a table's chart, nothing where it has none or no value to show.

    ``name`` makes the identifiers inside the drawing unique on the page, ``title_of`` says how items and
    records are called.
    """
    chart = table.chart
    if chart is None or _most(table, chart) <= 0:
        return EMPTY
    names = [_name(table.columns[0], row[0], title_of) for row in table.rows]
    draw_bars = _upright if chart.form == OVER_TIME else _lying
    body, height = draw_bars(table, chart, names)
    title, description = f"chart-{name}", f"chart-{name}-about"
    return Html(
        f'<figure class="it-chart">{_legend(table, chart)}'
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{title} {description}"'
        f' viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}">'
        f'<title id="{title}">{esc(t(table.title))}</title><desc id="{description}">{_description(table, chart, names)}</desc>'
        f"{body}</svg></figure>"
    )


def _name(column: Column, value: Cell, title_of: Callable[[str], str]) -> str:
    is_link = column.form in (ITEM, RECORD) and isinstance(value, str) and value
    return title_of(str(value)) if is_link else said(column, value)


def _legend(table: Table, chart: Bars) -> Html:
    if len(chart.columns) < 2:
        return EMPTY
    items = "".join(
        f'<li class="it-key it-key--{look}">{esc(t(table.column(name).title))}</li>'
        for name, look in zip(chart.columns, chart.looks, strict=True)
    )
    return Html(f'<ul class="it-keys">{items}</ul>')


def _description(table: Table, chart: Bars, names: Sequence[str]) -> Html:
    """Return the drawing in words: the largest value of each column."""
    sentences = []
    for name in chart.columns:
        column, values = table.column(name), table.values(name)
        at = max(range(len(values)), key=lambda n: _number(values[n]))
        most = said(column, values[at])
        sentences.append(
            t("{column}: at most {value} ({name}).", column=t(column.title), value=most, name=names[at])
        )
    return esc(" ".join([*sentences, t("The table has every value.")]))


def _number(value: Cell) -> float:
    return value if isinstance(value, int | float) else 0


def _most(table: Table, chart: Bars) -> float:
    columns = [[_number(v) for v in table.values(name)] for name in chart.columns]
    rows = list(zip(*columns, strict=True))
    return max((sum(r) if chart.form == STACKED else max(r) for r in rows), default=0)


def _lying(table: Table, chart: Bars, names: Sequence[str]) -> tuple[Html, int]:
    """Return bars that lie, one row below the other, with the name before and the value behind."""
    most, top = _most(table, chart), 2
    parts = []
    for name, row in zip(names[:_MOST_BARS], table.rows, strict=False):
        values = dict(zip((c.name for c in table.columns), row, strict=True))
        height = _BAR if chart.form == STACKED else _BAR * len(chart.columns)
        parts.append(_text(name, 0, top, _NAMES - 8, height))
        draw_row = _stacked if chart.form == STACKED else _beside
        parts.append(draw_row(table, chart, values, most, top))
        top += height + _GAP
    return join(parts), top - _GAP + 2


def _stacked(table: Table, chart: Bars, values: dict[str, Cell], most: float, top: float) -> Html:
    room, left, parts = _WIDTH - _NAMES - _VALUES, float(_NAMES), []
    for name, look in zip(chart.columns, chart.looks, strict=True):
        wide = _number(values[name]) / most * room
        if wide:
            parts.append(_bar(left, top, wide, _BAR, look))
        left += wide
    form = table.column(chart.columns[0])
    all_of = round(sum(_number(values[name]) for name in chart.columns))
    parts.append(_text(said(form, all_of), left + 6, top, _VALUES - 6, _BAR))
    return join(parts)


def _beside(table: Table, chart: Bars, values: dict[str, Cell], most: float, top: float) -> Html:
    room, parts = _WIDTH - _NAMES - _VALUES, []
    for name, look in zip(chart.columns, chart.looks, strict=True):
        wide = _number(values[name]) / most * room
        if wide:
            parts.append(_bar(_NAMES, top, wide, _BAR - 2, look))
        label = said(table.column(name), values[name])
        parts.append(_text(label, _NAMES + wide + 6, top, _VALUES - 6, _BAR - 2))
        top += _BAR
    return join(parts)


def _bar(left: float, top: float, wide: float, high: float, look: str) -> Html:
    return Html(
        f'<rect class="it-bar it-bar--{look}" x="{left:.1f}" y="{top:.1f}" width="{max(wide, 1.5):.1f}"'
        f' height="{high:.1f}"/>'
    )


def _text(text: str, left: float, top: float, wide: float, high: float) -> Html:
    """Return one line of text in the middle of a box that clips it."""
    fits = shorten(text, max(3, floor(wide / _LETTER)))
    return Html(
        f'<svg x="{left:.1f}" y="{top - 2:.1f}" width="{wide:.1f}" height="{high + 4:.1f}">'
        f'<text x="0" y="{high / 2 + 2:.1f}" dominant-baseline="central">{esc(fits)}</text></svg>'
    )


def _upright(table: Table, chart: Bars, labels: Sequence[str]) -> tuple[Html, int]:
    """Return upright bars along time, a group for each row, with lines to read their height by."""
    share = table.column(chart.columns[0]).form == SHARE
    ceiling = _ceiling(_most(table, chart), whole=not share)
    steps = [0.0, ceiling / 2, ceiling] if share or ceiling % 2 == 0 else [0.0, ceiling]
    names = [said(table.column(chart.columns[0]), round(s) if not share else s) for s in steps]
    left = max(map(len, names)) * _LETTER + 8
    parts = []
    for name, step in zip(names, steps, strict=True):
        y = 8 + _PLOT * (1 - step / ceiling)
        parts.append(Html(f'<path class="it-grid" d="M{left:.1f} {y:.1f}H{_WIDTH}"/>'))
        parts.append(Html(f'<text x="0" y="{y:.1f}" dominant-baseline="central">{esc(name)}</text>'))
    parts += _groups(table, chart, labels, ceiling, left)
    return join(parts), _PLOT + 32


def _groups(table: Table, chart: Bars, labels: Sequence[str], ceiling: float, left: float) -> list[Html]:
    room = (_WIDTH - left) / len(labels)
    each = min(22.0, room * 0.76 / len(chart.columns))
    every = ceil((max(map(len, labels)) + 1) * _LETTER / room)
    parts = []
    for number, label in enumerate(labels):
        middle = left + room * (number + 0.5)
        x = middle - each * len(chart.columns) / 2
        for name, look in zip(chart.columns, chart.looks, strict=True):
            high = _number(table.values(name)[number]) / ceiling * _PLOT
            if high:
                parts.append(_bar(x + 0.5, 8 + _PLOT - high, each - 1, high, look))
            x += each
        if (len(labels) - 1 - number) % every == 0:
            parts.append(_tick(label, middle))
    return parts


def _tick(label: str, middle: float) -> Html:
    """Return a label below the middle of a group, moved where it would leave the drawing."""
    half = len(label) * _LETTER / 2
    if middle + half + 4 > _WIDTH:
        return Html(f'<text x="{_WIDTH - 2}" y="{_PLOT + 25}" text-anchor="end">{esc(label)}</text>')
    at = max(middle, half)
    return Html(f'<text x="{at:.1f}" y="{_PLOT + 25}" text-anchor="middle">{esc(label)}</text>')


def _ceiling(most: float, *, whole: bool) -> float:
    """Return the next number that reads well: 1, 2, 4, 5, 6, 8 or 10 times a power of ten."""
    size = 10 ** floor(log10(most))
    limit: float = next(n * size for n in (1, 2, 4, 5, 6, 8, 10) if n * size >= most)
    return max(limit, 1) if whole else limit


def charted(rows: Sequence[object]) -> str:
    """Say that a chart does not show all rows; empty where it does."""
    return (
        Phrase("The chart shows the first {count} rows.", count=_MOST_BARS) if len(rows) > _MOST_BARS else ""
    )
