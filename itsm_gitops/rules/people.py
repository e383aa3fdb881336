"""Families D and A about people: one human has one vote, and there are as many as the policy asks for."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.git.identities import humans, marks
from itsm_gitops.git.sshsig import fingerprint
from itsm_gitops.graph.network import of_role
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.findings import WARNING
from itsm_gitops.model.roles import described, names
from itsm_gitops.model.rulebook import ROLES
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.rule import NETWORK, PEOPLE, Hit, Rule
from itsm_gitops.snapshots import Store

_BY_RECORD = ("fields", "manager_of", "otherwise", "owners", "on_call")  # filled by each record anew


def fixed_holders(store: Store, role: str) -> list[str] | None:
    """Return the humans who fill a role whatever the record is, one handle of each, sorted.

    None where there is no such role, or each record fills it anew.
    """
    about = described(role, store.book.policy(ROLES).get("roles", {}))
    if about is None or any(about.get(way) for way in _BY_RECORD):
        return None
    people = {e.id: store.data(e.id) for e in of_role(store, meaning.PERSON)}
    known = humans(people)
    named = {*names(about.get("teams")), *names(about.get("people"))}
    found = set()
    for person, data in people.items():
        if facts.is_inactive(store.book.kinds[store.entries[person].kind], data):
            continue
        may = data.get("approver") is not False and bool(named & set(names(data.get("teams"))))
        if about.get("everyone") or person in named or may:
            found.add(known[person].handles[0])
    return sorted(found)


def mark_is_unique(ctx: NetworkContext) -> Iterator[Hit]:
    """Compare the accounts, keys and commit addresses of all people who are not said to be one."""
    people = {e.id: ctx.data(e) for e in ctx.of_role(meaning.PERSON)}
    declared = humans(people, declared=True)
    owner: dict[tuple[str, str], str] = {}
    for entry in ctx.of_role(meaning.PERSON):
        for mark in marks(people[entry.id]):
            first = owner.setdefault((mark.sort, mark.value), entry.id)
            if first not in declared[entry.id].handles:
                yield Hit(f"this {mark.sort} already belongs to '{first}'", mark.pointer, "", entry.path)


def fingerprint_is_computed(ctx: NetworkContext) -> Iterator[Hit]:
    """Compute the fingerprint of every SSH key that is written out."""
    for entry in facts.of_role(ctx.book, ctx.judged, meaning.PERSON):
        for number, key in enumerate(ctx.data(entry).get("signing_keys") or ()):
            computed = fingerprint(key.get("public_key"))
            if computed and computed != key["fingerprint"]:
                at = ("signing_keys", number, "fingerprint")
                yield Hit(f"the fingerprint of this key is {computed}", at, "", entry.path)


def rule_can_be_met(ctx: NetworkContext) -> Iterator[Hit]:
    """Count who fills the fixed roles of the policy; a role that nobody fills has its own finding."""
    policy = ctx.book.policy(POLICY)
    for key in ("rules", "protected"):
        for index, rule in enumerate(policy.get(key) or ()):
            require = rule.get("require") or {}
            count, role = require.get("count"), str(require.get("role", ""))
            if not isinstance(count, int) or count < 2:
                continue
            holders = fixed_holders(ctx.store, role)
            if holders and len(holders) < count:
                there = f"{', '.join(holders)} {'is' if len(holders) == 1 else 'are'} all who can"
                message = f"'{rule.get('name')}' wants {count} of {role.replace('_', ' ')}, and {there}"
                yield Hit(message, (key, index, "require", "count"), "", POLICY)


RULES = (
    Rule(
        "D012",
        "Account, key or commit address of two people",
        scope=NETWORK,
        why="The gate would not know whose approval or whose commit it is, and one human could approve as two.",
        hint="remove it from one of the two, or let same_as say that they are one human; what is shared must not approve",
        bad="# in two people\nidentities:\n  - {forge: github, id: 583231}",
        good="# in one person\nidentities:\n  - {forge: github, id: 583231}",
        reach=(PEOPLE,),
        check=mark_is_unique,
    ),
    Rule(
        "D016",
        "Fingerprint that is not the key's",
        scope=NETWORK,
        why="Whoever compares fingerprints by eye looks at another key than the one that signs.",
        hint="itsm enrol PERSON --key FILE writes both",
        bad="signing_keys:\n  - {type: ssh, fingerprint: 'SHA256:AAAA…', public_key: ssh-ed25519 AAAAC3Nz…}",
        good="signing_keys:\n  - {type: ssh, fingerprint: 'SHA256:uNiV…', public_key: ssh-ed25519 AAAAC3Nz…}",
        reach=(),
        check=fingerprint_is_computed,
    ),
    Rule(
        "A016",
        "Rule that asks for more people than fill its role",
        scope=NETWORK,
        severity=WARNING,
        why="No request that the rule is for can ever be approved, not even the one that would add people.",
        hint="itsm enrol HANDLE --team TEAM adds somebody to the role, or let the rule ask for fewer",
        bad="require: {role: cab, count: 2}   # one person is in the team of the board",
        good="require: {role: cab, count: 2}   # three people are",
        reach=(PEOPLE,),
        check=rule_can_be_met,
    ),
)
