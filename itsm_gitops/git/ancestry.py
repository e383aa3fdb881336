"""Answers about the ancestry of commits from a table of all commits, as Git would give them where the case is plain."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import NamedTuple


class CommitNode(NamedTuple):
    """A commit: its place in topological order (children first), parents, tree and date in seconds."""

    place: int
    parents: tuple[str, ...]
    tree: str
    date: int


class NotPlain(Exception):
    """The question is not one of the plain ones."""


def meetings(commits: Mapping[str, CommitNode], one: str, other: str) -> list[str]:
    """Return the best common ancestors: children come before parents, so what is below one of them is marked in time.

    Raises NotPlain for commits that are not in the table.
    """
    if one not in commits or other not in commits:
        raise NotPlain
    marks: dict[str, int] = {one: 1}
    marks[other] = marks.get(other, 0) | 2
    waiting = [(commits[c].place, c) for c in marks]
    heapq.heapify(waiting)
    found: list[str] = []
    while any(marks[c] < 4 for _, c in waiting):
        _, commit = heapq.heappop(waiting)
        mark = marks[commit]
        if mark == 3:
            found.append(commit)
            mark = marks[commit] = 7  # what is below is below a common one
        for parent in commits[commit].parents:
            seen = marks.get(parent, 0)
            if seen | mark != seen:
                if not seen:
                    heapq.heappush(waiting, (commits[parent].place, parent))
                marks[parent] = seen | mark
    return found


def only_in(commits: Mapping[str, CommitNode], head: str, base: str) -> list[str]:
    """Return the one commit that ``head`` has and ``base`` has not, or none; raises NotPlain for several."""
    if head not in commits or base not in commits:
        raise NotPlain
    marks: dict[str, int] = {base: 2}
    marks[head] = marks.get(head, 0) | 1
    waiting = [(commits[c].place, c) for c in marks]
    heapq.heapify(waiting)
    found: list[str] = []
    while any(marks[c] == 1 for _, c in waiting):
        _, commit = heapq.heappop(waiting)
        if marks[commit] == 1:
            found.append(commit)
            if len(found) > 1:
                raise NotPlain
        for parent in commits[commit].parents:
            if parent not in marks:
                heapq.heappush(waiting, (commits[parent].place, parent))
            marks[parent] = marks.get(parent, 0) | marks[commit]
    return found
