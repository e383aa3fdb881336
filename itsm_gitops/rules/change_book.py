"""Family S: the policies of change against the rest of the rule book."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.rulebook import CHANGE_MODELS, RISK
from itsm_gitops.model.templates import value_at
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.rule import RULEBOOK, Hit, Rule


def policies_fit_changes(ctx: BookContext) -> Iterator[Hit]:
    """Look up every type, state, field and level that change-models.yaml, risk.yaml and templates name."""
    models = ctx.data(CHANGE_MODELS)
    if models is not None and not ctx.refusals(CHANGE_MODELS):
        yield from _models(ctx, models["models"])
    known = models["models"] if models is not None and not ctx.refusals(CHANGE_MODELS) else None
    risk = ctx.data(RISK)
    if risk is not None and not ctx.refusals(RISK) and known is not None:
        for number, fact in enumerate(risk["facts"]):
            for index, name in enumerate(fact.get("types", ())):
                yield from _unknown("model", name, known, ("facts", number, "types", index), RISK)
    changes = {schema["x-itsm"].get("kind") for _, schema, _ in ctx.players(meaning.CHANGE)}
    classes = [about["class"] for _, _, about in ctx.kinds() if "class" in about]
    for path, template in ctx.usable("schemas/templates/", ".yaml"):
        if not ctx.refusals(path):
            yield from _fixed(path, template, known or {} if template["kind"] in changes else {})
            for index, name in enumerate(template.get("touches", {}).get("classes", ())):
                yield from _unknown("class", name, classes, ("touches", "classes", index), path)


def _models(ctx: BookContext, models: Mapping[str, Any]) -> Iterator[Hit]:
    path, schema, flow = next(iter(ctx.players(meaning.CHANGE)), ("schemas", None, None))
    fields = _inside(schema, "properties")
    types = _inside(fields, "type", "enum")
    levels = _inside(fields, "risk", "properties", "level", "enum")
    states = _inside(flow, "states")
    for name, model in models.items():
        at: Pointer = ("models", name)
        if types is not None and name not in types:
            hint = f"add it to `type` in {path}"
            yield Hit(f"no change can be of type '{name}'", at, hint, CHANGE_MODELS, at_key=True)
        for key in ("content_from", "plans_from", "window_from"):
            if key in model:
                yield from _unknown("state", model[key], states, (*at, key), CHANGE_MODELS)
        for level, plans in model.get("plans", {}).items():
            yield from _unknown(
                "level of risk", level, levels, (*at, "plans", level), CHANGE_MODELS, key=True
            )
            for index, field in enumerate(plans):
                yield from _unknown("field", field, fields, (*at, "plans", level, index), CHANGE_MODELS)
    for index, name in enumerate(types or ()):
        if name not in models:
            pointer = ("properties", "type", "enum", index)
            yield Hit(f"the type '{name}' has no model in {CHANGE_MODELS}", pointer, "", path)


def _fixed(path: str, template: Mapping[str, Any], models: Mapping[str, Any]) -> Iterator[Hit]:
    for index, name in enumerate(template.get("fixed", ())):
        if value_at(template["values"], name) is None:
            yield Hit(f"the template has no value for '{name}'", ("fixed", index), "", path)
    model = models.get(template["values"].get("type"), {})
    if model.get("template") == "required" and "fixed" not in template:
        message = "the template authorises changes and fixes nothing that they do"
        yield Hit(message, ("template",), "name under `fixed` what a change may not do otherwise", path)


def _unknown(
    what: str, name: str, known: Any, pointer: Pointer, path: str, *, key: bool = False
) -> Iterator[Hit]:
    if known is not None and name not in known:
        yield Hit(f"there is no {what} '{name}'", pointer, did_you_mean(name, known), path, at_key=key)


def _inside(data: Any, *steps: str) -> Any:
    for step in steps:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data


RULES = (
    Rule(
        "S025",
        "Policy of changes that contradicts the rule book",
        scope=RULEBOOK,
        why="A model that no change can name, or a plan that is no field, silently demands nothing.",
        hint="use names that schemas/records/change.schema.json and schemas/workflows/change.yaml define",
        bad="models:\n  normal:\n    plans:\n      high: [implementation_plann]",
        good="models:\n  normal:\n    plans:\n      high: [implementation_plan]",
        check=policies_fit_changes,
    ),
)
