"""The period of an audit: which merges and statements lie in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from itsm_gitops.evidence.moves import BranchMove, BranchMoves
from itsm_gitops.evidence.reading import Statement

_MACHINES = timedelta(days=1)  # clocks of people's machines, which date commits


class Period(NamedTuple):
    """What is audited: from behind a commit or from a moment on, and until before a moment.

    Without a beginning it is everything since the rules about approvals came.
    """

    commit: str | None = None
    moment: datetime | None = None
    until: datetime | None = None

    def holds(self, statement: Statement) -> bool:
        """Whether a merge, or its recording, lies in it: both moments count, since either may be wrong."""
        late_enough = self.moment is None or max(statement.evaluated_at, statement.recorded_at) >= self.moment
        return late_enough and (self.until is None or statement.evaluated_at < self.until)


EVERYTHING = Period()


def in_period(moves: BranchMoves, period: Period) -> BranchMoves:
    """Leave out the moves from before or after a period.

    The date of a commit without a statement is what its author wrote. It is believed where it fits between what is
    recorded in front of it and behind it; otherwise the commit is left out only where the recorded ones prove that
    it lies outside.
    """
    if period.moment is None and period.until is None:
        return moves
    sure = [
        m.statement is not None or believed for m, believed in zip(moves.moves, _believed(moves), strict=True)
    ]
    chosen = [m for i, m in enumerate(moves.moves) if _within(moves.moves, i, sure[i], period)]
    return moves._replace(moves=tuple(chosen), start=chosen[-1].base if chosen else moves.tip)


def _within(moves: Sequence[BranchMove], number: int, sure: bool, period: Period) -> bool:
    move = moves[number]
    if move.statement is not None:
        return period.holds(move.statement)
    at, (after, before) = move.landed.at, (period.moment, period.until)
    if sure:
        return (after is None or at >= after) and (before is None or at < before)
    newer = (m.statement.evaluated_at for m in reversed(moves[:number]) if m.statement)
    older = (m.statement.evaluated_at for m in moves[number:] if m.statement)
    next_, last = next(newer, None), next(older, None)
    is_older = after is not None and next_ is not None and next_ < after
    return not is_older and (before is None or last is None or last < before)


def _believed(moves: BranchMoves) -> list[bool]:
    """Return of each move whether the date of its commit is not older than what it was built on."""
    found: list[bool] = []
    latest = moves.started
    for move in reversed(moves.moves):
        at = move.statement.evaluated_at if move.statement else move.landed.at
        good = latest is None or at >= latest - _MACHINES
        found.append(good)
        latest = at if latest is None or (good and at > latest) else latest
    return found[::-1]
