"""The oracle's view of people: who is who, who fills a role, who had a part in a request. Written from the handbook."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from tests.gate.model.oracle_facts import Data, Tree, many
from tests.gate.model.plumbing import Commit, Objects

WORKLESS = ("approval", "decision", "review")  # tasks that carry nothing out


@dataclass(frozen=True)
class Voice:
    """How somebody fills a role: by themselves, or for colleagues who are away."""

    direct: bool
    givers: tuple[str, ...] = ()


class People:
    """Who is who at one commit on one day."""

    def __init__(self, tree: Tree, today: date) -> None:
        self.tree = tree
        self.items = tree.items
        rules = tree.data("schemas/policies/roles.yaml") or {}
        self.roles: Data = rules.get("roles", {})
        self.delegates = [
            d
            for d in rules.get("delegates") or ()
            if d.get("since", "2000-01-01") <= today.isoformat() <= d["until"]
        ]
        self.today = today.isoformat()
        self.people = {i: d for i, d in self.items.items() if d.get("class") == "person"}
        self.humans = {p: frozenset(self._handles(p)) for p in self.people}

    def _handles(self, person: str) -> set[str]:
        """Return everybody who is the same human: one account, key or commit address, or ``same_as``."""
        found = {person}
        while True:
            more = {o for o in self.people for p in found if o == p or self._tied(o, p)} - found
            if not more:
                return found
            found |= more

    def _tied(self, one: str, other: str) -> bool:
        mine, theirs = (_marks(self.people[p]) for p in (one, other))
        said = other in many(self.people[one].get("same_as")) or one in many(
            self.people[other].get("same_as")
        )
        return bool(mine & theirs) or said

    def human(self, person: str) -> str:
        """Return the one handle that stands for a human."""
        return min(self.humans.get(person, frozenset([person])))

    def active(self, person: str) -> bool:
        """Whether somebody works here."""
        return person in self.people and self.people[person].get("lifecycle") not in ("planned", "retired")

    def by_account(self, account: str) -> str:
        """Return whose account it is; nobody's where two claim it."""
        claims = self.claimants(account)
        return claims[0] if len(claims) == 1 else ""

    def claimants(self, account: str) -> list[str]:
        """Return everybody who claims an account."""
        return [
            p
            for p, d in self.people.items()
            for i in d.get("identities") or ()
            if f"{i['forge']}:{i['id']}" == account
        ]

    def by_address(self, address: str) -> list[str]:
        """Return whose commits carry an address."""
        return [
            p
            for p, d in self.people.items()
            if address.lower() in (a.lower() for a in d.get("commit_addresses") or ())
        ]

    def has_key(self, person: str, key: str) -> bool:
        """Whether a public key is one that somebody has today."""
        keys = self.people.get(person, {}).get("signing_keys") or ()
        return any(
            k["public_key"].split()[:2] == key.split()[:2]
            and str(k.get("valid_from", "")) <= self.today <= str(k.get("valid_until", "9999"))
            for k in keys
        )

    def team(self, name: str) -> list[str]:
        """Return the members of a team."""
        return [p for p, d in self.people.items() if name in many(d.get("teams"))]

    def approvers(self, named: Iterable[str]) -> set[str]:
        """Return people by name, and of teams those who may approve for them."""
        found: set[str] = set()
        for name in named:
            if name in self.people:
                found.add(name)
            found |= {p for p in self.team(name) if self.people[p].get("approver") is not False}
        return found

    def direct(self, role: str, items: Iterable[str], owners: Iterable[str]) -> set[str]:
        """Return who holds a role for these items by themselves."""
        if role == "peer":
            return {p for p in self.people if self.active(p)}
        if role == "owner":
            return {p for p in self.approvers(owners) if self.active(p)}
        about = self.roles.get(role, {})
        given = many(about.get("teams")) + many(about.get("people"))
        for item in items:
            owner = self.items.get(item, {}).get("owner", "")
            if about.get("owners"):
                given.append(owner)
            if about.get("on_call"):
                given += many(self.items.get(owner, {}).get("on_call"))
        everybody = set(self.people) if about.get("everyone") else self.approvers(given)
        return {p for p in everybody if self.active(p)}

    def fill(self, role: str, items: Iterable[str], owners: Iterable[str] = ()) -> dict[str, Voice]:
        """Return who fills a role, also in the name of others."""
        direct = self.direct(role, items, owners)
        found = {p: Voice(True) for p in direct}
        for d in self.delegates:
            fits = role in many(d.get("roles")) or not d.get("roles")
            if role != "peer" and fits and d["from"] in direct and self.active(d["to"]):
                old = found.get(d["to"], Voice(False))
                found[d["to"]] = Voice(old.direct, (*old.givers, d["from"]))
        return found


def _marks(data: Data) -> set[str]:
    """Return what only one human has."""
    found = {f"{i['forge']}:{i['id']}" for i in data.get("identities") or ()}
    found |= {k["public_key"] for k in data.get("signing_keys") or ()}
    return found | {a.lower() for a in data.get("commit_addresses") or ()}


def most_votes(people: Iterable[str], voices: Mapping[str, Voice], human: Callable[[str], str]) -> int:
    """Return how many votes these people have together: nobody has two, and two who speak for one have one."""
    voters = sorted(p for p in people if p in voices)
    choices = {p: [human(v) for v in ([p] if voices[p].direct else voices[p].givers)] for p in voters}
    for size in range(len(voters), 0, -1):
        for some in combinations(voters, size):
            if _different(some, choices):
                return size
    return 0


