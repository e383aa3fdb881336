"""Charts of a report's tables: no script, colours from the page; the table behind a chart says the same.

A chart is as wide as its column while its letters keep their size: places and lengths are percents. Names and
values are text beside the marks, so that no meaning rests on a colour alone. Where there are too few values for a
picture, a sentence says them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import ceil, floor, log, log10

from itsm_gitops.model.report import (
    ALL,
    BESIDE,
    ITEM,
    OVER_TIME,
    RANGE,
    RECORD,
    SHARE,
    STACKED,
    TEXT,
    Bars,
    Cell,
    Column,
    Row,
    Table,
)
from itsm_gitops.model.trend import Trend
from itsm_gitops.model.wording import Phrase
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, is_named_value, join, words
from itsm_gitops.presentation.moments import duration, said, said_in

_LETTER = 7.1  # a generous width of one letter at the size of the page's style
_BAR, _PITCH = 18, 28
_PLOT, _ABOVE, _BELOW = 150, 18, 24
_NARROW, _WIDE = 290, 520  # the room of a plot on a telephone, and at a desk
_WIDEST = 6.0  # percent of a plot that one upright bar takes at most
_TRACK = 130  # the room of bars that lie, on a telephone
_SHORT = 4  # values of so many letters need little room
_MOST_BARS = 12
_FEWEST, _FEWEST_RANGES = 4, 3  # values that make a picture; fewer are said better
_LEAST_SPARKS, _SPARK_WIDE, _SPARK_STEP, _SPARK_HIGH = 6, 10, 16, 26
# What a logarithmic scale of times is read by.
_TICKS = (60, 600, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400)
_LEAST_TIME = 15  # seconds; less is drawn as so much

Named = Callable[[str], Html]
Leading = Callable[[Table, int, str, Html], Html]


def _as_it_is(_table: Table, _number: int, _column: str, shown: Html) -> Html:
    return shown


def picture(table: Table, name: str, title_of: Named = esc, leading: Leading = _as_it_is) -> Html:
    """Return the chart of a table with its numbers, or in sentences what would make no picture.

    ``name`` makes the identifiers inside the drawing unique on the page, ``title_of`` says how items and
    records are called, ``leading`` makes the value of a row lead to what it counts.
    """
    parts = []
    for number, one in enumerate(_apart(table)):
        if one.chart and _is_drawn(one, one.chart):
            title = (
                _measure(one)
                if len(table.chart.columns if table.chart else ()) > 1 and _is_single(one)
                else EMPTY
            )
            parts.append(
                Html(f"{title}{draw(one, f'{name}-{number}' if number else name, title_of, leading)}")
            )
        elif one.chart:
            parts.append(_sentences(one, one.chart, title_of, leading))
    return join(parts)


def _measure(table: Table) -> Html:
    chart = table.chart
    return Html(f"<h3>{esc(t(table.column(chart.columns[0]).title))}</h3>") if chart else EMPTY


def _is_single(table: Table) -> bool:
    return table.chart is not None and len(table.chart.columns) == 1


def _apart(table: Table) -> Iterator[Table]:
    """Yield the table once for each of its measures, as one axis has one measure; without the row of all."""
    chart = table.chart
    if chart is None:
        return
    kept = [n for n, row in enumerate(table.rows) if row[0] != ALL or len(table.rows) == 1]
    table = _with_rows(table, kept)
    if chart.form != BESIDE:
        yield table
        return
    for column, look in zip(chart.columns, chart.looks, strict=True):
        yield replace(table, chart=Bars(BESIDE, (column,), (look,)))


def _with_rows(table: Table, numbers: Sequence[int]) -> Table:
    return replace(
        table,
        rows=tuple(table.rows[n] for n in numbers),
        shows={name: [some[n] for n in numbers] for name, some in table.shows.items()},
        wholes={name: [some[n] for n in numbers] for name, some in table.wholes.items()},
    )


def _is_drawn(table: Table, chart: Bars) -> bool:
    if chart.form == RANGE:
        return sum(bool(value) for value in table.values(chart.columns[0])) >= _FEWEST_RANGES
    values = [value for name in chart.columns for value in table.values(name)]
    return sum(bool(value) for value in values) >= _FEWEST


def _sentences(table: Table, chart: Bars, title_of: Named, leading: Leading) -> Html:
    """Return for each column of a chart which rows have how much of it, and that the others have none."""
    said_of = []
    for name in chart.columns[:1] if chart.form == RANGE else chart.columns:
        title = esc(t(table.column(name).title))
        some = [n for n, value in enumerate(table.values(name)) if value]
        shown = [
            Html(
                f"{_name(table.columns[0], table.rows[n][0], title_of)} "
                f"({leading(table, n, name, esc(said_in(table, n, name)))})"
            )
            for n in some
        ]
        said_of.append(
            told("{column}: {values}.", column=title, values=join(shown, ", "))
            if some
            else told("{column}: none.", column=title)
        )
        if some and len(some) < len(table.rows) and len(chart.columns) == 1:
            said_of.append(esc(t("None elsewhere.")))
    return Html(f'<p class="it-told">{join(said_of, " ")}</p>')


def draw(table: Table, name: str, title_of: Named = esc, leading: Leading = _as_it_is) -> Html:
    """Return the figure of a table's chart, nothing where it has none or no value to show; for the names see `picture`."""
    chart = table.chart
    if chart is None or _most(table, chart) <= 0:
        return EMPTY
    if chart.form == OVER_TIME:
        names = [said(table.columns[0], row[0]) for row in table.rows]
        about = f"chart-{name}-about"
        return Html(
            f'<figure class="it-chart">{_legend(table, chart)}'
            f'<div role="img" aria-label="{esc(t(table.title))}" aria-describedby="{about}">'
            f"{_upright(table, chart, names)}</div>"
            f'<p class="it-vh" id="{about}">{_description(table, chart, names)}</p></figure>'
        )
    rows = _shown_rows(table, chart)
    elsewhere = any(row not in rows.rows and not _reach(table, chart, row) for row in table.rows)
    rest = Html(f'<p class="it-muted">{esc(t("None elsewhere."))}</p>') if elsewhere else EMPTY
    if chart.form == RANGE:
        return Html(f'<figure class="it-chart">{_ranges(rows, chart, title_of)}{rest}</figure>')
    return Html(
        f'<figure class="it-chart">{_legend(table, chart)}{_lying(rows, chart, title_of, leading)}{rest}</figure>'
    )


