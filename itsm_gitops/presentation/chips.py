"""Small labels on pages: a status, a state, a priority."""

from __future__ import annotations

from functools import lru_cache

from itsm_gitops.graph.status import MAINTENANCE
from itsm_gitops.model import meaning
from itsm_gitops.model.workflow import State
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import Html, esc

_MOST_CHIPS = 1_024
_QUIET = frozenset({meaning.PUBLISHED, meaning.PRODUCTION, meaning.RETIRED})


def look_of(status: str) -> str:
    """Return the name of a look in the style sheet; so that the markup of a page in another language holds no English word."""
    return "working" if status == "operational" else status


def state_look(state: State) -> str:
    """Return the look of a state of a life cycle: that of its category.

    Quiet is what is as most of its kind are: for readers, in use, or out of use for good, which is no good news.
    """
    if state.name == MAINTENANCE:
        return MAINTENANCE  # as the status of that name
    return "none" if _QUIET & set(state.roles) else state.category


def chip(text: str, look: str) -> Html:
    """Return a small label; ``look`` is a word of the program (a category, not data)."""
    return _chip(t(text), look)


@lru_cache(_MOST_CHIPS)
def _chip(text: str, look: str) -> Html:
    return Html(f"<b class=it-chip--{look_of(look)}>{esc(text)}</b>")
