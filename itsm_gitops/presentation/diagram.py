"""Diagrams of configuration items as SVG: no script, colours from the page, every box a link."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from itsm_gitops.presentation.language import counted, t
from itsm_gitops.presentation.layout import Placed, place
from itsm_gitops.presentation.markup import EMPTY, ROOT, Html, esc, join, link, shorten

_WIDTH, _HEIGHT = 188, 62
_COLUMN, _ROW = _WIDTH + 56, _HEIGHT + 16
_MARGIN = 8
_LETTERS = 18
_SMALL_LETTERS = 26
_SHRINK = 720
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
    """One node: ``look`` is a status word of the program; ``focus`` marks what the picture is about."""

    id: str
    title: str
    below: str
    url: str
    look: str = ""
    focus: bool = False


class Arrow(NamedTuple):
    """An edge from a dependent to what it needs; ``title`` says the relation in words."""

    source: str
    target: str
    title: str


def draw(caption: str, boxes: Sequence[Box], arrows: Iterable[Arrow], more: int = 0) -> Html:
    """Return a figure: the drawing, and the same as a list for those who cannot use a drawing.

    ``caption`` is plain text; ``more`` says how many further boxes there was no room for. Nothing
    is returned when there are fewer than two boxes.
    """
    if len(boxes) < 2:
        return EMPTY
    edges = sorted(set(arrows))
    placed = place([b.id for b in boxes], [(a.source, a.target) for a in edges])
    width = len(placed.layers) * _COLUMN - (_COLUMN - _WIDTH) + 2 * _MARGIN
    height = round(max(y for _, y in placed.position.values()) * _ROW + _HEIGHT + 2 * _MARGIN)
    wide = ' class="it-map__wide"' if width > _SHRINK else ""
    lines = join(_line(placed, a) for a in edges if (a.source, a.target) in placed.routes)
    shapes = join(_box(placed, b) for b in boxes)
    rest = (
        " " + counted(more, "{count} more is not shown.", "{count} more are not shown.") if more > 0 else ""
    )
    return Html(
        f'<figure class="it-map"><div class="it-map__view" tabindex="0" role="group" aria-label="{esc(caption)}">'
        f'<svg{wide} xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}">{lines}{shapes}</svg></div>'
        f"<figcaption>{esc(caption + rest)}</figcaption></figure>{_as_list(boxes, edges)}"
    )


def _corner(placed: Placed, node: str) -> tuple[int, int]:
    column, row = placed.position[node]
    return _MARGIN + column * _COLUMN, round(_MARGIN + row * _ROW)


def _line(placed: Placed, arrow: Arrow) -> Html:
    route = placed.routes[arrow.source, arrow.target]
    points = [_corner(placed, n) for n in route]
    if points[0][0] > points[-1][0]:
        points.reverse()
    middle = _HEIGHT // 2
    x, y = points[0][0] + _WIDTH, points[0][1] + middle
    path = f"M{x} {y}"
    for index, (left, top) in enumerate(points[1:], 2):
        bend = (left - x) // 2
        path += f"C{x + bend} {y} {left - bend} {top + middle} {left} {top + middle}"
        x, y = left, top + middle
        if index < len(points):
            x = left + _WIDTH
            path += f"H{x}"
    return Html(f'<path class="it-map__line" d="{path}"/>')


def _box(placed: Placed, box: Box) -> Html:
    left, top = _corner(placed, box.id)
    css = "it-map__box" + (f" it-map__box--{box.look}" if box.look else "")
    css += " it-map__box--focus" if box.focus else ""
    lines = _lines(box.title)
    first = 30 if len(lines) == 1 else 21
    names = "".join(f'<text x="28" y="{first + 15 * n}">{esc(line)}</text>' for n, line in enumerate(lines))
    below = esc(shorten(box.below, _SMALL_LETTERS))
    # A nested drawing clips: the width of a text depends on the reader's fonts.
    inner = (
        f"<title>{esc(box.title)} ({esc(box.below)})</title>"
        f'<svg x="{left - 2}" y="{top - 2}" width="{_WIDTH + 4}" height="{_HEIGHT + 4}">'
        f'<rect x="2" y="2" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>{_sign(box.look, 17, first - 4)}'
        f'{names}<text class="it-map__below" x="28" y="{first + 15 * len(lines) + 1}">{below}</text></svg>'
    )
    if not box.url:
        return Html(f'<g class="{css}">{inner}</g>')
    return Html(f'<a class="{css}" href="{ROOT}{esc(box.url)}">{inner}</a>')


def _sign(look: str, x: int, y: int) -> str:
    """Return the sign of a status: its shape carries the meaning for readers who do not see its colour."""
    return f'<path class="it-map__sign" transform="translate({x} {y})" d="{SIGNS[look]}"/>'


def _lines(title: str) -> list[str]:
    """Break a title into at most two lines of a box, as even as can be, between words where that can be."""
    if len(title) <= _LETTERS:
        return [title]
    spaces = [i for i, letter in enumerate(title) if letter == " " and 0 < i <= _LETTERS]
    fitting = [i for i in spaces if len(title) - i - 1 <= _LETTERS]
    if fitting:
        at = min(fitting, key=lambda i: abs(2 * i - len(title)))
        return [title[:at], title[at + 1 :]]
    at = spaces[-1] if spaces else _LETTERS
    return [title[:at], shorten(title[at:].strip(), _LETTERS)]


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