def _shown_rows(table: Table, chart: Bars) -> Table:
    """Return the rows that have something to show: items by how much, what has an order of its own in that."""
    numbers = [n for n, row in enumerate(table.rows) if _reach(table, chart, row)]
    if table.columns[0].form == ITEM:
        numbers.sort(key=lambda n: -_reach(table, chart, table.rows[n]))
    return _with_rows(table, numbers[:_MOST_BARS])


def _reach(table: Table, chart: Bars, row: Row) -> float:
    """Return how far the bar of a row reaches."""
    names = [c.name for c in table.columns]
    values = [_number(row[names.index(name)]) for name in chart.columns]
    return sum(values) if chart.form == STACKED else values[0] if chart.form == RANGE else max(values)


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
        f' y="{_short(_SPARK_HIGH - high)}" width="{_SPARK_WIDE}" height="{_short(high)}"/>'
        for n, high in enumerate(max(2.0, value / most * _SPARK_HIGH) for value in trend.values)
    )
    wide = last * _SPARK_STEP + _SPARK_WIDE
    return Html(
        f'<svg class="it-spark" width="{wide}" height="{_SPARK_HIGH}" aria-hidden="true">{bars}</svg>'
    )


def _name(column: Column, value: Cell, title_of: Named) -> Html:
    if column.form in (ITEM, RECORD) and isinstance(value, str) and value:
        return title_of(value)
    if column.form == TEXT and isinstance(value, str) and is_named_value(value) and t(value) == value:
        return esc(words(value))
    return esc(said(column, value))


def _legend(table: Table, chart: Bars) -> Html:
    """Return what the marks mean, without those that are not there; nothing where there is one."""
    if len(chart.columns) < 2:
        return EMPTY
    items = "".join(
        _key("li", look, t(table.column(name).title))
        for name, look in zip(chart.columns, chart.looks, strict=True)
        if any(table.values(name))
    )
    return Html(f'<ul class="it-keys">{items}</ul>')


def _key(tag: str, look: str, title: str) -> Html:
    return Html(f'<{tag} class="it-key it-key--{look}">{esc(title)}</{tag}>')


def _description(table: Table, chart: Bars, names: Sequence[str]) -> Html:
    """Return the drawing in words: the largest value of each column."""
    sentences = []
    for name in chart.columns:
        column, values = table.column(name), table.values(name)
        at = max(range(len(values)), key=lambda n: _number(values[n]))
        most = said_in(table, at, name)
        sentences.append(
            t("{column}: at most {value} ({name}).", column=t(column.title), value=most, name=names[at])
        )
    return esc(" ".join([*sentences, t("The table has every value.")]))


def _number(value: Cell) -> float:
    return value if isinstance(value, int | float) else 0


def _most(table: Table, chart: Bars) -> float:
    return max((_reach(table, chart, row) for row in table.rows), default=0)


