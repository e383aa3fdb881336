"""`itsm deploy`: a pipeline asks whether it may, says that it begins, and says how it ended.

Each of the three may be repeated, because pipelines are: beginning twice is beginning once, and an end that is recorded already
is not recorded again. A deployment is known by its change, its environment and its run (the address of the pipeline).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from itsm_gitops.editing.change import Rewrite, Written, prepare, write, written
from itsm_gitops.editing.create import NewDocument, start, text_of
from itsm_gitops.editing.move import moved
from itsm_gitops.editing.opening import Opened, open_document
from itsm_gitops.editing.validation import judged
from itsm_gitops.gate.readiness import DeployedContent, Readiness, readiness
from itsm_gitops.git.actor import acting
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.diff import diff
from itsm_gitops.model.errors import NotFound, Refused
from itsm_gitops.model.kinds import Kind
from itsm_gitops.repository import Repository

SUCCESSFUL, FAILED, ROLLED_BACK = "successful", "failed", "rolled_back"
# What the outcome of a deployment says of its change; a failure leaves it open: it is tried again, or rolled back.
_OUTCOMES = {SUCCESSFUL: "successful", ROLLED_BACK: "backed_out"}
_CHANGE = "change"  # the field of a deployment that names what authorised it
_SAME = ("service", "cis")  # fields that a deployment takes over from its change
OUTCOMES = (SUCCESSFUL, FAILED, ROLLED_BACK)


class DeploymentRun(NamedTuple):
    """One run of a pipeline: where it deploys to, its address, what it deploys."""

    environment: str = ""
    pipeline: str = ""
    version: str = ""
    commit: str = ""


def begin(
    repo: Repository,
    fragment: str,
    content: DeployedContent,
    *,
    by: str | None = None,
    revision: str = "",
    dry_run: bool = False,
) -> tuple[Readiness, Written]:
    """Say that the work of a change begins: it becomes running, and its actual start is now.

    A change that is running already stays as it is. Raises Refused where it may not be carried out now.
    """
    found = readiness(repo, fragment, content, revision=revision)
    document = open_document(repo, found.change)
    if not found.good:
        lacking = [c for c in found.conditions if not c.good]
        raise Refused(
            f"{found.change} may not be carried out now: {'; '.join(c.message for c in lacking)}",
            "\n".join(dict.fromkeys(c.hint for c in lacking if c.hint)),
        )
    new = dict(document.data)
    if not facts.state_plays(document.kind, document.data.get(document.kind.state_field), meaning.RUNNING):
        new = moved(repo, document, _next(document, meaning.RUNNING), by=by)
        new.setdefault("actual_start", clock.format_time(clock.now()))
    return found, _save(repo, document, new, dry_run=dry_run)


def finish(
    repo: Repository,
    fragment: str,
    outcome: str,
    run: DeploymentRun,
    *,
    note: str = "",
    by: str | None = None,
    dry_run: bool = False,
) -> list[Written]:
    """Record how a deployment ended, and what that makes of the change; returns both documents.

    A success and a roll-back end the work; after a failure the change stays running. Raises Refused for a change on which no
    work is going on. A run that is recorded already changes nothing.
    """
    change = open_document(repo, fragment)
    known = _recorded(repo, change.id, run, outcome)
    if known is not None:
        return [_unchanged(known), _unchanged(change)]
    state = change.data.get(change.kind.state_field)
    if not facts.state_plays(change.kind, state, meaning.RUNNING):
        raise Refused(
            f"no work is going on for {change.id}: it is '{state}'",
            f"itsm deploy start {change.id} comes first",
        )
    record = _record(repo, change, outcome, run, note, acting(repo, by))
    new = dict(change.data)
    if outcome in _OUTCOMES:
        now = clock.format_time(clock.now())
        new = {
            **new,
            "actual_end": now,
            "outcome": _OUTCOMES[outcome],
            **({"close_notes": note} if note else {}),
        }
        new = moved(repo, change._replace(data=new), _next(change, meaning.CARRIED_OUT), by=by)
    return _save_both(repo, record, change, new, dry_run=dry_run)


def _next(document: Opened, role: str) -> str:
    """Return the state with a role that follows the present one; raises Refused where none does."""
    flow = document.kind.workflow
    state = str(document.data.get(document.kind.state_field))
    for step in flow.steps_from(state, document.data) if flow else ():
        if facts.state_plays(document.kind, step.target, role):
            return step.target
    raise Refused(
        f"from '{state}' no step of {document.id} leads to work that is {role.replace('_', ' ')}",
        f"itsm show {document.id}",
    )


def _kind(repo: Repository) -> Kind:
    kind = repo.book.player(meaning.DEPLOYMENT)
    if kind is None:
        raise NotFound(
            "no kind of this rule book plays the role deployment",
            "x-itsm: {plays: [deployment]} says which one does",
        )
    return kind


def _recorded(repo: Repository, change: str, run: DeploymentRun, outcome: str) -> Opened | None:
    """Return the record of this run, where there is one with this outcome; a run without an address is never known."""
    kind = _kind(repo)
    store = repo.store()
    for entry in store.of_kinds([kind.name]) if run.pipeline else ():
        data = store.data(entry.id)
        same = data.get(_CHANGE) == change and data.get("pipeline") == run.pipeline
        if (
            same
            and data.get("environment") == (run.environment or _usual(kind))
            and data.get("outcome") == outcome
        ):
            return open_document(repo, entry.id)
    return None


def _usual(kind: Kind) -> str:
    """Return the environment that is meant where none is named: the first of the schema."""
    return str((kind.fields.get("environment", {}).get("enum") or [""])[0])


def _record(
    repo: Repository, change: Opened, outcome: str, run: DeploymentRun, note: str, by: str
) -> NewDocument:
    kind = _kind(repo)
    record = start(repo, kind.name, by=by)
    now = clock.format_time(clock.now())
    values = {
        "title": f"{change.data.get('title')}: {outcome.replace('_', ' ')}",
        **{field: change.data.get(field) for field in _SAME},
        _CHANGE: change.id,
        "environment": run.environment or _usual(kind),
        "version": run.version,
        "deployed_by": change.data.get("assigned_team") or by,
        "started_at": change.data.get("actual_start") or now,
        "finished_at": now,
        "outcome": outcome,
        "commit": run.commit,
        "pipeline": run.pipeline,
        "notes": note,
    }
    known = {k: v for k, v in values.items() if v and k in kind.fields}
    merged: dict[str, Any] = {**record.data, **known}
    record.data = {k: merged[k] for k in (*kind.keys, *merged) if k in merged}
    return record


def _save(repo: Repository, document: Opened, new: dict[str, Any], *, dry_run: bool) -> Written:
    prepared = prepare(document, new)
    if prepared.changes:
        judged(repo, {document.path: prepared.raw}, {document.path: document.raw})
    return write(repo, prepared, dry_run=dry_run)


def _save_both(
    repo: Repository, record: NewDocument, change: Opened, new: dict[str, Any], *, dry_run: bool
) -> list[Written]:
    """Judge the record and the change together, and write both or neither."""
    from itsm_gitops.editing.migrate import all_or_nothing

    edit = prepare(change, new)
    added = Rewrite(record.opened, record.data, text_of(record), tuple(diff({}, record.data)))
    edits = [added, *([edit] if edit.changes else [])]
    before = {e.document.path: e.document.raw for e in edits if e.document.raw}
    judged(repo, {e.document.path: e.raw for e in edits}, before)
    if not dry_run:
        with all_or_nothing(repo.root) as undo:
            for each in edits:
                undo.write(each.document.path, each.raw, each.document.raw or None)
    return [_said(e, not dry_run) for e in (added, edit)]


def _said(edit: Rewrite, done: bool) -> Written:
    document = edit.document
    changed = done and bool(edit.changes)
    return written(document.id, document.path, document.kind, edit.data, edit.changes, changed)


def _unchanged(document: Opened) -> Written:
    return written(document.id, document.path, document.kind, document.data, (), False)
