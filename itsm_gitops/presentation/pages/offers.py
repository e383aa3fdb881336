"""What may help with a record: known errors and articles about something that it affects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation.markup import EMPTY, Html
from itsm_gitops.presentation.pages.parts import record_line, section
from itsm_gitops.presentation.remainder import opening
from itsm_gitops.presentation.view import View

MOST_OFFERED = 10
_OFFERED_TO = {
    meaning.KNOWN_ERROR: {meaning.INCIDENT, meaning.PROBLEM},
    meaning.ARTICLE: {meaning.INCIDENT, meaning.PROBLEM, meaning.REQUEST},
}


def offered_to(view: View, entry: Entry) -> Mapping[str, Sequence[str]]:
    """Return the known errors and the articles that are about something that a record affects, by what they play."""
    return {role: _offered(view, entry, role) for role in _OFFERED_TO}


def _offered(view: View, entry: Entry, role: str) -> Sequence[str]:
    """Return the known errors or articles that are about something that a record affects."""
    if not _OFFERED_TO[role] & set(view.kind(entry).plays):
        return ()
    shared = (i for target in facts.affected(entry) for i in view.offers.get(target, ()))
    return [i for i in dict.fromkeys(shared) if role in view.kind(view.entries[i]).plays]


def help_section(view: View, offered: Mapping[str, Sequence[str]]) -> Html:
    """Return what may help with a record, under one heading."""
    errors, articles = offered[meaning.KNOWN_ERROR], offered[meaning.ARTICLE]
    if errors and articles:
        return section("Known errors and articles", _links(view, [*errors, *articles]), "known-errors")
    title, anchor = ("Known errors", "known-errors") if errors else ("Articles", "articles")
    return section(title, _links(view, [*errors, *articles]), anchor)


def _links(view: View, offered: Sequence[str]) -> Html:
    items = "".join(f"<li>{record_line(view, i)}" for i in offered[:MOST_OFFERED])
    if len(offered) > MOST_OFFERED:
        items += f"<li>{opening([view.link(i) for i in offered[MOST_OFFERED:]])}"
    return Html(f"<ul class=it-list>{items}</ul>") if items else EMPTY