def _lying(table: Table, chart: Bars, title_of: Named, leading: Leading) -> Html:
    """Return bars that lie, one row below the other, each behind its name and its value."""
    # Shares are parts of a whole: a bar over all of the width is all of it.
    share = table.column(chart.columns[0]).form == SHARE
    most = max(_most(table, chart), 1.0 if share else 0)
    counted = next(iter(table.shows), chart.columns[0]) if chart.form == STACKED else chart.columns[0]
    rows, longest = [], 0
    for number, row in enumerate(table.rows):
        name = _name(table.columns[0], row[0], title_of)
        if chart.form == STACKED:
            first = table.column(chart.columns[0])
            value = said(first, round(_reach(table, chart, row)))
        else:
            value = said_in(table, number, chart.columns[0])
        longest = max(longest, len(value))
        bar = _parts(table, chart, number, most)
        rows.append(
            f"<li><span>{name}</span><b>{leading(table, number, counted, esc(value))}</b>"
            f'<svg {_SVG} height="{_BAR}">{bar}</svg></li>'
        )
    long = " it-bars--long" if longest > _SHORT else ""
    return Html(f'<ul class="it-bars{long}">{"".join(rows)}</ul>')


# The name of the language, so that a drawing is also one outside of a page. Its words stand beside it.
_SVG = 'xmlns="http://www.w3.org/2000/svg" width="100%" aria-hidden="true"'


def _parts(table: Table, chart: Bars, number: int, most: float) -> Html:
    """Return the parts of one bar, with their numbers where it has several and these fit."""
    left, parts = 0.0, []
    several = sum(bool(table.values(name)[number]) for name in chart.columns) > 1
    for name, look in zip(chart.columns, chart.looks, strict=True):
        wide, label = _number(table.values(name)[number]) / most * 100, said_in(table, number, name)
        if wide:
            parts.append(_bar(left, 0, wide, _BAR, look))
        if several and wide / 100 * _TRACK > len(label) * _LETTER + 4:
            parts.append(_label(label, left + wide / 2, _BAR / 2, f"it-bar__n it-bar__n--{look}"))
        left += wide
    return join(parts)


def _ranges(table: Table, chart: Bars, title_of: Named) -> Html:
    """Return a row for each range: its name, its two values, and between these where it lies on a logarithmic scale."""
    low, high = chart.columns
    known = [max(_number(v), _LEAST_TIME) for name in chart.columns for v in table.values(name) if v]
    scale = _Scale(min(known) / 1.4, max(known) * 1.25)
    first, second = (
        _key("span", look, t(table.column(n).title))
        for n, look in zip(chart.columns, chart.looks, strict=True)
    )
    rows = [
        f'<li class="it-bars__head"><span></span>{first}<span class="it-bars__track"></span>{second}</li>'
    ]
    for number, row in enumerate(table.rows):
        name = _name(table.columns[0], row[0], title_of)
        values = [esc(said_in(table, number, n)) for n in chart.columns]
        at, to = (scale.place(_number(table.values(n)[number])) for n in (low, high))
        marks = [scale.lines(_PITCH)]
        if to > at:
            marks.append(_bar(at, 8, to - at, 12, chart.looks[1]))
        marks.append(
            Html(
                f'<rect class="it-bar it-bar--{chart.looks[0]}" x="{_short(at)}%" y="5" width="6" height="{_BAR}" transform="translate(-3)"/>'
            )
        )
        rows.append(
            f"<li><span>{name}</span><b>{values[0]}</b>"
            f'<svg class="it-bars__track" {_SVG} height="{_PITCH}">{join(marks)}</svg><b>{values[1]}</b></li>'
        )
    axis = f'<svg class="it-bars__track" {_SVG} height="18">{scale.names()}</svg>'
    rows.append(f'<li class="it-bars__axis" aria-hidden="true"><span></span><b></b>{axis}<b></b></li>')
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
        places = [_short(self.place(tick)) for tick in self._ticks]
        return join([Html(f'<line x1="{x}%" x2="{x}%" y1="0" y2="{high}"/>') for x in places])

    def names(self) -> Html:
        """Return how the lines are called."""
        return join(
            [
                Html(
                    f'<text class="it-tick" x="{_short(self.place(tick))}%" y="13">{esc(duration(tick))}</text>'
                )
                for tick in self._ticks
            ]
        )


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
            parts += _upright_bar(said_in(table, number, name), _number(value) / ceiling, x, each, look)
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


def charted(table: Table) -> str:
    """Say that a chart does not show all rows; empty where it does."""
    chart = table.chart
    if chart is None or chart.form == OVER_TIME:
        return ""
    some = sum(bool(_reach(table, chart, row)) for row in table.rows)
    return Phrase("The chart shows the first {count} rows.", count=_MOST_BARS) if some > _MOST_BARS else ""
