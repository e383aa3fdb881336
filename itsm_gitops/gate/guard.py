"""Which branches a plain Git server guards: each is named by its full reference, and several sources name them.

Guarded are, all together: what ``git config itsm.protected`` lists on the server, the branch that HEAD names, the
usual names of a main branch, and what `branches` of the approvals policy lists on one of those that are there. A source
only adds branches, so that none is open because another source was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from itsm_gitops import documents
from itsm_gitops.git import Git
from itsm_gitops.git.client import decode
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.door import folded
from itsm_gitops.model.errors import GitError

HEADS = "refs/heads/"
EVIDENCE = "itsm/evidence"
USUAL = ("main", "master", "trunk")
BRANCHES = "branches"
SETTING = "itsm.protected"


@dataclass(frozen=True, slots=True)
class BranchGuard:
    """What a server guards. References are full names; ``patterns`` may hold ``*``.

    ``head`` is the branch that HEAD names (empty for none), ``tips`` the commits of the branches that are there without
    that of the evidence, ``ruled`` the guarded ones among them that hold a policy, ``aliases`` the references that
    stand for another one, ``broken`` why the list of a policy cannot be read (empty where all can).
    """

    patterns: tuple[str, ...]
    head: str
    tips: Mapping[str, str]
    ruled: frozenset[str]
    aliases: Mapping[str, str]
    broken: str = ""

    def covers(self, ref: str) -> bool:
        """Whether a reference takes only what was approved; file systems without case make one of two spellings."""
        return any(fnmatchcase(folded(ref), folded(pattern)) for pattern in self.patterns)

    def meant(self, ref: str) -> str:
        """Return the reference that a push to ``ref`` moves."""
        for _ in self.aliases:
            if ref not in self.aliases:
                break
            ref = self.aliases[ref]
        return ref

    @property
    def guarded(self) -> tuple[str, ...]:
        """The guarded branches that are there, by name."""
        return tuple(sorted(ref for ref in self.tips if self.covers(ref)))

    @property
    def main(self) -> str:
        """The branch whose rules judge new branches and the evidence: HEAD's where it is guarded by rules, else the first."""
        order = [self.head, *self.patterns, *self.guarded]
        ruled = (ref for ref in order if ref in self.ruled)
        there = (ref for ref in order if ref in self.tips and self.covers(ref))
        return next(ruled, next(there, self.head or self.patterns[0]))

    def idle(self, ref: str, *, rules: bool) -> str:
        """Say why a reference cannot be taken while the server would guard nothing; empty where it can.

        ``rules`` says that what is pushed holds a rule book.
        """
        name, covered = short(ref), self.covers(ref)
        way = f"git config --add {SETTING} {name}, or git symbolic-ref HEAD {ref}"
        if not self.guarded:
            if covered and not self.tips:
                return ""
            return (
                f"this server guards {self._named()}, and none of these is there, so it would guard nothing; "
                f"on the server: {way}"
            )
        if not self.ruled and rules and not covered:
            return (
                f"no branch that this server guards ({', '.join(map(short, self.guarded))}) holds {POLICY}, so nothing "
                f"would be judged; on the server: {way}"
            )
        if self.broken and not covered:
            return f"{self.broken}, so it is not known whether {name} is guarded; repair that first"
        return ""

    def _named(self) -> str:
        return ", ".join(f"'{short(p)}'" for p in self.patterns)


def short(ref: str) -> str:
    """Return the name of a branch as people write it."""
    return ref.removeprefix(HEADS)


def full(name: str) -> str:
    """Return the full reference of a branch (or a pattern of branches) as people write it."""
    return name if name.startswith("refs/") else f"{HEADS}{name.removeprefix('heads/')}"


def read_guard(git: Git) -> BranchGuard:
    """Read what a server guards."""
    tips, aliases = _references(git)
    head = _head(git)
    patterns = tuple(dict.fromkeys([*([head] if head else []), *map(full, _setting(git)), *map(full, USUAL)]))
    # The rules of the branches that are named whole: there may be hundreds of release branches.
    whole = [ref for ref in sorted(tips) if _any([p for p in patterns if "*" not in p], ref)]
    blobs = {ref: policy_blob(git, tips[ref]) for ref in whole}
    listed, broken = _lists(git, {ref: oid for ref, oid in blobs.items() if oid})
    every = tuple(dict.fromkeys([*patterns, *listed]))
    ruled = {ref for ref, oid in blobs.items() if oid}
    if not ruled:
        ruled = {ref for ref, tip in tips.items() if _any(every, ref) and policy_blob(git, tip)}
    return BranchGuard(every, head, tips, frozenset(ruled), aliases, broken)


def _lists(git: Git, policies: Mapping[str, str]) -> tuple[list[str], str]:
    """Return what the policies (their blobs, by branch) list, and why one of them cannot be read."""
    listed: list[str] = []
    broken = ""
    contents = {blob.oid: blob.content for blob in git.blobs(dict.fromkeys(policies.values()))}
    for ref, oid in policies.items():
        more = _branches(contents[oid])
        if more is None:
            broken = broken or f"{POLICY} of {short(ref)} cannot be read"
        listed += map(full, more or ())
    return listed, broken


def _any(patterns: Iterable[str], ref: str) -> bool:
    return any(fnmatchcase(folded(ref), folded(pattern)) for pattern in patterns)


def _references(git: Git) -> tuple[dict[str, str], dict[str, str]]:
    """Return the commits of branches, and every reference that stands for another one with the one it stands for."""
    form = "--format=%(refname)%09%(objectname)%09%(symref)"
    rows = [line.split("\t") for line in decode(git.run("for-each-ref", form)).splitlines()]
    aliases = {name: target for name, _, target in rows if target}
    tips = {
        name: oid
        for name, oid, target in rows
        if name.startswith(HEADS) and not target and name != f"{HEADS}{EVIDENCE}"
    }
    return tips, aliases


def _head(git: Git) -> str:
    """Return the branch that HEAD names; of the repository itself where the push came in through a linked work tree."""
    common = git.root / "commondir"
    place = (git.root / common.read_text("utf-8").strip()).resolve() if common.is_file() else git.root
    asked = git if place == git.root else Git(place, {"GIT_DIR": str(place)})
    try:
        ref = decode(asked.run("symbolic-ref", "HEAD")).strip()
    except GitError:  # a commit is checked out, and no branch
        return ""
    return ref if ref.startswith(HEADS) else ""


def _setting(git: Git) -> list[str]:
    try:
        return decode(git.run("config", "--get-all", SETTING)).split()
    except GitError:
        return []


def policy_blob(git: Git, commit: str) -> str:
    """Return the blob of the approvals policy of a commit; empty where there is none."""
    row = git.run("ls-tree", "-z", "--full-tree", "--end-of-options", commit, "--", POLICY)
    about = row.partition(b"\t")[0].split()
    return about[2].decode("ascii") if about[1:2] == [b"blob"] else ""


def _branches(raw: bytes) -> Iterable[str] | None:
    """Return the branches that a policy lists; None where it cannot be read."""
    data = documents.load(raw).data
    listed = data.get(BRANCHES, []) if isinstance(data, dict) else None
    if not isinstance(listed, list) or not all(isinstance(name, str) and name for name in listed):
        return None
    return listed


def folder_of(path: Path) -> Git:
    """Return a bare repository to ask, wherever this process stands."""
    return Git(path, {"GIT_DIR": str(path)})
