"""Roots: other ITSM repositories that ``itsm.yaml`` names, and which identifiers live in which of them.

A prefix belongs to one root. ``INC`` are the records whose identifiers begin with ``INC-``; ``plat-`` the items whose
names begin so; ``*`` every item that no other root has. The roots of a root are not followed: who names a root
decides about its commit, and about nothing behind it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from itsm_gitops.model import ids
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.shape import Misfit
from itsm_gitops.model.text import safe_text

KEY = "roots"
REST = "*"
_SHORT = 12
_CREDENTIALS = re.compile(r"https://[^/]*@")


@dataclass(frozen=True, slots=True)
class Root:
    """One root. ``url`` or ``path`` says where it is, ``commit`` (a full hash, empty: none yet) what is read of it.

    ``index`` is its place in the list of itsm.yaml. ``faulty`` says that its entry there has a mistake.
    """

    name: str
    prefixes: tuple[str, ...]
    url: str = ""
    path: str = ""
    commit: str = ""
    branch: str = ""
    index: int = 0
    faulty: bool = False

    @property
    def place(self) -> str:
        """Where it is, as itsm.yaml says it."""
        return self.url or self.path

    @property
    def short(self) -> str:
        """The first digits of the commit."""
        return self.commit[:_SHORT]

    @property
    def pointer(self) -> Pointer:
        """Where it stands in itsm.yaml."""
        return (KEY, self.index)

    def claims(self, identifier: str) -> bool:
        """Whether a prefix says that the document with this identifier lives there (``*`` is no such prefix)."""
        return any(_covers(prefix, identifier) for prefix in self.prefixes)


def _covers(prefix: str, identifier: str) -> bool:
    if prefix[:1].isupper():
        parsed = ids.parse_record_id(identifier)
        return parsed is not None and parsed[0] == prefix
    return prefix.endswith("-") and identifier.startswith(prefix) and ids.is_item_id(identifier)


def claimant(roots: Sequence[Root], identifier: str) -> Root | None:
    """Return the root whose prefix says that an identifier lives there, and nowhere else."""
    return next((root for root in roots if root.claims(identifier)), None)


def home(roots: Sequence[Root], identifier: str) -> Root | None:
    """Return the root that an identifier may live in: its claimant, else for an item the one that has the rest."""
    if not ids.is_item_id(identifier):
        return claimant(roots, identifier)
    return claimant(roots, identifier) or next((root for root in roots if REST in root.prefixes), None)


def roots_of(data: Mapping[str, Any], wrong: Sequence[Misfit] = ()) -> tuple[Root, ...]:
    """Return the roots that settings name, as far as they can be understood.

    One that ``wrong`` says something about is there and ``faulty``: what lives in it does exist.
    """
    faulty = {m.pointer[1] for m in wrong if m.pointer[:1] == (KEY,) and len(m.pointer) > 1}
    found: dict[str, Root] = {}
    for index, entry in _entries(data):
        prefixes = entry.get("prefixes")
        texts = {k: v for k, v in entry.items() if isinstance(v, str)}
        root = Root(
            name=texts.get("name", ""),
            prefixes=tuple(p for p in prefixes if isinstance(p, str)) if isinstance(prefixes, list) else (),
            url=texts.get("url", ""),
            path=texts.get("path", ""),
            commit=texts.get("commit", ""),
            branch=texts.get("branch", ""),
            index=index,
        )
        if index in faulty:
            root = replace(root, commit="", url="", path="", faulty=True)
        found.setdefault(root.name, root)
    return tuple(found.values())


def _entries(data: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    listed = data.get(KEY)
    return [(n, e) for n, e in enumerate(listed) if isinstance(e, dict)] if isinstance(listed, list) else []


def root_misfits(data: Mapping[str, Any]) -> Iterator[Misfit]:
    """Yield what is wrong with the roots that settings name, beyond what their schema says."""
    names: dict[str, int] = {}
    taken: dict[str, str] = {}
    for index, entry in _entries(data):
        at, name = (KEY, index), entry.get("name")
        if isinstance(name, str) and names.setdefault(name, index) != index:
            yield Misfit((*at, "name"), f"another root is called '{safe_text(name)}' already")
        yield from _place_misfits(entry, at)
        prefixes = entry.get("prefixes")
        for number, prefix in enumerate(prefixes if isinstance(prefixes, list) else ()):
            if not isinstance(prefix, str):
                continue
            other = next((p for p in taken if _overlap(p, prefix)), None)
            if other is not None and taken[other] != name:
                message = f"'{safe_text(prefix)}' is claimed by root '{safe_text(taken[other])}' already"
                message += f", as '{safe_text(other)}'" if other != prefix else ""
                yield Misfit((*at, "prefixes", number), message, "an identifier lives in one place")
            taken.setdefault(prefix, str(name))


def _overlap(one: str, other: str) -> bool:
    items = one[:1].islower() and other[:1].islower()
    return one == other or (items and (one.startswith(other) or other.startswith(one)))


def _place_misfits(entry: Mapping[str, Any], at: Pointer) -> Iterator[Misfit]:
    url, path = entry.get("url"), entry.get("path")
    if (url is None) == (path is None):
        yield Misfit(
            at, "a root has either a url or a path", "url for a server, path for a folder of this machine"
        )
    if isinstance(url, str):
        if url.startswith(("file:", "/", ".", "~")):
            hint = "`path: ../folder` names a repository on this machine"
            yield Misfit((*at, "url"), f"'{safe_text(url)}' is not an address on a server", hint)
        elif _CREDENTIALS.match(url):
            yield Misfit(
                (*at, "url"), "an address here holds no password or token", "Git asks its credential helper"
            )
        elif not url.startswith(("https://", "ssh://")) and ("://" in url or "::" in url or "@" not in url):
            hint = "https://…, ssh://… or user@host:path"
            yield Misfit((*at, "url"), f"'{safe_text(url)}' is not an address that is fetched from", hint)
    if isinstance(path, str) and path.startswith("."):
        if posixpath.normpath(path) == ".":
            yield Misfit((*at, "path"), "a repository cannot be a root of itself", "remove this entry")
        elif not posixpath.normpath(path).startswith(".."):
            yield Misfit(
                (*at, "path"), "this folder is inside the repository itself", "a root is beside it: ../folder"
            )
