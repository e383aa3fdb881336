"""One truth for every fact: all consumers give one answer, whatever a rule book calls its kinds and states."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from itsm_gitops.presentation.data import feeds
from itsm_gitops.presentation.pages import home
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.facts_world import (
    FACTS,
    NOW,
    Answers,
    Tree,
    add_kind,
    flip_links,
    move_affecting,
    put,
    rename_kind,
    rename_state,
    rule_book,
    usual,
)
from tests.support import copy_tree

PACKAGED = packaged_rulebook_root() / "schemas"
BOOK = rule_book(PACKAGED.parent)
KINDS = sorted({a.get("kind", a.get("class")) for d in BOOK.values() if (a := d.get("x-itsm"))})
STATES = sorted((d["workflow"], s) for p, d in BOOK.items() if "/workflows/" in p for s in d["states"])


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", f"{NOW:%Y-%m-%dT%H:%M:%SZ}")


def build(root: Path, tree: Tree) -> Answers:
    """Write a world with its rule book and load it."""
    shutil.rmtree(root, ignore_errors=True)
    copy_tree(PACKAGED, root / "schemas")
    (root / "itsm.yaml").write_text("version: 1\norganisation: Example\n", encoding="utf-8")
    put(root, tree)
    return Answers(root)


def said(answers: Answers, *renamed: tuple[str, str]) -> dict[str, str]:
    """Return what every consumer says, with the old names put back."""
    found = {}
    for name, ask in FACTS.items():
        text = json.dumps(ask(answers), default=str)
        for new, old in renamed:
            text = text.replace(new, old).replace(new.capitalize(), old.capitalize())
        found[name] = text
    return found


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ITSM_NOW", f"{NOW:%Y-%m-%dT%H:%M:%SZ}")
        return said(build(tmp_path_factory.mktemp("world") / "repo", {**BOOK, **usual()}))


def test_there_are_enough_facts_and_each_says_something(before: dict[str, str]) -> None:
    assert len(FACTS) >= 40
    assert not [name for name, text in before.items() if text in ("[]", "{}", '""', "null")]


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [name for name in before if before[name] != after[name]]


@pytest.mark.parametrize("kind", KINDS)
def test_renaming_a_kind_changes_no_answer(kind: str, before: dict[str, str], tmp_path: Path) -> None:
    tree = rename_kind({**BOOK, **usual()}, kind, "zzkind")
    assert differences(before, said(build(tmp_path / "repo", tree), ("zzkind", kind))) == []


@pytest.mark.parametrize(("flow", "state"), STATES)
def test_renaming_a_state_changes_no_answer(
    flow: str, state: str, before: dict[str, str], tmp_path: Path
) -> None:
    tree = rename_state({**BOOK, **usual()}, flow, state, "zzstate")
    assert differences(before, said(build(tmp_path / "repo", tree), ("zzstate", state))) == []


def test_another_field_that_affects_counts_as_the_shipped_one(before: dict[str, str], tmp_path: Path) -> None:
    tree = move_affecting({**BOOK, **usual()}, "zzfield")
    after = said(build(tmp_path / "repo", tree), ("zzfield", "cis"))
    assert differences(before, after) == []


@pytest.mark.parametrize("relations", [("resolved_by",), ("caused_by",), ("resolved_by", "caused_by")])
def test_a_link_says_the_same_whichever_document_stores_it(
    relations: tuple[str, ...], before: dict[str, str], tmp_path: Path
) -> None:
    tree = flip_links({**BOOK, **usual()}, *relations)
    assert differences(before, said(build(tmp_path / "repo", tree))) == []


def test_a_kind_of_ones_own_that_plays_a_role_counts_as_the_shipped_one(
    before: dict[str, str], tmp_path: Path
) -> None:
    answers = build(tmp_path / "repo", add_kind({**BOOK, **usual()}))
    after = said(answers, ("ALM-261121-AAAA1", "INC-261121-AAAA1"), ("alarms", "incidents"))
    same = {name for name in before if before[name] == after[name]}
    assert {
        n
        for n in before
        if n.startswith(("status: every", "impact", "schedule", "gate", "reports: caused", "reports: spells"))
    } <= same
    assert "ALM-261121-AAAA1" in str(home.home_page(answers.view, frozenset()).body)
    assert "ALM-261121-AAAA1" in dict(feeds.files(answers.view, ""))["feeds/incidents.xml"].decode()
