"""The catalogue: what can be asked for, each with its price, its time and its approval on one card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.audience import Audience
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.fields import value
from itsm_gitops.presentation.language import digits, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, dots, esc, join, link, words
from itsm_gitops.presentation.pages import hero
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.major import major_section
from itsm_gitops.presentation.pages.parts import first_words, heading, incomplete, paragraph, section
from itsm_gitops.presentation.view import View

_DAY = 8  # hours of a working day
_FEW = 8  # cards that need no filter


def catalogue_url(audience: Audience) -> str:
    """Return the page with what can be asked for: for those who cannot file a request, a part of the services."""
    return urls.CATALOGUE if audience.forms else urls.SERVICES


def catalogue_page(view: View) -> ListPage:
    """Return what people can ask for, what belongs together one after the other, and the way to the services.

    Those who cannot file a request have it instead of the list of services, with a card for each of these.
    """
    url = catalogue_url(view.audience)
    alone = url == urls.SERVICES
    title = t("Services" if alone else "Catalogue")
    offerings = [e for e in view.of_role(meaning.OFFERING) if facts.is_offered(view.book, e)]
    offerings.sort(key=_by_category)
    services = [e for e in view.of_role(meaning.SERVICE) if facts.is_in_force(view.kind(e), e.columns)]
    lead = "What each service is for and whether it works." if alone else "Request what you need."
    parts = [heading([], title, lead=esc(t(lead))), incomplete(view)]
    if alone:
        parts += [hero.summary(view, services), major_section(view)]
    find = t("Find in the catalogue" if offerings else "Find a service")
    parts.append(_filter(offerings, len(offerings) + (len(services) if alone else 0), find))
    found = join([_offering_card(view, e) for e in offerings])
    parts.append(Html(f'<ul class="it-cards it-cards--offers">{found}</ul>') if found else EMPTY)
    if alone:
        cards = join([_service_card(view, e) for e in sorted(services, key=_by_name)])
        used = Html(f'<ul class="it-cards it-cards--uses">{cards}</ul>') if cards else EMPTY
        # Alone, the services need no heading that tells them from what can be requested.
        parts.append(section("What you can use", used, "services") if offerings else used)
    elif services:
        way = link(urls.SERVICES, esc(t("Services")))
        parts.append(
            Html(f"<p class=it-also>{told('What works and what does not: {services}.', services=way)}")
        )
    if not offerings and not (alone and services):
        parts.append(paragraph("None yet."))
    return ListPage(url, title, url, join(parts))


def _filter(offerings: Sequence[Entry], number: int, find: str) -> Html:
    """Return what leaves only some cards, for a script, called ``find``; nothing where all are seen at once."""
    if number < _FEW:
        return EMPTY
    names = Counter(category for e in offerings if (category := _category(e)))
    choices = [
        ("", f"{t('Everything')} {digits(number)}", "true"),
        *((name, f"{words(name)} {digits(count)}", "false") for name, count in names.items()),
    ]
    buttons = "".join(
        f'<button type=button data-category="{esc(name)}" aria-pressed={pressed}>{esc(text)}</button>'
        for name, text, pressed in choices
    )
    groups = (
        f'<div class=it-search__groups role=group aria-label="{esc(t("Category"))}">{buttons}</div>'
        if len(names) > 1
        else ""
    )
    return narrowing(find, groups)


def narrowing(find: str, groups: str = "") -> Html:
    """Return the field that leaves only some cards of a page, for a script, called ``find``, with ``groups`` of buttons."""
    return Html(
        f"<form class=it-narrow role=search><label class=it-vh for=it-narrow-q>{esc(find)}</label>"
        f'<input id=it-narrow-q type=search placeholder="{esc(find)}" autocomplete=off spellcheck=false maxlength=100>'
        f"{groups}<p id=it-narrow-said role=status></p></form>"
    )


def _by_name(entry: Entry) -> tuple[str, str]:
    return entry.title.lower(), entry.id


def _category(entry: Entry) -> str:
    """Return the category of an offering, '' where it says none."""
    category = entry.columns.get("category")
    return category if isinstance(category, str) else ""


def _by_category(entry: Entry) -> tuple[bool, str, str, str]:
    category = _category(entry)
    return not category, words(category).lower(), *_by_name(entry)


def _offering_card(view: View, entry: Entry) -> Html:
    """Return what an offering is, above it of which category, and in one line what it costs and how long it takes."""
    said = terms(view, entry)
    below = dots([said.cost, said.time], "it-card__terms it-dots")
    title = link(view.url(entry.id), esc(entry.title or entry.id))
    group = words(_category(entry))
    above = Html(f"<p class=it-card__group>{esc(group)}</p>") if group else EMPTY
    return Html(
        f'<li class="it-card it-card--offer" data-category="{esc(_category(entry))}">{above}<h2>{title}</h2>'
        f"{first_words(view, entry, 'description')}{below}"
    )


class Terms(NamedTuple):
    """What an offering costs, how long it takes and who approves it, each '' where it does not say so.

    ``approver`` is '' where nobody has to approve, which ``waived`` says.
    """

    cost: Html
    time: Html
    approver: Html
    waived: bool


def terms(view: View, entry: Entry) -> Terms:
    """Return the terms of an offering: its price in words where it has such, else as an amount."""
    data = view.store.data(entry.id)
    cost, price = data.get("cost"), data.get("price")
    if isinstance(price, str):
        said = esc(price)
    elif isinstance(cost, dict) and not cost.get("amount"):
        said = esc(t("No cost"))
    else:
        said = value(view, cost, view.kind(entry).fields.get("cost", {})) if cost else EMPTY
    given = data.get("approval")
    approval: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    asked = approval.get("required")
    return Terms(
        said,
        _time(data.get("expected_hours")),
        _approver(view, approval) if asked is True else EMPTY,
        asked is False,
    )


def _time(hours: Any) -> Html:
    if not isinstance(hours, int | float) or isinstance(hours, bool) or hours < 0:
        return EMPTY
    if hours < _DAY:
        return esc(
            t("about {hours} working hours", hours=digits(int(hours) if hours == int(hours) else hours))
        )
    days = max(1, round(hours / _DAY))
    if days == 1:
        return esc(t("about 1 working day"))
    return esc(t("about {days} working days", days=digits(days)))


def _approver(view: View, approval: Mapping[str, Any]) -> Html:
    """Return who must approve."""
    by = approval.get("by")
    if not isinstance(by, str):
        return esc(t("Your manager"))
    return view.link(by) if by in view.entries else esc(t("Needed"))


def _service_card(view: View, entry: Entry) -> Html:
    intro = first_words(view, entry, "description")
    open_at = entry.columns.get("support_hours")
    hours = (
        f'<p class="it-muted">{told("Supported: {hours}", hours=view.link(open_at))}</p>'
        if isinstance(open_at, str)
        else ""
    )
    return Html(
        f'<li class="it-card"><h3>{view.link(entry.id)}</h3>{view.health_chip(entry.id)}{intro}{hours}'
    )
