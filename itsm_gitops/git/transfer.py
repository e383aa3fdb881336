"""Fetching objects from a remote, and pushing references of our own: nothing is ever checked out.

This is the one place where Git may open a connection unasked. Hooks, submodules and automatic
maintenance stay off, and Git never asks for a password.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from itsm_gitops.git.client import Git, decode
from itsm_gitops.git.process import executable, explain
from itsm_gitops.model.errors import GitError

TIMEOUT = 300.0
_SAID_MAX = 600
_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "fetch.fsckObjects=true",
)
_OPTIONS = (
    "--quiet",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
    "--no-write-fetch-head",
)


def remote_url(git: Git, remote: str = "origin") -> str:
    """Return the address of a remote; empty where there is none of that name."""
    try:
        return decode(git.run("remote", "get-url", "--end-of-options", remote)).strip()
    except GitError:
        return ""


def fetch(
    git: Git,
    refs: Sequence[str],
    *,
    remote: str = "origin",
    token: str = "",
    options: Sequence[str] = (),
    protocols: Sequence[str] = (),
    settings: Sequence[str] = (),
    stdin: bytes = b"",
) -> None:
    """Fetch refs, refspecs or commits from a remote or an address; raises GitError.

    ``token`` authenticates against an https remote; it travels in the environment, never in the
    arguments, which every user of the machine can read. ``options`` are more of Git's own, ``protocols`` the
    only ones that may be spoken (default: what Git's settings allow), ``settings`` more settings of Git,
    ``stdin`` what it reads.
    """
    _connect(git, ["fetch", *_OPTIONS, *options], remote, refs, token, protocols, settings, stdin)


def tip(git: Git, address: str, ref: str, protocols: Sequence[str]) -> str:
    """Return the commit that a reference of the repository at an address is at; raises GitError."""
    out = decode(_connect(git, ["ls-remote", "--exit-code"], address, [ref], "", protocols))
    return next((line.split("\t")[0] for line in out.splitlines() if line.endswith(f"\t{ref}")), "")


def push(git: Git, refs: Sequence[str], *, remote: str = "origin", token: str = "") -> None:
    """Push refs or refspecs, none of them by force; raises GitError with what the server said."""
    _connect(git, ["push", "--quiet"], remote, refs, token)


def _connect(
    git: Git,
    words: Sequence[str],
    remote: str,
    refs: Sequence[str],
    token: str,
    protocols: Sequence[str] = (),
    more: Sequence[str] = (),
    stdin: bytes = b"",
) -> bytes:
    import subprocess

    allowed = (
        ["protocol.allow=never", *(f"protocol.{p}.allow=always" for p in protocols)] if protocols else []
    )
    settings = [word for setting in (*_CONFIG, *allowed, *more) for word in ("-c", setting)]
    command = [executable(), "--no-pager", *settings, *words, "--end-of-options", remote, *refs]
    verb = words[0]
    try:
        process = subprocess.run(
            command,
            cwd=git.root,
            env={**_environment(remote_url(git, remote) if token else "", token), **git.extra},
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise GitError(f"git {verb}: {remote} did not answer within {TIMEOUT:.0f} s", "try again") from error
    if process.returncode:
        raise _refused(verb, process.returncode, process.stderr)
    return process.stdout


def _refused(verb: str, code: int, stderr: bytes) -> GitError:
    """Make a GitError of the remote's message, or of Git's where the remote sent none."""
    lines = stderr.decode("utf-8", "replace").splitlines()
    remote_lines = [
        line.removeprefix("remote:").strip() for line in lines if line.startswith(("remote:", " ! "))
    ]
    reason = explain(verb, code, stderr)
    message = "; ".join(line for line in remote_lines if line)
    return GitError(f"git {verb}: {message[:_SAID_MAX]}", reason.hint) if message else reason


def _environment(url: str, token: str) -> dict[str, str]:
    variables = {
        k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in ("GIT_SSH_COMMAND", "GIT_SSH")
    }
    variables.update(GIT_TERMINAL_PROMPT="0", GIT_NO_REPLACE_OBJECTS="1", LC_ALL="C")
    if token and url.startswith("https://"):
        from base64 import b64encode

        header = b64encode(f"x-access-token:{token}".encode()).decode("ascii")
        # A name and password in the address (as runners of GitLab have it) are no part of the site.
        site = f"https://{url.split('/', 3)[2].rpartition('@')[2]}"
        variables.update(
            GIT_CONFIG_COUNT="1",
            GIT_CONFIG_KEY_0=f"http.{site}/.extraheader",
            GIT_CONFIG_VALUE_0=f"Authorization: Basic {header}",
        )
    return variables
