"""Adds to the view what does not come from documents: history, evidence, approvals, collisions.

Everything that reads Git is here, and nothing of it is for an audience that sees less than everything:
old values, statements and the policy's people know nothing of what is withheld.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from itsm_gitops.graph.calendars import Hold, Outside
from itsm_gitops.graph.collisions import Collision
from itsm_gitops.graph.schedule import Schedule
from itsm_gitops.model.standing import Proof
from itsm_gitops.publish import urls
from itsm_gitops.publish.document_history import field_history
from itsm_gitops.publish.reporter import Reporter
from itsm_gitops.publish.view import View
from itsm_gitops.repository import Repository


def add_background(view: View, repo: Repository, at: str | None, reporter: Reporter | None) -> None:
    """Give a view what its audience may know beyond the documents of the snapshot ``at``."""
    if not (view.audience.sources and view.audience.everything):
        return
    if view.config.history:
        view.history = field_history(repo, view.store, at)
    if reporter:
        view.asking = reporter.asking(view.store, view.now)
        view.proofs = _by_change(reporter.proofs(repo))


def _by_change(proofs: Sequence[Proof]) -> dict[str, list[Proof]]:
    found: dict[str, list[Proof]] = {}
    for proof in proofs:
        for change in proof.changes:
            found.setdefault(change, []).append(proof)
    return found


class Conflicts(NamedTuple):
    """What is in the way of one planned change."""

    collisions: tuple[Collision, ...]
    holds: tuple[Hold, ...]
    outside: Outside | None

    def plain(self) -> tuple[object, ...]:
        """Return what pages say of it as plain data, by which two builds can be compared."""
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


def evidence_files(view: View) -> Iterator[tuple[str, bytes]]:
    """Yield the statements that pages link to, byte for byte as they are on the branch of evidence."""
    shown = {p.file: p.content for i, some in view.proofs.items() if i in view.entries for p in some}
    for name, content in sorted(shown.items()):
        yield urls.evidence(name), content
