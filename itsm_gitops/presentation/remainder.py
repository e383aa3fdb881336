"""The rest of a list that is too long for its place: readers open it or follow a link, and never see a number only."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_gitops.presentation.language import counted
from itsm_gitops.presentation.markup import Html, esc


def and_more(number: int) -> str:
    """Return the words for what a list leaves out, for a link to it."""
    return counted(number, "and {count} more", "and {count} more")


def opening(items: Sequence[Html]) -> Html:
    """Return the rest of a list, folded behind a line that opens it."""
    rest = "".join(f"<li>{one}" for one in items)
    return folded(and_more(len(items)), Html(f"<ul>{rest}</ul>"))


def folded(text: str, content: Html) -> Html:
    """Return content that is folded behind a line of text."""
    return Html(f"<details class=it-rest><summary>{esc(text)}</summary>{content}</details>")


def joined(items: Sequence[Html], most: int, between: str = ", ") -> Html:
    """Return the first items in one line, and fold the rest."""
    rest = opening(items[most:]) if len(items) > most else ""
    return Html(f"{between.join(items[:most])} {rest}".strip())
