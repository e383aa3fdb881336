"""A repository on disk: where its root is, its rule book, its snapshots and its documents by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from itsm_gitops import documents
from itsm_gitops.model import ids
from itsm_gitops.model.errors import (
    Ambiguous,
    GitError,
    Incomplete,
    ItsmError,
    MissingObject,
    NotFound,
    Refused,
)
from itsm_gitops.model.findings import Finding
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository.archived import missing, read_archived
from itsm_gitops.repository.config import Config, read_config, read_rulebook
from itsm_gitops.repository.gaps import Gap
from itsm_gitops.repository.git import Git
from itsm_gitops.repository.modes import REGULAR
from itsm_gitops.repository.names import naming
from itsm_gitops.repository.snapshot import (
    CMDB,
    CONFIG,
    RECORDS,
    Snapshot,
    WorkingTree,
    absent_of,
    refuse_unread,
    root_of,
)
from itsm_gitops.repository.store import SUFFIX, Document, Store, identifier_of, is_document

if TYPE_CHECKING:
    from itsm_gitops.repository.loading import T, Visit

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
        # Where no file is checked out (a bare mirror), the commit of HEAD stands for the working tree.
        self.bare = False
        # Called with the number of objects that were fetched because this partial clone lacked them.
        self.on_fetch: Callable[[int], object] = lambda _: None

    @classmethod
    def open(cls, path: str | Path = ".") -> Repository:
        """Return the repository that ``path`` is in; raises NotFound when there is none."""
        start = Path(path).absolute()
        for folder in (start, *start.parents):
            if (folder / CONFIG).is_file():
                return cls(folder.resolve())
            if os.path.lexists(folder / CONFIG):  # never on to a repository further up
                raise NotFound(
                    f"{folder / CONFIG} is not a regular file",
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
        from itsm_gitops.repository.partial_clone import Supply

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
            from itsm_gitops.repository.trees import CommitTree

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
        from itsm_gitops.repository.trees import CommitTree, IndexTree

        return IndexTree(self.history) if at == INDEX else CommitTree(self.history, at)

    def whole(self, at: str | None = None) -> Snapshot:
        """Return a snapshot together with the roots that its settings name (see ``repository.rooted``)."""
        snapshot = self.snapshot(at)
        config = self.config if at is None else self.settings(snapshot)
        if not config.roots:
            return snapshot
        from itsm_gitops.repository.rooted import rooted

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
        store = service.indexed_store(snapshot, config)
        store = store or service.load_and_index(snapshot, config, jobs=jobs)[0]
        self.gaps.update((gap.path, gap) for gap in store.unreadable)
        return store

    def visited(self, visit: Visit[T], at: str | None = None) -> tuple[Store, list[T] | None]:
        """Return a store as ``store`` does, and what ``visit`` returns of every document.

        None where the store comes from the index: it is to be asked instead, and nothing is read.
        """
        snapshot = self.snapshot(at)
        if not isinstance(snapshot, WorkingTree):
            return self.load(snapshot, visit=visit)
        from itsm_gitops.repository.index import service

        config = self.settings(snapshot)
        store = service.indexed_store(snapshot, config)
        visits = None
        if store is None:
            store, visits, _ = service.load_and_index(snapshot, config, visit=visit)
        self.gaps.update((gap.path, gap) for gap in store.unreadable)
        return store, visits

    def merged(self, ours: str, others: Sequence[str]) -> Store:
        """Load all documents of what merging ``others`` into ``ours`` would give; raises GitError."""
        from itsm_gitops.repository.trees import MergedTree

        return self.load(MergedTree(self.history, ours, others))[0]

    def load(
        self, snapshot: Snapshot, *, visit: Visit[T] | None = None, jobs: int | None = None
    ) -> tuple[Store, list[T]]:
        """Load a snapshot as ``load_store`` does, and note in ``gaps`` what could not be read."""
        from itsm_gitops.repository.loading import load_store

        store, results = load_store(snapshot, jobs=jobs, visit=visit, config=self.settings(snapshot))
        self.gaps.update((gap.path, gap) for gap in store.unreadable)
        return store, results

    def locate(self, fragment: str, at: str | None = None, *, in_roots: bool = False) -> str:
        """Return the path of the document that ``fragment`` means; raises NotFound or Ambiguous.

        In the working tree a whole identifier costs one look; a fragment a listing of names; only
        an alias (which must be whole) makes every file be read, and that is the last resort.

        Documents of roots are for those who only look (``in_roots``); raises Refused for one where they are not.
        """
        if in_roots:
            whole = self.whole(at)
            try:
                return self._find(whole, fragment)
            except NotFound:
                _refuse_absent(whole, fragment)
                refuse_unread(whole, fragment)
                raise
        snapshot = self.snapshot(at)
        try:
            return self._find(snapshot, fragment)
        except NotFound:
            _refuse_absent(snapshot, fragment)
            self._refuse_root(fragment, at)
            raise

    def _refuse_root(self, fragment: str, at: str | None) -> None:
        """Raise Refused where a name means a document of a root."""
        whole = self.whole(at)
        try:
            root = root_of(whole, self._find(whole, fragment))
        except NotFound:
            refuse_unread(whole, fragment)
            return
        except ItsmError:
            return
        if root:
            hint = f"change it there; itsm roots update {root} brings its newest commit here"
            raise Refused(f"'{fragment}' is a document of root '{root}', which is only read here", hint)

    def _find(self, snapshot: Snapshot, fragment: str) -> str:
        """Return the path of the document of a snapshot that ``fragment`` means."""
        if isinstance(getattr(snapshot, "below", snapshot), WorkingTree):
            for path in self._guesses(fragment.strip()):
                # Not through a symbolic link: reading would refuse it.
                if (self.root / path).is_file() and not (self.root / path).is_symlink():
                    return path
        if isinstance(snapshot, WorkingTree):  # documents of roots may be meant as well where there are roots
            found = self._indexed(fragment)
            if found is not None:
                return found
            near = naming(self.root, fragment.strip())
            if near:
                return near[ids.find(fragment, near)]
        files = (i.path for i in snapshot.files(CMDB, RECORDS) if i.mode == REGULAR and is_document(i.path))
        paths: dict[str, str] = {}
        for path in files:
            paths.setdefault(identifier_of(path), path)
        try:
            return paths[ids.find(fragment, paths)]
        except NotFound as error:
            found = _by_alias(snapshot, sorted(paths.values()), fragment.strip())
            if found is None:
                raise missing(fragment, read_archived(snapshot)[0], error) from error
            return found

    def _indexed(self, fragment: str) -> str | None:
        """Return the path of the one document that a fragment means, by the names in the index; None where it cannot tell.

        Raises Ambiguous.
        """
        from itsm_gitops.repository.index.names import paths_like

        paths: dict[str, str] = {}
        for path in paths_like(self.root, fragment.strip()) or ():
            paths.setdefault(identifier_of(path), path)
        try:
            return paths[ids.find(fragment, paths)]
        except NotFound:
            return None  # an old number, or nothing: all names are wanted

    def paths_below(self, folders: Sequence[str], at: str | None = None) -> list[str]:
        """Return the paths of all files in some folders of the data roots, sorted."""
        snapshot = self.snapshot(at)
        if isinstance(snapshot, WorkingTree):
            from itsm_gitops.repository.index.names import paths_below

            paths = paths_below(self.root, folders)
            if paths is not None:
                return paths
        return [info.path for info in snapshot.files(*folders)] if folders else []

    def _guesses(self, fragment: str) -> Iterator[str]:
        """Yield the paths that a whole identifier (or a path) can have."""
        if is_document(fragment) and ".." not in fragment:
            yield fragment
        parsed = ids.parse_record_id(fragment.upper())
        if parsed:
            year, month = parsed[1].year, parsed[1].month
            name = f"{year}/{month:02d}/{fragment.upper()}{SUFFIX}"
        elif ids.is_item_id(fragment.lower()):
            name = f"{fragment.lower()}{SUFFIX}"
        else:
            return
        family = RECORDS if parsed else CMDB
        base = self.root / family
        if base.is_dir():
            for folder in sorted(base.iterdir()):
                yield f"{family}/{folder.name}/{name}"

    def document(self, fragment: str, at: str | None = None) -> Document:
        """Read one document by identifier, fragment, alias or path, without loading any other."""
        snapshot = self.snapshot(at)
        path = self.locate(fragment, at)
        raw = snapshot.read(path)
        loaded = documents.load(raw)
        book = self.book if at is None else read_rulebook(snapshot)
        return Document(path, raw, loaded.data, book.kind_at(path), loaded.problems)

    def key_order(self, kind: Kind | str) -> tuple[str, ...]:
        """Return the canonical order of a kind's top-level keys."""
        return (self.book.kind(kind) if isinstance(kind, str) else kind).keys


