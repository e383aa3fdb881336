"""May this change be carried out now? What a pipeline asks before it touches anything (`itsm deploy check`).

Everything is read from one commit of the main branch, never from a working tree: what is authorised there passed the gate.
All conditions are looked at, and each says what is so, so that whoever waits knows everything at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from itsm_gitops.gate.policy import read_policy
from itsm_gitops.git import branches, shared_branch
from itsm_gitops.graph.asking import impact_graph, network_of
from itsm_gitops.graph.calendars import Calendars, Hold
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.planned import Planned, planned_changes
from itsm_gitops.graph.schedule import collide
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import GitError, Refused
from itsm_gitops.model.words import a_kind
from itsm_gitops.repository import Repository
from itsm_gitops.repository.asked_commit import ask
from itsm_gitops.snapshots import Store
from itsm_gitops.snapshots.store import identifier_of

COMMITS, ARTEFACTS = "commits", "artefacts"
_LEAST = 7  # digits of a commit that tell it from others


class ReadinessCondition(NamedTuple):
    """One thing that has to be so: what, whether it is, what is so, and what to do about it."""

    name: str
    good: bool
    message: str
    hint: str = ""


class DeployedContent(NamedTuple):
    """What is about to be deployed: commits as ``REPOSITORY@COMMIT``, artefacts and tags by name, changed paths of a repository."""

    commits: tuple[str, ...] = ()
    artefacts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Readiness:
    """Whether a change may be carried out at a moment, as one commit says."""

    change: str
    title: str
    commit: str
    at: datetime
    conditions: tuple[ReadinessCondition, ...]

    @property
    def good(self) -> bool:
        """Whether every condition holds."""
        return all(c.good for c in self.conditions)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "id": self.change,
            "title": self.title,
            "commit": self.commit,
            "at": clock.format_time(self.at),
            "ready": self.good,
            "conditions": [c._asdict() for c in self.conditions],
        }


def main_commit(repo: Repository, revision: str = "") -> str:
    """Return the commit that counts: of ``revision``, else of the server's main branch, or of one's own where there is no server.

    Never of what happens to be checked out: whoever wrote it could have written that it is authorised. Raises GitError.
    """
    git = repo.history
    if revision:
        ref = revision
    else:
        place = "refs/remotes/origin" if git.run("remote").split() else "refs/heads"
        ref = f"{place}/{branches.default_branch(git)}"
    found = shared_branch.tip_of(git, ref)
    if not found:
        what = revision or f"{ref}: what is authorised stands on the main branch"
        raise GitError(f"there is no commit {what}", "git fetch, or name one: --revision COMMIT")
    return found


def readiness(repo: Repository, fragment: str, content: DeployedContent, *, revision: str = "") -> Readiness:
    """Say whether a change may be carried out now; raises NotFound, Refused for another kind, GitError.

    Raises Incomplete where a calendar, a change or an item that can fail cannot be read: it could forbid the work, or
    be what two changes or a freeze and a change have in common.
    """
    commit = main_commit(repo, revision)
    path = repo.locate(fragment, commit, in_roots=True)
    return ask(repo, commit, lambda store: _readiness(repo, store, path, commit, content))


def _readiness(repo: Repository, store: Store, path: str, commit: str, content: DeployedContent) -> Readiness:
    entry = store.entries.get(identifier_of(path))
    if entry is None:
        raise store.unusable(path)
    if not facts.is_a(store.book, entry, meaning.CHANGE):
        raise Refused(
            f"{entry.id} is {a_kind(store.book.kinds[entry.kind])}, not a change", "itsm list changes"
        )
    store.require_complete(
        "whether a change may be carried out",
        [
            *store.book.playing(meaning.CHANGE),
            *store.book.playing(meaning.CALENDAR),
            *(k.name for k in store.book.kinds.values() if k.operational),
        ],
    )
    now = clock.now()
    network = network_of(store)
    planned = {c.id: c for c in planned_changes(network)}
    conditions = [
        *_authorised(store, entry),
        _window(store, entry, planned.get(entry.id), now),
        *_freezes(repo, store, entry, planned.get(entry.id), now, commit),
        *_conflicts(network, entry, planned, now),
        *_content(repo, store, entry, commit, content),
    ]
    return Readiness(entry.id, entry.title, commit, now, tuple(conditions))


def _authorised(store: Store, entry: Entry) -> Iterator[ReadinessCondition]:
    kind = store.book.kinds[entry.kind]
    state = entry.state.replace("_", " ")
    may = facts.state_plays(kind, entry.state, meaning.AUTHORISED)
    over = facts.state_plays(kind, entry.state, meaning.CARRIED_OUT)
    if may and not over:
        yield ReadinessCondition("authorised", True, f"it is {state}")
    elif over:
        yield ReadinessCondition(
            "authorised", False, f"it is {state}: it was carried out already", "a new change, for new work"
        )
    else:
        yield ReadinessCondition(
            "authorised", False, f"it is {state}: nobody authorised it yet", f"itsm approvals {entry.id}"
        )
    flow, data = kind.workflow, store.data(entry.id)
    for sign in flow.refuse if flow else ():
        fields = [word.partition(".")[0] for sort, word in sign.when.words() if sort == "path"]
        up = [f for f in fields if data.get(f)]
        if up:
            yield ReadinessCondition(
                "stop signs", False, sign.message or f"{', '.join(up)} is set", sign.hint
            )


def _window(store: Store, entry: Entry, planned: Planned | None, now: datetime) -> ReadinessCondition:
    if planned is None:
        kind = store.book.kinds[entry.kind]
        if facts.state_plays(kind, entry.state, meaning.RUNNING):
            return ReadinessCondition("window", True, "it has none, and the work is going on")
        return ReadinessCondition(
            "window", False, "it has no window", f"itsm set {entry.id} planned_start=… planned_end=…"
        )
    shown = f"{clock.format_time(planned.start)} to {clock.format_time(planned.end)}"
    if now < planned.start:
        wait = clock.age(now, planned.start)
        return ReadinessCondition("window", False, f"it begins in {wait}: {shown}", "wait, or plan it again")
    if now >= planned.end:
        return ReadinessCondition(
            "window", False, f"it ended {clock.age(planned.end, now)} ago: {shown}", "plan it again"
        )
    return ReadinessCondition("window", True, f"it is open: {shown}")


def _freezes(
    repo: Repository, store: Store, entry: Entry, planned: Planned | None, now: datetime, commit: str
) -> Iterator[ReadinessCondition]:
    """Look for freezes that hold the change now, beside those that were known when it was authorised."""
    if planned is None:
        return
    holds = [
        h for h in Calendars(store).holds(planned) if h.window.start <= now < h.window.end and not h.exempt
    ]
    if not holds:
        yield ReadinessCondition("freeze", True, "none holds it")
        return
    then = _authorising(repo, store, entry, commit)
    known = ask(repo, then, lambda before: _spans(before, planned)) if then else set()
    fresh = [h for h in holds if _span(h) not in known]
    if not fresh:
        yield ReadinessCondition("freeze", True, "it was authorised for a time that was frozen already")
    for hold in fresh:
        text = f"{hold.calendar.name} holds it until {clock.format_time(hold.window.end)}"
        yield ReadinessCondition(
            "freeze", False, text, "wait, or have it approved again, knowing of the freeze"
        )


def _spans(store: Store, planned: Planned) -> set[tuple[str, datetime]]:
    return {_span(hold) for hold in Calendars(store).holds(planned)}


def _span(hold: Hold) -> tuple[str, datetime]:
    """Return what makes a window of a freeze the same one at another time."""
    return hold.calendar.id, hold.window.start


def _conflicts(
    network: Network, entry: Entry, planned: Mapping[str, Planned], now: datetime
) -> Iterator[ReadinessCondition]:
    """Look for other changes that may be carried out now and collide with this one."""
    own = planned.get(entry.id)
    if own is None:
        return
    live = [p for p in planned.values() if p.firm and not p.over and p.start <= now < p.end]
    found = collide(network, impact_graph(network), [own, *(p for p in live if p.id != own.id)])
    others: dict[str, str] = {}
    for collision in found:
        if own.id in (collision.first.id, collision.second.id):
            other = collision.second if collision.first.id == own.id else collision.first
            if other.id not in own.coordinated and own.id not in other.coordinated:
                others[other.id] = collision.reason
    for name, reason in others.items():
        yield ReadinessCondition(
            "conflict", False, f"{name} has its window now: {reason}", f"itsm schedule; itsm show {name}"
        )
    if not others:
        yield ReadinessCondition("conflict", True, "no other change is in the way")


def _content(
    repo: Repository, store: Store, entry: Entry, commit: str, content: DeployedContent
) -> Iterator[ReadinessCondition]:
    """Compare what is about to be deployed with what the change names, as it was approved."""
    if not any(content):
        return
    data = _approved_data(repo, store, entry, commit)
    named = {field: [str(v) for v in data.get(field) or ()] for field in (COMMITS, ARTEFACTS)}
    for asked in content.commits:
        same = any(_same_commit(asked, said) for said in named[COMMITS])
        yield _named(entry, "commit", asked, same, named[COMMITS])
    for asked in content.artefacts:
        yield _named(entry, "artefact", asked, asked in named[ARTEFACTS], named[ARTEFACTS])
    for asked in content.paths:
        fits = any(fnmatchcase(asked, said) for said in named[ARTEFACTS])
        yield _named(entry, "path", asked, fits, named[ARTEFACTS])


def _named(entry: Entry, what: str, asked: str, same: bool, named: Sequence[str]) -> ReadinessCondition:
    if same:
        return ReadinessCondition(what, True, f"{asked} is what was approved")
    said = f"it names {', '.join(named[:3])}" if named else "it names none"
    return ReadinessCondition(
        what,
        False,
        f"{asked} is not what was approved: {said}",
        f"name it in {entry.id}, and have that approved",
    )


def _same_commit(asked: str, said: str) -> bool:
    """Whether two commits are the same: one may be shortened, and both name the repository or neither does."""
    one, _, first = asked.rpartition("@")
    two, _, second = said.rpartition("@")
    short, long = sorted((first.lower(), second.lower()), key=len)
    return one == two and len(short) >= _LEAST and long.startswith(short)


def _approved_data(repo: Repository, store: Store, entry: Entry, commit: str) -> Mapping[str, Any]:
    """Return what was approved: fields that may change without an approval as they were when it was authorised."""
    data = store.data(entry.id)
    loose = read_policy(store.book.policy(POLICY)).progress_fields
    if not {COMMITS, ARTEFACTS} & set(loose):
        return data
    then = _authorising(repo, store, entry, commit)
    before = repo.document(entry.id, at=then).data if then else {}
    return {**data, **{f: before.get(f) for f in (COMMITS, ARTEFACTS) if f in loose}}


def _authorising(repo: Repository, store: Store, entry: Entry, commit: str) -> str:
    """Return the commit of the main branch that brought the authorisation which holds now; empty for none.

    A change that was planned again has several: the last one counts, wherever the steps between were committed.
    """
    authorised: Collection[str] = store.book.states(entry.kind, meaning.AUTHORISED)
    timeline = store.data(entry.id).get("timeline") or ()
    begun = _last_authorisation(timeline, authorised)
    found = ""
    listed = repo.history.run("log", "--first-parent", "--format=%H", commit, "--", entry.path)
    for revision in listed.decode("ascii").split() if begun else ():
        data = repo.document(entry.id, at=revision).data
        then = data.get("timeline") or () if isinstance(data, Mapping) else ()
        if list(then[:begun]) != list(timeline[:begun]):
            break
        found = revision
    return found


def _last_authorisation(timeline: Sequence[Any], authorised: Collection[str]) -> int:
    """Return how many entries a timeline has up to the beginning of its present run of authorised states; 0 for none."""
    found = 0
    for number, step in enumerate(timeline, start=1):
        if isinstance(step, Mapping) and "state" in step:
            found = (found or number) if step["state"] in authorised else 0
    return found
