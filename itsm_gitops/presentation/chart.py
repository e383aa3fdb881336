"""Charts of a report's tables: no script, colours from the page, the table beside it says the same.

A chart is as wide as its column while its letters keep their size: places and lengths are percents. Names and
values stand beside the marks, so that no meaning rests on a colour alone.
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
    TEXT,
    Bars,
    Cell,
    Column,
    Table,
    Trend,
)
from itsm_gitops.model.wording import Phrase
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, is_named_value, join, words
from itsm_gitops.presentation.moments import said

_LETTER = 6.5  # a generous width of one letter at the size of the page's style
_BAR = 16
_PLOT, _ABOVE, _BELOW = 150, 16, 22
_NARROW, _WIDE = 290, 520  # the room of a plot on a telephone, and beside its table
_WIDEST = 6.0  # percent of a plot that one upright bar takes at most
_TRACK = 150  # the room of bars that lie, on a telephone
_SHORT = 4  # values of so many letters need little room behind their bars
_MOST_BARS = 12
_SPARK_WIDE, _SPARK_STEP, _SPARK_HIGH = 6, 8, 18


def draw(table: Table, name: str, title_of: Callable[[str], str] = str) -> Html:
    """Return the figure of a table's chart, nothing where it has none or no value to show.

    ``name`` makes the identifiers inside the drawing unique on the page, ``title_of`` says how items and
    records are called.
    """
    chart = table.chart
    if chart is None or _most(table, chart) <= 0:
        return EMPTY
    names = [_name(table.columns[0], row[0], title_of) for row in table.rows]
    body = (_upright if chart.form == OVER_TIME else _lying)(table, chart, names)
    about = f"chart-{name}-about"
    return Html(
        f'<figure class="it-chart">{_legend(table, chart)}'
        f'<div role="img" aria-label="{esc(t(table.title))}" aria-describedby="{about}">{body}</div>'
        f'<p class="it-vh" id="{about}">{_description(table, chart, names)}</p></figure>'
    )


def sparkline(trend: Trend) -> Html:
    """Return the values of a trend as small bars, the last one stronger; nothing where all are nought.

    It is for the eye only: the words beside it say the same.
    """
    most = max(trend.values)
    if not any(trend.values):
        return EMPTY
    last = len(trend.values) - 1
    bars = "".join(
        f'<rect class="it-bar it-bar--{"step4" if n == last else "step1"}" x="{n * _SPARK_STEP}"'
        f' y="{_short(_SPARK_HIGH - high)}" width="{_SPARK_WIDE}" height="{_short(high)}"/>'
        for n, high in enumerate(max(2.0, value / most * _SPARK_HIGH) for value in trend.values)
    )
    wide = last * _SPARK_STEP + _SPARK_WIDE
    return Html(
        f'<svg class="it-spark" width="{wide}" height="{_SPARK_HIGH}" aria-hidden="true">{bars}</svg>'
    )


def _name(column: Column, value: Cell, title_of: Callable[[str], str]) -> str:
    if column.form in (ITEM, RECORD) and isinstance(value, str) and value:
        return title_of(value)
    if column.form == TEXT and isinstance(value, str) and is_named_value(value) and t(value) == value:
        return words(value)
    return said(column, value)


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


def _lying(table: Table, chart: Bars, names: Sequence[str]) -> Html:
    """Return bars that lie, one row below the other, with the name before and the value behind."""
    # Shares are parts of a whole: a bar over all of the width is all of it.
    share = table.column(chart.columns[0]).form == SHARE
    most, longest, rows = max(_most(table, chart), 1.0 if share else 0), 0, []
    draw_row = _stacked if chart.form == STACKED else _beside
    for name, row in zip(names[:_MOST_BARS], table.rows, strict=False):
        values = dict(zip((c.name for c in table.columns), row, strict=True))
        marks, labels = draw_row(table, chart, values, most)
        longest = max(longest, *map(len, labels))
        high = _BAR if chart.form == STACKED else _BAR * len(chart.columns)
        rows.append(f'<span>{esc(name)}</span><svg {_SVG} height="{high}">{marks}</svg>')
    long = " it-bars--long" if longest > _SHORT else ""
    return Html(f'<div class="it-bars{long}">{"".join(rows)}</div>')


# The name of the language, so that a drawing is also one outside of a page.
_SVG = 'xmlns="http://www.w3.org/2000/svg" width="100%"'


def _stacked(table: Table, chart: Bars, values: dict[str, Cell], most: float) -> tuple[Html, list[str]]:
    """Return the parts of one bar with their numbers, where these fit, and the sum behind it; and the sum."""
    left, parts = 0.0, []
    for name, look in zip(chart.columns, chart.looks, strict=True):
        wide, label = _number(values[name]) / most * 100, said(table.column(name), values[name])
        if wide:
            parts.append(_bar(left, 0, wide, _BAR, look))
        if len(chart.columns) > 1 and wide / 100 * _TRACK > len(label) * _LETTER + 4:
            parts.append(_label(label, left + wide / 2, _BAR / 2, f"it-bar__n it-bar__n--{look}"))
        left += wide
    total = said(table.column(chart.columns[0]), round(sum(_number(values[n]) for n in chart.columns)))
    parts.append(_label(total, left, _BAR / 2))
    return join(parts), [total]


def _beside(table: Table, chart: Bars, values: dict[str, Cell], most: float) -> tuple[Html, list[str]]:
    """Return a bar for each column, one below the other, with its value behind it; and the values."""
    labels, parts = [], []
    for number, (name, look) in enumerate(zip(chart.columns, chart.looks, strict=True)):
        wide, top = _number(values[name]) / most * 100, number * _BAR
        labels.append(said(table.column(name), values[name]))
        if wide:
            parts.append(_bar(0, top + 1, wide, _BAR - 2, look))
        parts.append(_label(labels[-1], wide, top + _BAR / 2))
    return join(parts), labels


def _bar(left: float, top: float, wide: float, high: float, look: str) -> Html:
    return Html(
        f'<rect class="it-bar it-bar--{look}" x="{_short(left)}%" y="{_short(top)}" width="{_short(max(wide, 0.4))}%"'
        f' height="{_short(high)}"/>'
    )


def _short(number: float) -> str:
    """Return a number with two digits behind its point at most."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _label(text: str, left: float, middle: float, css: str = "") -> Html:
    """Return a value: inside its mark where it has a class of its own, else behind it."""
    place = f' class="{css}"' if css else ' dx="6"'
    return Html(
        f'<text x="{_short(left)}%" y="{_short(middle)}"{place} dominant-baseline="central">{esc(text)}</text>'
    )


