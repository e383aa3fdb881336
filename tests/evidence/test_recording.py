"""Writing evidence: from a forge, by many writers at once, on a plain server, with nothing lost."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.git.ledger import EVIDENCE
from tests.evidence.test_audit import NOW, Place
from tests.fake_github import FakeGitHub, account, running
from tests.gate.world import NUMBERS, POLICY_PATH, SERVER, World, server
from tests.warm import Warm

WRITERS = 4


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place.make(tmp_path_factory.mktemp("recording") / "place")


@pytest.fixture
def place(template: Place, tmp_path: Path) -> Place:
    return Place(template.folder, World.copy(template.world, tmp_path / "work"))


@pytest.fixture
def bare(place: Place, tmp_path: Path) -> Path:
    """A server without hooks, as a forge is one; ``place`` is a clone of it."""
    path = tmp_path / "server.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(place.world.root), str(path)], check=True)
    place.git("remote", "add", "origin", str(path))
    place.git("fetch", "-q", "origin")
    return path


def _clone(place: Place, bare: Path, name: str) -> Place:
    root = bare.parent / name
    subprocess.run(["git", "clone", "-q", str(bare), str(root)], check=True)
    return Place(place.folder, World(root))


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    with running() as fake:
        monkeypatch.setenv("GITHUB_API_URL", fake.url)
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/itsm")
        monkeypatch.setenv("GITHUB_TOKEN", "fake-token")
        yield fake


def _review(forge: FakeGitHub, who: str, commit: str) -> None:
    forge.review(7, account(NUMBERS[who], who), commit=commit)
    forge.reviews[7][-1]["submitted_at"] = "2026-11-22T10:00:00Z"


def test_reviews_of_a_forge_come_by_the_commit_that_was_merged(
    place: Place, bare: Path, forge: FakeGitHub
) -> None:
    start = place.world.head
    head = place.propose("a", SERVER, server("s1", extra="description: One.\n"))
    place.git("push", "-q", "origin", f"{head}:refs/pull/7/head")
    merged = place.merge("a", squash=True)
    around = place.bypassed("b", "Two.")
    place.git("push", "-q", "origin", "main")
    forge.open_pull(7, head=head, base=start)
    _review(forge, "bob", head)
    _review(forge, "paul", head)
    forge.merge(7, merged, by=account(3, "carl"), at="2026-11-22T11:00:00Z")

    clone = _clone(place, bare, "runner")
    done = clone.record("--since", start, "--forge", "github", "--push")
    assert [(s["merge"], s["result"]) for s in done["statements"]] == [
        (merged, "SATISFIED"),
        (around, "BYPASSED"),
    ]
    said = clone.statements()[0]["predicate"]
    assert said["request"]["number"] == 7
    assert said["merger"]["account"] == "github:3"
    assert said["evaluated_at"] == "2026-11-22T11:00:00Z"
    assert [r["code"] for r in said["assessment"]["rejected"]] == ["NO_ROLE"]

    # An auditor needs nothing but a clone, and no forge.
    forge.faults = [(500, {})] * 50
    auditor = _clone(place, bare, "auditor")
    assert auditor.found() == [("UNVOUCHED", merged), ("BYPASSED", around)]


def test_a_rebased_request_is_one_statement(place: Place, bare: Path, forge: FakeGitHub) -> None:
    start = place.world.head
    place.propose("a", SERVER, server("s1", extra="description: One.\n"))
    place.world.write("cmdb/servers/s3.yaml", server("s3"))
    head = place.world.commit("Two")
    place.git("push", "-q", "origin", f"{head}:refs/pull/7/head")
    place.git("checkout", "-q", "main")
    place.git("cherry-pick", f"{start}..a", env={"GIT_COMMITTER_DATE": "2026-11-22T11:00:00Z"})
    first, last = place.git("rev-parse", "main~1"), place.world.head
    place.git("push", "-q", "origin", "main")
    forge.open_pull(7, head=head, base=start)
    _review(forge, "bob", head)
    forge.merge(7, last, by=account(3, "carl"), at="2026-11-22T11:00:00Z")
    forge.brought = {first: 7}
    done = place.record("--since", start, "--forge", "github", "--push")
    assert [(s["base"], s["merge"], s["result"]) for s in done["statements"]] == [(start, last, "SATISFIED")]
    assert place.verify()["clean"]


def _bypassed(report: dict[str, Any]) -> list[str]:
    """Return the branches with a bypass, where nothing worse was found about any of them."""
    found = [f for f in report["findings"] if f["target"] != "main"]
    assert {f["code"] for f in found} == {"BYPASSED"}
    return sorted(f["target"] for f in found)


def test_writers_in_different_clones_lose_nothing(place: Place, bare: Path) -> None:
    """Each one records another branch, so that all have something to say at the same time."""
    for number in range(WRITERS):
        place.propose(f"topic{number}", SERVER, server("s1", extra=f"description: {number}.\n"))
        place.git("push", "-q", "origin", f"topic{number}:release{number}")
    clones = [_clone(place, bare, f"clone{n}").apart() for n in range(WRITERS)]

    def write(number: int) -> None:
        clones[number].record("--target", f"release{number}", "--since", "origin/main", "--push")

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    auditor = _clone(place, bare, "auditor")
    report = auditor.verify()
    assert report["statements"] == WRITERS
    assert _bypassed(report) == [f"release{n}" for n in range(WRITERS)]
    auditor.git("branch", EVIDENCE, f"origin/{EVIDENCE}")
    assert [s["predicate"]["sequence"] for s in auditor.statements()] == list(range(1, WRITERS + 1))


def test_writers_in_one_clone_lose_nothing(place: Place) -> None:
    for number in range(WRITERS):
        place.propose(f"release{number}", SERVER, server("s1", extra=f"description: {number}.\n"))

    writer = place.apart()

    def write(number: int) -> None:
        writer.record("--target", f"release{number}", "--since", "main")

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    assert len(place.statements()) == WRITERS
    assert _bypassed(place.verify()) == [f"release{n}" for n in range(WRITERS)]


def test_two_who_record_the_same_merge_write_it_once(place: Place, bare: Path) -> None:
    start = place.world.head
    place.approved("a", "One.")
    place.git("push", "-q", "origin", "main", "refs/itsm/approvals/*:refs/itsm/approvals/*")
    clones = [_clone(place, bare, f"clone{n}").apart() for n in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda c: c.record("--since", start, "--push"), clones))
    auditor = _clone(place, bare, "auditor")
    report = auditor.verify()
    assert (report["clean"], report["statements"]) == (True, 1)


def test_evidence_that_has_parted_is_not_overwritten(place: Place, bare: Path) -> None:
    start = place.world.head
    place.bypassed("a", "One.")
    place.git("push", "-q", "origin", "main")
    other = _clone(place, bare, "other")
    other.record("--since", start, "--push")
    place.record("--since", start, now="2026-11-22T12:01:00Z")
    ran = place.itsm("audit", "record", "--push", code=1)
    assert "both hold statements that the other lacks" in _flat(ran.err)
    assert ("TAMPERED", other.git("rev-parse", EVIDENCE)) in place.found()


# -- a plain server ------------------------------------------------------------------------------


@pytest.fixture
def plain(place: Place, bare: Path, monkeypatch: pytest.MonkeyPatch, warm: Warm) -> Path:
    """A server with both hooks."""
    monkeypatch.setenv("ITSM_NOW", NOW)
    for name in ("pre-receive", "post-receive"):
        hook = bare / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nexec {shlex.join(warm.command())} hook {name}\n")
        hook.chmod(0o755)
    return bare


def _flat(text: str) -> str:
    return " ".join(text.split())


def _push(place: Place, *refs: str) -> tuple[bool, str]:
    done = subprocess.run(
        ["git", "push", "-q", "origin", *refs],
        cwd=place.world.root, env={**os.environ}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode == 0, done.stderr


def _land(place: Place, branch: str, text: str) -> str:
    place.propose(branch, SERVER, server("s1", extra=f"description: {text}\n"))
    place.approve(branch, "bob")
    assert _push(place, "refs/itsm/approvals/*:refs/itsm/approvals/*")[0]
    place.git("checkout", "-q", "main")
    place.git("merge", "-q", "--ff-only", branch)
    landed, said = _push(place, "main")
    assert landed, said
    return place.world.head


def test_the_server_writes_the_evidence_of_what_it_took(place: Place, plain: Path) -> None:
    first, second = _land(place, "a", "One."), _land(place, "b", "Two.")
    place.git("fetch", "-q", "origin")
    assert place.verify()["branches"][0]["results"] == {"SATISFIED": 2}
    place.git("branch", EVIDENCE, f"origin/{EVIDENCE}")
    said = place.statements()
    assert [s["subject"][0]["digest"]["gitCommit"] for s in said] == [first, second]
    assert said[0]["predicate"]["run"]["hook"] == "post-receive"
    assert place.verify()["clean"]


def test_the_server_signs_where_it_has_a_key(place: Place, plain: Path) -> None:
    for name, value in (("itsm.signer", "cab-two"), ("itsm.signingKey", str(place.key("cab-two")))):
        subprocess.run(["git", "config", name, value], cwd=plain, check=True)
    merged = _land(place, "a", "One.")
    place.git("fetch", "-q", "origin")
    assert "signed by cab-two" in place.itsm("audit", "show", merged[:12]).out
    assert place.verify()["clean"]


def test_clients_write_no_evidence_rewrite_none_and_delete_none(place: Place, plain: Path) -> None:
    landed, said = _push(place, "main:refs/heads/itsm")
    assert not landed
    assert "in the way of itsm/evidence" in said
    landed, said = _push(place, f"main:refs/heads/{EVIDENCE}/x")
    assert not landed
    _land(place, "a", "One.")
    place.git("fetch", "-q", "origin")
    place.git("branch", EVIDENCE, f"origin/{EVIDENCE}")
    place.ledger(lambda tree: (tree / "x.json").write_text("{}\n") and None)
    landed, said = _push(place, EVIDENCE)
    assert not landed
    assert "the server writes the evidence itself" in said
    landed, said = _push(place, f"+main:{EVIDENCE}")
    assert not landed
    assert "only goes forward" in said or "no commit in common" in said
    landed, said = _push(place, f":{EVIDENCE}")
    assert not landed
    assert "evidence cannot be deleted" in said


def test_a_recorder_whom_the_policy_names_may_add_what_comes_out_again(place: Place, plain: Path) -> None:
    place.git("checkout", "-q", "-B", "policy", "main")
    place.world.edit(POLICY_PATH, "recorders: []", "recorders: [cab-one]")
    place.world.commit("A recorder")
    place.approve("policy", "cab-one", "cab-two")
    assert _push(place, "refs/itsm/approvals/*:refs/itsm/approvals/*")[0]
    landed, said = _push(place, "policy:main")
    assert landed, said
    place.git("fetch", "-q", "origin")
    place.git("checkout", "-q", "-B", "main", "origin/main")
    around = place.bypassed("b", "Two.")
    subprocess.run(["git", "fetch", "-q", str(place.world.root), "+main:main"], cwd=plain, check=True)
    place.git("fetch", "-q", "origin")

    ran = place.itsm("audit", "record", "--push", code=1)
    assert "is not signed by a recorder (cab-one)" in _flat(ran.err)
    signed = ("--sign", "--key", str(place.key("cab-two")), "--by", "cab-two")
    assert "is not signed by a recorder" in _flat(
        place.itsm("audit", "record", "--push", *signed, code=1).err
    )
    signed = ("--sign", "--key", str(place.key("cab-one")), "--by", "cab-one")
    place.itsm("audit", "record", "--push", *signed)
    place.git("fetch", "-q", "origin")
    assert place.found() == [("BYPASSED", around)]
    ran = place.itsm("hook", "post-receive", code=1)
    assert "not a hook" in ran.err
