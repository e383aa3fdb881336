"""Where a document comes from: its file, the forge's pages about it, its data and the command that shows it."""

from __future__ import annotations

from urllib.parse import quote

from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, esc, external, join, link
from itsm_gitops.presentation.remainder import folded
from itsm_gitops.presentation.view import View
from itsm_gitops.snapshots.config import Hosting

# Below the repository's address: how each forge names the pages of a file (edit, raw, history).
_FORGE_PAGES = {
    "github": ("edit/{branch}", "raw/{branch}", "commits/{branch}"),
    "gitlab": ("-/edit/{branch}", "-/raw/{branch}", "-/commits/{branch}"),
    "gitea": ("_edit/{branch}", "raw/branch/{branch}", "commits/branch/{branch}"),
}
_RAW = "Raw"
_TITLES = ("Edit this file", _RAW, "History on the forge")


def origin(view: View, entry: Entry, technical: Html = EMPTY) -> Html:
    """Return the links, what only engineers use folded; file, forge and command only where the audience has a use for files.

    ``technical`` is what else the page has for engineers.
    """
    is_record = view.kind(entry).is_record
    data = link(view.data_url(entry), esc(t("This record as JSON") if is_record else t("This item as JSON")))
    if not view.audience.sources:
        more = folded(t("For engineers"), technical) if technical else EMPTY
        return Html(f"<div class=it-source>{join([data, more], ' ').strip()}</div>")
    root = view.store.root_of(entry.path)
    forge = _on_forge(view, entry.path) if not root else {}
    raw = forge.pop(_RAW, EMPTY)
    command = Html(f"<code>itsm show {esc(entry.id)}</code>")
    place = f"root {root}: {entry.path}" if root else entry.path
    machine = join([one for one in (raw, data, command) if one], DOT)
    below = folded(t("For engineers"), Html(f"<p><code>{esc(place)}</code><br>{machine}</p>{technical}"))
    return Html(f"<div class=it-source>{join([*forge.values(), below], ' ')}</div>")


def _on_forge(view: View, path: str) -> dict[str, Html]:
    """Return the links that the settings allow by their titles; ``edit_url`` counts for more than what is known of the forge."""
    place = quote(path)
    pages = forge_pages(view.config.repository, place)
    if view.config.edit_url:
        pages = (f"{view.config.edit_url.rstrip('/')}/{place}", *(pages[1:] or ("", "")))
    return {
        title: external(address, esc(t(title)))
        for title, address in zip(_TITLES, pages, strict=False)
        if address
    }


def forge_pages(hosting: Hosting, place: str) -> tuple[str, ...]:
    """Return the addresses of a file (quoted path) on a forge: edit, raw, history; none where it has none."""
    branch = quote(hosting.branch)
    shapes = _FORGE_PAGES.get(hosting.forge, ()) if hosting.url else ()
    return tuple(f"{hosting.url}/{shape.format(branch=branch)}/{place}" for shape in shapes)
