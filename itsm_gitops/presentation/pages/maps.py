"""The diagram of what a failure hits, and the pieces of every diagram of items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from itsm_gitops.graph.impact import Effect, edges_between
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation.diagram import MOST_COLUMNS, Arrow, Box, draw, extent
from itsm_gitops.presentation.language import t, told, within
from itsm_gitops.presentation.markup import EMPTY, Html, esc
from itsm_gitops.presentation.pages import dependents
from itsm_gitops.presentation.remainder import joined
from itsm_gitops.presentation.view import View

MOST_BOXES = 26
_DEPTH, _MOST_NAMED, _MOST_HIT = 3, 3, 8

_EFFECT_LOOKS = {
    Effect.OUTAGE: "outage",
    Effect.DEGRADED: "degraded",
    Effect.AT_RISK: "risk",
    Effect.NONE: "",
}
# What is only supposed must not read like what is so.
_IF = {"outage": "would fail", "degraded": "would be degraded", "risk": "would be at risk"}
# Those who work on these ask what hangs on what is affected; an article, a meeting or an idea breaks nothing.
_ASKED_OF = {meaning.INCIDENT, meaning.PROBLEM, meaning.CHANGE}
TITLE = "Impact of a failure"
_SUPPOSED, _NAMED = "If this failed", "If {item} failed"


def affected_map(view: View, entry: Entry) -> Html:
    """Return what would be hit if the affected items failed, folded; nothing where nothing is, or where the work is done."""
    if not _ASKED_OF & set(view.kind(entry).plays) or not view.is_open(entry):
        return EMPTY
    roots = tuple(
        i for i in facts.affected(entry) if i in view.entries and view.kind(view.entries[i]).operational
    )
    if roots not in view.pictures:
        view.pictures[roots] = _affected_map(view, roots) if roots else EMPTY
    return view.pictures[roots]


def _affected_map(view: View, roots: tuple[str, ...]) -> Html:
    hits = view.graph.propagate(dict.fromkeys(roots, Effect.OUTAGE))
    others = len(hits) - sum(i in hits for i in roots)
    if not others:
        return EMPTY

    def neighbours(item: str) -> Sequence[str]:
        return sorted(d for d in view.graph.dependents.get(item, ()) if d in hits)

    def box(item: str) -> Box:
        look = _EFFECT_LOOKS[hits[item].effect]
        return box_of(view, item, look, item in roots, _IF.get(look, ""))

    boxes, arrows = _fitting(view, box, lambda steps: _within(roots, neighbours, steps))
    caption = t("What an outage of the affected items would hit. This is not their current status.")
    picture = draw(caption, boxes, arrows, len(hits) - len(boxes))
    when = _supposed([view.title(i) for i in roots])
    said = told("{when}, this would be hit too: {items}", when=esc(when), items=_named(view, hits, roots))
    fold = f"<details class='it-fold it-if' id=impact><summary>{esc(t('As a picture'))}</summary>{picture}</details>"
    return Html(f"<div class=it-supposed>{said}</div>{fold}")


def _named(view: View, hits: Iterable[str], roots: Sequence[str]) -> Html:
    """Return the items that would be hit beside those that failed, by name; many are folded."""
    others = sorted((i for i in hits if i not in roots), key=lambda i: (view.title(i).lower(), i))
    return joined([view.link(i) for i in others], _MOST_HIT)


def _supposed(names: Sequence[str]) -> str:
    """Return that some items failed, by their names where these are few."""
    if len(names) > _MOST_NAMED:
        return t(_SUPPOSED)
    *first, last = names
    named = t("{items} and {last}", items=", ".join(first), last=last) if first else last
    return t(_NAMED, item=named)


def _fitting(
    view: View, box: Callable[[str], Box], members: Callable[[int], Sequence[str]]
) -> tuple[list[Box], list[Arrow]]:
    """Return the boxes and arrows of what is within as many steps as there are columns for."""
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    for steps in range(_DEPTH, 0, -1):
        found = members(steps)
        boxes, arrows = [box(i) for i in found], arrows_between(view, found)
        if extent(boxes, arrows).columns <= MOST_COLUMNS:
            break
    return boxes, arrows


def _within(
    roots: Sequence[str], neighbours: Callable[[str], Iterable[str]], steps: int = _DEPTH
) -> list[str]:
    """Return the nodes within some steps, nearest first, then as given, at most as many as a picture holds."""
    level = dict.fromkeys(roots, 0)
    queue = list(level)
    for current in queue:
        if level[current] >= steps or len(queue) >= MOST_BOXES:
            break
        for near in neighbours(current):
            if near not in level:
                level[near] = level[current] + 1
                queue.append(near)
    return queue[:MOST_BOXES]


def arrows_between(view: View, members: Iterable[str]) -> list[Arrow]:
    """Return the lines between some items, each with its relation in words."""
    return [
        Arrow(source, target, within(dependents.title_of(view, relation)))
        for source, relation, target in edges_between(view.graph, members)
    ]


def box_of(view: View, identifier: str, look: str, focus: bool, said: str = "") -> Box:
    """Return the box of an item: with its status in words, where it is not simply operational."""
    entry = view.entries[identifier]
    state = said or look.replace("risk", "at risk")
    words = t(state) if state and state != "operational" else ""
    title = view.kind(entry).title
    return Box(identifier, entry.title or identifier, title, view.url(identifier), look, focus, words)
