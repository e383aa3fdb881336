"""One process of the git command: which program it is, its environment, its answer, and what its errors mean."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple, Self

from itsm_gitops.model.errors import GitError, MissingObject

# What Git must not inherit or do. Replacement objects would let a ref change what a commit says, grafts
# (.git/info/grafts) which commits came before it; lazy fetching would let a missing object open a connection.
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}

NOBODY = (
    "Git does not know who you are",
    'git config --global user.name "Your Name"; git config --global user.email you@example.org',
)
# (what Git says, what we say, what to do about it)
_EXPLAINED = (
    ("auto-detection is disabled", *NOBODY),
    ("empty ident name", *NOBODY),
    ("consists only of disallowed characters", *NOBODY),
    (
        "not a git repository",
        "this folder is not in a Git repository",
        "git init, or itsm init for a new one",
    ),
    (
        "dubious ownership",
        "Git refuses this repository because another user owns it",
        "if you trust it: git config --global --add safe.directory FOLDER",
    ),
    (
        "safe.barerepository",
        "Git refuses a bare repository inside a folder",
        "work in a normal clone: git clone REPOSITORY FOLDER",
    ),
)
_KILL = 9
_STREAMS = 3  # standard input, output and errors
_WHOLE = "git fetch --refetch --no-filter brings everything"
_LACKING = ("promisor remote", "transport 'file' not allowed", "lazy fetching disabled")


class Blob(NamedTuple):
    """One object's content; ``size`` is the whole size where ``content`` was cut."""

    oid: str
    content: bytes
    size: int


def blob_name(raw: bytes, length: int) -> str:
    """Return the name that Git gives the content of a file: SHA-1, or SHA-256 where names are that long."""
    import hashlib

    made = hashlib.sha1 if length == 40 else hashlib.sha256
    return made(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


@cache
def executable() -> str:
    """Return the absolute path of git; raises GitError when there is none.

    Relative entries of PATH are left out: a repository must not be able to bring its own git.
    """
    # Found by hand: shutil takes longer to load than most answers of Git.
    folders = [f for f in map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep)) if f.is_absolute()]
    places = (os.fspath(folder / "git") for folder in folders)
    program = next((p for p in places if Path(p).is_file() and os.access(p, os.X_OK)), None)
    if not program:
        raise GitError("the git command is not installed", "install Git 2.31 or newer")
    return program


def _nameless_file() -> IO[bytes]:
    """Return a new file without a name: in memory where the system has such files.

    Its number is never that of a standard stream, which is free where a caller closed its own: a child would be given
    one file in the place of another.
    """
    if hasattr(os, "memfd_create"):
        number = os.memfd_create("git")
    else:
        import tempfile

        with tempfile.TemporaryFile() as file:
            number = os.dup(file.fileno())
    if number < _STREAMS:
        import fcntl

        low, number = number, fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _STREAMS)
        os.close(low)
    return os.fdopen(number, "w+b")


class GitAnswer:
    """What one git command will have printed. Its output goes to a file, so that no full pipe stops it.

    Leaving the ``with`` block ends a command whose result nobody took.
    """

    def __init__(
        self, args: tuple[str, ...], command: list[str], root: Path, env: Mapping[str, str], stdin: bytes
    ) -> None:
        self._name = args[0]
        self._out, self._errors = _nameless_file(), _nameless_file()
        with _nameless_file() as given:
            given.write(stdin)
            given.seek(0)
            streams = [
                (os.POSIX_SPAWN_DUP2, f.fileno(), n) for n, f in enumerate((given, self._out, self._errors))
            ]
            # Not by way of subprocess, which takes longer to load than to start Git.
            words = [command[0], "-C", os.fspath(root), *command[1:]]
            self._pid = os.posix_spawn(command[0], words, env, file_actions=streams)
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ended:
            self.stop()

    def result(self, accept: frozenset[int] = frozenset()) -> bytes:
        """Wait for the end and return what was printed; raises GitError. To be called once."""
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        self._ended = True
        with self._out as out, self._errors as errors:
            if code and code not in accept:
                errors.seek(0)
                raise explain(self._name, code, errors.read())
            out.seek(0)
            return out.read()

    def stop(self) -> None:
        """End a command that nobody waits for; its number may belong to another one afterwards."""
        self._ended = True
        os.kill(self._pid, _KILL)
        os.waitpid(self._pid, 0)
        self._out.close()
        self._errors.close()


def environment(index: str | None = None) -> dict[str, str]:
    """Return the environment of a git command; ``index`` names another index file."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return {**inherited, **_ENVIRONMENT, **({"GIT_INDEX_FILE": index} if index else {})}


def read_blob(out: IO[bytes], err: IO[bytes], most: int) -> Blob:
    """Read the next object of `git cat-file --batch`; content beyond ``most`` bytes is read past."""
    header = out.readline().split()
    if len(header) != 3:
        detail = err.read() if not header else b""
        if header[1:] == [b"missing"]:
            raise MissingObject(
                f"object {header[0].decode()} is missing from the repository", "git fsck; git fetch --refetch"
            )
        raise explain("cat-file", 1, detail)
    size = int(header[2])
    content = out.read(min(size, most))
    rest = size - len(content) + 1
    while rest > 0:
        skipped = len(out.read(min(rest, 1 << 20)))
        if not skipped:
            raise GitError("git stopped in the middle of an object", "git fsck")
        rest -= skipped
    return Blob(header[0].decode("ascii"), content, size)


def explain(command: str, code: int, stderr: bytes) -> GitError:
    """Make a GitError of git's output; the hint is empty when the cause is not a known one."""
    text = stderr.decode("utf-8", "replace").strip()
    if any(sign in text.lower() for sign in _LACKING):
        return MissingObject("this partial clone lacks objects", _WHOLE)
    for sign, message, hint in _EXPLAINED:
        if sign in text.lower():
            return GitError(message, hint)
    first = text.splitlines()[0].removeprefix("fatal: ") if text else f"exit code {code}"
    return GitError(f"git {command}: {first}")
