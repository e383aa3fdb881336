"""The picture of an item's surroundings: what relies on it and what it needs, one or two steps far.

It is small, because the list below it and the map have the rest: what is alike becomes one box where there is no
room for all, and of what is still too much the worst is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.diagram import Arrow, Box, draw, extent
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, link
from itsm_gitops.presentation.pages import dependents
from itsm_gitops.presentation.pages.maps import arrows_between, box_of
from itsm_gitops.presentation.pages.parts import paragraph, section
from itsm_gitops.presentation.remainder import and_more
from itsm_gitops.presentation.topology import LOOKS, look_of
from itsm_gitops.presentation.view import View

_NONE = "No dependencies are recorded: nothing relies on it, and it needs nothing."
_COLUMNS, _HEIGHT = 4, 424  # more has no room beside the details, and pushes the records off the first screen
_ROWS = 5
_MOST_NEAR = 26  # neighbours that can be drawn with theirs
USERS, NEEDS = -1, 1
# What a picture shows, beside each other and one below the other, by whether something relies on the item and whether it needs
# something.
_CAPTIONS = {
    (True, True): (
        "Left of {name}: what relies on it. Right: what it needs.",
        "Above {name}: what relies on it. Below: what it needs.",
    ),
    (True, False): ("Left of {name}: what relies on it.", "Above {name}: what relies on it."),
    (False, True): ("Right of {name}: what it needs.", "Below {name}: what it needs."),
}


def item_map(view: View, identifier: str) -> Html:
    """Return a section with what an item needs and what relies on it, with their health now.

    An item outside the network has none; one without recorded dependencies gets a sentence.
    """
    entry = view.entries[identifier]
    if not view.kind(entry).operational:
        return EMPTY
    boxes, arrows = _fitting(view, identifier)
    if len(boxes) < 2:
        return section("Dependencies", paragraph(_NONE), "map")
    name = entry.title or identifier
    relied, needing = (
        any(n in view.entries for n in _near(view.graph, identifier, way)) for way in (USERS, NEEDS)
    )
    beside, rows = _CAPTIONS[relied, needing]
    picture = draw(
        t(beside, name=name),
        boxes,
        arrows,
        rows=t(rows, name=name),
        listed=_listed(view, identifier),
    )
    more_of = link(urls.map_of(identifier), esc(t("Open in the map")))
    return section("Dependencies", Html(f"{picture}<p class=it-next>{more_of}</p>"), "map", css="it-near")


def _listed(view: View, identifier: str) -> Html:
    """Return everything that the item needs directly and everything that depends on it, behind a line that opens it."""
    content = dependents.in_words(view, identifier)
    return Html(f"<details class=it-more><summary>{esc(t('As a list'))}</summary>{content}</details>")


def _fitting(view: View, identifier: str) -> tuple[list[Box], list[Arrow]]:
    """Return the boxes and arrows of as much of the surroundings as there is room for."""
    for users, needs in product((2, 1), repeat=2):
        level = _levels(view, identifier, {USERS: users, NEEDS: needs})
        if len(level) > _MOST_NEAR and (users, needs) != (1, 1):
            continue
        arrows = [a for a in arrows_between(view, level) if level[a.target] - level[a.source] == 1]
        for alike in (_each(level), _alike(view, level, arrows)):
            boxes, drawn = _gathered(view, identifier, alike, arrows)
            columns, height = extent(boxes, drawn)
            if columns <= _COLUMNS and height <= _HEIGHT:
                return boxes, drawn
    return _gathered(view, identifier, _cut(alike, level), arrows)


def _levels(view: View, identifier: str, steps: Mapping[int, int]) -> dict[str, int]:
    """Return how many steps what is near lies to the right (what is needed) or the left of an item, by identifier."""
    looks = list(LOOKS)
    level = {identifier: 0}
    for way, far in steps.items():
        ring = [identifier]
        for step in range(1, far + 1):
            near = {
                n for i in ring for n in _near(view.graph, i, way) if n not in level and n in view.entries
            }
            # What is not well comes first, so that it is never among those there is no room for.
            ring = sorted(near, key=lambda i: (looks.index(look_of(view, i)), view.title(i).lower(), i))
            level |= dict.fromkeys(ring, way * step)
    return level


def _near(graph: ImpactGraph, item: str, way: int) -> Iterable[str]:
    return graph.dependents.get(item, ()) if way == USERS else dependents.needed(graph, item)


def _each(level: Mapping[str, int]) -> list[list[str]]:
    return [[item] for item in level]


def _alike(view: View, level: Mapping[str, int], arrows: Iterable[Arrow]) -> list[list[str]]:
    """Return the items, together where they have the same class, the same status and the same lines."""
    lines: dict[str, set[tuple[str, str, str]]] = {}
    for source, target, title in arrows:
        lines.setdefault(source, set()).add(("to", target, title))
        lines.setdefault(target, set()).add(("from", source, title))
    found: dict[object, list[str]] = {}
    for item, step in level.items():
        same = (step, view.entries[item].kind, look_of(view, item), frozenset(lines.get(item, ())))
        found.setdefault(same, []).append(item)
    return list(found.values())


def _cut(groups: Sequence[list[str]], level: Mapping[str, int]) -> list[list[str]]:
    """Return the first groups on each side of an item, and one of all that there is no room for."""
    kept = [group for group in groups if not level[group[0]]]
    for way in (USERS, NEEDS):
        side = [group for group in groups if level[group[0]] == way]
        fits = len(side) if len(side) <= _ROWS - 1 else _ROWS - 2
        rest = [item for group in side[fits:] for item in group]
        kept += [*side[:fits], *([["", *rest]] if rest else [])]
    return kept


def _gathered(
    view: View, identifier: str, groups: Iterable[list[str]], arrows: Iterable[Arrow]
) -> tuple[list[Box], list[Arrow]]:
    """Return a box for each group, and the lines between them."""
    boxes = [_box(view, identifier, group) for group in groups]
    place = {item: box.id for box, group in zip(boxes, groups, strict=True) for item in group}
    drawn = {Arrow(place[a.source], place[a.target], a.title) for a in arrows}
    return boxes, sorted(drawn)


def _box(view: View, identifier: str, group: Sequence[str]) -> Box:
    first, *others = group
    if not others:
        return box_of(view, first, look_of(view, first), first == identifier)
    members = [item for item in group if item]
    names = list(map(view.title, members))
    one = box_of(view, members[0], look_of(view, members[0]), False)
    where = urls.map_of(identifier)
    if not first:
        return Box(f"{members[0]}+", and_more(len(members)), t("on the map"), where)
    kinds = view.kind(view.entries[first]).plural_title
    return Box(f"{first}+", f"{kinds} ({len(members)})", kinds, where, one.look, said=one.said, names=names)
