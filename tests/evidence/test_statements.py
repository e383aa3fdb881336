"""Evidence is bounded, and no text that nobody signed has a part in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.evidence import receiving, recording, writing
from itsm_gitops.evidence import statement as evidence
from itsm_gitops.evidence.recording import RecordingOptions
from itsm_gitops.git import ledger
from itsm_gitops.git.ledger import EVIDENCE
from itsm_gitops.model.errors import GitError
from tests.evidence.table_recording import (
    BYPASSED,
    HONEST,
    RECORDINGS,
    Recording,
    approved_with,
    commit,
    one,
    under_his_signature,
    unsigned,
)
from tests.evidence.test_audit import NOW, Place
from tests.gate.world import POLICY_PATH, SERVER, World


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place.make(tmp_path_factory.mktemp("statements") / "place")


@pytest.fixture
def place(template: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("ITSM_NOW", NOW)
    return Place(template.folder, World.copy(template.world, tmp_path / "work"))


@pytest.mark.parametrize("row", RECORDINGS, ids=lambda r: r.name.replace(" ", "-"))
def test_recording(row: Recording, place: Place) -> None:
    start = place.git("rev-parse", "main")
    row.happens(place)
    done = place.record("--since", start, "--target", "main")
    assert tuple(s["result"] for s in done["statements"]) == row.results
    assert done["refused"] == []
    statements, findings = place.statements(), place.verify()["findings"]
    told = [
        place.itsm("audit", "show", str(len(statements)), code=None).out,
        *(f["message"] for f in findings),
    ]
    assert any(row.says in " ".join(text.split()) for text in told), "\n".join(told)
    assert {f["code"] for f in findings} == ({BYPASSED} if BYPASSED in row.results else set()), findings
    assert sum(len(json.dumps(s)) for s in statements) < row.most
    kept = statements[-1]["predicate"]["inputs"]["statements"]
    assert row.statements is None or len(kept) == row.statements


def test_the_table_is_long_enough() -> None:
    assert len({r.name for r in RECORDINGS}) == len(RECORDINGS) >= 16
    assert len(HONEST) >= 6


@pytest.mark.parametrize("beside", [unsigned, under_his_signature])
def test_evidence_of_older_versions_still_holds(
    beside: Any, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They kept every text that spoke about a merge, and listed the bad ones as not counted."""
    start = place.git("rev-parse", "main")
    with monkeypatch.context() as older:
        older.setattr(evidence, "lean", lambda inputs, _: inputs)
        older.setattr(evidence, "used", lambda inputs, _: inputs)
        older.setattr(evidence, "bounded", dict)
        older.setattr(writing, "BAD_SIGNATURE", "")
        approved_with(beside)(place)
        place.record("--since", start)
    (statement,) = place.statements()
    assert len(statement["predicate"]["inputs"]["statements"]) > 19
    assert {r["code"] for r in statement["predicate"]["assessment"]["rejected"]} == {"BAD_SIGNATURE"}
    assert place.verify()["clean"]


def test_a_merge_that_cannot_be_recorded_keeps_no_other_from_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = place.git("rev-parse", "main")
    first, second, third = (commit(place, SERVER, one(name)) for name in ("One", "Two", "Three"))
    real = recording.draft

    def failing(repo: Any, base: str, landed: Any, *rest: Any) -> Any:
        if landed.commit == second:
            raise GitError("it is not to be had", "git fetch")
        return real(repo, base, landed, *rest)

    monkeypatch.setattr(recording, "draft", failing)
    ran = place.itsm("audit", "record", "--since", start, code=1)
    assert f"not recorded: {second[:12]}: it is not to be had; git fetch" in ran.err
    assert [s["subject"][0]["digest"]["gitCommit"] for s in place.statements()] == [first, third]
    monkeypatch.undo()
    monkeypatch.setenv("ITSM_NOW", NOW)
    assert [s["merge"] for s in place.record("--since", start)["statements"]] == [second]


def test_a_statement_that_nobody_would_read_is_not_written(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = place.git("rev-parse", "main")
    commit(place, SERVER, one("One"))
    monkeypatch.setattr(writing, "STATEMENT_MAX", 2000)
    done = recording.record(place.world.repo, RecordingOptions(since=start))
    assert (done.commit, done.drafts) == ("", ())
    assert "more than anybody reads" in done.refusals[0]


# -- the ledger on a plain server --------------------------------------------------------------------


@pytest.fixture
def open_ledger(place: Place) -> Place:
    """A place whose policy names a recorder, with two statements in the ledger."""
    start = place.git("rev-parse", "main")
    policy = place.world.git("show", f"main:{POLICY_PATH}").replace("recorders: []", "recorders: [cab-one]")
    commit(place, POLICY_PATH, policy + "\n")
    commit(place, SERVER, one("One"))
    place.record("--since", start)
    return place


def _refusal(place: Place, new: str) -> str:
    git = place.world.repo.history
    return receiving.refuse(place.world.repo, ledger.tip(git), new, place.git("rev-parse", "main"))


def _older_first(place: Place, files: str) -> str:
    """Return a merge of the ledger whose first parent is a history of its own, with ``files`` of another state."""
    root = place.git("commit-tree", "-m", "Evidence begins here", f"{files}^{{tree}}")
    return place.git("commit-tree", "-m", "Evidence", "-p", root, "-p", EVIDENCE, f"{files}^{{tree}}")


@pytest.mark.parametrize(
    ("hide", "says"),
    [
        (lambda p: _older_first(p, f"{EVIDENCE}~1"), "leaves out or changes statements"),
        (lambda p: _older_first(p, EVIDENCE), "brings no new statement"),
        (lambda p: p.git("commit-tree", "-m", "x", "-p", EVIDENCE, f"{EVIDENCE}^{{tree}}"), "brings no new statement"),
    ],
    ids=["a statement left out", "another history first", "nothing new"],
)  # fmt: skip
def test_nobody_hides_evidence_behind_another_history(hide: Any, says: str, open_ledger: Place) -> None:
    """No statement is new there, so no signature is asked for."""
    assert says in _refusal(open_ledger, hide(open_ledger))


def test_what_a_recorder_adds_is_taken(open_ledger: Place) -> None:
    before = ledger.tip(open_ledger.world.repo.history)
    commit(open_ledger, SERVER, one("Two"))
    signed = ("--sign", "--by", "cab-one", "--key", str(open_ledger.key("cab-one")))
    assert [s["result"] for s in open_ledger.record(*signed)["statements"]] == [BYPASSED]
    after = ledger.tip(open_ledger.world.repo.history)
    open_ledger.git("update-ref", f"refs/heads/{EVIDENCE}", before)
    assert _refusal(open_ledger, after) == ""
