"""`itsm escalate`, and who is called about records: for `itsm oncall`, `show` and `next`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from itsm_gitops.graph.escalation import Ladder, ladder
from itsm_gitops.graph.loaded import memberships, present_entry, present_name
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import Refused, UsageError
from itsm_gitops.model.escalation_steps import ASSIGNEE, ESCALATED_TO, LEAD
from itsm_gitops.model.filter_words import TEAM_FIELDS

if TYPE_CHECKING:
    from itsm_gitops.editing.change import Written
    from itsm_gitops.graph.loaded import Loaded
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store

FUNCTIONAL, HIERARCHICAL = "functional", "hierarchical"
_TEAM, _ME = TEAM_FIELDS[0], "@me"


@dataclass(frozen=True)
class Escalated:
    """What was written, to whom it was escalated, and how: to another team or colleague, or to those who lead."""

    written: Written
    to: str
    how: str


def ladders(store: Store) -> Callable[[Entry], Ladder]:
    """Return what says of one open record who is called about it, now and next."""
    from itsm_gitops.reports.course import course
    from itsm_gitops.reports.log import Log, Scope

    now = clock.now()
    of = course(Log(store, None, now, Scope()))
    return lambda entry: ladder(store, entry, of(entry.id), now)


def is_open(store: Loaded, entry: Entry) -> bool:
    """Whether a record is open, so that somebody can be called about it."""
    return store.book.kinds[entry.kind].is_record and facts.is_open(store.book, entry)


def escalate(
    repo: Repository, fragment: str, why: str, *, to: str = "", by: str | None = None, dry_run: bool = False
) -> Escalated:
    """Escalate an open record to a team or a person: default whoever is to be called next; ``why`` is its reason.

    Another team takes it over and its assignee is cleared; a person is only named in it. Both are entries of its
    timeline. Raises UsageError without a reason, NotFound for unknown names, Refused where nobody is left to call or the
    record is done, Rejected where rules are broken.
    """
    from itsm_gitops.editing.edits import set_fields
    from itsm_gitops.editing.fields import SET, UNSET, Assignment
    from itsm_gitops.git.actor import acting

    if not why.strip():
        raise UsageError("an escalation needs a reason", "--why TEXT")
    store = repo.store(None)
    entry = store.find(fragment)
    if ESCALATED_TO not in store.book.kinds[entry.kind].fields:
        raise Refused(
            f"{entry.id} cannot be escalated: it has no field {ESCALATED_TO}", f"itsm note {entry.id} TEXT"
        )
    if not is_open(store, entry):
        raise Refused(
            f"{entry.id} is {entry.state}: only open records are escalated", f"itsm show {entry.id}"
        )
    name = present_name(store, acting(repo, by) if to == _ME else to or _next(store, entry))
    entry = present_entry(store, entry)
    other = store.entries.get(name)
    is_team = other is not None and facts.is_a(store.book, other, meaning.TEAM)
    moves = is_team and entry.columns.get(_TEAM) != name
    if entry.columns.get(ESCALATED_TO) == name and not moves:
        raise Refused(
            f"{entry.id} was escalated to {name} already", f"itsm note {entry.id} TEXT, or --to somebody else"
        )
    edits = [Assignment((ESCALATED_TO,), SET, name)]
    if moves:
        edits.append(Assignment((_TEAM,), SET, name))
        edits += [Assignment((ASSIGNEE,), UNSET, "")] if entry.columns.get(ASSIGNEE) else []
    written = set_fields(repo, entry.id, edits, by=by, reason=why.strip(), dry_run=dry_run)
    return Escalated(
        written, name, FUNCTIONAL if is_team or _works_there(store, entry, name) else HIERARCHICAL
    )


def _next(store: Store, entry: Entry) -> str:
    """Return the team or person that is called next; raises Refused where nobody is left."""
    found = ladders(store)(entry)
    already = {found.called.people if found.called else (), (str(entry.columns.get(ESCALATED_TO) or ""),)}
    for step in found.steps:
        moves = step.team and step.team != entry.columns.get(_TEAM)
        name = step.team if moves else step.people[0]
        if not step.reached and step.people not in already and (name,) not in already:
            return name
    raise Refused(
        f"nobody is left to call about {entry.id}",
        f"itsm escalate {entry.id} --to TEAM or PERSON; the files of teams and service levels say who is called next",
    )


def _works_there(store: Store, entry: Entry, person: str) -> bool:
    """Whether somebody is a member of the team that has a record, and does not lead it."""
    team = str(entry.columns.get(_TEAM) or "")
    held = store.entries.get(team)
    return held is not None and team in memberships(store, person) and store.data(held.id).get(LEAD) != person
