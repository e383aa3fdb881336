"""Applying ``field=value`` assignments to the data of a document."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itsm_gitops.editing.fields import APPEND, SET, UNSET, Assignment, Reader, schema_at, schema_type
from itsm_gitops.editing.identifiers import resolve_reference
from itsm_gitops.editing.opening import Opened, open_document
from itsm_gitops.model import ids
from itsm_gitops.model.diff import same
from itsm_gitops.model.errors import NotFound, Refused, UsageError, did_you_mean
from itsm_gitops.model.words import a_kind

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

# The fields that rule S011 compares: what was asked for, and the answers to its form.
OFFERING, ANSWERS = "offering", "answers"


def reader(repo: Repository) -> Reader:
    """Return the reader of values for a repository: its time zone, its identifiers."""
    return Reader(
        repo.config.timezone,
        lambda reference, text: resolve_reference(repo, reference, text),
        lambda data: questions_of(repo, data),
    )


def questions_of(repo: Repository, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the questions of the form of the offering that a document asks for; None without a form.

    Raises ItsmError if the offering cannot be read: then nothing could judge the answers.
    """
    offering = data.get(OFFERING)
    if not isinstance(offering, str) or not ids.is_item_id(offering):
        return None
    try:
        form = open_document(repo, offering).data.get("form")
    except NotFound:
        return None  # the missing offering is a finding when the result is judged
    questions = form.get("properties") if isinstance(form, dict) else None
    return questions if isinstance(questions, dict) else None


def apply(
    document: Opened,
    values: Reader,
    assignments: Sequence[Assignment],
    *,
    moving: bool = False,
    fresh: bool = False,
) -> dict[str, Any]:
    """Return a document's data with the assignments made, in order.

    ``moving`` allows what a step may do; ``fresh`` is for a document that is not written yet, of
    which nothing is immutable. Answers to a question that takes several add up. Raises NotFound for unknown fields,
    UsageError for values that do not fit and for a field that gets two, Refused for fields that have a command of their
    own or never change.
    """
    data = copy.deepcopy(document.data)
    given: dict[tuple[str, ...], Assignment] = {}
    # Answers last: the offering, which may be given behind them, says what type each has.
    for assignment in sorted(assignments, key=lambda a: a.path[0] == ANSWERS):
        refuse_protected(document, assignment, fresh=fresh, moving=moving)
        schema = _question(data, assignment, values) or schema_at(document.kind, assignment.path)
        if assignment.action == SET:
            first = given.setdefault(assignment.path, assignment)
            assignment = _once_more(first, assignment, schema)
        _assign(data, assignment, schema, values)
    return data


def _once_more(first: Assignment, assignment: Assignment, schema: Mapping[str, Any]) -> Assignment:
    """Return an assignment to a field that an earlier one set; raises UsageError where one of them would be lost."""
    if first is assignment or first.text == assignment.text:
        return assignment
    if assignment.path[0] == ANSWERS and schema_type(schema) == "array":
        return assignment._replace(action=APPEND)
    name = ".".join(assignment.path)
    raise UsageError(f"{name} is given twice: '{first.text}' and '{assignment.text}'", "give it once")


def _question(data: Mapping[str, Any], assignment: Assignment, values: Reader) -> Mapping[str, Any] | None:
    """Return the question that an assignment answers; raises NotFound for one that the form does not ask."""
    if assignment.path[0] != ANSWERS or len(assignment.path) != 2:
        return None
    questions = values.questions(data)
    if questions is None:
        return None
    name = assignment.path[1]
    if name not in questions and assignment.action != UNSET:
        asked = did_you_mean(name, questions) or f"it asks: {', '.join(questions)}"
        raise NotFound(f"the form of {data[OFFERING]} does not ask '{name}'", asked)
    question = questions.get(name)
    return question if isinstance(question, dict) else None


def refuse_protected(document: Opened, assignment: Assignment, *, fresh: bool, moving: bool) -> None:
    """Raise Refused for fields that only the tools set, that another command sets, or that are fixed."""
    kind, field = document.kind, assignment.path[0]
    if field == kind.state_field and kind.workflow is not None and not (fresh and not kind.is_record):
        hint = f"itsm move {document.id} {assignment.text or 'STATE'}"
        raise Refused(
            f"'{field}' changes through the life cycle", hint if not fresh else "itsm move, once it exists"
        )
    if field == "links":
        raise Refused("links have their own commands", f"itsm link {document.id} TYPE TARGET; itsm unlink …")
    if field == "timeline":
        raise Refused("the timeline only grows", f"itsm note {document.id} TEXT adds a note")
    if kind.fields.get(field, {}).get("x-fixed"):
        raise Refused(f"'{field}' is set by the tools and never changes")
    immutable = kind.workflow.immutable if kind.workflow else ()
    if field in immutable and field in document.data and not fresh:
        hint = "a note can say what was meant: itsm note" if not moving else ""
        raise Refused(f"'{field}' of {a_kind(kind)} never changes once written", hint)


def _assign(data: dict[str, Any], assignment: Assignment, schema: Mapping[str, Any], values: Reader) -> None:
    name = ".".join(assignment.path)
    holder = _holder(data, assignment, name)
    key = assignment.path[-1]
    if assignment.action == SET:
        holder[key] = values.value(schema, assignment.text, name)
    elif assignment.action == UNSET:
        if key not in holder:
            raise UsageError(f"'{name}' is not set, so it cannot be removed")
        del holder[key]
    else:
        holder[key] = _changed_list(holder.get(key, []), assignment, schema, values, name)
        if not holder[key]:
            del holder[key]
    _prune(data, assignment.path[:-1])


def _holder(data: dict[str, Any], assignment: Assignment, name: str) -> dict[str, Any]:
    """Return the mapping that holds the last step of a dotted name, made where it is missing."""
    holder = data
    for step in assignment.path[:-1]:
        inner = holder.setdefault(step, {})
        if not isinstance(inner, dict):
            raise UsageError(f"'{name}' cannot be reached: '{step}' is not a group of fields")
        holder = inner
    return holder


def _prune(data: dict[str, Any], path: Sequence[str]) -> None:
    """Remove groups of fields that became empty."""
    for depth in range(len(path), 0, -1):
        holder = data
        for step in path[: depth - 1]:
            holder = holder[step]
        if holder.get(path[depth - 1]) == {}:
            del holder[path[depth - 1]]


def _changed_list(
    old: Any, assignment: Assignment, schema: Mapping[str, Any], values: Reader, name: str
) -> list[Any]:
    if schema_type(schema) not in ("array", "") or not isinstance(old, list):
        raise UsageError(f"'{name}' is not a list", f"write {name}=value")
    if assignment.action == APPEND:
        given = values.value({**schema, "type": "array"}, assignment.text, name)
        return [*old, *(v for v in given if not any(same(v, o) for o in old))]
    gone = [part.strip() for part in assignment.text.split(",")]
    absent = [part for part in gone if part not in map(str, old)]
    if absent:
        holds = ", ".join(map(str, old)) or "nothing"
        raise UsageError(f"'{name}' does not hold '{absent[0]}'", f"it holds: {holds}")
    return [o for o in old if str(o) not in gone]
