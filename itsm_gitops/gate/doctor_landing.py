"""`itsm doctor` about what lands: whether a branch that is behind can be merged, and what approvals know this repository by."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.forges import answers as shape
from itsm_gitops.forges.forge import Forge
from itsm_gitops.forges.gitea import Gitea
from itsm_gitops.forges.github import GitHub
from itsm_gitops.forges.gitlab import GitLab
from itsm_gitops.forges.http import ForgeError
from itsm_gitops.gate.doctor_people import FAILED, OK, WARNING, Check
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.repository import Repository

_STRAIGHT = ("ff", "rebase_merge")  # GitLab's ways to merge that want a branch to be up to date
_BEHIND = "a branch that is behind can be merged: the gate's verdict is about an older state of {}"
_NOT_FOUND = 404


def identity_check(repo: Repository) -> Check:
    """Say whether the repository has an identity that nobody who pushes can choose."""
    try:
        pinned = repo.config.identity
    except ItsmError as error:
        return Check("identity", FAILED, error.message, error.hint)
    if pinned:
        return Check("identity", OK, "is pinned in itsm.yaml")
    return Check(
        "identity",
        WARNING,
        "is not pinned: signed approvals know this repository by its first commit",
        'in a request of its own: printf \'identity: "a%.31s"\\n\' "$(openssl rand -hex 16)" >> itsm.yaml',
    )


def up_to_date(server: Forge, branch: str) -> Iterator[Check]:
    """Yield whether a forge merges into ``branch`` only what the gate has judged with it; raises ForgeError."""
    good, hint = _demanded(server, branch)
    if good:
        yield Check("up to date", OK, f"what is merged was judged with the present {branch}")
    else:
        yield Check("up to date", FAILED, _BEHIND.format(branch), hint)


def _demanded(server: Forge, branch: str) -> tuple[bool, str]:
    """Return whether the forge demands it, and what to set."""
    if isinstance(server, Gitea):  # before GitHub, whose adapter it shares
        return _gitea(server, branch), f"protect {branch}: 'Block merge if pull request is outdated'"
    if isinstance(server, GitHub):
        rules = {str(shape.dig(r, "type")): shape.dig(r, "parameters") for r in server.branch_rules(branch)}
        strict = shape.dig(rules.get("required_status_checks"), "strict_required_status_checks_policy")
        hint = "a ruleset: 'Require branches to be up to date before merging', or a merge queue"
        return strict is True or "merge_queue" in rules, hint
    if isinstance(server, GitLab):
        settings = server.settings()
        straight = shape.dig(settings, "merge_method") in _STRAIGHT
        trains = shape.dig(settings, "merge_trains_enabled") is True
        return straight or trains, "merge method 'fast-forward' or 'semi-linear history', or merge trains"
    return False, ""


def _gitea(server: Gitea, branch: str) -> bool:
    try:
        rule = server.client.get(f"{server.path}/branch_protections/{branch.replace('/', '%2F')}")
    except ForgeError as error:
        if error.status != _NOT_FOUND:
            raise
        return False
    return shape.dig(rule, "block_on_outdated_branch") is True
