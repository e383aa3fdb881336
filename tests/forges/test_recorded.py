"""What forges really sent, recorded: every payload is read, or refused with a reason.

The recordings hold requests, accounts and repositories as the interfaces answer them too, so they
also stand in for answers to the adapters.
"""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.forges import answers as shape
from itsm_gitops.forges import connection as forging
from itsm_gitops.forges import events
from itsm_gitops.forges.gitea import Gitea
from itsm_gitops.forges.github import GitHub
from itsm_gitops.forges.gitlab import GitLab
from itsm_gitops.forges.http import ForgeError
from tests.forges.test_adapters import Canned

ENDS_BRANCH = "0" * 40


def _recorded(corpus: Path, name: str) -> dict[str, bytes]:
    with tarfile.open(corpus / name / "payloads.tar.xz") as archive:
        files = [m for m in archive.getmembers() if m.isfile()]
        return {m.name: archive.extractfile(m).read() for m in files}  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def github(corpus: Path) -> dict[str, bytes]:
    return _recorded(corpus, "webhooks-github")


@pytest.fixture(scope="module")
def gitlab(corpus: Path) -> dict[str, bytes]:
    return _recorded(corpus, "webhooks-gitlab")


def test_every_github_event_is_read(github: dict[str, bytes]) -> None:
    read = Counter()
    for path, payload in github.items():
        name, told = path.split("/")[-2], json.loads(payload)
        event = events.github(name, payload)
        read[name] += 1
        assert event.action == (told.get("action") or ""), path
        assert event.repository == told.get("repository", {}).get("full_name", ""), path
        if name == "pull_request":
            pull = told["pull_request"]
            assert (event.number, event.head, event.base, event.target) == (
                told["number"],
                pull["head"]["sha"],
                pull["base"]["sha"],
                pull["base"]["ref"],
            ), path
        elif name == "workflow_run":
            assert event.head == told["workflow_run"]["head_sha"], path
        elif name == "push":
            branch = told["ref"].startswith("refs/heads/")
            assert event.target == (told["ref"].removeprefix("refs/heads/") if branch else ""), path
            assert event.head == ("" if told["after"] == ENDS_BRANCH else told["after"]), path
            assert event.base == ("" if told["before"] == ENDS_BRANCH else told["before"]), path
        else:
            assert event.number is None, path
    assert sum(read.values()) == len(github) > 80
    assert read["pull_request"] > 20
    assert read["push"] > 4


def test_a_recorded_request_under_every_event_that_carries_one(github: dict[str, bytes]) -> None:
    """A review and a target run carry the same request as its own event does."""
    whole = json.loads(github["api.github.com/pull_request/opened.payload.json"])
    review = {"action": "submitted", "review": {"id": 1, "state": "approved", "user": whole["sender"]}}
    payload = json.dumps({**whole, **review}).encode()
    own = events.github("pull_request", json.dumps(whole).encode())
    for name in ("pull_request_review", "pull_request_target"):
        event = events.github(name, payload)
        assert event == replace(own, name=name, action="submitted")


def test_recorded_events_under_a_wrong_name_are_refused(github: dict[str, bytes]) -> None:
    for path, payload in github.items():
        name = path.split("/")[-2]
        for other, wanted in (
            ("pull_request", "pull_request.number"),
            ("merge_group", "merge_group.head_ref"),
        ):
            if name != other:
                with pytest.raises(ForgeError, match=wanted.replace(".", r"\.")):
                    events.github(other, payload)


