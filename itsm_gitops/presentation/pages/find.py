"""The search page, and the page for addresses that do not exist."""

from __future__ import annotations

from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import ROOT, Html, esc, link
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import heading

_HELP = "For example a record number, a service or the words of an error message."


def _body() -> str:
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


def search_page() -> ListPage:
    """Return the search page; its results are put in by the site's script."""
    return ListPage(urls.SEARCH, t("Search"), "", Html(f"{heading([], t('Search'))}{_body()}"))


def not_found_page() -> ListPage:
    """Return what a web server shows for an address without a page."""
    lead = esc(t("The address may be mistyped, or the page has moved or been removed."))
    ways = "".join(
        f"<li>{link(url, esc(t(text)))}</li>"
        for url, text in (
            (urls.RECORDS, "All records"),
            (urls.CATALOGUE, "The catalogue"),
            (urls.HOME, "The start page"),
        )
    )
    find = (
        f'<form class="it-lost__find" action="{ROOT}{urls.SEARCH}"><label for="it-lost-q">{esc(t("Number, name or words"))}'
        '</label><input id="it-lost-q" name="q" type="search" autocomplete="off" spellcheck="false" maxlength="100">'
        f'<button type="submit" class="md-button md-button--primary">{esc(t("Search"))}</button></form>'
    )
    head = heading([], t("There is no page here"), lead=lead)
    body = Html(f"{head}{find}<ul class='it-lost'>{ways}</ul>")
    return ListPage(urls.NOT_FOUND, t("There is no page here"), "", body)
