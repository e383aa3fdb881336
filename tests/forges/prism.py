"""Prism between the adapter and the fake: a proxy that holds both to GitHub's published description.

The description is a file of GitHub's own, taken from its npm package when the tests run and cut
down to what is asked here; below ``build/`` it is kept for the next run.
"""

from __future__ import annotations

import fcntl
import json
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from tests.npm import BUILD, npm_file, run_npm

PRISM = "@stoplight/prism-cli@5.14.2"
DESCRIPTION = "@octokit/openapi@23.0.2"
_MEMBER = "package/generated/api.github.com.json"
_REPOSITORY = "/repos/{owner}/{repo}"
# Every path that the adapter asks for.
PATHS = tuple(
    _REPOSITORY + rest
    for rest in (
        "/pulls",
        "/pulls/{pull_number}",
        "/pulls/{pull_number}/reviews",
        "/commits/{commit_sha}/pulls",
        "/commits/{ref}/check-runs",
        "/actions/jobs/{job_id}",
        "/actions/runs/{run_id}",
        "/actions/runs/{run_id}/rerun",
        "/issues/{issue_number}/comments",
        "/issues/{issue_number}/events",
        "/issues/comments/{comment_id}",
        "/rules/branches/{branch}",
        "/codeowners/errors",
    )
)
_START = 60.0  # seconds


def installed() -> tuple[Path, Path]:
    """Return Prism's program and the pruned description; skips the test where there is no npm."""
    program = npm_file("prism", PRISM, ".bin/prism")
    folder = BUILD / "prism"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run at the same time download it once
        whole = folder / "api.github.com.json"
        if not whole.exists():
            _download(folder, whole)
        pruned = folder / "github.json"
        pruned.write_text(json.dumps(prune(json.loads(whole.read_bytes()))), encoding="utf-8")
    return program, pruned


def _download(folder: Path, whole: Path) -> None:
    name = run_npm("pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), DESCRIPTION)
    archive = folder / name.split()[-1]
    with tarfile.open(archive) as packed:
        member = packed.extractfile(_MEMBER)
        assert member is not None
        whole.write_bytes(member.read())
    archive.unlink()


def prune(whole: dict[str, Any]) -> dict[str, Any]:
    """Return a description with PATHS only, and what they refer to."""
    kept: dict[str, Any] = {
        "openapi": whole["openapi"],
        "info": whole["info"],
        "servers": whole["servers"],
        "paths": {path: whole["paths"][path] for path in PATHS},
        "components": {},
    }
    wanted = list(_references(kept["paths"]))
    while wanted:
        _, _, family, name = wanted.pop().split("/")
        family_kept = kept["components"].setdefault(family, {})
        if name not in family_kept:
            family_kept[name] = whole["components"][family][name]
            wanted += _references(family_kept[name])
    return kept


def _references(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        if isinstance(data.get("$ref"), str):
            yield data["$ref"]
        for value in data.values():
            yield from _references(value)
    elif isinstance(data, list):
        for value in data:
            yield from _references(value)


@contextmanager
def proxy(upstream: str) -> Iterator[str]:
    """Run Prism in front of ``upstream`` until the block ends; yields its address."""
    program, description = installed()
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["proxy", "--errors", "--host", "127.0.0.1", "--port", str(port), "--verboseLevel", "error"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [str(program), *words, str(description), upstream],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            _await(process, f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        except _Ended as error:
            said.seek(0)
            raise AssertionError(f"{error}: {said.read()!r}") from error
        finally:
            process.terminate()
            process.wait(timeout=30)


class _Ended(Exception):
    """Prism did not start."""


def _await(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + _START
    opener = build_opener(ProxyHandler({}))
    while time.monotonic() < deadline:
        try:
            opener.open(f"{address}/not-described", timeout=5).close()
        except HTTPError as error:
            error.close()
            return  # it answers, though not to this
        except OSError:
            pass
        if process.poll() is not None:
            raise _Ended(f"Prism ended with {process.returncode}")
        time.sleep(0.1)
    raise _Ended("Prism did not start")
