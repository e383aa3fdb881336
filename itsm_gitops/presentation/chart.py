"""Charts of a report's tables: no script, colours from the page; the table behind a chart says the same.

A chart is as wide as its column while its letters keep their size: places and lengths are percents. Names and
values are text beside the marks, so that no meaning rests on a colour alone. Where there are too few values for a
picture, a sentence says them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil, floor, log10

from itsm_gitops.model.report import (
    ALL,
    BESIDE,
    ITEM,
    OVER_TIME,
    RANGE,
    SHARE,
    Bars,
    Table,
)
from itsm_gitops.model.wording import Phrase
from itsm_gitops.presentation.bars import (
    LETTER,
    SVG,
    Leading,
    Named,
    legend,
    lying,
    mark,
    most_of,
    name_of,
    number_of,
    ranges,
    reach,
    short,
)
from itsm_gitops.presentation.language import WRITER, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join
from itsm_gitops.presentation.moments import said, said_in

_PLOT, _ABOVE, _BELOW = 150, 18, 24
_NARROW, _WIDE = 290, 450  # the room of a plot on a telephone, and at a desk
_GAP = 3  # pixels between two numbers
_WIDEST = 6.0  # percent of a plot that one upright bar takes at most
_SHORT = 4  # values of so many letters need little room
_MOST_BARS = 12
_FEWEST, _FEWEST_RANGES = 4, 3  # values that make a picture; fewer are said better


def _as_it_is(_table: Table, _number: int, _column: str, shown: Html) -> Html:
    return shown


def picture(
    table: Table, name: str, title_of: Named = esc, leading: Leading = _as_it_is, *, keys: bool = True
) -> Html:
    """Return the chart of a table with its numbers, or in sentences what would make no picture.

    ``name`` makes the identifiers inside the drawing unique on the page, ``title_of`` says how items and
    records are called, ``leading`` makes the value of a row lead to what it counts. Without ``keys`` what the
    marks mean stands above it, for several charts.
    """
    several = table.chart is not None and table.chart.form == BESIDE and len(table.chart.columns) > 1
    parts: list[Html] = []
    told_of: list[Html] = []
    nowhere: list[Html] = []
    elsewhere = False
    for number, one in enumerate(_apart(table)):
        if one.chart and _is_drawn(one, one.chart):
            measure = esc(t(one.column(one.chart.columns[0]).title))
            title = f"<h3>{measure}</h3>" if several else ""
            drawn = draw(one, f"{name}-{number}" if number else name, title_of, leading, keys=keys)
            parts.append(Html(f"{title}{drawn}"))
        elif one.chart:
            sentences, is_elsewhere = _sentences(one, one.chart, title_of, leading)
            (
                told_of if any(map(any, one.rows and [one.values(c) for c in one.chart.columns])) else nowhere
            ).extend(sentences)
            elsewhere = elsewhere or is_elsewhere
    if elsewhere:  # once, after what is somewhere
        told_of.append(esc(t("None elsewhere.")))
    told_of += nowhere
    return Html(f'<p class="it-told">{join(told_of, " ")}</p>{join(parts)}') if told_of else join(parts)


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


def is_drawn(table: Table) -> bool:
    """Whether a table has a chart that is a picture, not a sentence."""
    return any(one.chart is not None and _is_drawn(one, one.chart) for one in _apart(table))


def _is_drawn(table: Table, chart: Bars) -> bool:
    if chart.form == RANGE:
        low, high = (table.values(name) for name in chart.columns)
        return sum(map(bool, low)) >= _FEWEST_RANGES and low != high
    values = [value for name in chart.columns for value in table.values(name)]
    return sum(bool(value) for value in values) >= _FEWEST


def _sentences(table: Table, chart: Bars, title_of: Named, leading: Leading) -> tuple[list[Html], bool]:
    """Return for each column of a chart which rows have how much of it, and whether the others have none."""
    said_of, elsewhere = [], False
    for name in chart.columns[:1] if chart.form == RANGE else chart.columns:
        title = esc(t(table.column(name).title))
        some = [n for n, value in enumerate(table.values(name)) if value]
        shown = [
            Html(
                f"{name_of(table.columns[0], table.rows[n][0], title_of)} "
                f"({leading(table, n, name, esc(_counted(table, n, name)))})"
            )
            for n in some
        ]
        said_of.append(
            told("{column}: {values}.", column=title, values=join(shown, ", "))
            if some
            else told("{column}: none.", column=title)
        )
        if some and len(some) < len(table.rows) and len(chart.columns) == 1:
            elsewhere = True
    return said_of, elsewhere


def _counted(table: Table, number: int, name: str) -> str:
    """Return a value of a sentence: a share as so many of how many, where that is known; a time stays on one line."""
    text = said_in(table, number, name).replace(" ", "\u00a0")
    return table.part(number, name, WRITER, sys.maxsize) or text


def draw(
    table: Table, name: str, title_of: Named = esc, leading: Leading = _as_it_is, *, keys: bool = True
) -> Html:
    """Return the figure of a table's chart, nothing where it has none or no value to show; for the names see `picture`."""
    chart = table.chart
    if chart is None or most_of(table, chart) <= 0:
        return EMPTY
    if chart.form == OVER_TIME:
        names = [said(table.columns[0], row[0]) for row in table.rows]
        about = f"chart-{name}-about"
        return Html(
            f'<figure class="it-chart">{legend([table]) if keys else EMPTY}'
            f'<div role="img" aria-label="{esc(t(table.title))}" aria-describedby="{about}">'
            f"{_upright(table, chart, names)}</div>"
            f'<p class="it-vh" id="{about}">{_description(table, chart, names)}</p></figure>'
        )
    rows = _shown_rows(table, chart)
    elsewhere = any(row not in rows.rows and not reach(table, chart, row) for row in table.rows)
    rest = Html(f'<p class="it-muted">{esc(t("None elsewhere."))}</p>') if elsewhere else EMPTY
    if chart.form == RANGE:
        return Html(f'<figure class="it-chart">{ranges(rows, chart, title_of)}{rest}</figure>')
    return Html(
        f'<figure class="it-chart">{legend([table]) if keys else EMPTY}{lying(rows, chart, title_of, leading)}{rest}</figure>'
    )


