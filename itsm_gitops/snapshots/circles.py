"""Roots that name this repository, or each other, as roots of their own.

Nobody follows the roots of a root, so a circle is no endless loop: it is two repositories that each wait for the commit
of the other, and whoever reads one of them sees the other as it was.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from itsm_gitops.git.client import Git
from itsm_gitops.git.transfer import remote_url
from itsm_gitops.model.roots import Root
from itsm_gitops.snapshots.config import Config, read_config
from itsm_gitops.snapshots.root_shelf import RootTree

_SCHEME = re.compile(r"^[a-z+]+://(?:[^/@]*@)?")
_HERE = ""


def remarks(
    trees: Sequence[RootTree], roots: Sequence[Root], config: Config, git: Git | None
) -> Mapping[str, tuple[str, ...]]:
    """Return what is to be said of each root that a circle leads through, by its name."""
    top = str(git.root) if git else ""
    places = {place: root.name for root in roots for place in _places(root, top)}
    own = [remote_url(git) if git else "", config.repository.url]
    places |= {_address(url): _HERE for url in own if url} | {f"path:{top}": _HERE}
    after: dict[str, set[str]] = {}
    for tree in trees:
        named = (place for r in read_config(tree).roots for place in _places(r, f"{top}/{tree.root.path}"))
        after[tree.root.name] = {places[place] for place in named if place in places}
    found: dict[str, tuple[str, ...]] = {}
    for name, others in after.items():
        said = ["it names this repository as a root in turn"] if _HERE in others else []
        said += [
            f"it and root '{other}' name each other as roots"
            for other in sorted(others)
            if _leads(after, other, name)
        ]
        if said:
            found[name] = tuple(said)
    return found


def _leads(after: Mapping[str, set[str]], start: str, end: str) -> bool:
    """Whether following roots from one leads to another."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == end:
            return True
        if name not in seen:
            seen.add(name)
            waiting += after.get(name, ())
    return False


def _places(root: Root, beside: str) -> list[str]:
    """Return where a root is, in a form that can be compared; ``beside`` is the folder whose settings say it."""
    found = [_address(root.url)] if root.url else []
    return found + ([f"path:{posixpath.normpath(posixpath.join(beside, root.path))}"] if root.path else [])


def _address(url: str) -> str:
    """Return an address without what may differ between two ways of writing it."""
    plain = _SCHEME.sub("", url)
    if plain == url:  # user@host:path
        plain = url.rpartition("@")[2].replace(":", "/", 1)
    host, _, path = plain.partition("/")
    return f"{host.lower()}/{path.strip('/').removesuffix('.git')}"
