"""Calendar files that are about many documents, and the schemas of the JSON API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from itsm_gitops.graph.ics import calendar, domain
from itsm_gitops.model import meaning
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import WRITER, t
from itsm_gitops.presentation.pages.on_call import rota_file
from itsm_gitops.presentation.view import View

_SCHEMAS = Path(__file__).parent / "schema"


def calendars(view: View, base: str) -> Iterator[tuple[str, bytes]]:
    """Yield the calendar of everything and that of each service, as ``itsm schedule --ics`` has them.

    ``base`` is where the site will be, '' if unknown. A window counts as written when the schedule begins, not now: a
    build that finds nothing new gives the same bytes.
    """
    plan, name = view.plan, view.config.organisation
    whole = plan.schedule
    named = [(urls.ICS, t("{service}: changes", service=name), whole, plan.over)]
    for service, near in plan.carriers.items():
        part = whole.of_service(service, near)
        over = [c for c in plan.over if not near.isdisjoint(c.items)]
        named.append(
            (
                urls.service_ics(service),
                t("{organisation}: changes of {service}", organisation=name, service=view.title(service)),
                part,
                over,
            )
        )
    for path, title, part, over in named:
        text = calendar(
            part,
            title,
            domain(view.config.identity),
            whole.start,
            lambda i: base + view.url(i) if base else "",
            over,
            WRITER,
        )
        yield path, text.encode()


def rotas(view: View, base: str) -> Iterator[tuple[str, bytes]]:
    """Yield the calendar of each rota."""
    for rota in view.of_role(meaning.ROTA):
        yield urls.rota_ics(rota.id), rota_file(view, rota, base)


def schemas() -> Iterator[tuple[str, bytes]]:
    """Yield the schemas of the files for programs."""
    for path in sorted(_SCHEMAS.glob("*.json")):
        yield f"{urls.API_SCHEMAS}{path.name}", path.read_bytes()
