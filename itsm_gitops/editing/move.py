"""`itsm move`: one step in a life cycle, with everything the target state demands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from itsm_gitops.editing.assign import apply, reader
from itsm_gitops.editing.change import Written, save
from itsm_gitops.editing.fields import Assignment
from itsm_gitops.editing.opening import Opened, open_document
from itsm_gitops.editing.steps import MissingField, Step, code_field, needs, next_steps, prose_field, state_of
from itsm_gitops.editing.tracking import Occasion, differences, occasion, refuse_unreasoned, timeline_entry
from itsm_gitops.git.actor import acting
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.errors import ItsmError, NotFound, Refused, did_you_mean
from itsm_gitops.model.guards import stops
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.subjects import DocumentSubject, Item
from itsm_gitops.model.text import typed_text
from itsm_gitops.model.timeline import SET, STATE, WAS
from itsm_gitops.model.words import a_kind
from itsm_gitops.model.workflow import Transition, Workflow

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_IN_USE_SINCE = "in_production_since"  # the field of an item that keeps the day


class Missing(Refused):
    """The target state demands fields that the document does not have; ``needs`` lists them."""

    def __init__(self, document: Opened, state: str, missing: Sequence[MissingField]) -> None:
        lines = [line for need in missing for line in _advice(need)]
        super().__init__(
            f"{document.id} cannot become '{state}' yet: missing {', '.join(n.field for n in missing)}",
            "\n".join(["add", *lines]),
        )
        self.kind = document.kind
        self.needs = tuple(missing)


def _advice(need: MissingField) -> list[str]:
    lines = [f"  {need.option}", f"      {need.description}"]
    return lines + ([f"      one of: {', '.join(need.values)}"] if need.values else [])


def move(
    repo: Repository,
    fragment: str,
    target: str,
    assignments: Sequence[Assignment] = (),
    *,
    code: str | None = None,
    note: str | None = None,
    by: str | None = None,
    at: str | None = None,
    reason: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Move a document to another state and return what changed.

    ``assignments`` set fields on the way, ``code`` the coded reason that the state demands,
    ``note`` adds a note to the timeline. ``at`` is an earlier time at which it happened (in the
    repository's zone); it requires a ``reason``. Fields that the step clears stay in the timeline. Raises
    NotFound for an unknown state, Refused for a step that the life cycle does not have, Missing where
    fields are missing, Rejected where rules are broken.
    """
    document = open_document(repo, fragment)
    new = moved(repo, document, target, assignments, code=code, note=note, by=by, at=at, reason=reason)
    return save(repo, document, new, dry_run=dry_run)


