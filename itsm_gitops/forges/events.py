"""Reads the event that started a CI run: the payload of GitHub or Gitea, or the variables of a GitLab job.

Only numbers, hashes and branch names are read, each against its strict form. Titles, bodies and
names of people are the author's words: nothing here looks at them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from itsm_gitops.forges import answers as shape
from itsm_gitops.forges.http import ForgeError

PAYLOAD_MAX = 32 << 20
# The merge queue names its branches gh-readonly-queue/BRANCH/pr-NUMBER-HASH.
_QUEUED = re.compile(r"refs/heads/gh-readonly-queue/.+/pr-(\d{1,12})-[0-9a-f]{40}", re.ASCII)
_PULL = frozenset(
    {"pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"}
)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. Texts are empty and ``number`` None where the event does not tell.

    ``name`` is the forge's word for it and ``action`` what was done. ``head`` and ``base`` are
    commits, ``target`` and ``default`` branches; ``repository`` is ``OWNER/NAME``. In a merge
    queue ``queued`` is true and ``base`` is the commit that the queue builds on.
    """

    forge: str
    name: str
    action: str = ""
    number: int | None = None
    head: str = ""
    base: str = ""
    target: str = ""
    repository: str = ""
    default: str = ""
    queued: bool = False


def github(name: str, payload: bytes, forge: str = "github") -> Event:
    """Read the payload of the GitHub (or Gitea) event ``name``; raises ForgeError."""
    data = _payload(payload)
    action = shape.dig(data, "action")
    event = Event(
        forge=forge,
        name=name,
        action=action if isinstance(action, str) and action.replace("_", "").isalpha() else "",
        repository=_repository(data),
        default=_default(data),
    )
    if name in _PULL:
        return replace(
            event,
            number=shape.number(data, "pull_request.number"),
            head=shape.commit(data, "pull_request.head.sha"),
            base=shape.commit(data, "pull_request.base.sha"),
            target=shape.branch(data, "pull_request.base.ref"),
        )
    if name == "merge_group":
        return _queue(data, event)
    if name == "workflow_run":
        return replace(event, head=shape.commit(data, "workflow_run.head_sha"))
    if name == "push":
        ref = shape.dig(data, "ref")
        target = shape.branch(data, "ref") if isinstance(ref, str) and ref.startswith("refs/heads/") else ""
        before, after = shape.dig(data, "before"), shape.dig(data, "after")
        return replace(
            event,
            head=after if shape.is_commit(after) else "",
            base=before if shape.is_commit(before) else "",
            target=target,
        )
    return event


def gitlab(variables: Mapping[str, str]) -> Event:
    """Read the variables that GitLab sets for a job; raises ForgeError.

    The variable that says whether a merge request is approved is not read: it is set before approvals
    of older commits are reset.
    """
    values = dict(variables)
    project = {"project": values.get("CI_PROJECT_PATH"), "default": values.get("CI_DEFAULT_BRANCH")}
    event = Event(
        forge="gitlab",
        name=values.get("CI_PIPELINE_SOURCE", ""),
        repository=shape.text(project, "project"),
        default=shape.branch(project, "default"),
    )
    iid = values.get("CI_MERGE_REQUEST_IID", "")
    if not iid:
        return replace(event, head=shape.commit({"sha": values.get("CI_COMMIT_SHA")}, "sha"))
    merge_request = {
        "iid": int(iid) if iid.isascii() and iid.isdigit() and len(iid) < 13 else 0,
        # A merged-results pipeline runs on a commit that exists nowhere else; this is the branch's own.
        "head": values.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or values.get("CI_COMMIT_SHA"),
        "base": values.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"),
        "target": values.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
    }
    return replace(
        event,
        number=shape.number(merge_request, "iid"),
        head=shape.commit(merge_request, "head"),
        base=shape.commit(merge_request, "base"),
        target=shape.branch(merge_request, "target"),
        queued=values.get("CI_MERGE_REQUEST_EVENT_TYPE") == "merge_train",
    )


def gitlab_webhook(payload: bytes) -> Event:
    """Read the payload of a GitLab merge-request web hook; raises ForgeError for any other."""
    data = _payload(payload)
    kind = shape.dig(data, "object_kind") or shape.dig(data, "event_name")
    if kind != "merge_request":
        kind_text = f" but of '{kind}'" if isinstance(kind, str) and kind.replace("_", "").isalpha() else ""
        raise ForgeError(
            f"the event's payload is not of a merge request{kind_text}", "choose that event only"
        )
    action = shape.dig(data, "object_attributes.action")
    return Event(
        forge="gitlab",
        name="merge_request",
        action=action if isinstance(action, str) and action.isalpha() else "",
        number=shape.number(data, "object_attributes.iid"),
        head=shape.commit(data, "object_attributes.last_commit.id"),
        target=shape.branch(data, "object_attributes.target_branch"),
        repository=shape.text(data, "object_attributes.target.path_with_namespace"),
        default=shape.branch(data, "object_attributes.target.default_branch"),
    )


def _queue(data: Any, event: Event) -> Event:
    ref = shape.text(data, "merge_group.head_ref")
    queued = _QUEUED.fullmatch(ref)
    if queued is None:
        raise ForgeError("the merge queue's branch does not name a pull request", "re-run the queue")
    return replace(
        event,
        number=int(queued[1]),
        head=shape.commit(data, "merge_group.head_sha"),
        base=shape.commit(data, "merge_group.base_sha"),
        target=shape.branch(data, "merge_group.base_ref"),
        queued=True,
    )


def _payload(payload: bytes) -> Any:
    if len(payload) > PAYLOAD_MAX:
        raise ForgeError("the event's payload is too large", "is the file really the event?")
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ForgeError("the event's payload is not JSON", "is the file really the event?") from error
    if not isinstance(data, dict):
        raise ForgeError("the event's payload is not an object", "is the file really the event?")
    return data


def _repository(data: Any) -> str:
    name = shape.dig(data, "repository.full_name")
    return name if isinstance(name, str) and re.fullmatch(r"[\w.-]+/[\w.-]+", name, re.ASCII) else ""


def _default(data: Any) -> str:
    name = shape.dig(data, "repository.default_branch")
    return name if isinstance(name, str) and shape.is_branch(name) else ""
