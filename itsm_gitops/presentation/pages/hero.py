"""The head of a start page: whether everything works, in one line, and as of when that is so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from itsm_gitops.graph.status import DEGRADED, MAINTENANCE, OPERATIONAL, OUTAGE, STATUSES, UNKNOWN
from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import situation, urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import counted, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link
from itsm_gitops.presentation.view import View

# For each status, the worst first: about one service, whose name is said, and about several.
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


def hero(view: View, services: Sequence[Entry]) -> Html:
    """Return the head of a start page."""
    statuses = Counter(view.health[e.id].status for e in services)
    # The headline says how many are worst.
    worst = min(statuses, key=STATUSES.index, default=OPERATIONAL)
    others = Counter({s: n for s, n in statuses.items() if s != worst or s == OPERATIONAL})
    return Html(
        f'<header class="it-hero"><p class="it-kicker">{esc(view.config.organisation)}</p>'
        f"<h1>{esc(_headline(view, services, statuses))}</h1>"
        f'<p class="it-hero__sub">{counts(others)}{_updated(view, services)}</p></header>'
    )


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
    used = [e for e in services if e.id in view.health]
    by_status = counts(Counter(view.health[e.id].status for e in used))
    others = len(services) - len(used)
    rest = chip(t("{count} not in production", count=others), "none") if others else EMPTY
    return Html(f"<p class=it-hero__sub>{join([by_status, rest], ' ')}</p>") if services else EMPTY


def counts(statuses: Counter[str]) -> Html:
    """Return how many have each status, the worst first, as chips."""
    numbers = (
        (s, t("{count} {status}", count=statuses[s], status=t(_ARE.get(s, s))))
        for s in STATUSES
        if statuses[s]
    )
    return join([chip(said, status) for status, said in numbers], " ")


def _updated(view: View, services: Iterable[Entry]) -> Html:
    """Return when the newest record was updated: what the status is based on.

    An update from before the newest trouble says nothing of it: its record is not shown.
    """
    said = [told("As of {moment}", moment=view.moment(view.now))]
    troubles = (situation.since(view, e.id) for e in services)
    newest = max(filter(None, troubles), default=None)
    if view.updated and not (newest and newest > view.updated):
        local, now = (moment.astimezone(view.zone) for moment in (view.updated, view.now))
        shown = view.moment(view.updated)
        if local.date() == now.date():
            shown = Html(f"<time datetime={clock.format_time(view.updated)}>{local:%H:%M}</time>")
        said.append(told("last update {moment}", moment=shown))
    return Html(f'<span class="it-muted">{join(said, ", ")}</span>')


def feeds() -> Html:
    """Return the ways to be told without looking."""
    page = link(urls.SUBSCRIBE, esc(t("Subscribe to incidents and changes")))
    feed = link(urls.INCIDENT_FEED, esc(t("Feed of incidents (Atom)")))
    return Html(f'<p class="it-next">{page} · {feed}</p>')
