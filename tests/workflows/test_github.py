"""The workflows that `itsm init` writes, run: red and green exactly where they should be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from itsm_gitops.gate.comment import MARKER
from tests.complete import need
from tests.fake_github import FakeGitHub, account, running
from tests.hosted import ITEM
from tests.workflows.acting import Acting, Ran

pytestmark = pytest.mark.slow
need("act")
BEN = account(2, "ben")
GATE, VALIDATE, REGATE = "itsm-gate", "itsm", "itsm-regate"


@pytest.fixture
def forge() -> Iterator[FakeGitHub]:
    with running() as fake:
        yield fake


@pytest.fixture
def hosted(tmp_path: Path, forge: FakeGitHub) -> Acting:
    """A repository with one request that edits an item of which the operations lead decides."""
    made = Acting(tmp_path, forge)
    made.edit("The mailboxes of all staff.")
    return made


def _gate(hosted: Acting, action: str = "opened") -> tuple[str, str]:
    ran = hosted.run(GATE, "pull_request_target", hosted.pull_request(action))
    assert ran.jobs["comment"] == "success", ran.out
    return ran.jobs["gate"], ran.out


def _approve(hosted: Acting, commit: str = "") -> None:
    hosted.forge.review(7, BEN, commit=commit or hosted.head)


def test_opened_is_valid_but_not_approved_and_a_review_makes_it_green(hosted: Acting) -> None:
    valid = hosted.run(VALIDATE, "pull_request", hosted.pull_request("opened"))
    assert valid.jobs == {"check": "success"}, valid.out

    result, out = _gate(hosted)
    assert result == "failure"
    assert "needs 1 of 1 by owner: operations-lead could" in out
    (comment,) = hosted.forge.comments
    assert comment["body"].startswith(MARKER)
    assert "Approvals are missing" in comment["body"]

    _approve(hosted)
    result, out = _gate(hosted)
    assert result == "success", out
    (comment,) = hosted.forge.comments
    assert "Approvals are missing" not in comment["body"]


def test_the_author_does_not_approve_and_a_stranger_neither(hosted: Acting) -> None:
    hosted.forge.review(7, account(1, "ada"), commit=hosted.head)
    hosted.forge.review(7, account(99, "ben"), commit=hosted.head)  # the same name, another account
    result, out = _gate(hosted)
    assert result == "failure"
    assert "Not counted" in out


def test_a_new_push_is_red_again_and_says_which_edit_it_was(hosted: Acting) -> None:
    _approve(hosted)
    assert _gate(hosted)[0] == "success"
    hosted.edit("The mailboxes of nobody.")
    result, out = _gate(hosted, "synchronize")
    assert result == "failure"
    said = " ".join(out.split())
    assert "The mailboxes of nobody." in said
    _approve(hosted)
    assert _gate(hosted, "synchronize")[0] == "success"


def test_a_clean_update_of_the_branch_stays_green(hosted: Acting) -> None:
    """Main goes on, the branch takes it in: nothing that was approved has changed."""
    _approve(hosted)
    hosted.advance_main()
    hosted.clone.git("merge", "-q", "-m", "Update branch", "main")
    hosted.push()
    result, out = _gate(hosted, "synchronize")
    assert result == "success", out


def test_a_review_runs_the_gate_again(hosted: Acting) -> None:
    """From the review's own run, which has no rights, over the run that it ends in, to the API."""
    hosted.forge.check("gate", of=hosted.head)
    hosted.forge.check("comment", of=hosted.head, passed=True)
    review = hosted.pull_request("submitted") | {"review": {"id": 1, "state": "approved", "user": BEN}}
    _approve(hosted)
    ping = hosted.run("itsm-review-ping", "pull_request_review", review)
    assert ping.jobs == {"ping": "success"}, ping.out
    assert hosted.forge.requests == []

    ran = hosted.run(REGATE, "workflow_run", hosted.workflow_run())
    assert ran.jobs == {"regate": "success"}, ran.out
    assert "7: started again" in ran.out
    assert hosted.forge.rerun == [900]

    again = hosted.run(REGATE, "workflow_run", hosted.workflow_run())
    assert "7: has no finished run" in again.out
    assert hosted.forge.rerun == [900]


def test_every_hour_only_what_time_has_changed_is_run_again(hosted: Acting) -> None:
    hosted.forge.check("gate", of=hosted.head)
    quiet = hosted.run(REGATE, "schedule")
    assert quiet.jobs == {"regate": "success"}, quiet.out
    assert "7: stands as it was" in quiet.out
    assert hosted.forge.rerun == []

    _approve(hosted)
    assert "7: started again" in hosted.run(REGATE, "schedule").out
    assert hosted.forge.rerun == [900]


def test_an_approval_that_grows_too_old_turns_the_gate_red(hosted: Acting) -> None:
    _approve(hosted)
    hosted.forge.check("gate", of=hosted.head, passed=True)
    assert "7: stands as it was" in hosted.run(REGATE, "schedule").out
    hosted.now = "2026-03-19T12:00:00Z"
    assert "7: started again" in hosted.run(REGATE, "schedule").out
    assert _gate(hosted)[0] == "failure"


