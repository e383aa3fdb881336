"""What tests build repositories with."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from itsm_gitops.cli.app import run
from itsm_gitops.repository import Repository

DAY = "2026-03-04T10:00:00Z"
ALL_ROUNDS = os.environ.get("ITSM_FULL") == "1"
SAME_EXAMPLES = bool(os.environ.get("ITSM_SAME_EXAMPLES"))  # read before a fixture hides it


def rounds(usual: int, full: int) -> int:
    """Return how often random work is tried: ``full`` in ``make test-all``, ``usual`` where each commit is judged."""
    return full if ALL_ROUNDS else usual


def first_seed() -> int:
    """Return what random work begins with: another number each time, and the same one where a commit is judged."""
    return 1 if SAME_EXAMPLES else time.time_ns() % 1_000_000


def incident(identifier: str, *, title: str = "Printer is broken", extra: str = "") -> str:
    return (
        f"id: {identifier}\nkind: incident\ntitle: {title}\nimpact: low\nurgency: low\nservice: print\n"
        f"state: new\nlinks:\n  - type: relates_to\n    target: INC-260304-00000\n{extra}"
        f"timeline:\n  - at: {DAY}\n    by: ada\n    state: new\n"
    )


def service(name: str, *, extra: str = "") -> str:
    return f"id: {name}\nclass: service\nname: The {name}\nowner: desk\nlifecycle: production\n{extra}"


def path_of(identifier: str) -> str:
    return f"records/incidents/2026/03/{identifier}.yaml"


def fill(made: GitRepo, count: int) -> None:
    for name in ("print", "mail", "pay"):
        made.write(f"cmdb/services/{name}.yaml", service(name))
    for number in range(count):
        identifier = f"INC-260304-{number:05d}"
        made.write(path_of(identifier), incident(identifier, extra=f"aliases:\n  - OLD{number:07d}\n"))


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder into a new or an existing one: contents and links, not times and permissions.

    Thousands of tests begin with it; ``shutil.copytree`` takes three times as long.
    """
    target.mkdir(parents=True, exist_ok=True)
    _copy_entries(os.fspath(source), os.fspath(target))


def _copy_entries(source: str, target: str) -> None:
    with os.scandir(source) as entries:
        for entry in entries:
            to = f"{target}/{entry.name}"
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), to)  # noqa: PTH115, PTH211 (speed)
            elif entry.is_dir():
                with contextlib.suppress(FileExistsError):
                    os.mkdir(to)  # noqa: PTH102 (speed)
                _copy_entries(entry.path, to)
            else:
                _copy_file(entry.path, to)


def _copy_file(source: str, target: str) -> None:
    read = os.open(source, os.O_RDONLY)
    try:
        write = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            while part := os.read(read, 1 << 20):
                os.write(write, part)
        finally:
            os.close(write)
    finally:
        os.close(read)


def pack(root: Path) -> None:
    """Put a repository's objects into one file, so that each copy is a hundred files less to write."""
    subprocess.run(["git", "repack", "-q", "-a", "-d"], cwd=root, check=True)


class GitRepo:
    """A repository in a temporary folder, with Git's own commands to build it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.minutes = 0  # commits made, which are a minute apart

    @property
    def repo(self) -> Repository:
        """A fresh Repository, so that nothing is remembered from before an edit."""
        return Repository.open(self.root)

    def git(self, *args: str, env: dict[str, str] | None = None, text: str | None = None) -> str:
        """Run git as a user would and return what it prints."""
        done = subprocess.run(
            ["git", *args],
            cwd=self.root,
            env={**os.environ, **(env or {})},
            input=text,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
        )
        assert done.returncode == 0, f"git {args}: {done.stderr}"
        return done.stdout.strip()

    def write(self, path: str, text: str | bytes) -> Path:
        """Write one file, making its folders."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return target

    def commit(self, message: str = "change", *, author: str | None = None) -> str:
        """Commit everything; commits are one minute apart from 2026-01-01. Returns the hash."""
        self.minutes += 1
        when = f"2026-01-01T{self.minutes // 60:02d}:{self.minutes % 60:02d}:00+00:00"
        env = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        self.git("add", "-A")
        by = [f"--author={author} <{author}@example.org>"] if author else []
        self.git("commit", "-q", "--allow-empty", "-m", message, *by, env=env)
        return self.git("rev-parse", "HEAD")


def run_apart(
    words: Sequence[str],
    cwd: Path,
    *,
    env: Mapping[str, str] | None = None,
    text: str = "",
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run `itsm` as everybody does, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "itsm_gitops", *words],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        input=text,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def run_here(
    words: Sequence[str], cwd: Path, *, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `itsm` in this process: the same words and answers, without a start-up. Not for threads."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.chdir(cwd)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        code = run(words)
    said = [stream.buffer.getvalue().decode() for stream in (out, err)]
    return subprocess.CompletedProcess(words, code, *said)


# Measuring coverage slows pure Python down by this much; limits on time allow for it.
SLOWER = 8 if sys.gettrace() else 1


def children() -> set[int]:
    """Return the processes that this one started and has not waited for, those of other tests among them."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.update(map(int, (task / "children").read_text().split()))
    return found
