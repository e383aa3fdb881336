"""The words of filters: one table for `itsm list`, its completion and its handbook page, and for the site's explorer.

Besides these, every field of a kind is a word, and every relation from either side (``resolved_by``, ``resolves``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.facts import AFFECTS, SPARES
from itsm_gitops.model.kinds import Kind

KIND, STATE, STATUS, PRIORITY = "kind", "state", "status", "priority"
SERVICE, TEAM, CI, ASSIGNEE = meaning.SERVICE, meaning.TEAM, "ci", "assignee"
REACHES, ID, TITLE = "reaches", "id", "title"
OPENED, UPDATED, CLOSED = "opened", "updated", "closed"
SLA = "sla"

# The fields that say which team has a document, and which person.
TEAM_FIELDS = ("assigned_team", "owner", "fulfilment_team", "teams")
PERSON_FIELDS = ("assignee", "implementers", "owner")

# Values with a meaning of their own, for every word and for those that name people and teams.
NONE, ANY = "none", "*"
ME, MY_TEAMS = "@me", "@my-teams"


class FilterWord(NamedTuple):
    """One word. ``facet`` is its title in the site's explorer, empty where it is not one of its facets."""

    name: str
    takes: str
    about: str
    example: str
    facet: str = ""


WORDS = (
    FilterWord(KIND, "kind, class, items, cis", "of this kind", "kind:problem", "Kind"),
    FilterWord(
        STATE,
        "state, category, role, open, finished",
        "in such a state, one of a category (new, active, waiting, done, cancelled) or with a role (running)",
        "state:waiting",
        "State",
    ),
    FilterWord(
        PRIORITY, "P1, P2, …", "has this priority, derived or set by hand", "priority:P1,P2", "Priority"
    ),
    FilterWord(SERVICE, "identifier", "names it as what it affects", "service:payments", "Service"),
    FilterWord(TEAM, "identifier, @my-teams", "assigned to or owned by the team", "team:@my-teams", "Team"),
    FilterWord(CI, "identifier", "names the item or record in any way", "ci:payments-db", "Item"),
    FilterWord(STATUS, "open, finished, all", "work is still to be done, or not", "status:finished"),
    FilterWord(ASSIGNEE, "handle, @me", "assigned to, implemented or owned by the person", "assignee:@me"),
    FilterWord(
        REACHES,
        "identifier",
        "affects the item, or one that it needs or contains at any distance",
        "reaches:payments",
    ),
    FilterWord(ID, "part of an identifier", "the identifier or an old number contains it", "id:K7QF3"),
    FilterWord(TITLE, "text", "the title or name contains it", 'title:"disk full"'),
    FilterWord(OPENED, "time", "the first entry of the timeline is of then", "opened:>-30d"),
    FilterWord(UPDATED, "time", "the last entry of the timeline is of then", "updated:today"),
    FilterWord(
        SLA,
        "met, missed, running, soon, paused",
        "one of its clocks stands so; soon: past the warning of its service level; none: nothing is promised",
        "sla:soon,missed",
    ),
    FilterWord(CLOSED, "time", "finished, and in its last state since then", "closed:2026-10..2026-11"),
)
BY_NAME = {word.name: word for word in WORDS}
FACETS = tuple((word.name, word.facet) for word in WORDS if word.facet)
DATES = ((OPENED, "Opened"), (UPDATED, "Updated"))
TIMES = (OPENED, UPDATED, CLOSED)


def teams_of(entry: Entry, kind_of: Callable[[str], Kind | None]) -> list[str]:
    """Return the teams that have a document, as every list by team counts them; ``kind_of`` tells the kind of a name."""
    found = (e for e in entry.edges if facet_of(kind_of(e.target), e.relation, str(e.pointer[0])) == TEAM)
    return list(dict.fromkeys(e.target for e in found))


def facet_of(target: Kind | None, relation: str, field: str) -> str:
    """Return under which of service, ci and team a document lists what it names; empty for none of them.

    ``target`` is the kind of what is named, None where there is no such document; ``field`` is the top-level field
    that names it.
    """
    if field in TEAM_FIELDS:
        return TEAM if target is None or meaning.TEAM in target.plays else ""
    if relation == SPARES:
        return ""
    if target is None:
        return (SERVICE if field == SERVICE else CI) if relation == AFFECTS else ""
    if meaning.SERVICE in target.plays:
        return SERVICE if relation == AFFECTS else ""
    return CI if target.operational else ""
