"""Which records somebody asks for by their lives, what bounds a life, and how many lives last at a moment."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from itsm_gitops.model.meaning import PUBLISHED
from itsm_gitops.model.workflow import DONE, OPEN, Workflow


class Lifetime(NamedTuple):
    """When a record was opened (``first``), when it last changed its state, and since when it is open no more.

    In seconds since 1970, UTC, by the whole timeline: what it says of a moment before ``last`` it does not tell.
    ``end`` is None for a record that is open. ``unbroken`` is a life without reopening: open from ``first`` to ``end``.
    """

    first: int
    last: int
    end: int | None
    unbroken: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records somebody asks for; whoever answers may return more.

    Those of some ``kinds`` (or with some ``ids``) that were opened by ``now``: with ``open`` only those that have not
    ended, with ``opened_since`` those opened not before, with ``ended_since`` those that ended not before, and with
    ``lasting`` those that have not ended, too. ``service`` and ``team`` are what they affect and who has them.
    """

    now: int
    kinds: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    open: bool = False
    opened_since: int | None = None
    ended_since: int | None = None
    lasting: bool = False
    service: str = ""
    team: str = ""


def lifetime_of(workflow: Workflow | None, steps: Iterable[tuple[int, str]]) -> Lifetime | None:
    """Return what bounds the life of a record; None where it has none."""
    reached = _reached(workflow, steps)
    if not reached:
        return None
    return Lifetime(reached[0][0], reached[-1][0], end_of(reached), not reopenings(reached))


def open_spans(workflow: Workflow | None, steps: Iterable[tuple[int, str]]) -> list[tuple[int, int | None]]:
    """Return when a record was open: from when until when (seconds since 1970, UTC), None where it still is."""
    reached = _reached(workflow, steps)
    ends = [*(at for at, _ in reached[1:]), None]
    return [(at, end) for (at, category), end in zip(reached, ends, strict=False) if category in OPEN]


def open_before(spans: Iterable[tuple[int, int | None]], moments: Iterable[int]) -> list[int]:
    """Return how many of some spans have begun before each moment, and not ended before it."""
    known = list(spans)
    starts = sorted(start for start, _ in known)
    ends = sorted(end for _, end in known if end is not None)
    return [bisect_left(starts, moment) - bisect_left(ends, moment) for moment in moments]


def _reached(workflow: Workflow | None, steps: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the categories that a record reached, and when."""
    states = workflow.states if workflow else {}
    return [(at, work_category(workflow, state)) for at, state in steps if workflow and state in states]


def work_category(workflow: Workflow, state: str) -> str:
    """Return the category of a state as it counts for work: work on a record ends when readers have it."""
    return DONE if state in workflow.playing(PUBLISHED) else workflow.states[state].category


def end_of(reached: Sequence[tuple[int, str]]) -> int | None:
    """Return the first moment after which a record was never open again, from the categories it reached, and when."""
    last = None
    for at, category in reversed(reached):
        if category in OPEN:
            break
        last = at
    return last


def reopenings(reached: Sequence[tuple[int, str]]) -> list[int]:
    """Return when a record became open again after it was done, from the categories it reached, and when."""
    return [at for (_, before), (at, now) in pairwise(reached) if before not in OPEN and now in OPEN]
