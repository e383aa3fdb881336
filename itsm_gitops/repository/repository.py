"""A repository on disk: where its root is, its rule book, its settings, its snapshots and its documents."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from itsm_gitops.git.client import Git
from itsm_gitops.model.errors import (
    GitError,
    MissingObject,
    NotFound,
)
from itsm_gitops.model.findings import Finding
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository.locating import by_alias, find, refuse_absent, refuse_root
from itsm_gitops.snapshots.config import Config, read_config, read_rulebook
from itsm_gitops.snapshots.gaps import Gap
from itsm_gitops.snapshots.place import settings_folder
from itsm_gitops.snapshots.snapshot import (
    CONFIG,
    Snapshot,
    WorkingTree,
    refuse_unread,
)
from itsm_gitops.snapshots.store import Document, Store, identifier_of, parsed

if TYPE_CHECKING:
    from itsm_gitops.git.process import GitAnswer
    from itsm_gitops.snapshots.loading import T, Visit

INDEX = ":"
# Where a server's Git keeps what is being pushed until its hook has agreed. Relative to GIT_DIR or not,
# as Git writes them.
_RECEIVED = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")

_HEADS = ("HEAD", "refs/heads/main", "refs/heads/master")


class Repository:
    """One ITSM repository: the folder that holds ``itsm.yaml``.

    Nothing is read before it is asked for. ``at`` is None for the working tree, ``":"`` for Git's
    index or any revision, everywhere.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        # For those who only show: it is told the faults of settings (and of which snapshot), and defaults
        # stand in for them. Where it is None, faulty settings stop.
        self.tolerate: Callable[[Sequence[Finding], str], object] | None = None
        # What could not be read in the snapshots that were loaded, by path: whoever shows says so at the end.
        self.gaps: dict[str, Gap] = {}
        # Told how many documents have been read, and of how many, while all of the working tree are.
        self.progress: Callable[[int, int], None] | None = None
        # What Git was asked for the index before anything was loaded (see ``ask_early``); used once.
        self.asked: GitAnswer | None = None
        # Where no file is checked out (a bare mirror), the commit of HEAD stands for the working tree.
        self.bare = False
        # Called with the number of objects that were fetched because this partial clone lacked them.
        self.on_fetch: Callable[[int], object] = lambda _: None

    @classmethod
    def open(cls, path: str | Path = ".") -> Repository:
        """Return the repository that ``path`` is in; raises NotFound when there is none."""
        start = Path(path).absolute()
        place = settings_folder(start)
        if place is not None:
            if (place / CONFIG).is_file():
                return cls(place.resolve())
            raise NotFound(  # never on to a repository further up
                f"{place / CONFIG} is not a regular file",
                f"git checkout -- {CONFIG} brings the committed file back",
            )
        if not start.is_dir():
            raise NotFound(f"there is no folder {start}", "-C FOLDER names the folder to work in")
        bare = next((f for f in (start, *start.parents) if _is_bare(f)), None)
        if bare:
            raise NotFound(
                f"{bare} is a bare Git repository: it has no files to work on",
                f"git clone {bare} FOLDER makes a copy with files",
            )
        raise NotFound(
            f"there is no {CONFIG} in {start} or above it",
            "itsm init creates a repository; -C FOLDER works in another one",
        )

    @classmethod
    def of_history(cls, path: str | Path = ".") -> Repository:
        """Return the repository that ``path`` is in, for those who read commits only.

        No file need be checked out: a bare mirror will do, and a clone that was made without a checkout.
        Raises NotFound as ``open`` does.
        """
        start = Path(path).absolute()
        for folder in (start, *start.parents):
            if _is_bare(folder):
                return cls._without_files(folder, {"GIT_DIR": str(folder.resolve())})
            if os.path.lexists(folder / CONFIG):
                break
            if (folder / ".git").exists():
                made = cls._without_files(folder, {})
                try:
                    made.history.run("cat-file", "-e", f"HEAD:{CONFIG}")
                except MissingObject:  # it is there, and this partial clone has not fetched it
                    return made
                except GitError:
                    break
                return made
        return cls.open(path)

    @classmethod
    def _without_files(cls, folder: Path, extra: Mapping[str, str]) -> Repository:
        made = cls(folder.resolve())
        made.git = made._supplied(Git(made.root, extra))
        made.bare = True
        return made

    @classmethod
    def receiving(cls, env: Mapping[str, str]) -> Repository:
        """Return the repository that a server's hook runs in, which has no files, only commits.

        ``env`` is the hook's environment: what is being pushed lies in quarantine, and only Git's
        own variables say where. Raises GitError outside of a hook.
        """
        if not env.get("GIT_DIR"):
            raise GitError("this is not a hook of Git: GIT_DIR is not set", "git config core.hooksPath")
        directory = Path(env["GIT_DIR"]).resolve()
        made = cls(directory)
        received = {name: env[name] for name in _RECEIVED if env.get(name)}
        made.git = Git(directory, {**received, "GIT_DIR": str(directory)})
        return made

    @cached_property
    def git(self) -> Git | None:
        """Git for this folder; None where it is not in a Git repository."""
        found = any((folder / ".git").exists() for folder in (self.root, *self.root.parents))
        return self._supplied(Git(self.root)) if found else None

    def _note_fetch(self, count: int) -> None:
        self.on_fetch(count)

    def _supplied(self, git: Git) -> Git:
        """Return Git with what fetches the objects that a partial clone lacks."""
        from itsm_gitops.git.partial_clone import Supply

        git.supplier = Supply(self._note_fetch)
        return git

    @property
    def history(self) -> Git:
        """Git for this folder; raises GitError where it is not in a Git repository."""
        if self.git is None:
            # Git's own words for it, or the reason why git cannot even say so.
            Git(self.root).run("rev-parse", "--git-dir")
        return self.git or Git(self.root)

    @cached_property
    def book(self) -> RuleBook:
        """The working tree's rule book."""
        return read_rulebook(self._present)

    @property
    def _present(self) -> Snapshot:
        if self.bare:
            from itsm_gitops.snapshots.trees import CommitTree

            return CommitTree(self.history, self._head())
        tree = WorkingTree(self.root)
        tree.progress = self.progress
        return tree

    def _head(self) -> str:
        """Return the commit that stands for the working tree: a server's HEAD may name a branch that it lacks."""
        for name in _HEADS:
            try:
                return self.history.resolve(name)
            except GitError:
                continue
        return self.history.resolve("HEAD")

    @cached_property
    def config(self) -> Config:
        """The working tree's settings; raises SettingsError as ``settings`` does."""
        return self.settings(self._present)

    def settings(self, snapshot: Snapshot) -> Config:
        """Return the settings of a snapshot; raises SettingsError when they have faults and nobody tolerates it."""
        config = read_config(snapshot)
        if self.tolerate is None:
            return config.require(snapshot.name)
        if config.faults:
            self.tolerate(config.faults, snapshot.name)
        return config

    def snapshot(self, at: str | None = None) -> Snapshot:
        """Return the working tree, the index or a commit; raises GitError for an unknown revision."""
        if at is None:
            return self._present
        from itsm_gitops.snapshots.trees import CommitTree, IndexTree

        return IndexTree(self.history) if at == INDEX else CommitTree(self.history, at)

    def whole(self, at: str | None = None) -> Snapshot:
        """Return a snapshot together with the roots that its settings name (see ``snapshots.rooted``)."""
        snapshot = self.snapshot(at)
        config = self.config if at is None else self.settings(snapshot)
        if not config.roots:
            return snapshot
        from itsm_gitops.snapshots.rooted import rooted

        return rooted(snapshot, config)

    def store(self, at: str | None = None, *, jobs: int | None = None) -> Store:
        """Return all documents of a snapshot, under the rule book and settings of that snapshot.

        Those of the working tree come from the index where there is one (see ``repository.index``).
        """
        snapshot = self.snapshot(at)
        if not isinstance(snapshot, WorkingTree):
            return self.load(snapshot, jobs=jobs)[0]
        from itsm_gitops.repository.index import service

        config = self.settings(snapshot)
        store = self.indexed() or service.load_and_index(snapshot, config, jobs=jobs)[0]
        self.gaps.update((gap.path, gap) for gap in store.unreadable)
        return store

    def ask_early(self) -> bool:
        """Ask Git now what the index will want to know; False where there is no index."""
        from itsm_gitops.repository.index.early import ask_early

        if self.asked is None and not self.bare:
            self.asked = ask_early(self.root)
        return self.asked is not None

    def indexed(self) -> Store | None:
        """Return the documents of the working tree from the index, brought up to date; None where none can be used."""
        from itsm_gitops.repository.index import service

        snapshot = self.snapshot()
        if not isinstance(snapshot, WorkingTree):
            return None
        return service.indexed_store(snapshot, self.settings(snapshot), self.taken())

    def taken(self) -> GitAnswer | None:
        """Return what Git was asked before, None where it was not; whoever takes it uses it."""
        asked, self.asked = self.asked, None
        return asked

    def forget_asked(self) -> None:
        """End what Git was asked: after a write its answer would be an old one."""
        asked = self.taken()
        if asked is not None:
            asked.stop()

    def visited(self, visit: Visit[T], at: str | None = None) -> tuple[Store, list[T] | None]:
        """Return a store as ``store`` does, and what ``visit`` returns of every document.

        None where the store comes from the index: it is to be asked instead, and nothing is read.
        """
        snapshot = self.snapshot(at)
        if not isinstance(snapshot, WorkingTree):
            return self.load(snapshot, visit=visit)
        from itsm_gitops.repository.index import service

        config = self.settings(snapshot)
        store = self.indexed()
        visits = None
        if store is None:
            store, visits, _ = service.load_and_index(snapshot, config, visit=visit)
        self.gaps.update((gap.path, gap) for gap in store.unreadable)
        return store, visits

    def merged(self, ours: str, others: Sequence[str]) -> Store:
        """Load all documents of what merging ``others`` into ``ours`` would give; raises GitError."""
        from itsm_gitops.snapshots.trees import MergedTree

        return self.load(MergedTree(self.history, ours, others))[0]

    def load(
        self, snapshot: Snapshot, *, visit: Visit[T] | None = None, jobs: int | None = None
    ) -> tuple[Store, list[T]]:
        """Load a snapshot as ``load_store`` does, and note in ``gaps`` what could not be read."""
        from itsm_gitops.snapshots.loading import load_store

        store, results = load_store(snapshot, jobs=jobs, visit=visit, config=self.settings(snapshot))
        self.gaps.update((gap.path, gap) for gap in store.unreadable)
        return store, results

    def locate(self, fragment: str, at: str | None = None, *, in_roots: bool = False) -> str:
        """Return the path of the document that ``fragment`` means; raises NotFound or Ambiguous.

        Documents of roots are for those who only look (``in_roots``); raises Refused for one where they are not.
        """
        if in_roots:
            whole = self.whole(at)
            try:
                return find(self.root, whole, fragment)
            except NotFound:
                refuse_absent(whole, fragment)
                refuse_unread(whole, fragment)
                raise
        snapshot = self.snapshot(at)
        try:
            return find(self.root, snapshot, fragment)
        except NotFound:
            refuse_absent(snapshot, fragment)
            refuse_root(self.root, self.whole(at), fragment)
            raise

    def paths_below(self, folders: Sequence[str], at: str | None = None) -> list[str]:
        """Return the paths of all files in some folders of the data roots, sorted."""
        snapshot = self.snapshot(at)
        if isinstance(snapshot, WorkingTree):
            from itsm_gitops.repository.index.names import paths_below

            paths = paths_below(self.root, folders)
            if paths is not None:
                return paths
        return [info.path for info in snapshot.files(*folders)] if folders else []

    def formerly(self, name: str, folders: Sequence[str]) -> str:
        """Return the identifier of the document in some folders that has a name among its aliases; empty for none."""
        path = by_alias(self.snapshot(), self.paths_below(folders), name)
        return identifier_of(path) if path else ""

    def document(self, fragment: str, at: str | None = None) -> Document:
        """Read one document by identifier, fragment, alias or path, without loading any other."""
        snapshot = self.snapshot(at)
        path = self.locate(fragment, at)
        raw = snapshot.read(path)
        return parsed(self.book if at is None else read_rulebook(snapshot), path, raw)

    def key_order(self, kind: Kind | str) -> tuple[str, ...]:
        """Return the canonical order of a kind's top-level keys."""
        return (self.book.kind(kind) if isinstance(kind, str) else kind).keys


def _is_bare(folder: Path) -> bool:
    """Whether a folder looks as Git's own folder does (of a bare repository, or ``.git`` itself)."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
