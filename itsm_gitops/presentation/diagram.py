"""Diagrams of configuration items: no script, colours from the page, every box a link.

Where there is room a diagram is a drawing (SVG) from left to right, never scaled, so that its words can be
read. Where there is none it is the same boxes as rows from top to bottom; the style sheet shows one of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from itsm_gitops.presentation.language import counted, t
from itsm_gitops.presentation.layout import Placed, place
from itsm_gitops.presentation.lettering import MOST_LINES, cut, title_lines, wide, wrapped
from itsm_gitops.presentation.markup import EMPTY, ROOT, Html, esc, join, link
from itsm_gitops.presentation.remainder import and_more

_PADDING, _BETWEEN = 16, 14  # above and below the lines of a box, and from box to box
_MARGIN = 8
_APART, _SNAP = 14, 6  # the ends of lines at a box; lines that rise less are straight
_SAMPLES = 32  # points of a curve that are looked at
# No page has room for more; such a diagram is rows everywhere.
MOST_COLUMNS = 5
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
    """One node: ``said`` is its status in words, ``look`` the status itself; ``focus`` marks what the picture is about.

    A node that stands for several has their names in ``names``, in the place of the class.
    """

    id: str
    title: str
    kind: str
    url: str
    look: str = ""
    focus: bool = False
    said: str = ""
    names: Sequence[str] = ()

    @property
    def below(self) -> str:
        """What stands below the title: the class or the first names, and the status if it is worth a word."""
        first = self.first(_MOST_NAMED) if self.names else self.kind
        return f"{first} · {self.said}" if self.said else first

    def first(self, most: int) -> str:
        """Return some of the names in words, and how many there are beside them."""
        named = "; ".join(self.names[:most])  # a name may have a comma in it
        rest = and_more(len(self.names) - most).replace(" ", "\u00a0")  # stands on one line
        return f"{named} {rest}" if len(self.names) > most else named


_MOST_NAMED, _MOST_TITLED = 3, 12
_LINE = 15
_SIGN, _EDGE = 28, 5  # what words leave free of a box: the sign before them, and its edge
_TITLE, _BELOW = 12.5, 10.5  # pixels of the type; below the title it is smaller and lighter


class _Size(NamedTuple):
    """How wide and high a box and how wide the gap to the next column is."""

    width: int
    gap: int
    height: int = 0

    def letters(self, type_size: float) -> float:
        """Return how many ems of a type have room on a line."""
        return (self.width - _SIGN - _EDGE) / type_size

    @property
    def row(self) -> int:
        """How far apart the tops of two boxes of a column are."""
        return self.height + _BETWEEN

    def lines(self, box: Box) -> tuple[list[str], list[str]]:
        """Return the lines of a box: those of its title, and those below: the class and the status."""
        return title_lines(box.title, self.letters(_TITLE)), self._below(box)

    def _below(self, box: Box) -> list[str]:
        room = self.letters(_BELOW)
        if box.names:
            return _names(box, room)
        if wide(box.below) <= room:
            return [box.below]
        if box.said:
            kind = f"{box.kind} ·" if wide(f"{box.kind} ·") <= room else cut(box.kind, room)
            return [kind, cut(box.said, room)]
        return wrapped(box.kind, room)


def _names(box: Box, room: float) -> list[str]:
    """Return the lines below the title of several: as many whole names as have room, how many more there are, the status."""
    said = [cut(box.said, room)] if box.said else []
    most = MOST_LINES - len(said)
    for number in range(min(len(box.names), _MOST_TITLED), 0, -1):
        lines = wrapped(box.first(number), room, most)
        if not lines[-1].endswith("…"):
            return [*lines, *said]
    rest = [and_more(len(box.names) - 1)] if len(box.names) > 1 else []
    return [cut(box.names[0], room), *rest, *said]


# By the number of columns: the more there are, the narrower, so that all of them fit beside the details of a page.
_SIZES = {3: _Size(184, 64), 4: _Size(168, 34), MOST_COLUMNS: _Size(134, 26)}


def _size(number: int, boxes: Iterable[Box]) -> _Size:
    """Return the size of boxes in a number of columns: as high as the fullest one needs."""
    size = next((size for most, size in _SIZES.items() if number <= most), _SIZES[MOST_COLUMNS])
    most = max(sum(map(len, size.lines(b))) for b in boxes)
    return size._replace(height=_PADDING + _LINE * max(most, 2))


class Arrow(NamedTuple):
    """An edge from a dependent to what it needs; ``title`` says the relation in words."""

    source: str
    target: str
    title: str


class Extent(NamedTuple):
    """How much room a drawing takes: its columns, and its height in pixels."""

    columns: int
    height: int


def extent(boxes: Sequence[Box], arrows: Iterable[Arrow]) -> Extent:
    """Return how much room a drawing of these boxes takes."""
    placed = place([b.id for b in boxes], [(a.source, a.target) for a in arrows])
    return Extent(len(placed.layers), _height(placed, _size(len(placed.layers), boxes)))


def draw(
    caption: str,
    boxes: Sequence[Box],
    arrows: Iterable[Arrow],
    more: int = 0,
    rows: str = "",
    listed: Html = EMPTY,
) -> Html:
    """Return a figure: the drawing, the same as rows, and as a list for those who cannot use a drawing.

    ``caption`` is plain text, ``rows`` the caption where the boxes stand in rows, if it differs; ``more``
    says how many further boxes there was no room for; ``listed`` is the list where it says more than the lines of the
    drawing. Nothing is returned when there are fewer than two boxes.
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
        f"<figcaption>{said}</figcaption></figure>{listed or _as_list(boxes, edges)}"
    )


