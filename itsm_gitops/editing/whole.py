"""`itsm edit`: a whole document in an editor, judged when it is saved; what was typed is kept until it is written.

The text that is edited lies in a file of its own (``.git/itsm/edits``), so that neither a refusal nor a terminal that
closes loses it. Beside it lies the document as it was when the edit began: it is written over that only.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.editing.change import Rewrite, Written, refuse_escape, write
from itsm_gitops.editing.opening import Opened, open_document, read_document
from itsm_gitops.editing.tracking import occasion, refuse_unreasoned, timeline_entry
from itsm_gitops.editing.validation import judged
from itsm_gitops.git.actor import acting
from itsm_gitops.model.diff import diff
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.timeline import SET, WAS
from itsm_gitops.model.tracked import untold

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_EDITS = "itsm/edits"


class WholeEdit(NamedTuple):
    """An edit that has begun: the document as it was then, the file with the text, and whether it continues an earlier one."""

    document: Opened
    draft: Path
    resumed: bool


def begin(repo: Repository, fragment: str, *, fresh: bool = False) -> WholeEdit:
    """Begin to edit a document, or go on where an earlier edit was left; ``fresh`` throws that away.

    Raises NotFound and Ambiguous for the document, Refused where there is no Git folder to keep the text in.
    """
    from itsm_gitops.git.absent import git_folder

    document = open_document(repo, fragment)
    git = git_folder(repo.root)
    if git is None:
        raise Refused("what is typed is kept in the Git folder, and there is none here", "git init")
    folder = git / _EDITS
    draft, base = folder / f"{document.id}.yaml", folder / f"{document.id}.base"
    if draft.exists() and base.exists() and not fresh:
        return WholeEdit(document._replace(raw=base.read_bytes()), draft, resumed=True)
    folder.mkdir(parents=True, exist_ok=True)
    base.write_bytes(document.raw)
    draft.write_bytes(document.raw)
    return WholeEdit(document, draft, resumed=False)


def finish_edit(
    repo: Repository,
    edit: WholeEdit,
    *,
    by: str | None = None,
    reason: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Judge what the draft says now and write it; what was kept is deleted then.

    Tracked fields that differ get an entry, as `set_fields` writes one, where the typed timeline has none. Raises
    ItsmError where the draft cannot be read, Refused where it is another document or lifts a demand, Rejected where
    rules are broken, ChangedMeanwhile where the document is not as it was when the edit began.
    """
    raw = edit.draft.read_bytes()
    document = edit.document
    before = read_document(repo.book, document.path, document.raw)
    after = read_document(repo.book, document.path, raw)
    for field in ("id", document.kind.tag):
        if after.data.get(field) != before.data.get(field):
            raise Refused(f"'{field}' of a document never changes", f"it is {before.data.get(field)}")
    refuse_escape(before, after.data)
    told = _untold(repo, before, after, by, reason)
    if told:
        raw = documents.edit(raw, [documents.Append(("timeline",), told)], document.kind.keys)
        after = read_document(repo.book, document.path, raw)
    found = judged(repo, {document.path: raw}, {document.path: document.raw}) if raw != document.raw else []
    done = write(
        repo, Rewrite(before, after.data, raw, tuple(diff(before.data, after.data))), dry_run=dry_run
    )
    if not done.changes and raw != document.raw and not dry_run:  # only comments, or another form of the same
        documents.write_atomic(repo.root / document.path, raw, expected=document.raw)
        done = replace(done, written=True)
    if not dry_run:
        discard(edit)
    return replace(done, findings=tuple(found))


def _untold(
    repo: Repository, before: Opened, after: Opened, by: str | None, reason: str | None
) -> dict[str, Any]:
    """Return the entry about tracked fields that were changed in the text; empty where the timeline has them all."""
    flow = before.kind.workflow
    if flow is None or not before.kind.is_record or not isinstance(after.data.get("timeline"), list):
        return {}
    new, old = untold(flow.track, after.data["timeline"], before.data, after.data)
    if not new and not old:
        return {}
    about = occasion(acting(repo, by), None, reason, repo.config.timezone)
    refuse_unreasoned(before, flow, list({**old, **new}), about.reason)
    return timeline_entry(after, about, **{SET: new, WAS: old})


def discard(edit: WholeEdit) -> None:
    """Delete what was kept of an edit."""
    edit.draft.unlink(missing_ok=True)
    edit.draft.with_suffix(".base").unlink(missing_ok=True)
