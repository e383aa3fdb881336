"""Why the rules of a policy apply: what a request does, as the gate sees it, in one sentence per change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from itsm_gitops.gate.conditions import AUTHORISATION, PREPARATION, PROGRESS, Touched
from itsm_gitops.gate.pull_request import Request
from itsm_gitops.model.facts import affected_places

_LISTED = 6
_STAGES = {
    PREPARATION: "prepares",
    PROGRESS: "reports progress of",
    AUTHORISATION: "asks to authorise",
}


def describe(request: Request, change: Touched) -> str:
    """Return the facts of a change that rules look at, and what it affects."""
    return ", ".join(_parts(request, change))


def _parts(request: Request, change: Touched) -> Iterator[str]:
    known = request.facts(change)
    verb = "takes away" if known["removed"] else _STAGES[known["stage"]]
    yield f"{verb} a change of type {known['type'] or '(none)'}"
    yield f"risk {known['risk'] or 'not known'}"
    if known["type"] == "standard":
        where = f" ({_listed(known['departures'])})" if known["departures"] else ""
        yield f"template {known['template']}{where}"
    if known["freeze"] is not False:
        yield "in a freeze" if known["freeze"] else "window not known"
    if known["outage"]:
        yield "with an outage"
    if known["incident"]:
        yield "for an open incident"
    named, items = list(affected_places(change.kind, change.data)), request.affected(change)
    if named:
        yield f"names {_listed(named)}"
    edited = {t.id for t in request.items} | request.files_of_items.keys()
    for more, why in (
        ([i for i in items if i not in named and i in edited], "edited here"),
        ([i for i in items if i not in named and i not in edited], "important and depending on those"),
    ):
        if more:
            yield f"also affects {_listed(more)} ({why})"


def _listed(items: Iterable[str]) -> str:
    found = list(items)
    shown = " and ".join(", ".join(found[:_LISTED]).rsplit(", ", 1)) if len(found) <= _LISTED else ""
    return shown or f"{', '.join(found[:_LISTED])} and {len(found) - _LISTED} more"
