"""GitHub, Gitea and GitLab: every review as it was given, whatever state its author is in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from itsm_gitops.forges.gitea import Gitea
from itsm_gitops.forges.github import GitHub
from itsm_gitops.forges.gitlab import GitLab
from itsm_gitops.forges.http import Answer, Client, ForgeError
from itsm_gitops.gate.comment import MARKER
from tests.fake_github import BASE, BOT, GATE, HEAD, FakeGitHub, account, running

ADA, BEN = account(1, "ada"), account(2, "ben")


@pytest.fixture
def server() -> Iterator[FakeGitHub]:
    with running() as fake:
        yield fake


@pytest.fixture
def github(server: FakeGitHub) -> GitHub:
    return GitHub.at(server.url, "acme", "itsm", "fake-token")


def test_facts_of_a_pull_request(github: GitHub, server: FakeGitHub) -> None:
    request = github.pull_request(7)
    assert astuple(request)[:6] == (
        7,
        "https://github.example/acme/itsm/pull/7",
        "github:1",
        HEAD,
        BASE,
        "main",
    )
    assert (request.draft, request.merged_by) == (False, "")
    server.pulls[7] |= {"user": None, "merged_by": BEN, "draft": True}
    gone = github.pull_request(7)
    assert (gone.author, gone.merged_by, gone.draft) == ("", "github:2", True)


def test_reviews_of_every_shape(github: GitHub, server: FakeGitHub) -> None:
    server.review(7, BEN, "CHANGES_REQUESTED")
    server.review(7, BEN)
    server.review(7, None)
    server.review(7, ADA, commit=None)
    server.review(7, BOT)
    server.review(7, ADA, "PENDING")
    server.review(7, ADA, "DISMISSED")
    server.review(7, ADA, "COMMENTED")
    found = github.reviews(7)
    assert [(r.identity, r.state, r.commit, r.bot) for r in found] == [
        ("github:2", "changes_requested", HEAD, False),
        ("github:2", "approved", HEAD, False),
        ("", "approved", HEAD, False),
        ("github:1", "approved", None, False),
        ("github:41898282", "approved", HEAD, True),
        ("github:1", "dismissed", HEAD, False),
        ("github:1", "commented", HEAD, False),
    ]
    assert {(r.person, r.source, r.signed) for r in found} == {(None, "github", False)}
    assert found[0].at == datetime(2026, 3, 4, 10, 0, 0, tzinfo=UTC)
    assert (found[1].review_id, found[1].login) == ("1001", "ben")


def test_more_reviews_than_a_page_holds(github: GitHub, server: FakeGitHub) -> None:
    for number in range(250):
        server.review(7, account(number + 1, f"person-{number}"))
    assert [r.identity for r in github.reviews(7)] == [f"github:{n + 1}" for n in range(250)]
    assert len(server.requests) == 4


@pytest.mark.parametrize("name", ["base_ref_changed", "automatic_base_change_succeeded"])
def test_approval_before_the_request_was_sent_to_another_branch(
    github: GitHub, server: FakeGitHub, name: str
) -> None:
    """Last sent in second 2: what was given in that second or before was given for another branch."""
    for number in range(110):
        server.event(7, "labeled", f"2026-03-04T10:00:{number % 60:02d}Z")
    for user in (ADA, BEN, account(3, "carl"), account(4, "dana")):
        server.review(7, user, "CHANGES_REQUESTED" if user is ADA else "APPROVED")
    assert {r.target for r in github.reviews(7)} == {None}
    server.event(7, name, "2026-03-04T10:00:02Z")
    server.event(7, name, "2026-03-04T10:00:01Z")
    assert [(r.identity, r.target) for r in github.reviews(7)] == [
        ("github:1", None),
        ("github:2", ""),
        ("github:3", ""),
        ("github:4", None),
    ]


def test_events_are_asked_for_where_somebody_approved(github: GitHub, server: FakeGitHub) -> None:
    server.review(7, BEN, "COMMENTED")
    assert len(github.reviews(7)) == 1
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_server_that_does_not_show_what_happened_to_a_request(
    github: GitHub, server: FakeGitHub, status: int
) -> None:
    """Nobody can tell then which branch was approved; a refusal stands all the same."""
    server.review(7, ADA, "CHANGES_REQUESTED")
    server.review(7, BEN)
    server.faults = [(0, {}), (status, {})]
    told = f"github does not let this token read the events of the pull request ({status})"
    assert [(r.target, r.note) for r in github.reviews(7)] == [(None, ""), ("", told)]


def test_a_server_that_fails_to_show_what_happened_is_an_error(github: GitHub, server: FakeGitHub) -> None:
    server.review(7, BEN)
    server.faults = [(0, {}), (422, {})]
    with pytest.raises(ForgeError, match="422"):
        github.reviews(7)
    server.event(7, "base_ref_changed", "yesterday")
    with pytest.raises(ForgeError, match="'created_at' is not a time"):
        github.reviews(7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"state": "LGTM"}, "'LGTM'"),
        ({"state": None}, "'state' is not text"),
        ({"submitted_at": "yesterday"}, "'submitted_at' is not a time"),
        ({"submitted_at": None}, "'submitted_at' is not a time"),
        ({"id": "7"}, "'id' is not a positive number"),
    ],
)
def test_an_unusable_review_is_an_error_and_never_a_guess(
    github: GitHub, server: FakeGitHub, change: dict[str, Any], message: str
) -> None:
    server.review(7, BEN)
    server.reviews[7][0] |= change
    with pytest.raises(ForgeError, match=message):
        github.reviews(7)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("head", {"sha": "HEAD"}),
        ("head", None),
        ("base", {"sha": BASE, "ref": "--upload-pack=x"}),
        ("base", {"sha": BASE, "ref": "a..b"}),
        ("base", {"sha": "0" * 40, "ref": "main"}),
        ("number", 0),
        ("number", True),
        ("html_url", 5),
    ],
)
def test_facts_that_could_become_options_are_refused(
    github: GitHub, server: FakeGitHub, path: str, value: Any
) -> None:
    server.pulls[7][path] = value
    with pytest.raises(ForgeError, match="is not"):
        github.pull_request(7)


@pytest.mark.parametrize("name", [("..", "x"), ("a/b", "x"), ("acme", ""), ("acme", "a?b")])
def test_names_that_would_leave_the_path(name: tuple[str, str]) -> None:
    with pytest.raises(ForgeError, match="name"):
        GitHub.at("https://api.github.com", *name, "")


def test_identity_ignores_the_login(github: GitHub, server: FakeGitHub) -> None:
    """A renamed account keeps its number; a login taken over by someone else has another."""
    server.review(7, account(2, "ben-renamed"))
    server.review(7, account(99, "ben"))
    assert [r.identity for r in github.reviews(7)] == ["github:2", "github:99"]


def test_sticky_comment_is_found_on_any_page_and_only_if_ours(github: GitHub, server: FakeGitHub) -> None:
    for _ in range(100):
        server.comment("chat", ADA)
    server.comment(f"{MARKER} forged", ADA)
    server.comment(f"> {MARKER} quoted")
    url = github.upsert_comment(7, f"{MARKER}\none", MARKER)
    assert len(server.comments) == 103
    assert github.upsert_comment(7, f"{MARKER}\ntwo", MARKER) == url
    assert github.upsert_comment(7, f"{MARKER}\ntwo", MARKER) == url
    assert [c["body"] for c in server.comments[100:]] == [
        f"{MARKER} forged",
        f"> {MARKER} quoted",
        f"{MARKER}\ntwo",
    ]
    assert [m for m, _ in server.requests if m != "GET"] == ["POST", "PATCH"]


def test_open_requests_and_running_the_gate_of_one_again(github: GitHub, server: FakeGitHub) -> None:
    server.open_pull(8, head="3" * 40, draft=True)
    server.open_pull(9)
    server.pulls[9]["state"] = "closed"
    assert github.open_pull_requests() == [(7, HEAD, False), (8, "3" * 40, True)]
    assert github.last_run(HEAD, "gate", GATE) is None
    server.check("gate", app="other", run=899)
    server.check("gate", of="3" * 40, run=898)
    assert github.last_run(HEAD, "gate", GATE) is None
    first = server.check("gate")
    server.check("comment", passed=True)
    run = github.last_run(HEAD, "gate", GATE)
    assert run is not None
    assert (run.job, run.run, run.attempt, run.ended, run.passed) == (first, 900, 1, True, False)
    github.run_again(run)
    assert server.rerun == [900]
    again = github.last_run(HEAD, "gate", GATE)
    assert again is not None
    assert (again.job, again.attempt, again.ended, again.passed) == (first, 2, False, False)
    with pytest.raises(ForgeError, match="already running"):
        github.run_again(run)
    newest = server.check("gate", passed=True, run=901)
    last = github.last_run(HEAD, "gate", GATE)
    assert last is not None
    assert (last.job, last.ended, last.passed) == (newest, True, True)


@pytest.mark.parametrize(
    ("workflow", "event"),
    [
        (
            ".github/workflows/mine.yml",
            "pull_request_target",
        ),  # another workflow of ours, with a job of that name
        (".github/workflows/mine.yml", "pull_request"),
        (GATE, "pull_request"),  # the file as the request would have it
        (GATE, "push"),
        (GATE, "workflow_dispatch"),
        (f"elsewhere/{GATE}@main", "pull_request_target"),
    ],
)
def test_only_our_own_workflow_has_the_gate(
    github: GitHub, server: FakeGitHub, workflow: str, event: str
) -> None:
    """Whoever opens a pull request can have a job of any name run on its commits."""
    server.check("gate", run=901, workflow=workflow, event=event, passed=True)
    assert github.last_run(HEAD, "gate", GATE) is None
    ours = server.check("gate", run=900, workflow=f"{GATE}@refs/heads/main")
    server.check("gate", run=902, workflow=workflow, event=event)
    run = github.last_run(HEAD, "gate", GATE)
    assert run is not None
    assert (run.job, run.run) == (ours, 900)


class Canned(Client):
    """Answers from a table of recorded shapes instead of a server."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__("https://forge.example/api")
        self.answers = answers
        self.sent: list[tuple[str, str, object]] = []

    def request(self, method: str, url: str, body: Mapping[str, object] | None = None) -> Answer:
        path, query = urlsplit(url).path.removeprefix("/api"), dict(parse_qsl(urlsplit(url).query))
        if method != "GET":
            self.sent.append((method, path, body))
            return Answer(201, Message(), {"id": 9, "html_url": "https://forge.example/c/9"})
        if path not in self.answers:
            raise ForgeError(f"GET {path} answers 404", status=404)
        if isinstance(self.answers[path], ForgeError):
            raise self.answers[path]
        answer = self.answers[path] if "page" not in query else self.answers.get(f"{path}?{query['page']}")
        return Answer(200, Message(), json.loads(json.dumps(answer)))


