"""The page of an offering: what it costs, its form, beside it what to know first, and folded below what few come for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.fields import BLOCK, FACT, PROSE, Field, definition_list, present_fields, value
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join
from itsm_gitops.presentation.pages import catalogue, forms
from itsm_gitops.presentation.pages.asked import strip
from itsm_gitops.presentation.pages.origin import origin
from itsm_gitops.presentation.pages.parts import Crumb, heading, relations, section, unseen
from itsm_gitops.presentation.view import View

# In the head of the page, in the line below it, or as its questions.
_ABOVE = frozenset({"description", "form", "cost", "price", "expected_hours", "approval", "lifecycle"})


def offering_page(view: View, entry: Entry, data: Mapping[str, Any], fields: tuple[Field, ...]) -> Html:
    """Return the article of an offering; ``data`` is its document, ``fields`` those of its class.

    Who comes wants to order: the form is first, and the way it is fulfilled and what others ordered are folded.
    """
    lead = next((f for f in fields if f.name == "description"), None)
    intro = value(view, data["description"], lead.schema) if lead and data.get("description") else EMPTY
    url = catalogue.catalogue_url(view.audience)
    way = [Crumb(url, "Catalogue" if url == urls.CATALOGUE else "Services")]
    present = [f for f in present_fields(fields, data) if f.name not in _ABOVE]
    prose = join([value(view, data[f.name], f.schema) for f in present if f.role == PROSE])
    hint = Html(f"<aside class=it-howto><h2>{esc(t('Good to know'))}</h2>{prose}</aside>") if prose else EMPTY
    asked = section("Request it", forms.request_form(view, entry, data.get("form")), "request")
    about = _fold(t("About this offering"), _about(view, entry, data, present), "details")
    # What cannot be ordered here says in what it is.
    chips = [] if asked else [view.state_chip(entry)]
    body = f"{hint}{asked}{about}"
    return Html(
        f"{heading(way, entry.title or entry.id, chips, intro, of=view.kind(entry).title)}{_terms(view, entry, data)}"
        f"<div class=it-main>{body}</div>{origin(view, entry)}"
    )


def _terms(view: View, entry: Entry, data: Mapping[str, Any]) -> Html:
    """Return the strip with the price, the delivery time and the approval, with who approves for which reason."""
    said = catalogue.terms(view, entry)
    approval = data.get("approval")
    reason = approval.get("reason") if isinstance(approval, Mapping) else None
    why = Html(f"<br><small>{esc(reason)}</small>") if isinstance(reason, str) and said.approver else EMPTY
    by = Html(f"{said.approver}{why}") if said.approver else esc(t("Not needed")) if said.waived else EMPTY
    return strip([("Cost", said.cost), ("Ready in", _upper(said.time)), ("Approval", by)])


def _upper(text: Html) -> Html:
    return Html(f"{text[:1].upper()}{text[1:]}")


def _about(view: View, entry: Entry, data: Mapping[str, Any], present: Sequence[Field]) -> Html:
    """Return what few come for: how it is fulfilled and by whom, and what it is linked with."""
    rows = [(f.title, value(view, data[f.name], f.schema), False) for f in present if f.role == FACT]
    blocks = join([section(f.title, value(view, data[f.name], f.schema)) for f in present if f.role == BLOCK])
    linked = section("Linked", relations(view, entry.id, unseen(view, entry)), "links")
    return Html(f"{definition_list(rows) if rows else EMPTY}{blocks}{linked}")


def _fold(title: str, body: Html, anchor: str) -> Html:
    if not body:
        return EMPTY
    return Html(f"<details class=it-fold id={anchor}><summary>{esc(title)}</summary>{body}</details>")
