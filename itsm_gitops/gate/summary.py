"""Why the rules of a policy apply: what a request does, as the gate sees it, in one sentence per change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from itsm_gitops.gate.conditions import AUTHORISATION, PREPARATION, PROGRESS, Touched
from itsm_gitops.gate.pull_request import Request
from itsm_gitops.model.facts import affected_places
from itsm_gitops.model.wording import Phrase, listed

_LISTED = 6
_TAKES_AWAY = "takes away a change of type {type}"
_STAGES = {
    PREPARATION: "prepares a change of type {type}",
    PROGRESS: "reports progress of a change of type {type}",
    AUTHORISATION: "asks to authorise a change of type {type}",
}


def describe(request: Request, change: Touched) -> Phrase:
    """Return the facts of a change that rules look at, and what it affects."""
    return listed(_parts(request, change))


def _parts(request: Request, change: Touched) -> Iterator[Phrase]:
    known = request.facts(change)
    does = _TAKES_AWAY if known["removed"] else _STAGES[known["stage"]]
    yield Phrase(does, type=Phrase(known["type"] or "(none)"))
    yield Phrase("risk {level}", level=Phrase(known["risk"] or "not known"))
    if known["type"] == "standard":
        standing = Phrase(known["template"])
        if known["departures"]:
            yield Phrase(
                "template {standing} ({where})", standing=standing, where=_listed(known["departures"])
            )
        else:
            yield Phrase("template {standing}", standing=standing)
    if known["freeze"] is not False:
        yield Phrase("in a freeze" if known["freeze"] else "window not known")
    if known["outage"]:
        yield Phrase("with an outage")
    if known["incident"]:
        yield Phrase("for an open incident")
    named, items = list(affected_places(change.kind, change.data)), request.affected(change)
    if named:
        yield Phrase("names {items}", items=_listed(named))
    edited = {t.id for t in request.items} | request.files_of_items.keys()
    for more, why in (
        ([i for i in items if i not in named and i in edited], "also affects {items} (edited here)"),
        (
            [i for i in items if i not in named and i not in edited],
            "also affects {items} (important and depending on those)",
        ),
    ):
        if more:
            yield Phrase(why, items=_listed(more))


def _listed(items: Iterable[str]) -> Phrase:
    found = list(items)
    if len(found) > _LISTED:
        return Phrase(
            "{items} and {count} more", items=", ".join(found[:_LISTED]), count=len(found) - _LISTED
        )
    if len(found) < 2:
        return Phrase("{item}", item="".join(found))
    return Phrase("{items} and {last}", items=", ".join(found[:-1]), last=found[-1])