def _shown_rows(table: Table, chart: Bars) -> Table:
    """Return the rows that have something to show: items by how much, what has an order of its own in that."""
    numbers = [n for n, row in enumerate(table.rows) if reach(table, chart, row)]
    if table.columns[0].form == ITEM:
        numbers.sort(key=lambda n: -reach(table, chart, table.rows[n]))
    return _with_rows(table, numbers[:_MOST_BARS])


def _description(table: Table, chart: Bars, names: Sequence[str]) -> Html:
    """Return the drawing in words: the largest value of each column."""
    sentences = []
    for name in chart.columns:
        column, values = table.column(name), table.values(name)
        at = max(range(len(values)), key=lambda n: number_of(values[n]))
        most = said_in(table, at, name)
        sentences.append(
            t("{column}: at most {value} ({name}).", column=t(column.title), value=most, name=names[at])
        )
    return esc(" ".join([*sentences, t("The table has every value.")]))


def _upright(table: Table, chart: Bars, labels: Sequence[str]) -> Html:
    """Return upright bars along time, a group for each row, with lines to read their height by."""
    share = table.column(chart.columns[0]).form == SHARE
    ceiling = _ceiling(most_of(table, chart), whole=not share)
    steps = [0.0, ceiling / 2, ceiling] if share or ceiling % 2 == 0 else [0.0, ceiling]
    names = [said(table.column(chart.columns[0]), round(s) if not share else s) for s in steps]
    parts = []
    for name, step in zip(names, steps, strict=True):
        y = _ABOVE + _PLOT * (1 - step / ceiling)
        parts.append(Html(f'<line x1="0" x2="100%" y1="{short(y)}" y2="{short(y)}"/>'))
        parts.append(
            Html(
                f'<text class="it-tick--up" x="-6" y="{short(y)}" dominant-baseline="central">{esc(name)}</text>'
            )
        )
    parts += _groups(table, chart, labels, ceiling)
    long = " it-plot--long" if max(map(len, names)) > _SHORT // 2 else ""
    return Html(f'<svg {SVG} class="it-plot{long}" height="{_ABOVE + _PLOT + _BELOW}">{join(parts)}</svg>')


def _groups(table: Table, chart: Bars, labels: Sequence[str], ceiling: float) -> list[Html]:
    room = 100 / len(labels)
    each = min(_WIDEST, room * 0.76 / len(chart.columns))
    most: float | None = most_of(table, chart)
    longest = (max(map(len, labels)) + 1) * LETTER
    narrow, wide = (ceil(longest / (room / 100 * plot)) for plot in (_NARROW, _WIDE))
    parts = []
    for number, label in enumerate(labels):
        middle = room * (number + 0.5)
        # What is nought keeps no place: the bars that are there stand over their label.
        drawn = [
            (name, look, value)
            for name, look in zip(chart.columns, chart.looks, strict=True)
            if (value := table.values(name)[number])
        ]
        x = middle - each * len(drawn) / 2
        for name, look, value in drawn:
            part = number_of(value) / ceiling
            is_most, most = value == most, None if value == most else most
            parts += _upright_bar(said_in(table, number, name), part, x, each, look, is_most=is_most)
            x += each
        from_last = len(labels) - 1 - number
        if from_last % wide == 0:
            css = "it-tick" if from_last % narrow == 0 else "it-tick it-tick--wide"
            parts.append(
                Html(
                    f'<text class="{css}" x="{short(middle)}%" y="{_ABOVE + _PLOT + 17}">{esc(label)}</text>'
                )
            )
    return parts


def _upright_bar(
    label: str, part: float, left: float, wide: float, look: str, *, is_most: bool
) -> list[Html]:
    """Return a bar of a part of the height, and its value above it where there is room; nothing of nothing.

    On a telephone numbers side by side need a gap between them, and the highest bar always has its own.
    """
    if not part:
        return []
    top = _ABOVE + _PLOT * (1 - part)
    bar = mark(left, top, wide, _PLOT * part, look)
    needed = len(label) * LETTER / (wide / 100)
    if needed > _WIDE and not is_most:
        return [bar]
    css = "it-tick" if is_most or needed + _GAP / (wide / 100) <= _NARROW else "it-tick it-tick--wide"
    place = f'x="{short(left + wide / 2)}%" y="{short(top - 4)}"'
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
    some = sum(bool(reach(table, chart, row)) for row in table.rows)
    return Phrase("The chart shows the first {count} rows.", count=_MOST_BARS) if some > _MOST_BARS else ""
