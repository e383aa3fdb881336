"""The first-parent history of a branch: its commits, newest first, with the commits that each one brought."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from itsm_gitops.git.changeset import clean_merge
from itsm_gitops.git.client import Git
from itsm_gitops.model import clock
from itsm_gitops.model.errors import GitError

_FIELDS = "%H%x00%P%x00%T%x00%cI%x00%cn%x00%ce%x00%s"


@dataclass(frozen=True, slots=True)
class Landed:
    """One commit of a main line. ``at`` is its committer date, which whoever made it could choose."""

    commit: str
    parents: tuple[str, ...]
    tree: str
    at: datetime
    committer: str
    committer_address: str
    subject: str


def landed(git: Git, tip: str, *, most: int | None = None) -> list[Landed]:
    """Return the first parents from ``tip`` (a full hash) on, newest first, from one log."""
    limit = [f"--max-count={most}"] if most is not None else []
    out = git.run(
        "log", "--first-parent", "--no-mailmap", "-z", f"--format={_FIELDS}", *limit, "--end-of-options", tip, "--"
    )  # fmt: skip
    words = [w.decode("utf-8", "replace") for w in out.split(b"\0")]
    return list(_parse(words))


def _parse(words: list[str]) -> Iterator[Landed]:
    for start in range(0, len(words) - 6, 7):
        commit, parents, tree, at, name, address, subject = words[start : start + 7]
        moment = clock.parse_time(at)
        if moment is None:
            raise GitError(f"commit {commit[:12]} has no readable date", "git fsck")
        yield Landed(commit, tuple(parents.split()), tree, moment, name, address, subject)


def one(git: Git, revision: str) -> Landed:
    """Return one commit; raises GitError where there is none."""
    return landed(git, git.resolve(revision), most=1)[0]


def origin(git: Git, tip: str) -> str:
    """Return the first commit of a main line (``tip``: a full hash): it identifies the repository.

    Clones and forks share it, whatever they are called and wherever they are.
    """
    out = git.run("rev-list", "--first-parent", "--max-parents=0", "--end-of-options", tip, "--")
    return out.decode("ascii").split()[-1]


def proposed(git: Git, base: str, commit: Landed) -> str:
    """Return the merged head where ``base`` became ``commit``.

    Of a merge that Git would have made just so, that is the merged side. Everything else (a squash, a
    rebase, a push, a merge that somebody changed) has to be judged as it is.
    """
    ours = len(commit.parents) == 2 and commit.parents[0] == base
    return (
        commit.parents[1] if ours and clean_merge(git, list(commit.parents), commit.tree) else commit.commit
    )


def is_ancestor(git: Git, old: str, new: str) -> bool:
    """Whether ``old`` is in the history of ``new`` (or is it); False where either is missing."""
    try:
        return git.merge_base(old, new) == git.resolve(old)
    except GitError:
        return False


def on_line(git: Git, old: str, new: str) -> bool:
    """Whether ``old`` is ``new`` or one of its first parents (both full hashes, which are there)."""
    if old == new:
        return True
    out = git.run("rev-list", "--first-parent", "--parents", "--end-of-options", f"^{old}", new, "--").decode(
        "ascii"
    )
    last = out.splitlines()[-1].split() if out else []
    return last[1:2] == [old]
