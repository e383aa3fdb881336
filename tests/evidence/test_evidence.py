"""Statements: what they say, that they are read strictly, and what leads from a commit to its request."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.evidence import statement as evidence
from itsm_gitops.evidence.facts import differences
from itsm_gitops.evidence.reading import Statement, read
from itsm_gitops.evidence.statement import MERGE, Inputs, StatementContext
from itsm_gitops.forges.forge import Forge
from itsm_gitops.forges.gitea import Gitea
from itsm_gitops.forges.github import GitHub
from itsm_gitops.forges.gitlab import GitLab
from itsm_gitops.forges.reviews import Review
from itsm_gitops.gate import signed
from itsm_gitops.gate.types import Assessment
from itsm_gitops.git import ledger, mainline, sshsig, transfer
from itsm_gitops.git.ledger import Addition
from itsm_gitops.git.refs import StoredText
from tests.forges.test_adapters import Canned
from tests.gate.world import NOW, SERVER, World, review, server

COMMIT = "c" * 40
OTHER = "d" * 40


class Case:
    """One approved merge, and the statement about it."""

    def __init__(self, world: World) -> None:
        self.world = world
        base = world.head
        world.git("checkout", "-q", "-b", "topic")
        world.write(SERVER, server("s1", extra="description: One.\n"))
        head = world.commit("One")
        world.on_main()
        world.git("merge", "-q", "--no-ff", "-m", "Merge", "topic")
        self.landed = mainline.one(world.repo.history, "main")
        self.inputs = Inputs(reviews=(review("bob", head), review("mia", head)))
        self.assessment = self.judge(base, self.inputs.reviews)
        self.context = StatementContext(MERGE, self.landed, 1, "", NOW, "1.0")
        self.raw = evidence.statement(self.assessment, self.inputs, self.context)

    def judge(self, base: str, reviews: tuple[Review, ...], at: datetime = NOW) -> Assessment:
        inputs = Inputs(reviews=reviews)
        return evidence.judge(self.world.repo, base, self.landed, target="main", inputs=inputs, at=at)

    def read(self) -> Statement:
        found = read("x", self.raw)
        assert found is not None
        return found


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(World.make(tmp_path / "world"))


def test_a_statement_is_an_in_toto_statement_about_the_merge(case: Case) -> None:
    data = json.loads(case.raw)
    assert data["_type"] == "https://in-toto.io/Statement/v1"
    assert data["predicateType"] == "urn:itsm-gitops:evidence:merge:v1"
    (subject,) = data["subject"]
    assert subject["name"] == "main"
    assert subject["digest"]["gitCommit"] == case.landed.commit
    assert subject["digest"]["gitTree"] == case.landed.tree
    assert len(subject["digest"]["itsmChangeset"]) == 64
    assert data["predicate"]["result"] == "SATISFIED"
    assert set(data["predicate"]["assessment"]["sources"]) >= {
        "schemas/policies/approvals.yaml", "schemas/policies/roles.yaml", "cmdb/servers/s1.yaml", "cmdb/people/bob.yaml"
    }  # fmt: skip


def test_what_is_read_back_judges_the_same(case: Case) -> None:
    found = case.read()
    assert found.inputs == case.inputs
    again = case.judge(found.base, found.inputs.reviews, found.evaluated_at)
    told = found.predicate["assessment"]
    assert differences(told, again) == []
    assert differences(told, case.judge(found.base, ())) == ["result", "sources", "requirements", "rejected"]


def test_only_the_one_form_is_a_statement(case: Case) -> None:
    assert read("x", case.raw.rstrip(b"\n")) is None
    assert read("x", json.dumps(json.loads(case.raw), indent=1).encode() + b"\n") is None
    for old, new in (
        (b'"kind":"merge"', b'"kind":"other"'),
        (b"Statement/v1", b"Statement/v2"),
        (b'"sequence":1', b'"sequence":true'),
        (b'"recorded_at":"2026', b'"recorded_at":"20X6'),
        (b'"state":"approved"', b'"state":"Approved"'),
    ):
        assert case.raw.count(old), old
        assert read("x", case.raw.replace(old, new)) is None, new


def test_statements_about_other_things_stay_out(case: Case) -> None:
    other = StoredText("refs/itsm/approvals/x/bob-1", COMMIT, b"{}")
    used = evidence.used(case.inputs._replace(statements=(other,)), case.assessment)
    assert used.statements == ()


def test_a_merge_that_somebody_edited_is_judged_as_it_is(case: Case) -> None:
    """An evil merge: what was approved, and one thing more."""
    world = case.world
    world.git("checkout", "-q", "-b", "more", "main~1")
    world.write("cmdb/servers/s2.yaml", server("s2", owner="net", extra="description: Two.\n"))
    head = world.commit("Two")
    world.on_main()
    base = world.head
    world.git("merge", "-q", "--no-ff", "--no-commit", "more")
    world.edit(SERVER, "description: One.", "description: Evil.")
    world.commit("Merge")
    landed = mainline.one(world.repo.history, "main")
    assert mainline.proposed(world.repo.history, base, landed) == landed.commit
    inputs = Inputs(reviews=(review("mia", head),))
    found = evidence.judge(world.repo, base, landed, target="main", inputs=inputs, at=NOW)
    assert evidence.outcome(found) == "BYPASSED"
    assert {r.code for r in found.rejected} == {"STALE"}


def test_signatures_of_other_requests_are_not_even_checked(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository keeps every statement ever given: a push must not pay for all of them."""
    about = {
        "at": "2026-11-22T10:00:00Z", "changes": [], "commit": OTHER, "digest": "sha256:" + "0" * 64, "note": "",
        "person": "bob", "repository": COMMIT, "state": "approved", "target": "main", "version": 1,
    }  # fmt: skip
    text = signed.canonical(about).decode()
    kept = [
        StoredText(f"x{n}", COMMIT, signed.canonical({"statement": text, "signature": "s"})) for n in range(3)
    ]
    checked: list[Any] = []
    monkeypatch.setattr(sshsig, "verify", lambda *a: checked.append(a) or "")
    inputs = case.inputs._replace(statements=tuple(kept))
    found = evidence.judge(
        case.world.repo, case.assessment.base, case.landed, target="main", inputs=inputs, at=NOW
    )
    assert checked == []
    assert found.result == "SATISFIED"


