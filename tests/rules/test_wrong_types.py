"""Wrong types in documents and in the files of the rule book: each is a finding in its file, no command stumbles."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from example_trees import NOW, committed_base

from itsm_gitops.repository import Repository
from itsm_gitops.rules import check
from tests.support import run_here

RECORD = "records/incidents/2026/11/INC-261120-AAAAA.yaml"
CONTRACT = "schemas/cmdb/contract.schema.json"
INCIDENT = "schemas/records/incident.schema.json"
CATEGORIES = "schemas/policies/categories.yaml"
RECURRING = "schemas/policies/recurring.yaml"
FLOW = "schemas/workflows/incident.yaml"
OWN = "schemas/rules/ORG001.yaml"
MIGRATION = "schemas/migrations/2026-11-22-impact.yaml"
FRESH = {
    OWN: {
        "rule": "ORG001", "title": "No team", "for": ["incident"], "must": {"assigned_team": {"present": True}},
        "message": "it has no team", "hint": "name one", "why": "Somebody must answer.",
        "bad": {"kind": "incident"}, "good": {"kind": "incident", "assigned_team": "ops"},
    },
    MIGRATION: {
        "migration": "value", "kind": "incident", "field": "impact", "from": "huge", "to": "high",
        "at": "2026-11-22T09:00:00Z", "by": "anna-berg", "reason": "Words.",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return committed_base(tmp_path_factory.mktemp("types") / "repo")


@pytest.fixture
def root(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ITSM_NOW", NOW)
    for words in (("checkout", "-q", "--", "."), ("clean", "-qfd")):
        subprocess.run(["git", *words], cwd=shipped, check=True)
    return shipped


def put(root: Path, path: str, place: str, value: Any) -> None:
    """Write a value at a place (keys and positions with slashes) of a file; an empty place is the whole of it."""
    target, steps = root / path, [int(s) if s.isdigit() else s for s in place.split("/") if s]
    data = (
        yaml.load(target.read_bytes(), yaml.CSafeLoader)
        if target.exists()
        else json.loads(json.dumps(FRESH[path]))
    )
    part = data
    for step in steps[:-1]:
        part = part[step]
    if steps:
        part[steps[-1]] = value
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(data if steps else value, default=str))


WRONG: list[tuple[str, str, Any]] = [
    (RECORD, "timeline", 5), (RECORD, "timeline/0", None), (RECORD, "timeline/0/set", 5),
    (RECORD, "timeline/0/set", {"impact": {"x": [1]}, "5": None}), (RECORD, "timeline/1/was", [1]),
    (RECORD, "timeline/1/happened", {"x": 1}), (RECORD, "timeline/1/corrects", [1]), (RECORD, "tasks", {"x": 1}),
    (RECORD, "tasks", [5, {"name": [1], "after": {}}]), (RECORD, "review", [{"action_items": 5}]),
    (RECORD, "category", [1]), (RECORD, "supplier_cases", [5, {"supplier": [1]}]),
    (CONTRACT, "properties/end/x-due", 5), (CONTRACT, "properties/end/x-due", [[5]]),
    (CONTRACT, "properties/end/x-due/0/warn_days", 5), (CONTRACT, "properties/end/x-due/0/unless", [7]),
    (CONTRACT, "properties/end/x-due/0/renews", [1]), (INCIDENT, "properties/impact", None),
    (CATEGORIES, "", [1]), (CATEGORIES, "categories", [1]), (CATEGORIES, "categories/mail", 5),
    (CATEGORIES, "categories/mail", {"open": {"x": 1}, "team": [1]}),
    (RECURRING, "rules", True), (RECURRING, "rules/0", None), (RECURRING, "rules/0/dates", 1.5),
    (RECURRING, "rules/0/time", {"x": 1}), (RECURRING, "rules/0/values", ""),
    (FLOW, "states", 1.5), (FLOW, "reason_for/0", {"field": []}), (FLOW, "require/0/must", [1]),
    (FLOW, "require/0/while", 5), (FLOW, "refuse", [5]), (FLOW, "track", [None, {"x": 1}]),
    (OWN, "", [1]), (OWN, "for", 5), (OWN, "for", [0]), (OWN, "must", {"impact": {"above": [1]}}), (OWN, "must", {"or": 5}),
    (OWN, "must", {"link": ["x"]}), (OWN, "when", "always"), (OWN, "good", 0), (OWN, "bad", [None]),
    (MIGRATION, "", 5), (MIGRATION, "migration", [1]), (MIGRATION, "kind", {}), (MIGRATION, "from", 5),
    (MIGRATION, "at", 20261122),
]  # fmt: skip


@pytest.mark.parametrize(("path", "place", "value"), WRONG)
def test_a_wrong_type_is_a_finding_in_its_file(root: Path, path: str, place: str, value: Any) -> None:
    put(root, path, place, value)
    report = check(Repository.open(root))
    found = [f for f in report.findings if f.path == path and f.severity == "error"]
    assert found
    assert all(f.code != "S013" for f in found)


COMMANDS = [
    (RECURRING, "rules", True, ["recur", "--dry-run"]),
    (RECURRING, "rules/0", None, ["recur", "--dry-run"]),
    (RECURRING, "rules/0/kind", {}, ["recur", "--dry-run"]),
    (RECURRING, "rules/0/time", "noon", ["recur", "--dry-run"]),
    (RECURRING, "rules/0/dates", {"starts_at": [1]}, ["recur"]),
    (OWN, "for", [0], ["explain", "ORG001"]),
    (OWN, "good", 0, ["explain", "ORG001"]),
    (FLOW, "reason_for/0", {"field": []}, ["set", "INC-261120-AAAAA", "impact=high"]),
]


@pytest.mark.parametrize(("path", "place", "value", "words"), COMMANDS)
def test_a_command_says_which_file_is_wrong(
    root: Path, path: str, place: str, value: Any, words: list[str]
) -> None:
    put(root, path, place, value)
    done = run_here(words, root)
    assert done.returncode in (1, 2)
    assert path in done.stderr


@pytest.mark.parametrize("value", [None, 5, [1], {"items": [1]}, {"enum": 5}])
def test_a_schema_of_head_that_a_migration_speaks_of_may_be_anything(root: Path, value: Any) -> None:
    put(root, INCIDENT, "properties/impact", value)
    put(root, MIGRATION, "reason", "Words.")
    report = check(Repository.open(root), base="HEAD")
    assert {f.path for f in report.findings if f.severity == "error"} >= {INCIDENT}


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_the_ends_of_the_calendar_stop_no_command(root: Path, time: str) -> None:
    put(root, RECORD, "timeline/1/happened", time)
    due = {"action": "Watch it", "owner": "ops", "due": time[:10], "done": False}
    put(root, RECORD, "review", {"action_items": [due]})
    assert check(Repository.open(root)).fails()
    for words in (["show", "INC-261120-AAAAA"], ["due"]):
        done = run_here(words, root)
        assert done.returncode == 0, done.stderr
