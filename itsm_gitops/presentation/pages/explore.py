"""The explorer: every record in one table that a script filters, sorts and exports."""

from __future__ import annotations

from itsm_gitops.model import filter_words, meaning
from itsm_gitops.model.kinds import in_order_of_work
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import Html, esc, join, link
from itsm_gitops.presentation.navigation import EXPLORER
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import Crumb, heading
from itsm_gitops.presentation.view import View

# Column, its title, whether it is shown when nobody chose; the title of a record, with its number, is always shown.
_COLUMNS = (
    ("kind", "Kind", False),
    ("state", "State", True),
    ("priority", "Priority", True),
    ("service", "Service", True),
    ("ci", "Items", False),
    ("team", "Team", False),
    ("opened", "Opened", True),
    ("updated", "Updated", False),
)
_FACETS = filter_words.FACETS
_UNFOLDED = 5  # of the facets, the first ones
_DATES = filter_words.DATES
# What is published for readers is no open work, though the life of some of it has not ended.
OPEN, PUBLISHED, FINISHED = "open", meaning.PUBLISHED, "finished"
_STATUS = ((OPEN, "Open"), (PUBLISHED, "Published"), (FINISHED, "Finished"), ("all", "All"))
_ORDERS = (
    ("-opened", "Newest first"),
    ("opened", "Oldest first"),
    ("-updated", "Updated last"),
    ("updated", "Updated longest ago"),
    ("priority", "Priority"),
    ("state", "State"),
    ("title", "Title"),
)


def explore_page(view: View) -> ListPage:
    """Return the page; the site's script loads the one that puts in rows and the values of facets."""
    lead = esc(
        t("Filter, search and sort. Your choices are kept in the address, so you can bookmark or send it.")
    )
    body = join(
        [
            heading([Crumb(urls.RECORDS, "Records")], t(EXPLORER), lead=lead),
            _without_script(view),
            Html('<div class="it-x" aria-busy="true">'),
            _bar(view),
            Html('<div class="it-x__body">'),
            _head(),
            _facets(),
            _result(),
            Html("</div></div>"),
        ]
    )
    return ListPage(urls.EXPLORE, t(EXPLORER), urls.RECORDS, body)


def _without_script(view: View) -> Html:
    kinds = in_order_of_work(k for k in view.book.kinds.values() if k.is_record)
    lists = join([link(urls.index(k), esc(k.plural_title)) for k in kinds], ", ")
    said = told(
        "Filtering needs JavaScript. The same records are in lists by state and by month: {lists}.",
        lists=lists,
    )
    return Html(f"<noscript><p>{said}</p></noscript>")


def _bar(view: View) -> Html:
    """Return the search field, and what is looked through."""
    choices = "".join(
        f'<label><input type="radio" name="status" value="{value}"{" checked" if value == "open" else ""}>'
        f"<span>{esc(t(title))}</span></label>"
        for value, title in _STATUS
        if value != PUBLISHED or any(view.book.states(kind, meaning.PUBLISHED) for kind in view.book.kinds)
    )
    return Html(
        '<form class="it-x__bar" role="search" aria-label="' + esc(t("Records")) + '">'
        '<label class="it-vh" for="it-x-q">' + esc(t("Filter these records")) + "</label>"
        '<input id="it-x-q" type="search" placeholder="'
        + esc(t("Filter these records"))
        + '" autocomplete="off"'
        ' spellcheck="false" maxlength="100">'
        f'<fieldset class="it-x__status"><legend class="it-vh">{esc(t("Status"))}</legend>{choices}</fieldset></form>'
    )


