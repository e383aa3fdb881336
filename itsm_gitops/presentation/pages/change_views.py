"""The ways to see changes: what comes next, the calendar, the list, the agenda of the board; one row on each of their pages."""

from __future__ import annotations

from itsm_gitops.model import meaning
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, ROOT, Html, esc
from itsm_gitops.presentation.view import View

BOARD_TITLE = "Board agenda"


def has_board(view: View) -> bool:
    """Whether there is an agenda to show: meetings are recorded, and readers may see figures and meetings."""
    return view.audience.reports and bool(view.of_role(meaning.MEETING) and view.book.playing(meaning.CHANGE))


def ways(view: View, current: str) -> Html:
    """Return the ways to see changes, with the one of the page marked; nothing where there are no changes."""
    kind = view.book.player(meaning.CHANGE)
    if kind is None:
        return EMPTY
    known = [(urls.CHANGES, "Upcoming"), (urls.CALENDAR, "Calendar"), (urls.index(kind), "List")]
    known += [(urls.BOARD, BOARD_TITLE)] if has_board(view) else []
    items = "".join(
        f'<li><a href="{ROOT}{url}"{" aria-current=page" if url == current else ""}>{esc(t(title))}</a>'
        for url, title in known
    )
    return Html(f'<nav class=it-ways aria-label="{esc(t("Views of the changes"))}"><ul>{items}</ul></nav>')
