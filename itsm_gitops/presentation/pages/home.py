"""The start page and the page of all services."""

from __future__ import annotations

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import agenda, situation, urls
from itsm_gitops.presentation.language import digits, t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, words
from itsm_gitops.presentation.pages import going_on, hero, users_home, well
from itsm_gitops.presentation.pages.derived import clock_chip
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.major import major_section
from itsm_gitops.presentation.pages.parts import (
    heading,
    incomplete,
    line,
    paragraph,
    section,
)
from itsm_gitops.presentation.pages.plan import day_block, rows
from itsm_gitops.presentation.pages.tables import ListColumn, columns, reference, table
from itsm_gitops.presentation.view import View

_MOST, _MOST_OPEN = 6, 12

# The first is what most people come for.
_ACTIONS = (
    (urls.REPORT, "Report an incident", "Something is broken or slow"),
    (urls.CATALOGUE, "Request something", "Access, equipment, help"),
    (urls.CHANGES, "See what changes", "This week and the next"),
    (urls.SEARCH, "Look something up", "A number, a name, a word"),
    (urls.EXPLORE, "Browse records", "Filter, sort, export"),
    (urls.MAP, "See the map", "What depends on what"),
)


def home_page(view: View, pages: frozenset[str]) -> ListPage:
    """Return the start page for the audience; ``pages`` are the addresses that exist, for the quick actions."""
    if view.audience.everything:
        return ListPage(urls.HOME, _title(view), urls.HOME, _of_staff(view, pages))
    return ListPage(urls.HOME, _title(view), urls.HOME, users_home.body(view, pages))


def _title(view: View) -> str:
    return view.config.site_name or view.config.organisation


def _of_staff(view: View, pages: frozenset[str]) -> Html:
    """Return the start page of those who run the services: how they are, what is open, what changes."""
    services = situation.services_of(view)
    return join(
        [
            hero.hero(view, services),
            incomplete(view),
            going_on.not_well(view, services),
            _actions(pages),
            going_on.banners(view),
            Html(
                f'<div class="it-pair"><div>{_open(view)}</div><div>{_week(view)}{_errors(view)}</div></div>'
            ),
            hero.feeds(),
            well.working(view, services),
        ]
    )


def _actions(pages: frozenset[str]) -> Html:
    items = "".join(
        f"<li>{link(url, Html(f'<strong>{esc(t(title))}</strong><span>{esc(t(below))}</span>'))}</li>"
        for url, title, below in _ACTIONS
        if url in pages
    )
    return Html(f'<ul class="it-actions">{items}</ul>')


def _week(view: View) -> Html:
    days = agenda.days(view, 7)
    planned = agenda.changes(view)
    spans = agenda.calendar_spans(view, days[0][0] - agenda.BEYOND, days[-1][1] + agenda.BEYOND)
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


def incident_line(view: View, entry: Entry) -> Html:
    """Return an open incident as a line of a list: its state, its next clock and its service."""
    return line(
        view, entry, [view.state_chip(entry), clock_chip(view, entry), reference(view, entry, "service")]
    )


def _open(view: View) -> Html:
    found = situation.most_urgent(view)
    items = [
        f'<li><div class="it-line__lead">{view.priority_chip(e)}</div><div>{incident_line(view, e)}</div></li>'
        for e in found[:_MOST_OPEN]
    ]
    none = "No incident that can be read is open." if view.gaps else "No incident is open."
    shown = _lines(items) or paragraph(none)
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


def _health(view: View, entry: Entry) -> Html:
    """Return the status of a service, with since when where it is not well; its life cycle where it has no status."""
    if entry.id not in view.health:
        return view.state_chip(entry)
    when = going_on.since_when(view, situation.since(view, entry.id), situation.until(view, entry.id))
    return Html(f"{view.health_chip(entry.id)}<small>{when}</small>") if when else view.health_chip(entry.id)


def services_page(view: View) -> ListPage:
    """Return every service by category, the worst first, with health, owner and life cycle."""
    name, *rest = columns(view, "name", "owner", "type")
    shown = [name, ListColumn("Health", lambda e: _health(view, e), "it-c-health"), *rest]
    groups: dict[str, list[Entry]] = {}
    for entry in view.of_role(meaning.SERVICE):
        groups.setdefault(str(entry.columns.get("category") or "Other"), []).append(entry)
    parts = [
        heading(
            [], t("Services"), lead=esc(t("What IT provides, whether it works now, and who is responsible."))
        ),
        hero.summary(view, view.of_role(meaning.SERVICE)),
        incomplete(view),
        major_section(view),
    ]
    for category, entries in sorted(groups.items()):
        entries.sort(key=lambda e: (situation.place_of(view, e), e.title.lower(), e.id))
        rows_of = table(entries, shown, t("Services: {category}", category=words(category)))
        parts.append(section(words(category), rows_of, css="it-services"))
    if not groups:
        parts.append(paragraph("None yet."))
    return ListPage(urls.SERVICES, t("Services"), urls.SERVICES, join(parts))
