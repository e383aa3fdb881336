"""The contracts with a supplier on its page: until when, notice by when, and for how much."""

from __future__ import annotations

from datetime import date

from itsm_gitops.graph.contracts import ContractTerms, terms_of
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.duties import NEAR, PAST, DueDay
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import value
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, link
from itsm_gitops.presentation.moments import MONTH_NAMES, full_day
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.pages.tables import ListColumn, table
from itsm_gitops.presentation.view import View

NAME = "contracts"  # of the report that has all of them
_SUPPLIES = "supplies"
_LOOKS = {PAST: "bad", NEAR: "waiting"}


def contracts_with(view: View, entry: Entry) -> Html:
    """Return a section with the contracts in existence whose other party an item is; nothing where there are none."""
    others = (view.entries.get(i) for i in view.network.others(entry.id, _SUPPLIES))
    found = sorted(
        (e for e in others if e and meaning.CONTRACT in view.kind(e).plays and view.url(e.id)),
        key=lambda e: e.id,
    )
    terms = {e.id: _terms(view, e) for e in found if not facts.is_inactive(view.kind(e), e.columns)}
    if not terms:
        return EMPTY
    list_columns = [
        ListColumn("Contract", lambda e: view.link(e.id)),
        ListColumn("Term ends", lambda e: _day(terms[e.id].ends, renews=terms[e.id].renews)),
        ListColumn("Notice until", lambda e: _day(terms[e.id].notice)),
        ListColumn("Cost", lambda e: _cost(view, e, terms[e.id])),
    ]
    shown = table([e for e in found if e.id in terms], list_columns, "Contracts")
    every = link(urls.report(NAME), esc(t("All contracts and their days")))
    more = Html(f"<p class=it-next>{every}") if view.audience.reports and view.course else EMPTY
    return section("Contracts", Html(f"{shown}{more}"), NAME)


def _terms(view: View, entry: Entry) -> ContractTerms:
    return terms_of(view.kind(entry), entry, view.store.data(entry.id), view.now, view.zone)


def _cost(view: View, entry: Entry, terms: ContractTerms) -> Html:
    return value(view, terms.cost, view.kind(entry).fields.get("cost", {})) if terms.cost else EMPTY


def _day(day: DueDay | None, *, renews: bool = False) -> Html:
    if day is None:
        return EMPTY
    plain = date.fromisoformat(day.day[:10])
    shown = f"<time datetime={plain:%Y-%m-%d}>{full_day(plain, MONTH_NAMES)}</time>"
    look = _LOOKS.get(day.stage, "") if not renews else ""
    mark = (
        f" {chip('over' if day.stage == PAST else 'soon', look)}"
        if look
        else f" ({esc(t('renews'))})"
        if renews
        else ""
    )
    return Html(f"{shown}{mark}")