def _different(some: tuple[str, ...], choices: Mapping[str, list[str]]) -> bool:
    if not some:
        return True
    return any(
        _different(some[1:], {p: [c for c in choices[p] if c != mine] for p in some[1:]})
        for mine in choices[some[0]]
    )


def share_out(counts: list[int], voters: list[list[str]]) -> set[tuple[bool, ...]]:
    """Return every best way of giving each person to one requirement: which requirements are met then.

    Best is where the most places are taken.
    """
    slots = [n for n, count in enumerate(counts) for _ in range(count)]
    ways = set(_ways(slots, voters, frozenset()))
    best = max(len(way) for way in ways)
    return {
        tuple(way.count(n) >= count for n, count in enumerate(counts)) for way in ways if len(way) == best
    }


def _ways(slots: list[int], voters: list[list[str]], taken: frozenset[str]) -> Iterator[tuple[int, ...]]:
    """Yield which places can be taken, by the number of their requirement."""
    if not slots:
        yield ()
        return
    yield from _ways(slots[1:], voters, taken)
    for person in set(voters[slots[0]]) - taken:
        for rest in _ways(slots[1:], voters, taken | {person}):
            yield (slots[0], *rest)


@dataclass(frozen=True)
class Parts:
    """Who had a hand in a request, who has a part in each of its changes, and the addresses that are nobody's."""

    hands: frozenset[str]
    of_change: Mapping[str, frozenset[str]]
    unknown: frozenset[str]

    def apart(self, changes: Iterable[str]) -> frozenset[str]:
        """Return who may not approve what is asked about some changes; none named: all of them."""
        about = list(changes) or list(self.of_change)
        return self.hands.union(*(self.of_change.get(c, frozenset()) for c in about))


def clean(objects: Objects, merge: Commit) -> bool:
    """Whether a merge is what Git makes of its parents, without an edit by hand."""
    if len(merge.parents) == 2:
        return objects.merge_tree(*merge.parents) == merge.tree
    shared = set.intersection(*(objects.history(p) for p in merge.parents))
    behind = {p for c in shared for p in objects.at(c).parents}
    (root,) = shared - behind
    old, result = objects.files(root), objects.files(merge.oid)
    sides = [objects.files(p) for p in merge.parents]
    for path in {*old, *result, *(p for side in sides for p in side)}:
        edits = {side.get(path) for side in sides if side.get(path) != old.get(path)}
        if len(edits) > 1 or result.get(path) != (edits.pop() if edits else old.get(path)):
            return False
    return True


def address_of(who: str) -> str:
    """Return the address of ``Name <address>``."""
    return who.rpartition("<")[2].rstrip("> ").strip()


def parts(
    objects: Objects,
    policy: Data,
    people: People,
    base: str,
    head: str,
    opened_by: str,
    changes: Mapping[str, list[Data]],
) -> Parts:
    """Return who may not approve: whoever wrote, committed or opened it; whoever asked for a change, or does it."""
    hands: set[str] = set()
    unknown: set[str] = set()
    keep = set(policy["separation"])
    robots = {a.lower() for a in policy.get("robots", ())}

    def robot(address: str) -> bool:
        return address.lower() in robots or address.lower().endswith("[bot]@users.noreply.github.com")

    for oid in objects.history(head) - objects.history(base):
        commit = objects.at(oid)
        if len(commit.parents) > 1 and clean(objects, commit):
            continue  # Git's own merge: whoever made it has written nothing
        author, committer = address_of(commit.author), address_of(commit.committer)
        others = re.findall(r"(?im)^co-authored-by\s*:(.*)$", commit.message)
        wrote = [("author", author), *(("co_author", address_of(o)) for o in others)]
        if committer.lower() != author.lower():
            # Who commits in the name of a program is the one who wrote it.
            wrote.append(("author" if robot(author) else "committer", committer))
        for part, address in wrote:
            if robot(address):
                continue
            known = people.by_address(address)
            if not known:
                unknown.add(address.lower())
            hands |= set(known) if part in keep else set()
        if all(robot(address) for _, address in wrote):
            unknown.add(author.lower())  # a program acts for somebody, and nobody says for whom
    hands |= set(people.claimants(opened_by)) if "author" in keep else set()
    of_change = {}
    for name, states in changes.items():
        part: set[str] = set()
        for state in states:
            part |= set(many(state.get("requested_by"))) if "requester" in keep else set()
            part |= doers(people, state) if "implementer" in keep else set()
        of_change[name] = _everywhere(people, part)
    return Parts(_everywhere(people, hands), of_change, frozenset(unknown))


def _everywhere(people: People, some: Iterable[str]) -> frozenset[str]:
    """Return people under all their handles."""
    return frozenset(h for p in some for h in people.humans.get(p, {p}))


def doers(people: People, change: Data) -> set[str]:
    """Return who carries a change out."""
    given = many(change.get("implementers"))
    for task in change.get("tasks") or ():
        given += many(task.get("assignee")) if task.get("kind") not in WORKLESS else []
    found: set[str] = set()
    for name in given:
        found |= set(people.team(name)) if people.items.get(name, {}).get("class") == "team" else {name}
    return found
