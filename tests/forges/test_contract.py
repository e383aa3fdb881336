"""The adapter and the fake, both held to GitHub's published description by a proxy that judges.

Whatever either says that the description does not know becomes an error of the proxy, so these
tests pass only where a request, its answer and our reading of it are as GitHub has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import astuple
from typing import Any
from urllib.parse import urlsplit

import pytest

from itsm_gitops.forges.github import GitHub
from itsm_gitops.forges.http import ForgeError
from itsm_gitops.gate.comment import MARKER
from tests import fake_shapes as shapes
from tests.fake_github import BASE, BOT, GATE, HEAD, FakeGitHub, account, running
from tests.forges import prism

pytestmark = pytest.mark.slow
ADA, BEN = account(1, "ada"), account(2, "ben")
NEXT, MERGE = "3" * 40, "4" * 40


@pytest.fixture(scope="module")
def judged() -> Iterator[tuple[FakeGitHub, str]]:
    """One fake behind one proxy: starting the proxy takes seconds."""
    with running() as fake, prism.proxy(fake.url) as address:
        yield fake, address


@pytest.fixture
def server(judged: tuple[FakeGitHub, str]) -> FakeGitHub:
    fake, address = judged
    fake.reset()
    fake.public = address
    return fake


@pytest.fixture
def github(judged: tuple[FakeGitHub, str]) -> GitHub:
    made = GitHub.at(judged[1], "acme", "itsm", "fake-token")
    made.client.sleep = lambda _: None
    return made


def test_facts_of_a_request(github: GitHub, server: FakeGitHub) -> None:
    request = github.pull_request(7)
    assert astuple(request)[:6] == (7, f"{shapes.SITE}/acme/itsm/pull/7", "github:1", HEAD, BASE, "main")


def test_more_reviews_than_two_pages_hold(github: GitHub, server: FakeGitHub) -> None:
    states = ("APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING")
    for number in range(250):
        server.review(7, account(number + 1, f"person-{number}"), states[number % 5])
    server.review(7, None)
    server.review(7, BOT, commit=None)
    found = github.reviews(7)
    assert len(found) == 202
    assert [r.identity for r in found[:4]] == [f"github:{n}" for n in (1, 2, 3, 4)]
    assert [(r.identity, r.commit) for r in found[-2:]] == [("", HEAD), ("github:41898282", None)]
    asked = [path for _, path in server.requests]
    assert [re.search(r"[?&]page=(\d)", path) is not None for path in asked] == [False, True, True, False]


def test_the_comment_is_written_once_and_then_replaced(github: GitHub, server: FakeGitHub) -> None:
    for _ in range(120):
        server.comment("chat", ADA)
    url = github.upsert_comment(7, f"{MARKER}\none", MARKER)
    assert github.upsert_comment(7, f"{MARKER}\ntwo", MARKER) == url
    assert len(server.comments) == 121
    assert server.comments[-1]["body"] == f"{MARKER}\ntwo"


def test_every_call_of_the_adapter(github: GitHub, server: FakeGitHub) -> None:
    """From the review to the green gate, and all that `itsm doctor` asks; no listed path is left out."""
    server.open_pull(8, head=NEXT, draft=True)
    server.review(7, BEN)
    server.check("gate")
    server.check("comment", passed=True)
    gate = {"context": "gate", "integration_id": 15368}
    checks = {"required_status_checks": [gate], "strict_required_status_checks_policy": False}
    server.rules["main"] = [shapes.rule("deletion"), shapes.rule("required_status_checks", **checks)]
    server.rules["itsm/evidence"] = [shapes.rule("non_fast_forward")]

    assert github.pull_request(7).head == HEAD
    assert [r.target for r in github.reviews(7)] == [None]
    server.event(7, "base_ref_changed")
    server.event(7, "automatic_base_change_succeeded")
    assert [r.target for r in github.reviews(7)] == [""]
    assert github.open_pull_requests() == [(7, HEAD, False), (8, NEXT, True)]
    run = github.last_run(HEAD, "gate", GATE)
    assert run is not None
    github.run_again(run)
    assert server.rerun == [900]
    assert github.last_run(NEXT, "gate", GATE) is None
    url = github.upsert_comment(7, f"{MARKER}\none", MARKER)
    assert github.upsert_comment(7, f"{MARKER}\ntwo", MARKER) == url
    assert [r["type"] for r in github.branch_rules("main")] == ["deletion", "required_status_checks"]
    assert [r["type"] for r in github.branch_rules("itsm/evidence")] == ["non_fast_forward"]
    assert github.codeowners_errors("main") == []
    assert github.merged_pull_request(HEAD, "main") is None
    server.merge(7, MERGE, BEN, "2026-03-04T11:00:00Z")
    assert github.merged_pull_request(MERGE, "main") == 7
    assert github.pull_request(7).merged_by == "github:2"

    asked = {urlsplit(path).path for _, path in server.requests}
    patterns = [re.sub(r"\\{\w+\\}", r"[\\w%]+", re.escape(path)) for path in prism.PATHS]
    assert [p for p in patterns if not any(re.fullmatch(p, path) for path in asked)] == []


@pytest.mark.parametrize("call", ["pull_request", "reviews"])
def test_what_does_not_exist(github: GitHub, server: FakeGitHub, call: str) -> None:
    with pytest.raises(ForgeError, match="answers 404") as caught:
        getattr(github, call)(99)
    assert caught.value.status == 404


def test_a_bad_token(server: FakeGitHub, judged: tuple[FakeGitHub, str]) -> None:
    with pytest.raises(ForgeError, match="answers 401: Bad credentials"):
        GitHub.at(judged[1], "acme", "itsm", "wrong").pull_request(7)


def test_a_server_that_fails_for_a_moment(github: GitHub, server: FakeGitHub) -> None:
    server.review(7, BEN)
    server.faults = [(503, {}), (502, {}), (429, {"Retry-After": "1"}), (403, {"Retry-After": "1"})]
    assert [r.identity for r in github.reviews(7)] == ["github:2"]


def _without(entry: dict[str, Any], name: str) -> None:
    del entry[name]


@pytest.mark.parametrize(
    ("spoil", "call"),
    [
        (lambda s: _without(s.pulls[7], "author_association"), lambda g: g.pull_request(7)),
        (lambda s: s.pulls[7].update(draft="no"), lambda g: g.open_pull_requests()),
        (lambda s: _without(s.reviews[7][0], "commit_id"), lambda g: g.reviews(7)),
        (lambda s: s.reviews[7][0].update(id="1"), lambda g: g.reviews(7)),
        (lambda s: _without(s.events[7][0], "created_at"), lambda g: g.reviews(7)),
        (lambda s: s.checks[0].update(status="finished"), lambda g: g.last_run(HEAD, "gate", GATE)),
        (lambda s: _without(s.comments[0], "created_at"), lambda g: g.upsert_comment(7, "x", MARKER)),
    ],
)
def test_the_proxy_really_judges_the_fake(github: GitHub, server: FakeGitHub, spoil: Any, call: Any) -> None:
    """A field too few or a word too many, and the call that just worked is an error."""
    server.review(7, BEN)
    server.check("gate")
    server.event(7, "base_ref_changed")
    server.comment("chat", ADA)
    spoil(server)
    with pytest.raises(ForgeError, match=r"\(500\)|answers 500"):
        call(github)


def test_the_proxy_really_judges_the_adapter(github: GitHub, server: FakeGitHub) -> None:
    with pytest.raises(ForgeError, match="answers 422"):
        github.client.send("POST", "/repos/acme/itsm/issues/7/comments", {"text": "no body"})
    with pytest.raises(ForgeError, match="answers 404"):
        github.client.get("/repos/acme/itsm/pulls/7/votes")
    assert server.requests == []
