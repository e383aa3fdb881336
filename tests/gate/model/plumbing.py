"""Git objects written and read directly, so that thousands of small repositories can be built and looked at."""

from __future__ import annotations

import hashlib
import subprocess
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

NOBODY = "0" * 40
_FILE, _FOLDER = "100644", "40000"

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as Git keeps it: ``author`` and ``committer`` are ``Name <address>``."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: str
    committer: str
    message: str


class Objects:
    """The objects of one repository, whose borrowed objects lie in ``template``."""

    def __init__(self, root: Path, template: Objects | None = None) -> None:
        self.root = root
        self._git = root / ".git"
        self._written: set[str] = set(template._written) if template else set()
        self._reader: subprocess.Popen[bytes] | None = None
        self._commits: dict[str, Commit] = {}
        for folder in ("objects/info", "refs/heads", "info"):
            (self._git / folder).mkdir(parents=True)
        (self._git / "HEAD").write_text("ref: refs/heads/main\n")
        (self._git / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n")
        if template:
            (self._git / "objects/info/alternates").write_text(f"{template._git / 'objects'}\n")

    def put(self, kind: str, body: bytes) -> str:
        """Write an object; returns its name."""
        raw = f"{kind} {len(body)}".encode() + b"\0" + body
        oid = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        if oid not in self._written:
            self._written.add(oid)
            path = self._git / "objects" / oid[:2] / oid[2:]
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(zlib.compress(raw, 1))
        return oid

    def tree(self, files: Mapping[str, bytes]) -> str:
        """Write the tree of these files, by path."""
        folders: dict[str, dict[str, bytes]] = {}
        entries: list[tuple[bytes, str, str]] = []
        for path, content in files.items():
            top, _, rest = path.partition("/")
            if rest:
                folders.setdefault(top, {})[rest] = content
            else:
                entries.append((top.encode(), _FILE, self.put("blob", content)))
        for name, inside in folders.items():
            entries.append((name.encode(), _FOLDER, self.tree(inside)))
        entries.sort(key=lambda e: e[0] + (b"/" if e[1] == _FOLDER else b""))
        return self.put(
            "tree", b"".join(f"{m} ".encode() + n + b"\0" + bytes.fromhex(o) for n, m, o in entries)
        )

    def commit(
        self, tree: str, parents: Iterable[str], author: str, at: datetime, *, committer: str = "", message: str = "change"
    ) -> str:  # fmt: skip
        """Write a commit; people are ``Name <address>``."""
        when = f"{int(at.timestamp())} +0000"
        lines = [f"tree {tree}", *(f"parent {p}" for p in parents)]
        lines += [f"author {author} {when}", f"committer {committer or author} {when}", "", message, ""]
        return self.put("commit", "\n".join(lines).encode())

    def point(self, name: str, oid: str) -> None:
        """Let a reference (``refs/…``) point at an object."""
        path = self._git / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{oid}\n")

    def git(self, *words: str) -> str:
        """Run one of Git's own commands; returns nothing where it fails."""
        done = subprocess.run(["git", *words], cwd=self.root, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    def read(self, oid: str) -> bytes:
        """Return the content of an object, as Git gives it."""
        if self._reader is None:
            self._reader = subprocess.Popen(
                ["git", "cat-file", "--batch"], cwd=self.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        assert self._reader.stdin
        assert self._reader.stdout
        self._reader.stdin.write(oid.encode() + b"\n")
        self._reader.stdin.flush()
        head = self._reader.stdout.readline().split()
        assert len(head) == 3, f"Git has no object {oid}"
        return self._reader.stdout.read(int(head[2]) + 1)[:-1]

    def close(self) -> None:
        """Let the reader go."""
        if self._reader:
            assert self._reader.stdin
            assert self._reader.stdout
            self._reader.stdin.close()
            self._reader.wait()
            self._reader.stdout.close()

    # --- what the history says ---------------------------------------------------------------------

    def at(self, oid: str) -> Commit:
        """Return one commit."""
        if oid not in self._commits:
            head, _, message = self.read(oid).decode().partition("\n\n")
            rows = [line.partition(" ")[::2] for line in head.split("\n")]
            who = {k: v.rsplit(" ", 2)[0] for k, v in rows if k in ("author", "committer")}
            parents = tuple(v for k, v in rows if k == "parent")
            self._commits[oid] = Commit(oid, rows[0][1], parents, who["author"], who["committer"], message)
        return self._commits[oid]

    def files(self, commit: str) -> dict[str, str]:
        """Return the blobs of a commit by path."""
        return self.listing(self.at(commit).tree)

    def listing(self, tree: str) -> dict[str, str]:
        """Return the blobs of a tree by path."""
        return dict(_listing(self, tree))

    def history(self, oid: str) -> set[str]:
        """Return a commit and everything behind it."""
        found: set[str] = set()
        waiting = [oid]
        while waiting:
            commit = waiting.pop()
            if commit not in found:
                found.add(commit)
                waiting += self.at(commit).parents
        return found

    def line(self, oid: str) -> list[str]:
        """Return the first parents of a commit, and itself."""
        found = [oid]
        while self.at(found[-1]).parents:
            found.append(self.at(found[-1]).parents[0])
        return found

    def meeting(self, one: str, other: str) -> list[str]:
        """Return the commits where two histories part: shared ones that no other shared one is ahead of."""
        shared = self.history(one) & self.history(other)
        behind = {p for c in shared for p in self.at(c).parents}
        return sorted(shared - behind)

    def merge_tree(self, one: str, other: str) -> str:
        """Return the tree of Git's own merge of two commits; empty where they conflict."""
        return self.git("merge-tree", "--write-tree", one, other).split("\n")[0]


@lru_cache(maxsize=20000)
def _inside(raw: bytes) -> tuple[tuple[str, bool, str], ...]:
    found, place = [], 0
    while place < len(raw):
        end = raw.index(b"\0", place)
        mode, name = raw[place:end].decode().split(" ", 1)
        found.append((name, mode == _FOLDER, raw[end + 1 : end + 21].hex()))
        place = end + 21
    return tuple(found)


_LISTINGS: dict[str, tuple[tuple[str, str], ...]] = {}


def _listing(objects: Objects, tree: str) -> tuple[tuple[str, str], ...]:
    if tree not in _LISTINGS:
        rows: list[tuple[str, str]] = []
        for name, folder, oid in _inside(objects.read(tree)):
            if folder:
                rows += [(f"{name}/{path}", blob) for path, blob in _listing(objects, oid)]
            else:
                rows.append((name, oid))
        _LISTINGS[tree] = tuple(rows)
    return _LISTINGS[tree]
