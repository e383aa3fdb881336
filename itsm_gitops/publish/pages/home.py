"""The start page, the services and the catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from itsm_gitops.graph.status import STATUSES
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.publish import agenda, urls
from itsm_gitops.publish.language import counted, digits, t, told
from itsm_gitops.publish.markup import EMPTY, Html, esc, join, link, shorten, words
from itsm_gitops.publish.pages import past
from itsm_gitops.publish.pages.derived import clock_chip
from itsm_gitops.publish.pages.lists import ListPage
from itsm_gitops.publish.pages.major import major_section
from itsm_gitops.publish.pages.parts import (
    columns,
    first_words,
    heading,
    incomplete,
    line,
    paragraph,
    reference,
    section,
    table,
)
from itsm_gitops.publish.pages.plan import day_block, rows
from itsm_gitops.publish.view import View, chip, look_of

_ORDER = {status: rank for rank, status in enumerate(STATUSES)}
_MOST, _MOST_OPEN, _MOST_CAUSES = 6, 12, 2

_ACTIONS = (
    (urls.REPORT, "Report a fault", "Something is broken or slow"),
    (urls.CATALOGUE, "Request something", "Access, equipment, help"),
    (urls.CHANGES, "See what changes", "This week and the next"),
    (urls.SEARCH, "Look something up", "A number, a name, a word"),
    (urls.EXPLORE, "Browse records", "Filter, sort, export"),
    (urls.MAP, "See the map", "What depends on what"),
)


def home_page(view: View, pages: frozenset[str]) -> ListPage:
    """Return the start page; ``pages`` are the addresses that exist, for the quick actions."""
    services = [e for e in view.of_role(meaning.SERVICE) if e.id in view.health]
    statuses = Counter(view.health[e.id].status for e in services)
    head = Html(
        f'<header class="it-hero"><p class="it-kicker">{esc(view.config.organisation)}</p>'
        f"<h1>{esc(_headline(statuses))}</h1>"
        f'<p class="it-hero__sub">{_summary(statuses)}{_updated(view)}</p></header>'
    )
    feeds = Html(
        f'<p class="it-next">{link(urls.SUBSCRIBE, esc(t("Subscribe to incidents and changes")))} · '
        f"{link(urls.INCIDENT_FEED, esc(t('Feed of incidents (Atom)')))}</p>"
    )
    body = join(
        [
            head,
            incomplete(view),
            major_section(view),
            _actions(view, pages),
            feeds,
            section(
                "Services",
                status_grid(view, services) or paragraph("No service is in production."),
                "services",
            ),
            Html(
                f'<div class="it-pair"><div>{_open(view)}</div><div>{_week(view)}{_errors(view)}</div></div>'
            ),
        ]
    )
    return ListPage(urls.HOME, view.config.site_name or view.config.organisation, urls.HOME, body)


def _headline(statuses: Counter[str]) -> str:
    if statuses["outage"]:
        return counted(statuses["outage"], "{count} service is down", "{count} services are down")
    if statuses["degraded"]:
        return counted(statuses["degraded"], "{count} service is degraded", "{count} services are degraded")
    if statuses["unknown"]:
        return counted(
            statuses["unknown"],
            "The status of {count} service is not known",
            "The status of {count} services is not known",
        )
    if statuses["maintenance"]:
        return counted(
            statuses["maintenance"],
            "{count} service is in maintenance",
            "{count} services are in maintenance",
        )
    return t("All services are operational") if statuses else t("IT services")


def _summary(statuses: Counter[str]) -> Html:
    return join([chip(f"{statuses[s]} {t(s)}", s) for s in _ORDER if statuses[s]], " ")


def _updated(view: View) -> Html:
    """Return when the newest record was updated: what the status is based on."""
    said = [told("As of {moment}", moment=view.moment(view.now))]
    if view.updated:
        said.append(told("last update {moment}", moment=view.moment(view.updated)))
    return Html(f'<span class="it-muted">{join(said, ", ")}</span>')


def _actions(view: View, pages: frozenset[str]) -> Html:
    # What can be requested is requested by a form.
    pages = pages if view.audience.forms else pages - {urls.CATALOGUE}
    items = "".join(
        f"<li>{link(url, Html(f'<strong>{esc(t(title))}</strong><span>{esc(t(below))}</span>'))}</li>"
        for url, title, below in _ACTIONS
        if url in pages
    )
    return Html(f'<ul class="it-actions">{items}</ul>')


def _week(view: View) -> Html:
    days = agenda.days(view, 7)
    planned = agenda.changes(view)
    spans = agenda.calendar_spans(view, days[0][0], days[-1][1])
    frozen = agenda.frozen(view)
    running = [s for s in planned if agenda.is_running(view, s)]
    waiting = [s for s in planned if s not in running]
    now = rows(view, running, frozen, short=True)
    shown = join([day_block(view, day, waiting, spans, frozen, short=True) for day in days])
    if now:
        shown = Html(f'<section class="it-day"><h2>{esc(t("Under way"))}</h2>{now}</section>{shown}')
    late = sum(s.end < days[0][0] for s in waiting)
    text = t("All upcoming changes, {count} overdue", count=late) if late else t("All upcoming changes")
    more = Html(f'<p class="it-next">{link(urls.CHANGES, esc(text))}</p>')
    return section(
        "What changes this week", Html(f"{shown or paragraph('Nothing is planned.')}{more}"), "week"
    )


def _open(view: View) -> Html:
    found = sorted(view.open_of_role(meaning.INCIDENT), key=lambda e: e.updated, reverse=True)
    found.sort(key=view.urgency)
    items = [
        f'<li><div class="it-line__lead">{view.priority_chip(e)}</div>'
        f"<div>{line(view, e, [view.state_chip(e), clock_chip(view, e), reference(view, e, 'service')])}</div></li>"
        for e in found[:_MOST_OPEN]
    ]
    none = "No incident is open." if view.audience.everything else "No open incident is shown here."
    shown = _lines(items) or paragraph("No incident that can be read is open." if view.gaps else none)
    kind = view.book.player(meaning.INCIDENT)
    text = (
        t("All {count} open incidents", count=digits(len(found)))
        if len(found) > _MOST_OPEN
        else t("All incidents")
    )
    more = Html(f'<p class="it-next">{link(urls.index(kind), esc(text))}</p>') if kind else EMPTY
    return section("Open incidents", Html(f"{shown}{more}"), "open")


def _errors(view: View) -> Html:
    found = [e for e in view.of_role(meaning.KNOWN_ERROR) if facts.is_offered(view.book, e)]
    found.sort(key=lambda e: (e.opened, e.id), reverse=True)
    if not found:
        return EMPTY
    items = [f"<li><div>{line(view, e, [reference(view, e, 'service')])}</div></li>" for e in found[:_MOST]]
    more = link(urls.KNOWN_ERRORS, esc(t("All known errors")))
    return section("Known errors", Html(f'{_lines(items)}<p class="it-next">{more}</p>'), "known-errors")


def _lines(items: list[str]) -> Html:
    return Html(f'<ul class="it-lines">{"".join(items)}</ul>') if items else EMPTY


def status_grid(view: View, services: Iterable[Entry]) -> Html:
    """Return a card for each service with its health: those with a fault and why, then the others."""
    ranked = sorted(services, key=lambda e: (_ORDER[view.health[e.id].status], e.title.lower(), e.id))
    ill = [e for e in ranked if view.health[e.id].status != "operational"]
    well = [e for e in ranked if view.health[e.id].status == "operational"]
    return join([_grid(view, ill), _grid(view, well)])


def _grid(view: View, services: list[Entry]) -> Html:
    cards = "".join(_status_card(view, e) for e in services)
    return Html(f'<ul class="it-status">{cards}</ul>') if cards else EMPTY


def _status_card(view: View, entry: Entry) -> str:
    found = view.health[entry.id]
    head = f"<p>{view.link(entry.id)}{view.health_chip(entry.id)}</p>"
    bar = past.bar(view, entry.id)
    if found.status == "operational":
        return f'<li class="it-status__item">{head}{bar}</li>'
    causes = "".join(
        f'<p class="it-status__why">{link(view.url(c), esc(shorten(view.title(c), 80)))}</p>'
        for c in found.causes[:_MOST_CAUSES]
    )
    reason = view.reason(found)
    why = f'<p class="it-status__why">{esc(reason[:1].upper() + reason[1:])}</p>' if reason else ""
    return (
        f'<li class="it-status__item it-status__item--{look_of(found.status)}">{head}{causes}{why}{bar}</li>'
    )


def services_page(view: View) -> ListPage:
    """Return every service by category, with health, owner and life cycle."""
    shown = columns(view, "name", "health", "state", "owner", "type")
    groups: dict[str, list[Entry]] = {}
    for entry in view.of_role(meaning.SERVICE):
        groups.setdefault(str(entry.columns.get("category") or "Other"), []).append(entry)
    parts = [
        heading(
            [], t("Services"), lead=esc(t("What IT provides, whether it works now, and who answers for it."))
        ),
        incomplete(view),
        major_section(view),
    ]
    for category, entries in sorted(groups.items()):
        entries.sort(key=lambda e: (e.title.lower(), e.id))
        rows_of = table(entries, shown, t("Services: {category}", category=words(category)))
        parts.append(section(words(category), rows_of, css="it-even"))
    if not groups:
        parts.append(paragraph("None yet."))
    return ListPage(urls.SERVICES, t("Services"), urls.SERVICES, join(parts))


def catalogue_page(view: View) -> ListPage:
    """Return what people can use and request, by category: services with their offerings."""
    offerings = [e for e in view.of_role(meaning.OFFERING) if facts.is_offered(view.book, e)]
    by_service: dict[str, list[Entry]] = {}
    for offering in offerings:
        by_service.setdefault(str(offering.columns.get("service", "")), []).append(offering)
    groups: dict[str, list[Html]] = {}
    for entry in sorted(view.of_role(meaning.SERVICE), key=lambda e: (e.title.lower(), e.id)):
        if facts.is_in_force(view.kind(entry), entry.columns):
            card = _service_card(view, entry, by_service.pop(entry.id, []))
            groups.setdefault(str(entry.columns.get("category") or "Other"), []).append(card)
    rest = [o for some in by_service.values() for o in some]
    for entry in rest:
        groups.setdefault(str(entry.columns.get("category") or "Other"), []).append(
            _offering_card(view, entry)
        )
    parts = [heading([], t("Catalogue"), lead=esc(t("What you can use, and what you can ask for.")))]
    parts.append(section("What you can request", _requests(view, offerings), "requests"))
    parts += [
        section(words(category), Html(f'<ul class="it-cards">{join(cards)}</ul>'))
        for category, cards in sorted(groups.items())
    ]
    return ListPage(urls.CATALOGUE, t("Catalogue"), urls.CATALOGUE, join(parts))


def _requests(view: View, offerings: list[Entry]) -> Html:
    ordered = sorted(offerings, key=lambda e: (e.title.lower(), e.id))
    cards = join([_offering_card(view, e) for e in ordered])
    return Html(f'<ul class="it-cards">{cards}</ul>') if cards else EMPTY


def _offering_card(view: View, entry: Entry) -> Html:
    intro = first_words(view, entry, "description")
    hours = entry.columns.get("expected_hours")
    takes = (
        f'<p class="it-muted">{esc(t("Usually takes {hours} support hours", hours=hours))}</p>'
        if hours
        else ""
    )
    return Html(f'<li class="it-card it-card--offer"><h3>{view.link(entry.id)}</h3>{intro}{takes}</li>')


def _service_card(view: View, entry: Entry, offerings: list[Entry]) -> Html:
    intro = first_words(view, entry, "description")
    asked = "".join(f"<li>{view.link(o.id)}</li>" for o in offerings)
    listed = f'<p class="it-label">{esc(t("Request"))}</p><ul class="it-list">{asked}</ul>' if asked else ""
    owner = entry.columns.get("owner")
    by = (
        f'<p class="it-muted">{told("Owner: {who}", who=view.link(owner))}</p>'
        if isinstance(owner, str)
        else ""
    )
    open_at = entry.columns.get("support_hours")
    hours = (
        f'<p class="it-muted">{told("Supported: {hours}", hours=view.link(open_at))}</p>'
        if isinstance(open_at, str)
        else ""
    )
    return Html(
        f'<li class="it-card"><h3>{view.link(entry.id)}</h3>{view.health_chip(entry.id)}'
        f"{intro}{by}{hours}{past.kept_line(view, entry.id)}{listed}</li>"
    )
