"""The rule book that ships is complete, bounded and consistent with itself."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from itsm_gitops.model import facts, priority
from itsm_gitops.model.change_models import read_models
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import CHANGE_CONTROL, PRIORITY, RISK, ROLES, RuleBook
from itsm_gitops.model.workflow import Workflow, read_workflow

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"


def load(path: Path) -> Any:
    """Return the data of one JSON or YAML file."""
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else yaml.load(text, yaml.CSafeLoader)


def read_book(root: Path) -> RuleBook:
    """Return the rule book of the folder that holds ``schemas/``, with nothing but the model."""
    files = [p.relative_to(root).as_posix() for p in (root / "schemas").rglob("*") if p.is_file()]
    return RuleBook(files, lambda path: load(root / path))


BOOK = read_book(ROOT)
KINDS = list(BOOK.kinds.values())
RECORD_KINDS = [k for k in KINDS if k.is_record]
META = {p.name.removesuffix(".schema.json"): load(p) for p in sorted((SCHEMAS / "meta").glob("*.json"))}
KIND_FILES = sorted([*SCHEMAS.glob("records/*.json"), *SCHEMAS.glob("cmdb/*.json")])
WORKFLOW_FILES = sorted(SCHEMAS.glob("workflows/*.yaml"))
TEMPLATE_FILES = sorted(SCHEMAS.glob("templates/*.yaml"))
POLICIES = ("links", "priority", "change-control", "roles", "approvals", "audiences")


def named(value: Any) -> str:
    return value.name if hasattr(value, "name") else str(value)


def faults(meta: str, data: Any) -> list[str]:
    """Say what is wrong with ``data`` according to one meta schema."""
    found = Draft7Validator(META[meta]).iter_errors(data)
    return [f"/{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in found]


def described(schema: Any, at: str = "") -> Iterator[str]:
    """Yield the place of every property and list item without a description."""
    if isinstance(schema, dict):
        for name, child in schema.get("properties", {}).items():
            if isinstance(child, dict):
                if not child.get("description") and "$ref" not in child:
                    yield f"{at}/{name}"
                yield from described(child, f"{at}/{name}")
        yield from described(schema.get("items"), f"{at}/*")
        yield from described(schema.get("additionalProperties"), f"{at}/+")


def patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        for child in node.values():
            yield from patterns(child)
    elif isinstance(node, list):
        for child in node:
            yield from patterns(child)


def nested_repetition(pattern: str) -> bool:
    """Whether a repeated part of the pattern repeats something itself, as in (a+)*."""
    parser = re._parser  # type: ignore[attr-defined]
    repeats = (parser.MAX_REPEAT, parser.MIN_REPEAT)

    def inside(tokens: Any, repeated: bool) -> bool:
        for op, value in tokens:
            if op in repeats:
                many = value[1] > 1
                if (many and repeated) or inside(value[2], repeated or many):
                    return True
            elif op is parser.SUBPATTERN:
                if inside(value[-1], repeated):
                    return True
            elif op is parser.BRANCH and any(inside(branch, repeated) for branch in value[1]):
                return True
        return False

    return inside(parser.parse(pattern), False)


# --- schemas ------------------------------------------------------------------------------------


def test_nested_repetition_is_recognised() -> None:
    assert nested_repetition("^(a+)*$")
    assert nested_repetition("^(a|b{2,5})+$")
    assert nested_repetition("([a-z0-9]+-?)+")
    assert not nested_repetition("^[a-z][a-z0-9-]{0,62}$")
    assert not nested_repetition("^(records|cmdb)/[a-z]+$")


@pytest.mark.parametrize("path", sorted(SCHEMAS.rglob("*.json")), ids=lambda p: p.name)
def test_every_schema_is_valid_draft_07(path: Path) -> None:
    schema = load(path)
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert [p for p in patterns(schema) if nested_repetition(p)] == []


@pytest.mark.parametrize("name", sorted(META))
def test_every_setting_of_the_rule_book_is_described(name: str) -> None:
    schema = META[name]
    assert list(described(schema)) == []
    assert [f for n, d in schema.get("definitions", {}).items() for f in described(d, n)] == []


@pytest.mark.parametrize("path", KIND_FILES, ids=lambda p: p.name.removesuffix(".schema.json"))
def test_kinds_obey_the_schema_of_kinds(path: Path) -> None:
    assert faults("kind", load(path)) == []


@pytest.mark.parametrize("name", sorted(load(SCHEMAS / "common.schema.json")["definitions"]))
def test_shared_pieces_are_bounded_and_described(name: str) -> None:
    meta = {"$ref": "#/definitions/property", "definitions": META["kind"]["definitions"]}
    piece = load(SCHEMAS / "common.schema.json")["definitions"][name]
    assert [e.message for e in Draft7Validator(meta).iter_errors(piece)] == []
    assert piece["description"]


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_every_field_is_described(kind: Kind) -> None:
    assert list(described(kind.schema)) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"properties": {"note": {"type": "string", "maxLength": 9}}}, "/properties/note"),
        ({"properties": {"note": {"description": "A note.", "type": "string"}}}, "/properties/note"),
        ({"properties": {"n": {"description": "A number.", "type": "integer"}}}, "/properties/n"),
        ({"properties": {"l": {"description": "A list.", "type": "array", "maxItems": 2}}}, "/properties/l"),
        ({"properties": {"o": {"description": "An object.", "type": "object"}}}, "/properties/o"),
        ({"properties": {"a": {"description": "Any.", "type": "boolean", "x-reff": 1}}}, "/properties/a"),
        ({"properties": {"a": {"description": "Any."}}}, "/properties/a"),
        ({"additionalProperties": True}, "/additionalProperties"),
        ({"x-itsm": {"kind": "incident", "plural": "incidents", "folder": "records/incidents"}}, "/x-itsm"),
        ({"x-itsm": {"class": "a", "kind": "a", "plural": "as", "folder": "cmdb/as"}}, "/x-itsm"),
        ({"x-itsm": {"class": "a", "plural": "as", "folder": "elsewhere/as"}}, "/x-itsm/folder"),
    ],
)
def test_a_careless_schema_is_refused(change: dict[str, Any], complaint: str) -> None:
    schema = load(SCHEMAS / "records/known-error.schema.json")
    assert any(f.startswith(complaint) for f in faults("kind", {**schema, **change}))


def test_the_kinds_the_issue_names_are_there() -> None:
    assert [k.prefix for k in RECORD_KINDS] == [
        "KB", "CHG", "CMP", "DEP", "IMP", "INC", "KE", "MTG", "PRB", "REL", "REQ", "SRV", "EVA",
    ]  # fmt: skip
    assert {k.name for k in KINDS if not k.is_record} == {
        "announcement", "application", "calendar", "cloud-resource", "contract", "database", "facility", "licence",
        "network-device", "offering", "organisation", "person", "rota", "saas", "server", "service", "service-level",
        "supplier", "team",
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_the_envelope_of_every_kind(kind: Kind) -> None:
    assert kind.keys[:3] == ("id", kind.tag, kind.label)
    assert {"id", kind.tag, kind.label} <= set(kind.required)
    assert {"links", "labels", "x"} <= set(kind.keys)
    assert kind.fields[kind.tag]["const"] == kind.name
    assert set(kind.required) <= set(kind.keys)
    assert kind.schema_path.rsplit("/", 1)[-1] == f"{kind.name}.schema.json"
    if kind.is_record:
        assert kind.keys[-1] == "timeline"
        assert {"state", "timeline"} <= set(kind.required)
        assert re.search(kind.fields["id"]["pattern"], f"{kind.prefix}-261122-K7QF3")
        assert not re.search(kind.fields["id"]["pattern"], "XYZ-261122-K7QF3")
    for name in ("id", kind.tag, *(["state", "timeline"] if kind.is_record else [])):
        assert kind.fields[name]["x-fixed"] is True


@pytest.mark.parametrize("kind", RECORD_KINDS, ids=named)
def test_nothing_derivable_is_stored(kind: Kind) -> None:
    derivable = {
        "priority",
        "opened_at",
        "closed_at",
        "resolved_at",
        "updated_at",
        "sla",
        "age",
        "reopen_count",
    }
    assert not derivable & set(kind.keys)


def record(**fields: Any) -> dict[str, Any]:
    start = {"at": "2026-11-22T09:30:00Z", "by": "anna", "state": "new"}
    return {
        "id": "INC-261122-K7QF3",
        "kind": "incident",
        "title": "Payments time out",
        "reported_by": "anna",
        "service": "payments",
        "category": "application",
        "impact": "high",
        "urgency": "medium",
        "state": "new",
        "timeline": [start],
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({}, None),
        ({"title": ""}, ("title",)),
        ({"title": "Two\nlines"}, ("title",)),
        ({"title": "x" * 201}, ("title",)),
        ({"priority": "P1"}, ()),
        ({"id": "INC-261122-K7QFI"}, ("id",)),
        ({"impact": "1 - High"}, ("impact",)),
        ({"major": {}}, ("major",)),
        ({"major": {"state": "accepted", "commander": "ben"}}, None),
        ({"labels": {"site": "north"}, "x": {"tool": {"any": [1, None]}}}, None),
        ({"labels": {"site": 1}}, ("labels", "site")),
        ({"links": [{"type": "caused_by", "target": "CHG-261121-00000"}]}, None),
        ({"links": [{"type": "caused_by"}]}, ("links", 0)),
        ({"timeline": []}, ("timeline",)),
        ({"timeline": [{"at": "2026-11-22T09:30:00Z", "by": "anna"}]}, ("timeline", 0)),
        ({"satisfaction": {"score": 6}}, ("satisfaction", "score")),
        ({"documents": [{"title": "Trace", "url": "javascript:alert(1)"}]}, ("documents", 0, "url")),
    ],
)
def test_an_incident_is_judged_where_it_is_wrong(
    fields: dict[str, Any], place: tuple[Any, ...] | None
) -> None:
    errors = [
        tuple(e.absolute_path)
        for e in Draft7Validator(BOOK.kind("incident").schema).iter_errors(record(**fields))
    ]
    assert set(errors) == (set() if place is None else {place})


# --- life cycles --------------------------------------------------------------------------------


def workflow_faults(workflow: Workflow, roles: set[str]) -> list[str]:
    """Say what does not fit together inside one life cycle."""
    states, found = workflow.states, []
    for step in workflow.transitions:
        found += [f"{step.name}: no state {s}" for s in (*step.sources, step.target) if s not in states]
        found += [
            f"{step.name}: leaves {s}, which is terminal" for s in step.sources if workflow.is_terminal(s)
        ]
        found += [f"{step.name}: stays in {s}" for s in step.sources if s == step.target]
        found += [f"{step.name}: no role {r}" for r in step.by if r not in roles]
    reached = {workflow.initial}
    for _ in states:
        reached |= {t.target for t in workflow.transitions if reached & set(t.sources)}
    found += [f"{s}: cannot be reached" for s in states if s not in reached]
    leaving = {s for t in workflow.transitions for s in t.sources}
    found += [f"{s}: has no way out" for s in states if s not in leaving and not workflow.is_terminal(s)]
    doubled = Counter(t.name for t in workflow.transitions)
    return found + [f"{name}: used twice" for name, count in doubled.items() if count > 1]


def named_fields(workflow: Workflow) -> set[str]:
    """Return every top-level field that a life cycle speaks of."""
    conditions = [t.when for t in workflow.transitions]
    conditions += [r.when for s in workflow.states.values() for r in s.require]
    fields = {p.split(".")[0] for c in conditions for sort, p in c.words() if sort == "path"}
    fields |= {r.field for s in workflow.states.values() for r in s.require}
    fields |= {f for t in workflow.transitions for f in t.clear}
    return fields | set(workflow.immutable) | set(workflow.editable_when_closed)


@pytest.mark.parametrize("path", WORKFLOW_FILES, ids=lambda p: p.stem)
def test_life_cycles_obey_their_schema_and_make_sense(path: Path) -> None:
    raw = load(path)
    assert faults("workflow", raw) == []
    workflow = read_workflow(raw)
    assert workflow.name == path.stem
    assert workflow.initial in workflow.states
    assert workflow_faults(workflow, set(BOOK.policy(ROLES)["roles"])) == []
    users = [k for k in KINDS if k.workflow is not None and k.workflow.name == workflow.name]
    around = [k for k in KINDS if workflow.name in (f.name for f in k.inner)]
    assert users or around
    for kind in around:
        field, _, part = workflow.state_field.partition(".")
        assert set(workflow.states) == set(kind.fields[field]["properties"][part]["enum"])
        assert kind.workflow is not None
        assert workflow.state_field in kind.workflow.track
    for field in named_fields(workflow):
        assert any(field in k.fields for k in (*users, *around)), (
            f"{field} is a field of no kind that lives by {path.name}"
        )
    for kind in users:
        assert kind.state_field in kind.fields
        # What is written once and not altered has one state, and no way out of it.
        assert workflow.is_terminal(workflow.initial) is (len(workflow.states) == 1)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"to": "finished"}, "no state finished"),
        ({"by": ["king"]}, "no role king"),
        ({"from": ["closed"], "to": "new"}, "leaves closed, which is terminal"),
        ({"from": ["new"], "to": "new"}, "stays in new"),
        ({"name": "resolve"}, "resolve: used twice"),
    ],
)
def test_a_broken_life_cycle_would_be_noticed(change: dict[str, Any], fault: str) -> None:
    raw = load(SCHEMAS / "workflows/incident.yaml")
    raw["transitions"][0] |= change
    assert any(fault in f for f in workflow_faults(read_workflow(raw), set(BOOK.policy(ROLES)["roles"])))


@pytest.mark.parametrize("kind", RECORD_KINDS, ids=named)
def test_what_a_state_demands_stays_demanded_on_the_straight_way(kind: Kind) -> None:
    """Closing never asks for less than the state before it, so nothing can be removed on the way.

    An emergency begins with what is known; its review asks for the rest.
    """
    assert kind.workflow is not None
    states = kind.workflow.states
    straight = [
        ("resolved", "closed"),
        ("fulfilled", "closed"),
        ("review", "closed"),
        ("scheduled", "implement"),
    ]
    straight += [("implement", "review")]
    for before, after in straight:
        if before in states and after in states:
            for change_type in ("standard", "normal"):
                data = {"type": change_type}
                assert set(kind.workflow.required(before, data)) <= set(kind.workflow.required(after, data))


def test_a_change_goes_its_types_way() -> None:
    workflow = BOOK.workflow("change")

    def ways(state: str, change_type: str) -> set[str]:
        return {t.target for t in workflow.steps_from(state, {"type": change_type})}

    assert ways("draft", "normal") == {"assess", "cancelled"}
    assert ways("draft", "standard") == {"scheduled", "cancelled"}
    assert ways("draft", "emergency") == {"authorize", "implement", "cancelled"}
    assert "implement" in ways("authorize", "emergency")
    assert "implement" not in ways("authorize", "normal")
    assert ways("implement", "standard") - ways("implement", "normal") == {"closed"}
    assert "review" in workflow.required("closed", {"type": "emergency", "outcome": "successful"})
    assert "review" in workflow.required("closed", {"type": "normal", "outcome": "backed_out"})
    assert "review" not in workflow.required("closed", {"type": "normal", "outcome": "successful"})


def test_a_major_incident_is_reviewed_before_it_is_closed() -> None:
    workflow = BOOK.workflow("incident")
    assert "review" in workflow.required("closed", {"major": {"state": "accepted"}})
    assert "review" not in workflow.required("closed", {"major": {"state": "rejected"}})
    assert "review" not in workflow.required("closed", {})


# --- policies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", POLICIES)
def test_policies_obey_their_schemas(name: str) -> None:
    assert faults(name, load(SCHEMAS / f"policies/{name}.yaml")) == []


def test_the_vocabulary_and_the_fields_agree() -> None:
    used = set()
    for kind in KINDS:
        for reference in kind.references:
            link = BOOK.links.get(reference.relation)
            assert link is not None, f"{kind.name} {reference.pointer}: no word {reference.relation}"
            assert kind.name in BOOK.members(link.sources), f"{kind.name} {reference.pointer}"
            assert BOOK.members(reference.targets) <= BOOK.members(link.targets), (
                f"{kind.name} {reference.pointer}"
            )
            used.add(reference.relation)
    assert {n for n, link in BOOK.links.items() if not link.in_links} <= used


def test_the_words_of_the_vocabulary_mean_one_thing() -> None:
    words = [w for link in BOOK.links.values() for w in {link.name, link.inverse}]
    assert [w for w, count in Counter(words).items() if count > 1] == []
    for link in BOOK.links.values():
        assert BOOK.members((*link.sources, *link.targets)) <= set(BOOK.kinds)
        assert link.symmetric == (link.name == link.inverse)
        assert not (link.symmetric and (link.acyclic or link.impact or link.max))


def test_failure_travels_along_the_right_words() -> None:
    assert {n: link.impact for n, link in BOOK.links.items() if link.impact} == {
        "depends_on": "from_target",
        "runs_on": "from_target",
        "part_of": "from_source",
    }


def test_the_matrix_is_complete_and_never_rises_downwards() -> None:
    policy = BOOK.policy(PRIORITY)
    order = list(policy["priorities"])
    grid = [[order.index(policy["matrix"][i][u]) for u in policy["urgency"]] for i in policy["impact"]]
    assert all(row == sorted(row) for row in grid)
    assert all(list(column) == sorted(column) for column in zip(*grid, strict=True))
    for kind in RECORD_KINDS:
        for axis in ("impact", "urgency"):
            if axis in kind.fields:
                assert kind.fields[axis]["enum"] == policy[axis]


@pytest.mark.parametrize(
    ("impact", "urgency", "expected"),
    [
        ("high", "high", "P1"), ("high", "medium", "P2"), ("high", "low", "P3"),
        ("medium", "high", "P2"), ("medium", "medium", "P3"), ("medium", "low", "P4"),
        ("low", "high", "P3"), ("low", "medium", "P4"), ("low", "low", "P4"),
    ],
)  # fmt: skip
def test_the_matrix_is_the_usual_one(impact: str, urgency: str, expected: str) -> None:
    assert priority.derive(BOOK.policy(PRIORITY), impact, urgency) == expected


def test_change_control_speaks_of_states_and_fields_that_exist() -> None:
    policy, change = BOOK.policy(CHANGE_CONTROL), BOOK.kind("change")
    assert change.workflow is not None
    assert facts.authorised_states(BOOK, change) == ("scheduled", "implement", "review")
    assert facts.used_states(BOOK.kind("server")) == {"production", "maintenance"}
    item_fields = {f for k in KINDS if not k.is_record for f in k.fields}
    assert set(policy["free_fields"]) <= item_fields


def test_higher_risk_demands_no_less() -> None:
    levels = BOOK.kind("change").fields["risk"]["properties"]["level"]["enum"]
    planned = [m for m in read_models(BOOK).values() if m.plans_from]
    assert [m.name for m in planned] == ["normal", "emergency"]
    for model in planned:
        assert list(model.plans) == levels
        for lower, higher in pairwise(levels):
            assert set(model.plans[lower]) <= set(model.plans[higher])


def test_every_level_of_risk_can_be_reached_by_answers_alone() -> None:
    policy = BOOK.policy(RISK)
    worst = sum(max(a["points"] for a in q["answers"]) * q.get("weight", 1) for q in policy["questions"])
    best = sum(min(a["points"] for a in q["answers"]) * q.get("weight", 1) for q in policy["questions"])
    levels = policy["levels"]["questions"]
    assert best == 0 < levels["medium"] < levels["high"] <= worst


def test_roles_look_at_fields_that_exist() -> None:
    known = {f for k in KINDS for f in k.fields}
    for name, role in BOOK.policy(ROLES)["roles"].items():
        # A dot goes on into the item that a field names.
        named = {field.partition(".")[0] for field in (*role.get("fields", []), *role.get("owners", []))}
        assert named <= known, name


# --- templates ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", TEMPLATE_FILES, ids=lambda p: p.stem)
def test_templates_fill_fields_of_their_kind(path: Path) -> None:
    template = load(path)
    assert faults("template", template) == []
    assert template["template"] == path.stem
    kind = BOOK.kind(template["kind"])
    partial = {**kind.schema, "required": []}
    assert [e.message for e in Draft7Validator(partial).iter_errors(template["values"])] == []
    assert list(template["values"]) == [k for k in kind.keys if k in template["values"]]
    assert not {n for n in template["values"] if kind.fields[n].get("x-fixed")}


def test_every_kind_of_record_has_a_template() -> None:
    assert {load(p)["kind"] for p in TEMPLATE_FILES} >= {k.name for k in RECORD_KINDS}


@pytest.mark.parametrize(
    "path", [p for p in TEMPLATE_FILES if p.stem.startswith("standard-")], ids=lambda p: p.stem
)
def test_a_standard_change_needs_nothing_but_people_and_times(path: Path) -> None:
    template = load(path)
    values, change = template["values"], BOOK.kind("change")
    assert (values["type"], values["template"], template["status"]) == ("standard", path.stem, "approved")
    assert change.workflow is not None
    assert set(change.workflow.missing("scheduled", values)) == {
        "assigned_team",
        "planned_start",
        "planned_end",
    }
    assert set(read_models(BOOK)["normal"].plans[values["risk"]["level"]]) <= set(values)
    assert {"risk.level", "implementation_plan", "backout_plan"} <= set(template["fixed"])


# --- itsm.yaml ----------------------------------------------------------------------------------

CONFIG = {
    "version": 1,
    "organisation": "Example Ltd",
    "timezone": "Europe/Berlin",
    "site": {"name": "Example IT", "url": "https://it.example.org/"},
    "directory": "closed",
    "severity": {"C101": "error"},
    "ignore": [{"code": "W003", "path": "records/**", "reason": "Imported.", "until": "2027-01-31"}],
}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({}, None),
        ({"version": 2}, "/version"),
        ({"organization": "Example"}, "/"),
        ({"directory": "half"}, "/directory"),
        ({"severity": {"C101": "loud"}}, "/severity/C101"),
        ({"ignore": [{"code": "W003", "path": "records/**"}]}, "/ignore/0"),
        ({"site": {"url": "file:///etc"}}, "/site/url"),
    ],
)
def test_settings_are_judged_where_they_are_wrong(change: dict[str, Any], place: str | None) -> None:
    found = faults("config", {**CONFIG, **change})
    assert {f.split(": ")[0] for f in found} == (set() if place is None else {place})


# --- whole lives --------------------------------------------------------------------------------


def sample(schema: dict[str, Any]) -> Any:
    """Make the smallest value that a field may have."""
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema["type"]:
        case "object":
            fields = schema.get("properties", {})
            return {n: sample(fields[n]) for n in schema.get("required", [])} or {"any": "thing"}
        case "array":
            return [sample(schema["items"]) for _ in range(max(1, schema.get("minItems", 0)))]
        case "boolean":
            return False
        case "integer" | "number":
            return schema["minimum"]
    given = {"date-time": "2026-11-22T09:30:00Z", "date": "2026-11-22", "uri": "https://example.org/"}
    if "[0-9]{6}" in schema.get("pattern", ""):
        return "CHG-261122-K7QF3"
    return given.get(schema.get("format", ""), "anna")


@pytest.mark.parametrize(
    ("kind", "chosen"),
    [
        *((k, {}) for k in RECORD_KINDS if k.name != "change"),
        *((BOOK.kind("change"), {"type": t}) for t in ("standard", "normal", "emergency")),
        (BOOK.kind("incident"), {"major": {"state": "accepted"}}),
        (BOOK.kind("problem"), {"resolution_code": "risk_accepted"}),
    ],
    ids=named,
)
def test_every_state_can_be_reached_with_valid_documents(kind: Kind, chosen: dict[str, Any]) -> None:
    """What states demand can be given, and the document is valid at every step of every way."""
    flow, validator = kind.workflow, Draft7Validator(kind.schema)
    assert flow is not None
    start = {n: sample(kind.fields[n]) for n in kind.required} | chosen
    start |= {"id": f"{kind.prefix}-261122-K7QF3", "state": flow.initial}
    start["timeline"] = [{"at": "2026-11-22T09:30:00Z", "by": "anna", "state": flow.initial}]
    waiting, reached = [start], {flow.initial}
    while waiting:
        document = waiting.pop()
        assert [e.message for e in validator.iter_errors(document)] == []
        assert flow.missing(document["state"], document) == ()
        for step in flow.steps_from(document["state"], document):
            if step.target not in reached:
                reached.add(step.target)
                moved = {k: v for k, v in document.items() if k not in step.clear} | {"state": step.target}
                while missing := flow.missing(step.target, moved):
                    moved[missing[0]] = sample(kind.fields[missing[0]])
                waiting.append(moved)
    unused = {"assess", "authorize"} if chosen.get("type") == "standard" else set()
    unused = {"assess"} if chosen.get("type") == "emergency" else unused
    assert reached == set(flow.states) - unused


# --- a new kind by files only -------------------------------------------------------------------

RISK_FLOW = """\
workflow: risk
title: Risk
initial: raised
states:
  raised: {title: Raised, category: new, description: Somebody had an idea.}
  under_way: {title: Under way, category: active, description: Being done., require: [owner]}
  done: {title: Done, category: done, terminal: true, description: Done., require: [owner, benefit]}
