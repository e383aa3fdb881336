"""The files of an edit that is not written yet: before, after, and the documents that both are judged with.

Those are the whole CMDB and the records that the edit concerns (as in `Overlay`), listed and not read: a document is
read on first use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import cast

from itsm_gitops.git.client import Git, decode
from itsm_gitops.git.modes import REGULAR, FileInfo
from itsm_gitops.git.tree_names import TreeNames
from itsm_gitops.repository.repository import Repository
from itsm_gitops.repository.request_files import BASE, HEAD, Difference, RequestFiles, RequestSide
from itsm_gitops.repository.request_text import RequestText, holds, needle
from itsm_gitops.snapshots.snapshot import CMDB, RECORDS, Snapshot, WorkingTree
from itsm_gitops.snapshots.store import identifier_of, is_document

Contents = Mapping[str, bytes]
_ASKED_BY_NAME = 200  # records; for more, Git is asked about their whole folder


class EditNames(TreeNames):
    """The files that an edit is judged among, by path and by the name of the document."""

    def __init__(self, infos: Iterable[FileInfo]) -> None:
        """Take the files."""
        super().__init__(b"")
        self._infos = {info.path: info for info in infos}
        self._by_stem: dict[str, list[str]] = {}
        for path in self._infos:
            if is_document(path) and "/." not in path:
                self._by_stem.setdefault(identifier_of(path), []).append(path)

    def find(self, path: str) -> FileInfo | None:
        """Return one file; None where the path does not exist."""
        return self._infos.get(path)

    def under(self, folder: str) -> Iterator[FileInfo]:
        """Yield the files below a folder, by path."""
        lead = f"{folder}/"
        return iter(sorted(info for path, info in self._infos.items() if path.startswith(lead)))

    def all(self) -> Iterator[FileInfo]:
        """Yield every file."""
        return iter(self._infos.values())

    def named(self, stem: str, likely: Iterable[str] = ()) -> list[str]:  # noqa: ARG002 - all are loaded
        """Return every path of a document with this name, sorted."""
        return sorted(self._by_stem.get(stem, ()))

    def stems(self, beginning: str) -> set[str]:
        """Return the names of documents that begin with a text."""
        return {stem for stem in self._by_stem if stem.startswith(beginning)}

    def is_single(self, stem: str) -> bool:
        """Whether at most one document has this name."""
        return len(self._by_stem.get(stem, ())) < 2

    def in_any_case(self, path: str) -> list[str]:
        """Return every path that equals this one where letters count without their case, sorted."""
        folded = path.casefold()
        return sorted(p for p in self._infos if p.casefold() == folded)


class EditFiles(RequestFiles):
    """The files of both sides of an edit: ``before`` and ``after`` map paths to what is in them.

    ``also`` are the records beside it. The working tree must be a whole checkout without roots.
    """

    def __init__(self, repo: Repository, before: Contents, after: Contents, also: Iterable[str]) -> None:
        """Ask Git which items it ignores; nothing else is read."""
        self.repo = repo
        self.git = repo.git or Git(repo.root)
        self.commit = self.revision = ""
        self.tree = cast(WorkingTree, repo.snapshot())
        self._contents = {BASE: before, HEAD: after}
        self._also = sorted({*also} - before.keys() - after.keys())
        self._asked = []
        where = (CMDB, *(self._also if len(self._also) <= _ASKED_BY_NAME else (RECORDS,)))
        listing = ("ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", *where)
        self._ignored = self._ask(*listing) if repo.git else None
        self.base = EditSide(self, BASE, self.tree.name)
        self.head = EditSide(self, HEAD, self.tree.name)

    def close(self) -> None:
        """End what was started."""
        for answer in self._asked:
            answer.stop()
        self._asked = []

    @cached_property
    def names(self) -> TreeNames:
        """The items that belong to the repository, and the records beside the edit."""
        infos = cast(WorkingTree, self.tree).files(CMDB)
        ignored: set[str] = set()
        if self._ignored is not None:
            self._asked.remove(self._ignored)
            # Where Git does not answer (2: no repository after all), every file is looked at, which hides nothing.
            listed = self._ignored.result(accept=frozenset(range(1, 256)))
            ignored = set(map(decode, listed.split(b"\0")[:-1]))
        every = {i.path: i for i in (*infos, *(FileInfo(p, REGULAR) for p in self._also))}
        return EditNames(info for path, info in every.items() if path not in ignored)

    @cached_property
    def differences(self) -> Mapping[str, Difference]:
        """The files that the edit writes, by path."""
        before, after = self._contents[BASE], self._contents[HEAD]
        return {
            path: Difference(
                path,
                FileInfo(path, REGULAR, BASE) if path in before else None,
                FileInfo(path, REGULAR, HEAD) if path in after else None,
            )
            for path in sorted({*before, *after})
        }

    def read(self, info: FileInfo, changed: bool) -> bytes:
        """Return the bytes of a regular file; of a ``changed`` one those of the side that ``info`` is from."""
        if changed:
            return self._contents[info.oid][info.path]
        return cast(WorkingTree, self.tree).read(info.path)


class EditSide(RequestSide):
    """The files before an edit, or after it."""

    @property
    def below(self) -> Snapshot:
        """The working tree as it is."""
        return cast(WorkingTree, self.request.tree)


class EditText(RequestText):
    """Searches in the documents beside an edit, which it reads for that.

    ``drawn`` are the names of new records: they were drawn at random just now, so that nobody can have written
    them anywhere, and nothing is searched for them.
    """

    def __init__(self, files: EditFiles, drawn: Iterable[str]) -> None:
        super().__init__(files)
        self._drawn = {name.lower().encode() for name in drawn}
        self._wanted: set[bytes] = set()

    def items(self, word: str) -> list[str]:
        """Return the paths of the items that may name a word, sorted."""
        return [] if needle(word) in self._drawn else super().items(word)

    def expect(self, words: Iterable[str]) -> None:
        """Note the words to search for; raises Unsearchable."""
        fresh = set(map(needle, words)) - self._needles - self._drawn
        self._needles |= fresh
        self._wanted |= fresh

    def candidates(self) -> Iterator[tuple[str, bytes]]:
        """Yield path and bytes of each document that holds a word that nobody searched for yet, or may."""
        wanted, self._wanted = self._wanted, set()
        if wanted:
            names = self._files.names.all()
            paths = sorted(i.path for i in names if i.mode == REGULAR and is_document(i.path))
            for path, raw in self._files.head.read_many(p for p in paths if not self._changed(p)):
                if holds(raw, wanted):
                    yield path, raw
