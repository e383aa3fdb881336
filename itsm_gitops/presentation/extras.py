"""What lists say of a document and its entry does not hold; read while documents are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.graph.due import DueRow, due_rows
from itsm_gitops.model.rulebook import RuleBook

if TYPE_CHECKING:
    from itsm_gitops.snapshots.store import Document


class Extra(NamedTuple):
    """What lists say of one document: the state of its major incident, and what is due of it."""

    id: str
    major: str = ""
    dues: Sequence[DueRow] = ()


def extra_of(document: Document, book: RuleBook) -> list[Extra]:
    """Return what the lists need of a document beyond its entry; runs while documents are read."""
    data = document.data
    if not isinstance(data, dict):
        return []
    major = data.get("major")
    state = major.get("state") if isinstance(major, dict) else None
    kind = book.kinds.get(str(data.get("kind", data.get("class"))))
    dues = due_rows(kind, data) if kind else []
    if state is None and not dues:
        return []
    return [Extra(document.id, state if isinstance(state, str) else "", dues)]
