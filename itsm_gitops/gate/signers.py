"""Whose keys signed the commits of a request: a signature tells more about an author than a typed name does.

Only SSH signatures are looked at, by the keys that cmdb/people on the target branch lists. The settings of
the repository have no say: they could name any program as the one that verifies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from itsm_gitops.gate.people import Directory
from itsm_gitops.git.client import Git
from itsm_gitops.git.sshsig import GIT, claimed_key, proved_key

_FIELDS = (b"gpgsig ", b"gpgsig-sha256 ")


def signers(git: Git, commits: Iterable[str], directory: Directory) -> dict[str, tuple[str, ...]]:
    """Return the people whose key made the signature of a commit, by commit (full hashes).

    A commit without a signature, or by a key of nobody in the directory, is not in the answer. Raises GitError.
    """
    wanted = list(commits) if directory.keys else []
    found: dict[str, tuple[str, ...]] = {}
    for blob in git.blobs(wanted):
        content, signature = split(blob.content)
        people = directory.by_key(claimed_key(signature)) if signature else frozenset()
        if people and proved_key(content, signature, GIT):
            found[blob.oid] = tuple(sorted(people))
    return found


def split(raw: bytes) -> tuple[bytes, str]:
    """Split a commit object into what was signed and the signature; the latter is empty where there is none.

    What is signed is the commit without its signatures (Git, gitformat-signature).
    """
    head, gap, message = raw.partition(b"\n\n")
    signature: list[bytes] = []
    others: list[bytes] = []
    into = others
    for line in head.split(b"\n"):
        if not line.startswith(b" "):
            field = next((f for f in _FIELDS if line.startswith(f)), b"")
            into = signature if field else others
            line = line.removeprefix(field)
        elif into is signature:
            line = line[1:]
        into.append(line)
    return b"\n".join(others) + gap + message, b"\n".join(signature).decode("ascii", "replace")


def pushed(content: bytes) -> str:
    """Return the identity (``ssh:FINGERPRINT``) of who signed a push certificate; empty where nobody did."""
    start = content.find(b"-----BEGIN SSH SIGNATURE-----")
    if start < 0:
        return ""
    key = proved_key(content[:start], content[start:].decode("ascii", "replace"), GIT)
    return f"ssh:{key}" if key else ""


def all_signed(commits: Iterable[str], by: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether somebody who is known signed every commit, and there is one."""
    wanted = list(commits)
    return bool(wanted) and all(commit in by for commit in wanted)
