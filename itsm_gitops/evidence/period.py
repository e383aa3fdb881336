"""The period of an audit: which merges and statements lie in it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from itsm_gitops.evidence.moves import BranchMove, BranchMoves
from itsm_gitops.evidence.reading import Statement


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

    Only a statement can say that what is behind it is older: the date of a commit is what its author wrote, so a
    commit without a statement, in front of a statement of the period, is of the period.
    """
    if period.moment is None and period.until is None:
        return moves
    inside = [i for i, m in enumerate(moves.moves) if m.statement and period.holds(m.statement)]
    newest, oldest = (inside[0], inside[-1]) if inside else (-1, -1)
    chosen = [
        m
        for i, m in enumerate(moves.moves)
        if (period.holds(m.statement) if m.statement else newest <= i <= oldest or _dated(m, period))
    ]
    return moves._replace(moves=tuple(chosen), start=chosen[-1].base if chosen else moves.tip)


def _dated(move: BranchMove, period: Period) -> bool:
    """Whether the date of a commit that nobody recorded does not lie outside a period."""
    at = move.landed.at
    return (period.moment is None or at >= period.moment) and (period.until is None or at < period.until)
