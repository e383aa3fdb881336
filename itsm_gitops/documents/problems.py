"""The problems of a document's text (codes P001 to P017), and the limits of size, depth and number of values."""

from __future__ import annotations

from typing import Any, NamedTuple

UNWRITABLE_HINT = "leave out colours and other control characters; documents are plain text in UTF-8"


class Problem(NamedTuple):
    """One thing that makes a document unreadable. ``line`` and ``column`` count characters from 1."""

    code: str
    message: str
    hint: str
    line: int
    column: int


class LoadedDocument(NamedTuple):
    """A document as read: its data, or None and at least one problem."""

    data: Any
    problems: tuple[Problem, ...]


class Limits(NamedTuple):
    """How large a document may be: bytes, levels of nesting, and values (keys count as values)."""

    size: int = 256 * 1024
    depth: int = 20
    nodes: int = 20_000


LIMITS = Limits()
RULEBOOK_LIMITS = Limits(size=1024 * 1024, depth=64, nodes=200_000)
MAX_PROBLEMS = 50


class Doubt(Exception):
    """A quick reader finds a document unusual: a more careful one must read it."""


class Stop(Exception):
    """Reading cannot go on after this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def too_large(size: int, limits: Limits) -> Problem:
    """The problem of a file with more bytes than allowed."""
    return Problem(
        "P009",
        f"the file has {size:,} bytes; at most {limits.size:,} are read",
        "move long logs and attachments elsewhere and link to them",
        1,
        1,
    )


def too_deep(limits: Limits, line: int, column: int) -> Problem:
    """The problem of a value nested deeper than allowed."""
    return Problem(
        "P010",
        f"values are nested more than {limits.depth} levels deep",
        "flatten the document",
        line,
        column,
    )


def too_many(limits: Limits, line: int, column: int) -> Problem:
    """The problem of a document with more values than allowed."""
    return Problem(
        "P010",
        f"the document has more than {limits.nodes:,} keys and values",
        "split the document",
        line,
        column,
    )
