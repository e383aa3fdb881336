"""`itsm roots`: the other repositories that are read here, what is at hand of them, and newer commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from itsm_gitops.model.errors import GitError, NotFound, Refused, did_you_mean
from itsm_gitops.model.roots import KEY, Root
from itsm_gitops.snapshots.snapshot import CONFIG

if TYPE_CHECKING:
    from itsm_gitops.git.client import Git
    from itsm_gitops.repository import Repository

_NONE = "itsm.yaml names no roots"
_HANDBOOK = "the handbook page 'At scale' shows the key `roots`"


@dataclass(frozen=True, slots=True)
class RootStatus:
    """One root: ``trouble`` says why it cannot be read (empty where it can), ``hint`` what to do about it.

    ``documents`` counts those that are read here. ``remarks`` are what is odd and stops nothing.
    """

    root: Root
    trouble: str
    hint: str
    documents: int
    remarks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        root = self.root
        return {
            "name": root.name,
            "url": root.url or None,
            "path": root.path or None,
            "branch": root.branch or None,
            "commit": root.commit or None,
            "prefixes": list(root.prefixes),
            "readable": not self.trouble,
            "trouble": self.trouble or None,
            "documents": self.documents,
            "remarks": list(self.remarks),
        }


def status(repo: Repository, at: str | None = None) -> list[RootStatus]:
    """Return the roots of a snapshot in the order of itsm.yaml; nothing is fetched."""
    from itsm_gitops.snapshots.rooted import RootedSnapshot

    whole = repo.whole(at)
    if not isinstance(whole, RootedSnapshot):
        return []
    counts = Counter(whole.root_of(info.path) for info in whole.files("cmdb", "records"))
    circles = whole.circles()
    found = []
    for root in whole.roots:
        trouble = whole.troubles.get(root.name)
        message, hint = trouble or ("", "")
        found.append(RootStatus(root, message, hint, counts[root.name], circles.get(root.name, ())))
    return found


@dataclass(frozen=True, slots=True)
class RootFetch:
    """What was done about one root: the commit before and after, and whether anything was fetched."""

    root: Root
    before: str
    commit: str
    fetched: bool


def fetch(
    repo: Repository, names: Sequence[str] = (), *, at: str | None = None, local: bool = False
) -> list[RootFetch]:
    """Bring the pinned commits of roots (all of them, or those named) into this clone.

    Raises NotFound for a name that is no root, Refused for a folder of this machine without ``local``, and
    GitError where Git or the other side fails; what was fetched before that stays.
    """
    from itsm_gitops.snapshots.root_shelf import RootAddress, make_shelf

    chosen = _chosen(repo, names, at)
    shelf = make_shelf(repo.history)
    done = []
    for root in chosen:
        if not root.commit:
            raise Refused(
                f"no commit of root '{root.name}' is pinned yet",
                f"itsm roots update {root.name} pins the newest one",
            )
        at_hand = shelf.has(root.commit)
        if not at_hand:
            RootAddress(repo.root, root, local=local).fetch(shelf, root.commit)
            _refuse_unusable(repo, shelf, root)
        done.append(RootFetch(root, root.commit, root.commit, not at_hand))
    return done


def update(
    repo: Repository, names: Sequence[str] = (), *, to: str = "", local: bool = False, dry_run: bool = False
) -> list[RootFetch]:
    """Pin roots to the newest commits of their branches, or one root to a commit: an edit of itsm.yaml.

    The commits are fetched first, so that nothing is pinned that cannot be read. Comments and layout of itsm.yaml
    stay. Raises as ``fetch`` does.
    """
    from itsm_gitops import documents
    from itsm_gitops.snapshots.root_shelf import RootAddress, make_shelf

    chosen = _chosen(repo, names, None)
    if to and len(chosen) != 1:
        raise Refused("one commit is a commit of one root", "itsm roots update NAME --to COMMIT")
    shelf = make_shelf(repo.history)
    done = []
    for root in chosen:
        source = RootAddress(repo.root, root, local=local)
        newest = to or source.newest(shelf)
        if not newest:
            raise GitError(
                f"root '{root.name}' has no branch '{root.branch or 'HEAD'}'", "correct `branch` in itsm.yaml"
            )
        at_hand = shelf.has(newest)
        source.fetch(shelf, newest)
        _refuse_unusable(repo, shelf, replace(root, commit=newest))
        done.append(RootFetch(root, root.commit, newest, not at_hand))
    edits = [documents.Set((KEY, d.root.index, "commit"), d.commit) for d in done if d.commit != d.before]
    if edits and not dry_run:
        path = repo.root / CONFIG
        raw = path.read_bytes()
        documents.write_atomic(path, documents.edit(raw, edits), expected=raw)
    return done


def _chosen(repo: Repository, names: Sequence[str], at: str | None) -> list[Root]:
    """Return the roots that are named, all where none is; raises NotFound."""
    roots = repo.settings(repo.snapshot(at)).roots
    if not roots:
        raise NotFound(_NONE, _HANDBOOK)
    for name in names:
        if name not in {root.name for root in roots}:
            known = [root.name for root in roots]
            raise NotFound(
                f"there is no root '{name}'", did_you_mean(name, known) or f"there are: {', '.join(known)}"
            )
    return [root for root in roots if not names or root.name in names]


def _refuse_unusable(repo: Repository, shelf: Git, root: Root) -> None:
    """Raise Refused for a commit that is none of another ITSM repository."""
    from itsm_gitops.snapshots.root_shelf import RootTree
    from itsm_gitops.snapshots.rooted import trouble_of

    trouble = trouble_of(RootTree(shelf, root), repo.config)
    if trouble is not None:
        raise Refused(f"root '{root.name}' at {root.short}: {trouble.message}", trouble.hint)
