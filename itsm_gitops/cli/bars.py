"""Bars of block characters beside the rows of a table."""

from __future__ import annotations

from itsm_gitops.cli.render import Style, pad
from itsm_gitops.model.report import STACKED, Bars, Cell, Table
from itsm_gitops.model.text import shorten

_COLOURS = {
    "blue": "blue",
    "green": "green",
    "amber": "yellow",
    "red": "red",
    "grey": "cyan",
    **dict.fromkeys(("step1", "step2", "step3", "step4", "step5"), "blue"),
}
_GAP = "  "
_LEAST, _MOST = 7, 32
_EIGHTHS = " ▏▎▍▌▋▊▉"
# Where there are no colours, and on an ordered scale, which has one, the parts of a bar differ by their density.
_SHADES = "█▓▒░▚"


def legend(table: Table, style: Style) -> str:
    """Return what the parts of stacked bars mean; nothing where a bar has one part."""
    chart = table.chart
    if chart is None or len(chart.columns) < 2 or chart.form != STACKED:
        return ""
    pairs = zip(chart.columns, chart.looks, strict=True)
    return "  ".join(
        f"{style.paint(_mark(n, look, style), _COLOURS[look])} {table.column(name).title.lower()}"
        for n, (name, look) in enumerate(pairs)
    )


def longest(table: Table) -> float:
    """Return the value that fills the whole room."""
    return max((_reach(table.chart, _values(table, row)) for row in range(len(table.rows))), default=0)


def lanes(table: Table, room: int) -> int:
    """Return how many cells the bar of each column gets; 0 where there is no room to tell them apart."""
    chart = table.chart
    if chart is None:
        return 0
    if chart.form == STACKED:
        return min(room, _MOST) if room >= _LEAST else 0
    count = len(chart.columns)
    each = (min(room, _MOST * count) - len(_GAP) * (count - 1)) // count
    return each if each >= _LEAST else 0


def head(table: Table, cells: int) -> str:
    """Return the names above bars that stand beside each other; nothing above a single one."""
    chart = table.chart
    if chart is None or chart.form == STACKED:
        return ""
    names = (shorten(table.column(name).title, cells) for name in chart.columns)
    return _GAP.join(pad(name, cells) for name in names).rstrip()


def bar(table: Table, row: int, most: float, cells: int, style: Style) -> str:
    """Return the bars of one row, each ``cells`` wide for the value ``most``; stacked ones are one bar."""
    chart = table.chart
    if chart is None or most <= 0:
        return ""
    values = _values(table, row)
    if chart.form != STACKED or len(values) == 1:
        marks = [_exact(v / most * cells) for v in values]
        colours = [_COLOURS[look] for look in chart.looks]
        texts = [style.paint(d, c) + " " * (cells - len(d)) for d, c in zip(marks, colours, strict=True)]
        return _GAP.join(texts).rstrip()
    text, reach, reached = "", 0, 0.0
    for number, value in enumerate(values):
        reached += value
        end = max(round(reached / most * cells), reach + (value > 0 and reach < cells))
        look = chart.looks[number]
        text += style.paint(_mark(number, look, style) * (end - reach), _COLOURS[look])
        reach = end
    return text


def _mark(number: int, look: str, style: Style) -> str:
    return "█" if style.on and not look.startswith("step") else _SHADES[number]


def _values(table: Table, row: int) -> list[float]:
    names = table.chart.columns if table.chart else ()
    cells: list[Cell] = [table.values(name)[row] for name in names]
    return [v if isinstance(v, int | float) else 0 for v in cells]


def _reach(chart: Bars | None, values: list[float]) -> float:
    if chart is None or not values:
        return 0
    return sum(values) if chart.form == STACKED else max(values)


def _exact(cells: float) -> str:
    """Return a bar to an eighth of a cell; something is always seen of something."""
    eighths = max(round(cells * 8), 1 if cells > 0 else 0)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
