"""`itsm duplicate`: links a record with the one that it repeats, and cancels it, in one edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itsm_gitops.editing.change import Written, save
from itsm_gitops.editing.link import linked
from itsm_gitops.editing.move import moved
from itsm_gitops.editing.opening import open_document
from itsm_gitops.editing.steps import next_steps
from itsm_gitops.model.errors import Refused

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

RELATION = "duplicate_of"


def mark_duplicate(
    repo: Repository,
    fragment: str,
    other: str,
    *,
    note: str = "",
    by: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Link a record with the one it repeats, and cancel it; the reason names the one that stays.

    Raises NotFound for unknown names, Refused where the vocabulary or the life cycle does not allow it, Rejected where
    rules are broken; nothing is written then.
    """
    kept = open_document(repo, other)
    document, data = linked(repo, fragment, RELATION, other)
    flow = document.kind.workflow
    states = [s.state for s in next_steps(document.kind, data) if flow and flow.is_cancelled(s.state)]
    if not states:
        raise Refused(
            f"{document.id} cannot be cancelled from where it is",
            f"itsm link {document.id} {RELATION} {kept.id}",
        )
    text = f"Duplicate of {kept.id}" + (f": {note}" if note else "")
    new = moved(repo, document._replace(data=data), states[0], note=text, by=by)
    return save(repo, document, new, dry_run=dry_run)
