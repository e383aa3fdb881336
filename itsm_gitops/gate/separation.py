"""Separation of duties: who has a part in a request, and so cannot approve it.

The author of a commit is a typed name. So whoever brought the commits, as the server or the forge tells, and
whose key signed them count as well, and a program is nobody's author: it only commits on somebody's behalf.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from itsm_gitops.forges.reviews import PROGRAM
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.policy import AUTHOR, CO_AUTHOR, COMMITTER, IMPLEMENTER, REQUESTER, Policy
from itsm_gitops.gate.signers import all_signed
from itsm_gitops.git.changeset import Authored
from itsm_gitops.model.roles import names

# What forges give the accounts of programs; others are named in the policy.
_BOT = re.compile(
    r"[^@\s]+\[bot\]@users\.noreply\.[a-z0-9.-]+|(?:project|group)_\d+_bot[^@\s]*@noreply\.[a-z0-9.-]+",
    re.ASCII,
)
_SERVER = ("ssh:", "user:")  # who brought a push to a server; not whoever wrote what is in it
_PREPARED = ("approval", "decision", "review")  # tasks that carry nothing out
_WORDS = {
    AUTHOR: "wrote",
    CO_AUTHOR: "is a co-author of",
    COMMITTER: "committed",
    REQUESTER: "asked for",
    IMPLEMENTER: "carries out",
}


class Unknown(NamedTuple):
    """Somebody whom nobody in the directory is known to be: ``Name <address>``, whether they only committed."""

    shown: str
    address: str
    committer: bool


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who brought a request, by other witnesses than its commits.

    ``opened_by`` is the account that opened it (``github:42``, or empty), ``pushed_by`` those who pushed to it:
    accounts (``bot:`` before that of a program), ``ssh:FINGERPRINT`` of a signed push, ``user:NAME`` of the
    server's user. ``signers`` maps commits to the people whose key signed them.
    """

    opened_by: str = ""
    pushed_by: tuple[str, ...] = ()
    signers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parts:
    """Who has which part. ``people`` maps a person to part and reason, ``of_record`` the same for one record.

    Who is in ``people`` approves nothing of the request; who is in ``of_record`` nothing that is asked about that
    record. ``unknown`` are not in the directory, ``programs`` are commits that nobody but a program is named in.
    ``authors`` and ``committers`` are people, or ``Name <address>`` of somebody unknown.
    """

    people: Mapping[str, tuple[str, str]]
    of_record: Mapping[str, Mapping[str, tuple[str, str]]]
    unknown: tuple[Unknown, ...]
    programs: tuple[str, ...]
    authors: tuple[str, ...]
    committers: tuple[str, ...]

    def apart(self, records: Iterable[str] | None = None) -> dict[str, str]:
        """Return why somebody may not approve what is asked about some records; None stands for all of them."""
        wanted = self.of_record if records is None else [r for r in records if r in self.of_record]
        found = {person: why for person, (_, why) in self.people.items()}
        for record in wanted:
            for person, (_, why) in self.of_record[record].items():
                found.setdefault(person, why)
        return dict(sorted(found.items()))


class _Part(NamedTuple):
    part: str
    name: str
    address: str
    thing: str


def separate(
    policy: Policy,
    directory: Directory,
    commits: Iterable[Authored],
    provenance: Provenance,
    changes: Mapping[str, Iterable[Mapping[str, Any]]],
) -> Parts:
    """Return everybody who has a part in a request that the policy keeps apart from approving.

    ``changes`` maps the identifier of each change, and of each other record that is to be authorised, to its
    states before and after: being taken off the record in the same request changes nothing.
    """
    hands = _Hands(policy, directory)
    listed = list(commits)
    for commit in listed:
        hands.commit(commit, provenance)
    hands.bringers(provenance, [c.commit for c in listed])
    of_record: dict[str, dict[str, tuple[str, str]]] = {}
    for record, states in changes.items():
        named: dict[str, tuple[str, str]] = {}
        for person, part in _named(directory, states):
            _note(named, policy, person, part, f"{person} {_WORDS[part]} {record}")
        of_record[record] = named
    # Who has a part in every record has one in the whole.
    for person in set.intersection(*map(set, of_record.values())) if of_record else ():
        hands.people.setdefault(person, next(iter(of_record.values()))[person])
    return Parts(
        dict(sorted(_all_handles(directory, hands.people).items())),
        {record: _all_handles(directory, named) for record, named in of_record.items()},
        tuple(dict.fromkeys(hands.unknown)),
        tuple(hands.programs),
        tuple(dict.fromkeys(hands.sides[AUTHOR])),
        tuple(dict.fromkeys(hands.sides[COMMITTER])),
    )


