"""What an audience is told of how services are and were: true for everybody, with causes only where those are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from itsm_gitops.graph.announcements import announced_spells
from itsm_gitops.graph.doubt import doubted, status_kinds
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.past import Spell
from itsm_gitops.graph.status import DEGRADED, OUTAGE, STATUS_OF, Health, health
from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.field_history import Day, ServiceHistory
from itsm_gitops.model.windows import moment_of
from itsm_gitops.presentation.view import View

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Store


def true_health(full: Store, visible: Mapping[str, Entry], now: datetime) -> dict[str, Health]:
    """Return the health of what is shown, computed from everything: a status must be true for everybody.

    What causes it is named only where that is shown too. What cannot be read makes it unknown for everybody.
    """
    network = Network(full)
    shown = {}
    for identifier, found in health(network, ImpactGraph(network), now).items():
        if identifier in visible:
            causes = tuple(c for c in found.causes if c in visible)
            named = found.reason.rpartition(" ")[2] in visible
            shown[identifier] = found._replace(causes=causes, reason=found.reason if named else "")
    return doubted(shown, full.gaps(status_kinds(full.book)))


_RANK = (OUTAGE, DEGRADED)


def announced_past(
    full: Store, days: Mapping[str, Sequence[Day]], now: datetime, zone: tzinfo
) -> dict[str, Sequence[Day]]:
    """Return the last days of services, none of them better than what was announced as a disturbance says."""
    network = Network(full)
    found: dict[str, Sequence[Day]] = dict(days)
    if not network.of_role(meaning.ANNOUNCEMENT) or not any(days.values()):
        return found
    first = min(some[0].day for some in days.values() if some)
    since = moment_of(date.fromisoformat(first), "00:00", zone)
    for spell in announced_spells(ImpactGraph(network), since, now):
        if spell.service in found:
            found[spell.service] = [_with_spell(day, spell, zone) for day in found[spell.service]]
    return found


def _with_spell(day: Day, spell: Spell, zone: tzinfo) -> Day:
    """Return a day as it was with a spell, if the spell has a part of it."""
    at = date.fromisoformat(day.day)
    begin, end = (int(moment_of(d, "00:00", zone).timestamp()) for d in (at, at + timedelta(days=1)))
    word = STATUS_OF[spell.effect]
    known = _RANK.index(day.status) if day.status in _RANK else len(_RANK)
    if spell.start >= end or spell.end <= begin or known < _RANK.index(word):
        return day
    causes = day.causes if day.status == word else ()
    return Day(day.day, word, (*causes, *spell.causes))


def true_past(days: Mapping[str, Sequence[Day]], visible: Mapping[str, Entry]) -> dict[str, Sequence[Day]]:
    """Return the last days of the services that are shown, as true as their health is."""
    return {
        service: [d._replace(causes=tuple(c for c in d.causes if c in visible)) for d in some]
        for service, some in days.items()
        if service in visible
    }


def true_histories(found: Mapping[str, ServiceHistory], view: View) -> dict[str, ServiceHistory]:
    """Return what happened to the services that are shown, by the incidents that are shown.

    Nobody can say how long a service was available while something cannot be read.
    """
    return {
        service: ServiceHistory(
            one.since,
            tuple(i for i in one.incidents if i.id in view.entries),
            () if view.gaps else one.available,
        )
        for service, one in found.items()
        if service in view.entries
    }