def test_recorded_requests_as_answers_of_github_and_gitea(github: dict[str, bytes]) -> None:
    read = 0
    for path, payload in github.items():
        if "/pull_request/" not in path:
            continue
        pull = json.loads(payload)["pull_request"]
        owner, _, repository = pull["base"]["repo"]["full_name"].partition("/")
        client = Canned({f"/repos/{owner}/{repository}/pulls/{pull['number']}": pull})
        for forge in (GitHub(client, owner, repository), Gitea(client, owner, repository)):
            found = forge.pull_request(pull["number"])
            assert found.author == f"{forge.name}:{pull['user']['id']}", path
            assert (found.head, found.base) == (pull["head"]["sha"], pull["base"]["sha"]), path
            assert (found.target, found.draft) == (pull["base"]["ref"], pull["draft"]), path
            assert (found.title, found.url) == (pull["title"], pull["html_url"]), path
            merger = pull.get("merged_by")
            assert found.merged_by == (f"{forge.name}:{merger['id']}" if merger else ""), path
        read += 1
    assert read > 20


def test_every_gitlab_web_hook_is_read_or_refused(gitlab: dict[str, bytes]) -> None:
    refused = 0
    for path, payload in gitlab.items():
        about: dict[str, Any] = json.loads(payload)
        if about.get("object_kind") == "merge_request":
            event = events.gitlab_webhook(payload)
            request = about["object_attributes"]
            assert (event.number, event.target) == (request["iid"], request["target_branch"]), path
            assert event.head == request["last_commit"]["id"], path
            assert event.action == request.get("action", ""), path
            assert event.repository == request["target"]["path_with_namespace"], path
        else:
            with pytest.raises(ForgeError, match="is not of a merge request") as caught:
                events.gitlab_webhook(payload)
            assert str(about.get("object_kind") or about.get("event_name")) in str(caught.value), path
            refused += 1
    assert (len(gitlab) - refused, refused > 30) == (2, True)


def test_a_recorded_web_hook_starts_a_pipeline(gitlab: dict[str, bytes], tmp_path: Path) -> None:
    """GitLab writes the web hook that triggered a pipeline into a file, and names it."""
    payload = tmp_path / "payload.json"
    payload.write_bytes(gitlab["gitlab/merge-request-event.json"])
    job = {"CI_PROJECT_PATH": "a/b", "CI_DEFAULT_BRANCH": "main", "CI_PIPELINE_SOURCE": "trigger"}
    event = forging.read_event("gitlab", {**job, "TRIGGER_PAYLOAD": str(payload)})
    assert (event.name, event.number) == ("merge_request", 1)
    with pytest.raises(ForgeError, match="cannot be read"):
        forging.read_event("gitlab", {**job, "TRIGGER_PAYLOAD": str(tmp_path / "none")})


def test_a_recorded_request_as_an_answer_of_gitlab(gitlab: dict[str, bytes]) -> None:
    """Names of the interface, values and their forms (dates, branches, null) as recorded."""
    for name in ("merge-request-event", "system-merge-request-event"):
        told = json.loads(gitlab[f"gitlab/{name}.json"])
        request = told["object_attributes"]
        head, made = request["last_commit"]["id"], request["created_at"]
        answer = request | {
            "web_url": told["project"]["web_url"] + "/-/merge_requests/1",
            "author": told["user"] | {"id": request["author_id"]},
            "sha": head,
            "diff_refs": {"base_sha": "1" * 40, "head_sha": head, "start_sha": "1" * 40},
            "merge_user": None,
        }
        path = f"/projects/awesome_space%2Fawesome_project/merge_requests/{request['iid']}"
        approved = {"user": told["user"] | {"id": 7}}
        client = Canned(
            {
                path: answer,
                f"{path}/versions": [{"id": 1, "head_commit_sha": head, "created_at": made}],
                f"{path}/approvals": {"approved_by": [approved]},
                f"{path}/reviewers": [],
            }
        )
        lab = GitLab(client, "awesome_space/awesome_project")
        found = lab.pull_request(request["iid"])
        assert (found.author, found.head, found.target) == ("gitlab:51", head, "master")
        assert (found.title, found.merged_by, found.draft) == ("MS-Viewport", "", False)
        (review,) = lab.reviews(request["iid"])
        assert (review.identity, review.commit, review.login) == ("gitlab:7", head, "root")
        assert shape.moment({"at": made}, "at") == review.at
