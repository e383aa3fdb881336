"""Reviews and pull requests as plain data, as a forge or a signed statement reports them; nothing is decided here.

All moments are aware datetimes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

APPROVED = "approved"
CHANGES_REQUESTED = "changes_requested"
COMMENTED = "commented"
PENDING = "pending"
DISMISSED = "dismissed"
REVIEW_STATES = (APPROVED, CHANGES_REQUESTED, COMMENTED, PENDING, DISMISSED)
DECISIVE = (APPROVED, CHANGES_REQUESTED, DISMISSED)


@dataclass(frozen=True, slots=True)
class Review:
    """One review, as a forge or a signed statement reports it.

    ``identity`` is ``FORGE:NUMBER`` (``github:42``) or ``ssh:FINGERPRINT``; empty for a deleted
    account. Adapters leave ``person`` None: the directory at base turns an identity into a person.
    A signed statement names its person, which its key proves. ``source`` is the adapter's name.
    ``commit`` is what the reviewer saw (None: unknown). ``digest`` is the changeset a signed
    statement is about. ``target`` is the branch it was given for (None: unknown; empty: another one). ``login`` is
    a label and decides nothing. ``changes`` are the change records a signed statement names, ``base`` the tip of the
    target branch that it was signed on (empty: not said; a forge's review is bound to its pull request instead).
    """

    person: str | None
    identity: str
    source: str
    state: str
    commit: str | None
    at: datetime
    review_id: str = ""
    bot: bool = False
    signed: bool = False
    digest: str | None = None
    target: str | None = None
    note: str = ""
    login: str = ""
    changes: tuple[str, ...] = ()
    base: str = ""


PROGRAM = "bot:"  # before the identity of an account that the forge says is a program


class Push(NamedTuple):
    """Somebody pushed to a pull request: the account, whether it is a program, the commit that the branch was then.

    ``identity`` is ``FORGE:NUMBER``, empty for a deleted account; ``commit`` is None where the forge does not tell.
    """

    identity: str
    bot: bool
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What a forge says about a pull request itself.

    ``author`` and ``merged_by`` are identities (``github:42``), ``head`` and ``base`` commits,
    ``target`` a branch name. ``merged_at`` is None while it is not merged.
    """

    number: int
    url: str
    author: str
    head: str
    base: str
    target: str
    draft: bool = False
    merged_by: str = ""
    title: str = ""
    merged_at: datetime | None = None
