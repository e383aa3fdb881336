"""Rehearsing pushes to a bare repository: on a scratch copy of its hooks, settings and references.

Whether a server refuses what it has to refuse is seen by trying. The copy borrows the server's objects, so it costs
little, and nothing that is pushed to it reaches the server. Hooks that run after a push are not copied: they may
deploy or send mail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from itsm_gitops.git.client import Git, decode
from itsm_gitops.git.process import executable
from itsm_gitops.model.errors import GitError

TIMEOUT = 120.0
_HOOKS = ("pre-receive", "update", "reference-transaction")
_NOBODY = {
    "GIT_AUTHOR_NAME": "Rehearsal",
    "GIT_AUTHOR_EMAIL": "rehearsal@localhost",
    "GIT_COMMITTER_NAME": "Rehearsal",
    "GIT_COMMITTER_EMAIL": "rehearsal@localhost",
}


class RehearsedPush(NamedTuple):
    """What became of one push: whether the copy took it, and what it said."""

    taken: bool
    message: str


class Stage:
    """A scratch copy of a bare repository, and a sender that has the same commits."""

    def __init__(self, server: Path, sender: Path) -> None:
        self._server = server
        self._git = _bare(sender, _NOBODY)

    def tip(self, branch: str) -> str:
        """Return the newest commit of a branch of the copy; empty where there is no such branch."""
        out = _bare(self._server).run(
            "for-each-ref", "--format=%(objectname)", "--end-of-options", f"refs/heads/{branch}"
        )
        return decode(out).strip()

    def without(self, commit: str, path: str) -> str:
        """Return a new commit on top of another, by nobody who is known, that takes one file away."""
        index = str(self._git.root / "index")
        self._git.run("read-tree", "--end-of-options", commit, index=index)
        # A bare repository has no work tree to look into: the entry is taken out of the index alone.
        gone = f"0 {'0' * len(commit)}\t{path}\n".encode()
        self._git.run("update-index", "--index-info", index=index, stdin=gone)
        tree = decode(self._git.run("write-tree", index=index)).strip()
        return decode(self._git.run("commit-tree", "-p", commit, "-m", "Rehearsal", tree)).strip()

    def push(self, *refs: str) -> RehearsedPush:
        """Push refspecs to the copy and say what became of them; raises GitError where it does not answer."""
        command = [
            executable(),
            "--no-pager",
            "push",
            "--quiet",
            "--end-of-options",
            str(self._server),
            *refs,
        ]
        try:
            done = subprocess.run(
                command,
                cwd=self._git.root,
                env={**_environment(), "GIT_DIR": str(self._git.root)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise GitError(f"the hooks did not answer within {TIMEOUT:.0f} s", "try again") from error
        lines = done.stderr.decode("utf-8", "replace").splitlines()
        said = [line.removeprefix("remote:").strip() for line in lines if line.startswith(("remote:", " ! "))]
        return RehearsedPush(done.returncode == 0, next((line for line in said if line), ""))


@contextmanager
def rehearsal(server: Path) -> Iterator[Stage]:
    """Give a copy of a bare repository to try pushes on; it is gone afterwards. Raises GitError."""
    server = server.resolve()
    with tempfile.TemporaryDirectory(prefix="itsm-rehearsal-") as name:
        copy, sender = Path(name, "server.git"), Path(name, "sender.git")
        for folder in (copy, sender):
            folder.mkdir()
            _bare(folder).run("init", "--quiet", "--bare", "--template=")
            (folder / "objects/info").mkdir(exist_ok=True)
            (folder / "objects/info/alternates").write_text(f"{server / 'objects'}\n", "utf-8")
        try:
            _copy(server, copy)
        except OSError as error:
            raise GitError(f"{server} cannot be copied: {error.strerror}", "look there yourself") from error
        yield Stage(copy, sender)


def _bare(folder: Path, extra: Mapping[str, str] | None = None) -> Git:
    """Return a bare repository to ask; Git wants to be told that it is meant."""
    return Git(folder, {"GIT_DIR": str(folder), **(extra or {})})


def _copy(server: Path, copy: Path) -> None:
    for name in ("config", "HEAD"):
        shutil.copyfile(server / name, copy / name)
    hooks = copy / "hooks"
    hooks.mkdir(exist_ok=True)
    own = _hooks_of(server)
    for name in _HOOKS:
        if (own / name).is_file():
            shutil.copy(own / name, hooks / name)
    # Where the server's hooks lie elsewhere, those are the ones that run: the copy's settings must say so.
    _bare(copy).run("config", "--file", "config", "core.hooksPath", str(hooks))
    refs = _bare(server).run(
        "for-each-ref", "--format=create %(refname) %(objectname)", "refs/heads", "refs/tags"
    )
    _bare(copy).run("update-ref", "--stdin", stdin=refs)


def _hooks_of(server: Path) -> Path:
    """Return the folder that the server's hooks are taken from."""
    try:
        path = decode(_bare(server).run("config", "--file", "config", "--get", "core.hooksPath")).strip()
    except GitError:
        path = ""
    return server / (path or "hooks")


def _environment() -> Mapping[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    # Hooks call `itsm`; where it is not on the path, this one is meant.
    path = os.pathsep.join([kept.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    return {**kept, "PATH": path, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
