"""Changes with a planned window, as the schedule and every check of collisions see them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from itsm_gitops.graph.loaded import present_entry
from itsm_gitops.graph.network import Network
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.untyped import as_list, as_mapping, as_mappings
from itsm_gitops.model.windows import Window

COORDINATED = "coordinated_with"
_PLAN = "windows"  # under this name the index keeps `_terms`
_STEPS = "steps"  # how long the timeline is; no change has a field of this name


@dataclass(frozen=True)
class Planned:
    """One change and its half-open planned window (aware moments in UTC).

    ``items`` are what it affects by name, ``excluded`` what it certainly does not touch,
    ``implementers`` people (not teams), ``coordinated`` changes that it overlaps on purpose.
    ``outage`` is the planned interruption in minutes (0 for none) and ``interrupted`` the services
    that it names for it. ``firm`` says that the work may be done, ``running`` that it is going on.
    ``steps`` counts the entries of the timeline, ``over`` says that the
    work has ended, ``cancelled`` that the change was cancelled.
    """

    id: str
    title: str
    type: str
    state: str
    risk: str
    start: datetime
    end: datetime
    items: tuple[str, ...]
    implementers: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()
    coordinated: frozenset[str] = frozenset()
    outage: int = 0
    interrupted: tuple[str, ...] = ()
    maintenance_window: str = ""
    opened: str = ""
    updated: str = ""
    team: str = ""
    firm: bool = False
    running: bool = False
    steps: int = 0
    cancelled: bool = False
    over: bool = False

    @property
    def window(self) -> Window:
        """The planned window."""
        return Window(self.start, self.end, self.title)


def planned_of(
    book: RuleBook, entry: Entry, data: Mapping[str, Any], teams: Collection[str] = ()
) -> Planned | None:
    """Return a change as planned; None where its window is missing or ends before it begins.

    ``teams`` are the identifiers that do not name a person.
    """
    start, end = (clock.parse_time(str(entry.columns.get(k, ""))) for k in ("planned_start", "planned_end"))
    if start is None or end is None or end <= start:
        return None
    outage, risk, out = as_mapping(data.get("outage")), as_mapping(data.get("risk")), data.get("excluded_cis")
    people = [e.target for e in entry.edges if e.relation == "carried_out_by" and e.target not in teams]
    minutes = outage.get("minutes", 1) if outage.get("expected") is True else 0
    return Planned(
        id=entry.id,
        title=entry.title,
        type=str(entry.columns.get("type", "")),
        state=entry.state,
        risk=str(risk.get("level", "")),
        start=start.astimezone(UTC),
        end=end.astimezone(UTC),
        items=tuple(facts.affected(entry)),
        implementers=tuple(dict.fromkeys(people)),
        excluded=frozenset(str(x["ci"]) for x in as_mappings(out) if "ci" in x),
        coordinated=frozenset(e.target for e in entry.edges if e.relation == COORDINATED),
        outage=max(minutes, 1) if outage.get("expected") is True and isinstance(minutes, int) else 0,
        interrupted=tuple(s for s in as_list(outage.get("services")) if isinstance(s, str)),
        maintenance_window=str(entry.columns.get("maintenance_window", "")),
        opened=entry.opened,
        updated=entry.updated,
        team=str(entry.columns.get("assigned_team", "")),
        firm=facts.is_firm(book, entry.kind, entry.state),
        running=facts.is_running(book, entry),
        steps=steps if isinstance(steps := data.get(_STEPS), int) else len(as_list(data.get("timeline"))),
        cancelled=facts.is_cancelled(book, entry),
        over=not facts.is_to_be_done(book, entry),
    )


def planned_changes(network: Network) -> list[Planned]:
    """Return every change that is still to be done and has a planned window, earliest first."""
    return planned_among(network, network.of_role(meaning.CHANGE, open_only=True))


def planned_among(network: Network, entries: Iterable[Entry]) -> list[Planned]:
    """Return those of some entries that are changes still to be done and have a planned window, earliest first."""
    book = network.book
    ahead = [
        e
        for e in facts.of_role(book, entries, meaning.CHANGE)
        if facts.is_to_be_done(book, e) and "planned_start" in e.columns and "planned_end" in e.columns
    ]
    if not ahead:
        return []
    teams = frozenset(e.id for e in network.of_role(meaning.TEAM))
    terms = network.loaded.derived(_PLAN, _terms, ahead)
    found = (planned_of(book, present_entry(network.loaded, e), terms[e.id], teams) for e in ahead)
    return sorted((c for c in found if c is not None), key=lambda c: (c.start, c.id))


def changes_over(network: Network, start: datetime, end: datetime) -> list[Planned]:
    """Return the finished and cancelled changes whose window touches a time, earliest first.

    Calendars that hold them need the new status.
    """
    book = network.book
    over = [
        e
        for e in network.of_role(meaning.CHANGE)
        if "planned_start" in e.columns and "planned_end" in e.columns and not facts.is_to_be_done(book, e)
    ]
    span = Window(start, end)
    inside = [e for e in over if (c := planned_of(book, e, {})) is not None and span.touches(c.start, c.end)]
    terms = network.loaded.derived(_PLAN, _terms, inside)
    found = (planned_of(book, present_entry(network.loaded, e), terms[e.id]) for e in inside)
    return sorted((c for c in found if c is not None), key=lambda c: (c.start, c.id))


def _terms(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `planned_of` reads of a change beyond its entry."""
    terms = {name: data[name] for name in ("outage", "risk", "excluded_cis") if name in data}
    return {**terms, _STEPS: len(as_list(data.get("timeline")))}
