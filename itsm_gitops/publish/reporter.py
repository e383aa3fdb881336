"""What the site needs of whoever makes reports: a room on the same floor, which it does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from itsm_gitops.model.history import Day
from itsm_gitops.model.report import Report

if TYPE_CHECKING:
    from itsm_gitops.repository import Store
    from itsm_gitops.repository.store import Document


class Reporter(Protocol):
    """Makes reports from what it gathered while the build read the documents."""

    def visit(self, document: Document) -> list[Any]:
        """Return what reports need of one document; may run in another process, so it must pickle."""
        ...

    def history(
        self, store: Store, gathered: Sequence[Any], now: datetime, days: int
    ) -> Mapping[str, Sequence[Day]]:
        """Return how every service in production fared on each of the last ``days`` days, today the last."""
        ...

    def reports(self, store: Store, gathered: Sequence[Any], now: datetime) -> Sequence[Report]:
        """Return the reports about a loaded store at a moment."""
        ...
