"""Family W: incidents that meet the criteria of major incidents, and what the rule book says of both (part of rule S022)."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model import meaning
from itsm_gitops.model.condition_names import Vocabulary, condition_misfits
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import WARNING
from itsm_gitops.model.major import is_undecided, major_policy
from itsm_gitops.model.rulebook import MAJOR_INCIDENTS
from itsm_gitops.model.timeline import value_in
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.context import DocumentContext
from itsm_gitops.rules.rule import ITEMS, Hit, Rule


def criteria_are_decided(ctx: DocumentContext) -> Iterator[Hit]:
    """Ask the criteria about incidents that are not finished and that nobody declared or declined."""
    policy = major_policy(ctx.book, ctx.kind)
    if policy is None or not is_undecided(policy, ctx.data):
        return
    state = ctx.data.get(ctx.flow.state_field)
    if not isinstance(state, str) or ctx.flow.is_terminal(state) or state not in ctx.flow.states:
        return
    because = policy.reason(ctx.subject)
    if because:
        pointer = tuple(policy.flow.state_field.split("."))
        place = pointer if value_in(ctx.data, policy.flow.state_field) else (ctx.flow.state_field,)
        yield Hit(f"this looks like a major incident because {because}", place)


def inner_life_names(ctx: BookContext, words: Vocabulary) -> Iterator[Hit]:
    """Look up the life cycles within documents: their files, their fields, and the values of these fields."""
    for path, schema, about in ctx.kinds():
        for index, name in enumerate(about.get("inner_workflows", ())):
            file = f"schemas/workflows/{name}.yaml"
            flow = ctx.data(file)
            if flow is None or ctx.refusals(file):
                yield Hit(
                    f"there is no life cycle '{name}' ({file})",
                    ("x-itsm", "inner_workflows", index),
                    "",
                    path,
                )
                continue
            yield from _field_of(
                file, flow, words.schemas.get(str(about.get("kind", about.get("class"))), schema)
            )


def _field_of(path: str, flow: dict[str, object], schema: object) -> Iterator[Hit]:
    field = str(flow.get("state_field", "state"))
    found: object = schema
    for step in field.split("."):
        parts = found.get("properties") if isinstance(found, dict) else None
        found = parts.get(step) if isinstance(parts, dict) else None
    if not isinstance(found, dict):
        yield Hit(
            f"there is no field '{field}'", ("state_field",), "name a tracked field, as major.state", path
        )
        return
    values, states = found.get("enum"), flow["states"]
    if not isinstance(values, list) or not isinstance(states, dict):
        return
    for state in states:
        if state not in values:
            hint = did_you_mean(str(state), [str(v) for v in values])
            yield Hit(f"{field} cannot be '{state}'", ("states", state), hint, path, at_key=True)


def criteria_names(ctx: BookContext, words: Vocabulary) -> Iterator[Hit]:
    """Look up the words of the criteria of major incidents, and their life cycle."""
    policy = ctx.data(MAJOR_INCIDENTS)
    if policy is None or ctx.refusals(MAJOR_INCIDENTS):
        return
    name = policy["life_cycle"]
    kinds = [
        str(about.get("kind")) for _, _, about in ctx.kinds() if name in about.get("inner_workflows", ())
    ]
    if not kinds:
        yield Hit(f"no kind has the life cycle '{name}' within it", ("life_cycle",), "", MAJOR_INCIDENTS)
        return
    for index, criterion in enumerate(policy.get("criteria", ())):
        for misfit in condition_misfits(criterion["when"], kinds, words, ("criteria", index, "when")):
            yield Hit(misfit.message, misfit.pointer, misfit.hint, MAJOR_INCIDENTS, misfit.at_key)


RULES = (
    Rule(
        "W034",
        "Major incident that nobody declared or declined",
        severity=WARNING,
        stateful=True,
        kinds=(meaning.INCIDENT,),
        why="A major incident that nobody calls so has no commander, and users hear nothing. Whoever thinks otherwise says why.",
        hint="itsm major declare ID --reason TEXT, or itsm major decline ID --reason TEXT",
        bad="impact: high\nurgency: high\nservice: payments   # criticality: critical",
        good="impact: high\nurgency: high\nservice: payments\nmajor: {state: rejected, reason: The cause is known; it ends within minutes.}",
        reach=(ITEMS,),
        check=criteria_are_decided,
    ),
)
