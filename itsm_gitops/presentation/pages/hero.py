"""The head of a start page: whether everything works, in one line, and as of when that is so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from itsm_gitops.graph.status import DEGRADED, MAINTENANCE, OPERATIONAL, OUTAGE, STATUSES, UNKNOWN
from itsm_gitops.model import clock, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation import situation, urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import counted, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, dots, esc, join, link
from itsm_gitops.presentation.pages.acts import beside
from itsm_gitops.presentation.pages.going_on import short
from itsm_gitops.presentation.view import View

# For each status, the worst first: about one service, by name, and about several.
_SAID = {
    OUTAGE: ("{service} is down", "{count} service is down", "{count} services are down"),
    DEGRADED: ("{service} is degraded", "{count} service is degraded", "{count} services are degraded"),
    UNKNOWN: (
        "The status of {service} is not known",
        "The status of {count} service is not known",
        "The status of {count} services is not known",
    ),
    MAINTENANCE: (
        "{service} is in maintenance",
        "{count} service is in maintenance",
        "{count} services are in maintenance",
    ),
}
# The word after a number of services, where it is not the name of the status.
_ARE = {OUTAGE: "down", MAINTENANCE: "in maintenance"}
_LONGEST = 40  # of a name in the headline


def hero(view: View, services: Sequence[Entry], acts: Html = EMPTY) -> Html:
    """Return the head of a start page, with what can be done from here."""
    statuses = Counter(view.health[e.id].status for e in services)
    # The headline says how many are worst.
    worst = min(statuses, key=STATUSES.index, default=OPERATIONAL)
    others = Counter({s: n for s, n in statuses.items() if s != worst or s == OPERATIONAL})
    facts = [_behind(view, services), *_counted(others), _without_status(view)]
    told_when = dots(
        [*_updated(view, services), link(urls.SUBSCRIBE, esc(t("Subscribe")))], "it-hero__at it-dots"
    )
    head = f"<header class=it-hero><h1>{esc(_headline(view, services, statuses))}</h1>"
    return beside(Html(f"{head}{dots(facts, 'it-hero__sub it-dots')}{told_when}</header>"), acts)


def _behind(view: View, services: Sequence[Entry]) -> Html:
    """Return how many incidents make the services not well; nothing where something else does, or what is not shown."""
    ill = [e for e in services if not situation.is_well(view, e.id)]
    found = {one.entry.id for one in situation.troubles(view, services) if one.services}
    causes = {c for e in ill for c in view.health[e.id].causes}
    if not causes or causes - found or not all(view.health[e.id].causes for e in ill):
        return EMPTY
    return esc(counted(len(causes), "Caused by {count} incident", "Caused by {count} incidents"))


def _without_status(view: View) -> Html:
    """Return how many services have no status, because they are planned or retired."""
    said = esc(", ".join(without_status(view, view.of_role(meaning.SERVICE))))
    return Html(f"<span class=it-hero__none>{said}</span>") if said else EMPTY


def without_status(view: View, services: Iterable[Entry]) -> list[str]:
    """Return how many services have no status, in words; nothing where all have one."""
    number = sum(e.id not in view.health for e in services)
    return [t("{count} not in production", count=number)] if number else []


def _headline(view: View, services: Iterable[Entry], statuses: Counter[str]) -> str:
    for status, (named, one, several) in _SAID.items():
        those = [e for e in services if view.health[e.id].status == status]
        if len(those) == 1 and 0 < len(those[0].title) <= _LONGEST:
            return t(named, service=those[0].title)
        if those:
            return counted(len(those), one, several)
    return t("All services are operational") if statuses else t("IT services")


def summary(view: View, services: Collection[Entry]) -> Html:
    """Return the number of services with each status, and of those without one, in one line; nothing without services."""
    by_status = _counted(Counter(view.health[e.id].status for e in services if e.id in view.health))
    return dots([*by_status, *map(esc, without_status(view, services))], "it-hero__sub it-dots")


def counts(statuses: Counter[str]) -> Html:
    """Return how many have each status, the worst first, as chips."""
    return join([chip(count_of(s, statuses[s]), s) for s in STATUSES if statuses[s]], " ")


def _counted(statuses: Counter[str]) -> list[Html]:
    """Return how many have each status, the worst first, in words."""
    return [esc(count_of(s, statuses[s])) for s in STATUSES if statuses[s]]


def count_of(status: str, number: int) -> str:
    """Return how many have a status, in words."""
    return t("{count} {status}", count=number, status=t(_ARE.get(status, status)))


def _updated(view: View, services: Iterable[Entry]) -> list[Html]:
    """Return when the newest record was updated: what the status is based on.

    An update from before the newest trouble says nothing of it: its record is not shown.
    """
    said = [told("As of {moment}", moment=short(view, view.now))]
    troubles = (situation.since(view, e.id) for e in services)
    newest = max(filter(None, troubles), default=None)
    if view.updated and not (newest and newest > view.updated):
        local, now = (in_zone(moment, view.zone) for moment in (view.updated, view.now))
        shown = short(view, view.updated)
        if local.date() == now.date():
            shown = Html(f"<time datetime={clock.format_time(view.updated)}>{local:%H:%M}</time>")
        said.append(
            Html(f"<span class=it-hero__last>{told('records changed {moment}', moment=shown)}</span>")
        )
    return said
