"""The start page, the services and the catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from itsm_gitops.model.entry import Entry
from itsm_gitops.publish import agenda, urls
from itsm_gitops.publish.markup import EMPTY, Html, esc, join, link, words
from itsm_gitops.publish.pages.lists import Page
from itsm_gitops.publish.pages.parts import columns, heading, paragraph, section, table
from itsm_gitops.publish.pages.plan import day_block
from itsm_gitops.publish.view import View, chip

_ORDER = {"outage": 0, "degraded": 1, "maintenance": 2, "operational": 3}
_MOST = 8

_ACTIONS = (
    ("handbook/20-incidents.html", "Report a fault", "Something is broken or slow"),
    (urls.CATALOGUE, "Request something", "Access, equipment, help"),
    (urls.CHANGES, "See what changes", "This week and the next"),
    (urls.SEARCH, "Look something up", "A number, a name, a word"),
)


def home_page(view: View, pages: frozenset[str]) -> Page:
    """Return the start page; ``pages`` are the addresses that exist, for the quick actions."""
    services = [e for e in view.of_kind("service") if e.id in view.health]
    statuses = Counter(view.health[e.id].status for e in services)
    head = Html(
        f'<header class="it-hero"><p class="it-kicker">{esc(view.config.organisation)}</p>'
        f"<h1>{esc(_headline(statuses))}</h1>"
        f'<p class="it-hero__sub">{_summary(statuses)}</p>{_actions(pages)}</header>'
    )
    body = join(
        [
            head,
            section("Major incidents", _major(view), "major", css="it-alert"),
            section(
                "Services",
                status_grid(view, services) or paragraph("No service is in production."),
                "services",
            ),
            Html(
                f'<div class="it-pair"><div>{_week(view)}</div><div>{_open(view)}{_errors(view)}</div></div>'
            ),
        ]
    )
    return Page(urls.HOME, view.config.site_name or view.config.organisation, urls.HOME, body)


def _headline(statuses: Counter[str]) -> str:
    if statuses["outage"]:
        return f"{_count(statuses['outage'], 'service')} down"
    if statuses["degraded"]:
        return f"{_count(statuses['degraded'], 'service')} degraded"
    if statuses["maintenance"]:
        return f"{_count(statuses['maintenance'], 'service')} in maintenance"
    return "All services are operational" if statuses else "IT services"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{' is' if number == 1 else 's are'}"


def _summary(statuses: Counter[str]) -> Html:
    return join([chip(f"{statuses[s]} {s}", s) for s in _ORDER if statuses[s]], " ")


def _actions(pages: frozenset[str]) -> Html:
    items = "".join(
        f"<li>{link(url, Html(f'<strong>{esc(title)}</strong><span>{esc(below)}</span>'))}</li>"
        for url, title, below in _ACTIONS
        if url in pages
    )
    return Html(f'<ul class="it-actions">{items}</ul>')


def _major(view: View) -> Html:
    found = [
        e for e in view.of_kind("incident") if view.is_open(e) and view.major(e) in ("accepted", "proposed")
    ]
    return table(
        found, columns(view, "id", "title", "state", "priority", "service", "updated"), "Major incidents"
    )


def _week(view: View) -> Html:
    days = agenda.days(view, 7)
    planned = agenda.changes(view)
    spans = agenda.calendar_spans(view, days[0][0], days[-1][1])
    frozen = frozenset(s.id for s in planned if agenda.is_frozen(view, s, spans))
    shown = join([day_block(view, a, b, planned, spans, frozen, short=True) for a, b in days])
    more = Html(f'<p class="it-next">{link(urls.CHANGES, esc("All upcoming changes"))}</p>')
    return section(
        "What changes this week", Html(f"{shown or paragraph('Nothing is planned.')}{more}"), "week"
    )


def _open(view: View) -> Html:
    found = [e for e in view.of_kind("incident") if view.is_open(e)]
    found.sort(key=lambda e: e.updated, reverse=True)
    found.sort(key=lambda e: view.priority(e).name or "P9")
    items = "".join(
        f"<li>{view.priority_chip(e)} {view.link(e.id)} {view.state_chip(e)}</li>" for e in found[:_MOST]
    )
    shown = Html(f'<ul class="it-list">{items}</ul>') if items else paragraph("No incident is open.")
    kind = view.book.kinds.get("incident")
    text = f"All {len(found)} open incidents" if len(found) > _MOST else "All incidents"
    more = Html(f'<p class="it-next">{link(urls.index(kind), esc(text))}</p>') if kind else EMPTY
    return section("Open incidents", Html(f"{shown}{more}"), "open")


def _errors(view: View) -> Html:
    found = [e for e in view.of_kind("known-error") if e.state != "retired"]
    found.sort(key=lambda e: (e.opened, e.id), reverse=True)
    if not found:
        return EMPTY
    items = "".join(f"<li>{view.link(e.id)}</li>" for e in found[:_MOST])
    more = link(urls.KNOWN_ERRORS, esc("All known errors"))
    return section(
        "Known errors", Html(f'<ul class="it-list">{items}</ul><p class="it-next">{more}</p>'), "known-errors"
    )


def status_grid(view: View, services: Iterable[Entry]) -> Html:
    """Return a card for each service with its health and why, the worst first."""
    ranked = sorted(services, key=lambda e: (_ORDER[view.health[e.id].status], e.title.lower(), e.id))
    return (
        Html(f'<ul class="it-status">{"".join(_status_card(view, e) for e in ranked)}</ul>')
        if ranked
        else EMPTY
    )


def _status_card(view: View, entry: Entry) -> str:
    found = view.health[entry.id]
    causes = ", ".join(view.id_link(c) or "" for c in found.causes[:3])
    reason = view.reason(found)
    why = esc(reason[:1].upper() + reason[1:]) if reason else EMPTY
    below = " · ".join(p for p in (why, causes) if p)
    return (
        f'<li class="it-status__item it-status__item--{found.status}"><p>{view.link(entry.id)}'
        f"{view.health_chip(entry.id)}</p>{f'<p class=it-status__why>{below}</p>' if below else ''}</li>"
    )


def services_page(view: View) -> Page:
    """Return every service by category, with health, owner and life cycle."""
    shown = columns(view, "name", "health", "state", "owner", "type")
    groups: dict[str, list[Entry]] = {}
    for entry in view.of_kind("service"):
        groups.setdefault(str(entry.columns.get("category") or "Other"), []).append(entry)
    parts = [
        heading([], "Services", lead=esc("What IT provides, whether it works now, and who answers for it."))
    ]
    for category, entries in sorted(groups.items()):
        entries.sort(key=lambda e: (e.title.lower(), e.id))
        parts.append(section(words(category), table(entries, shown, f"Services: {category}")))
    if not groups:
        parts.append(paragraph("None yet."))
    return Page(urls.SERVICES, "Services", urls.SERVICES, join(parts))


def catalogue_page(view: View) -> Page:
    """Return what people can use and request, by category: services with their offerings."""
    offerings = [e for e in view.of_kind("offering") if e.state != "retired"]
    by_service: dict[str, list[Entry]] = {}
    for offering in offerings:
        by_service.setdefault(str(offering.columns.get("service", "")), []).append(offering)
    groups: dict[str, list[Html]] = {}
    for entry in sorted(view.of_kind("service"), key=lambda e: (e.title.lower(), e.id)):
        if entry.state in ("production", ""):
            card = _service_card(view, entry, by_service.pop(entry.id, []))
            groups.setdefault(str(entry.columns.get("category") or "Other"), []).append(card)
    rest = [o for some in by_service.values() for o in some]
    for entry in rest:
        groups.setdefault(str(entry.columns.get("category") or "Other"), []).append(
            _offering_card(view, entry)
        )
    parts = [heading([], "Catalogue", lead=esc("What you can use, and what you can ask for."))]
    parts.append(section("What you can request", _requests(view, offerings), "requests"))
    parts += [
        section(words(category), Html(f'<ul class="it-cards">{join(cards)}</ul>'))
        for category, cards in sorted(groups.items())
    ]
    return Page(urls.CATALOGUE, "Catalogue", urls.CATALOGUE, join(parts))


def _requests(view: View, offerings: list[Entry]) -> Html:
    ordered = sorted(offerings, key=lambda e: (e.title.lower(), e.id))
    cards = join([_offering_card(view, e) for e in ordered])
    return Html(f'<ul class="it-cards">{cards}</ul>') if cards else EMPTY


def _first_words(view: View, entry: Entry) -> Html:
    """Return the first paragraph of an item's description as plain text."""
    text = view.store.data(entry.id).get("description")
    first = text.strip().split("\n\n")[0].replace("\n", " ") if isinstance(text, str) else ""
    shown = first if len(first) <= 180 else first[:179].rsplit(" ", 1)[0] + "…"
    return Html(f"<p>{esc(shown)}</p>") if shown else EMPTY


def _offering_card(view: View, entry: Entry) -> Html:
    hours = entry.columns.get("expected_hours")
    takes = f'<p class="it-muted">Usually takes {esc(hours)} support hours</p>' if hours else ""
    return Html(
        f'<li class="it-card it-card--offer"><h3>{view.link(entry.id)}</h3>{_first_words(view, entry)}{takes}</li>'
    )


def _service_card(view: View, entry: Entry, offerings: list[Entry]) -> Html:
    asked = "".join(f"<li>{view.link(o.id)}</li>" for o in offerings)
    listed = f'<p class="it-label">Request</p><ul class="it-list">{asked}</ul>' if asked else ""
    owner = entry.columns.get("owner")
    by = f'<p class="it-muted">{view.link(owner)}</p>' if isinstance(owner, str) else ""
    return Html(
        f'<li class="it-card"><h3>{view.link(entry.id)}</h3>{view.health_chip(entry.id)}'
        f"{_first_words(view, entry)}{by}{listed}</li>"
    )
