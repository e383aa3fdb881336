"""Who is acting: a handle from the command line, the environment, or Git's own settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from itsm_gitops.model import ids
from itsm_gitops.model.errors import GitError, UsageError

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

VARIABLE = "ITSM_USER"
_FOLDER = "cmdb/people"


def acting(repo: Repository, by: str | None) -> str:
    """Return the handle of who acts.

    In this order: ``by``, the environment's ITSM_USER, the person whose file holds the e-mail
    address that Git signs commits with, Git's user name as a handle. Raises UsageError where
    none of them says, or where the name cannot be a handle.
    """
    named = by or os.environ.get(VARIABLE)
    if named:
        if not ids.is_item_id(named):
            hint = f"a handle has lower-case letters, digits and hyphens: {ids.slug(named)}"
            raise UsageError(f"'{named}' is not a handle", hint)
        return named
    name, person = setting(repo, "user.name"), person_of(repo)
    if person:
        return person
    if name:
        return ids.slug(name)
    raise UsageError("who does this?", f"give --by HANDLE, or set {VARIABLE}, or git config user.name")


def person_of(repo: Repository) -> str | None:
    """Return the one person whose file holds the address that Git signs commits with."""
    email = setting(repo, "user.email")
    return _by_email(repo, email) if email else None


def setting(repo: Repository, key: str) -> str:
    """Return one of Git's settings; empty where it is not set or there is no Git."""
    if repo.git is None:
        return ""
    try:
        return repo.git.run("config", "--get", key).decode("utf-8", "replace").strip()
    except GitError:
        return ""


def _by_email(repo: Repository, email: str) -> str | None:
    """Return the one person whose file mentions an e-mail address."""
    snapshot = repo.snapshot()
    wanted = email.lower().encode()
    paths = [f.path for f in snapshot.files(_FOLDER) if f.path.endswith(".yaml")]
    hits = [path for path, raw in snapshot.read_many(paths) if wanted in raw.lower()]
    return hits[0].rsplit("/", 1)[-1].removesuffix(".yaml") if len(hits) == 1 else None
