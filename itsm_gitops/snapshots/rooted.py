"""A snapshot together with its roots: several trees under one name space, of which one is the repository's own.

A document of a root has the path that it has there. It is part of the whole when a prefix in ``itsm.yaml`` says that
its identifier lives in that root, and when no document of the repository itself has the same name. So a root
can add what it was named for, and nothing else: no rule, no setting, no person whom nobody expects.

What is confidential in a root stays there: it exists, and cannot be read from here. A root that is not at hand at its
commit is a gap, and so is one whose rule book cannot be read, since that says what is confidential.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from itsm_gitops import documents
from itsm_gitops.git.client import Git
from itsm_gitops.git.modes import FileInfo
from itsm_gitops.model import ids
from itsm_gitops.model.audience import CONFIDENTIAL, is_confidential
from itsm_gitops.model.errors import Incomplete, ItsmError, NotFound, Withheld, is_slip
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.roots import Root, home
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.snapshots.config import Config, read_config, read_rulebook
from itsm_gitops.snapshots.gaps import Gap
from itsm_gitops.snapshots.overlay import Overlay
from itsm_gitops.snapshots.part import PartialSnapshot
from itsm_gitops.snapshots.root_shelf import RootTree, git_of, shelf_of
from itsm_gitops.snapshots.snapshot import CMDB, CONFIG, RECORDS, ROOTS, Snapshot, absent_of, ignored_of

_SUFFIX = ".yaml"
_KEY = re.compile(rb"^[\"']?([^\s\"'#-][^:\"'\n]*)", re.MULTILINE)
_FLOW = b"{"  # keys need not begin a line
_ESCAPE = b"\\"  # a key can be written with escapes, so that its name is not in the bytes


class Trouble(NamedTuple):
    """Why a root cannot be read, and what to do about it."""

    message: str
    hint: str


def rooted(snapshot: Snapshot, config: Config) -> Snapshot:
    """Return a snapshot with the roots that its settings name; the snapshot itself where there are none."""
    if not config.roots or isinstance(snapshot, RootedSnapshot):
        return snapshot
    return RootedSnapshot(snapshot, config)


class RootedSnapshot:
    """A snapshot and the documents of its roots."""

    def __init__(self, below: Snapshot, config: Config) -> None:
        self.below = below
        self.name = below.name
        self.roots = config.roots
        self._config = config
        self._books: dict[str, RuleBook | None] = {}
        self._listing: list[FileInfo] | None = None

    @cached_property
    def _git(self) -> Git | None:
        return git_of(self.below)

    @cached_property
    def _trees(self) -> Mapping[str, RootTree]:
        """The roots that are at hand, by name."""
        shelf = shelf_of(self._git) if self._git else None
        if shelf is None:
            return {}
        at_hand = (r for r in self.roots if r.commit and not r.faulty and shelf.has(r.commit))
        return {r.name: RootTree(shelf, r) for r in at_hand}

    @cached_property
    def troubles(self) -> Mapping[str, Trouble]:
        """Why roots cannot be read, by their names."""
        return {r.name: t for r in self.roots if (t := self._trouble(r)) is not None}

    def _trouble(self, root: Root) -> Trouble | None:
        if root.faulty:
            return Trouble("its entry in itsm.yaml has a mistake", "itsm check names it")
        if not root.commit:
            return Trouble(
                "no commit of it is pinned yet", f"itsm roots update {root.name} pins the newest one"
            )
        tree = self._trees.get(root.name)
        if tree is None:
            return Trouble(f"its commit {root.short} is not in this clone", "itsm roots fetch brings it")
        return trouble_of(tree, self._config)

    def _book(self, tree: RootTree) -> RuleBook:
        known = self._books.get(tree.root.name)
        if known is None:
            known = self._books[tree.root.name] = read_rulebook(tree)
        return known

    @property
    def usable(self) -> Sequence[RootTree]:
        """The roots that can be read."""
        return [tree for name, tree in self._trees.items() if name not in self.troubles]

    def root_gaps(self, book: RuleBook) -> list[Gap]:
        """Return the roots that cannot be read, each with the kinds of the documents that may be in it."""
        if not self.troubles:
            return []
        places = documents.locate(self.below.read(CONFIG))
        found = []
        for root in self.roots:
            trouble = self.troubles.get(root.name)
            if trouble:
                span = places.nearest(root.pointer)
                reason = f"root '{root.name}' cannot be read: {trouble.message}"
                line, column = (span.line, span.column) if span else (1, 1)
                found.append(Gap(CONFIG, reason, trouble.hint, "P014", line, column, _kinds(root, book)))
        return found

    @cached_property
    def _origins(self) -> Mapping[str, RootTree]:
        """The root of each document that is not the repository's own, by path."""
        own = {_name(i.path) for i in self.below.files(CMDB, RECORDS)} | {
            _name(p) for p in absent_of(self.below)
        }
        # What reads a part of the repository reads no records of roots either.
        folders = (CMDB,) if isinstance(self.below, (PartialSnapshot, Overlay)) else (CMDB, RECORDS)
        found: dict[str, RootTree] = {}
        for tree in self.usable:
            for info in tree.files(*folders):
                if (
                    info.path.endswith(_SUFFIX)
                    and _name(info.path) not in own
                    and self._lives_in(info.path, tree.root)
                ):
                    found.setdefault(info.path, tree)
        return found

    def _lives_in(self, path: str, root: Root) -> bool:
        identifier = _name(path)
        wanted = home(self.roots, identifier)
        parsed = (
            ids.parse_record_id(identifier) if path.startswith(f"{RECORDS}/") else ids.is_item_id(identifier)
        )
        return bool(parsed) and wanted is not None and wanted.name == root.name

    def root_of(self, path: str) -> str:
        """Return the name of the root that a document is from; empty where it is the repository's own."""
        tree = self._origins.get(path)
        return tree.root.name if tree else ""

    def path_in_root(self, identifier: str) -> str:
        """Return the path of a document of a root by its exact identifier; empty where there is none."""
        return self._paths.get(identifier, "")

    @cached_property
    def _paths(self) -> Mapping[str, str]:
        return {_name(path): path for path in sorted(self._origins, reverse=True)}

    def refuse_unread(self, identifier: str) -> None:
        """Raise Incomplete where a name is one of a root that cannot be read: nobody knows whether it exists."""
        root = home(self.roots, identifier) or home(self.roots, identifier.upper())
        trouble = self.troubles.get(root.name) if root else None
        if root and trouble:
            message = (
                f"'{identifier}' would be in root '{root.name}', which cannot be read: {trouble.message}"
            )
            raise Incomplete(message, trouble.hint)

    def has(self, identifier: str) -> bool:
        """Whether a root has, or may have, a document of this name, whether it is read here or not."""
        root = home(self.roots, identifier)
        return root is not None and (root.name in self.troubles or self.lists(root, identifier))

    def lists(self, root: Root, identifier: str) -> bool:
        """Whether a root has a file of this name."""
        return identifier in self._names.get(root.name, ())

    @cached_property
    def _names(self) -> Mapping[str, frozenset[str]]:
        return {t.root.name: frozenset(_name(i.path) for i in t.files(CMDB, RECORDS)) for t in self.usable}

    def circles(self) -> Mapping[str, tuple[str, ...]]:
        """Return remarks about roots that name this repository, or that name each other, by their names.

        Nothing is followed, so nothing goes wrong; but each waits for the commit of the other.
        """
        from itsm_gitops.snapshots.circles import remarks

        return remarks(self.usable, self.roots, self._config, self._git)

    def files(self, *roots: str) -> list[FileInfo]:
        """Return the files under ``roots`` (default: all data roots), those of other repositories among them."""
        found = list(self.below.files(*roots))
        for tree in self.usable:
            found += (i for i in tree.files(*(roots or ROOTS)) if self._origins.get(i.path) is tree)
        found.sort()
        return found

    @property
    def absent(self) -> tuple[str, ...]:
        """The files of the repository itself that are left out of the working tree."""
        return absent_of(self.below)

    @property
    def ignored(self) -> frozenset[str]:
        """The files of the working tree that are no part of the repository."""
        return ignored_of(self.below)

    def naming(self, text: str, folder: str) -> list[str]:
        """Return the files under a folder that hold a text."""
        wanted = text.encode()
        return [path for path, raw in self.read_many(i.path for i in self.files(folder)) if wanted in raw]

    def read(self, path: str) -> bytes:
        """Return the bytes of one file; raises NotFound, ItsmError, and Withheld for what is confidential in a root."""
        tree = self._origins.get(path)
        if tree is None:
            return self.below.read(path)
        try:
            raw = tree.read(path)
        except NotFound:
            raise
        except ItsmError as error:
            raise type(error)(f"{path} cannot be read: {error.message}", error.hint) from error
        if self._confidential(tree, path, raw):
            raise Withheld(f"{path} is confidential in root '{tree.root.name}', and stays there")
        return raw

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each file as ``(path, bytes)`` in the order given; unreadable files are left out."""
        wanted = list(paths)
        own = iter(self.below.read_many([p for p in wanted if p not in self._origins]))
        sources: dict[str, Iterator[tuple[str, bytes]]] = {"": own}
        for tree in self.usable:
            sources[tree.root.name] = iter(
                tree.read_many([p for p in wanted if self._origins.get(p) is tree])
            )
        ahead: dict[str, tuple[str, bytes] | None] = {}
        for path in wanted:
            tree = self._origins.get(path)  # type: ignore[assignment]
            name = tree.root.name if tree else ""
            if ahead.get(name) is None:
                ahead[name] = next(sources[name], None)
            first = ahead[name]
            if first is not None and first[0] == path:
                ahead[name] = None
                if tree is None or not self._confidential(tree, path, first[1]):
                    yield first

    def _confidential(self, tree: RootTree, path: str, raw: bytes) -> bool:
        kind = self._book(tree).kind_at(path)
        if kind is None or kind.confidential:
            return True
        if not _may_be_marked(kind, raw):
            return False
        data = documents.load(raw).data
        return not isinstance(data, dict) or is_confidential(kind, data)


def _may_be_marked(kind: Kind, raw: bytes) -> bool:
    """Whether it takes the data of a document to say that it is not confidential: most have no key that could say so."""
    if CONFIDENTIAL.encode() in raw or _ESCAPE in raw or _FLOW in raw:
        return True
    keys = {key.decode("utf-8", "replace").strip() for key in _KEY.findall(raw)}
    return any(is_slip(key, [CONFIDENTIAL]) for key in keys - kind.fields.keys())


def trouble_of(tree: RootTree, config: Config) -> Trouble | None:
    """Return why a commit of a root cannot be read here; None where it can."""
    name = tree.root.name
    try:
        identity = read_config(tree).identity
        if identity and identity == config.identity:
            hint = f"remove it from {CONFIG}, or give the other repository an identity of its own"
            return Trouble("it is this repository itself", hint)
        if not tree.files(CONFIG):
            return Trouble(f"it has no {CONFIG}, so it is no ITSM repository", "correct its address")
        tuple(read_rulebook(tree).kinds.values())
    except ItsmError as error:
        hint = f"repair it there, then itsm roots update {name}"
        return Trouble(f"its own rule book cannot be read ({error.message})", hint)
    return None


def _name(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(_SUFFIX)


def _kinds(root: Root, book: RuleBook) -> frozenset[str]:
    """Return the kinds that documents of a root can be of: those of its prefixes, as far as the rule book knows them."""
    found: set[str] = set()
    for prefix in root.prefixes:
        if prefix in book.by_prefix:
            found.add(book.by_prefix[prefix].name)
        else:
            found.update(k.name for k in book.kinds.values() if k.is_record == prefix[:1].isupper())
    return frozenset(found)
