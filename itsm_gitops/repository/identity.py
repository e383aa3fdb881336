"""What makes a repository itself: the value that signed approvals name, so that none counts in a copy of it.

It is pinned once in ``itsm.yaml``. A repository without a pinned value is known by the first commit of its main line,
which whoever pushes a merge with another first parent could choose; ``itsm doctor`` says so.
"""

from __future__ import annotations

import re
import secrets

from itsm_gitops import documents
from itsm_gitops.model.errors import SettingsError
from itsm_gitops.repository import mainline
from itsm_gitops.repository.git import Git
from itsm_gitops.repository.mended import last_readable, readable
from itsm_gitops.repository.outside import outside
from itsm_gitops.repository.snapshot import CONFIG, CommitTree

_BYTES = 16
_VALUE = re.compile(r"[0-9a-f]{32}", re.ASCII)
_KEY = "identity"


def new_identity() -> str:
    """Return a value that no other repository has: 32 random hexadecimal digits, of which the first is a letter.

    So it is text in YAML without quotes.
    """
    return secrets.choice("abcdef") + secrets.token_hex(_BYTES)[1:]


def pinned(git: Git, commit: str) -> str:
    """Return the identity that ``itsm.yaml`` of a commit pins; empty where it pins none.

    Of settings that cannot be read, the last version that could be counts, so that they can be repaired. Raises
    SettingsError for a value that is no identity: another one in its place would be another repository.
    """
    raw = outside(CommitTree(git, commit), CONFIG)
    if raw is not None and not readable(raw, CONFIG):
        raw = last_readable(git, commit, CONFIG)
    data = documents.load(raw).data if raw is not None else None
    value = data.get(_KEY) if isinstance(data, dict) else None
    if value is None:
        return ""
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        raise SettingsError(
            f"the identity in {CONFIG} at {commit[:12]} is none, so no signature says that it is for this repository",
            "bring back the value that stood there: git log -p itsm.yaml",
        )
    return value


def identity(git: Git, commit: str) -> str:
    """Return what a repository is known by at a commit (a full hash): the pinned value, else its first commit."""
    return pinned(git, commit) or mainline.origin(git, commit)
