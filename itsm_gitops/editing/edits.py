"""`itsm set` and `itsm note`: changing fields and adding to the timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itsm_gitops.editing.assign import apply, reader
from itsm_gitops.editing.change import Written, refuse_closed, save
from itsm_gitops.editing.fields import Assignment, schema_at
from itsm_gitops.editing.opening import Opened, open_document
from itsm_gitops.editing.tracking import (
    Occasion,
    correction,
    differences,
    occasion,
    past_moment,
    timeline_entry,
    with_changes,
)
from itsm_gitops.git.actor import acting
from itsm_gitops.model.errors import Refused, UsageError
from itsm_gitops.model.moments import read_time
from itsm_gitops.model.text import typed_text
from itsm_gitops.model.words import a_kind

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository


def set_fields(
    repo: Repository,
    fragment: str,
    assignments: Sequence[Assignment],
    *,
    by: str | None = None,
    at: str | None = None,
    reason: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Change fields of a document and return what changed.

    A change of a field that the life cycle tracks is an entry of the timeline: who (``by``), since when (``at``, a
    time of the repository's zone; default: now) and why (``reason``). Raises NotFound, UsageError, Refused (see ``assign.apply``) and Rejected where the result
    would break rules.
    """
    document = open_document(repo, fragment)
    new = with_fields(repo, document, assignments, by=by, at=at, reason=reason)
    return save(repo, document, new, dry_run=dry_run)


def with_fields(
    repo: Repository,
    document: Opened,
    assignments: Sequence[Assignment],
    *,
    by: str | None = None,
    at: str | None = None,
    reason: str | None = None,
) -> Mapping[str, Any]:
    """Return the data of a document with other fields; see `set_fields`."""
    for assignment in assignments:
        schema_at(document.kind, assignment.path)  # a misspelt field is the better answer than "closed"
    refuse_closed(document, [a.path[0] for a in assignments], "changing this")
    new = apply(document, reader(repo), assignments)
    if any(differences(document, new)):
        return with_changes(document, new, occasion(acting(repo, by), at, reason, repo.config.timezone))
    if at or reason:
        raise UsageError("no tracked field changes, so a time or a reason does not apply")
    return new


def add_note(
    repo: Repository,
    fragment: str,
    text: str,
    *,
    comment: bool = False,
    by: str | None = None,
    at: str | None = None,
    reason: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Add a note (for colleagues) or a comment (for the requester too) to the timeline.

    ``at`` is an earlier time at which it happened (in the repository's zone); it requires a ``reason``.
    """
    document = open_document(repo, fragment)
    new = with_note(repo, document, text, comment=comment, by=by, at=at, reason=reason)
    return save(repo, document, new, dry_run=dry_run)


def with_note(
    repo: Repository,
    document: Opened,
    text: str,
    *,
    comment: bool = False,
    by: str | None = None,
    at: str | None = None,
    reason: str | None = None,
) -> Mapping[str, Any]:
    """Return the data of a document with one more note or comment; see `add_note`."""
    if not document.kind.is_record:
        raise Refused(
            f"{document.id} has no timeline: it is {a_kind(document.kind)}",
            f"itsm set {document.id} description=TEXT, or itsm log {document.id} for its history in Git",
        )
    if not text.strip():
        raise UsageError("the note is empty", f'itsm note {document.id} "what happened"')
    refuse_closed(document, ["timeline"], "adding to the timeline")
    about = occasion(acting(repo, by), at, reason, repo.config.timezone)
    told = timeline_entry(document, about, **{"comment" if comment else "note": text.strip()})
    return {**document.data, "timeline": [*document.data.get("timeline", ()), told]}


def correct(
    repo: Repository,
    fragment: str,
    wrong: str,
    right: str,
    reason: str,
    *,
    by: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Record that the timeline entries written at ``wrong`` happened at ``right``, and why.

    Both are times of the repository's zone; the entries stay as they are and a new one gives the right time. Raises
    UsageError for an invalid time or a missing reason, Refused where no entry has that time.
    """
    document = open_document(repo, fragment)
    if not document.kind.is_record:
        raise Refused(f"{document.id} has no timeline: it is {a_kind(document.kind)}")
    zone = repo.config.timezone
    about = Occasion(acting(repo, by), past_moment(right, zone), typed_text(reason).strip())
    if not about.reason:
        raise UsageError("a correction needs a reason", "--reason TEXT")
    refuse_closed(document, ["timeline"], "adding to the timeline")
    written = read_time(wrong, zone)
    if written is None:
        raise UsageError(f"'{wrong}' is not a time", "take it from the timeline: itsm show")
    told = correction(document, written, about)
    new = {**document.data, "timeline": [*document.data.get("timeline", ()), told]}
    return save(repo, document, new, dry_run=dry_run)
