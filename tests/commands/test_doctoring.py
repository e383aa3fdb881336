"""What `itsm doctor` makes of the settings of GitLab, Gitea and Forgejo."""

from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.forges.forge import Forge
from itsm_gitops.forges.gitea import Gitea
from itsm_gitops.forges.gitlab import GitLab
from itsm_gitops.gate.doctor import look
from tests.forges.test_adapters import Canned

PROJECT = "/projects/acme%2Fitsm"
BRANCHES = f"{PROJECT}/protected_branches"
RULES = "/repos/acme/itsm/branch_protections"
CLOSED = {"name": "main", "allow_force_push": False, "push_access_levels": [{"access_level": 0}]}
GOOD_LAB: dict[str, Any] = {
    PROJECT: {
        "only_allow_merge_if_pipeline_succeeds": True,
        "allow_merge_on_skipped_pipeline": None,
        "merge_method": "ff",
    },
    f"{BRANCHES}/main": CLOSED,
    f"{BRANCHES}/itsm%2Fevidence": CLOSED | {"push_access_levels": [{"access_level": 40}]},
}
GATE = "itsm gate / gate (pull_request_target)"
GOOD_TEA: dict[str, Any] = {
    f"{RULES}/main": {
        "enable_status_check": True,
        "status_check_contexts": [GATE],
        "enable_push": False,
        "enable_force_push": False,
        "block_on_outdated_branch": True,
    },
    f"{RULES}/itsm%2Fevidence": {"enable_push": True},
}


def _found(server: Forge) -> dict[str, str]:
    return {c.subject: c.result for c in look(server, "main")}


def _lab(answers: dict[str, Any]) -> dict[str, str]:
    return _found(GitLab(Canned(answers), "acme/itsm"))


def _tea(answers: dict[str, Any]) -> dict[str, str]:
    return _found(Gitea(Canned(answers), "acme", "itsm", "forgejo"))


def test_gitlab_with_every_setting_and_with_none() -> None:
    good = _lab(GOOD_LAB)
    assert set(good) == {"gate", "up to date", "skipped pipelines", "pushes", "evidence", "direct pushes"}
    assert set(good.values()) == {"ok"}
    bare = _lab({PROJECT: {}})
    assert {s for s, result in bare.items() if result == "failed"} == set(good) - {"skipped pipelines"}


@pytest.mark.parametrize(
    ("path", "change", "subjects"),
    [
        (PROJECT, {"only_allow_merge_if_pipeline_succeeds": False}, {"gate"}),
        (PROJECT, {"allow_merge_on_skipped_pipeline": True}, {"skipped pipelines"}),
        (PROJECT, {"merge_method": "merge"}, {"up to date"}),
        (PROJECT, {"merge_method": "merge", "merge_trains_enabled": True}, set()),
        (f"{BRANCHES}/main", {"allow_force_push": True}, {"pushes"}),
        (f"{BRANCHES}/main", {"push_access_levels": [{"access_level": 40}]}, {"direct pushes"}),
        (f"{BRANCHES}/main", {"push_access_levels": []}, set()),  # GitLab's other way to say nobody
        (f"{BRANCHES}/itsm%2Fevidence", {"allow_force_push": True}, {"evidence"}),
    ],
)
def test_each_setting_of_gitlab(path: str, change: dict[str, Any], subjects: set[str]) -> None:
    found = _lab(GOOD_LAB | {path: GOOD_LAB[path] | change})
    assert {s for s, result in found.items() if result != "ok"} == subjects


def test_gitea_with_every_setting_and_with_none() -> None:
    good = _tea(GOOD_TEA)
    assert set(good) == {"gate", "up to date", "direct pushes", "force pushes", "evidence"}
    assert set(good.values()) == {"ok"}
    assert set(_tea({}).values()) == {"failed"}


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ({"enable_status_check": False}, "gate"),
        ({"status_check_contexts": []}, "gate"),
        ({"status_check_contexts": ["lint / investigate"]}, "gate"),
        ({"block_on_outdated_branch": False}, "up to date"),
        ({"enable_push": True}, "direct pushes"),
        ({"enable_force_push": True}, "force pushes"),
    ],
)
def test_each_setting_of_gitea(change: dict[str, Any], subject: str) -> None:
    found = _tea(GOOD_TEA | {f"{RULES}/main": GOOD_TEA[f"{RULES}/main"] | change})
    assert {s for s, result in found.items() if result != "ok"} == {subject}
