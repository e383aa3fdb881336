"""Prism between the adapter and the fake: a proxy that holds both to GitHub's published description.

The description is a file of GitHub's own, taken from its npm package when the tests run and cut
down to what is asked here; below ``build/`` it is kept for the next run.
"""

from __future__ import annotations

import fcntl
import json
import shutil
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

import pytest

from tests.conftest import CHECKOUT

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
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: there is no proxy to hold the adapter to GitHub's description")
    folder = CHECKOUT / "build" / "prism"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run at the same time install it once
        return _install(npm, folder)


def _install(npm: str, folder: Path) -> tuple[Path, Path]:
    program = folder / "node_modules" / ".bin" / "prism"
    if not program.exists():
        quiet = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts"]
        _run(npm, "install", *quiet, "--prefix", str(folder), PRISM)
    pruned = folder / "github.json"
    whole = folder / "api.github.com.json"
    if not whole.exists():
        _download(npm, folder, whole)
    pruned.write_text(json.dumps(prune(json.loads(whole.read_bytes()))), encoding="utf-8")
    return program, pruned


def _download(npm: str, folder: Path, whole: Path) -> None:
    name = _run(npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), DESCRIPTION)
    archive = folder / name.split()[-1]
    with tarfile.open(archive) as packed:
        member = packed.extractfile(_MEMBER)
        assert member is not None
        whole.write_bytes(member.read())
    archive.unlink()


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{command[:2]}: {done.stderr[-2000:]}"
    return done.stdout


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
