"""A GitHub that remembers: pull requests, reviews, comments, rules, check runs, on the loopback.

Own code, written from the published description of the interface; ``test_contract`` holds it to
that description. ``faults`` are answered before anything else, one per request; a status of 0 is none.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests import fake_shapes as shapes
from tests.fake_shapes import BOT, DAY, SITE, account

__all__ = ["BASE", "BOT", "HEAD", "FakeGitHub", "account", "running"]

BASE = "1" * 40
HEAD = "2" * 40
GATE = ".github/workflows/itsm-gate.yml"


class FakeGitHub(ThreadingHTTPServer):
    """One repository, ``acme/itsm``, with one open pull request, number 7."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.token = "Bearer fake-token"
        self.reset()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no fault; what is printed would end up in another test's output."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def reset(self) -> None:
        """Forget everything but the address and the token."""
        self.pulls: dict[int, dict[str, Any]] = {}
        self.reviews: dict[int, list[dict[str, Any]]] = {}
        self.events: dict[int, list[dict[str, Any]]] = {}  # what happened to pull requests
        self.activity: dict[str, list[dict[str, Any]]] = {}  # pushes to branches, by full name
        self.brought: dict[str, int] = {}  # commits that a rebased pull request became, but for the last
        self.comments: list[dict[str, Any]] = []
        self.rules: dict[str, list[dict[str, Any]]] = {}  # by branch
        self.checks: list[dict[str, Any]] = []
        self.runs: dict[int, int] = {}  # of the checks, by their number
        self.workflows: dict[int, tuple[str, str, str]] = {}  # commit, path and event of each run
        self.rerun: list[int] = []
        self.requests: list[tuple[str, str]] = []
        self.faults: list[tuple[int, dict[str, str]]] = []
        self.message = "not now"  # what a fault says
        self.codeowners: list[dict[str, Any]] | None = []  # its errors; None: there is no such file
        self.delay = 0.0  # seconds before an answer
        self.public = ""  # the address that links point to, where a proxy stands in front
        self.open_pull(7)

    def open_pull(self, number: int, *, head: str = HEAD, base: str = BASE, draft: bool = False) -> None:
        self.pulls[number] = shapes.pull(number, head=head, base=base, draft=draft, by=account(1, "ada"))
        self.reviews.setdefault(number, [])

    def event(self, number: int, name: str, at: str = DAY.format(0, 0)) -> None:
        """Let something happen to a pull request: ``labeled``, ``base_ref_changed``."""
        entries = self.events.setdefault(number, [])
        entries.append(shapes.event(300 + len(entries), name, account(1, "ada"), at))

    def push(self, branch: str, by: dict[str, Any] | None, after: str, kind: str = "push") -> None:
        """Let somebody push to a branch."""
        entries = self.activity.setdefault(f"refs/heads/{branch}", [])
        entries.append(shapes.activity(900 + len(entries), branch, by, after, kind))

    def merge(self, number: int, commit: str, by: dict[str, Any], at: str) -> None:
        """Close a pull request as merged: what it came to, by whom and when."""
        self.pulls[number] |= {
            "state": "closed", "merged": True, "merged_by": by, "merged_at": at, "closed_at": at,
            "merge_commit_sha": commit,
        }  # fmt: skip

    def review(
        self, number: int, user: dict[str, Any] | None, state: str = "APPROVED", *, commit: str | None = HEAD
    ) -> int:
        entries = self.reviews[number]
        identifier = 1000 + len(entries)
        entry = {**shapes.review(number, identifier, user, state), "commit_id": commit}
        if state != "PENDING":
            entry["submitted_at"] = DAY.format(len(entries) // 60, len(entries) % 60)
        entries.append(entry)
        return identifier

    def comment(self, body: str, user: dict[str, Any] = BOT) -> dict[str, Any]:
        identifier = 500 + len(self.comments)
        entry = shapes.comment(identifier, body, user)
        self.comments.append(entry)
        return entry

    def check(
        self, name: str, *, status: str = "completed", passed: bool = False, app: str = "github-actions",
        of: str = HEAD, run: int = 900, workflow: str = GATE, event: str = "pull_request_target",
    ) -> int:  # fmt: skip
        """Add a run of a check to a commit, as a job of the workflow's ``run``; returns the job's number."""
        identifier = 70 + len(self.checks)
        made = shapes.check_run(identifier, name, of, status, app)
        self.checks.append(made | {"conclusion": "success" if passed else made["conclusion"]})
        self.runs[identifier] = run
        self.workflows[run] = (of, workflow, event)
        return identifier


@contextmanager
def running() -> Iterator[FakeGitHub]:
    """Serve until the block ends."""
    server = FakeGitHub()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FakeGitHub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle()

    do_POST = do_PATCH = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing: tests read ``requests``."""

    def _handle(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        url = urlsplit(self.path)
        self.server.requests.append((self.command, self.path))
        time.sleep(self.server.delay)
        status, headers = self.server.faults.pop(0) if self.server.faults else (0, {})
        if status:
            self._answer(status, {"message": self.server.message}, headers)
        elif self.headers.get("Authorization") != self.server.token:
            self._answer(401, {"message": "Bad credentials", "documentation_url": SITE, "status": "401"})
        else:
            query = {k: v[-1] for k, v in parse_qs(url.query).items()}
            self._route(self.command, url.path, query, body)

    def _route(self, method: str, path: str, query: dict[str, str], body: Any) -> None:
        root = "/repos/acme/itsm"
        routes = (
            ("GET", rf"{root}/pulls/(\d+)", lambda n: self._one(self.server.pulls.get(int(n)))),
            ("GET", rf"{root}/pulls/(\d+)/reviews", lambda n: self._reviews(int(n), query)),
            ("GET", rf"{root}/pulls", lambda: self._page(self._pulls(query), query)),
            ("GET", rf"{root}/commits/(\w+)/pulls", lambda c: self._page(self._pulls_of(c), query)),
            ("GET", rf"{root}/commits/(\w+)/check-runs", lambda c: self._checks(c, query)),
            (
                "GET",
                rf"{root}/rules/branches/([\w%]+)",
                lambda b: self._page(self.server.rules.get(unquote(b), []), query),
            ),
            ("GET", rf"{root}/codeowners/errors", self._codeowners),
            ("GET", rf"{root}/issues/\d+/comments", lambda: self._page(self.server.comments, query)),
            (
                "GET",
                rf"{root}/issues/(\d+)/events",
                lambda n: self._page(self.server.events.get(int(n), []), query),
            ),
            (
                "GET",
                rf"{root}/activity",
                lambda: self._page(self.server.activity.get(query.get("ref", ""), []), query),
            ),
            (
                "POST",
                rf"{root}/issues/\d+/comments",
                lambda: self._answer(201, self.server.comment(body["body"])),
            ),
            ("PATCH", rf"{root}/issues/comments/(\d+)", lambda n: self._patch(int(n), body["body"])),
            ("GET", rf"{root}/actions/jobs/(\d+)", lambda n: self._job(int(n))),
            ("GET", rf"{root}/actions/runs/(\d+)", lambda n: self._run(int(n))),
            ("POST", rf"{root}/actions/runs/(\d+)/rerun", lambda n: self._rerun(int(n))),
        )
        for verb, pattern, act in routes:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                act(*found.groups())
                return
        self._answer(404, {"message": "Not Found", "documentation_url": SITE, "status": "404"})

    def _reviews(self, number: int, query: dict[str, str]) -> None:
        entries = self.server.reviews.get(number)
        if entries is None:
            self._one(None)
        else:
            self._page(entries, query)

    def _codeowners(self) -> None:
        errors = self.server.codeowners
        self._one(None if errors is None else {"errors": errors})

    def _one(self, data: Any) -> None:
        self._answer(*((200, data) if data else (404, {"message": "Not Found"})))

    def _pulls(self, query: dict[str, str]) -> list[Any]:
        return [p for p in self.server.pulls.values() if query.get("state", "open") in ("all", p["state"])]

    def _pulls_of(self, commit: str) -> list[Any]:
        known = self.server.brought.get(commit)
        return [
            p
            for p in self.server.pulls.values()
            if commit in (p["merge_commit_sha"], p["head"]["sha"]) or p["number"] == known
        ]

    def _checks(self, commit: str, query: dict[str, str]) -> None:
        name = query.get("check_name")
        runs = [c for c in self.server.checks if c["name"] == name and c["head_sha"] == commit]
        self._answer(200, {"total_count": len(runs), "check_runs": runs})

    def _patch(self, number: int, text: str) -> None:
        entry = next(c for c in self.server.comments if c["id"] == number)
        entry["body"] = text
        self._answer(200, entry)

    def _job(self, number: int) -> None:
        check = next((c for c in self.server.checks if c["id"] == number), None)
        self._one(check and shapes.job(check, self.server.runs[number]))

    def _run(self, run: int) -> None:
        known = self.server.workflows.get(run)
        self._one(known and shapes.run(run, *known, self.server.rerun.count(run) + 1))

    def _rerun(self, run: int) -> None:
        """Start all jobs of a run again, unless it is still running."""
        jobs = [c for c in self.server.checks if self.server.runs[c["id"]] == run]
        if any(c["status"] != "completed" for c in jobs):
            self._answer(403, {"message": "This workflow is already running", "status": "403"})
            return
        for check in jobs:
            check.update(status="queued", conclusion=None, completed_at=None)
        self.server.rerun.append(run)
        self._answer(201, {})

    def _page(self, entries: list[Any], query: dict[str, str]) -> None:
        size = min(int(query.get("per_page", 30)), 100)
        page = int(query.get("page", 1))
        headers = {}
        if len(entries) > page * size:
            where = f"{self.server.public or self.server.url}{urlsplit(self.path).path}"
            rest = "&".join(f"{k}={v}" for k, v in query.items() if k != "page")
            headers["Link"] = f'<{where}?{rest}&page={page + 1}>; rel="next", <{where}>; rel="first"'
        self._answer(200, entries[(page - 1) * size : page * size], headers)

    def _answer(self, status: int, data: Any, headers: dict[str, str] | None = None) -> None:
        raw = json.dumps(data).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        # Said, not only done: a proxy that was not told would ask the closed connection again.
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(raw)
