"""The content of a pull request: every path that differs between two commits, in the same form on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from itsm_gitops.git.client import Git, decode
from itsm_gitops.git.credits import CoAuthor, co_authors
from itsm_gitops.git.merging import merge_result, with_results
from itsm_gitops.git.octopus import clean_octopus
from itsm_gitops.model.errors import GitError

_PATHS_MAX = 200  # more are sorted out here: a command line has an end
_HEAD = b"itsm-changeset-v1\n"


@dataclass(frozen=True, slots=True)
class Changed:
    """One path that differs. Modes and blobs are Git's own; absent sides are all zeros.

    ``path`` is relative to the root of the ITSM repository; one outside it (the folder may be part
    of a larger Git repository) begins with a slash and counts from the top.
    """

    old_mode: str
    new_mode: str
    old_blob: str
    new_blob: str
    status: str
    path: str


@dataclass(frozen=True, slots=True)
class Authored:
    """The authors of one commit, as it names them; ``co_authors`` are those of its message."""

    commit: str
    author: str
    author_address: str
    committer: str
    committer_address: str
    co_authors: tuple[CoAuthor, ...]


def changeset(git: Git, merge_base: str, head: str) -> list[Changed]:
    """Return everything that ``head`` changes since ``merge_base`` (both full hashes), by path.

    No renames are guessed, nothing is ignored, and no attribute of the repository has a say.
    """
    out = git.run(
        "diff-tree", "-r", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv",
        "--ignore-submodules=none", "--no-relative", "-z", "--end-of-options", merge_base, head,
    )  # fmt: skip
    words = out.split(b"\0")[:-1]
    changes = [
        _changed(header, name, git.prefix) for header, name in zip(words[::2], words[1::2], strict=True)
    ]
    return sorted(changes, key=lambda c: c.path)


def _changed(header: bytes, name: bytes, prefix: str) -> Changed:
    old_mode, new_mode, old_blob, new_blob, status = header.lstrip(b":").decode("ascii").split(" ")
    return Changed(old_mode, new_mode, old_blob, new_blob, status, _inside(decode(name), prefix))


def first_parent_changes(
    git: Git, older: str, newer: str, paths: Sequence[str]
) -> Iterator[tuple[str, list[Changed]]]:
    """Yield each first parent of ``newer`` down to ``older`` that touched one of some paths, newest first.

    With it comes what it changed there since its own first parent. ``older`` (empty: the beginning) is not among
    them, nor is anything that its history holds. One log, however many commits there are.
    """
    inside = not git.prefix and len(paths) <= _PATHS_MAX and not any(p.startswith("/") for p in paths)
    out = git.run(
        "log", "--first-parent", "--diff-merges=first-parent", "--root", "--raw", "-z", "--no-abbrev", "--no-renames",
        "--no-ext-diff", "--no-textconv", "--ignore-submodules=none", "--no-relative", "--format=%H",
        "--end-of-options", *([f"^{older}"] if older else []), newer, "--", *(paths if inside else ()),
    )  # fmt: skip
    commit, found, header = "", [], b""
    wanted = set(paths)
    for word in out.split(b"\0"):
        if header:
            change = _changed(header, word, git.prefix)
            found.extend([change] if change.path in wanted else [])
            header = b""
        elif word.lstrip(b"\n").startswith(b":"):
            header = word.lstrip(b"\n")
        elif word.strip():
            if found:
                yield commit, found
            commit, found = word.strip().decode("ascii"), []
    if found:
        yield commit, found


def merge_bases(git: Git, base: str, head: str) -> list[str]:
    """Return every commit where ``head`` left ``base`` (both full hashes); usually one.

    With several of them no single difference is what a merge would bring: an edit that only one of
    them knows can be taken back without showing in the difference since the other.
    """
    try:
        return git.run("merge-base", "--all", "--end-of-options", base, head).decode("ascii").split()
    except GitError:
        return [git.merge_base(base, head)]  # says what is wrong where there is none at all


def _inside(path: str, prefix: str) -> str:
    return path.removeprefix(prefix) if path.startswith(prefix) else f"/{path}"


def digest(changes: Iterable[Changed]) -> str:
    """Return ``sha256:…`` over modes, blobs, status and path of every change.

    The old blobs are part of it: a rebase that silently takes back somebody else's edit leaves the
    new blobs as they were. White space counts, because in YAML it is content.
    """
    lines = sorted(
        f"{c.old_mode} {c.new_mode} {c.old_blob} {c.new_blob} {c.status} {c.path}".encode(
            "utf-8", "surrogateescape"
        )
        + b"\0"
        for c in changes
    )
    return "sha256:" + hashlib.sha256(_HEAD + b"".join(lines)).hexdigest()


def exists(git: Git, commit: str) -> bool:
    """Whether a commit is in the object store (Git may have pruned one that no branch holds any more)."""
    try:
        return git.resolve(commit) == commit
    except GitError:
        return False


def contributors(git: Git, base: str, head: str) -> list[Authored]:
    """Return the authors of each commit of ``head`` that ``base`` does not have, newest first.

    A merge that Git would have made just so by itself adds nothing, so its author is nobody:
    whoever presses "update branch" has not written the change.
    """
    form = "%H%x00%T%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%B"
    out = git.run("log", "--no-mailmap", "-z", f"--format={form}", "--end-of-options", f"{base}..{head}")
    words = [w.decode("utf-8", "replace") for w in out.split(b"\0")]
    commits = []
    for start in range(0, len(words) - 7, 8):
        commit, tree, parents, name, address, committer, committed, message = words[start : start + 8]
        if " " in parents and clean_merge(git, parents.split(" "), tree):
            continue
        commits.append(Authored(commit, name, address, committer, committed, co_authors(message)))
    return commits


def clean_merge(git: Git, parents: list[str], tree: str) -> bool:
    """Whether ``tree`` is exactly Git's own merge of the parents, without an edit by hand."""
    if len(parents) != 2:
        return clean_octopus(with_results(git), parents, tree)
    plain = git.plain_merge(parents[0], parents[1])
    if plain:
        return plain == tree
    try:
        merged = merge_result(git, parents[0], parents[1])
    except GitError:  # a Git older than 2.38, or no common commit: then somebody is behind it
        return False
    return not merged.conflicts and merged.tree == tree
