"""`itsm upgrade`: what a newer tool ships for `schemas/`, merged into what this repository made of an older one.

Three texts meet for each file: what was shipped when the repository began (or was upgraded last), what is shipped now,
and what stands here. ``schemas/SHIPPED`` names the first by its digest; its text is the file itself while nobody has
edited it, a copy below ``schemas/shipped`` after an upgrade of an edited file, or in the history of Git. The first and
the second are read through the migrations of this repository, so that renamed words are no conflict.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from itsm_gitops import __version__
from itsm_gitops.editing.migrate import all_or_nothing, require_committed
from itsm_gitops.git.file_merge import merge_text
from itsm_gitops.git.modes import REGULAR
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import GitError, ItsmError
from itsm_gitops.model.migrations import FOLDER, BookShape, migrations_of
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository import Repository
from itsm_gitops.repository.history import log
from itsm_gitops.snapshots import packaged_rulebook_root, read_rulebook
from itsm_gitops.snapshots.migrated import MigrationStep, rewritten, steps
from itsm_gitops.snapshots.snapshot import WorkingTree

MANIFEST = "schemas/SHIPPED"
COPIES = "schemas/shipped/"
# What a new repository begins with in place of ours, such as its categories.
_STARTERS = Path(__file__).resolve().parents[1] / "commands" / "init_files"
_HEAD = (
    "# What itsm-gitops {version} shipped of schemas/ when this repository began or was upgraded last, by SHA-256.\n"
    "# itsm upgrade merges from there; written by the tool, not by hand.\n"
)
_ROBOTS = re.compile(rb"(?m)^robots:.*\n(?:- .*\n)*")

# What becomes of a file.
NEW, UPDATED, MERGED, CONFLICT, KEPT, GONE, OTHER = (
    "new",
    "updated",
    "merged",
    "conflict",
    "deleted here",
    "no longer shipped",
    "another file here",
)


@dataclass(frozen=True, slots=True)
class UpgradedFile:
    """One file that an upgrade is about: what becomes of it, its text before (None: none) and afterwards."""

    path: str
    fate: str
    before: bytes | None
    after: bytes | None
    conflicts: int = 0

    @property
    def writes(self) -> bool:
        """Whether the file is written."""
        return self.after is not None and self.after != self.before

    def diff(self) -> list[str]:
        """Return the lines of a unified diff of what is written."""
        if not self.writes:
            return []
        old, new = ((t or b"").decode("utf-8", "replace").splitlines() for t in (self.before, self.after))
        return list(difflib.unified_diff(old, new, self.path, self.path, lineterm=""))


@dataclass(frozen=True, slots=True)
class UpgradePlan:
    """What an upgrade does: the files, and the records of what is shipped that it leaves for the next one."""

    files: tuple[UpgradedFile, ...]
    manifest: bytes
    copies: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def conflicts(self) -> int:
        """How many places people have to decide about."""
        return sum(f.conflicts for f in self.files)


def shipped_files() -> dict[str, bytes]:
    """Return the rule book that is shipped with this tool, by path."""
    found: dict[str, bytes] = {}
    for root in (packaged_rulebook_root(), _STARTERS):
        paths = (p for p in (root / "schemas").rglob("*") if p.is_file() and not p.name.startswith("."))
        found.update((p.relative_to(root).as_posix(), p.read_bytes()) for p in paths)
    return {path: found[path] for path in sorted(found) if not path.startswith((FOLDER, COPIES))}


def manifest(files: Mapping[str, bytes], version: str = __version__) -> bytes:
    """Return the manifest of what was shipped: a digest and a path on each line."""
    lines = [f"{_digest(files[p])}  {p}\n" for p in sorted(files) if p != MANIFEST]
    return (_HEAD.format(version=version) + "".join(lines)).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def plan_upgrade(repo: Repository, shipped: Mapping[str, bytes] | None = None) -> UpgradePlan:
    """Return what upgrading to ``shipped`` (default: what comes with this tool) would do; nothing is written.

    Raises GitError where Git cannot merge.
    """
    return _Upgrade(repo, shipped_files() if shipped is None else shipped).plan()


def upgrade(repo: Repository, shipped: Mapping[str, bytes] | None = None) -> UpgradePlan:
    """Upgrade and return what was done; needs a working tree without uncommitted changes. Nothing is committed.

    Conflicts are marked in the files, as Git does it. Raises Refused, ChangedMeanwhile, GitError.
    """
    require_committed(repo)
    plan = plan_upgrade(repo, shipped)
    here = _here(repo)
    with all_or_nothing(repo.root) as undo:
        for file in plan.files:
            if file.writes and file.after is not None:
                undo.write(file.path, file.after, file.before)
        for path, content in {**plan.copies, MANIFEST: plan.manifest}.items():
            if here.get(path) != content:
                undo.write(path, content, here.get(path))
    return plan


def _here(repo: Repository) -> dict[str, bytes]:
    snapshot = WorkingTree(repo.root)
    return dict(snapshot.read_many(i.path for i in snapshot.files("schemas") if i.mode == REGULAR))


class _Upgrade:
    def __init__(self, repo: Repository, shipped: Mapping[str, bytes]) -> None:
        self.repo = repo
        self.here = _here(repo)
        self.digests = _read_manifest(self.here.get(MANIFEST, b""))
        self.theirs = dict(shipped)
        self.base = self._bases()
        if POLICY in self.theirs and POLICY in self.base:  # init writes the addresses of the forge there
            robots = _ROBOTS.search(self.base[POLICY])
            if robots:
                self.theirs[POLICY] = _ROBOTS.sub(lambda _: robots[0], self.theirs[POLICY], count=1)

    def plan(self) -> UpgradePlan:
        files, copies = [], {}
        through = self._migrations()
        for path in sorted({*self.theirs, *self.base}):
            file = self._file(path, through)
            if file is not None:
                files.append(file)
            text = self.theirs.get(path)
            final = file.after if file is not None and file.writes else self.here.get(path)
            if text is not None and final is not None and final != text:
                copies[f"{COPIES}{path.removeprefix('schemas/')}.orig"] = text
        return UpgradePlan(tuple(files), manifest(self.theirs), copies)

    def _file(self, path: str, through: tuple[MigrationStep, ...]) -> UpgradedFile | None:
        ours, base, theirs = self.here.get(path), self.base.get(path), self.theirs.get(path)
        if theirs is None:
            return UpgradedFile(path, GONE, ours, None) if ours is not None else None
        known = base is not None or path in self.digests
        base, theirs = (_through(through, path, t) for t in (base, theirs))
        if ours is None:
            if not known:
                return UpgradedFile(path, NEW, None, theirs)
            return UpgradedFile(path, KEPT, None, None) if base != theirs else None
        if ours == theirs or base == theirs or theirs is None:
            return None
        if base is None:
            # Nobody knows what this file was once: all that differs is for people to decide.
            merged = merge_text(ours, b"", theirs, _NAMES)
            return UpgradedFile(path, OTHER, ours, merged.content, merged.conflicts)
        merged = merge_text(ours, base, theirs, _NAMES)
        fate = CONFLICT if merged.conflicts else UPDATED if ours == base else MERGED
        return UpgradedFile(path, fate, ours, merged.content, merged.conflicts)

    def _bases(self) -> dict[str, bytes]:
        """Return what was shipped before, as far as it is known."""
        found, missing = {}, {}
        for path, digest in self.digests.items():
            copy = self.here.get(f"{COPIES}{path.removeprefix('schemas/')}.orig")
            for text in (copy, self.here.get(path), self.theirs.get(path)):
                if text is not None and _digest(text) == digest:
                    found[path] = text
                    break
            else:
                missing[path] = digest
        if missing or not self.digests:
            found.update(self._from_history(missing))
        return found

    def _from_history(self, missing: Mapping[str, str]) -> dict[str, bytes]:
        """Return shipped texts that are in Git: by their digests, or the first version of each file without a digest."""
        git = self.repo.git
        if git is None or git.shallow:
            return {}
        oids: dict[str, list[str]] = {}
        try:
            for _, entries in log(git, ("%H",), git.resolve("HEAD"), ["schemas"], "--full-history", "-m"):
                for raw, name in entries:
                    oid = raw.split(b" ")[3].decode("ascii")
                    if set(oid) != {"0"}:
                        oids.setdefault(name.decode("utf-8", "surrogateescape"), []).append(oid)
        except GitError:
            return {}
        wanted = {path: oids[path] for path in (missing or oids) if path in oids}
        if not self.digests:  # older than the manifest: what `itsm init` committed first
            wanted = {path: some[-1:] for path, some in wanted.items() if path in self.theirs}
        texts = {
            b.oid: b.content for b in git.blobs(dict.fromkeys(o for some in wanted.values() for o in some))
        }
        found = {}
        for path, some in wanted.items():
            for oid in some:
                if not self.digests or _digest(texts[oid]) == missing[path]:
                    found[path] = texts[oid]
        return found

    def _migrations(self) -> tuple[MigrationStep, ...]:
        done = migrations_of(self.repo.book)
        return steps(done, BookShape.of(_book(self.theirs))) if done else ()


_NAMES = ("yours", "shipped before", "shipped now")


def _book(files: Mapping[str, bytes]) -> RuleBook:
    from itsm_gitops.snapshots.overlay import Overlay
    from itsm_gitops.snapshots.snapshot import WorkingTree as Tree

    empty = Tree(packaged_rulebook_root())
    return read_rulebook(Overlay(empty, files))


def _through(through: tuple[MigrationStep, ...], path: str, text: bytes | None) -> bytes | None:
    for step in through:
        try:
            text = rewritten(step, path, text).content if text is not None else None
        except ItsmError:
            break
    return text


def _read_manifest(raw: bytes) -> dict[str, str]:
    found = {}
    for line in raw.decode("utf-8", "replace").splitlines():
        digest, _, path = line.partition("  ")
        if not line.startswith("#") and path.startswith("schemas/"):
            found[path] = digest
    return found
