"""The client: whom it asks, how often, how long, and what it says when that was not enough."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from itsm_gitops.forges import http
from itsm_gitops.forges.http import Client, ForgeError
from tests.fake_github import FakeGitHub, running


@pytest.fixture
def server() -> Iterator[FakeGitHub]:
    with running() as fake:
        yield fake


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(server: FakeGitHub, slept: list[float]) -> Client:
    return Client(server.url, secret=server.token, sleep=slept.append)


PULL = "/repos/acme/itsm/pulls/7"


@pytest.mark.parametrize(
    "fault",
    [
        (429, {"Retry-After": "3"}),
        (429, {}),
        (403, {"Retry-After": "3"}),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1772618405"}),
        (500, {}),
        (502, {}),
        (503, {"Retry-After": "3"}),
    ],
)
def test_transient_answers_are_asked_again(
    client: Client,
    server: FakeGitHub,
    slept: list[float],
    fault: tuple[int, dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ITSM_NOW", "2026-03-04T10:00:02Z")
    server.faults = [fault, fault]
    assert client.get(PULL)["number"] == 7
    assert len(server.requests) == 3
    assert slept == ([3.0, 3.0] if fault[1] else [1.0, 2.0])


def test_back_off_doubles_and_ends_with_a_clear_error(
    client: Client, server: FakeGitHub, slept: list[float]
) -> None:
    server.faults = [(502, {})] * 20
    with pytest.raises(ForgeError, match=r"/pulls/7 fails \(502\) \(5 attempts\)") as caught:
        client.get(PULL)
    assert slept == [1.0, 2.0, 4.0, 8.0]
    assert caught.value.hint == "try again in 60 s"


def test_a_limit_beyond_patience_is_not_waited_for(
    client: Client, server: FakeGitHub, slept: list[float]
) -> None:
    server.faults = [(429, {"Retry-After": "3600"})]
    with pytest.raises(ForgeError, match="too many requests") as caught:
        client.get(PULL)
    assert slept == []
    assert caught.value.hint == "try again in 60 minutes"


@pytest.mark.parametrize(
    ("status", "headers", "hint"),
    [
        (429, {"Retry-After": "100"}, "try again in 100 s"),
        (429, {"Retry-After": "121"}, "try again in 3 minutes"),
        (403, {"Retry-After": "20000"}, "try again in 6 hours, after 2026-03-04T17:33:20Z"),
        (429, {"Retry-After": "Wed, 04 Mar 2026 12:30:00 GMT"}, "try again in 30 minutes"),
        (429, {"Retry-After": "8204111981"}, "try again later; the server does not say sensibly when"),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9977000000"}, "try again later; the server does not say sensibly when"),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1772626500000"}, "try again later; the server does not say sensibly when"),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1772627400"}, "try again in 30 minutes"),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, "try again in 60 s"),
    ],
)  # fmt: skip
def test_when_to_try_again_is_told_as_people_count(
    client: Client,
    server: FakeGitHub,
    status: int,
    headers: dict[str, str],
    hint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ITSM_NOW", "2026-03-04T12:00:00Z")
    server.faults = [(status, headers)] * 9
    with pytest.raises(ForgeError, match="asks to wait") as caught:
        client.get(PULL)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (403, {}, "You have exceeded a secondary rate limit. Please wait."),
        (429, {}, "You have exceeded a secondary rate limit and are blocked from content creation."),
        (403, {}, "You have triggered an abuse detection mechanism."),
        (403, {"Retry-After": "600"}, "not now"),
    ],
)
def test_a_secondary_rate_limit_is_called_one(
    client: Client, server: FakeGitHub, slept: list[float], status: int, headers: dict[str, str], message: str
) -> None:
    """It is no lack of permission, though GitHub refuses with the same status."""
    server.message = message
    server.faults = [(status, headers)] * 9
    with pytest.raises(ForgeError, match="a secondary rate limit") as caught:
        client.get(PULL)
    assert "permission" not in caught.value.hint
    assert "try again in" in caught.value.hint
    assert not slept or slept[0] == 60.0


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "token is missing"), (403, "may not"), (404, "does not exist"), (422, "")]
)
def test_final_answers_are_not_asked_again(
    client: Client, server: FakeGitHub, status: int, hint: str
) -> None:
    server.faults = [(status, {})]
    with pytest.raises(ForgeError, match=f"answers {status}: not now") as caught:
        client.get(PULL)
    assert hint in caught.value.hint
    assert caught.value.status == status
    assert len(server.requests) == 1
    assert "fake-token" not in f"{caught.value} {caught.value.hint} {client!r}"


def test_what_may_have_happened_is_not_done_twice(client: Client, server: FakeGitHub) -> None:
    server.faults = [(502, {})]
    with pytest.raises(ForgeError, match="answers 502"):
        client.send("POST", "/repos/acme/itsm/issues/7/comments", {"body": "x"})
    server.faults = [(429, {"Retry-After": "1"})]
    client.send("POST", "/repos/acme/itsm/issues/7/comments", {"body": "x"})
    assert len(server.comments) == 1


def test_nobody_there(server: FakeGitHub, slept: list[float]) -> None:
    gone = Client("http://127.0.0.1:9", sleep=slept.append)
    with pytest.raises(ForgeError, match="cannot be reached"):
        gone.get("/x")
    assert len(slept) == http.ATTEMPTS - 1


@pytest.mark.parametrize(
    "address",
    [
        "http://forge.example",
        "ftp://forge.example",
        "https://user:pw@forge.example",
        "https://",
        "https://h/?q=1",
    ],
)
def test_unsafe_addresses_are_refused(address: str) -> None:
    with pytest.raises(ForgeError):
        Client(address)


def test_a_token_with_a_line_break_is_refused() -> None:
    with pytest.raises(ForgeError, match="token"):
        Client("https://forge.example", secret="x\ny")


def test_redirects_stay_on_the_server(client: Client, server: FakeGitHub) -> None:
    server.faults = [(301, {"Location": f"{server.url}{PULL}"})]
    assert client.get("/repos/old/name/pulls/7")["number"] == 7
    with running() as other:
        server.faults = [(307, {"Location": f"{other.url}{PULL}"})]
        with pytest.raises(ForgeError, match="another server"):
            client.get(PULL)
        assert other.requests == []
    server.faults = [(301, {"Location": PULL})] * 9
    with pytest.raises(ForgeError, match="circle"):
        client.get(PULL)


def test_pages_stay_on_the_server(client: Client, server: FakeGitHub) -> None:
    for _ in range(101):
        server.review(7, None)
    with running() as other:
        server.public = other.url
        with pytest.raises(ForgeError, match="another server"):
            list(client.pages(f"{PULL}/reviews"))
        assert other.requests == []


def test_answers_have_bounds(client: Client, server: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(201):
        server.review(7, None)
    monkeypatch.setattr(http, "PAGES_MAX", 2)
    with pytest.raises(ForgeError, match="more than 2 pages"):
        list(client.pages(f"{PULL}/reviews"))
    monkeypatch.setattr(http, "SIZE_MAX", 100)
    with pytest.raises(ForgeError, match="answers with more than"):
        client.get(PULL)


def test_a_slow_server_is_given_up(server: FakeGitHub, slept: list[float]) -> None:
    ticks = iter(range(0, 10_000, 40))
    slow = Client(server.url, secret=server.token, sleep=slept.append, monotonic=lambda: float(next(ticks)))
    with pytest.raises(ForgeError, match=r"too slowly \(1 attempt\)"):
        slow.get(PULL)
    # Another attempt could take as long again: what it took counts as patience, too.
    assert slept == []


def test_a_list_must_be_one(client: Client) -> None:
    with pytest.raises(ForgeError, match="list"):
        list(client.pages(PULL))