GITEA = "/repos/acme/itsm/pulls/7/reviews"
TIMELINE = "/repos/acme/itsm/issues/7/timeline"


def _gitea(**change: Any) -> dict[str, Any]:
    review = {
        "id": 5,
        "user": {"id": 2, "login": "ben", "full_name": "", "is_admin": False},
        "team": None,
        "state": "APPROVED",
        "body": "",
        "commit_id": HEAD,
        "stale": True,
        "official": False,
        "dismissed": False,
        "comments_count": 0,
        "submitted_at": "2026-03-04T11:00:00+01:00",
        "updated_at": "2026-03-04T11:00:00+01:00",
    }
    return review | change


def test_gitea_and_forgejo() -> None:
    reviews = [
        _gitea(),
        _gitea(id=6, state="REQUEST_CHANGES", user={"id": -1, "login": "Ghost"}),
        _gitea(id=7, state="REQUEST_REVIEW"),
        _gitea(id=8, dismissed=True, submitted_at="0001-01-01T00:00:00Z"),
        _gitea(id=9, state="COMMENT", commit_id=""),
    ]
    found = Gitea(Canned({GITEA: reviews, TIMELINE: []}), "acme", "itsm", "forgejo").reviews(7)
    assert [(r.identity, r.state, r.commit, r.source) for r in found] == [
        ("forgejo:2", "approved", HEAD, "forgejo"),
        ("", "changes_requested", HEAD, "forgejo"),
        ("forgejo:2", "dismissed", HEAD, "forgejo"),
        ("forgejo:2", "commented", None, "forgejo"),
    ]
    assert {r.at for r in found} == {datetime(2026, 3, 4, 10, 0, 0, tzinfo=UTC)}
    assert {r.target for r in found} == {None}


