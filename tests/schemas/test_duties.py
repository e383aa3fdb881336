"""Every field of a schema that carries a duty is read by something, or says that it is for people only.

A field carries a duty when its name or its description says so: a date, ``…_by``, ``…_until``, "must", "never" … It is
read when it has ``x-due``, refers to something, is named by a life cycle, a policy or the ``x-due`` of another field,
or by the code. A date is held to more: a name such as ``start`` says little, so `DATES` names who reads it.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from itsm_gitops.model.kinds import inline

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "itsm_gitops"
DEFINITIONS = json.loads((ROOT / "schemas/common.schema.json").read_text())["definitions"]
SCHEMAS = sorted(p for f in ("records", "cmdb") for p in (ROOT / "schemas" / f).glob("*.json"))
DUTY_NAME = re.compile(r"(_by|_until|_due|_required|_allowed)$")
DUTY_WORD = re.compile(
    r"\b(must|does not|do not|until|never|cannot|needed|needs|shall|least|most|longest|agreed|allowed|may)\b"
)

# Dates without a day on which somebody owes something, and the module that reads each.
DATES = {
    "absences.*.from": "model/rotas.py",
    "absences.*.until": "model/rotas.py",
    "access_granted.*.withdrawn": "x-due",
    "actual_start": "rules/planned_time.py",
    "answered_at": "x-due",
    "approval.at": "cli/outcome.py",
    "dates.*.date": "model/windows.py",
    "end": "graph/announcements.py",
    "in_production_since": "x-due",
    "layers.*.from": "model/rotas.py",
    "layers.*.until": "model/rotas.py",
    "major.mitigated_at": "model/timeline.py",
    "major.started_at": "model/timeline.py",
    "mitigated_at": "model/timeline.py",
    "overrides.*.end": "model/rotas.py",
    "overrides.*.start": "model/rotas.py",
    "planned_end": "rules/planned_time.py",
    "planned_start": "rules/planned_time.py",
    "rejection.at": "cli/outcome.py",
    "review.reviewed_at": "x-due",
    "shown_from": "graph/announcements.py",
    "signing_keys.*.valid_from": "gate/signed.py",
    "start": "rules/agreements.py",
    "started_at": "model/timeline.py",
    "supplier_cases.*.answered_at": "model/timeline.py",
    "supplier_cases.*.closed_at": "model/timeline.py",
    "supplier_cases.*.opened_at": "model/timeline.py",
    "timeline.*.at": "rules/workflow.py",
    "timeline.*.corrects": "model/timeline.py",
    "timeline.*.happened": "model/timeline.py",
    "windows.*.end": "model/windows.py",
    "windows.*.start": "model/windows.py",
}

Field = tuple[str, str, Mapping[str, Any]]


@cache
def fields() -> tuple[Field, ...]:
    """Return every property of every schema: its kind, its path, its schema."""
    found: list[Field] = []
    for path in SCHEMAS:
        schema = inline(json.loads(path.read_text()), DEFINITIONS)
        found += _fields(path.name.removesuffix(".schema.json"), schema, ())
    return tuple(found)


def _fields(kind: str, schema: Any, at: tuple[str, ...]) -> Iterator[Field]:
    for name, child in schema.get("properties", {}).items():
        yield kind, ".".join((*at, name)), child
        yield from _fields(kind, child, (*at, name))
    if "items" in schema:
        yield from _fields(kind, schema["items"], (*at, "*"))


def is_date(schema: Mapping[str, Any]) -> bool:
    return schema.get("format") in ("date", "date-time")


def has_duty(path: str, schema: Mapping[str, Any]) -> bool:
    if path.startswith("form."):
        return False  # a schema inside the document, which the validator reads as a whole
    name = path.rpartition(".")[2]
    return is_date(schema) or bool(DUTY_NAME.search(name) or DUTY_WORD.search(schema.get("description", "")))


def is_answered(schema: Mapping[str, Any]) -> bool:
    return any(k in schema or k in schema.get("items", {}) for k in ("x-due", "x-ref", "x-note-only"))


@cache
def words_of_code(path: str = "") -> frozenset[str]:
    """Return the names that stand in texts of the code (in one module): not prose, not documentation."""
    found: set[str] = set()
    for file in [CODE / path] if path else CODE.rglob("*.py"):
        tree = ast.parse(file.read_text())
        docs = {id(n.body[0].value) for n in ast.walk(tree) if _is_documented(n)}  # type: ignore[attr-defined]
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and id(node) not in docs else None
            if isinstance(text, str) and " " not in text and len(text) < 60:
                found.update(re.findall(r"[a-z][a-z0-9_]+", text))
    return frozenset(found)


def _is_documented(node: ast.AST) -> bool:
    body = getattr(node, "body", None)
    return bool(isinstance(body, list) and body and isinstance(body[0], ast.Expr))


@cache
def words_of_rule_book() -> frozenset[str]:
    """Return the words of life cycles, policies, own rules and reports, and those of every ``x-due``."""
    data = [yaml.load(p.read_bytes(), yaml.CSafeLoader) for p in (ROOT / "schemas").rglob("*.yaml")]
    data += [s["x-due"] for _, _, s in fields() if "x-due" in s]
    return frozenset(w for d in data for w in _words(d))


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from str(key).split(".")
            yield from _words(value)
    elif isinstance(node, list):
        for value in node:
            yield from _words(value)
    elif isinstance(node, str):
        yield from node.split(".")


def unread() -> list[str]:
    known = words_of_code() | words_of_rule_book()
    return sorted(
        f"{kind}: {path} ({schema.get('description', '')})"
        for kind, path, schema in fields()
        if has_duty(path, schema) and not is_answered(schema) and path.rpartition(".")[2] not in known
    )


def test_every_field_with_a_duty_is_read_or_is_for_people_only() -> None:
    assert unread() == [], "give the field x-due, a reader, or x-note-only with the reason"


def test_every_date_without_a_duty_names_who_reads_it() -> None:
    found = {path for _, path, schema in fields() if is_date(schema) and not is_answered(schema)}
    assert found - DATES.keys() == set(), "x-due, x-note-only with a reason, or a line of DATES"
    assert DATES.keys() - found == set(), "a line of DATES that no field needs any more"


@pytest.mark.parametrize("path", sorted(DATES))
def test_who_is_said_to_read_a_date_names_it(path: str) -> None:
    reader, name = DATES[path], path.rpartition(".")[2]
    assert name in (words_of_rule_book() if reader == "x-due" else words_of_code(reader))


def test_a_field_that_nothing_reads_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    invented = ("server", "repainted_by", {"description": "Who shall repaint it.", "type": "string"})
    monkeypatch.setitem(globals(), "fields", lambda: (invented,))
    words_of_rule_book.cache_clear()
    assert unread() == ["server: repainted_by (Who shall repaint it.)"]
    words_of_rule_book.cache_clear()


def test_no_note_for_people_has_another_reader() -> None:
    both = [f"{k}: {p}" for k, p, s in fields() if "x-note-only" in s and ("x-due" in s or "x-ref" in s)]
    assert both == []
