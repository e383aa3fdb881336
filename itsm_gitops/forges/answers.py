"""Reads fields out of JSON answers and events: a value of the right type, or a ForgeError that names the field."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from itsm_gitops.forges.http import ForgeError
from itsm_gitops.model import clock

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
# What git check-ref-format allows, and less: no branch of ours needs more.
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|@\{|\.lock(?:/|$)|/\.))[A-Za-z0-9_][\w./+#@=-]{0,243}", re.ASCII)
_ID_MAX = (1 << 53) - 1


def dig(data: Any, path: str) -> Any:
    """Return what is at a dotted path of nested mappings; None where there is nothing."""
    for name in path.split("."):
        if not isinstance(data, dict):
            return None
        data = data.get(name)
    return data


def text(data: Any, path: str) -> str:
    """Return the text at ``path``; raises ForgeError."""
    value = dig(data, path)
    if not isinstance(value, str):
        raise _unusable(path, "text")
    return value


def number(data: Any, path: str) -> int:
    """Return the positive whole number at ``path``; raises ForgeError."""
    value = dig(data, path)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _ID_MAX:
        raise _unusable(path, "a positive number")
    return value


def commit(data: Any, path: str) -> str:
    """Return the commit hash at ``path``; raises ForgeError for anything else."""
    value = dig(data, path)
    if not is_commit(value):
        raise _unusable(path, "a commit")
    return str(value)


def branch(data: Any, path: str) -> str:
    """Return the branch name at ``path`` (without ``refs/heads/``); raises ForgeError."""
    value = dig(data, path)
    name = value.removeprefix("refs/heads/") if isinstance(value, str) else ""
    if not is_branch(name):
        raise _unusable(path, "the name of a branch")
    return name


def is_commit(value: object) -> bool:
    """Whether this is a full commit hash and not the one of all zeros."""
    return isinstance(value, str) and _COMMIT.fullmatch(value) is not None and set(value) != {"0"}


def is_branch(name: str) -> bool:
    """Whether this is a branch name that can stand anywhere, in a refspec too."""
    return _BRANCH.fullmatch(name) is not None and not name.endswith(("/", "."))


def identity(forge: str, account: Any) -> str:
    """Return ``FORGE:NUMBER`` of an account; empty for a deleted one (null, or a number below 1)."""
    value = dig(account, "id")
    valid = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _ID_MAX
    return f"{forge}:{value}" if valid else ""


def merged(data: Any) -> datetime | None:
    """Return when a pull request was merged; None while it is not."""
    return None if dig(data, "merged_at") is None else moment(data, "merged_at")


def moment(value: Any, path: str) -> datetime:
    """Return the moment at ``path`` in UTC; raises ForgeError."""
    text = dig(value, path)
    at = clock.parse_time(text) if isinstance(text, str) else None
    if at is None:
        raise _unusable(path, "a time")
    return at.astimezone(UTC)


def _unusable(path: str, expected: str) -> ForgeError:
    return ForgeError(
        f"the forge's '{path}' is not {expected}", "is this forge's interface a supported version?"
    )
