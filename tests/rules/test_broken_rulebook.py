"""A rule book with faults: each is found in its place, and no document is judged by it."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from example_trees import NOW, commit, committed_base
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_validate import mutate

from itsm_gitops import documents
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.repository import Repository
from itsm_gitops.rules import CheckReport, check
from itsm_gitops.rules.report import as_json, summary
from tests.support import SLOWER

INCIDENT = "schemas/records/incident.schema.json"
COMMON = "schemas/common.schema.json"
RECORD = "records/incidents/2026/11/INC-261120-AAAAA.yaml"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return committed_base(tmp_path_factory.mktemp("books") / "repo")


@pytest.fixture
def root(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The good repository; what a test before this one changed is taken back."""
    monkeypatch.setenv("ITSM_NOW", NOW)
    subprocess.run(["git", "checkout", "-q", "--", "."], cwd=shipped, check=True)
    return shipped


def edit(root: Path, path: str, change: Callable[[Any], None]) -> None:
    data = json.loads((root / path).read_text())
    change(data)
    (root / path).write_text(json.dumps(data, indent=2))


def field(**schema: Any) -> Callable[[Any], None]:
    """Return an edit that gives a kind one more field."""

    def change(data: Any) -> None:
        data["properties"]["evil"] = {"description": "A field.", **schema}

    return change


def definitions(**more: Any) -> Callable[[Any], None]:
    """Return an edit that adds shared definitions."""

    def change(data: Any) -> None:
        data["definitions"].update({n: {"description": "A piece.", **d} for n, d in more.items()})

    return change


def text(pattern: str) -> dict[str, Any]:
    return {"type": "string", "maxLength": 100, "pattern": pattern}


FAULTS: list[tuple[str, str, Callable[[Any], None], str]] = [
    ("endless pattern", INCIDENT, field(**text("^(a+)+$")), "/properties/evil/pattern"),
    ("open bracket", INCIDENT, field(**text("(")), "/properties/evil/pattern"),
    ("back reference", INCIDENT, field(**text(r"(a)\1")), "/properties/evil/pattern"),
    ("look-ahead", INCIDENT, field(**text("(?=a)")), "/properties/evil/pattern"),
    ("pattern of names", INCIDENT, field(type="object", maxProperties=3, propertyNames={"pattern": "("}), "/properties/evil/propertyNames/pattern"),
    ("patternProperties", INCIDENT, field(type="object", maxProperties=3, patternProperties={"(a+)+$": {}}), "/properties/evil/patternProperties/(a+)+$"),
    ("no definition", INCIDENT, field(**{"$ref": "../common.schema.json#/definitions/none"}), "/properties/evil/$ref"),
    ("local reference", INCIDENT, field(**{"$ref": "#/definitions/none"}), "/properties/evil/$ref"),
    ("remote reference", INCIDENT, field(**{"$ref": "http://localhost:1/evil.json"}), "/properties/evil/$ref"),
    ("wrong dialect", INCIDENT, lambda d: d.update({"$schema": "https://json-schema.org/draft/2020-12/schema"}), "/$schema"),
    ("a circle", COMMON, definitions(a={"$ref": "#/definitions/b"}, b={"$ref": "#/definitions/a"}), "/definitions/a"),
    ("a circle inside", COMMON, definitions(a={"type": "array", "maxItems": 3, "items": {"$ref": "#/definitions/a"}}), "/definitions/a"),
    ("unknown type", COMMON, definitions(a={"type": "strin"}), "/definitions/a/type"),
    ("unknown keyword", COMMON, definitions(a={"type": "boolean", "titel": "A"}), "/definitions/a/titel"),
    ("no definitions", COMMON, lambda d: d.pop("definitions"), ""),
    ("definitions of another type", COMMON, lambda d: d.update(definitions=[1]), "/definitions"),
    ("reference of the meta schema", "schemas/meta/kind.schema.json", lambda d: d["properties"].update(title={"$ref": "#/definitions/none"}), "/properties/title/$ref"),
    ("remote reference of the meta schema", "schemas/meta/kind.schema.json", lambda d: d["properties"].update(title={"$ref": "https://localhost:1/x"}), "/properties/title/$ref"),
    ("meta schema that is its own", "schemas/meta/kind.schema.json", lambda d: d["definitions"].update(node={"$ref": "#/definitions/node"}), "/definitions/node"),
]  # fmt: skip


def pointer_of(report: CheckReport) -> list[tuple[str, str]]:
    findings = json.loads(as_json(report))["findings"]
    return [(f["path"], f["pointer"]) for f in findings if f["severity"] == "error"]


