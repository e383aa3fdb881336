"""What a change's page says must be approved is what the gate asks for when the change is brought in."""

from __future__ import annotations

from pathlib import Path

import pytest

from itsm_gitops.evidence.proofs import proofs
from itsm_gitops.gate.asking import asking
from itsm_gitops.model.standing import Asking
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import load_store
from tests.evidence.test_audit import Place
from tests.gate.world import CHANGE_PATH, CHG, NOW, World, change


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.make(tmp_path_factory.mktemp("asking") / "work")


@pytest.fixture
def world(template: World, tmp_path: Path) -> World:
    return World.copy(template, tmp_path / "work")


def asked(world: World) -> Asking:
    store = load_store(world.repo.snapshot())[0]
    return asking(store, NOW)(store.entries[CHG], store.data(CHG))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"risk": "{level: high, reason: New.}"},
        {"type": "emergency", "risk": "{level: medium, reason: New.}"},
        {"type": "standard", "template": "standard-patch-os"},
        {"cis": "[s1, s2]", "requested_by": "bob"},
        {"cis": "[nowhere]"},
        {"risk": ""},
    ],
    ids=["low", "high", "emergency", "standard", "two items", "unknown item", "no risk"],
)
def test_it_is_what_the_gate_asks(world: World, fields: dict[str, str]) -> None:
    world.git("checkout", "-q", "-b", "topic")
    world.write(CHANGE_PATH, change(**fields))
    world.commit("change", by="ann <nobody@example.org>")
    judged = [
        v
        for v in world.assess([]).verdicts
        if v.result not in ("NOT_APPLICABLE", "SATISFIED") and v.requirement.rule != "no_match"
        and v.requirement.name != "authors"
    ]  # fmt: skip
    found = asked(world)
    assert [(n.rule, n.role, n.number, n.people) for n in found.needs] == [
        (v.requirement.rule, v.requirement.role, v.requirement.count, v.could) for v in judged
    ]
    assert [n.error for n in found.needs] == [v.reason if v.result == "ERROR" else "" for v in judged]
    assert found.needs


def test_a_draft_says_what_authorising_it_will_need(world: World) -> None:
    world.write(CHANGE_PATH, change(state="draft"))
    needs = asked(world).needs
    assert [n.rule for n in needs] == ["owner-of-each-item"]
    assert needs[0].subject == "s1"
    assert "dora" not in needs[0].people  # she carries it out
    assert "eve" not in needs[0].people  # she asked for it
    assert {"bob", "carl"} <= set(needs[0].people)


def test_without_a_usable_policy_nothing_is_said(world: World) -> None:
    world.write(CHANGE_PATH, change())
    world.write("schemas/policies/approvals.yaml", "version: 1\n")
    assert asked(world) == Asking("", ())


def test_other_records_ask_for_nothing(world: World) -> None:
    store = load_store(world.repo.snapshot())[0]
    assert asking(store, NOW)(store.entries["s1"], store.data("s1")) == Asking("", ())


def test_statements_in_short(tmp_path: Path) -> None:
    place = Place.make(tmp_path / "place")
    place.propose("a", CHANGE_PATH, change())
    place.approve("a", "bob")
    merged = place.merge("a")
    place.bypassed("b", "Two.")
    place.itsm("audit", "record")
    *_, first, second = proofs(Repository(place.world.root))
    assert (first.changes, first.commit, first.kind) == ((CHG,), merged, "merge")
    assert (first.result, first.approvers) == ("SATISFIED", (("bob", "signed"),))
    assert first.file == f"{first.sequence:08d}-merge-{merged}.json"
    assert first.digest.startswith("sha256:")
    assert [r for _, r in first.asked] == ["SATISFIED"]
    assert (second.result, second.approvers, second.changes) == ("BYPASSED", (), ())
    assert second.content.startswith(b'{"_type"')


def test_no_git_no_statements(tmp_path: Path) -> None:
    (tmp_path / "itsm.yaml").write_text("version: 1\n")
    assert proofs(Repository.open(tmp_path)) == []
