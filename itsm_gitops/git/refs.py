"""Reads and writes small texts as blobs under references of our own (``refs/itsm/…``), beside the history."""

from __future__ import annotations

import re
from typing import NamedTuple

from itsm_gitops.git.client import BLOB_MAX, Git
from itsm_gitops.model.errors import GitError

_NAME = re.compile(r"refs/itsm(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){1,6}", re.ASCII)
_BAD = ("..", ".lock")


class StoredText(NamedTuple):
    """One kept text: the reference's full name, the blob it points at, and its content."""

    name: str
    oid: str
    content: bytes


def keep(git: Git, name: str, content: bytes) -> str:
    """Store ``content`` as a blob under a reference; returns the blob. Raises GitError for a bad name."""
    if not _NAME.fullmatch(name) or any(bad in name for bad in _BAD):
        raise GitError(f"'{name}' cannot be the name of a reference")
    oid = git.run("hash-object", "-w", "--no-filters", "--stdin", stdin=content).decode("ascii").strip()
    git.run("update-ref", "--end-of-options", name, oid)
    return oid


def texts(git: Git, prefix: str, *, most: int = BLOB_MAX) -> list[StoredText]:
    """Return every text below a reference prefix such as ``refs/itsm/approvals``, by name, but none of more bytes than ``most``."""
    form = "--format=%(objecttype) %(objectname) %(refname)"
    out = git.run("for-each-ref", form, "--end-of-options", f"{prefix}/").decode("utf-8", "surrogateescape")
    rows = [line.split(" ", 2) for line in out.splitlines()]
    names = [(oid, name) for kind, oid, name in rows if kind == "blob"]
    blobs = git.blobs((oid for oid, _ in names), most)
    return [
        StoredText(name, oid, blob.content)
        for (oid, name), blob in zip(names, blobs, strict=True)
        if blob.size <= most
    ]
