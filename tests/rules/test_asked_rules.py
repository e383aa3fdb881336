"""A check asks a document only those rules that can find something in it: asking all of them finds the same."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from itsm_gitops.repository import Repository
from itsm_gitops.rules import check
from itsm_gitops.rules.judge import _Judge
from itsm_gitops.rules.registry import rules
from itsm_gitops.rules.rule import DOCUMENT
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.rules.example_trees import cases, judge
from tests.rules.request_world import Edits, World
from tests.support import GitRepo, copy_tree, first_seed, rounds

CHOOSY = {r.code for r in rules(DOCUMENT) if r.about is not None or r.said is not None or r.unusual}
CASES = [c for side in ("negative", "positive") for c in cases(side) if c.parent.parent.name in CHOOSY]
SETTINGS = "version: 1\norganisation: Example Ltd\ntimezone: Europe/Berlin\nsite:\n  name: Example IT\n"


def ask_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_Judge, "rules_for", lambda self, _shape: self._rules)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.parent.parent.name}-{c.parent.name}-{c.name}")
def test_examples_of_rules_that_are_not_always_asked(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = judge(case, tmp_path / "some").findings
    ask_all(monkeypatch)
    assert judge(case, tmp_path / "all").findings == some


@pytest.mark.parametrize("number", range(rounds(4, 60)))
def test_random_documents(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = first_seed() + number
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    dice = random.Random(seed)
    made = GitRepo(tmp_path)
    copy_tree(packaged_rulebook_root() / "schemas", tmp_path / "schemas")
    made.write("itsm.yaml", SETTINGS)
    world = World(dice)
    world.write(made)
    Edits(world, made).some(12)
    made.git("init", "-q", "-b", "main")
    made.commit("base")
    some = check(Repository.open(tmp_path)).findings
    ask_all(monkeypatch)
    assert check(Repository.open(tmp_path)).findings == some


def test_an_incident_that_went_the_usual_way_is_asked_little(git_repo: GitRepo) -> None:
    judge_of = _Judge(git_repo.repo.book.kinds["incident"])
    fields, said = frozenset(("id", "kind", "title", "state", "timeline")), frozenset(("at", "by", "state"))
    usual = {rule.code for rule, _ in judge_of.rules_for((fields, said, True))}
    assert not usual & {"W001", "W006", "W009", "W010", "W021", "W032", "D050"}
    odd = {rule.code for rule, _ in judge_of.rules_for((fields | {"tasks"}, said | {"happened"}, False))}
    assert odd - usual == {"D020", "D021", "W001", "W002", "W003", "W006", "W009", "W021", "W032", "W033"}