# -- from a commit to its request --------------------------------------------------------------------

MERGED = {"merged_at": "2026-11-22T10:00:00Z", "base": {"ref": "main"}, "merge_commit_sha": OTHER}
PULLS = [
    {**MERGED, "number": 1, "merged_at": None},
    {**MERGED, "number": 2, "base": {"ref": "release"}},
    {**MERGED, "number": 3},
    {**MERGED, "number": 4, "merge_commit_sha": COMMIT},
]
FOUND: list[tuple[Forge, int | None]] = [
    (GitHub(Canned({f"/repos/a/b/commits/{COMMIT}/pulls": PULLS}), "a", "b"), 4),
    (GitHub(Canned({f"/repos/a/b/commits/{COMMIT}/pulls": PULLS[:3]}), "a", "b"), 3),
    (GitHub(Canned({f"/repos/a/b/commits/{COMMIT}/pulls": PULLS[:2]}), "a", "b"), None),
    (Gitea(Canned({f"/repos/a/b/commits/{COMMIT}/pull": PULLS[2]}), "a", "b"), 3),
    (Gitea(Canned({f"/repos/a/b/commits/{COMMIT}/pull": PULLS[1]}), "a", "b"), None),
    (Gitea(Canned({}), "a", "b"), None),
    (
        GitLab(
            Canned(
                {
                    f"/projects/a%2Fb/repository/commits/{COMMIT}/merge_requests": [
                        {"iid": 1, "state": "opened", "target_branch": "main"},
                        {"iid": 2, "state": "merged", "target_branch": "release"},
                        {"iid": 3, "state": "merged", "target_branch": "main"},
                    ]
                }
            ),
            "a/b",
        ),
        3,
    ),
]


@pytest.mark.parametrize(("forge", "number"), FOUND)
def test_the_request_that_brought_a_commit(forge: Forge, number: int | None) -> None:
    assert forge.merged_pull_request(COMMIT, "main") == number


# -- the branch --------------------------------------------------------------------------------------


def test_the_ledger_keeps_what_reviewers_saw(case: Case) -> None:
    git = case.world.repo.history
    lonely = case.world.git("commit-tree", "-m", "Gone", "HEAD^{tree}")
    ledger.append(git, lambda _: Addition({"00000/a.json": b"a\n"}, "One", (lonely,)))
    ledger.append(git, lambda _: Addition({"00000/b.json": b"b\n"}, "Two"))
    found = ledger.read(git)
    assert [p.path for p in found.files] == ["00000/a.json", "00000/b.json"]
    assert found.meddling == ()
    assert mainline.is_ancestor(git, lonely, found.tip)


def test_a_token_travels_in_the_environment_and_to_one_site_only(case: Case) -> None:
    for address in ("https://forge.example/a/b.git", "https://runner:secret@forge.example/a/b.git"):
        env = transfer._environment(address, "token")
        done = subprocess.run(
            ["git", "config", "--get-urlmatch", "http.extraheader", "https://forge.example/a/b.git"],
            env=env, cwd=case.world.root, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.startswith("Authorization: Basic ")
    assert "GIT_CONFIG_COUNT" not in transfer._environment("http://forge.example/a.git", "token")
