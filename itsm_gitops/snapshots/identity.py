"""What makes a repository itself: the value that signed approvals name, so that none counts in a copy of it.

It is pinned once in ``itsm.yaml``. A repository without a pinned value is known by the first commit of its main line,
which whoever pushes a merge with another first parent could choose; ``itsm doctor`` says so.
"""

from __future__ import annotations

import re
import secrets

from itsm_gitops import documents
from itsm_gitops.git import mainline
from itsm_gitops.git.client import Git
from itsm_gitops.model.errors import ItsmError, NotFound
from itsm_gitops.snapshots.mended import readable
from itsm_gitops.snapshots.outside import outside
from itsm_gitops.snapshots.snapshot import CONFIG, Snapshot
from itsm_gitops.snapshots.trees import CommitTree

_BYTES = 16
_LOOK_BACK = 50  # versions of the settings
_VALUE = re.compile(r"[0-9a-f]{32}", re.ASCII)
_KEY = "identity"


def new_identity() -> str:
    """Return a value that no other repository has: 32 random hexadecimal digits, of which the first is a letter.

    So it is text in YAML without quotes.
    """
    return secrets.choice("abcdef") + secrets.token_hex(_BYTES)[1:]


def pinned(git: Git, commit: str, snapshot: Snapshot | None = None) -> str:
    """Return the identity that ``itsm.yaml`` of a commit pins; empty where it pins none.

    ``snapshot`` is that commit, where it is read already.

    Where the settings cannot be read, or name something that is none, the last version counts of which neither is so:
    whoever repairs them needs approvals that are for this repository.
    """
    value = _value(outside(CommitTree(git, commit), CONFIG) if snapshot is None else _read(snapshot))
    if value is None:
        out = git.run("rev-list", f"--max-count={_LOOK_BACK}", "--end-of-options", commit, "--", CONFIG)
        older = (_value(outside(CommitTree(git, c), CONFIG)) for c in out.decode("ascii").split()[1:])
        value = next((v for v in older if v is not None), "")
    return value


def _read(snapshot: Snapshot) -> bytes | None:
    try:
        return snapshot.read(CONFIG)
    except NotFound:
        return None
    except ItsmError:  # a link in its place, or what is not here
        return b""


def _value(raw: bytes | None) -> str | None:
    """Return what one version pins (empty: nothing); None where it cannot be read."""
    if raw is None:
        return ""
    data = documents.load(raw).data if readable(raw, CONFIG) else None
    value = data.get(_KEY, "") if isinstance(data, dict) else None
    return value if isinstance(value, str) and (not value or _VALUE.fullmatch(value)) else None


def identity(git: Git, commit: str, snapshot: Snapshot | None = None) -> str:
    """Return what a repository is known by at a commit (a full hash): the pinned value, else its first commit."""
    return pinned(git, commit, snapshot) or mainline.origin(git, commit)
