"""What a list has no room for: it is never only counted, but behind a line that opens it, or a link."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_gitops.presentation.language import counted
from itsm_gitops.presentation.markup import Html, esc


def and_more(number: int) -> str:
    """Return the words for what a list leaves out, for a link to it."""
    return counted(number, "and {count} more", "and {count} more")


def opening(items: Sequence[Html]) -> Html:
    """Return items that there is no room for behind a line that opens them."""
    rest = "".join(f"<li>{one}" for one in items)
    return folded(and_more(len(items)), Html(f"<ul>{rest}</ul>"))


def folded(text: str, content: Html) -> Html:
    """Return what there is no room for behind a line of text that opens it."""
    return Html(f"<details class=it-rest><summary>{esc(text)}</summary>{content}</details>")


def joined(items: Sequence[Html], most: int, between: str = ", ") -> Html:
    """Return the first items in one line, and those there is no room for behind a line that opens them."""
    rest = opening(items[most:]) if len(items) > most else ""
    return Html(f"{between.join(items[:most])} {rest}".strip())