def _refuse_absent(snapshot: Snapshot, fragment: str) -> None:
    """Raise Incomplete where a name means a document that a sparse checkout leaves out: it is there, and not here."""
    absent = {identifier_of(path): path for path in absent_of(snapshot) if is_document(path)}
    try:
        path = absent[ids.find(fragment, absent)] if absent else ""
    except (NotFound, Ambiguous):
        return
    if path:
        folder = path.rpartition("/")[0]
        hint = f"git sparse-checkout add {folder} brings it, --at HEAD reads what was committed"
        raise Incomplete(f"{path} is not checked out (sparse checkout)", hint)


def _is_bare(folder: Path) -> bool:
    """Whether a folder looks as Git's own folder does (of a bare repository, or ``.git`` itself)."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _by_alias(snapshot: Snapshot, paths: list[str], alias: str) -> str | None:
    """Return the first document that has this alias, looking at bytes before parsing."""
    wanted = alias.lower()
    sought = wanted.encode("utf-8", "surrogateescape")
    for path, raw in snapshot.read_many(paths):
        if wanted and sought in raw.lower() and b"aliases" in raw:
            data = documents.load(raw).data
            names = data.get("aliases") if isinstance(data, dict) else None
            if isinstance(names, list) and any(isinstance(n, str) and n.lower() == wanted for n in names):
                return path
    return None