transitions:
  - {name: begin, title: Begin, from: [raised], to: under_way, by: [owner]}
  - {name: finish, title: Finish, from: [under_way], to: done, by: [owner]}
immutable: [id, kind]
editable_when_closed: [labels]
"""


def risk() -> dict[str, Any]:
    schema = copy.deepcopy(load(SCHEMAS / "records/known-error.schema.json"))
    shared = ("id", "kind", "title", "owner", "state", "review_by", "links", "labels", "x", "timeline")
    fields = {k: v for k, v in schema["properties"].items() if k in shared}
    fields["id"]["pattern"] = "^RSK-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{5}$"
    fields["kind"]["const"] = "risk"
    fields["benefit"] = {"description": "What got better.", "type": "string", "maxLength": 500}
    about = {
        "kind": "risk",
        "plural": "risks",
        "prefix": "RSK",
        "folder": "records/risks",
    }
    return {
        **schema,
        "title": "Risk",
        "x-itsm": {**about, "workflow": "risk"},
        "required": ["id", "kind", "title", "state", "timeline"],
        "properties": fields,
    }


def test_a_new_kind_is_files_only(tmp_path: Path) -> None:
    shutil.copytree(SCHEMAS, tmp_path / "schemas")
    assert faults("kind", risk()) == []
    assert faults("workflow", yaml.safe_load(RISK_FLOW)) == []
    (tmp_path / "schemas/records/risk.schema.json").write_text(json.dumps(risk()))
    (tmp_path / "schemas/workflows/risk.yaml").write_text(RISK_FLOW)

    book = read_book(tmp_path)
    kind = book.kind("RSK")
    assert (kind.name, kind.plural_title, kind.is_record) == ("risk", "Risks", True)
    assert book.path_for(kind, "RSK-261122-K7QF3") == "records/risks/2026/11/RSK-261122-K7QF3.yaml"
    assert book.kind_at("records/risks/2026/11/RSK-261122-K7QF3.yaml") is kind
    assert ("owner",) in [r.pointer for r in kind.references]
    assert "risk" in book.members(["record"])
    document = {
        "id": "RSK-261122-K7QF3",
        "kind": "risk",
        "title": "Answer within an hour",
        "owner": "service-desk",
        "state": "under_way",
        "timeline": [{"at": "2026-11-22T09:30:00Z", "by": "anna", "state": "raised"}],
    }
    assert list(Draft7Validator(kind.schema).iter_errors(document)) == []
    assert kind.workflow is not None
    assert [t.target for t in kind.workflow.steps_from("under_way", document)] == ["done"]
    assert kind.workflow.missing("done", document) == ("benefit",)