def _happened(kind: str, minute: int) -> dict[str, Any]:
    at = f"2026-03-04T11:{minute:02d}:00+01:00"
    refs = {"old_ref": "drafts", "new_ref": "main"} if kind == "change_target_branch" else {}
    return {"id": minute, "type": kind, "user": {"id": 1}, "created_at": at, **refs}


@pytest.mark.parametrize(
    ("pages", "targets"),
    [
        ({"": None}, [None, None, None]),
        ({"": [_happened("comment", 30)]}, [None, None, None]),
        ({"": [_happened("change_target_branch", 15)]}, [None, "", None]),
        ({"": [_happened("change_target_branch", 20)]}, [None, "", ""]),
        ({"": [_happened("comment", 1)] * 90 + [_happened("change_target_branch", 15)]}, [None, "", None]),
        # A server that gives a part of it, of which this token may not see all.
        (
            {"": [_happened("comment", 1)] * 20, "?2": [_happened("change_target_branch", 15)]},
            [None, "", None],
        ),
    ],
)
def test_gitea_approval_before_the_request_was_sent_to_another_branch(
    pages: dict[str, Any], targets: list[str | None]
) -> None:
    """The server gives its time line whole, without links to further pages."""
    reviews = [
        _gitea(id=5, state="REQUEST_CHANGES", user={"id": 3, "login": "carl"}),
        _gitea(id=6, submitted_at="2026-03-04T11:10:00+01:00"),
        _gitea(id=7, submitted_at="2026-03-04T11:20:00+01:00"),
    ]
    answers = {GITEA: reviews, **{f"{TIMELINE}{page}": found for page, found in pages.items()}}
    assert [r.target for r in Gitea(Canned(answers), "acme", "itsm").reviews(7)] == targets