class _Hands:
    """Everybody who had a hand in the commits, collected commit by commit."""

    def __init__(self, policy: Policy, directory: Directory) -> None:
        self._policy = policy
        self._directory = directory
        self.people: dict[str, tuple[str, str]] = {}
        self.unknown: list[Unknown] = []
        self.programs: list[str] = []
        self.sides: dict[str, list[str]] = {AUTHOR: [], COMMITTER: []}

    def commit(self, commit: Authored, provenance: Provenance) -> None:
        """Note everybody whom one commit names, and who signed it."""
        thing = f"commit {commit.commit[:12]}"
        by_program = _robot(self._policy, commit.author_address)
        named = bool(provenance.signers.get(commit.commit))
        for found in _parts(commit):
            if _robot(self._policy, found.address):
                continue
            named = True
            if by_program and found.part == COMMITTER:
                found = found._replace(part=AUTHOR, thing=f"{thing} in the name of a program")
            self._somebody(found)
        for person in provenance.signers.get(commit.commit, ()):
            self._author(person, f"{person} signed {thing}")
        if not named and not self._told_by_forge(provenance):
            self.programs.append(f"{thing} ({commit.author} <{commit.author_address}>)")

    def _somebody(self, found: _Part) -> None:
        known = sorted(self._directory.by_address(found.address)) if found.address else []
        if not found.address and found.name in self._directory.people:
            known = [found.name]
        shown = f"{found.name} <{found.address}>" if found.address else found.name
        self.sides[COMMITTER if found.part == COMMITTER else AUTHOR].extend(known or [shown])
        if not known:
            self.unknown.append(Unknown(shown, found.address.lower(), found.part == COMMITTER))
        for person in known:
            text = f"{person} {_WORDS[found.part]} {found.thing}"
            _note(self.people, self._policy, person, found.part, text)

    def _told_by_forge(self, provenance: Provenance) -> bool:
        """Whether the forge tells who pushed, and knows each of them as a program or the directory does as a person."""
        return bool(provenance.pushed_by) and all(
            identity.startswith(PROGRAM)
            or (not identity.startswith(_SERVER) and self._directory.by_identity(identity))
            for identity in provenance.pushed_by
        )

    def bringers(self, provenance: Provenance, commits: list[str]) -> None:
        """Note who opened the request and who pushed to it; who only carries what others signed has written nothing."""
        for person in sorted(self._directory.by_identity(provenance.opened_by)):
            self._author(person, f"{person} wrote this request (it was opened by them)")
        if all_signed(commits, provenance.signers):
            return
        for identity in provenance.pushed_by:
            for person in sorted(self._directory.by_identity(identity)):
                self._author(person, f"{person} pushed this request, and its commits are not all signed")

    def _author(self, person: str, why: str) -> None:
        _note(self.people, self._policy, person, AUTHOR, why)
        self.sides[AUTHOR].append(person)


def _all_handles(directory: Directory, people: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Keep all handles of one human apart where one of them is."""
    found = dict(people)
    for person, (part, why) in people.items():
        human = directory.same(person)
        for handle in human.handles:
            found.setdefault(
                handle, (part, f"{handle} is the same person as {person} ({human.tie}), and {why}")
            )
    return found


def _note(people: dict[str, tuple[str, str]], policy: Policy, person: str, part: str, why: str) -> None:
    if part in policy.separation:
        people.setdefault(person, (part, why))


def _parts(commit: Authored) -> Iterator[_Part]:
    thing = f"commit {commit.commit[:12]}"
    yield _Part(AUTHOR, commit.author, commit.author_address, thing)
    for co_author in commit.co_authors:
        yield _Part(CO_AUTHOR, co_author.name, co_author.address, thing)
    if commit.committer_address.lower() != commit.author_address.lower():
        yield _Part(COMMITTER, commit.committer, commit.committer_address, thing)


def _robot(policy: Policy, address: str) -> bool:
    return address.lower() in policy.robots or _BOT.fullmatch(address.lower()) is not None


def _named(directory: Directory, states: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield who the states of a record name; of a team that carries it out, everybody.

    A team that asks for a change is not a person: its members may approve, unless they are named.
    """
    for data in states:
        for source in directory.fields(REQUESTER) or ["requested_by"]:
            for person in names(data.get(source)):
                yield person, REQUESTER
        for named in (*names(data.get("implementers")), *_workers(data)):
            for person in directory.members([named]) if directory.is_team(named) else [named]:
                yield person, IMPLEMENTER


def _workers(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield who does the tasks of a change."""
    tasks = data.get("tasks")
    for task in tasks if isinstance(tasks, list) else ():
        if isinstance(task, dict) and task.get("kind") not in _PREPARED:
            yield from names(task.get("assignee"))
