"""Generates the reference pages of the handbook as Markdown, from the rule book and the command line.

Text of the rule book is escaped so that Markdown shows it as it is: every character that could be
markup is written as its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from itsm_gitops.model.condition_words import in_words
from itsm_gitops.model.conditions import Condition
from itsm_gitops.model.guards import Guard
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import CHANGE_CONTROL, PRIORITY, ROLES, RuleBook
from itsm_gitops.model.workflow import FieldRequirement, Workflow
from itsm_gitops.presentation.markup import visible, words

_SPECIAL = re.compile(r"[&<>\"'\\`*_{}\[\]()#+\-.!|~^=:$@%]")
_FENCE = re.compile(r"`{3,}|~{3,}")
_FOLDER = "handbook/reference"


class RuleText(Protocol):
    """What the reference says of one rule; the rules room's own type has these."""

    @property
    def code(self) -> str: ...  # noqa: D102 - named for what it is
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def severity(self) -> str: ...  # noqa: D102
    @property
    def scope(self) -> str: ...  # noqa: D102
    @property
    def why(self) -> str: ...  # noqa: D102
    @property
    def hint(self) -> str: ...  # noqa: D102
    @property
    def bad(self) -> str: ...  # noqa: D102
    @property
    def good(self) -> str: ...  # noqa: D102


def md(text: object) -> str:
    """Return text so that Markdown shows exactly this text, on one line."""
    return _SPECIAL.sub(lambda m: f"&#{ord(m.group())};", " ".join(visible(str(text)).split()))


