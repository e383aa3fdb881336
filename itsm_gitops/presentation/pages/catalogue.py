"""The catalogue: what can be asked for, with price, time and approval on one card; then what can be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.audience import Audience
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.fields import value
from itsm_gitops.presentation.language import digits, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, words
from itsm_gitops.presentation.pages import hero
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.major import major_section
from itsm_gitops.presentation.pages.parts import first_words, heading, incomplete, paragraph, section
from itsm_gitops.presentation.view import View

_DAY = 8  # hours of a working day
_FEW = 8  # cards that need no filter
APPROVAL = "Approval"


def catalogue_url(audience: Audience) -> str:
    """Return the page with what can be asked for: for those who cannot file a request, a part of the services."""
    return urls.CATALOGUE if audience.forms else urls.SERVICES


def catalogue_page(view: View) -> ListPage:
    """Return what people can ask for, what belongs together side by side, then the services that they can use.

    Those who cannot file a request have it instead of the list of services: it is about the same for them.
    """
    url = catalogue_url(view.audience)
    title = t("Catalogue" if url == urls.CATALOGUE else "Services")
    offerings = [e for e in view.of_role(meaning.OFFERING) if facts.is_offered(view.book, e)]
    services = [e for e in view.of_role(meaning.SERVICE) if facts.is_in_force(view.kind(e), e.columns)]
    lead = "What each service is for and whether it works."
    if offerings and view.audience.forms:
        lead = "Request what you need, or see what each service is for and whether it works."
    parts = [heading([], title, lead=esc(t(lead))), incomplete(view)]
    if url == urls.SERVICES:
        parts += [hero.summary(view, services), major_section(view)]
    offerings.sort(key=_by_category)
    find = t("Find in the catalogue" if offerings else "Find a service")
    parts.append(_filter(offerings, len(offerings) + len(services), find))
    cards = join([_offering_card(view, e) for e in offerings])
    asked = Html(f'<ul class="it-cards it-cards--offers">{cards}</ul>') if cards else EMPTY
    parts.append(section("What you can request", asked, "requests"))
    cards = join([_service_card(view, e) for e in sorted(services, key=_by_name)])
    used = Html(f'<ul class="it-cards it-cards--uses">{cards}</ul>') if cards else EMPTY
    # Alone, the services need no heading that tells them from what can be requested.
    parts.append(section("What you can use", used, "services") if offerings else used)
    if not offerings and not services:
        parts.append(paragraph("None yet."))
    return ListPage(url, title, url, join(parts))


def _filter(offerings: Sequence[Entry], number: int, find: str) -> Html:
    """Return what leaves only some cards, for a script, called ``find``; nothing where all are seen at once."""
    if number < _FEW:
        return EMPTY
    names = Counter(category for e in offerings if (category := _category(e)))
    choices = [
        ("", t("Everything"), "true"),
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
    """Return what an offering is, what it costs, how long it takes and who approves."""
    rows = "".join(
        f"<div><dt>{esc(t(title))}</dt><dd>{content}</dd></div>"
        for title, content in terms(view, entry)
        if content
    )
    listed = f"<dl>{rows}</dl>" if rows else ""
    category = _category(entry)
    kicker = f"<p class=it-card__kicker>{esc(words(category))}</p>" if category else ""
    return Html(
        f'<li class="it-card it-card--offer" data-category="{esc(category)}">{kicker}<h3>{view.link(entry.id)}</h3>{first_words(view, entry, "description")}{listed}'
    )


def terms(view: View, entry: Entry) -> Iterator[tuple[str, Html]]:
    """Yield what an offering costs, how long it takes and who approves it; what is not shown is empty."""
    data = view.store.data(entry.id)
    schemas = view.kind(entry).fields
    cost = data.get("cost")
    price = value(view, cost, schemas.get("cost", {})) if cost else EMPTY
    yield "Price", esc(t("Free of charge")) if isinstance(cost, dict) and not cost.get("amount") else price
    yield "Delivery time", _time(data.get("expected_hours"))
    yield APPROVAL, _approval(view, data.get("approval"))


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


def _approval(view: View, approval: Any) -> Html:
    """Return who must approve, in a few words; nothing where nobody says."""
    if not isinstance(approval, Mapping) or not isinstance(approval.get("required"), bool):
        return EMPTY
    if not approval["required"]:
        return esc(t("not needed"))
    by = approval.get("by")
    who = view.link(by) if isinstance(by, str) and by in view.entries else EMPTY
    if not who and isinstance(by, str):
        return esc(t("needed"))
    return told("by {who}", who=who) if who else esc(t("by your manager"))


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
