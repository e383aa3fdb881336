"""The roles that kinds and states play: the only words by which the code knows what a kind or a state is for.

A schema says which roles its kind plays (``x-itsm: {plays: [incident]}``), a life cycle which roles its states play
(``roles: [running]``). Names of kinds and states belong to the repository; roles belong to the toolkit.

Rule books from before there were roles name none. They are read by the names that kinds and states had then
(`roles_of_old_kind`, `roles_of_old_state`); rule S026 says so and demands the roles that nothing plays.
"""

from __future__ import annotations

from collections.abc import Mapping

# Roles of kinds of record.
INCIDENT = "incident"
REQUEST = "request"
PROBLEM = "problem"
KNOWN_ERROR = "known_error"
CHANGE = "change"
ARTICLE = "article"
MEETING = "meeting"
DEPLOYMENT = "deployment"

# Roles of classes of item.
SERVICE = "service"
OFFERING = "offering"
PERSON = "person"
TEAM = "team"
CALENDAR = "calendar"
ROTA = "rota"
SERVICE_LEVEL = "service_level"
CONTRACT = "contract"
LICENCE = "licence"
FACILITY = "facility"
ORGANISATION = "organisation"
ANNOUNCEMENT = "announcement"

KIND_ROLES: Mapping[str, str] = {
    INCIDENT: "an interruption or a loss of quality of a service",
    REQUEST: "an order of an offering",
    PROBLEM: "the cause behind incidents",
    KNOWN_ERROR: "a fault with a documented workaround",
    CHANGE: "work on items that is planned, authorised and carried out",
    ARTICLE: "an answer that is kept for the next who asks",
    MEETING: "a board that meets and decides",
    DEPLOYMENT: "a version that was brought into an environment, or tried to",
    SERVICE: "what is provided to users",
    OFFERING: "what can be ordered in the catalogue",
    PERSON: "somebody who works, asks or approves",
    TEAM: "a group of people",
    CALENDAR: "hours, holidays, maintenance windows and freezes",
    ROTA: "who is on call when",
    SERVICE_LEVEL: "an agreement on times and availability",
    CONTRACT: "an agreement with a supplier that ends on a day",
    LICENCE: "a right to use software",
    FACILITY: "a building, a room or a rack",
    ORGANISATION: "a customer, a partner or a part of ourselves",
    ANNOUNCEMENT: "what people are told on the start page for a time",
}

# The kinds of record in the order of daily work: lists that show them one after the other keep to it.
ORDER_OF_WORK = (INCIDENT, REQUEST, PROBLEM, CHANGE, KNOWN_ERROR, ARTICLE, DEPLOYMENT, MEETING)

# Roles of states.
AUTHORISED = "authorised"
RUNNING = "running"
CARRIED_OUT = "carried_out"
PUBLISHED = "published"
PLANNED = "planned"
PRODUCTION = "production"
SUSPENDED = "suspended"
RETIRED = "retired"

STATE_ROLES: Mapping[str, str] = {
    AUTHORISED: "the work may be done",
    RUNNING: "the work is going on",
    CARRIED_OUT: "the work was done, well or not",
    PUBLISHED: "offered to readers",
    PLANNED: "does not exist yet",
    PRODUCTION: "in use: counts in impact analysis",
    SUSPENDED: "taken out of use for a while",
    RETIRED: "out of use for good",
}

# What the states of the life cycles of those days meant, by the name of the life cycle.
_OLD_STATES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "change": {
        "scheduled": (AUTHORISED,),
        "implement": (AUTHORISED, RUNNING),
        "review": (AUTHORISED, CARRIED_OUT),
        "closed": (CARRIED_OUT,),
    },
    "known-error": {"published": (PUBLISHED,), "retired": (RETIRED,)},
    "lifecycle": {
        "planned": (PLANNED,),
        "production": (PRODUCTION,),
        "maintenance": (SUSPENDED,),
        "retired": (RETIRED,),
    },
}


def roles_of_old_kind(name: str) -> tuple[str, ...]:
    """Return the role of a kind in a rule book in which no kind plays any."""
    role = name.replace("-", "_")
    return (role,) if role in KIND_ROLES else ()


def roles_of_old_state(workflow: str, state: str) -> tuple[str, ...]:
    """Return the roles of a state in a life cycle in which no state plays any."""
    return _OLD_STATES.get(workflow, {}).get(state, ())


# What the states of the major incident process meant before it had a life cycle: categories of states.
_OLD_MAJOR_STATES: Mapping[str, str] = {"proposed": "new", "accepted": "active"}


def old_major_stage(state: str) -> str:
    """Return what a state of the major incident process means in a rule book without a life cycle for it; '' for nothing."""
    return _OLD_MAJOR_STATES.get(state, "")
