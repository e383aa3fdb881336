"""`itsm site serve` as a process: on the loopback address only, rebuilt on change, ended by Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import GitRepo

SERVICE = "id: post\nclass: service\nname: Post room\ndescription: x\nowner: web\nlifecycle: production\ncategory: y\n"


@pytest.fixture
def server(git_repo: GitRepo, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    git_repo.write("cmdb/services/post.yaml", SERVICE)
    command = [
        sys.executable,
        "-m",
        "itsm_gitops",
        "site",
        "serve",
        "--port",
        "0",
        "--out",
        str(tmp_path / "out"),
    ]
    process = subprocess.Popen(
        command,
        cwd=git_repo.root,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=30)


def test_it_serves_rebuilds_and_ends(server: subprocess.Popen[str], git_repo: GitRepo) -> None:
    assert server.stdout
    assert "Building" in server.stdout.readline()
    said = server.stdout.readline()
    match = re.match(r"(http://127\.0\.0\.1:(\d+)/) \(Ctrl-C ends\)", said)
    assert match, said
    page = f"{match.group(1)}services/post.html"
    assert "Post room" in read(page)
    git_repo.write("cmdb/services/post.yaml", SERVICE.replace("Post room", "Mail room"))
    assert "rebuilt" in server.stdout.readline()
    assert "Mail room" in read(page)
    git_repo.write("itsm.yaml", "version: 1\norganisation: Example Ltd\nsite: {name: Other}\n")
    assert "rebuilt" in server.stdout.readline()
    assert re.search(r"<title>[^<]*Other</title>", read(f"{match.group(1)}index.html"))
    assert not answers_elsewhere(int(match.group(2)))
    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=30)
    assert (out.strip(), err.strip(), server.returncode) == ("", "", 0)


def read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(answer.read().decode())


def answers_elsewhere(port: int) -> bool:
    """Whether the port is open on an address of this machine that others could reach."""
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.2", port)) == 0