def code(text: str, language: str = "") -> str:
    """Return a block of code with a fence longer than any inside it."""
    longest = max((len(m) for m in _FENCE.findall(text)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{visible(text).rstrip()}\n{fence}\n"


def reference_pages(
    book: RuleBook, rules: Sequence[RuleText], cli_reference: str | None
) -> dict[str, tuple[str, str]]:
    """Return the pages of the reference: path inside ``docs`` to title and Markdown."""
    pages: dict[str, tuple[str, str]] = {}
    if cli_reference:
        pages[f"{_FOLDER}/cli.md"] = ("Command line", cli_reference)
    if rules:
        pages[f"{_FOLDER}/rules.md"] = ("Rules", _rules(rules))
    pages[f"{_FOLDER}/life-cycles.md"] = ("Life cycles", _life_cycles(book))
    pages[f"{_FOLDER}/links.md"] = ("Links", _links(book))
    pages[f"{_FOLDER}/policies.md"] = ("Policies", _policies(book))
    for kind in book.kinds.values():
        pages[f"{_FOLDER}/fields-{kind.name}.md"] = (kind.title, _fields_page(kind))
    return pages


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _rules(rules: Sequence[RuleText]) -> str:
    parts = ["# Rules\n", "What `itsm check` looks for. `itsm explain CODE` says the same in a terminal.\n"]
    ordered = sorted(rules, key=lambda r: r.code)
    rows = [[f"[{md(r.code)}](#{r.code.lower()})", md(r.title), md(r.severity), md(r.scope)] for r in ordered]
    parts.append(_table(("Code", "Rule", "Severity", "Scope"), rows))
    for rule in ordered:
        parts.append(f"## {md(rule.code)}: {md(rule.title)} {{ #{rule.code.lower()} }}\n")
        parts.append(md(rule.why) + "\n")
        if rule.hint:
            parts.append(f"**What to do:** {md(rule.hint)}\n")
        for label, text in (("Wrong", rule.bad), ("Right", rule.good)):
            if text:
                parts.append(f"**{label}:**\n\n{code(text, 'yaml')}")
    return "\n".join(parts)


def _fields_page(kind: Kind) -> str:
    opening = f"# {md(kind.title)}\n\n{md(kind.description)}\n"
    where = f"Files: `{kind.folder}/`. Schema: `{kind.schema_path}`."
    if kind.prefix:
        where += f" Identifiers begin with `{kind.prefix}`."
    rows = [
        [
            f"`{name}`{' (required)' if name in kind.required else ''}",
            _type(schema),
            md(schema.get("description", "")),
        ]
        for name, schema in kind.fields.items()
    ]
    parts = [opening, where + "\n", "## Fields\n", _table(("Field", "Value", "Meaning"), rows)]
    for name, schema in kind.fields.items():
        parts += _nested(name, schema)
    return "\n".join(parts)


def _nested(name: str, schema: Mapping[str, Any]) -> list[str]:
    """Return the tables of the fields inside a field."""
    inner = schema.get("items", schema) if schema.get("type") == "array" else schema
    properties = inner.get("properties") if isinstance(inner, dict) else None
    if not isinstance(properties, dict) or not properties:
        return []
    needed = inner.get("required", ())
    rows = [
        [f"`{k}`{' (required)' if k in needed else ''}", _type(v), md(v.get("description", ""))]
        for k, v in properties.items()
    ]
    return [f"## Inside {md(name)}\n", _table(("Field", "Value", "Meaning"), rows)]


def _type(schema: Mapping[str, Any]) -> str:
    """Say in words what a field holds."""
    if "enum" in schema:
        return ", ".join(f"`{v}`" for v in schema["enum"])
    if "const" in schema:
        return f"always `{schema['const']}`"
    ref = schema.get("x-ref")
    if ref:
        return "identifier of " + md(" or ".join(_GROUPS.get(t, t) for t in ref["to"]))
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of: {_type(schema.get('items', {}))}"
    if kind == "object":
        return "mapping" if "properties" not in schema else "fields, see below"
    if isinstance(kind, list):
        kind = " or ".join(kind)
    return md(_WORDS.get((kind, schema.get("format")), "Markdown text" if schema.get("x-text") else kind))


_GROUPS = {"ci": "configuration item", "item": "CMDB item", "any": "anything"}
_WORDS = {
    ("string", "date-time"): "date and time with an offset",
    ("string", "date"): "date",
    ("string", "uri"): "web address",
    ("string", None): "text",
    ("integer", None): "whole number",
    ("boolean", None): "true or false",
}


def _life_cycles(book: RuleBook) -> str:
    parts = ["# Life cycles\n", "States, what each demands, and the steps between them.\n"]
    by_workflow: dict[str, list[Kind]] = {}
    for kind in book.kinds.values():
        if kind.workflow:
            by_workflow.setdefault(kind.workflow.name, []).append(kind)
    for kinds in by_workflow.values():
        workflow = kinds[0].workflow
        if workflow:
            used = ", ".join(md(k.title) for k in kinds)
            parts += [f"## {md(workflow.title)}\n", f"For: {used}.\n", _states(workflow), _steps(workflow)]
    return "\n".join(parts)


def _states(workflow: Workflow) -> str:
    rows = [
        [
            f"`{s.name}`",
            md(s.category),
            md(s.description),
            ", ".join([*map(_requirement, s.require), *map(_guard, s.guards)]),
        ]
        for s in workflow.states.values()
    ]
    return _table(("State", "Category", "Meaning", "Demands"), rows)


def _requirement(requirement: FieldRequirement) -> str:
    return f"`{requirement.field}`{_condition(requirement.when)}"


def _condition(when: Condition) -> str:
    words = in_words(when)
    return f" (when {md(words)})" if words else ""


def _guard(guard: Guard) -> str:
    return md(in_words(guard.must)) + _condition(guard.when)


def _steps(workflow: Workflow) -> str:
    rows = [
        [
            md(t.title) + _condition(t.when),
            ", ".join(f"`{s}`" for s in t.sources),
            f"`{t.target}`",
            ", ".join(md(words(b)) for b in t.by),
        ]
        for t in workflow.transitions
    ]
    return _table(("Step", "From", "To", "By"), rows)


def _links(book: RuleBook) -> str:
    rows = [
        [
            f"`{link.name}`" + ("" if link.in_links else " (field)"),
            md(link.title),
            "both ways" if link.symmetric else md(link.inverse_title),
            ", ".join(md(s) for s in link.sources),
            ", ".join(md(t) for t in link.targets),
            md(link.description),
        ]
        for link in book.links.values()
    ]
    head = ("Link", "Reads", "From the other end", "From", "To", "Meaning")
    intro = "Each link is stored once, on one end; the other end is derived.\n"
    return "\n".join(["# Links\n", intro, _table(head, rows)])


def _policies(book: RuleBook) -> str:
    parts = ["# Policies\n", _priority(book.policy(PRIORITY))]
    control = [
        [f"`{k}`", _text(v)] for k, v in book.policy(CHANGE_CONTROL).items() if v not in (None, {}, [])
    ]
    if control:
        parts += ["## Change control\n", f"From `{CHANGE_CONTROL}`.\n", _table(("Setting", "Value"), control)]
    roles = book.policy(ROLES).get("roles")
    if isinstance(roles, dict):
        rows = [
            [f"`{name}`", md(of.get("title", "")), md(of.get("description", "")), _who(of)]
            for name, of in roles.items()
        ]
        head = ("Role", "Name", "Meaning", "Who has it")
        parts += ["## Roles\n", f"From `{ROLES}`.\n", _table(head, rows)]
    delegates = book.policy(ROLES).get("delegates")
    if delegates:
        parts.append(_table(("Who approves for whom",), [[_text(one)] for one in delegates]))
    return "\n".join(parts)


def _who(role: Mapping[str, Any]) -> str:
    """Return by what somebody has a role: all that a role says beside its name and meaning."""
    rest = {k: v for k, v in role.items() if k not in ("title", "description")}
    return "everybody" if rest.pop("everyone", False) else _text(rest)


def _priority(policy: Mapping[str, Any]) -> str:
    matrix = policy.get("matrix")
    if not isinstance(matrix, dict):
        return ""
    columns = list(dict.fromkeys(u for row in matrix.values() for u in row))
    rows = [[f"impact {md(i)}", *(md(row.get(u, "")) for u in columns)] for i, row in matrix.items()]
    priorities = [
        [md(name), md(texts.get("title", "")), md(texts.get("description", ""))]
        for name, texts in policy.get("priorities", {}).items()
    ]
    return "\n".join(
        ["## Priority\n", _table(("", *(f"urgency {md(u)}" for u in columns)), rows),
         _table(("Priority", "Name", "Meaning"), priorities)]
    )  # fmt: skip


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{md(k)}: {_text(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_text(v) for v in value)
    return md(value)
