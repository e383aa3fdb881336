"""The catalogue: what can be asked for, each with its price, its time and its approval on one card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

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
_COLUMNS = 3  # of cards on a wide page; small categories stand side by side


def catalogue_url(audience: Audience) -> str:
    """Return the page with what can be asked for: for those who cannot file a request, a part of the services."""
    return urls.CATALOGUE if audience.forms else urls.SERVICES


def catalogue_page(view: View) -> ListPage:
    """Return what people can ask for, what belongs together below one heading, and the way to the services.

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
    groups = groupby(offerings, key=lambda e: words(_category(e)) or t("More"))
    found = join([_group(view, name, list(members)) for name, members in groups])
    parts.append(Html(f"<div class=it-catalogue>{found}</div>") if found else EMPTY)
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


def _group(view: View, name: str, offerings: Sequence[Entry]) -> Html:
    """Return the offerings of one category."""
    cards = join([_offering_card(view, e) for e in offerings])
    css = f'"it-offers it-offers--{min(len(offerings), _COLUMNS)}"'
    return section(name, Html(f'<ul class="it-cards it-cards--offers">{cards}</ul>'), css=css)


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
    """Return what an offering is, in one line what it costs and how long it takes, and in one who approves."""
    *about, last = terms(view, entry) or [EMPTY]
    below = dots(about, "it-card__terms it-dots") + dots([last], "it-card__terms it-dots")
    title = link(view.url(entry.id), esc(entry.title or entry.id))
    return Html(
        f'<li class="it-card it-card--offer" data-category="{esc(_category(entry))}"><h3>{title}</h3>'
        f"{first_words(view, entry, 'description')}{below}"
    )


def terms(view: View, entry: Entry) -> list[Html]:
    """Return what an offering costs, how long it takes and who approves it, as far as it says so."""
    data = view.store.data(entry.id)
    schemas = view.kind(entry).fields
    cost = data.get("cost")
    price = value(view, cost, schemas.get("cost", {})) if cost else EMPTY
    free = isinstance(cost, dict) and not cost.get("amount")
    said = (
        esc(t("No cost")) if free else price,
        _time(data.get("expected_hours")),
        esc(_approval(view, data.get("approval"))),
    )
    return [one for one in said if one]


def _time(hours: Any) -> Html:
    if not isinstance(hours, int | float) or isinstance(hours, bool) or hours < 0:
        return EMPTY
    if hours < _DAY:
        return esc(
            t("about {hours} support hours", hours=digits(int(hours) if hours == int(hours) else hours))
        )
    days = max(1, round(hours / _DAY))
    if days == 1:
        return esc(t("about 1 working day"))
    return esc(t("about {days} working days", days=digits(days)))


def _approval(view: View, approval: Any) -> str:
    """Return who must approve, in a few words; nothing where nobody says."""
    if not isinstance(approval, Mapping) or not isinstance(approval.get("required"), bool):
        return ""
    if not approval["required"]:
        return t("no approval needed")
    by = approval.get("by")
    if not isinstance(by, str):
        return t("approved by your manager")
    return t("approved by {who}", who=view.title(by)) if by in view.entries else t("needs approval")


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
