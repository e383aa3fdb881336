"""The audit judges what landed: compositions nobody saw, approvals that were used, histories that were put in front."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from itsm_gitops.evidence import receiving
from itsm_gitops.evidence.ledger import Ledger
from itsm_gitops.evidence.recheck import Recheck
from itsm_gitops.gate.landing import LANDING, PROPOSAL
from tests.evidence.test_audit import NOW, Place
from tests.gate.test_server import Server
from tests.gate.world import CHANGE_PATH, POLICY_PATH, SERVER, World, change, server
from tests.warm import Warm

LONG = server("s1", extra="".join(f"# line {n}\n" for n in range(9)) + "description: Holds the shop.\n")
NAMED = LONG.replace("name: Server s1", "name: Server one")
DESCRIBED = LONG.replace("Holds the shop.", "Holds all.")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = Place.make(tmp_path_factory.mktemp("landing") / "place")
    made.world.write(SERVER, LONG)
    made.world.commit("A longer file", by="cab-one")
    return made


@pytest.fixture
def place(template: Place, tmp_path: Path) -> Place:
    return Place(template.folder, World.copy(template.world, tmp_path / "work"))


def _both_sides(p: Place) -> None:
    """Two requests edit different lines of one file; each was approved as its branch showed it."""
    p.propose("a", SERVER, NAMED)
    p.propose("b", SERVER, DESCRIBED)
    for branch in ("a", "b"):
        p.approve(branch, "bob")
    p.merge("a")
    p.merge("b")


def _updated(p: Place) -> None:
    """The second one merges main and is approved again."""
    p.propose("a", SERVER, NAMED)
    p.propose("b", SERVER, DESCRIBED)
    p.approve("a", "bob")
    p.merge("a")
    p.git("checkout", "-q", "b")
    p.git("merge", "-q", "--no-edit", "main")
    p.approve("b", "bob")
    p.merge("b")


def _other_files(p: Place) -> None:
    p.propose("a", "cmdb/servers/s2.yaml", server("s2", owner="net", extra="description: Two.\n"))
    p.propose("b", SERVER, DESCRIBED)
    p.approve("b", "bob")
    p.merge("a")
    p.merge("b")


def _again(p: Place) -> None:
    p.propose("a", SERVER, DESCRIBED)
    p.approve("a", "bob")
    p.merge("a")
    p.propose("b", SERVER, LONG)
    p.approve("b", "bob")
    p.merge("b")
    p.propose("c", SERVER, DESCRIBED)
    p.merge("c", at="2026-11-22T11:30:00Z")


def _again_approved(p: Place) -> None:
    _again(p)
    p.propose("d", SERVER, LONG)
    p.approve("d", "carl")
    p.merge("d")


def _tasks_replaced(p: Place) -> None:
    p.propose("a", CHANGE_PATH, change(tasks="[{name: Check the result, status: open}]"))
    p.approve("a", "bob")
    p.merge("a")
    p.propose("b", CHANGE_PATH, change(tasks="[{name: Drop the archive, status: open, assignee: bob}]"))
    p.merge("b")


def _in_front(p: Place) -> None:
    """A history with a policy that asks nobody is put in front of the branch."""
    p.propose("a", SERVER, DESCRIBED)
    p.approve("a", "bob")
    p.merge("a")
    p.record("--since", "main~1")
    p.git("checkout", "-q", "--orphan", "front")
    text = (p.world.root / POLICY_PATH).read_text()
    p.world.write(POLICY_PATH, text.replace("count: 1", "count: 0").replace("count: 2", "count: 0"))
    p.world.commit("Ask nobody")
    p.world.write("README.md", "# Anything\n")
    p.world.commit("Something", by="ann")
    day = {f"GIT_{side}_DATE": "2026-11-22T11:30:00Z" for side in ("AUTHOR", "COMMITTER")}
    p.git("merge", "-q", "--no-edit", "--allow-unrelated-histories", "-X", "ours", "main", env=day)
    p.git("branch", "-f", "main", "HEAD")
    p.git("checkout", "-q", "main")


@dataclass(frozen=True)
class Case:
    """What is merged, the results from the oldest merge on, and words of the finding about the last one (empty: none)."""

    name: str
    results: tuple[str, ...]
    says: str
    merge: Callable[[Place], object]


CASES = (
    Case("both sides edited one file", ("SATISFIED", "COMPOSED"), "the merge made of it: cmdb/servers/s1.yaml: name was Server s1, is Server one", _both_sides),
    Case("honest: the second one was updated", ("SATISFIED", "SATISFIED"), "", _updated),
    Case("honest: they touch other files", ("BYPASSED", "SATISFIED"), "", _other_files),
    Case("there, back and there, evidence was off", ("SATISFIED", "SATISFIED", "BYPASSED"), "needs 1 of 1", _again),
    Case("honest: back again, approved again", ("SATISFIED", "SATISFIED", "BYPASSED", "SATISFIED"), "", _again_approved),
    Case("the plan is replaced as progress", ("SATISFIED", "BYPASSED"), "owner-of-each-item", _tasks_replaced),
    Case("another history is put in front", ("SATISFIED", "BYPASSED"), "", _in_front),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name.replace(" ", "-"))
def test_what_landed_is_judged(case: Case, place: Place) -> None:
    start = place.world.head
    case.merge(place)
    place.record(*([] if case.merge is _in_front else ["--since", start]))
    results = [s["predicate"]["result"] for s in place.statements()]
    assert tuple(results) == case.results, [
        s["predicate"]["assessment"]["messages"] for s in place.statements()
    ]
    last = [f for f in place.verify()["findings"] if f["commit"] == place.world.head]
    assert all(f["code"] == case.results[-1] for f in last), last
    assert bool(last) == (case.results[-1] != "SATISFIED")
    assert any(case.says in str(f) for f in last) or not case.says, last


def test_what_was_composed_is_reviewed_afterwards(place: Place) -> None:
    start = place.world.head
    _both_sides(place)
    place.record("--since", start)
    shown = place.itsm("audit", "show", place.world.head, code=None)
    assert "by the branch itself, made by the merge: cmdb/servers/s1.yaml: name was" in " ".join(
        shown.out.split()
    )
    place.approve("HEAD", "carl", base="HEAD^1", now="2026-11-22T12:10:00Z")
    later = "2026-11-22T12:20:00Z"
    place.itsm("audit", "retro", place.world.head, now=later)
    findings = [f for f in place.verify(now=later)["findings"] if f["commit"] == place.world.head]
    found = [(f["code"], f["severity"]) for f in findings]
    assert found == [("COMPOSED", "info")]


def test_it_names_the_approval_that_was_used(place: Place) -> None:
    start = place.world.head
    _again(place)
    place.record("--since", start)
    reasons = [r["code"] for r in place.statements()[-1]["predicate"]["assessment"]["rejected"]]
    assert "SPENT" in reasons


def _statement(sequence: int, **assessment: Any) -> Any:
    return SimpleNamespace(sequence=sequence, predicate={"assessment": assessment})


def test_old_statements_are_computed_as_they_were_but_not_behind_new_ones() -> None:
    old, new, late = _statement(1), _statement(2, judged=LANDING), _statement(3)
    check = Recheck(cast(Any, None), Ledger("", (old, new, late), {}, ()), cast(Any, None))
    assert [check._judged(s) for s in (old, new, late)] == [PROPOSAL, LANDING, LANDING]
    before = Recheck(cast(Any, None), Ledger("", (old,), {}, ()), cast(Any, None))
    assert before._judged(old) == PROPOSAL


@pytest.mark.slow
def test_a_plain_server_asks_again_and_takes_what_was_approved_again(tmp_path: Path, warm: Warm) -> None:
    made = Server(tmp_path, warm)
    world = made.world
    world.git("fetch", "-q", "origin")

    def bring(old: str, new: str, *, approved: str = "") -> tuple[bool, str]:
        world.edit(SERVER, old, new)
        world.commit(new or "back")
        if approved:
            made.push("+" + made.approve("bob", when=approved))
        landed = made.push("main")
        world.git("fetch", "-q", "origin")
        return landed

    note = "description: One.\nowner: ops\n"
    assert bring("owner: ops\n", note, approved="2026-11-22T11:00:00Z")[0]
    assert bring(note, "owner: ops\n", approved="2026-11-22T11:10:00Z")[0]
    landed, said = bring("owner: ops\n", note)
    assert not landed
    assert "it was used: main held exactly this content" in " ".join(said.replace("remote:", "").split())
    assert made.push("+" + made.approve("bob", when="2026-11-22T11:20:00Z"))[0]
    assert made.push("main")[0]


@pytest.mark.parametrize(("pusher", "result"), [("user:bob", "BYPASSED"), ("user:ann", "SATISFIED")])
def test_who_pushed_is_kept_and_counts_when_it_is_computed_again(
    place: Place, pusher: str, result: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever pushes is kept apart: bob's approval of what bob pushed does not count, years later either."""
    old = place.world.head
    place.propose("a", SERVER, DESCRIBED)
    place.approve("a", "bob")
    new = place.merge("a")
    monkeypatch.setenv("ITSM_NOW", NOW)
    draft = receiving.moved(place.world.repo, old, new, "main", old, (pusher,))
    assert draft is not None
    assert receiving.record(place.world.repo.history, [draft], {}) == []
    [statement] = place.statements()
    assert statement["predicate"]["result"] == result
    assert statement["predicate"]["inputs"]["pushed_by"] == [pusher]
    codes = [code for code, commit in place.found() if commit == new]
    assert codes == (["BYPASSED"] if result == "BYPASSED" else [])
