"""Saved views: lists that are asked for often, for everybody in ``schemas/views``, for oneself in the home folder.

A view of one's own goes before one of the repository with the same name, so that nobody has to agree on a taste. Both
are the same file; those of the repository are checked with the rule book, one's own when it is used.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from itsm_gitops.model.errors import ItsmError, NotFound, Refused, UsageError, did_you_mean

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_FOLDER = "schemas/views"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}", re.ASCII)
_KEYS = ("view", "title", "of", "columns", "sort", "limit")


@dataclass(frozen=True)
class SavedView:
    """A list with a name. ``of`` are kinds and a filter, ``shared`` says that the repository has it."""

    name: str
    title: str
    of: str
    columns: tuple[str, ...]
    sort: str
    limit: int
    shared: bool
    path: str

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data; what is not set is null."""
        return {
            "name": self.name,
            "title": self.title or None,
            "of": self.of,
            "columns": list(self.columns) or None,
            "sort": self.sort or None,
            "limit": self.limit or None,
            "shared": self.shared,
            "path": self.path,
        }


def own_folder() -> Path:
    """Return the folder of one's own views: below $XDG_CONFIG_HOME, else ~/.config."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "itsm" / "views"


def saved_views(repo: Repository) -> dict[str, SavedView]:
    """Return all views by name, one's own before those of the repository; raises UsageError for a faulty file."""
    paths = sorted(
        p for p in repo.book.files if PurePosixPath(p).parent.as_posix() == _FOLDER and p.endswith(".yaml")
    )
    found = {PurePosixPath(p).stem: _view(repo.book.policy(p), p, shared=True) for p in paths}
    folder = own_folder()
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        found[path.stem] = _view(_load(path), str(path), shared=False)
    return dict(sorted(found.items()))


def saved_view(repo: Repository, name: str) -> SavedView:
    """Return one view; raises NotFound with the nearest names."""
    views = saved_views(repo)
    if name not in views:
        raise NotFound(f"there is no view '{name}'", did_you_mean(name, views) or "itsm views lists them")
    return views[name]


def _load(path: Path) -> Mapping[str, Any]:
    from itsm_gitops.documents import load

    try:
        loaded = load(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if not isinstance(loaded.data, dict) or loaded.problems:
        place = loaded.problems[0] if loaded.problems else None
        where = f"{path}:{place.line}:{place.column}: {place.message}" if place else f"{path} is not a view"
        raise UsageError(where, "a view has 'view: NAME' and 'of: FILTER'")
    return loaded.data


def _view(data: Mapping[str, Any], path: str, *, shared: bool) -> SavedView:
    name = PurePosixPath(path).stem
    unknown = [key for key in data if key not in _KEYS]
    if unknown:
        raise UsageError(
            f"{path}: there is no key '{unknown[0]}'",
            did_you_mean(unknown[0], _KEYS) or f"one of: {', '.join(_KEYS)}",
        )
    columns, limit = data.get("columns", []), data.get("limit", 0)
    right = (
        isinstance(data.get("of"), str) and data["of"].strip() and data.get("view") == name
        and isinstance(columns, list) and all(isinstance(c, str) for c in columns)
        and isinstance(limit, int) and isinstance(data.get("sort", ""), str)
    )  # fmt: skip
    if not right:
        raise UsageError(
            f"{path} is not a view",
            f"it needs 'view: {name}' and 'of: FILTER'; columns are a list, limit a number",
        )
    return SavedView(
        name,
        str(data.get("title", "")),
        data["of"],
        tuple(columns),
        data.get("sort", ""),
        limit,
        shared,
        path,
    )


def save_view(
    repo: Repository,
    name: str,
    words: Sequence[str],
    *,
    title: str = "",
    columns: Sequence[str] = (),
    sort: str = "",
    limit: int = 0,
    shared: bool = False,
) -> SavedView:
    """Write a view, after its filter, columns and order were tried; one of the same name at the same place is replaced.

    Raises UsageError for an invalid name and whatever `itsm list` would raise; nothing is written then.
    """
    from itsm_gitops.commands.filters import Filters
    from itsm_gitops.commands.listing import list_documents
    from itsm_gitops.documents import dump, write_atomic

    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot be the name of a view",
            "lower-case letters, digits, - and _; it begins with a letter",
        )
    of = " ".join(f"({w})" if len(words) > 1 and " or " in w else w for w in words).strip()
    if not of:
        raise UsageError("a view lists something", f"itsm views --save {name} incidents state:open")
    list_documents(repo, (of,), Filters(), sort=sort or None, limit=1, columns=columns)
    data = {"view": name, "title": title, "of": of, "columns": list(columns), "sort": sort, "limit": limit}
    raw = dump({k: v for k, v in data.items() if v}, _KEYS).encode()
    path = (repo.root / _FOLDER if shared else own_folder()) / f"{name}.yaml"
    write_atomic(path, raw, expected=path.read_bytes() if path.exists() else None)
    return _view(_load(path), f"{_FOLDER}/{name}.yaml" if shared else str(path), shared=shared)


def remove_view(repo: Repository, name: str, *, shared: bool = False) -> str:
    """Delete a view of one's own, or of the repository, and return its path; raises NotFound and Refused."""
    from itsm_gitops.documents import delete_atomic

    view = saved_view(repo, name)
    path = (repo.root / _FOLDER if shared else own_folder()) / f"{name}.yaml"
    if not path.exists():
        raise Refused(
            f"'{name}' is not {'shared' if shared else 'one of your own'}",
            f"it is {view.path}; --shared removes one of the repository",
        )
    try:
        delete_atomic(path, expected=path.read_bytes())
    except OSError as error:
        raise ItsmError(f"{path} cannot be removed: {error.strerror}") from error
    return str(path)
