from __future__ import annotations

import pytest

from itsm_gitops.model import errors, findings
from itsm_gitops.model.findings import Finding


def test_messages_hints_and_exit_codes() -> None:
    error = errors.Refused("closed records stay closed", "open a new one")
    assert (str(error), error.message, error.hint) == ("closed records stay closed",) * 2 + (
        "open a new one",
    )
    assert errors.ItsmError("x").hint == ""
    assert errors.UsageError("x").exit_code == 2
    findings_like = (
        errors.Refused,
        errors.NotFound,
        errors.RuleBookError,
        errors.ChangedMeanwhile,
        errors.GitError,
    )
    assert {kind("x").exit_code for kind in findings_like} == {1}


def test_candidates_are_shown_up_to_eight() -> None:
    few = errors.Ambiguous("a", ["a1", "a2"])
    assert (few.message, few.hint) == ("'a' matches 2 identifiers", "one of: a1, a2")
    many = errors.Ambiguous("a", [f"a{n}" for n in range(9)])
    assert many.hint.endswith("a7, …")
    assert len(many.candidates) == 9


def test_suggestions() -> None:
    assert errors.did_you_mean("INCIDNET", ["incident", "change"]) == "did you mean incident?"
    assert errors.did_you_mean("teh", ["incident"]) == ""
    assert errors.did_you_mean("node", ["node1", "node2", "node3", "node4"], limit=2).count("node") == 2
    assert errors.did_you_mean("p1", ["P1"]) == "did you mean P1?"


def test_findings_sort_by_place() -> None:
    made = [
        Finding("S001", "error", "b.yaml", "m"),
        Finding("S002", "error", "a.yaml", "m", line=2, column=1),
        Finding("S001", "error", "a.yaml", "z", line=1, column=9),
        Finding("S001", "error", "a.yaml", "a", line=1, column=9),
        Finding("W001", "error", "a.yaml", "m", line=1, column=1),
    ]
    ordered = sorted(made, key=findings.sort_key)
    assert [(f.path, f.line, f.column, f.message) for f in ordered] == [
        ("a.yaml", 1, 1, "m"), ("a.yaml", 1, 9, "a"), ("a.yaml", 1, 9, "z"), ("a.yaml", 2, 1, "m"), ("b.yaml", 0, 0, "m"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("severity", "threshold", "counts"),
    [
        ("error", "error", True), ("warning", "error", False), ("warning", "warning", True),
        ("error", "info", True), ("info", "warning", False), ("off", "info", False),
    ],
)  # fmt: skip
def test_severities_compare(severity: str, threshold: str, counts: bool) -> None:
    assert findings.at_least(severity, threshold) is counts


def test_pointers_as_rfc_6901_text() -> None:
    assert findings.json_pointer(()) == ""
    assert findings.json_pointer(("links", 0, "target")) == "/links/0/target"
    assert findings.json_pointer(("x", "a/b", "m~n", "~1")) == "/x/a~1b/m~0n/~01"
