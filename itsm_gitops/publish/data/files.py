"""Every file for programs that is not about a single document, but for the indexes (see ``api``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from itsm_gitops.graph.ics import calendar, domain
from itsm_gitops.model import meaning
from itsm_gitops.publish import urls
from itsm_gitops.publish.data import api, feeds
from itsm_gitops.publish.data.text import as_json
from itsm_gitops.publish.pages.board import has_board, meetings_file
from itsm_gitops.publish.pages.due import due_file
from itsm_gitops.publish.pages.on_call import rota_file
from itsm_gitops.publish.planned import Plan
from itsm_gitops.publish.view import View

_SCHEMAS = Path(__file__).parent / "schema"


def data_files(view: View, plan: Plan, url: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a site (name and content); ``url`` is where the site will be, '' if unknown."""
    base = url.rstrip("/") + "/" if url else ""
    yield from _calendars(view, plan, base)
    for rota in view.of_role(meaning.ROTA):
        yield urls.rota_ics(rota.id), rota_file(view, rota, base)
    if view.audience.reports:
        yield urls.DUE_ICS, due_file(view, base)
    if has_board(view):
        yield urls.MEETINGS_ICS, meetings_file(view, base)
    yield urls.INCIDENT_FEED, feeds.incidents(view, base)
    yield urls.OUTAGE_FEED, feeds.outages(view, base)
    yield from feeds.of_services(view, base)
    yield urls.CHANGE_FEED, feeds.changes(view, base)
    yield urls.STATUS, as_json(api.status(view))
    for path in sorted(_SCHEMAS.glob("*.json")):
        yield f"{urls.API_SCHEMAS}{path.name}", path.read_bytes()


def _calendars(view: View, plan: Plan, base: str) -> Iterator[tuple[str, bytes]]:
    """Yield the calendar of everything and that of each service, as ``itsm schedule --ics`` has them.

    A window counts as written when the schedule begins, not now: a build that finds nothing new
    gives the same bytes.
    """
    name = view.config.organisation
    whole = plan.schedule
    named = [(urls.ICS, f"{name}: changes", whole, plan.over)]
    for service, near in plan.carriers.items():
        part = whole.of_service(service, near)
        over = [c for c in plan.over if not near.isdisjoint(c.items)]
        named.append((urls.service_ics(service), f"{name}: changes of {view.title(service)}", part, over))
    for path, title, part, over in named:
        text = calendar(
            part,
            title,
            domain(view.config.identity),
            whole.start,
            lambda i: base + view.url(i) if base else "",
            over,
        )
        yield path, text.encode()
