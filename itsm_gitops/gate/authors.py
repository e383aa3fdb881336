"""Commit authors who match nobody in the directory: whether that matters, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from itsm_gitops.forges.shipped import is_web_editor
from itsm_gitops.gate.conditions import Touched
from itsm_gitops.gate.policy import AUTHOR
from itsm_gitops.gate.pull_request import Request
from itsm_gitops.gate.separation import Parts
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.meaning import PERSON
from itsm_gitops.model.roles import names

_NAMED = 5


def joining(request: Request, parts: Parts) -> list[str]:
    """Return the people whose files the request brings or completes, where it does nothing else.

    Nobody can be known before their own file says so, and who decides about people decides about that file. Empty
    where something else is in it, or where an author is unknown and none of these files has the address.
    """
    people = [t for t in request.items if PERSON in t.kind.plays and t.after is not None]
    if (
        set(request.content.changes) - {t.path for t in people}
        or parts.programs
        or not all(map(_adds, people))
    ):
        return []
    addresses = {a.lower() for t in people for a in names(t.data.get("commit_addresses"))}
    return [t.id for t in people] if all(u.address in addresses for u in parts.unknown) else []


def _adds(item: Touched) -> bool:
    """Whether every address that a person had is still theirs: nobody takes a colleague's place by a request."""
    before = names((item.before or {}).get("commit_addresses"))
    return set(before) <= set(names(item.data.get("commit_addresses")))


def with_joining(request: Request, parts: Parts) -> Parts:
    """Keep apart whom the unknown authors say that they are: an address may be added to somebody else's file."""
    if not parts.unknown:
        return parts
    found = dict(parts.people)
    for person in joining(request, parts) if AUTHOR in request.policy.separation else ():
        found.setdefault(person, (AUTHOR, f"{person} would be an author of this request, once it is merged"))
    return replace(parts, people=found)


def unknown_words(parts: Parts) -> Iterator[str]:
    """Say who is unknown, what that means and what to do about it; nothing where everybody is known."""
    robots = [u for u in parts.unknown if u.committer and is_web_editor(u.shown, u.address)]
    others = [u.shown for u in parts.unknown if u not in robots]
    if others:
        yield (
            f"nobody in cmdb/people is known to commit as {_listed(others)}, so nobody knows who may not approve; "
            "add the address to commit_addresses of that person on the target branch"
        )
    if robots:
        yield (
            f"{_listed([u.shown for u in robots])} is no person but the web editor of a forge, and the policy does not "
            f"know it; add {', '.join(u.address for u in robots)} to robots in {POLICY} on the target branch"
        )
    if parts.programs:
        yield (
            f"only a program is named as the author of {_listed(list(parts.programs))}, so nobody knows who wrote it "
            "and may not approve; whoever did commits it under their own address (git commit --amend --reset-author), "
            "or signs it with a key that cmdb/people lists"
        )


def _listed(texts: list[str]) -> str:
    more = len(texts) - _NAMED
    return ", ".join(texts[:_NAMED]) + (f" and {more} more" if more > 0 else "")
