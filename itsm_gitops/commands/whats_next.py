"""`itsm next`: what needs somebody now, of one snapshot and of the requests that wait for approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.commands.clocks import step_json
from itsm_gitops.commands.columns import Rows
from itsm_gitops.commands.duties import due_json
from itsm_gitops.commands.escalating import ladders
from itsm_gitops.graph.due import DueEntry, everything_due
from itsm_gitops.graph.escalation import CallStep, reach_of
from itsm_gitops.graph.loaded import memberships, present_entry, present_name
from itsm_gitops.graph.network import of_role
from itsm_gitops.graph.on_call import OnCall, on_call, rotas_naming
from itsm_gitops.model import clock, meaning
from itsm_gitops.model.duties import STAGES
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import ItsmError, NotFound, UsageError, did_you_mean
from itsm_gitops.model.escalation_steps import ESCALATED_TO
from itsm_gitops.model.moments import relative
from itsm_gitops.model.windows import zone as zone_of

if TYPE_CHECKING:
    from itsm_gitops.git import Git
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store

_BRANCHES_MAX = 12
_SOON = timedelta(days=1)
_MISSED, _RUNNING = "missed", "running"


class Promised(NamedTuple):
    """A promise about an open record that is missed, or ends at ``due`` (UTC); ``metric`` is response or resolution."""

    entry: Entry
    metric: str
    missed: bool
    due: datetime | None


class Called(NamedTuple):
    """An open record about which somebody is called now, by a step of its escalation."""

    entry: Entry
    step: CallStep


class ToApprove(NamedTuple):
    """A branch that waits for somebody: the changes it carries, what it still needs of them, the first author."""

    branch: str
    changes: tuple[str, ...]
    needs: tuple[str, ...]
    title: str


@dataclass(frozen=True)
class NextUp:
    """What needs ``who`` now.

    ``called`` are records they are called about, ``unassigned`` open records of their teams that nobody has taken.
    ``looked_at`` of ``waiting`` branches were judged for approvals; the newest first.
    """

    who: str
    teams: tuple[str, ...]
    at: datetime
    on_call: tuple[OnCall, ...]
    called: tuple[Called, ...]
    promises: tuple[Promised, ...]
    approvals: tuple[ToApprove, ...]
    assigned: tuple[Entry, ...]
    unassigned: tuple[Entry, ...]
    due: tuple[DueEntry, ...]
    looked_at: int
    waiting: int
    rows: Rows

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data; times are RFC 3339 in UTC."""
        return {
            "who": self.who,
            "teams": list(self.teams),
            "at": clock.format_time(self.at),
            "on_call": [
                {
                    meaning.TEAM: c.team,
                    meaning.ROTA: c.rota,
                    "people": list(c.people),
                    "until": clock.format_time(c.turn.end) if c.turn else None,
                }
                for c in self.on_call
            ],
            "called": [{**self.entry_json(c.entry), "call": step_json(c.step)} for c in self.called],
            "promises": [
                {**self.entry_json(p.entry), "metric": p.metric, "missed": p.missed, "due": clock.format_time(p.due) if p.due else None}
                for p in self.promises
            ],
            "approvals": [
                {"branch": a.branch, "changes": list(a.changes), "title": a.title, "needs": list(a.needs)} for a in self.approvals
            ],
            "assigned": [self.entry_json(e) for e in self.assigned],
            "unassigned": [self.entry_json(e) for e in self.unassigned],
            "due": [due_json(d) for d in self.due],
            "branches": {"judged": self.looked_at, "waiting": self.waiting},
        }  # fmt: skip

    def entry_json(self, entry: Entry) -> dict[str, Any]:
        """Return one record as JSON data."""
        return {
            "id": entry.id,
            "kind": entry.kind,
            "title": entry.title,
            "state": entry.state,
            "priority": self.rows.priority(entry),
            "opened": entry.opened or None,
            "updated": entry.updated or None,
            "path": entry.path,
        }


def whats_next(
    repo: Repository, who: str | None = None, *, within: str = "", branches: bool = True
) -> NextUp:
    """Return what needs somebody (default: whoever asks) now.

    ``within`` is how far ahead the ends of promises are looked for (``+4h``, ``4h``; default a day). Without
    ``branches`` no request is judged, which is what takes time. Raises NotFound for an unknown person, UsageError where
    ``within`` is not a span of time.
    """
    from itsm_gitops.git.actor import acting

    store, now = repo.store(None), clock.now()
    person = present_name(store, acting(repo, who))
    entry = store.entries.get(person)
    if who and entry is None:
        raise NotFound(
            f"there is no '{who}'",
            did_you_mean(who, [e.id for e in of_role(store, meaning.PERSON)]) or "itsm list people",
        )
    teams = tuple(memberships(store, person))
    mine, free = _open_records(store, person, teams)
    rows = Rows(store, ("priority",))
    limit = _limit(within, now)
    approvals, waiting = _approvals(repo, person) if branches else ([], 0)
    called = [
        c for name in rotas_naming(store, person) for c in on_call(store, name, now) if person in c.people
    ]
    repo.gaps = {g.path: g for g in store.gaps(None)}
    return NextUp(
        person, teams, now, tuple(called), tuple(_calls(store, person, teams)),
        tuple(_promises(store, [*mine, *free], now, limit)), tuple(approvals),
        tuple(sorted(mine, key=rows.urgency)), tuple(sorted(free, key=rows.urgency)),
        tuple(_due(store, person, teams, now)), min(waiting, _BRANCHES_MAX), waiting, rows,
    )  # fmt: skip


