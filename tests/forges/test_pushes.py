"""Who pushed to a request, as each forge tells it, and pages that do not say whether they are the last."""

from __future__ import annotations

from email.message import Message
from typing import Any

import pytest

from itsm_gitops.forges.gitea import Gitea
from itsm_gitops.forges.github import GitHub
from itsm_gitops.forges.gitlab import GitLab
from itsm_gitops.forges.http import Answer, Client, ForgeError
from itsm_gitops.forges.shipped import is_web_editor, robots
from tests.fake_github import BOT, HEAD, account, running
from tests.forges.test_adapters import MR, TIMELINE, Canned, _gitlab, _user

ADA, BEN = account(1, "ada"), account(2, "ben")
OTHER = "3" * 40


def test_github_tells_who_pushed_to_the_branch_and_what_it_was_then() -> None:
    with running() as server:
        branch = server.pulls[7]["head"]["ref"]
        server.push(branch, ADA, OTHER, "branch_creation")
        server.push(branch, BEN, HEAD)
        server.push(branch, BOT, HEAD, "force_push")
        server.push(branch, None, HEAD)
        server.push(branch, ADA, HEAD, "pr_merge")
        server.push("other", BEN, OTHER)
        found = GitHub.at(server.url, "acme", "itsm", "fake-token").pushes(7)
    assert [tuple(p) for p in found] == [
        ("github:1", False, OTHER),
        ("github:2", False, HEAD),
        ("github:41898282", True, HEAD),
        ("", False, HEAD),
    ]


def test_github_that_does_not_tell_and_a_fork_that_is_gone() -> None:
    with running() as server:
        github = GitHub.at(server.url, "acme", "itsm", "fake-token")
        server.pulls[7]["head"]["repo"]["full_name"] = "somebody/fork"
        assert github.pushes(7) == []
        server.pulls[7]["head"]["repo"] = None
        assert github.pushes(7) == []


def test_gitea_tells_who_pushed_since_it_was_opened() -> None:
    entries = [
        {"id": 1, "type": "pull_push", "user": {"id": 2, "login": "ben"}, "body": "{}"},
        {"id": 2, "type": "comment", "user": {"id": 3}, "body": "pull_push"},
        {"id": 3, "type": "pull_push", "user": None, "body": "{}"},
    ]
    found = Gitea(Canned({TIMELINE: entries}), "acme", "itsm", "forgejo").pushes(7)
    assert [tuple(p) for p in found] == [("forgejo:2", False, None), ("", False, None)]


def test_gitlab_tells_by_its_own_notes_only() -> None:
    def note(body: str, number: int, *, system: bool = True, name: str = "ben") -> dict[str, Any]:
        return {"id": number, "body": body, "system": system, "author": {"id": number, "username": name}}

    notes = [
        note("added 2 commits\n\n<ul><li>abc</li></ul>", 2),
        note("added 1 commit", 3, system=False),
        note("added 1 label", 4),
        note("added 1 commit", 5, name="project_7_bot_ab12"),
    ]
    found = GitLab(Canned({f"{MR}/notes": notes}), "acme/itsm").pushes(7)
    assert [tuple(p) for p in found] == [("gitlab:2", False, None), ("gitlab:5", True, None)]


@pytest.mark.parametrize(
    ("at", "commit"),
    [
        ("10:20:00.400", "4" * 40),
        ("10:20:14.000", "4" * 40),
        ("10:20:16.000", HEAD),
        ("10:10:02.000", "4" * 40),
    ],
)
def test_gitlab_approval_right_after_a_push_is_of_what_was_there_before(at: str, commit: str) -> None:
    """The oldest version is all that there was to be seen, however soon it was approved."""
    (found,) = _gitlab([_user(2) | {"approved_at": f"2026-03-04T{at}Z"}]).reviews(7)
    assert found.commit == commit


class Paged(Client):
    """Answers pages of whatever size, with or without a header that links them."""

    def __init__(self, *pages: list[int], link: str = "") -> None:
        super().__init__("https://forge.example/api")
        self.answers = list(pages)
        self.link = link
        self.asked: list[str] = []

    def request(self, method: str, url: str, body: object = None) -> Answer:
        headers = Message()
        if self.link:
            headers["Link"] = self.link
        self.asked.append(url)
        return Answer(200, headers, self.answers[len(self.asked) - 1])


FULL, REST = list(range(100)), list(range(100, 130))


def test_a_full_page_without_a_link_may_not_be_the_last() -> None:
    client = Paged(FULL, REST)
    assert list(client.pages("/reviews")) == [*FULL, *REST]
    assert client.asked[1].endswith("per_page=100&page=2")
    assert list(Paged(FULL, []).pages("/reviews")) == FULL
    assert list(Paged(list(range(50)), [50]).pages("/reviews", {"limit": 50})) == list(range(51))


def test_a_page_that_is_not_full_or_says_it_is_the_last_ends_the_list() -> None:
    assert list(Paged(REST).pages("/reviews")) == REST
    assert (
        list(Paged(FULL, link='<https://forge.example/api/reviews?page=1>; rel="first"').pages("/r")) == FULL
    )


def test_a_server_that_knows_no_pages_is_an_error_and_no_endless_list() -> None:
    with pytest.raises(ForgeError, match="answers the same page again"):
        list(Paged(FULL, FULL).pages("/reviews"))


def test_robots_of_each_forge() -> None:
    assert "noreply@github.com" in robots("github")
    assert robots("gitlab") == ("noreply@gitlab.com",)
    assert "noreply@ghe.example.com" in robots("github", "GHE.example.com")
    assert robots("plain") == ()
    assert is_web_editor("GitHub Enterprise <x@y.example>", "x@y.example")
    assert is_web_editor("Whatever <noreply@git.example.org>", "noreply@git.example.org")
    assert not is_web_editor("Zed <zed@example.net>", "zed@example.net")
