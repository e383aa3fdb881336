"""Conflicts of planned changes: collisions, freezes, work outside the windows."""

from __future__ import annotations

from typing import NamedTuple

from itsm_gitops.graph.calendars import Hold, Outside
from itsm_gitops.graph.collisions import Collision
from itsm_gitops.graph.schedule import Schedule


class Conflicts(NamedTuple):
    """The conflicts of one planned change."""

    collisions: tuple[Collision, ...]
    holds: tuple[Hold, ...]
    outside: Outside | None

    def plain(self) -> tuple[object, ...]:
        """Return the conflicts as plain data, so that two builds can be compared."""
        return (
            [(c.first.id, c.second.id, c.overlap.start, c.overlap.end, c.reason) for c in self.collisions],
            [(hold.calendar.id, hold.exempt) for hold in self.holds],
            [calendar.id for calendar in self.outside.calendars] if self.outside else None,
        )


def conflicts(schedule: Schedule) -> dict[str, Conflicts]:
    """Return the changes of a schedule that collide, fall into a freeze or leave their windows."""
    collisions: dict[str, list[Collision]] = {}
    for collision in schedule.collisions:
        for change in (collision.first.id, collision.second.id):
            collisions.setdefault(change, []).append(collision)
    return {
        change: Conflicts(
            tuple(collisions.get(change, ())),
            tuple(schedule.holds.get(change, ())),
            schedule.outside.get(change),
        )
        for change in sorted({*collisions, *schedule.holds, *schedule.outside})
    }
