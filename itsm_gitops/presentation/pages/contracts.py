"""Contracts: until when, notice by when, and for how much; those with a supplier on its page, and all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial

from itsm_gitops.graph.contracts import ContractTerms, terms_of
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.duties import NEAR, PAST, DueDay
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import value
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link
from itsm_gitops.presentation.moments import full_day
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import Crumb, heading, paragraph, section
from itsm_gitops.presentation.pages.tables import ITEMS, ListColumn, columns, table
from itsm_gitops.presentation.view import View

NAME = "contracts"  # of the report that has all of them
_SUPPLIES = "supplies"
_LOOKS = {PAST: "bad", NEAR: "soon"}


def contracts_with(view: View, entry: Entry) -> Html:
    """Return a section with the contracts in existence whose other party an item is; nothing where there are none."""
    found = in_force(view, entry)
    if not found:
        return EMPTY
    terms = {e.id: _terms(view, e) for e in found}
    list_columns = [
        *columns(view, "name"),
        ListColumn("Term ends", lambda e: _ends(terms[e.id]), "it-c-said", "it-c-day"),
        ListColumn("Notice until", lambda e: _day(terms[e.id].notice), "it-c-said", "it-c-day"),
        ListColumn("Cost", lambda e: _cost(view, e, terms[e.id]), "it-c-cost"),
    ]
    shown = table(found, list_columns, "Contracts", ITEMS)
    every = link(urls.report(NAME), esc(t("All contracts and their days")))
    more = Html(f"<p class=it-next>{every}") if view.audience.reports and view.course else EMPTY
    return section("Contracts", Html(f"{shown}{more}"), NAME)


def in_force(view: View, entry: Entry) -> list[Entry]:
    """Return the contracts in existence whose other party an item is."""
    others = (view.entries.get(i) for i in view.network.others(entry.id, _SUPPLIES))
    found = (e for e in others if e and meaning.CONTRACT in view.kind(e).plays and view.url(e.id))
    return sorted((e for e in found if not facts.is_inactive(view.kind(e), e.columns)), key=lambda e: e.id)


def contract_lists(view: View) -> Iterator[ListPage]:
    """Yield the page that lists all contracts, for each class of them: the next day to act first, what is over last."""
    for kind in (k for k in view.book.kinds.values() if meaning.CONTRACT in k.plays):
        entries = view.of_kind(kind.name)
        terms = {e.id: _terms(view, e) for e in entries if not facts.is_inactive(kind, e.columns)}
        shown = table(
            sorted(entries, key=partial(_rank, terms)), _list_columns(view, terms), kind.plural_title, ITEMS
        )
        every = link(urls.report(NAME), esc(t("All contracts and their days")))
        more = Html(f"<p class=it-next>{every}") if view.audience.reports and view.course else EMPTY
        head = heading(
            [Crumb(urls.CMDB, "CMDB")], kind.plural_title, lead=esc(kind.description), count=len(entries)
        )
        body = join([head, shown or paragraph("None yet."), more])
        yield ListPage(urls.index(kind), kind.plural_title, urls.CMDB, body)


def _rank(terms: Mapping[str, ContractTerms], entry: Entry) -> tuple[str, str, str]:
    one = terms.get(entry.id)
    days = [day.day for day in (one.notice, one.ends) if day] if one else []
    # What goes on for ever comes after what ends, and what is over comes last.
    return min(days, default="9" if one else "99"), entry.title.lower(), entry.id


def _list_columns(view: View, terms: Mapping[str, ContractTerms]) -> list[ListColumn]:
    def of(show: Callable[[ContractTerms], Html]) -> Callable[[Entry], Html]:
        return lambda e: show(terms[e.id]) if e.id in terms else EMPTY

    return [
        *columns(view, "name", "state"),
        ListColumn("Supplier", of(lambda one: Html(", ".join(map(view.link, one.suppliers))))),
        *columns(view, "owner"),
        ListColumn("Term ends", of(_ends), "it-c-said", "it-c-day"),
        ListColumn("Notice until", of(lambda one: _day(one.notice)), "it-c-said", "it-c-day"),
        ListColumn("Cost", of(lambda one: _cost(view, one.entry, one)), "it-c-cost"),
    ]


def _terms(view: View, entry: Entry) -> ContractTerms:
    return terms_of(view.kind(entry), entry, view.store.data(entry.id), view.now, view.zone)


def _cost(view: View, entry: Entry, terms: ContractTerms) -> Html:
    return value(view, terms.cost, view.kind(entry).fields.get("cost", {})) if terms.cost else EMPTY


def _ends(terms: ContractTerms) -> Html:
    """Return when the term ends; what renews also until when, where the next notice is for a later period."""
    if terms.ends is None or not terms.renews:
        return _day(terms.ends)
    day = _date(terms.ends.day)
    if terms.renewed_to:
        return told("{day}, then renewed to {end}", day=day, end=_date(terms.renewed_to))
    return Html(f"{day} ({esc(t('renews'))})")


def _day(day: DueDay | None) -> Html:
    if day is None:
        return EMPTY
    look = _LOOKS.get(day.stage, "")
    mark = f" {chip('over' if day.stage == PAST else 'soon', look)}" if look else ""
    return Html(f"{_date(day.day)}{mark}")


def _date(text: str) -> Html:
    plain = date.fromisoformat(text[:10])
    return Html(f"<time datetime={plain:%Y-%m-%d}>{full_day(plain)}</time>")