def _limit(within: str, now: datetime) -> datetime:
    """Return up to when the ends of promises are looked for; raises UsageError for anything but a span of time."""
    if not within:
        return now + _SOON
    limit = relative(f"+{within.removeprefix('+')}")
    if limit is None:
        raise UsageError(f"--within: '{within}' is not a span of time", "write 4h, 2d or 1w")
    return limit


def _open_records(store: Store, person: str, teams: Sequence[str]) -> tuple[list[Entry], list[Entry]]:
    """Return the open records of somebody, and those of their teams that nobody has taken."""
    from itsm_gitops.model.filter_words import PERSON_FIELDS, TEAM_FIELDS

    kinds = [k.name for k in store.book.kinds.values() if k.is_record]
    mine, free = [], []
    for entry in store.of_kinds(kinds, open_only=True):
        edges = present_entry(store, entry).edges
        people = {e.target for e in edges if e.pointer[0] in PERSON_FIELDS}
        held = {e.target for e in edges if e.pointer[0] in TEAM_FIELDS}
        taken = any(p not in held for p in people)
        if person in people:
            mine.append(entry)
        elif not taken and held.intersection(teams):
            free.append(entry)
    return mine, free


def _calls(store: Store, person: str, teams: Sequence[str]) -> Iterator[Called]:
    """Yield the open records about which somebody, or one of their teams, is called now."""
    entries = store.of_kinds(
        [k.name for k in store.book.kinds.values() if ESCALATED_TO in k.fields], open_only=True
    )
    of, reach = ladders(store), reach_of(store, person, teams)
    for entry in (e for e in entries if reach.holds(store, e)):
        step = of(entry).called
        if step is not None and (person in step.people or set(teams).intersection(step.people)):
            yield Called(entry, step)


def _promises(store: Store, entries: Sequence[Entry], now: datetime, limit: datetime) -> list[Promised]:
    """Return the promises that are missed or end soon, those that end first before those that are missed."""
    from itsm_gitops.reports.course import course
    from itsm_gitops.reports.log import Log, Scope

    if not entries:
        return []
    of = course(Log(store, None, now, Scope()))
    found = []
    for entry in entries:
        for promise in of(entry.id).promises:
            due = datetime.fromtimestamp(promise.due, UTC) if promise.due is not None else None
            missed = promise.verdict == _MISSED
            if missed or (promise.verdict == _RUNNING and due is not None and due <= limit):
                found.append(Promised(entry, promise.metric, missed, due))
    return sorted(found, key=lambda p: (p.missed, p.due or now, p.entry.opened, p.entry.id))


def _due(store: Store, person: str, teams: Sequence[str], now: datetime) -> Iterator[DueEntry]:
    """Yield what is overdue or due soon and for which somebody, or one of their teams, answers."""
    for row in everything_due(store, now, zone_of(store.config.timezone)):
        if row.day.stage in STAGES[:2] and present_name(store, row.who) in {person, *teams}:
            yield row


def _approvals(repo: Repository, person: str) -> tuple[list[ToApprove], int]:
    """Return the branches that wait for an approval of somebody, and how many branches wait at all."""
    from itsm_gitops.gate.approvals import ApprovalQuery, approvals, default_base
    from itsm_gitops.gate.types import UNSATISFIED

    if repo.git is None:
        return [], 0
    try:
        git, base = repo.history, default_base(repo.history)
        waiting = list(_waiting(git, base))
    except ItsmError:
        return [], 0
    found = []
    for name, title in waiting[:_BRANCHES_MAX]:
        try:
            assessment = approvals(repo, ApprovalQuery(base=base, head=name))
        except ItsmError:
            continue
        needs = [
            v.requirement.name for v in assessment.verdicts if v.result == UNSATISFIED and person in v.could
        ]
        if needs:
            shown = name.removeprefix("refs/heads/").removeprefix("refs/remotes/")
            found.append(ToApprove(shown, tuple(assessment.changes), tuple(dict.fromkeys(needs)), title))
    return found, len(waiting)


def _waiting(git: Git, base: str) -> Iterator[tuple[str, str]]:
    """Yield the branches with commits that the base does not have, the newest first, each commit once, with its subject."""
    listed = git.run(
        "for-each-ref", "--sort=-committerdate", "--format=%(objectname)%00%(refname)%00%(subject)",
        f"--no-merged={git.resolve(base)}", "refs/remotes", "refs/heads",
    )  # fmt: skip
    seen: set[str] = set()
    for line in listed.decode("utf-8", "surrogateescape").splitlines():
        commit, name, title = line.split("\0")
        if commit not in seen and not name.endswith("/HEAD") and "/itsm/" not in name:
            seen.add(commit)
            yield name, title
