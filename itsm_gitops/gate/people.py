"""Who is who on the target branch: people, their teams, accounts, addresses, keys, roles and delegates.

Everything here is read from the base of a request. What the request itself says about people and
roles counts after it is merged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from itsm_gitops.gate.policy import OWNER, PEER
from itsm_gitops.git.identities import KEY, Human, account, humans, marks
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.clock import parse_day
from itsm_gitops.model.roles import described, holders, names
from itsm_gitops.model.rulebook import ROLES
from itsm_gitops.model.untyped import as_mappings
from itsm_gitops.snapshots import Store

# Addresses that GitHub and GitLab make of an account's number.
_NO_REPLY = re.compile(r"(\d+)[+-][^@\s]+@users\.noreply\.(github|gitlab)\.[a-z.]+", re.ASCII)

Data = Mapping[str, Any]


class Delegation(NamedTuple):
    """``to`` acts for ``giver`` on the days from ``since`` to ``until`` (UTC, both included)."""

    giver: str
    to: str
    since: date
    until: date
    roles: tuple[str, ...]

    def holds(self, today: date, role: str) -> bool:
        """Whether it is in force on a day for a role."""
        return self.since <= today <= self.until and (not self.roles or role in self.roles)


class Holding(NamedTuple):
    """How somebody fills a role: ``direct``, and in the name of ``givers``."""

    direct: bool
    givers: tuple[str, ...]


class Directory:
    """The people of one snapshot, and who fills which role on one day."""

    def __init__(self, store: Store, now: datetime, roles: Mapping[str, Any] | None = None) -> None:
        self._store = store
        self._now = now
        self._today = now.date()
        self.people: dict[str, Data] = {
            e.id: store.data(e.id) for e in store.of_kinds(store.book.playing(meaning.PERSON))
        }
        policy = store.book.policy(ROLES) if roles is None else roles
        self.roles: Mapping[str, Any] = policy.get("roles", {})
        self.delegations = tuple(_delegations(policy.get("delegates", ())))

    def item(self, identifier: str) -> Data | None:
        """Return the data of an item, None where there is no usable one."""
        entry = self._store.entries.get(identifier)
        return self._store.data(entry.id) if entry else None

    def is_team(self, identifier: str) -> bool:
        """Whether an item is a team."""
        return facts.is_a(self._store.book, self._store.entries.get(identifier), meaning.TEAM)

    def active(self, person: str) -> bool:
        """Whether somebody is in the directory and neither planned nor retired."""
        return person in self.people and not facts.is_inactive(
            self._store.book.kinds[self._store.entries[person].kind], self.people[person]
        )

    @cached_property
    def claims(self) -> Mapping[str, tuple[str, ...]]:
        """Everybody who claims an account, by account; usually one."""
        found: dict[str, dict[str, None]] = {}
        for person, data in self.people.items():
            for known in as_mappings(data.get("identities")):
                found.setdefault(account(str(known.get("forge")), known.get("id")), {})[person] = None
        return {identity: tuple(people) for identity, people in found.items()}

    @cached_property
    def accounts(self) -> Mapping[str, str]:
        """People by account; an account that two people claim belongs to nobody, unless they are one (``same_as``)."""
        declared = humans(self.people, declared=True)
        found = {}
        for identity, people in self.claims.items():
            if set(people) <= set(declared[people[0]].handles):
                found[identity] = next((p for p in people if self.active(p)), people[0])
        return found

    @cached_property
    def _humans(self) -> Mapping[str, Human]:
        return humans(self.people)

    def human(self, person: str) -> str:
        """Return the one handle that stands for somebody who has several."""
        return self._humans[person].handles[0] if person in self._humans else person

    def same(self, person: str) -> Human:
        """Return the human behind a handle: all the handles there are, and why they are one."""
        return self._humans.get(person, Human((person,), ""))

    @cached_property
    def keys(self) -> Mapping[str, frozenset[str]]:
        """People by the fingerprint of a key; of somebody's old keys too."""
        found: dict[str, set[str]] = {}
        for person, data in self.people.items():
            for mark in marks(data):
                if mark.sort == KEY:
                    found.setdefault(mark.value, set()).add(person)
        return {value: frozenset(people) for value, people in found.items()}

    def by_key(self, fingerprint: str) -> frozenset[str]:
        """Return everybody who has, or had, a key; its fingerprint is computed, not typed."""
        return self.keys.get(fingerprint, frozenset())

    def by_identity(self, identity: str) -> frozenset[str]:
        """Return everybody whom an identity may stand for: ``github:42``, ``ssh:SHA256:…``, ``user:NAME``.

        The name of a server's user is a handle or a commit address. To keep somebody apart, all who claim it count.
        """
        sort, _, value = identity.partition(":")
        if sort == "ssh":
            return self.by_key(value)
        if sort == "user":
            return frozenset([value]) if value in self.people else self.by_address(value)
        return frozenset(self.claimants(identity))

    def by_account(self, identity: str) -> str:
        """Return whose account it is (``forgejo:2`` is ``gitea:2``); empty where it is nobody's."""
        return self.accounts.get(_account(identity), "")

    def claimants(self, identity: str) -> tuple[str, ...]:
        """Return everybody who claims an account; usually one."""
        return self.claims.get(_account(identity), ())

    def by_login(self, forge: str, login: str) -> list[str]:
        """Return the people who are labelled with a login on a forge; proof of nothing."""
        return [
            person
            for person, data in self.people.items()
            for known in as_mappings(data.get("identities"))
            if account(str(known.get("forge")), "") == account(forge, "") and known.get("login") == login
        ]

    @cached_property
    def _addresses(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for person, data in self.people.items():
            written = names(data.get("commit_addresses"))
            written += [
                str(c.get("value")) for c in as_mappings(data.get("contacts")) if c.get("type") == "e-mail"
            ]
            for address in written:
                found.setdefault(address.lower(), set()).add(person)
        return {address: frozenset(people) for address, people in found.items()}

    def by_address(self, address: str) -> frozenset[str]:
        """Return everybody whose commits carry an address; empty where nobody is known by it."""
        known = self._addresses.get(address.lower())
        if known:
            return known
        match = _NO_REPLY.fullmatch(address.lower())
        person = self.accounts.get(account(match[2], match[1])) if match else None
        return frozenset([person] if person else [])

    def members(self, named: Iterable[str]) -> frozenset[str]:
        """Return the people among people and teams, teams being all who belong to them."""
        wanted = frozenset(named)
        return frozenset(
            person
            for person, data in self.people.items()
            if person in wanted or wanted.intersection(names(data.get("teams")))
        )

    def _approvers(self, named: Iterable[str]) -> frozenset[str]:
        """Return the people among people and teams, of a team those who may approve for it."""
        wanted = frozenset(named)
        may = (p for p in self.members(wanted) if self.people[p].get("approver") is not False)
        return wanted.intersection(self.people).union(may)

    def fill(self, role: str, data: Data, owners: Iterable[str] = ()) -> dict[str, Holding]:
        """Return the active people who fill a role for a record, by identifier.

        ``owners`` are who owns the subject, for the role ``owner``. ``peer`` is everybody.
        Somebody who acts for a colleague holds the role in that colleague's name.
        """
        direct = {p for p in self._direct(role, data, owners) if self.active(p)}
        found = {p: Holding(True, ()) for p in direct}
        for delegation in self.delegations:
            acts = delegation.giver in direct and self.active(delegation.to)
            if role != PEER and acts and delegation.holds(self._today, role):
                known = found.get(delegation.to, Holding(False, ()))
                found[delegation.to] = known._replace(givers=(*known.givers, delegation.giver))
        return dict(sorted(found.items()))

    def narrowed(self, role: str, data: Data, item: str) -> Data:
        """Return a record as if ``item`` were all that it is about, for a role that items fill.

        Whoever answers for one item of a record must not answer for the others.
        """
        about = self.roles.get(role)
        if not item or not isinstance(about, dict):
            return data
        fields = (*names(about.get("owners")), *names(about.get("on_call")))
        return {**data, **{field: [item] for field in fields}}

    def _direct(self, role: str, data: Data, owners: Iterable[str]) -> frozenset[str]:
        about = described(role, self.roles)
        if role == OWNER and owners:
            return self._approvers(owners)
        if role == PEER or (about is not None and about.get("everyone")):
            return frozenset(self.people)
        return (
            frozenset()
            if about is None
            else self._approvers(holders(about, data, self.item, self._now, self.roles))
        )

    def fields(self, role: str) -> list[str]:
        """Return the fields of a record that name who fills a role."""
        return names((described(role, self.roles) or {}).get("fields"))

    def knows(self, role: str) -> bool:
        """Whether there is such a role."""
        return role in (PEER, OWNER) or described(role, self.roles) is not None

    def ended(self, person: str, role: str) -> Delegation | None:
        """Return a delegation to somebody for a role that is not in force today."""
        return next((d for d in self.delegations if d.to == person and not d.holds(self._today, role)), None)


def _account(identity: str) -> str:
    forge, _, number = identity.partition(":")
    return account(forge, number)


def _delegations(raws: Any) -> Iterator[Delegation]:
    """Read the delegations; one that cannot be read is none."""
    for raw in as_mappings(raws):
        until, since = parse_day(raw.get("until")), parse_day(raw.get("since", "2000-01-01"))
        if until and since and isinstance(raw.get("from"), str) and isinstance(raw.get("to"), str):
            yield Delegation(raw["from"], raw["to"], since, until, tuple(names(raw.get("roles"))))