def moved(
    repo: Repository,
    document: Opened,
    target: str,
    assignments: Sequence[Assignment] = (),
    *,
    code: str | None = None,
    note: str | None = None,
    by: str | None = None,
    at: str | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """Return the data of a document after a step, as `move` writes it; raises as `move` does, but judges no rules."""
    workflow, target = find_state(document, target)
    data = apply(document, reader(repo), assignments, moving=True)
    step = _transition(document, workflow, target, data, partial(_item, repo))
    _refuse_stopped(repo, document, step)
    if code is not None:
        data = _with_code(repo, document, target, data, code, step)
    cleared = _cleared(step, assignments)
    if note:
        data, note = _with_note(document, target, data, typed_text(note), cleared)
    missing = needs(document.kind, target, data, cleared)
    if missing:
        raise Missing(document, target, missing)
    if (at or reason) and not document.kind.is_record:
        raise Refused(f"{document.id} has no timeline: its history is in Git", f"itsm log {document.id}")
    about = occasion(acting(repo, by), at, reason, repo.config.timezone)
    new = stepped(document, data, target, about, note, cleared)
    _refuse_undecided(repo, document, new)
    return new


def _refuse_undecided(repo: Repository, document: Opened, new: dict[str, Any]) -> None:
    """Refuse a step into work where the policy wants a decision first; what is in work already stays as it is."""
    from itsm_gitops.model.decisions import firm_states, undecided

    if state_of(document.kind, document.data) in firm_states(document.kind):
        return
    lacking = undecided(repo.book, document.kind, new, lambda name: _item(repo, name))
    if lacking:
        rule, through = lacking
        raise Refused(
            f"{document.id} needs an approval before work on it begins ({rule})",
            f"ask for it: it has to be {' or '.join(repr(s) for s in through)} first\n{allowed_from(document)}",
        )


def _item(repo: Repository, identifier: str) -> Mapping[str, Any] | None:
    """Return the data of an item of exactly this name; None where there is no usable one."""
    try:
        data = repo.document(identifier).data
    except ItsmError:
        return None
    return data if isinstance(data, dict) and data.get("id") == identifier else None


def open_moves(repo: Repository, fragment: str) -> list[Step]:
    """Return the steps that a document can take now, with what each still needs."""
    document = open_document(repo, fragment)
    return next_steps(document.kind, document.data)


def find_state(document: Opened, word: str) -> tuple[Workflow, str]:
    """Return the life cycle and the state that ``word`` names: a state, its title or a transition.

    Raises Refused for a kind without states and NotFound for an unknown one.
    """
    workflow = document.kind.workflow
    if workflow is None:
        raise Refused(f"{document.id} has no states: {a_kind(document.kind)} has no life cycle")
    wanted = word.strip().lower().replace("-", "_").replace(" ", "_")
    if wanted in workflow.states:
        return workflow, wanted
    for step in workflow.steps_from(state_of(document.kind, document.data), document.data):
        if wanted in (step.name, workflow.states[step.target].title.lower().replace(" ", "_")):
            return workflow, step.target
    near = did_you_mean(word, workflow.states)
    states = f"states: {', '.join(workflow.states)}"
    hint = "\n".join([*([near] if near else []), states, allowed_from(document)])
    raise NotFound(f"{a_kind(document.kind)} has no state '{word}'", hint)


def _refuse_stopped(repo: Repository, document: Opened, step: Transition) -> None:
    """Refuse a step past a stop sign; one that the step itself would take away is up as well."""
    workflow = document.kind.workflow
    if workflow is None:
        return
    subject = DocumentSubject(document.data, partial(_item, repo), now=clock.now())
    signs = list(stops([*workflow.refuse, *step.refuse], step.target, subject))
    if signs:
        raise Refused(
            f"{document.id} cannot become '{step.target}': {'; '.join(s.message for s in signs)}",
            "\n".join(dict.fromkeys(s.hint for s in signs if s.hint)) or allowed_from(document),
        )


def _transition(
    document: Opened, workflow: Workflow, target: str, data: Mapping[str, Any], item: Item
) -> Transition:
    state = state_of(document.kind, document.data)
    step = workflow.step(state, target, data, DocumentSubject(data, item))
    if step is not None:
        return step
    if state == target:
        raise Refused(f"{document.id} is already '{target}'", allowed_from(document))
    raise Refused(f"{document.id} cannot go from '{state}' to '{target}'", allowed_from(document))


def allowed_from(document: Opened) -> str:
    """Say which states a document can reach now and what each still needs, one a line."""
    steps = next_steps(document.kind, document.data)
    state = state_of(document.kind, document.data)
    if not steps:
        return f"'{state}' is final: nothing follows it"
    width = max(len(s.state) for s in steps)
    lines = [f"  {s.state.ljust(width)}  {_wants(s)}".rstrip() for s in steps]
    return "\n".join([f"allowed from '{state}':", *lines])


def _wants(step: Step) -> str:
    return f"needs {', '.join(n.field for n in step.needs)}" if step.needs else ""


def _with_code(
    repo: Repository, document: Opened, target: str, data: dict[str, Any], code: str, step: Transition
) -> dict[str, Any]:
    left = {k: v for k, v in data.items() if k not in step.clear}
    field = code_field(document.kind, target, left)
    if not field:
        raise Refused(f"'{target}' demands no code", "use --set field=value for other fields")
    value = reader(repo).value(document.kind.fields[field], code, field)
    return {**data, field: value}


def _with_note(
    document: Opened, target: str, data: dict[str, Any], note: str, cleared: tuple[str, ...]
) -> tuple[dict[str, Any], str | None]:
    """Let the note be the prose that the state demands, where it demands exactly one and has none.

    Returns the data and what is left to write into the timeline.
    """
    field = prose_field(document.kind, [n.field for n in needs(document.kind, target, data, cleared)])
    return ({**data, field: note}, None) if field else (data, note)


def _cleared(step: Transition, assignments: Sequence[Assignment]) -> tuple[str, ...]:
    """Return the fields that the step removes, without those given on the way."""
    given = {a.path[0] for a in assignments}
    return tuple(f for f in step.clear if f not in given)


def _begins(kind: Kind, target: str, data: Mapping[str, Any]) -> bool:
    """Whether an item goes into production for the first time, and its class keeps the day."""
    known = _IN_USE_SINCE in kind.fields and _IN_USE_SINCE not in data
    return known and not kind.is_record and facts.state_plays(kind, target, meaning.PRODUCTION)


def stepped(
    document: Opened,
    data: Mapping[str, Any],
    target: str,
    about: Occasion,
    note: str | None,
    cleared: Sequence[str],
) -> dict[str, Any]:
    """Return a document's data after a step: new state, cleared fields, timeline entries.

    The entry of the step holds the new values of tracked fields and the former values of cleared ones. Raises Refused
    where the life cycle requires a reason for them.
    """
    new = {k: v for k, v in data.items() if k not in cleared}
    new[document.kind.state_field] = target
    if _begins(document.kind, target, new):
        new[_IN_USE_SINCE] = clock.now().date().isoformat()
    if document.kind.is_record:
        values, old = differences(document, new, cleared)
        tracked = [f for f in (*values, *old) if f not in cleared]
        refuse_unreasoned(document, document.kind.workflow, tracked, about.reason)
        step = timeline_entry(document, about, state=target, **{SET: values, WAS: old})
        new["timeline"] = [*new.get("timeline", ()), step]
        if note:
            told = {key: value for key, value in step.items() if key not in (STATE, SET, WAS)}
            new["timeline"].append({**told, "note": note})
    return new