def _facets() -> Html:
    facets = "".join(
        _group(
            f'data-facet="{name}"',
            t(title),
            f'<input type="search" aria-label="{esc(t("Find"))}: {esc(t(title))}" placeholder="{esc(t("Find"))}" autocomplete="off" hidden>'
            '<ul></ul><p class="it-x__rest"></p>'
            '<button type="button" class="it-x__link" hidden></button>',
            is_open=n < _UNFOLDED,
        )
        for n, (name, title) in enumerate(_FACETS)
    )
    dates = "".join(
        _group(
            f'data-dates="{name}"',
            t(title),
            f'<label>{esc(t("From"))} <input type="date"></label><label>{esc(t("to"))} <input type="date"></label>',
        )
        for name, title in _DATES
    )
    return Html(
        f'<form id="it-x-facets" class="it-x__facets" aria-label="{esc(t("Filters"))}">{facets}{dates}</form>'
    )


def _group(data: str, title: str, content: str, *, is_open: bool = False) -> str:
    """Return a group of filters that folds; what is narrowed down least is folded at first."""
    return (
        f"<details {data}{' open' if is_open else ''}><summary>{esc(title)}</summary>"
        f'<fieldset><legend class="it-vh">{esc(title)}</legend>{content}</fieldset></details>'
    )


def _head() -> Html:
    """Return what stands above a result: how much was found, what is done with it, and what is chosen."""
    boxes = "".join(
        f'<label><input type="checkbox" value="{name}"{" checked" if visible else ""}> {esc(t(title))}</label>'
        for name, title, visible in _COLUMNS
    )
    return Html(
        '<div class="it-x__head"><p class="it-x__ignored" hidden></p>'
        f'<div class="it-x__top"><p class="it-x__said" role="status">{esc(t("Reading the records …"))}</p>{_tools()}</div>'
        '<ul class="it-x__active"></ul>'
        f'<fieldset id="it-x-columns" class="it-x__columns" hidden><legend>{esc(t("Columns"))}</legend>{boxes}</fieldset>'
        f"{_export()}"
        '<p class="it-x__command" hidden><span role="status"></span> <code></code></p></div>'
    )


def _result() -> Html:
    heads = f'<th scope="col" data-column="title"><button type="button" data-sort="title">{esc(t("Title"))}</button></th>'
    heads += "".join(
        f'<th scope="col" data-column="{name}"{"" if visible else " hidden"}>'
        f'<button type="button" data-sort="{name}">{esc(t(title))}</button></th>'
        for name, title, visible in _COLUMNS
    )
    return Html(
        '<div class="it-x__result"><div class="it-scroll"><table class="it-table it-records it-x__table"><caption class="it-vh">'
        + esc(t("Records found"))
        + "</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody></tbody></table></div>"
        '<p class="it-x__next"><button type="button" class="it-x__button" hidden>'
        + esc(t("Show more"))
        + "</button></p></div>"
    )


def _tools() -> Html:
    """Return what is done with a result; on a phone the facets are behind a button, and the table has no head to sort by."""
    order = "".join(f'<option value="{value}">{esc(t(title))}</option>' for value, title in _ORDERS)
    return Html(
        '<div class="it-x__tools">'
        '<button type="button" class="it-x__button it-x__more" aria-expanded="false" aria-controls="it-x-facets">'
        + esc(t("Filters"))
        + "</button>"
        f'<label class="it-x__order"><span>{esc(t("Sort by"))}</span> <select>{order}</select></label>'
        '<button type="button" class="it-x__button" data-do="columns" aria-expanded="false"'
        ' aria-controls="it-x-columns">' + esc(t("Columns")) + "</button>"
        '<button type="button" class="it-x__button" data-do="export" aria-expanded="false"'
        ' aria-controls="it-x-export">' + esc(t("Export")) + "</button></div>"
    )


def _export() -> Html:
    """Return the ways to take a result away."""
    return Html(
        f'<div id="it-x-export" class="it-x__export" role="group" aria-label="{esc(t("Export"))}" hidden>'
        '<button type="button" class="it-x__button" data-do="csv">CSV</button>'
        '<button type="button" class="it-x__button" data-do="json">JSON</button>'
        '<button type="button" class="it-x__button" data-do="command">'
        + esc(t("Copy as command"))
        + "</button></div>"
    )
