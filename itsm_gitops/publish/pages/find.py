"""The search page: the same search as the header's, with room for more results."""

from __future__ import annotations

from itsm_gitops.publish import urls
from itsm_gitops.publish.markup import Html
from itsm_gitops.publish.pages.lists import Page
from itsm_gitops.publish.pages.parts import heading

_BODY = (
    '<form class="it-search" action="search.html" role="search">'
    '<label for="it-search-q">Number, name or words</label>'
    '<input id="it-search-q" name="q" type="search" autocomplete="off" spellcheck="false" maxlength="100">'
    '<button type="submit" class="md-button md-button--primary">Search</button></form>'
    '<p id="it-search-status" role="status" class="it-muted"></p>'
    '<ol id="it-search-results" class="it-results"></ol>'
    "<noscript><p>Search needs a script; the lists of records and the catalogue work without.</p></noscript>"
)


def search_page() -> Page:
    """Return the search page; its results are put in by the site's script."""
    return Page(urls.SEARCH, "Search", "", Html(f"{heading([], 'Search')}{_BODY}"))
