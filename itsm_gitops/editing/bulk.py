"""One edit of many documents: all of them or none, judged together as a single one is.

Every document is changed in memory first. What one of them refuses refuses all, each with its reason; what the rules
say is asked of all results at once, so that they may depend on each other. Then all files are written; where one
cannot be, those before it are put back as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from itsm_gitops.editing.change import Rewrite, Written, prepare, refuse_escape, write, written
from itsm_gitops.editing.opening import Opened, open_document
from itsm_gitops.editing.validation import judged
from itsm_gitops.model.errors import ItsmError, Refused
from itsm_gitops.model.words import counted

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_NAMED = 8

Pending = Mapping[str, Mapping[str, Any]]
# Returns the document that an edit of another one changes, and its new data; what is changed so far is given by path.
Edit = Callable[[Opened, Pending], tuple[Opened, Mapping[str, Any]]]


def change_all(
    repo: Repository, identifiers: Sequence[str], edit: Edit, *, dry_run: bool = False
) -> list[Written]:
    """Make one edit in many documents and return what became of each that it changes, in their order.

    Raises Refused that names each document which refuses, Rejected where the results break rules, and whatever a
    write raises; nothing is changed then.
    """
    opened: dict[str, Opened] = {}
    pending: dict[str, Mapping[str, Any]] = {}
    reasons: list[str] = []
    for identifier in identifiers:
        try:
            document, data = edit(open_document(repo, identifier), pending)
        except ItsmError as error:
            reasons.append(f"{identifier}: {error.message}")
            continue
        opened.setdefault(document.path, document)
        pending[document.path] = data
    if reasons:
        more = [f"and {len(reasons) - _NAMED} more"] if len(reasons) > _NAMED else []
        refused = f"{len(reasons)} of {counted(len(identifiers), 'document')} cannot be changed so; nothing was written"
        raise Refused(refused, "\n".join([*reasons[:_NAMED], *more]))
    for path, document in opened.items():
        refuse_escape(document, pending[path])
    edits = [prepare(document, pending[path]) for path, document in opened.items()]
    return _save(repo, [e for e in edits if e.changes], dry_run=dry_run)


def _save(repo: Repository, edits: Sequence[Rewrite], *, dry_run: bool) -> list[Written]:
    found = judged(
        repo,
        {e.document.path: e.raw for e in edits},
        {e.document.path: e.document.raw for e in edits},
    )
    done = [_described(e) for e in edits] if dry_run else _written(repo, edits)
    return [replace(w, findings=tuple(f for f in found if f.path == w.path)) for w in done]


def _described(edit: Rewrite) -> Written:
    document = edit.document
    return written(document.id, document.path, document.kind, edit.data, edit.changes, done=False)


def _written(repo: Repository, edits: Sequence[Rewrite]) -> list[Written]:
    from itsm_gitops.documents import write_atomic

    done: list[Written] = []
    try:
        for edit in edits:
            done.append(write(repo, edit))  # noqa: PERF401 - what is done must be known when one fails
    except BaseException:
        for edit in reversed(edits[: len(done)]):
            write_atomic(repo.root / edit.document.path, edit.document.raw, expected=edit.raw)
        raise
    return done
