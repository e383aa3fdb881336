"""The access review: who could approve what on a day, by the people and the policy of the branch on that day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from itsm_gitops.evidence.population import Population
from itsm_gitops.gate import signed
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.policy import OWNER, ApprovalRule, read_policy
from itsm_gitops.git.identities import account
from itsm_gitops.model import clock
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.roles import described, names
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import Store, load_store
from itsm_gitops.snapshots.part import PartialSnapshot

COLUMNS = ("person", "role", "how", "rules", "items", "active", "accounts", "keys")
_OF_ITEMS = ("owners", "on_call")


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Somebody could approve in a role. ``how`` is ``direct`` or in whose name, ``items`` those it is limited to.

    ``accounts`` and ``keys`` are what their approvals were known by on that day.
    """

    person: str
    role: str
    how: str
    rules: tuple[str, ...]
    items: tuple[str, ...]
    active: bool
    accounts: tuple[str, ...]
    keys: tuple[str, ...]

    @property
    def cells(self) -> dict[str, str]:
        """Return it as a row of text."""
        return {
            "person": self.person,
            "role": self.role,
            "how": self.how,
            "rules": " ".join(self.rules),
            "items": " ".join(self.items),
            "active": "yes" if self.active else "no",
            "accounts": " ".join(self.accounts),
            "keys": " ".join(self.keys),
        }


def on_day(population: Population, moment: datetime) -> str:
    """Return the commit that the branch was at, at a moment, as far as anybody recorded it."""
    merges = [m for m in population.merges if m.at <= moment]
    return merges[-1].commit if merges else population.begin


def access(repo: Repository, commit: str, moment: datetime) -> list[Entitlement]:
    """Return who could approve what by the files of a commit, on the day of ``moment``, by person and role.

    Raises RuleBookError for a policy that cannot be read.
    """
    store = load_store(PartialSnapshot(repo.snapshot(commit), ()))[0]
    directory = Directory(store, moment)
    policy = read_policy(store.book.policy(POLICY))
    by_role: dict[str, list[ApprovalRule]] = {}
    for rule in (*policy.protected, *policy.rules):
        if rule.require.count:
            by_role.setdefault(rule.require.role, []).append(rule)
        if rule.override is not None:
            by_role.setdefault(rule.override.role, []).append(rule)
    found: dict[tuple[str, str, str], list[str]] = {}
    for role in by_role:
        for person, how, item in _holders(store, directory, role):
            found.setdefault((person, role, how), []).extend([item] if item else [])
    return [
        _entitlement(
            directory, moment, key, tuple(dict.fromkeys(r.name for r in by_role[key[1]])), tuple(items)
        )
        for key, items in sorted(found.items())
    ]


def _holders(store: Store, directory: Directory, role: str) -> Iterator[tuple[str, str, str]]:
    """Yield person, how and item (empty: it is not limited to one)."""
    about = described(role, directory.roles) or {}
    of_items = role == OWNER or any(about.get(way) for way in _OF_ITEMS)
    everywhere = {} if role == OWNER else directory.fill(role, {})
    for person, holding in everywhere.items():
        for how in _ways(holding.direct, holding.givers):
            yield person, how, ""
    if not of_items:
        return
    for entry in store.of_kinds([k.name for k in store.book.kinds.values() if k.operational]):
        owners = names(store.data(entry.id).get("owner")) if role == OWNER else []
        if role == OWNER and not owners:
            continue
        for person, holding in directory.fill(role, directory.narrowed(role, {}, entry.id), owners).items():
            for how in _ways(holding.direct, holding.givers):
                if person not in everywhere:
                    yield person, how, entry.id


def _ways(direct: bool, givers: tuple[str, ...]) -> Iterator[str]:
    if direct:
        yield "direct"
    for giver in givers:
        yield f"for {giver}"


def _entitlement(
    directory: Directory,
    moment: datetime,
    key: tuple[str, str, str],
    rules: tuple[str, ...],
    items: tuple[str, ...],
) -> Entitlement:
    person, role, how = key
    data = directory.people[person]
    known = data.get("identities")
    identities = [i for i in known if isinstance(i, dict)] if isinstance(known, list) else []
    accounts = [account(str(i.get("forge")), i.get("id")) for i in identities]
    return Entitlement(
        person=person,
        role=role,
        how=how,
        rules=rules,
        items=items,
        active=directory.active(person),
        accounts=tuple(a for a in accounts if directory.accounts.get(a) == person),
        keys=tuple(k.partition(" ")[2][-12:] for k in signed.keys_of(directory, person, moment.date())),
    )


def title(moment: datetime, commit: str) -> str:
    """Say what an access review is about."""
    return f"{clock.format_time(moment)}, by the files of {commit[:12]}"
