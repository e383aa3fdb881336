"""The search page with what can be tried before anything is typed, and the page for addresses that do not exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice
from urllib.parse import quote

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import situation, urls
from itsm_gitops.presentation.language import counted, t, told
from itsm_gitops.presentation.markup import EMPTY, ROOT, Html, esc, join, link
from itsm_gitops.presentation.pages.catalogue import catalogue_url
from itsm_gitops.presentation.pages.home import all_open, incident_lines
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import heading, section
from itsm_gitops.presentation.pages.work import by_urgency
from itsm_gitops.presentation.view import View

_HELP = "For example a record number, a service or the words of an error message."
_MOST_OPEN, _MOST_OFFERED = 5, 6


def _form() -> str:
    return (
        '<form class="it-search" action="search.html" role="search">'
        f'<label for="it-search-q">{esc(t("Number, name or words"))}</label>'
        f'<p class="it-search__help" id="it-search-help">{esc(t(_HELP))}</p>'
        '<input id="it-search-q" name="q" type="search" autocomplete="off" spellcheck="false" maxlength="100" '
        'aria-describedby="it-search-help">'
        f'<button type="submit" class="md-button md-button--primary">{esc(t("Search"))}</button></form>'
        '<p id="it-search-status" role="status" class="it-muted"></p>'
        '<ol id="it-search-results" class="it-results"></ol>'
        f'<p class="it-next"><a id="it-search-filter" href="{ROOT}{urls.EXPLORE}">'
        f"{esc(t('Filter and sort records with these words'))}</a></p>"
        f"<noscript><p>{esc(t('Search needs JavaScript; the lists of records and the catalogue work without.'))}</p></noscript>"
    )


def search_page(view: View) -> ListPage:
    """Return the search page; its results are put in by the site's script, in the place of what stands there first."""
    urgent = by_urgency(view, situation.most_urgent(view))
    offered = _often_requested(view)
    seen = Html(
        f'<section id="it-search-seen" hidden><h2>{esc(t("Recently viewed"))}</h2><ul class="it-list it-seen"></ul></section>'
    )
    often = section("Often requested", _list(view.link(e.id) for e in offered), "offered")
    parts = [
        Html(f"<div class=it-start__ways>{_places(view)}{_tries(view, urgent, offered)}</div>"),
        section("Open incidents", _open(view, urgent), "open") or _not_well(view),
        Html(f"<div>{seen}{often}</div>"),
    ]
    start = f'<div id="it-search-start" class="it-start">{join(parts)}</div>'
    return ListPage(urls.SEARCH, t("Search"), "", Html(f"{heading([], t('Search'))}{_form()}{start}"))


def _open(view: View, urgent: list[Entry]) -> Html:
    """Return the most urgent incidents, and the way to all of them."""
    way = all_open(view, urgent)
    more = Html(f"<p class=it-next>{way}</p>") if len(urgent) > _MOST_OPEN else EMPTY
    return Html(f"{incident_lines(view, urgent[:_MOST_OPEN])}{more}")


def _tries(view: View, urgent: list[Entry], offered: list[Entry]) -> Html:
    """Return short searches of this site that find something: a service, a number, an order."""
    services = sorted(situation.services_of(view), key=lambda e: (situation.place_of(view, e), e.id))
    tries = [e.title for e in services[: 1 if urgent or offered else 3] if e.title]
    tries += [e.id for e in urgent[:1]]
    tries += sorted((e.title for e in offered if e.title), key=len)[:1]
    shown = join([link(f"{urls.SEARCH}?q={quote(text, safe='')}", esc(text)) for text in tries], " ")
    return Html(f'<p class="it-start__tries"><span>{esc(t("Try:"))}</span> {shown}</p>') if tries else EMPTY


def _not_well(view: View) -> Html:
    """Return the services that are not well, for readers who are shown no incidents."""
    ill = (e for e in situation.services_of(view) if not situation.is_well(view, e.id))
    some = islice(ill, _MOST_OPEN)
    return section(
        "Services that are not well", _list(Html(f"{view.link(e.id)} {view.health_chip(e.id)}") for e in some)
    )


def _often_requested(view: View) -> list[Entry]:
    """Return the offerings with the most requests, those with as many by name."""
    kind = view.book.player(meaning.REQUEST)

    def requests(offering: Entry) -> int:
        # By the prefix: who looks at each of them depends on each of them.
        return (
            sum(r.other.startswith(f"{kind.prefix}-") for r in view.network.into(offering.id)) if kind else 0
        )

    offered = [e for e in view.of_role(meaning.OFFERING) if facts.is_offered(view.book, e)]
    return sorted(offered, key=lambda e: (-requests(e), e.title.lower(), e.id))[:_MOST_OFFERED]


def _places(view: View) -> Html:
    """Return what the search looks through, each with how much there is and the page that lists it, in one line."""
    kinds = view.book.kinds.values()
    records = sum(len(view.of_kind(k.name)) for k in kinds if k.is_record)
    services, offerings = (len(view.of_role(role)) for role in (meaning.SERVICE, meaning.OFFERING))
    items = sum(len(view.of_kind(k.name)) for k in kinds if not k.is_record) - services - offerings
    places = (
        (urls.SERVICES, services, "{count} service", "{count} services"),
        (catalogue_url(view.audience), offerings, "{count} offering", "{count} offerings"),
        (urls.EXPLORE, records, "{count} record", "{count} records"),
        (urls.CMDB, items, "{count} other item", "{count} other items"),
    )
    named = [link(url, esc(counted(count, one, several))) for url, count, one, several in places if count]
    said = told("Searches {places}", places=join(named, ", ")) if named else EMPTY
    return Html(f"<p class=it-start__places>{said}</p>") if said else EMPTY


def _list(items: Iterable[Html]) -> Html:
    shown = "".join(f"<li>{item}</li>" for item in items)
    return Html(f'<ul class="it-list">{shown}</ul>') if shown else EMPTY


def not_found_page(pages: Collection[str]) -> ListPage:
    """Return what a web server shows for an address without a page; ``pages`` are the addresses that exist."""
    lead = esc(t("The address may be mistyped, or the page has moved or been removed."))
    ways = "".join(
        f"<li>{link(url, esc(t(text)))}</li>"
        for url, text in (
            (urls.HOME, "Home"),
            (urls.SERVICES, "Services"),
            (urls.CATALOGUE, "Catalogue"),
            (urls.RECORDS, "All records"),
        )
        if url in pages
    )
    find = (
        f'<form class="it-lost__find" action="{ROOT}{urls.SEARCH}">'
        f'<label for="it-lost-q">{esc(t("Search records, services, pages"))}</label>'
        '<input id="it-lost-q" name="q" type="search" autocomplete="off" spellcheck="false" maxlength="100">'
        f'<button type="submit" class="md-button md-button--primary">{esc(t("Search"))}</button></form>'
    )
    head = heading([], t("There is no page here"), lead=lead)
    go = f"<p class=it-lost__or>{esc(t('Or go to'))}</p><ul class=it-lost>{ways}</ul>" if ways else ""
    body = Html(f"{head}{find}{go}")
    return ListPage(urls.NOT_FOUND, t("There is no page here"), "", body)
