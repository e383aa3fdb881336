"""What the preview answers, request by request: this machine's own names, reading, the folder of the site alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from itsm_gitops.publish.serving import listening


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    top = tmp_path_factory.mktemp("served")
    (top / "outside").mkdir()
    (top / "outside/index.html").write_text("SECRET")
    site = top / "site"
    (site / "sub").mkdir(parents=True)
    (site / "bare").mkdir()
    for name in ("index.html", "sub/index.html", ".itsm-site", "sub/.hidden"):
        (site / name).write_text("page")
    (site / "link.html").symlink_to(top / "outside/index.html")
    (site / "linked").symlink_to(top / "outside")
    (site / "bare/index.html").symlink_to(top / "outside/index.html")
    with listening(site) as address:
        yield urlsplit(address).port or 0


def ask(port: int, request: str) -> tuple[int, bytes]:
    """Send these bytes and return status and everything that came back."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(request.replace("PORT", str(port)).encode("latin-1"))
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    status = answer.split(b" ", 2)[1] if answer.startswith(b"HTTP/") else b"0"
    return int(status), answer


METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "QUERY", "get")
FOREIGN = (
    "evil.example",
    "evil.example:PORT",
    "localhost:PORT@evil.example",
    "localhost@evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example:PORT",
    "127.0.0.1:evil",
    "localhost, evil.example",
    "localhost/",
    "0.0.0.0:PORT",
    "[::2]:PORT",
    "",
)
OWN = ("127.0.0.1:PORT", "localhost:PORT", "LOCALHOST", "[::1]:PORT", "[::1]", "localhost:9000")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused_whatever_the_method(port: int, method: str, host: str) -> None:
    status, answer = ask(port, f"{method} /index.html HTTP/1.1\r\nHost: {host}\r\n\r\n")
    assert status == 421
    assert b"page" not in answer


@pytest.mark.parametrize("host", OWN)
def test_names_of_this_machine_are_answered(port: int, host: str) -> None:
    assert ask(port, f"GET /index.html HTTP/1.1\r\nHost: {host}\r\n\r\n")[0] == 200
    assert ask(port, f"HEAD / HTTP/1.1\r\nHost: {host}\r\n\r\n")[0] == 200


@pytest.mark.parametrize("method", METHODS[2:])
def test_nothing_but_reading_is_answered(port: int, method: str) -> None:
    assert ask(port, f"{method} /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n")[0] == 405


@pytest.mark.parametrize(
    ("request_line", "headers"),
    [
        ("GET /index.html HTTP/1.1", "Host: localhost\r\nHost: evil.example\r\n"),
        ("GET /index.html HTTP/1.1", "Host: evil.example\r\nHost: localhost\r\n"),
        ("GET /index.html HTTP/1.1", ""),
        ("GET /index.html HTTP/1.0", ""),
        ("GET /index.html", ""),
        ("GET http://evil.example/index.html HTTP/1.1", "Host: localhost\r\n"),
        ("GET http://localhost/index.html HTTP/1.1", "Host: evil.example\r\n"),
        ("GET * HTTP/1.1", "Host: localhost\r\n"),
        ("GET index.html HTTP/1.1", "Host: localhost\r\n"),
    ],
)
def test_requests_that_no_browser_sends_are_refused(port: int, request_line: str, headers: str) -> None:
    status, answer = ask(port, f"{request_line}\r\n{headers}\r\n")
    assert status in (0, 400, 421)  # an answer of HTTP 0.9 has no status
    assert b"\r\n\r\npage" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/../outside/index.html",
        "/%2e%2e/outside/index.html",
        "/sub/..%2f..%2foutside/index.html",
        "/..%5coutside/index.html",
        "//outside/index.html",
        "/link.html",
        "/linked/index.html",
        "/linked/",
        "/bare/",
        "/bare/index.html",
        "/.itsm-site",
        "/sub/.hidden",
        "/sub/%00index.html",
        "/bare",
        "/" + "a" * 5000,
    ],
)
def test_nothing_outside_of_the_folder_is_served(port: int, path: str) -> None:
    status, answer = ask(port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert status in (301, 404)
    assert b"SECRET" not in answer


def test_the_next_request_on_a_refused_connection_is_not_answered(port: int) -> None:
    first = "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 60\r\n\r\n"
    answer = ask(port, first + "GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n")[1]
    assert answer.count(b"HTTP/1.") == 1
