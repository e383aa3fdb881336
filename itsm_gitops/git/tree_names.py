"""The names of a tree as Git lists them, looked up without making an object of each.

`git ls-tree -r -z` of 100,000 files is 13 MB, sorted by path: a path is found in them by halving, which costs
20 microseconds, while parsing all of them costs half a second.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property

from itsm_gitops.documents.names import DRAFT_PREFIX
from itsm_gitops.git.client import decode
from itsm_gitops.git.modes import DRAFT, GIT_MODES, OTHER, FileInfo

_STEM = re.compile(rb"/([^/\0]+)\.yaml\0")


class TreeNames:
    """The files of the data roots of one tree, without hidden ones but for drafts that a writer left."""

    def __init__(self, raw: bytes, prefix: str = "") -> None:
        """Take what `git ls-tree -r -z` printed; ``prefix`` is where the data roots are below its top."""
        self._raw = raw
        self._prefix = prefix
        self._alike: dict[str, list[str]] = {}

    @staticmethod
    def question(tree: str, roots: Iterable[str], prefix: str = "") -> tuple[str, ...]:
        """Return the arguments by which Git lists some roots of a tree or commit."""
        return ("ls-tree", "-r", "-z", "--end-of-options", tree, "--", *(prefix + root for root in roots))

    def find(self, path: str) -> FileInfo | None:
        """Return one file; None where there is none of that path."""
        wanted = os.fsencode(self._prefix + path)
        start = self._from(wanted)
        end = self._raw.find(b"\0", start)
        if end < 0 or self._path(start, end) != wanted:
            return None
        return _visible(self._info(start, end))

    def under(self, folder: str) -> Iterator[FileInfo]:
        """Yield the files below a folder, by path."""
        lead = os.fsencode(f"{self._prefix}{folder}/")
        start = self._from(lead)
        while True:
            end = self._raw.find(b"\0", start)
            if end < 0 or not self._path(start, end).startswith(lead):
                return
            info = _visible(self._info(start, end))
            if info is not None:
                yield info
            start = end + 1

    def all(self) -> Iterator[FileInfo]:
        """Yield every file, in the order of Git's listing."""
        cut = len(self._prefix)
        for line in self._raw.split(b"\0")[:-1]:
            about, _, name = line.partition(b"\t")
            mode, _, oid = about.decode("ascii").split()
            path = decode(name)[cut:]
            info = FileInfo(path, GIT_MODES.get(mode, OTHER), oid)
            if "/." in path:
                hidden = _visible(info)
                if hidden is None:
                    continue
                info = hidden
            yield info

    def odd(self) -> list[FileInfo]:
        """Return what is not a regular file with the ending of documents."""
        raw, found, start = self._raw, list[FileInfo](), 0
        for line in raw.split(b"\0")[:-1]:
            end = start + len(line)
            if not (line.startswith(b"100") and line.endswith(b".yaml")):
                info = _visible(self._info(start, end))
                found += [info] if info is not None else []
            start = end + 1
        return found

    @cached_property
    def _stems(self) -> tuple[frozenset[bytes], frozenset[bytes]]:
        every = _STEM.findall(self._raw)
        once = frozenset(every)
        if len(once) == len(every):
            return once, frozenset()
        return once, frozenset(stem for stem, count in Counter(every).items() if count > 1)

    def named(self, stem: str, likely: Iterable[str] = ()) -> list[str]:
        """Return every path of a document with this name, sorted; its folder may be the wrong one.

        ``likely`` are the paths that it should have: where it has one of them and is the only one, no more is
        looked at.
        """
        raw = os.fsencode(stem)
        every, repeated = self._stems
        if raw not in every:
            return []
        if raw not in repeated:
            place = next((p for p in likely if self.find(p)), None)
            if place is not None:
                return [place]
        return [p for p in self._ending(b"/" + raw + b".yaml\0", self._raw) if "/." not in p]

    def stems(self, beginning: str) -> set[str]:
        """Return the names of documents that begin with a text."""
        lead = os.fsencode(beginning)
        return {os.fsdecode(stem) for stem in self._stems[0] if stem.startswith(lead)}

    def is_single(self, stem: str) -> bool:
        """Whether at most one document has this name."""
        return os.fsencode(stem) not in self._stems[1]

    def in_any_case(self, path: str) -> list[str]:
        """Return every path that equals this one where letters count without their case, sorted."""
        if path not in self._alike:
            self._alike[path] = self._in_any_case(path)
        return self._alike[path]

    def _in_any_case(self, path: str) -> list[str]:
        folded = path.casefold()
        if self._raw.isascii():
            if not folded.isascii():
                return []
            return list(self._ending(b"\t" + (self._prefix.lower() + folded).encode() + b"\0", self._lowered))
        return [p for p in self._paths if p.casefold() == folded]

    @cached_property
    def _lowered(self) -> bytes:
        return self._raw.lower()

    @cached_property
    def _paths(self) -> list[str]:
        names = re.findall(rb"\t([^\0]*)\0", self._raw)
        return [decode(n).removeprefix(self._prefix) for n in names]

    def _ending(self, needle: bytes, raw: bytes) -> Iterator[str]:
        at = raw.find(needle)
        while at >= 0:
            end = at + len(needle) - 1
            yield self._info(raw.rfind(b"\0", 0, at) + 1, end).path
            at = raw.find(needle, end)

    def _from(self, wanted: bytes) -> int:
        """Return where the first file begins whose path is not before ``wanted``."""
        raw = self._raw
        low, high = 0, len(raw)  # both at the beginning of a line, or at the end
        while low < high:
            start = raw.rfind(b"\0", low, (low + high) // 2) + 1 or low
            end = raw.find(b"\0", start)
            if self._path(start, end) < wanted:
                low = end + 1
            else:
                high = start
        return low

    def _path(self, start: int, end: int) -> bytes:
        return self._raw[self._raw.find(b"\t", start, end) + 1 : end]

    def _info(self, start: int, end: int) -> FileInfo:
        about, _, name = self._raw[start:end].partition(b"\t")
        mode, _, oid = about.decode("ascii").split(" ")
        return FileInfo(decode(name).removeprefix(self._prefix), GIT_MODES.get(mode, OTHER), oid)


def _visible(info: FileInfo) -> FileInfo | None:
    """Return a file; None for a hidden one, unless a writer left it as a draft."""
    if "/." not in info.path:
        return info
    return info._replace(mode=DRAFT) if info.path.rpartition("/")[2].startswith(DRAFT_PREFIX) else None
