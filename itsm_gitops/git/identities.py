"""What tells one human from another: accounts, keys and commit addresses, compared by what they are.

A fingerprint and a login are typed, so they are labels: a key is compared by its bytes, an account by its
number. Two files of people that share one of the three, or of which one says ``same_as``, are one human.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.git.sshsig import fingerprint
from itsm_gitops.model.roles import names
from itsm_gitops.model.untyped import as_mappings

ACCOUNT, KEY, ADDRESS, SAME_AS = "account", "signing key", "commit address", "same_as"
_SAME_FORGE = {"forgejo": "gitea"}  # one is a fork of the other; adapters say gitea for both

Data = Mapping[str, Any]


class PersonalMark(NamedTuple):
    """One thing that only one human has: which sort, its value, and where in the file it stands."""

    sort: str
    value: str
    pointer: tuple[str | int, ...]


class Human(NamedTuple):
    """One human behind one or several files: all handles, sorted, and what ties them together."""

    handles: tuple[str, ...]
    tie: str


def account(forge: str, number: object) -> str:
    """Return the identity of an account: ``FORGE:NUMBER``."""
    return f"{_SAME_FORGE.get(forge, forge)}:{number}"


def key_marks(key: Mapping[str, Any]) -> list[str]:
    """Return the fingerprints by which one entry of ``signing_keys`` is compared: computed, else as typed."""
    computed = fingerprint(key.get("public_key"))
    typed = "".join(str(key.get("fingerprint", "")).split())
    return [computed] if computed else [typed] if typed else []


def marks(data: Data) -> Iterator[PersonalMark]:
    """Yield everything in the file of a person that belongs to one human only."""
    for number, known in enumerate(as_mappings(data.get("identities"))):
        yield PersonalMark(
            ACCOUNT, account(str(known.get("forge")), known.get("id")), ("identities", number, "id")
        )
    for number, key in enumerate(as_mappings(data.get("signing_keys"))):
        for value in key_marks(key):
            field = "public_key" if fingerprint(key.get("public_key")) else "fingerprint"
            yield PersonalMark(KEY, value, ("signing_keys", number, field))
    for number, address in enumerate(names(data.get("commit_addresses"))):
        yield PersonalMark(ADDRESS, address.lower(), ("commit_addresses", number))


def humans(people: Mapping[str, Data], *, declared: bool = False) -> dict[str, Human]:
    """Return the human behind each person, by identifier.

    With ``declared`` only ``same_as`` counts, whichever of the two files says it.
    """
    groups = {person: {person} for person in people}
    ties: dict[str, str] = {}
    for one, other, tie in _pairs(people, declared):
        if groups[one] is groups[other]:
            continue
        groups[one] |= groups[other]
        for member in groups[one]:
            groups[member] = groups[one]
            ties.setdefault(member, tie)
    found: dict[str, Human] = {}
    for person, members in groups.items():
        if person not in found:
            human = Human(tuple(sorted(members)), ties.get(person, ""))
            found.update(dict.fromkeys(members, human))
    return found


def _pairs(people: Mapping[str, Data], declared: bool) -> Iterator[tuple[str, str, str]]:
    first: dict[tuple[str, str], str] = {}
    for person, data in people.items():
        for other in names(data.get("same_as")):
            if other in people:
                yield person, other, SAME_AS
        for mark in () if declared else marks(data):
            yield first.setdefault((mark.sort, mark.value), person), person, f"one {mark.sort}"