def test_gitea_that_does_not_show_what_happened_to_a_request() -> None:
    refused = Canned({GITEA: [_gitea()], TIMELINE: ForgeError("no", status=403)})
    [found] = Gitea(refused, "acme", "itsm", "forgejo").reviews(7)
    told = "forgejo does not let this token read the events of the pull request (403)"
    assert (found.target, found.note) == ("", told)
    with pytest.raises(ForgeError, match="not answer with a list"):
        Gitea(Canned({GITEA: [_gitea()], TIMELINE: {}}), "acme", "itsm").reviews(7)


MR = "/projects/acme%2Fitsm/merge_requests/7"
OLD = "4" * 40


def _version(number: int, commit: str, minute: int) -> dict[str, Any]:
    return {
        "id": number,
        "head_commit_sha": commit,
        "base_commit_sha": BASE,
        "start_commit_sha": BASE,
        "created_at": f"2026-03-04T10:{minute:02d}:00.123Z",
        "merge_request_id": 1,
        "state": "collected",
    }


def _gitlab(
    approved: list[Any], *, versions: list[Any] | None = None, reviewers: list[Any] | None = None
) -> GitLab:
    answers = {
        f"{MR}/versions": versions or [_version(2, HEAD, 20), _version(1, OLD, 10)],
        f"{MR}/approvals": {"approved": True, "approved_by": approved},
        f"{MR}/reviewers": reviewers or [],
    }
    return GitLab(Canned(answers), "acme/itsm")


def _user(number: int, name: str = "ben") -> dict[str, Any]:
    return {"user": {"id": number, "username": name, "state": "active"}}


