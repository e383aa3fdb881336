"""Commits as somebody makes them in a terminal: their own settings, hooks and signatures. Plain Git, as that starts quickly."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from itsm_gitops.git.client import decode
from itsm_gitops.git.locks import patiently
from itsm_gitops.git.process import NOBODY, executable, explain
from itsm_gitops.model.errors import GitError

_SETTINGS = ("user.name", "user.email")
_NO_GUESS = "user.useConfigOnly=true"


def author(root: Path) -> tuple[str, str]:
    """Return the name and address that commits carry; raises GitError with the commands to set them.

    Git would guess them from the machine's user and host name: an audit trail cannot be a guess.
    """
    asked = ("config", "-z", "--get-regexp", r"^user\.(name|email)$")
    settings = dict(line.partition("\n")[::2] for line in _git(root, *asked, none=True).split("\0"))
    name, email = (settings.get(key, "").strip() for key in _SETTINGS)
    if not name or not email:
        raise GitError(*NOBODY)
    return name, email


def commit(root: Path, paths: Iterable[str], message: str, *, new: Iterable[str] | None = None) -> str:
    """Add ``paths`` (relative to ``root``) and commit exactly them; returns the new commit's hash.

    ``new`` are those of them that Git may not know yet (default: any). Whatever else is staged stays staged. The
    user's own hooks run and signing applies, as they would in a terminal. Raises GitError when the author is unknown
    or Git refuses.
    """
    names = list(paths)
    fresh = names if new is None else list(new)
    if fresh:
        patiently(lambda: _git(root, "add", "--", *fresh, of="commit"))
    said = ("-c", _NO_GUESS, "commit", "-q", "-m", message, "--", *names)
    patiently(lambda: _git(root, *said, of="commit"))
    return _git(root, "rev-parse", "HEAD").strip()


def _git(root: Path, *words: str, of: str = "", none: bool = False) -> str:
    """Run Git with the user's own environment. ``of`` is what errors call it; ``none``: exit code 1 means no answer."""
    import subprocess

    env = {**os.environ, "LC_ALL": "C", "LANGUAGE": "C"}
    done = subprocess.run(
        [executable(), *words], cwd=root, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode == 1 and none:
        return ""
    if done.returncode:
        known = explain(words[0], done.returncode, done.stderr)
        raise known if known.hint else _refused(of or words[0], done.stderr, done.stdout)
    return decode(done.stdout)


def _refused(command: str, *output: bytes) -> GitError:
    said = next((text for raw in output if (text := raw.decode("utf-8", "replace").strip())), "")
    return GitError(
        f"git {command} failed: {said.splitlines()[0] if said else 'no reason given'}", "git status"
    )
