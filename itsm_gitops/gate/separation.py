"""Separation of duties: who has a part in a request, and so cannot approve it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.policy import AUTHOR, CO_AUTHOR, COMMITTER, IMPLEMENTER, REQUESTER, Policy
from itsm_gitops.model.roles import names
from itsm_gitops.repository.changeset import Authored

_BOT = "[bot]@users.noreply.github.com"  # what GitHub gives its apps; others are named in the policy
_PREPARED = ("approval", "decision", "review")  # tasks that carry nothing out
_WORDS = {
    AUTHOR: "wrote",
    CO_AUTHOR: "is a co-author of",
    COMMITTER: "committed",
    REQUESTER: "asked for",
    IMPLEMENTER: "carries out",
}


class Parts(NamedTuple):
    """Who has which part. ``people`` maps a person to why; ``unknown`` are ``Name <address>``.

    ``authors`` and ``committers`` are people, or ``Name <address>`` of somebody unknown.
    """

    people: Mapping[str, tuple[str, str]]
    unknown: tuple[str, ...]
    authors: tuple[str, ...]
    committers: tuple[str, ...]


class _Part(NamedTuple):
    part: str
    name: str
    address: str
    thing: str


def separate(
    policy: Policy,
    directory: Directory,
    commits: Iterable[Authored],
    opened_by: str,
    changes: Mapping[str, Iterable[Mapping[str, Any]]],
) -> Parts:
    """Return everybody who has a part in a request that the policy keeps apart from approving.

    ``opened_by`` is the account that opened it (``github:42``, or empty). ``changes`` maps the
    identifier of each change, and of each other record that is to be authorised, to its states before
    and after: being taken off the record in the same request changes nothing.
    """
    people: dict[str, tuple[str, str]] = {}
    unknown: list[str] = []
    sides: dict[str, list[str]] = {AUTHOR: [], COMMITTER: []}
    for found in _parts(commits):
        if _robot(policy, found.address):
            continue
        known = sorted(directory.by_address(found.address))
        shown = known or [f"{found.name} <{found.address}>"]
        sides[COMMITTER if found.part == COMMITTER else AUTHOR].extend(shown)
        unknown += [] if known else shown
        for person in known:
            _note(people, policy, person, found.part, found.thing)
    opener = directory.accounts.get(opened_by)
    if opener:
        _note(people, policy, opener, AUTHOR, "this request (it was opened by them)")
        sides[AUTHOR].append(opener)
    for change, states in changes.items():
        for person, part in _named(directory, states):
            _note(people, policy, person, part, change)
    return Parts(
        dict(sorted(people.items())),
        tuple(dict.fromkeys(unknown)),
        tuple(dict.fromkeys(sides[AUTHOR])),
        tuple(dict.fromkeys(sides[COMMITTER])),
    )


def _note(people: dict[str, tuple[str, str]], policy: Policy, person: str, part: str, thing: str) -> None:
    if part in policy.separation:
        people.setdefault(person, (part, f"{person} {_WORDS[part]} {thing}"))


def _parts(commits: Iterable[Authored]) -> Iterator[_Part]:
    for commit in commits:
        thing = f"commit {commit.commit[:12]}"
        yield _Part(AUTHOR, commit.author, commit.author_address, thing)
        for co_author in commit.co_authors:
            name, _, rest = co_author.partition("<")
            yield _Part(CO_AUTHOR, name.strip(), rest.rpartition(">")[0].strip(), thing)
        if commit.committer_address.lower() != commit.author_address.lower():
            yield _Part(COMMITTER, commit.committer, commit.committer_address, thing)


def _robot(policy: Policy, address: str) -> bool:
    return address.lower().endswith(_BOT) or address.lower() in policy.robots


def _named(directory: Directory, states: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield who the states of a record name; of a team that carries it out, everybody.

    A team that asks for a change is not a person: its members may approve, unless they are named.
    """
    for data in states:
        for field in directory.fields(REQUESTER) or ["requested_by"]:
            for person in names(data.get(field)):
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
