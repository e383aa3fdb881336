"""The start page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import situation, urls
from itsm_gitops.presentation.language import counted, t
from itsm_gitops.presentation.markup import EMPTY, Html, dots, esc, join, link, shorten
from itsm_gitops.presentation.pages import announced, going_on, hero, users_home, well
from itsm_gitops.presentation.pages.acts import buttons
from itsm_gitops.presentation.pages.clocks import clock_chip
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import incomplete, paragraph, section
from itsm_gitops.presentation.pages.tables import reference
from itsm_gitops.presentation.pages.week import week
from itsm_gitops.presentation.view import View

_MOST, _MOST_OPEN = 4, 5

_TWO = "it-lines it-lines--few it-lines--two"

# The first is what most people come for.
_ACTIONS = (
    (urls.REPORT, "Report an incident"),
    (urls.CATALOGUE, "Request something"),
    (urls.CHANGES, "See planned changes"),
)


def home_page(view: View, pages: frozenset[str]) -> ListPage:
    """Return the start page for the audience; ``pages`` are the addresses that exist, for the quick actions."""
    if view.audience.everything:
        return ListPage(urls.HOME, _title(view), urls.HOME, _of_staff(view, pages))
    return ListPage(urls.HOME, _title(view), urls.HOME, users_home.body(view, pages))


def _title(view: View) -> str:
    return view.config.site_name or view.config.organisation


def _of_staff(view: View, pages: frozenset[str]) -> Html:
    """Return the start page of those who run the services: how they are, what is open, what changes."""
    services = situation.services_of(view)
    return join(
        [
            hero.hero(view, services, buttons(way for way in _ACTIONS if way[0] in pages)),
            incomplete(view),
            going_on.not_well(view, services, headed=True),
            announced.banners(view),
            Html(
                f'<div class="it-pair"><div>{_open(view, services, pages)}</div><div>{week(view)}</div></div>{_errors(view)}'
            ),
            well.working(view, services),
        ]
    )


def incident_lines(view: View, incidents: Iterable[Entry]) -> Html:
    """Return open incidents as a list: priority, title, number and service, then the state and the next clock."""
    return _lines(
        [
            f"<li><div class=it-open__lead>{view.priority_chip(e)}</div><div class=it-open__what>"
            f"<p class=it-line__title>{link(view.url(e.id), esc(shorten(e.title or e.id, 160)))}"
            f"{dots([esc(e.id), reference(view, e, 'service')])}</div>"
            f"<div class=it-open__how>{view.state_chip(e)} {clock_chip(view, e)}</div>"
            for e in incidents
        ],
        "it-lines it-lines--few it-open",
    )


def _open(view: View, services: Sequence[Entry], pages: frozenset[str]) -> Html:
    """Return the open incidents that the head of the page does not tell of, and the way to all."""
    found = situation.most_urgent(view)
    told_above = {one.entry.id for one in situation.troubles(view, services)}
    others = [e for e in found if e.id not in told_above]
    shown = incident_lines(view, others[:_MOST_OPEN])
    if not others:
        shown = paragraph(_none_open(view, found))
    ways = [way for way in [all_open(view, found)] if way]
    if urls.EXPLORE in pages:
        ways.append(link(urls.EXPLORE, esc(t("Browse records"))))
    more = dots(ways, "it-next it-dots")
    title = "Other open incidents" if told_above else "Open incidents"
    return section(title, Html(f"{shown}{more}"), "open")


def all_open(view: View, found: Sequence[Entry]) -> Html:
    """Return the way to all open incidents; nothing where none is open."""
    kind = view.book.player(meaning.INCIDENT)
    if kind is None or not found:
        return EMPTY
    return link(urls.index(kind), esc(counted(len(found), "The open incident", "All {count} open incidents")))


def _none_open(view: View, found: Sequence[Entry]) -> str:
    if found:
        return "Every open incident stands above."
    return "No incident that can be read is open." if view.gaps else "No incident is open."


def _errors(view: View) -> Html:
    found = [e for e in view.of_role(meaning.KNOWN_ERROR) if facts.is_offered(view.book, e)]
    found.sort(key=lambda e: (e.opened, e.id), reverse=True)
    if not found:
        return EMPTY
    items = [
        f"<li><div><p class=it-line__title>{link(view.url(e.id), esc(shorten(e.title or e.id, 160)))}"
        f"{dots([esc(e.id), reference(view, e, 'service')])}</div>"
        for e in found[:_MOST]
    ]
    more = link(urls.KNOWN_ERRORS, esc(t("All known errors")))
    return section(
        "Known errors", Html(f'{_lines(items, _TWO)}<p class="it-next">{more}</p>'), "known-errors"
    )


def _lines(items: Sequence[str], css: str) -> Html:
    return Html(f'<ul class="{css}">{"".join(items)}</ul>') if items else EMPTY