def test_the_merge_queue(hosted: Acting) -> None:
    """Red without approval, green with it, and red where the queue's merge is not what was approved."""
    ran = hosted.run(GATE, "merge_group", hosted.merge_group())
    assert ran.jobs["gate"] == "failure", ran.out
    _approve(hosted)
    hosted.advance_main()
    ran = hosted.run(GATE, "merge_group", hosted.merge_group())
    assert ran.jobs["gate"] == "success", ran.out
    assert ran.jobs.get("comment", "skipped") == "skipped"
    valid = hosted.run(VALIDATE, "merge_group", hosted.merge_group())
    assert valid.jobs == {"check": "success"}, valid.out

    hosted.edit("Smuggled in.")
    other = hosted.merge_group()
    hosted.clone.git("reset", "-q", "--hard", "HEAD~1")
    hosted.push()
    ran = hosted.run(GATE, "merge_group", other)
    assert ran.jobs["gate"] == "failure", ran.out
    assert "Smuggled in." in ran.out


def test_a_request_cannot_bring_its_own_rules(hosted: Acting) -> None:
    """The policy and the roles of the branch that it wants to enter judge it, and its workflow too."""
    policy = hosted.clone.root / "schemas/policies/approvals.yaml"
    policy.write_text(policy.read_text().replace("each: edited_item, count: 1", "count: 0"))
    workflow = hosted.clone.root / ".github/workflows/itsm-gate.yml"
    workflow.write_text(workflow.read_text().replace("itsm gate --forge github", "exit 0"))
    hosted.clone.commit("Make it easier")
    hosted.push()
    result, out = _gate(hosted, "synchronize")
    assert result == "failure"
    assert "rule-book" in out


def test_a_broken_document_is_red_with_an_annotation(hosted: Acting) -> None:
    item = hosted.clone.root / ITEM
    item.write_text(item.read_text().replace("lifecycle: production", "lifecycle: produktion"))
    hosted.clone.commit("Typing error")
    hosted.push()
    ran = hosted.run(VALIDATE, "pull_request", hosted.pull_request("synchronize"))
    assert ran.jobs == {"check": "failure"}
    assert f"file={ITEM}" in ran.out


def test_the_forge_does_not_answer(hosted: Acting) -> None:
    """No answer is no approval."""
    _approve(hosted)
    hosted.forge.token = "Bearer another"
    ran = hosted.run(GATE, "pull_request_target", hosted.pull_request("opened"))
    assert ran.jobs["gate"] == "failure"
    assert "the token is missing, expired or revoked" in ran.out


def test_a_push_to_main_publishes_the_site(hosted: Acting) -> None:
    ran = hosted.run(VALIDATE, "push", {"ref": "refs/heads/main"})
    assert ran.jobs == {"check": "success", "site": "success", "publish": "success"}, ran.out


def _push(hosted: Acting) -> Ran:
    """What GitHub starts when something has come to main, in the evidence's workflow."""
    return hosted.run("itsm-evidence", "push", {"ref": "refs/heads/main", "after": hosted.main})


def test_what_was_merged_through_the_gate_is_proved(hosted: Acting) -> None:
    _approve(hosted)
    commit = hosted.merge()
    ran = _push(hosted)
    assert ran.jobs == {"record": "success"}, ran.out
    assert f"SATISFIED       {commit[:12]}" in ran.out
    told = hosted.clone.git("ls-remote", str(hosted.origin), "refs/heads/itsm/evidence")
    assert told, "the evidence was not pushed"
    again = _push(hosted)
    assert again.jobs == {"record": "success"}, again.out
    assert "nothing new on main" in again.out
    assert hosted.clone.git("ls-remote", str(hosted.origin), "refs/heads/itsm/evidence") == told
    daily = hosted.run("itsm-evidence", "schedule")
    assert daily.jobs == {"record": "success"}, daily.out


def test_what_went_around_the_gate_turns_the_evidence_red(hosted: Acting) -> None:
    """An administrator merges without approval: it is written down, and every run says so from then on."""
    commit = hosted.merge()
    ran = _push(hosted)
    assert ran.jobs == {"record": "failure"}, ran.out
    assert f"BYPASSED        {commit[:12]}" in ran.out
    assert hosted.run("itsm-evidence", "schedule").jobs == {"record": "failure"}


def test_what_may_only_read_only_reads(hosted: Acting) -> None:
    """`act` grants every right, so the rights that the workflows ask for are compared with what was asked."""
    _approve(hosted)
    _gate(hosted)
    writes = [(m, p) for m, p in hosted.forge.requests if m != "GET"]
    assert [m for m, _ in writes] == ["POST"]
    assert writes[0][1].endswith("/issues/7/comments")
    hosted.forge.requests.clear()
    hosted.run(GATE, "merge_group", hosted.merge_group())
    assert {m for m, _ in hosted.forge.requests} == {"GET"}
