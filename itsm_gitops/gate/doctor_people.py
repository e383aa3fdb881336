"""`itsm doctor` about people: whose commits these are, whose approvals can count, and rules that nobody can satisfy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from itsm_gitops.gate.doctor_plain import PLAIN
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.policy import OWNER, PEER, ApprovalRule, read_policy
from itsm_gitops.model import clock, meaning
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.repository import Repository
from itsm_gitops.rules.people import fixed_holders
from itsm_gitops.snapshots import Store

OK = "ok"
WARNING = "warning"
FAILED = "failed"
UNKNOWN = "unknown"


class Check(NamedTuple):
    """One thing that was looked at: what, how it is, and what to do about it."""

    subject: str
    result: str
    message: str
    hint: str = ""


class Unsatisfiable(NamedTuple):
    """A rule that waits for more people than there are: its name, what is so, what to do."""

    rule: str
    message: str
    hint: str


def unsatisfiable(store: Store) -> Iterator[Unsatisfiable]:
    """Yield the rules of a snapshot's policy that ask for more people than fill their role.

    Roles that each record fills anew are left out. Raises RuleBookError for a policy that cannot be read.
    """
    policy = read_policy(store.book.policy(POLICY))
    directory = Directory(store, clock.now())
    for rule in (*policy.protected, *policy.rules):
        lacking = _lacking(store, directory, rule)
        if lacking:
            yield Unsatisfiable(rule.name, *lacking)


def _lacking(store: Store, directory: Directory, rule: ApprovalRule) -> tuple[str, str] | None:
    role, count = rule.require.role, rule.require.count
    if not count or role == OWNER:
        return None
    if not directory.knows(role):
        return f"there is no role '{role}', so nobody can approve", "name one of schemas/policies/roles.yaml"
    # Whoever writes a request is no peer of its author.
    peers = {directory.human(p) for p in directory.fill(PEER, {})} if role == PEER else set()
    holders = sorted(peers)[1:] if role == PEER else fixed_holders(store, role)
    if holders is None or len(holders) > count or (role == PEER and len(holders) == count):
        return None
    more = f"enrol more people into that role (itsm enrol HANDLE --team TEAM), or ask for fewer in {POLICY}"
    who = f"wants {count} of {role.replace('_', ' ')}, and there"
    if len(holders) < count:
        return f"{who} {'is' if len(holders) == 1 else 'are'} {len(holders) or 'none'}", more
    return f"{who} {'is' if count == 1 else 'are'} just {count}: what one of them writes waits for ever", more


def author_check(repo: Repository, name: str, email: str) -> Check:
    """Say whether the gate knows whose commits are made here."""
    shown = f"{name} <{email}>"
    try:
        people = sorted(Directory(repo.store(), clock.now()).by_address(email))
    except ItsmError as error:
        return Check("author", UNKNOWN, f"{shown}: {error.message}", error.hint)
    if len(people) == 1:
        return Check("author", OK, f"{shown} is {people[0]}")
    who = f"several people: {', '.join(people)}" if people else "nobody in cmdb/people"
    text = f"{shown} is {who}, so the gate does not know whose commits these are"
    return Check(
        "author", WARNING, text, "itsm enrol, which takes name and address from Git; by pull request"
    )


def people_checks(repo: Repository, forge: str) -> Iterator[Check]:
    """Say whether anybody can approve on a forge (or a plain server), and which rules wait for more than there are."""
    store = repo.store()
    people = [store.data(e.id) for e in store.of_kinds(store.book.playing(meaning.PERSON))]
    approvers = [p for p in people if p.get("approver")] or people
    if not approvers:
        text = "nobody is in the directory, so nothing can ever be approved"
        yield Check("people", FAILED, text, "itsm enrol for yourself, then itsm enrol HANDLE for the others")
        return
    yield from _policies(store)
    known = [p for p in approvers if _reachable(p, forge)]
    if len(known) == len(approvers):
        yield Check("people", OK, f"all {len(approvers)} approvers have an account or a key")
        return
    missing = sorted(str(p.get("id")) for p in approvers if not _reachable(p, forge))
    shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    lack = "no key" if forge == PLAIN else f"neither an account on {forge} nor a key"
    how = "--key FILE" if forge == PLAIN else f"--account {forge}:NUMBER:LOGIN, or --key FILE"
    yield Check(
        "people",
        WARNING if known else FAILED,
        f"no approval by these can count, they have {lack}: {shown}",
        f"itsm enrol PERSON {how}; by pull request",
    )


def _policies(store: Store) -> Iterator[Check]:
    try:
        for lacking in unsatisfiable(store):
            yield Check(f"rule {lacking.rule}", WARNING, lacking.message, lacking.hint)
    except ItsmError as error:
        yield Check("approvals policy", FAILED, error.message, error.hint)


def _reachable(person: Any, forge: str) -> bool:
    accounts = person.get("identities") or ()
    return bool(person.get("signing_keys")) or any(a.get("forge") == forge for a in accounts)
