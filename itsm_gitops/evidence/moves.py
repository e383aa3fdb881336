"""The moves of a branch from commit to commit, and the statement about each of them.

The branch is walked backwards from its tip. Where a statement says that the branch came here from some
base, the next step is that base. Where no statement does, it is the first parent, and nobody recorded the
move. So a push of many commits is one move, whatever its commits look like.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from itsm_gitops.evidence.reading import Statement
from itsm_gitops.evidence.statement import MERGE
from itsm_gitops.git import Git, mainline
from itsm_gitops.git.mainline import Landed
from itsm_gitops.model.decisions import POLICY


class BranchMove(NamedTuple):
    """The branch went from ``base`` to ``landed``; ``statement`` is None where nobody recorded it."""

    base: str
    landed: Landed
    statement: Statement | None


class BranchMoves(NamedTuple):
    """The moves of one branch, newest first, back to ``start`` (empty: to its first commit).

    ``started`` is the date that the commit ``start`` bears, where it is a first parent.
    """

    tip: str
    start: str
    moves: tuple[BranchMove, ...]
    started: datetime | None = None


def merges(statements: Iterable[Statement]) -> dict[str, Statement]:
    """Return the statements about merges by the commit of the merge; the first one counts."""
    by_merge: dict[str, Statement] = {}
    for statement in statements:
        if statement.kind == MERGE and statement.base != statement.merge:
            by_merge.setdefault(statement.merge, statement)
    return by_merge


def moves_of(
    git: Git,
    tip: str,
    statements: Iterable[Statement],
    start: str | None = None,
    *,
    line: Mapping[str, Landed] | None = None,
) -> BranchMoves:
    """Return the moves of a branch from ``start`` on; by default from where its evidence begins.

    Where there is no evidence at all, it should begin where the rules about approvals do. ``line`` are the
    first parents of ``tip`` by commit, where they are known already.
    """
    recorded = merges(statements)
    line = line if line is not None else first_parents(git, tip)
    begin = _start(git, tip, line, recorded) if start is None else start
    older = ancestors(git, begin) if begin else frozenset()
    started = line[begin].at if begin in line else None
    return BranchMoves(tip, begin, tuple(_walk(git, tip, line, recorded, older)), started)


def _walk(
    git: Git,
    tip: str,
    line: Mapping[str, Landed],
    recorded: Mapping[str, Statement],
    older: frozenset[str],
) -> Iterator[BranchMove]:
    places = {c: number for number, c in enumerate(line)}
    commit, visited = tip, set(older)
    while commit not in visited:
        visited.add(commit)
        landed = line.get(commit) or mainline.one(git, commit)
        statement = recorded.get(commit)
        if statement and not _came_from(git, places, statement.base, commit):
            statement = None
        turned = _turned(landed, line, recorded)
        if turned and statement and statement.base != turned:
            statement = None
        base = statement.base if statement else turned or next(iter(landed.parents), "")
        if not base:  # what began the history had no rules to be judged by
            return
        yield BranchMove(base, landed, statement)
        commit = base


def _turned(landed: Landed, line: Mapping[str, Landed], recorded: Mapping[str, Statement]) -> str:
    """Return the tip that the branch had where a merge took it into other work; empty for every other commit.

    Whoever makes such a merge chooses its first parent, and so the policy that would judge it. Evidence knows better.
    """
    return next((p for p in landed.parents[1:] if p in recorded and p not in line), "")


def off_line(git: Git, moves: BranchMoves, statements: Iterable[Statement]) -> list[Statement]:
    """Return the statements about merges that neither a move nor the first-parent line of the branch leads to."""
    reached = {m.landed.commit for m in moves.moves} | ancestors(git, moves.start)
    out = git.run("rev-list", "--first-parent", "--end-of-options", moves.tip, "--")
    reached |= set(out.decode("ascii").split())
    return [s for s in merges(statements).values() if s.merge not in reached]


def _came_from(git: Git, places: Mapping[str, int], base: str, commit: str) -> bool:
    if base in places and commit in places:
        return places[base] > places[commit]
    return mainline.is_ancestor(git, base, commit)


def _start(git: Git, tip: str, line: Iterable[str], recorded: Mapping[str, Statement]) -> str:
    if not recorded:
        return rules_since(git, tip)
    places = {c: number for number, c in enumerate(line)}
    begins = [s.base for s in recorded.values() if s.base not in recorded and s.base in places]
    return max(begins, key=lambda b: places[b], default=next(iter(recorded.values())).base)


def first_parents(git: Git, tip: str) -> dict[str, Landed]:
    """Return the commits of a branch's first-parent line by hash, newest first."""
    return {x.commit: x for x in mainline.landed(git, tip)}


def audited_since(git: Git, tip: str, line: Mapping[str, Landed], statements: Iterable[Statement]) -> str:
    """Return where an audit of a branch begins: with the rules about approvals, or with evidence if that is older.

    Not where the first writer of evidence says: who begins it later would hide what was before.
    """
    recorded = merges(statements)
    rules = rules_since(git, tip)
    evidence = _start(git, tip, line, recorded) if recorded else rules
    places = {c: number for number, c in enumerate(line)}
    return max((rules, evidence), key=lambda c: places.get(c, -1))


def rules_since(git: Git, tip: str) -> str:
    """Return the oldest first parent of ``tip`` that has a policy; ``tip`` itself where none has."""
    out = git.run(
        "log", "--first-parent", "--diff-filter=A", "--format=%H", "--no-renames", "--end-of-options", tip, "--", POLICY
    )  # fmt: skip
    return out.decode("ascii").split()[-1] if out.strip() else tip


def ancestors(git: Git, commit: str) -> frozenset[str]:
    """Return every commit in the history of ``commit``, and itself."""
    return frozenset(git.run("rev-list", "--end-of-options", commit, "--").decode("ascii").split())
