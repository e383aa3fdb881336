"""Rule S040: rules of recurring work name existing things and have a valid recurrence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from itsm_gitops.graph.recurrence import rule_fault
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.rulebook import RECURRING
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.rule import RULEBOOK, Hit, Rule


def recurring_work_can_be_made(ctx: BookContext) -> Iterator[Hit]:
    """Look up every kind, template and field that recurring work names, and read its rules of recurrence."""
    policy = ctx.data(RECURRING)
    if policy is None or ctx.refusals(RECURRING) or any(loaded.problems for loaded in ctx.files.values()):
        return
    fields: dict[str, Any] = {}
    for _, data in ctx.usable("schemas/records/", ".schema.json"):
        about = data.get("x-itsm")
        if isinstance(about, Mapping) and isinstance(data.get("properties"), Mapping):
            fields[str(about.get("kind"))] = data["properties"]
    names: set[str] = set()
    for number, rule in enumerate(policy["rules"]):
        at: Pointer = ("rules", number)
        if rule["name"] in names:
            yield Hit(f"there are two rules '{rule['name']}'", (*at, "name"), "", RECURRING)
        names.add(rule["name"])
        fault = rule_fault(rule["rule"], date.fromisoformat(rule["start"]))
        if fault:
            yield Hit(fault, (*at, "rule"), "", RECURRING)
        kind = rule["kind"]
        if kind not in fields:
            yield Hit(
                f"there is no kind of record '{kind}'", (*at, "kind"), did_you_mean(kind, fields), RECURRING
            )
            continue
        yield from _template(ctx, rule, at)
        for key in ("values", "dates"):
            for field in rule.get(key, ()):
                if field not in fields[kind]:
                    hint = did_you_mean(field, fields[kind])
                    yield Hit(
                        f"'{kind}' has no field '{field}'", (*at, key, field), hint, RECURRING, at_key=True
                    )


def _template(ctx: BookContext, rule: Mapping[str, Any], at: Pointer) -> Iterator[Hit]:
    name = rule.get("template")
    if name is None:
        return
    about = ctx.data(f"schemas/templates/{name}.yaml")
    if not isinstance(about, Mapping):
        yield Hit(f"there is no template '{name}'", (*at, "template"), "", RECURRING)
    elif about.get("kind") != rule["kind"]:
        yield Hit(f"the template '{name}' is for {about.get('kind')}", (*at, "template"), "", RECURRING)


RULES = (
    Rule(
        "S040",
        "Recurring work that cannot be made",
        scope=RULEBOOK,
        why="A job that nobody watches makes recurring work: records that it cannot make are forgotten.",
        hint="name an existing kind, template and fields, and a rule of RFC 5545",
        bad="rule: FREQ=MONTHLY;BYDAY=2TUESDAY",
        good="rule: FREQ=MONTHLY;BYDAY=2TU",
        check=recurring_work_can_be_made,
    ),
)
