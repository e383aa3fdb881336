"""What can happen next to a document, and what each step still needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from itsm_gitops.editing.fields import expected, schema_type
from itsm_gitops.model.kinds import Kind


class MissingField(NamedTuple):
    """A field that a state demands and the document does not have yet.

    ``option`` supplies it on a command line; ``values`` are what it may be, where that is a choice.
    """

    field: str
    description: str
    option: str
    values: tuple[str, ...] = ()


class Step(NamedTuple):
    """One state that can be reached now. ``name`` is the transition's, ``needs`` what is missing."""

    state: str
    name: str
    title: str
    needs: tuple[MissingField, ...]

    def command(self, identifier: str) -> str:
        """Return the command line that makes the step, with placeholders for what is missing."""
        return " ".join([f"itsm move {identifier} {self.state}", *(n.option for n in self.needs)])


def state_of(kind: Kind, data: Mapping[str, Any]) -> str:
    """Return the state of a document; empty where its kind has none or it does not say."""
    value = data.get(kind.state_field)
    return value if isinstance(value, str) else ""


def next_steps(kind: Kind, data: Mapping[str, Any]) -> list[Step]:
    """Return the states that can be reached from the present one, in the life cycle's order."""
    if kind.workflow is None:
        return []
    steps = kind.workflow.steps_from(state_of(kind, data), data)
    return [Step(t.target, t.name, t.title, needs(kind, t.target, data, t.clear)) for t in steps]


def needs(
    kind: Kind, state: str, data: Mapping[str, Any], cleared: tuple[str, ...] = ()
) -> tuple[MissingField, ...]:
    """Return what ``state`` demands and the document lacks once ``cleared`` fields are gone."""
    if kind.workflow is None:
        return ()
    left = {k: v for k, v in data.items() if k not in cleared}
    missing = kind.workflow.missing(state, left)
    code = code_field(kind, state, left)
    prose = prose_field(kind, missing)
    return tuple(_need(kind, f, f == code, f == prose) for f in missing)


def prose_field(kind: Kind, missing: Iterable[str]) -> str:
    """Return the one missing field that a note can be (what was done, why); empty where not one."""
    found = [f for f in missing if f.endswith(("_notes", "_reason")) and "enum" not in kind.fields.get(f, {})]
    return found[0] if len(found) == 1 else ""


def code_field(kind: Kind, state: str, data: Mapping[str, Any]) -> str:
    """Return the field that ``--code`` means on the way to ``state``; empty where there is none.

    It is the coded reason that the state demands (how it was resolved, why it waits, how it
    ended), whatever the kind calls it; one that is still missing comes first.
    """
    if kind.workflow is None:
        return ""
    coded = [f for f in kind.workflow.required(state, data) if kind.fields.get(f, {}).get("enum")]
    own = [f for f in coded if f not in kind.required]
    return next((f for f in own if f not in data), own[0] if own else "")


def _need(kind: Kind, field: str, coded: bool, prose: bool) -> MissingField:
    schema = kind.fields.get(field, {})
    values = tuple(str(v) for v in schema.get("enum", ()))
    option = f"--set {field}={_placeholder(schema)}"
    if coded:
        option = "--code CODE"
    elif prose:
        option = "--note TEXT"
    elif schema_type(schema) == "object" and schema.get("properties"):
        parts = schema.get("required") or list(schema["properties"])[:1]
        option = " ".join(f"--set {field}.{p}={_placeholder(schema['properties'].get(p, {}))}" for p in parts)
    return MissingField(field, str(schema.get("description", "")), option, values)


def _placeholder(schema: Mapping[str, Any]) -> str:
    if schema.get("enum"):
        return "VALUE"
    text = expected(schema).removesuffix(" ID")
    return f"'{text}'" if any(c in text for c in " |<>") else text
