"""Diagrams of configuration items: no script, colours from the page, every box a link.

Where there is room a diagram is a drawing (SVG) from left to right, never scaled, so that its words can be
read. Where there is none it is the same boxes as rows from top to bottom; the style sheet shows one of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import NamedTuple

from itsm_gitops.presentation.language import counted, t
from itsm_gitops.presentation.layout import Placed, place
from itsm_gitops.presentation.markup import EMPTY, ROOT, Html, esc, join, link, shorten

_HEIGHT, _TALL = 62, 74  # of a box: the second where a title of the drawing needs three lines
_BETWEEN = 16  # rows
_MARGIN = 8
# No page has room for more; such a diagram is rows everywhere.
MOST_COLUMNS = 7
# A disc, a cross in a square, a triangle, an open triangle, an open square, a diamond, a ring.
SIGNS = {
    "operational": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0",
    "outage": "M-6-6H6V6H-6zM-3.6-2.2-2.2-3.6 0-1.4 2.2-3.6 3.6-2.2 1.4 0 3.6 2.2 2.2 3.6 0 1.4-2.2 3.6-3.6 2.2-1.4 0z",
    "degraded": "M0-6.5 6.5 5.5H-6.5zM-.9-2.5V1.8H.9V-2.5zM-.9 2.8V4.4H.9V2.8z",
    "risk": "M0-6.5 6.5 5.5H-6.5zM0-3.2-3.6 3.7H3.6z",
    "unknown": "M-5.5-5.5H5.5V5.5H-5.5zM-3.7-3.7V3.7H3.7V-3.7z",
    "maintenance": "M0-6.5 6.5 0 0 6.5-6.5 0z",
    "": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0M-3 0a3 3 0 1 1 6 0a3 3 0 1 1-6 0",
}


@dataclass(frozen=True, slots=True)
class Box:
    """One node: ``said`` is its status in words, ``look`` the status itself; ``focus`` marks what the picture is about."""

    id: str
    title: str
    kind: str
    url: str
    look: str = ""
    focus: bool = False
    said: str = ""

    @property
    def below(self) -> str:
        """What stands below the title: the class, and the status if it is worth a word."""
        return f"{self.kind} · {self.said}" if self.said else self.kind


_LINE, _MOST_LINES = 15, 3


class _Size(NamedTuple):
    """How wide and high a box and how wide the gap to the next column is, and how many letters a title and the words below it have."""

    width: int
    gap: int
    letters: int
    small: int
    height: int = _HEIGHT

    @property
    def row(self) -> int:
        """How far apart the tops of two boxes of a column are."""
        return self.height + _BETWEEN


# By the number of columns: the more there are, the narrower, so that all of them fit in the width of a page.
_SIZES = {4: _Size(188, 48, 18, 23), 6: _Size(160, 36, 16, 19), MOST_COLUMNS: _Size(142, 30, 14, 16)}


class Arrow(NamedTuple):
    """An edge from a dependent to what it needs; ``title`` says the relation in words."""

    source: str
    target: str
    title: str


def columns(boxes: Sequence[Box], arrows: Iterable[Arrow]) -> int:
    """Return how many columns a drawing of these boxes has."""
    return len(place([b.id for b in boxes], [(a.source, a.target) for a in arrows]).layers)


def draw(caption: str, boxes: Sequence[Box], arrows: Iterable[Arrow], more: int = 0, rows: str = "") -> Html:
    """Return a figure: the drawing, the same as rows, and as a list for those who cannot use a drawing.

    ``caption`` is plain text, ``rows`` the caption where the boxes stand in rows, if it differs; ``more``
    says how many further boxes there was no room for. Nothing is returned when there are fewer than two boxes.
    """
    if len(boxes) < 2:
        return EMPTY
    edges = sorted(set(arrows))
    placed = place([b.id for b in boxes], [(a.source, a.target) for a in edges])
    number = len(placed.layers)
    fits = number <= MOST_COLUMNS
    drawing = _drawing(placed, boxes, edges) if fits else EMPTY
    rest = counted(more, "{count} more is not shown.", "{count} more are not shown.") if more > 0 else ""
    captions = [(" class=it-map__wide", caption), (" class=it-map__slim", rows)] if rows else [("", caption)]
    said = join([Html(f"<span{css}>{esc(words)}</span>") for css, words in [*captions, ("", rest)] if words])
    return Html(
        f'<figure class="it-map it-map--{number if fits else "rows"}">{drawing}{_rows(placed, boxes)}'
        f"<figcaption>{said}</figcaption></figure>{_as_list(boxes, edges)}"
    )


def _drawing(placed: Placed, boxes: Sequence[Box], edges: Sequence[Arrow]) -> Html:
    number = len(placed.layers)
    size = next(size for most, size in _SIZES.items() if number <= most)
    if any(len(_lines(b.title, size.letters)) == _MOST_LINES for b in boxes):
        size = size._replace(height=_TALL)
    width = number * (size.width + size.gap) - size.gap + 2 * _MARGIN
    height = round(max(y for _, y in placed.position.values()) * size.row + size.height + 2 * _MARGIN)
    lines = join(_line(placed, a, size) for a in edges if (a.source, a.target) in placed.routes)
    shapes = join(_box(placed, b, size) for b in boxes)
    return Html(
        f'<div class="it-map__view"><svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}">{lines}{shapes}</svg></div>'
    )


def _rows(placed: Placed, boxes: Sequence[Box]) -> Html:
    """Return the boxes layer by layer: what relies on others above what it needs."""
    by_id = {b.id: b for b in boxes}
    rows = ([by_id[node] for node in layer if node in by_id] for layer in placed.layers)
    return Html(
        f"<ol class=it-map__rows>{join([Html(f'<li>{join(map(_in_row, row))}') for row in rows if row])}</ol>"
    )


def _in_row(box: Box) -> Html:
    sign = f'<svg viewBox="-8 -8 16 16" aria-hidden="true"><path class="it-map__sign" d="{SIGNS[box.look]}"/></svg>'
    return _linked(box, Html(f"{sign}<b>{esc(box.title)}</b> <small>{esc(box.below)}</small>"))


def _linked(box: Box, content: Html, other: str = "span") -> Html:
    """Return a box around its content: a link where it has a page, else an element called ``other``."""
    css = "it-map__box" + (f" it-map__box--{box.look}" if box.look else "")
    css += " it-map__box--focus" if box.focus else ""
    if not box.url:
        return Html(f'<{other} class="{css}">{content}</{other}>')
    return Html(f'<a class="{css}" href="{ROOT}{esc(box.url)}">{content}</a>')


def _corner(placed: Placed, node: str, size: _Size) -> tuple[int, int]:
    column, row = placed.position[node]
    return _MARGIN + column * (size.width + size.gap), round(_MARGIN + row * size.row)


def _line(placed: Placed, arrow: Arrow, size: _Size) -> Html:
    route = placed.routes[arrow.source, arrow.target]
    points = [_corner(placed, n, size) for n in route]
    if points[0][0] > points[-1][0]:
        points.reverse()
    middle = size.height // 2
    x, y = points[0][0] + size.width, points[0][1] + middle
    path = f"M{x} {y}"
    for index, (left, top) in enumerate(points[1:], 2):
        bend = (left - x) // 2
        path += f"C{x + bend} {y} {left - bend} {top + middle} {left} {top + middle}"
        x, y = left, top + middle
        if index < len(points):
            x = left + size.width
            path += f"H{x}"
    return Html(f'<path class="it-map__line" d="{path}"/>')


def _box(placed: Placed, box: Box, size: _Size) -> Html:
    left, top = _corner(placed, box.id, size)
    lines = _lines(box.title, size.letters)
    first = (
        size.height - _LINE * len(lines)
    ) // 2 + 6  # the first baseline: title and class stand in the middle
    names = "".join(
        f'<text x="28" y="{first + _LINE * n}">{esc(line)}</text>' for n, line in enumerate(lines)
    )
    # The status is more than the class: where both have no room it stands alone.
    said = box.below if len(box.below) <= size.small else box.said or box.kind
    below = esc(shorten(said, size.small))
    # A nested drawing clips: the width of a text depends on the reader's fonts.
    inner = (
        f"<title>{esc(box.title)} ({esc(box.below)})</title>"
        f'<svg x="{left - 2}" y="{top - 2}" width="{size.width + 4}" height="{size.height + 4}">'
        f'<rect x="2" y="2" width="{size.width}" height="{size.height}" rx="8"/>{_sign(box.look, 17, first - 4)}'
        f'{names}<text class="it-map__below" x="28" y="{first + _LINE * len(lines) + 1}">{below}</text></svg>'
    )
    return _linked(box, Html(inner), "g")


def _sign(look: str, x: int, y: int) -> str:
    """Return the sign of a status: its shape carries the meaning for readers who do not see its colour."""
    return f'<path class="it-map__sign" transform="translate({x} {y})" d="{SIGNS[look]}"/>'


def _lines(title: str, letters: int) -> list[str]:
    """Break a title into two lines of a box, as even as can be, or else three, between words where that can be."""
    if len(title) <= letters:
        return [title]
    spaces = [i for i, letter in enumerate(title) if letter == " " and 0 < i <= letters]
    fitting = [i for i in spaces if len(title) - i - 1 <= letters]
    if fitting:
        at = min(fitting, key=lambda i: abs(2 * i - len(title)))
        return [title[:at], title[at + 1 :]]
    lines = wrap(title, letters)
    if len(lines) <= _MOST_LINES:
        return lines
    *shown, _ = lines[:_MOST_LINES]
    return [*shown, shorten(" ".join(lines[len(shown) :]), letters)]


def _as_list(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> Html:
    names = {b.id: _name(b) for b in boxes}
    items = "".join(
        f"<li>{names[a.source]} <em>{esc(a.title)}</em> {names[a.target]}</li>"
        for a in arrows
        if a.source in names and a.target in names
    )
    return (
        Html(f'<details class="it-more"><summary>{esc(t("As a list"))}</summary><ul>{items}</ul></details>')
        if items
        else EMPTY
    )


def _name(box: Box) -> Html:
    return link(box.url, esc(box.title)) if box.url else esc(box.title)
