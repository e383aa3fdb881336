"""Events: real payloads are understood, and nothing of them that an author wrote is used."""

from __future__ import annotations

import json
from dataclasses import astuple
from typing import Any

import pytest

from itsm_gitops.forges import answers as shape
from itsm_gitops.forges import events
from itsm_gitops.forges.http import ForgeError

SHA = "ab" * 20
OTHER = "cd" * 20


def _payload(**parts: Any) -> bytes:
    return json.dumps({"repository": {"full_name": "acme/itsm", "default_branch": "main"}, **parts}).encode()


def _pull(**change: Any) -> dict[str, Any]:
    return {"number": 7, "head": {"sha": SHA}, "base": {"sha": OTHER, "ref": "main"}} | change


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "pull_request_review"])
def test_pull_request(name: str) -> None:
    event = events.github(name, _payload(action="opened", pull_request=_pull(title="$(evil)")))
    assert event == events.Event("github", name, "opened", 7, SHA, OTHER, "main", "acme/itsm", "main")


def test_merge_queue() -> None:
    group = {
        "head_sha": SHA,
        "base_sha": OTHER,
        "base_ref": "refs/heads/main",
        "head_ref": f"refs/heads/gh-readonly-queue/main/pr-104-{OTHER}",
    }
    event = events.github("merge_group", _payload(action="checks_requested", merge_group=group))
    assert (event.number, event.head, event.base, event.target, event.queued) == (
        104,
        SHA,
        OTHER,
        "main",
        True,
    )
    for ref in ("refs/heads/main", f"refs/heads/gh-readonly-queue/main/pr-0x1-{OTHER}", "x"):
        with pytest.raises(ForgeError, match="merge queue"):
            events.github("merge_group", _payload(merge_group=group | {"head_ref": ref}))


def test_workflow_run_and_push() -> None:
    assert events.github("workflow_run", _payload(workflow_run={"head_sha": SHA})).head == SHA
    push = events.github("push", _payload(ref="refs/heads/main", before=OTHER, after=SHA))
    assert (push.target, push.base, push.head) == ("main", OTHER, SHA)
    tag = events.github("push", _payload(ref="refs/tags/v1", before="0" * 40, after=SHA))
    assert (tag.target, tag.base, tag.head) == ("", "", SHA)
    assert events.github("schedule", _payload(schedule="0 1 * * *")).number is None


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        _payload(),
        _payload(pull_request=None),
        _payload(pull_request=_pull(number="7")),
        _payload(pull_request=_pull(number=-1)),
        _payload(pull_request=_pull(head={"sha": "HEAD"})),
        _payload(pull_request=_pull(base={"sha": OTHER, "ref": "--exec=x"})),
        _payload(pull_request=_pull(base={"sha": OTHER, "ref": "main\nevil"})),
    ],
)
def test_broken_payloads_are_refused(payload: bytes) -> None:
    with pytest.raises(ForgeError):
        events.github("pull_request", payload)


def test_names_with_tricks_are_dropped() -> None:
    payload = json.dumps(
        {"action": "::add-mask::", "repository": {"full_name": "a/b c", "default_branch": "-x"}}
    ).encode()
    assert astuple(events.github("issues", payload))[2:] == ("", None, "", "", "", "", "", False)


VARIABLES = {
    "CI_PROJECT_PATH": "acme/itsm",
    "CI_DEFAULT_BRANCH": "main",
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_COMMIT_SHA": "ef" * 20,
    "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": SHA,
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": OTHER,
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_MERGE_REQUEST_APPROVED": "true",
}


def test_gitlab_variables() -> None:
    event = events.gitlab(VARIABLES)
    assert event == events.Event(
        "gitlab", "merge_request_event", "", 7, SHA, OTHER, "main", "acme/itsm", "main"
    )
    assert events.gitlab(VARIABLES | {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": ""}).head == "ef" * 20
    assert events.gitlab(VARIABLES | {"CI_MERGE_REQUEST_EVENT_TYPE": "merge_train"}).queued
    branch = {k: v for k, v in VARIABLES.items() if not k.startswith("CI_MERGE")}
    assert events.gitlab(branch).number is None
    for name, value in (("CI_MERGE_REQUEST_IID", "７"), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "-x")):
        with pytest.raises(ForgeError):
            events.gitlab(VARIABLES | {name: value})


@pytest.mark.parametrize("name", ["main", "release/2026.1", "a-b", "feature/x_y@1", "1"])
def test_branches(name: str) -> None:
    assert shape.is_branch(name)


@pytest.mark.parametrize(
    "name",
    ["", "-x", "a..b", "a//b", "a b", "a~1", "a^", "a:b", "a.lock", "a/", "a.", "@{u}", ".a", "a/.b", "ä"],
)
def test_no_branches(name: str) -> None:
    assert not shape.is_branch(name)