def _upright(table: Table, chart: Bars, labels: Sequence[str]) -> Html:
    """Return upright bars along time, a group for each row, with lines to read their height by."""
    share = table.column(chart.columns[0]).form == SHARE
    ceiling = _ceiling(_most(table, chart), whole=not share)
    steps = [0.0, ceiling / 2, ceiling] if share or ceiling % 2 == 0 else [0.0, ceiling]
    names = [said(table.column(chart.columns[0]), round(s) if not share else s) for s in steps]
    parts = []
    for name, step in zip(names, steps, strict=True):
        y = _ABOVE + _PLOT * (1 - step / ceiling)
        parts.append(Html(f'<line x1="0" x2="100%" y1="{_short(y)}" y2="{_short(y)}"/>'))
        parts.append(
            Html(
                f'<text class="it-tick--up" x="-6" y="{_short(y)}" dominant-baseline="central">{esc(name)}</text>'
            )
        )
    parts += _groups(table, chart, labels, ceiling)
    long = " it-plot--long" if max(map(len, names)) > _SHORT // 2 else ""
    return Html(f'<svg {_SVG} class="it-plot{long}" height="{_ABOVE + _PLOT + _BELOW}">{join(parts)}</svg>')


def _groups(table: Table, chart: Bars, labels: Sequence[str], ceiling: float) -> list[Html]:
    room = 100 / len(labels)
    each = min(_WIDEST, room * 0.76 / len(chart.columns))
    longest = (max(map(len, labels)) + 1) * _LETTER
    narrow, wide = (ceil(longest / (room / 100 * plot)) for plot in (_NARROW, _WIDE))
    parts = []
    for number, label in enumerate(labels):
        middle = room * (number + 0.5)
        x = middle - each * len(chart.columns) / 2
        for name, look in zip(chart.columns, chart.looks, strict=True):
            value = table.values(name)[number]
            parts += _upright_bar(said(table.column(name), value), _number(value) / ceiling, x, each, look)
            x += each
        from_last = len(labels) - 1 - number
        if from_last % wide == 0:
            css = "it-tick" if from_last % narrow == 0 else "it-tick it-tick--wide"
            parts.append(
                Html(
                    f'<text class="{css}" x="{_short(middle)}%" y="{_ABOVE + _PLOT + 17}">{esc(label)}</text>'
                )
            )
    return parts


def _upright_bar(label: str, part: float, left: float, wide: float, look: str) -> list[Html]:
    """Return a bar of a part of the height, and its value above it where there is room; nothing of nothing."""
    if not part:
        return []
    top = _ABOVE + _PLOT * (1 - part)
    bar = _bar(left, top, wide, _PLOT * part, look)
    needed = len(label) * _LETTER / (wide / 100)
    if needed > _WIDE:
        return [bar]
    css = "it-tick" if needed <= _NARROW else "it-tick it-tick--wide"
    place = f'x="{_short(left + wide / 2)}%" y="{_short(top - 4)}"'
    return [bar, Html(f'<text class="{css}" {place}>{esc(label)}</text>')]


def _ceiling(most: float, *, whole: bool) -> float:
    """Return the next number that reads well: 1, 1.2, 1.6, 2, 3, 4, 5, 6, 8 or 10 times a power of ten."""
    size = 10 ** floor(log10(most))
    steps = (n * size / 10 for n in (10, 12, 16, 20, 30, 40, 50, 60, 80, 100))
    limit: float = next(n for n in steps if n >= most and not (whole and n % 1))
    return max(limit, 1) if whole else limit


def charted(rows: Sequence[object]) -> str:
    """Say that a chart does not show all rows; empty where it does."""
    return (
        Phrase("The chart shows the first {count} rows.", count=_MOST_BARS) if len(rows) > _MOST_BARS else ""
    )
