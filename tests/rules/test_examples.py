"""Every rule has examples of both sides, and each reports exactly what it should, where it should."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_trees import EXAMPLES, NOW, cases, judge, located

from itsm_gitops.rules import explain, explanations
from itsm_gitops.rules.registry import rules


def _name(case: Path) -> str:
    return "-".join(case.parts[-3::2])


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)


@pytest.mark.parametrize("case", cases("negative"), ids=_name)
def test_negative_example_is_reported_at_its_place_and_nothing_else(case: Path, tmp_path: Path) -> None:
    expected = (case / "expected.txt").read_text().splitlines()
    code = case.parent.parent.name
    own = "ORG" if code[0] == "U" else code  # findings of rules of one's own carry their codes
    assert any(line.split()[-1].startswith(own) for line in expected)
    assert located(judge(case, tmp_path)) == expected


@pytest.mark.parametrize("case", cases("positive"), ids=_name)
def test_positive_example_has_no_finding(case: Path, tmp_path: Path) -> None:
    quiet = (case / "expected.txt").read_text().splitlines() if (case / "expected.txt").is_file() else []
    assert not any(line.endswith(case.parent.parent.name) for line in quiet)
    assert located(judge(case, tmp_path)) == quiet


@pytest.mark.parametrize("code", [r.code for r in rules()])
def test_every_rule_has_both_sides_and_an_explanation(code: str) -> None:
    for side in ("negative", "positive"):
        assert any((EXAMPLES / code / side).iterdir()), f"tests/examples/{code}/{side} is empty"
    about = explain(code)
    assert all([about.title, about.family, about.why, about.hint, about.bad, about.good, about.looks_at])


def test_examples_belong_to_rules() -> None:
    assert {p.name for p in EXAMPLES.iterdir()} - {"_base"} == {r.code for r in rules()}


def test_explanations_are_all_rules_in_order_of_family() -> None:
    codes = [e.code for e in explanations()]
    assert sorted(codes) == [r.code for r in rules()]
    assert codes[0] == "P001"
    assert codes[-1] == "U002"