def test_gitlab_infers_what_an_approval_saw() -> None:
    found = _gitlab(
        [
            _user(2) | {"approved_at": "2026-03-04T10:25:00.000Z"},
            _user(3) | {"approved_at": "2026-03-04T10:15:00.000Z"},
            _user(4) | {"approved_at": "2026-03-04T10:05:00.000Z"},
            _user(5, "project_12_bot_ab34"),
        ]
    ).reviews(7)
    assert {r.identity: r.commit for r in found} == {
        "gitlab:2": HEAD,
        "gitlab:3": OLD,
        "gitlab:4": None,
        "gitlab:5": None,
    }
    assert [r.identity for r in found if r.bot] == ["gitlab:5"]
    assert all(r.note for r in found if r.commit is None)


def test_gitlab_approval_before_the_request_was_sent_to_another_branch() -> None:
    """What would be merged is another difference then, although the commit is the same."""
    versions = [_version(3, HEAD, 30), _version(2, HEAD, 20), _version(1, OLD, 10)]
    found = _gitlab(
        [
            _user(2) | {"approved_at": "2026-03-04T10:15:00.000Z"},
            _user(3) | {"approved_at": "2026-03-04T10:25:00.000Z"},
            _user(4) | {"approved_at": "2026-03-04T10:35:00.000Z"},
        ],
        versions=versions,
    ).reviews(7)
    assert {r.identity: r.target for r in found} == {"gitlab:2": None, "gitlab:3": "", "gitlab:4": None}


def test_gitlab_without_times_knows_only_a_single_version() -> None:
    only = _gitlab([_user(2)], versions=[_version(1, OLD, 10)]).reviews(7)
    assert [(r.commit, r.at.minute) for r in only] == [(OLD, 10)]
    with pytest.raises(ForgeError, match="no version"):
        GitLab(
            Canned(
                {f"{MR}/versions": [], f"{MR}/approvals": {"approved_by": [_user(2)]}, f"{MR}/reviewers": []}
            ),
            "acme/itsm",
        ).reviews(7)


def test_gitlab_who_asks_for_changes_does_not_approve() -> None:
    against = [
        _user(2) | {"state": "requested_changes", "created_at": "2026-03-04T10:00:00Z"},
        _user(3) | {"state": "reviewed", "created_at": "2026-03-04T10:00:00Z"},
    ]
    found = _gitlab([_user(2), _user(3)], reviewers=against).reviews(7)
    assert [(r.identity, r.state) for r in found] == [
        ("gitlab:2", "changes_requested"),
        ("gitlab:3", "approved"),
    ]


def test_gitlab_facts_and_comment() -> None:
    request = {
        "iid": 7,
        "web_url": "https://forge.example/acme/itsm/-/merge_requests/7",
        "author": {"id": 1},
        "sha": HEAD,
        "diff_refs": {"base_sha": BASE},
        "target_branch": "main",
        "draft": False,
        "merged_by": None,
        "merge_user": {"id": 3},
        "title": "Upgrade",
    }
    notes = [
        {"id": 4, "body": f"{MARKER} forged", "author": {"username": "eve"}, "system": False},
        {"id": 5, "body": f"{MARKER} ours", "author": {"username": "itsm-bot"}, "system": False},
    ]
    client = Canned({MR: request, f"{MR}/notes": notes, "/user": {"username": "itsm-bot"}})
    lab = GitLab(client, "acme/itsm")
    facts = lab.pull_request(7)
    assert (facts.author, facts.merged_by, facts.head, facts.target) == ("gitlab:1", "gitlab:3", HEAD, "main")
    assert lab.upsert_comment(7, f"{MARKER} new", MARKER).endswith("#note_5")
    assert client.sent == [("PUT", f"{MR}/notes/5", {"body": f"{MARKER} new"})]
    assert lab.upsert_comment(7, f"{MARKER} new", MARKER, login="other").endswith("#note_9")
    assert lab.protected_branch("main") is None


@pytest.mark.parametrize("project", ["", "acme", "../x", "a/../b", "acme/itsm?x", "0"])
def test_gitlab_projects_that_are_none(project: str) -> None:
    with pytest.raises(ForgeError, match="not a project"):
        GitLab(Canned({}), project)
