"""Where a document comes from: its file, the forge's pages about it, its data and the command that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import Html, esc, external, join, link
from itsm_gitops.presentation.view import View
from itsm_gitops.repository.config import Hosting

# Below the repository's address: how each forge names the pages of a file (edit, raw, history).
_FORGE_PAGES = {
    "github": ("edit/{branch}", "raw/{branch}", "commits/{branch}"),
    "gitlab": ("-/edit/{branch}", "-/raw/{branch}", "-/commits/{branch}"),
    "gitea": ("_edit/{branch}", "raw/branch/{branch}", "commits/branch/{branch}"),
}
_TITLES = ("Edit this file", "Raw", "History on the forge")


def origin(view: View, entry: Entry) -> Html:
    """Return the links; file, forge and command only where the site's audience has a use for files."""
    is_record = view.kind(entry).is_record
    links = [
        link(view.data_url(entry), esc(t("This record as JSON") if is_record else t("This item as JSON")))
    ]
    if not view.audience.sources:
        return Html(f"<p class=it-source>{links[0]}</p>")
    root = view.store.root_of(entry.path)
    links = [*(_on_forge(view, entry.path) if not root else ()), *links]
    command = Html(f"<code>itsm show {esc(entry.id)}</code>")
    place = f"root {root}: {entry.path}" if root else entry.path
    return Html(f"<p class=it-source><code>{esc(place)}</code><br>{join([*links, command], ' · ')}</p>")


def _on_forge(view: View, path: str) -> Iterator[Html]:
    """Yield the links that the settings allow; ``edit_url`` counts for more than what is known of the forge."""
    place = quote(path)
    pages = forge_pages(view.config.repository, place)
    if view.config.edit_url:
        pages = (f"{view.config.edit_url.rstrip('/')}/{place}", *(pages[1:] or ("", "")))
    for title, address in zip(_TITLES, pages, strict=False):
        if address:
            yield external(address, esc(t(title)))


def forge_pages(hosting: Hosting, place: str) -> tuple[str, ...]:
    """Return the addresses of a file (quoted path) on a forge: edit, raw, history; none where it has none."""
    branch = quote(hosting.branch)
    shapes = _FORGE_PAGES.get(hosting.forge, ()) if hosting.url else ()
    return tuple(f"{hosting.url}/{shape.format(branch=branch)}/{place}" for shape in shapes)
