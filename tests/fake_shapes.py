"""What GitHub sends, whole: every field that its published description requires, of our own making."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

SITE = "https://github.example"
API = "https://api.github.example"
DAY = "2026-03-04T10:{:02d}:{:02d}Z"
_NOON = DAY.format(0, 0)

# As fields they are called followers_url and so on.
_ACCOUNT_LINKS = "followers following gists starred subscriptions organizations repos events received_events"
_REPOSITORY_LINKS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors "
    "deployments downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events "
    "issues keys labels languages merges milestones notifications pulls releases stargazers statuses "
    "subscribers subscription tags teams trees clone git ssh svn"
)
_PULL_LINKS = "comments commits diff issue patch review_comment review_comments statuses"


def _links(names: str, address: str) -> dict[str, str]:
    return {f"{name}_url": address for name in names.split()}


def account(number: int, login: str, kind: str = "User") -> dict[str, Any]:
    name = quote(login)
    site = f"{API}/users/{name}"
    return {
        "login": login,
        "id": number,
        "node_id": f"U{number}",
        "avatar_url": f"{SITE}/{name}.png",
        "gravatar_id": "",
        "url": site,
        "html_url": f"{SITE}/{name}",
        **_links(_ACCOUNT_LINKS, site),
        "type": kind,
        "site_admin": False,
    }


BOT = account(41898282, "github-actions[bot]", "Bot")


def repository() -> dict[str, Any]:
    site = f"{API}/repos/acme/itsm"
    counts = ("forks", "open_issues", "stargazers", "watchers")
    return {
        "id": 1,
        "node_id": "R1",
        "name": "itsm",
        "full_name": "acme/itsm",
        "owner": account(90, "acme", "Organization"),
        "url": site,
        "html_url": f"{SITE}/acme/itsm",
        **_links(_REPOSITORY_LINKS, site),
        **{f"{name}_count": 0 for name in counts},
        **dict.fromkeys(("forks", "open_issues", "watchers", "size"), 0),
        **dict.fromkeys(("description", "homepage", "language", "mirror_url", "license"), None),
        **dict.fromkeys(("fork", "private", "archived", "disabled"), False),
        **{f"has_{part}": True for part in ("downloads", "issues", "projects", "wiki", "pages")},
        "default_branch": "main",
        **dict.fromkeys(("pushed_at", "created_at", "updated_at"), _NOON),
    }


def pull(number: int, *, head: str, base: str, draft: bool, by: dict[str, Any]) -> dict[str, Any]:
    site = f"{API}/repos/acme/itsm/pulls/{number}"
    links = ("comments", "commits", "statuses", "html", "issue", "review_comments", "review_comment", "self")
    empty = ("assignee", "body", "closed_at", "merge_commit_sha", "merged_at", "milestone", "auto_merge",
             "mergeable", "merged_by")  # fmt: skip
    counts = ("additions", "changed_files", "comments", "commits", "deletions", "review_comments")
    return {
        "id": 7000 + number,
        "node_id": f"P{number}",
        "number": number,
        "url": site,
        "html_url": f"{SITE}/acme/itsm/pull/{number}",
        **_links(_PULL_LINKS, site),
        "_links": {link: {"href": site} for link in links},
        "user": by,
        "state": "open",
        "title": "Upgrade the firewall",
        "draft": draft,
        "locked": False,
        "labels": [],
        "head": _end(head, "change/firewall", by),
        "base": _end(base, "main", by),
        "author_association": "MEMBER",
        **dict.fromkeys(empty, None),
        **dict.fromkeys(counts, 1),
        "mergeable_state": "blocked",
        "merged": False,
        "maintainer_can_modify": False,
        **dict.fromkeys(("created_at", "updated_at"), _NOON),
    }


def _end(commit: str, branch: str, by: dict[str, Any]) -> dict[str, Any]:
    return {"label": f"acme:{branch}", "ref": branch, "sha": commit, "user": by, "repo": repository()}


def review(number: int, identifier: int, user: dict[str, Any] | None, state: str) -> dict[str, Any]:
    where = f"{SITE}/acme/itsm/pull/{number}"
    return {
        "id": identifier,
        "node_id": f"R{identifier}",
        "user": user,
        "body": "",
        "state": state,
        "html_url": f"{where}#pullrequestreview-{identifier}",
        "pull_request_url": where,
        "_links": {"html": {"href": where}, "pull_request": {"href": where}},
        "author_association": "MEMBER",
    }


def event(identifier: int, name: str, actor: dict[str, Any], at: str) -> dict[str, Any]:
    return {
        "id": identifier,
        "node_id": f"E{identifier}",
        "url": f"{API}/repos/acme/itsm/issues/events/{identifier}",
        "actor": actor,
        "event": name,
        "commit_id": None,
        "commit_url": None,
        "created_at": at,
        "performed_via_github_app": None,
    }


def comment(identifier: int, body: str, user: dict[str, Any]) -> dict[str, Any]:
    where = f"{SITE}/acme/itsm/pull/7#issuecomment-{identifier}"
    return {
        "id": identifier,
        "node_id": f"C{identifier}",
        "url": where,
        "html_url": where,
        "issue_url": where,
        "body": body,
        "user": user,
        "created_at": _NOON,
        "updated_at": _NOON,
        "author_association": "NONE",
    }


def check_run(identifier: int, name: str, commit: str, status: str, app: str) -> dict[str, Any]:
    done = status == "completed"
    site = f"{API}/repos/acme/itsm/check-runs/{identifier}"
    empty = dict.fromkeys(("title", "summary", "text"), None)
    owner = account(9919, "github", "Organization")
    return {
        "id": identifier,
        "node_id": f"K{identifier}",
        "head_sha": commit,
        "name": name,
        "url": site,
        "html_url": f"{SITE}/acme/itsm/runs/{identifier}",
        "details_url": f"{SITE}/acme/itsm/runs/{identifier}",
        "external_id": "",
        "status": status,
        "conclusion": "failure" if done else None,
        "started_at": _NOON,
        "completed_at": _NOON if done else None,
        "check_suite": {"id": 1},
        "output": {**empty, "annotations_count": 0, "annotations_url": f"{site}/annotations"},
        "pull_requests": [],
        "app": {
            "id": 15368 if app == "github-actions" else 99,
            "slug": app,
            "node_id": "A1",
            "owner": owner,
            "name": app,
            "description": None,
            "external_url": SITE,
            "html_url": f"{SITE}/apps/{app}",
            "created_at": _NOON,
            "updated_at": _NOON,
            "permissions": {"checks": "write"},
            "events": [],
        },
    }


def job(check: dict[str, Any], run: int) -> dict[str, Any]:
    """The job of Actions behind a run of a check."""
    site = f"{API}/repos/acme/itsm/actions"
    same = ("id", "head_sha", "name", "html_url", "status", "conclusion", "started_at", "completed_at")
    runner = ("runner_id", "runner_name", "runner_group_id", "runner_group_name")
    return {
        **{field: check[field] for field in same},
        "node_id": f"J{check['id']}",
        "run_id": run,
        "run_url": f"{site}/runs/{run}",
        "url": f"{site}/jobs/{check['id']}",
        "check_run_url": check["url"],
        "workflow_name": "itsm gate",
        "head_branch": "main",
        "labels": ["ubuntu-24.04"],
        "created_at": _NOON,
        "started_at": _NOON,
        **dict.fromkeys(runner, None),
    }


def run(number: int, commit: str, path: str, event: str, attempt: int) -> dict[str, Any]:
    """The run of a workflow of Actions."""
    site = f"{API}/repos/acme/itsm/actions/runs/{number}"
    return {
        "id": number,
        "node_id": f"W{number}",
        "head_branch": "topic",
        "head_sha": commit,
        "path": path,
        "display_title": "A request",
        "run_number": 1,
        "run_attempt": attempt,
        "event": event,
        "status": "completed",
        "conclusion": "failure",
        "workflow_id": 1,
        "url": site,
        "html_url": f"{SITE}/acme/itsm/actions/runs/{number}",
        "pull_requests": [],
        "created_at": _NOON,
        "updated_at": _NOON,
        "run_started_at": _NOON,
        **_links("artifacts cancel check_suite jobs logs rerun workflow", site),
        "head_commit": None,
        "repository": repository(),
        "head_repository": repository(),
    }


def rule(kind: str, **parameters: Any) -> dict[str, Any]:
    """A rule of a branch, with the ruleset that it comes from."""
    origin = {"ruleset_source_type": "Repository", "ruleset_source": "acme/itsm", "ruleset_id": 42}
    return {"type": kind, **origin, **({"parameters": parameters} if parameters else {})}


def activity(number: int, branch: str, by: dict[str, Any] | None, after: str, kind: str) -> dict[str, Any]:
    return {
        "id": number,
        "node_id": f"A{number}",
        "before": "0" * 40,
        "after": after,
        "ref": f"refs/heads/{branch}",
        "timestamp": _NOON,
        "activity_type": kind,
        "actor": by,
    }
