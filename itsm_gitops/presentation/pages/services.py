"""The page of all services: by category, the worst first, with health and owner."""

from __future__ import annotations

from itsm_gitops.graph.status import OPERATIONAL
from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import situation, urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, shorten, words
from itsm_gitops.presentation.pages import going_on, hero
from itsm_gitops.presentation.pages.catalogue import narrowing
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.major import major_section
from itsm_gitops.presentation.pages.parts import heading, incomplete, paragraph
from itsm_gitops.presentation.pages.tables import ListColumn, RowGroup, columns, grouped_table
from itsm_gitops.presentation.remainder import and_more
from itsm_gitops.presentation.view import View

_MANY = 12  # services, of which people look for theirs
_LONGEST = 120  # of the title of what is wrong


def services_page(view: View) -> ListPage:
    """Return every service by category, the worst first, with health, owner and, where it is not well, why."""
    (owner,) = columns(view, "owner")
    shown = [
        ListColumn("Name", lambda e: _name(view, e), "it-c-title"),
        ListColumn("Health", lambda e: _health(view, e), "it-c-health"),
        owner,
    ]
    services = view.of_role(meaning.SERVICE)
    groups: dict[str, list[Entry]] = {}
    for entry in services:
        groups.setdefault(str(entry.columns.get("category") or "Other"), []).append(entry)
    rows = [
        RowGroup(
            words(category),
            f"category-{number}",
            sorted(entries, key=lambda e: (situation.place_of(view, e), e.title.lower(), e.id)),
        )
        for number, (category, entries) in enumerate(sorted(groups.items()), 1)
    ]
    lead = t("What IT provides, whether it works now, and who is responsible.")
    listed = (
        Html(f"<div class=it-services>{grouped_table(rows, shown, t('Services'))}</div>") if rows else EMPTY
    )
    parts = [
        heading([], t("Services"), lead=esc(lead)),
        hero.summary(view, services),
        narrowing(t("Find a service")) if len(services) >= _MANY else EMPTY,
        incomplete(view),
        major_section(view),
        listed or paragraph("None yet."),
    ]
    return ListPage(urls.SERVICES, t("Services"), urls.SERVICES, join(parts))


def _name(view: View, entry: Entry) -> Html:
    """Return the name of a service; below it the worst incident where it is not well."""
    health = view.health.get(entry.id)
    if health is None or health.status == OPERATIONAL:
        return view.link(entry.id)
    causes = [i for i in situation.worst_first(view, health.causes) if view.url(i)]
    why = link(view.url(causes[0]), esc(shorten(view.title(causes[0]), _LONGEST))) if causes else EMPTY
    if len(causes) > 1:
        why = Html(f"{why} {link(view.url(entry.id), esc(and_more(len(causes) - 1)))}")
    return Html(f"{view.link(entry.id)}<small>{why}</small>") if why else view.link(entry.id)


def _health(view: View, entry: Entry) -> Html:
    """Return the status of a service, with since when where it is not well; its life cycle where it has no status."""
    if entry.id not in view.health:
        return view.state_chip(entry)
    when = going_on.since_when(view, situation.since(view, entry.id), situation.until(view, entry.id))
    return Html(f"{view.health_chip(entry.id)} <small>{when}</small>") if when else view.health_chip(entry.id)