@pytest.mark.parametrize(("path", "change", "pointer"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_of_a_schema_is_found_in_its_place_and_nothing_is_judged_by_it(
    root: Path, path: str, change: Callable[[Any], None], pointer: str
) -> None:
    edit(root, path, change)
    record = root / RECORD
    record.write_text(record.read_text().replace("impact: medium", "impact: huge") + f"evil: {'a' * 60}!\n")
    started = time.process_time()
    report = check(Repository.open(root))
    assert time.process_time() - started < 10 * SLOWER
    assert (path, pointer) in pointer_of(report)
    assert [f for f in report.findings if not (f.path.startswith("schemas/") and f.line)] == []
    assert all("Error" not in f.message for f in report.findings)
    assert report.unjudged > 10
    assert "not judged" in summary(report)
    assert (path, pointer) in pointer_of(check(Repository.open(root), base="HEAD"))


def test_a_fault_that_was_there_before_still_stops_the_check_of_a_pull_request(root: Path) -> None:
    edit(root, INCIDENT, field(**text("(")))
    commit(root, "a faulty rule book")
    record = root / RECORD
    record.write_text(record.read_text().replace("impact: medium", "impact: huge"))
    report = check(Repository.open(root), base="HEAD")
    assert report.fails()
    assert report.unjudged > 10
    subprocess.run(["git", "reset", "-q", "--hard", "HEAD~1"], cwd=root, check=True)


def test_a_setting_does_not_make_a_faulty_rule_book_a_good_one(root: Path) -> None:
    edit(root, INCIDENT, field(**text("(")))
    config = root / "itsm.yaml"
    ignored = "ignore:\n  - {code: S020, path: schemas/**, reason: Later, until: 2099-01-01}\n"
    before = config.read_text() if config.exists() else ""
    config.write_text(before + ignored)
    report = check(Repository.open(root))
    assert report.unjudged > 10
    assert report.fails()
    assert pointer_of(report) == [(INCIDENT, "/properties/evil/pattern")]


@pytest.mark.parametrize("name", ["kind", "workflow", "template"])
def test_without_the_schema_of_a_schema_nothing_is_judged(root: Path, name: str) -> None:
    (root / f"schemas/meta/{name}.schema.json").unlink()
    report = check(Repository.open(root))
    assert report.unjudged > 10
    assert any(f"{name}.schema.json is missing" in f.message for f in report.findings)


def test_a_part_of_the_repository_is_not_judged_by_a_faulty_rule_book_either(root: Path) -> None:
    edit(root, INCIDENT, field(**text("(")))
    report = check(Repository.open(root), paths=[root / RECORD])
    assert report.fails()
    assert pointer_of(report) == [(INCIDENT, "/properties/evil/pattern")]


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(", r"\bmodel\b", "(?=light)light"])
def test_a_form_with_such_a_pattern_is_a_finding_at_the_offering(root: Path, pattern: str) -> None:
    offering = next(p for p in sorted((root / "cmdb/offerings").glob("*.yaml")) if "form:" in p.read_text())
    data = documents.load(offering.read_bytes()).data
    data["form"]["properties"]["evil"] = {"title": "Evil", **text(pattern)}
    offering.write_text(json.dumps(data, indent=2))
    path = offering.relative_to(root).as_posix()
    assert (path, "/form/properties/evil/pattern") in pointer_of(check(Repository.open(root)))


FILES = sorted(
    p.relative_to(Path(__file__).parents[2]).as_posix()
    for p in (Path(__file__).parents[2] / "schemas").rglob("*")
    if p.suffix in (".json", ".yaml")
)
HOSTILE: list[Any] = [
    {"$ref": "#/definitions/none"}, {"$ref": "http://localhost:1/"}, {"$ref": 5}, {"pattern": "(a+)+$"}, {"pattern": 5},
    "(", "^(a|a)*$", [[[[{}]]]], {"properties": {"a": {"$ref": "#"}}}, {"type": "none"}, {"enum": []}, 10**40, True,
]  # fmt: skip


def spoil(data: Any, luck: random.Random) -> Any:
    """Spoil a file of the rule book in up to three places, some of them on purpose."""
    for _ in range(luck.randint(1, 3)):
        data = mutate(data, luck) if isinstance(data, (dict, list)) and data else data
    node = data
    while isinstance(node, dict) and node and luck.random() < 0.5:
        key = luck.choice(sorted(node))
        if not isinstance(node[key], dict) or luck.random() < 0.3:
            node[key] = copy.deepcopy(luck.choice(HOSTILE))
            break
        node = node[key]
    return data


@pytest.mark.slow
@given(st.sampled_from(FILES), st.integers(0, 10**6))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
def test_a_spoilt_rule_book_gives_findings_and_never_an_exception(root: Path, path: str, seed: int) -> None:
    raw = (root / path).read_bytes()
    loaded = documents.load_rule_file(raw, is_json=path.endswith(".json")).data
    spoilt = json.dumps(spoil(copy.deepcopy(loaded), random.Random(seed)), ensure_ascii=False)
    try:
        (root / path).write_text(spoilt)
        started = time.process_time()
        repo = Repository.open(root)
        report = check(repo)
        assert time.process_time() - started < 10 * SLOWER
        assert all(f.line and f.column for f in report.findings)
        with suppress(ItsmError):  # whatever reads the documents with it ends, too, and says why
            repo.store()
    finally:
        (root / path).write_bytes(raw)


def test_a_taken_prefix_is_one_finding_and_no_filter_is_blamed_for_it(root: Path) -> None:
    data = json.loads((root / "schemas/records/complaint.schema.json").read_text())
    data["x-itsm"] |= {"kind": "objection", "plural": "objections"}
    data["properties"]["kind"]["const"] = "objection"
    path = root / "schemas/records/objection.schema.json"
    path.write_text(json.dumps(data, indent=2))
    try:
        found = [(f.code, f.path) for f in check(Repository(root)).findings if f.severity != "info"]
    finally:
        path.unlink()
    assert [f for f in found if f[0] != "A007"] == [("S022", "schemas/records/objection.schema.json")]
