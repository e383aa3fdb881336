"""Who is acting: a handle from the command line, the environment, or Git's own settings."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
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
    email, name = _settings(repo, "user.email", "user.name")
    person = _by_email(repo, email)
    if person:
        return person
    if name:
        return ids.slug(name)
    raise UsageError("who does this?", f"give --by HANDLE, or set {VARIABLE}, or git config user.name")


def person_of(repo: Repository) -> str | None:
    """Return the one person whose file holds the address that Git signs commits with."""
    return _by_email(repo, setting(repo, "user.email"))


def setting(repo: Repository, key: str) -> str:
    """Return one of Git's settings; empty where it is not set or there is no Git."""
    return _settings(repo, key)[0]


# Where ssh-keygen puts a key that nobody names, in the order in which ssh offers them.
_USUAL_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")


def usual_key(repo: Repository) -> Path | None:
    """Return the file of the SSH key that one signs with: Git's ``user.signingKey``, else the one that ssh itself uses."""
    named = setting(repo, "user.signingKey")
    if named:
        file = Path(named).expanduser()
        return file if file.is_file() else None  # a key of another sort: nothing is guessed beside it
    files = (Path.home() / ".ssh" / name for name in _USUAL_KEYS)
    return next((f for f in files if f.is_file() and f.with_name(f"{f.name}.pub").is_file()), None)


def _settings(repo: Repository, *keys: str) -> list[str]:
    """Return some of Git's settings, read with one call; empty where one is not set or there is no Git."""
    names = [key.lower() for key in keys]  # as Git writes them
    found = dict.fromkeys(names, "")
    if repo.git is not None:
        pattern = "|".join(name.replace(".", r"\.") for name in names)
        with suppress(GitError):
            listed = repo.git.run("config", "-z", "--get-regexp", f"^({pattern})$")
            for line in listed.decode("utf-8", "replace").split("\0")[:-1]:  # the last one of a name counts
                name, _, value = line.partition("\n")
                found[name] = value.strip()
    return [found[name] for name in names]


def _by_email(repo: Repository, email: str) -> str | None:
    """Return the one person whose file mentions an e-mail address."""
    snapshot = repo.snapshot()
    if not email:
        return None
    wanted = email.lower().encode()
    paths = [f.path for f in snapshot.files(_FOLDER) if f.path.endswith(".yaml")]
    hits = [path for path, raw in snapshot.read_many(paths) if wanted in raw.lower()]
    return hits[0].rsplit("/", 1)[-1].removesuffix(".yaml") if len(hits) == 1 else None
