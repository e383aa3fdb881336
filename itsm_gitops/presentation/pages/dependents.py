"""Who depends on an item, directly or through others, class by class."""

from __future__ import annotations

from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.remainder import opening
from itsm_gitops.presentation.view import View

_MOST = 300
_NAMED = 8


def who_depends(view: View, entry: Entry) -> Html:
    """Return what an item's failure can reach, by class, with what is not well marked; nothing for nobody."""
    members = reached(view, entry.id)
    if not members:
        return EMPTY
    by_class: dict[str, list[str]] = {}
    for identifier in members:
        by_class.setdefault(view.entries[identifier].kind, []).append(identifier)
    groups = [
        _group(view, by_class[name], title.plural_title)
        for name, title in view.book.kinds.items()
        if name in by_class
    ]
    more = EMPTY
    if len(members) >= _MOST:  # the map has all
        said = esc(t("The nearest {count} are shown.", count=_MOST))
        more = Html(f"<p class=it-muted>{said} {link(urls.map_of(entry.id), esc(t('Map')))}</p>")
    return section(
        "Who depends on it", Html(f"<div class=it-dependents>{join(groups)}</div>{more}"), "dependents"
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
