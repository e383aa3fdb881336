"""Changing one document: compute the new data, refuse what the rules refuse, splice, write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.editing.opening import Opened
from itsm_gitops.editing.steps import Step, next_steps, state_of
from itsm_gitops.editing.validation import judged
from itsm_gitops.model.diff import ADD, REMOVE, Change, align, diff, identity, same
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.findings import Finding, Pointer
from itsm_gitops.model.kinds import Kind

if TYPE_CHECKING:
    from itsm_gitops.documents import Edit
    from itsm_gitops.repository import Repository


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a document.

    ``written`` is False for a dry run and where nothing changed. ``findings`` are warnings that
    the document did not have before.
    """

    id: str
    kind: str
    path: str
    title: str
    state: str
    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    written: bool
    findings: tuple[Finding, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON data."""
        return {
            "id": self.id,
            "kind": self.kind,
            "path": self.path,
            "title": self.title,
            "state": self.state,
            "written": self.written,
            "changes": [change_json(c) for c in self.changes],
            "warnings": [{"code": f.code, "message": f.message, "hint": f.hint} for f in self.findings],
            "next": [{"state": s.state, "needs": [n.field for n in s.needs]} for s in self.steps],
        }


def change_json(change: Change) -> dict[str, Any]:
    """Return one change as JSON data; the side that does not exist is left out."""
    found: dict[str, Any] = {"pointer": list(change.pointer), "op": change.op}
    if change.op != ADD:
        found["old"] = change.old
    if change.op != REMOVE:
        found["new"] = change.new
    return found


def refuse_closed(document: Opened, fields: Sequence[str], action: str) -> None:
    """Raise Refused where a document in a terminal state may no longer change in these fields."""
    workflow = document.kind.workflow
    state = state_of(document.kind, document.data)
    if workflow is None or not workflow.is_terminal(state):
        return
    closed = [f for f in fields if f not in workflow.editable_when_closed]
    if closed:
        allowed = ", ".join(workflow.editable_when_closed) or "nothing"
        raise Refused(
            f"{document.id} is {state.replace('_', ' ')}: {action} is not allowed",
            f"in this state only these may change: {allowed}\n"
            f"itsm new {document.kind.name} --link follows_up:{document.id} records what comes after",
        )


class Rewrite(NamedTuple):
    """A document, its new data, and the bytes it becomes; ``changes`` is empty where nothing changes."""

    document: Opened
    data: Mapping[str, Any]
    raw: bytes
    changes: tuple[Change, ...]


def save(repo: Repository, document: Opened, new: Mapping[str, Any], *, dry_run: bool = False) -> Written:
    """Write a document's new data over its old and say what changed.

    Only the changed values are spliced in; every other byte stays. Raises Rejected where the
    result breaks rules that the old document kept, ChangedMeanwhile where the file on disk is
    no longer the one that was read.
    """
    refuse_escape(document, new)
    prepared = prepare(document, new)
    found: list[Finding] = []
    if prepared.changes:
        found = judged(repo, {document.path: prepared.raw}, {document.path: document.raw})
    return replace(write(repo, prepared, dry_run=dry_run), findings=tuple(found))


def refuse_escape(document: Opened, new: Mapping[str, Any]) -> None:
    """Refuse an edit that lifts a demand on a finished record."""
    from itsm_gitops.model.owing import escapes

    workflow = document.kind.workflow
    for escape in escapes(workflow, document.data, new) if workflow else ():
        raise Refused(
            f"{document.id} needs '{escape.field}' because {escape.because}; this edit cannot lift that demand",
            f"write it first: itsm set {document.id} {escape.field}=…",
        )


def prepare(document: Opened, new: Mapping[str, Any]) -> Rewrite:
    """Splice new data into a document's text; raises Refused where that would say something else."""
    from itsm_gitops.documents import edit, load

    changes = tuple(diff(document.data, new))
    if not changes:
        return Rewrite(document, new, document.raw, ())
    raw = edit(document.raw, edits_between(document.data, new), document.kind.keys)
    if not same(load(raw).data, new):
        raise Refused(f"{document.path} would say something else than was asked for", "nothing was written")
    return Rewrite(document, new, raw, changes)


def write(repo: Repository, prepared: Rewrite, *, dry_run: bool = False) -> Written:
    """Write a judged edit and say what changed; raises ChangedMeanwhile."""
    from itsm_gitops.documents import write_atomic

    document, changes = prepared.document, prepared.changes
    if changes and not dry_run:
        write_atomic(repo.root / document.path, prepared.raw, expected=document.raw)
    done = bool(changes) and not dry_run
    return written(document.id, document.path, document.kind, prepared.data, changes, done)


def written(
    identifier: str, path: str, kind: Kind, data: Mapping[str, Any], changes: Sequence[Change], done: bool
) -> Written:
    """Describe a document as it is now."""
    return Written(
        id=identifier,
        kind=kind.name,
        path=path,
        title=str(data.get(kind.label, "")),
        state=state_of(kind, data),
        changes=tuple(changes),
        steps=tuple(next_steps(kind, data)),
        written=done,
    )


def edits_between(old: Mapping[str, Any], new: Mapping[str, Any], at: Pointer = ()) -> list[Edit]:
    """Return the smallest edits that turn ``old`` into ``new``."""
    from itsm_gitops.documents import Remove, Set

    found: list[Edit] = []
    for key, value in new.items():
        before, here = old.get(key), (*at, key)
        if key in old and same(before, value):
            continue
        if isinstance(before, dict) and isinstance(value, dict) and before and value:
            found += edits_between(before, value, here)
        elif isinstance(before, list) and isinstance(value, list) and before and value:
            found += _list_edits(before, value, here)
        else:
            found.append(Set(here, value))
    found += [Remove((*at, key)) for key in old if key not in new]
    return found


def _list_edits(old: list[Any], new: list[Any], at: Pointer) -> list[Edit]:
    """Return edits of single items where the lists have items in common, else the whole list."""
    from itsm_gitops.documents import Append, Insert, Remove, Set

    if len(new) > len(old) and same(new[: len(old)], old):
        return [Append(at, value) for value in new[len(old) :]]
    pairs = align([identity(i) for i in old], [identity(i) for i in new])
    if not pairs:
        return [Set(at, new)]
    # From the last on: edits are made one after another, and each of them moves what follows.
    found: list[Edit] = []
    before, after = len(old), len(new)
    for i, j in [*reversed(pairs), (-1, -1)]:
        found += [Remove((*at, index)) for index in range(before - 1, i, -1)]
        found += [Insert((*at, i + 1), new[index]) for index in range(after - 1, j, -1)]
        if i >= 0 and not same(old[i], new[j]):
            whole = isinstance(old[i], dict) and isinstance(new[j], dict) and old[i] and new[j]
            found += edits_between(old[i], new[j], (*at, i)) if whole else [Set((*at, i), new[j])]
        before, after = i, j
    return found
