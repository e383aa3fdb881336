"""Where a clone keeps the commits of its roots: a bare Git repository inside its own Git folder.

It is apart from the clone's objects, so that nothing of a root is pushed or shown as history of this repository, and
so that a root may be fetched without its history. One reference for each commit keeps it from being
collected: ``refs/itsm/roots/NAME/COMMIT``. A clone brings none of this along; ``itsm roots fetch`` does.
"""

from __future__ import annotations

from pathlib import Path

from itsm_gitops.git import transfer
from itsm_gitops.git.client import Git, decode
from itsm_gitops.model.errors import GitError, Refused, SettingsError
from itsm_gitops.model.roots import Root
from itsm_gitops.snapshots.snapshot import CONFIG, Snapshot, WorkingTree
from itsm_gitops.snapshots.trees import LandedTree

_FOLDER = "itsm/roots.git"


class RootTree(LandedTree):
    """The files of a root at its commit."""

    def __init__(self, shelf: Git, root: Root) -> None:
        super().__init__(shelf, root.commit, f"root '{root.name}'")
        self.root = root


def git_of(snapshot: Snapshot) -> Git | None:
    """Return the Git repository that a snapshot is from; None where it is from none."""
    below: Snapshot | None = getattr(snapshot, "below", None)
    if below is not None:
        return git_of(below)
    if isinstance(snapshot, WorkingTree):
        folders = (snapshot.root, *snapshot.root.parents)
        return Git(snapshot.root) if any((folder / ".git").exists() for folder in folders) else None
    git: Git | None = getattr(snapshot, "git", None)
    return git


def shelf_folder(git: Git) -> Path:
    """Return where the commits of roots are kept, which all working trees of a clone share."""
    common = Path(decode(git.run("rev-parse", "--git-common-dir").rstrip(b"\n")))
    return (git.root / common / _FOLDER).resolve()


def shelf_of(git: Git) -> Git | None:
    """Return the repository that holds the commits of roots; None where nothing was fetched yet."""
    folder = shelf_folder(git)
    return opened_shelf(folder) if (folder / "HEAD").is_file() else None


def opened_shelf(folder: Path) -> Git:
    """Return the repository in a folder that is one."""
    return Git(folder, {"GIT_DIR": str(folder)})


class RootAddress:
    """Where a root is fetched from: an address, and the protocols that may be spoken to reach it.

    What itsm.yaml says came with the clone. So an address is reached by https or ssh alone, and a folder of this
    machine only where ``local`` says that its user wants that.
    """

    def __init__(self, top: Path, root: Root, *, local: bool) -> None:
        if root.faulty:
            raise SettingsError(f"root '{root.name}' has a mistake in {CONFIG}", "itsm check names it")
        if root.path and not local:
            raise Refused(
                f"root '{root.name}' is the folder {root.path} of this machine",
                "itsm roots fetch --local reads it, if you trust what this repository names",
            )
        self.address = str((top / root.path).resolve()) if root.path else root.url
        self.protocols = ("file",) if root.path else ("https", "ssh")
        self.root = root

    def newest(self, git: Git) -> str:
        """Return the commit at the tip of the root's branch; raises GitError."""
        ref = f"refs/heads/{self.root.branch}" if self.root.branch else "HEAD"
        return transfer.tip(git, self.address, ref, self.protocols)

    def fetch(self, shelf: Git, commit: str) -> None:
        """Bring a commit of the root, without its history where the server can leave it out; raises GitError."""
        if shelf.has(commit):
            return
        try:
            self._fetch(shelf, [f"{commit}:{reference(self.root, commit)}"], ["--depth=1"])
        except GitError as refused:
            # Some servers hand out nothing but the tips of branches.
            place = f"refs/itsm/tips/{self.root.name}"
            self._fetch(shelf, [f"+refs/heads/*:{place}/*"], ["--prune"])
            if not shelf.has(commit):
                hint = f"was it rewritten? itsm roots update {self.root.name} pins the newest commit"
                raise GitError(f"root '{self.root.name}' has no commit {commit[:12]}", hint) from refused
            shelf.run("update-ref", "--end-of-options", reference(self.root, commit), commit)

    def _fetch(self, shelf: Git, refs: list[str], options: list[str]) -> None:
        transfer.fetch(shelf, refs, remote=self.address, options=options, protocols=self.protocols)


def make_shelf(git: Git) -> Git:
    """Return the repository that holds the commits of roots, made where it is not there."""
    found = shelf_of(git)
    if found is not None:
        return found
    folder = shelf_folder(git)
    git.run("init", "--bare", "--quiet", "--template=", "--end-of-options", str(folder))
    return opened_shelf(folder)


def reference(root: Root, commit: str = "") -> str:
    """Return the reference that keeps a commit of a root."""
    return f"refs/itsm/roots/{root.name}/{commit or root.commit}"
