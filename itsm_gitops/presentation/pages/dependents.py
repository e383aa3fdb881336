"""What an item needs, and who depends on it, directly or through others, class by class."""

from __future__ import annotations

from collections.abc import Mapping

from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, words
from itsm_gitops.presentation.remainder import opening
from itsm_gitops.presentation.view import View

_MOST = 300
_NAMED = 8


def in_words(view: View, identifier: str) -> Html:
    """Return what an item needs, by relation, and what its failure can reach, by class."""
    needs: dict[str, list[str]] = {}
    for item, relation in needed(view.graph, identifier).items():
        if item in view.entries:
            needs.setdefault(title_of(view, relation), []).append(item)
    what = join([_group(view, needs[title], title) for title in sorted(needs)])
    needing = (
        Html(f"<p><b>{esc(t('What it needs'))}</b></p><div class=it-dependents>{what}</div>")
        if what
        else EMPTY
    )
    return Html(f"{needing}{who_depends(view, identifier)}")


def named(view: View, identifier: str) -> frozenset[str]:
    """Return the items that ``in_words`` names."""
    return frozenset({*needed(view.graph, identifier), *reached(view, identifier)})


def needed(graph: ImpactGraph, identifier: str) -> Mapping[str, str]:
    """Return what an item needs or contains, each with the name of the relation."""
    return {**graph.needs.get(identifier, {}), **graph.parts.get(identifier, {})}


def title_of(view: View, relation: str) -> str:
    """Return how people read a relation or its inverse."""
    link_type = view.book.links.get(relation) or view.book.inverses.get(relation)
    if link_type is None:
        return words(relation)
    return t(link_type.title if link_type.name == relation else link_type.inverse_title)


def who_depends(view: View, identifier: str) -> Html:
    """Return what an item's failure can reach, by class, with what is not well marked; nothing for nobody."""
    members = reached(view, identifier)
    if not members:
        return EMPTY
    by_class: dict[str, list[str]] = {}
    for member in members:
        by_class.setdefault(view.entries[member].kind, []).append(member)
    groups = [
        _group(view, by_class[name], title.plural_title)
        for name, title in view.book.kinds.items()
        if name in by_class
    ]
    more = EMPTY
    if len(members) >= _MOST:  # the map has all
        said = esc(t("The nearest {count} are shown.", count=_MOST))
        more = Html(f"<p class=it-muted>{said} {link(urls.map_of(identifier), esc(t('Map')))}</p>")
    return Html(
        f"<p><b>{esc(t('Who depends on it'))}</b></p><div class=it-dependents>{join(groups)}</div>{more}"
    )


def reached(view: View, identifier: str) -> list[str]:
    """Return what depends on an item, the nearest first, 300 at most."""
    nearest = {identifier: None}
    queue = [identifier]
    for current in queue:
        for near in sorted(view.graph.dependents.get(current, ())):
            if near not in nearest and near in view.entries and len(nearest) <= _MOST:
                nearest[near] = None
                queue.append(near)
    return queue[1:]


def _group(view: View, members: list[str], title: str) -> Html:
    # What is not well is never among those that have to be opened before others.
    ordered = sorted(members, key=lambda i: (not _health(view, i), view.title(i).lower(), i))
    lines = [Html(f"{view.link(i)}{_health(view, i)}") for i in ordered]
    items = "".join(f"<li>{line}" for line in lines[:_NAMED])
    if len(lines) > _NAMED:
        items += f"<li>{opening(lines[_NAMED:])}"
    count = f" <span class=it-count>{len(members)}</span>" if len(members) > 1 else ""
    return Html(f"<div class=it-rel><h3>{esc(title)}{count}</h3><ul>{items}</ul></div>")


def _health(view: View, identifier: str) -> Html:
    health = view.health.get(identifier)
    return Html(f" {view.health_chip(identifier)}") if health and health.status != "operational" else EMPTY
