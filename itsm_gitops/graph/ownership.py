"""CODEOWNERS from the CMDB: whom a forge asks for a review, by the path of what was edited.

This is for routing only. The gate reads policy, roles and owners itself; a forge cannot say "two of
the board and every owner, but not the author".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.rulebook import ROLES
from itsm_gitops.snapshots import Store

HEADER = "# Written by `itsm codeowners --write` from cmdb/ and schemas/policies. Do not edit.\n"
PLACES = {
    "github": ".github/CODEOWNERS",
    "gitlab": ".gitlab/CODEOWNERS",
    "gitea": ".gitea/CODEOWNERS",
    "forgejo": ".forgejo/CODEOWNERS",
}
# GitHub ignores a larger file without saying so.
SIZE_MAX = 3_000_000
APPROVALS = "approvals"
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*(?:/[\w.-]+)*", re.ASCII)
_REGEX = ("gitea", "forgejo")


class Owners(NamedTuple):
    """The text of CODEOWNERS for a forge, and the owners that nobody on the forge stands for."""

    text: str
    unknown: tuple[str, ...]


def codeowners(store: Store, forge: str) -> Owners:
    """Return CODEOWNERS as the snapshot's CMDB and policy want it. Later lines win, as forges read it."""
    names = _Names(store, forge)
    paths = [*sorted(_items(store, names)), *_protected(store, names)]
    lines = [(_pattern(path, forge), owners) for path, owners in paths]
    width = max((len(pattern) for pattern, _ in lines), default=0)
    body = "".join(f"{pattern:<{width}}  {owners}\n" for pattern, owners in lines)
    return Owners(HEADER + body, tuple(sorted(names.unknown)))


def _items(store: Store, names: _Names) -> Iterator[tuple[str, str]]:
    """Yield the lines of each item with an owner that the forge knows: its document, and its files."""
    for entry in store.of_kinds([k.name for k in store.book.kinds.values() if not k.is_record]):
        owner = facts.owner(entry)
        if owner and not store.root_of(entry.path):
            named = names.of([owner])
            if named:
                yield f"/{entry.path}", named
                patterns = (
                    store.data(entry.id).get("paths")
                    if "paths" in store.book.kinds[entry.kind].fields
                    else None
                )
                for pattern in patterns if isinstance(patterns, list) else ():
                    # A slash in front counts from the top of a larger repository, here as there.
                    yield pattern if pattern.startswith(("/", "**")) else f"/{pattern}", named


def _protected(store: Store, names: _Names) -> Iterator[tuple[str, str]]:
    """Yield the lines of what only few may change: the rules themselves and who is who."""
    roles = store.book.policy(ROLES).get("roles", {})
    for rule in store.book.policy(APPROVALS).get("protected", ()):
        role = roles.get(rule.get("require", {}).get("role"), {})
        named = names.of([*role.get("teams", ()), *role.get("people", ())])
        for path in rule.get("paths", ()) if named else ():
            yield path if path.startswith(("/", "*")) else f"/{path}", named


def _pattern(path: str, forge: str) -> str:
    """Write a path (or a pattern) as the forge's CODEOWNERS wants it; Gitea's are regular expressions."""
    if forge in _REGEX:
        parts = re.split(r"(\*\*/|\*\*|\*)", path.lstrip("/"))
        words = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*"}
        return "".join(words.get(p, re.escape(p)) for p in parts)
    # A folder with everything in it is written as the folder: all forges read that alike.
    return path.removesuffix("**") if path.endswith("/**") else path


class _Names:
    """What teams and people are called on one forge."""

    def __init__(self, store: Store, forge: str) -> None:
        self._store = store
        self._forge = forge
        self.unknown: set[str] = set()

    def of(self, owners: Iterable[str]) -> str:
        """Return owners as ``@group @login``, without those the forge does not know."""
        found: list[str] = []
        for owner in owners:
            named = self._one(owner)
            if not named:
                self.unknown.add(owner)
            found += [f"@{n}" for n in named if f"@{n}" not in found]
        return " ".join(found)

    def _one(self, owner: str) -> list[str]:
        entry = self._store.entries.get(owner)
        if entry is None:
            return []
        data = self._store.data(owner)
        if facts.is_a(self._store.book, entry, meaning.PERSON):
            return self._known(data, "identities", "login")
        groups = self._known(data, "forge_groups", "group")
        return groups or [login for member in self._members(owner) for login in self._one(member)]

    def _known(self, data: Mapping[str, Any], field: str, name: str) -> list[str]:
        entries = data.get(field)
        wanted = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
        names = [str(e.get(name, "")) for e in wanted if e.get("forge") == self._forge]
        return [n for n in names if _NAME.fullmatch(n)]

    def _members(self, team: str) -> list[str]:
        people = self._store.book.playing(meaning.PERSON)
        return [e.id for e in self._store.linked("member_of", [team], people)]
