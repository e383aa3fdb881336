"""`itsm set` and `itsm note`: changing fields and adding to the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from itsm_gitops.editing.assign import apply, reader
from itsm_gitops.editing.change import Written, refuse_closed, save, timeline_entry
from itsm_gitops.editing.fields import Assignment, schema_at
from itsm_gitops.editing.opening import open_document
from itsm_gitops.model.errors import Refused, UsageError
from itsm_gitops.model.words import a_kind
from itsm_gitops.repository.actor import acting

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository


def set_fields(
    repo: Repository, fragment: str, assignments: Sequence[Assignment], *, dry_run: bool = False
) -> Written:
    """Change fields of a document and return what changed.

    Raises NotFound, UsageError, Refused (see ``assign.apply``) and Rejected where the result
    would break rules.
    """
    document = open_document(repo, fragment)
    for assignment in assignments:
        schema_at(document.kind, assignment.path)  # a misspelt field is the better answer than "closed"
    refuse_closed(document, [a.path[0] for a in assignments], "changing this")
    return save(repo, document, apply(document, reader(repo), assignments), dry_run=dry_run)


def add_note(
    repo: Repository,
    fragment: str,
    text: str,
    *,
    comment: bool = False,
    by: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Add a note (for colleagues) or a comment (for the requester too) to the timeline."""
    document = open_document(repo, fragment)
    if not document.kind.is_record:
        raise Refused(
            f"{document.id} has no timeline: it is {a_kind(document.kind)}",
            f"itsm set {document.id} description=TEXT, or itsm log {document.id} for its history in Git",
        )
    if not text.strip():
        raise UsageError("the note is empty", f'itsm note {document.id} "what happened"')
    refuse_closed(document, ["timeline"], "adding to the timeline")
    entry = timeline_entry(document, acting(repo, by), **{"comment" if comment else "note": text.strip()})
    new = {**document.data, "timeline": [*document.data.get("timeline", ()), entry]}
    return save(repo, document, new, dry_run=dry_run)
