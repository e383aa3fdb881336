"""The interface through which the site gets reports, approvals and evidence, whose rooms it may not import."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.field_history import Day, ServiceHistory
from itsm_gitops.model.report import Measure, Report
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.standing import Asking, Course, Proof

if TYPE_CHECKING:
    from itsm_gitops.publish.readings import Lives
    from itsm_gitops.repository import Repository
    from itsm_gitops.service_levels.life import Life
    from itsm_gitops.snapshots import Store
    from itsm_gitops.snapshots.store import Document


class Reporter(Protocol):
    """Makes reports from what it gathered while the build read the documents, and answers about records."""

    def visit(self, document: Document) -> list[Life]:
        """Return what reports need of one document; may run in another process, so it must pickle."""
        ...

    def titles(self, book: RuleBook, *, whole: bool) -> Sequence[tuple[str, str]]:
        """Return the names and titles of the reports that it makes of a ``whole`` snapshot or a part, in their order."""
        ...

    def history(self, store: Store, gathered: Lives, now: datetime, days: int) -> Mapping[str, Sequence[Day]]:
        """Return how every service in production fared on each of the last ``days`` days, today the last."""
        ...

    def histories(self, store: Store, gathered: Lives, now: datetime) -> Mapping[str, ServiceHistory]:
        """Return what incidents did to every service in production, and how much of some last days it was available.

        Cheaper where it is asked before ``history`` and ``reports``.
        """
        ...

    def measures(self) -> Sequence[Measure]:
        """Return what the shares of ``histories`` mean: that of agreed time, and that of all hours."""
        ...

    def reports(self, store: Store, gathered: Lives, now: datetime) -> Sequence[Report]:
        """Return the reports about a loaded store at a moment that are made of fields and lives of records and of items.

        The title of a record stands in them only in a row with its identifier.
        """
        ...

    def marks(self, store: Store, document: Document) -> int:
        """Return what ``own_reports`` needs of one document, which it must not read again: a bit for each filter.

        It may depend on nothing but the document and the rule book; ``store`` knows the CMDB only.
        """
        ...

    def own_reports(self, store: Store, now: datetime, marks: Mapping[str, int]) -> Sequence[Report]:
        """Return further reports about a loaded store from which nothing was withheld; they may say anything.

        ``marks`` are those of all documents, by path.
        """
        ...

    def course(self, store: Store, gathered: Lives, now: datetime) -> Callable[[str], Course]:
        """Return what says, of one record at a time, how the work on it went and which promises were kept."""
        ...

    def asking(self, store: Store, now: datetime) -> Callable[[Entry, Mapping[str, Any]], Asking]:
        """Return what says, of one change and its document, what the policy asks to authorise it."""
        ...

    def proofs(self, repo: Repository) -> Sequence[Proof]:
        """Return the statements on the branch of evidence, oldest first; none where there is no such branch."""
        ...