def _drawing(placed: Placed, boxes: Sequence[Box], edges: Sequence[Arrow]) -> Html:
    number = len(placed.layers)
    size = _size(number, boxes)
    width = number * (size.width + size.gap) - size.gap + 2 * _MARGIN
    height = _height(placed, size)
    lines = _drawn_lines(placed, [a for a in edges if (a.source, a.target) in placed.routes], size)
    shapes = join(_box(placed, b, size) for b in boxes)
    return Html(
        f'<div class="it-map__view"><svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}">{lines}{shapes}</svg></div>'
    )


def _height(placed: Placed, size: _Size) -> int:
    return round(max(y for _, y in placed.position.values()) * size.row + size.height + 2 * _MARGIN)


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


def _drawn_lines(placed: Placed, arrows: Sequence[Arrow], size: _Size) -> Html:
    """Return the lines from what needs something to what it needs, each with a head at its end."""
    routes = []
    for arrow in arrows:
        route = placed.routes[arrow.source, arrow.target]
        back = placed.position[route[0]][0] > placed.position[route[-1]][0]
        routes.append((route[::-1] if back else route, back))
    ports = _ports(placed, [route for route, _ in routes], size)
    return join(
        _line(placed, route, (ports[n, True], ports[n, False]), size, back=back)
        for n, (route, back) in enumerate(routes)
    )


def _ports(placed: Placed, routes: Sequence[tuple[str, ...]], size: _Size) -> dict[tuple[int, bool], int]:
    """Return at which height each line leaves its box (True) and comes to the next: apart, in the order of where they lead."""
    sides: dict[tuple[str, bool], list[tuple[float, int]]] = {}
    for number, route in enumerate(routes):
        for node, near, leaves in ((route[0], route[1], True), (route[-1], route[-2], False)):
            sides.setdefault((node, leaves), []).append((placed.position[near][1], number))
    found = {}
    for (node, leaves), those in sides.items():
        middle = _corner(placed, node, size)[1] + size.height // 2
        step = min(_APART, (size.height - _PADDING) / len(those))
        for rank, (_, number) in enumerate(sorted(those)):
            found[number, leaves] = round(middle + (rank - (len(those) - 1) / 2) * step)
    return found


def _line(placed: Placed, route: Sequence[str], ends: tuple[int, int], size: _Size, *, back: bool) -> Html:
    points = [_corner(placed, n, size) for n in route]
    start, y = points[0][0] + size.width, ends[0]
    end, last = points[-1][0], ends[1]
    if abs(last - y) <= _SNAP:
        y = last
    if len(points) == 2 or _is_clear(placed, route, (start, y, end, last), size):
        path = f"M{start} {y}{_curve(start, y, end, last)}"
    else:
        path, x = f"M{start} {y}", start
        for left, top in points[1:-1]:
            lane = top + size.height // 2
            path += f"{_curve(x, y, left, lane)}H{left + size.width}"
            x, y = left + size.width, lane
        path += _curve(x, y, end, last)
    tip, tail, level = (start, start + 5, ends[0]) if back else (end, end - 5, last)
    return Html(
        f'<path class="it-map__line" d="{path}M{tail} {level - 3}L{tip} {level}L{tail} {level + 3}"/>'
    )


def _curve(x: int, y: int, left: int, top: int) -> str:
    bend = (left - x) // 2
    return f"H{left}" if y == top else f"C{x + bend} {y} {left - bend} {top} {left} {top}"


def _is_clear(placed: Placed, route: Sequence[str], way: tuple[int, int, int, int], size: _Size) -> bool:
    """Whether a line over several columns can be one curve: it crosses no box on its way."""
    x, y, left, top = way
    between = {placed.position[bend][0] for bend in route[1:-1]}
    corners = [
        _corner(placed, n, size)
        for n, (column, _) in placed.position.items()
        if column in between and "\0" not in n
    ]
    for sample in range(1, _SAMPLES):
        part = sample / _SAMPLES
        across = x + (left - x) * (1.5 * part * (1 - part) + part**3)
        down = y + (top - y) * part * part * (3 - 2 * part)
        if any(
            a - 6 < across < a + size.width + 6 and b - 6 < down < b + size.height + 6 for a, b in corners
        ):
            return False
    return True


def _box(placed: Placed, box: Box, size: _Size) -> Html:
    left, top = _corner(placed, box.id, size)
    lines, below = size.lines(box)
    # The first baseline: title and class stand in the middle.
    first = (size.height - _LINE * (len(lines) + len(below))) // 2 + 12
    names = "".join(
        f'<text x="28" y="{first + _LINE * n}">{esc(line)}</text>' for n, line in enumerate(lines)
    )
    after = "".join(
        f'<text class="it-map__below" x="28" y="{first + _LINE * n + 1}">{esc(line)}</text>'
        for n, line in enumerate(below, len(lines))
    )
    # A nested drawing clips: the width of a text depends on the reader's fonts.
    inner = (
        f"<title>{esc(box.title)} ({esc(box.first(_MOST_TITLED) if box.names else box.below)})</title>"
        f'<svg x="{left - 2}" y="{top - 2}" width="{size.width + 4}" height="{size.height + 4}">'
        f'<rect x="2" y="2" width="{size.width}" height="{size.height}" rx="8"/>{_sign(box.look, 17, first - 4)}'
        f"{names}{after}</svg>"
    )
    return _linked(box, Html(inner), "g")


def _sign(look: str, x: int, y: int) -> str:
    """Return the sign of a status: its shape carries the meaning for readers who do not see its colour."""
    return f'<path class="it-map__sign" transform="translate({x} {y})" d="{SIGNS[look]}"/>'


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
