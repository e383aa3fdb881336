"""The services that work, on a start page: those that do not stand at its head."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import situation
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc
from itsm_gitops.presentation.pages import past
from itsm_gitops.presentation.pages.parts import paragraph, section
from itsm_gitops.presentation.view import View


def working(view: View, services: Sequence[Entry]) -> Html:
    """Return those of all services that work, by name, each with its last days: people look for theirs."""
    if not services:
        return section("All services", paragraph("No service is in production."), "services")
    well = [e for e in services if situation.is_well(view, e.id)]
    cards = "".join(
        f'<li class="it-status__item"><p>{view.link(e.id)}{view.health_chip(e.id)}</p>{past.bar(view, e.id)}</li>'
        for e in sorted(well, key=lambda e: (e.title.lower(), e.id))
    )
    days = next((some for e in well if (some := view.past.get(e.id))), None)
    dates = EMPTY
    if days:
        span = t("{start} to {end}", start=past.day_of(days[0]), end=past.day_of(days[-1]))
        dates = Html(f"<p class=it-muted>{esc(t('Each mark is one day: {days}.', days=span))}</p>")
    title = "All services" if len(well) == len(services) else "All other services"
    return section(title, Html(f'{dates}<ul class="it-status">{cards}</ul>') if cards else EMPTY, "services")
