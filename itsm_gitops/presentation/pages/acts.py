"""Buttons for what readers do on a page, beside its heading; on a phone they stand below it."""

from __future__ import annotations

from collections.abc import Iterable

from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link


def buttons(ways: Iterable[tuple[str, str]], *, main: bool = True) -> Html:
    """Return what can be done as buttons: address and words. The first stands out if it is what most readers come for (``main``)."""
    looks = ["it-do__main" if main else "it-do__also"]
    shown = []
    for url, text in ways:
        shown.append(link(url, esc(t(text)), looks[0]))
        looks = ["it-do__also"]
    return Html(f'<p class="it-do it-do--beside">{join(shown, " ")}</p>') if shown else EMPTY


def beside(head: Html, acts: Html) -> Html:
    """Return the head of a page with its buttons."""
    return Html(f"<div class=it-top>{head}{acts}</div>") if acts else head
