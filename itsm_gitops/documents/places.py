"""Opens folders and files to write into, without being led elsewhere by links that a repository brings along.

What somebody names outside of the repository may be a link: that is theirs. Below the repository's root it is not.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from itsm_gitops.model.errors import ItsmError

_SOURCES = (".git", "cmdb", "records", "schemas", "site")
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def plain_path(path: Path) -> Path:
    """Return an absolute path without dots in it; links are left as they are."""
    return Path(os.path.normpath(path.absolute()))


def _below(path: Path, root: Path | None) -> Path | None:
    """Return the path relative to a root as it is written; None where it is not below the root.

    The root may be reached through links, which is how people get to their folders.
    """
    for above in (path, *path.parents) if root is not None else ():
        if os.path.lexists(above) and root is not None and above.resolve() == root:
            return path.relative_to(above)
    return None


def open_folder(path: Path, trusted: Path | None = None, *, make: bool = True) -> int:
    """Open a folder, making it where it is missing (with ``make``); return its handle.

    What lies below ``trusted`` is not reached through links; outside of it the folder itself must not be one.
    Raises ItsmError where a link or a file is in the way.
    """
    inside = _below(path, trusted)
    start = trusted if inside and trusted is not None else path.parent
    steps = inside.parts if inside is not None else (path.name,)
    if make:
        start.mkdir(parents=True, exist_ok=True)
    handle = os.open(start, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    place = start
    for name in steps:
        place = place / name
        try:
            if name == os.pardir:
                raise ItsmError(f"{path} is not a plain path", "write it without ..")
            if make:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=handle)
            below = os.open(name, DIRECTORY, dir_fd=handle)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise ItsmError(
                    f"{place} is not a folder but a link or a file", "remove it, or choose another folder"
                ) from error
            raise
        finally:
            os.close(handle)
        handle = below
    return handle


def refuse_sources(root: Path, trusted: Path | None, what: str, option: str) -> None:
    """Raise ItsmError where output would lie in a repository's own folders, or be the root of the file system.

    ``what`` says what is to be written, ``option`` is the one that names another folder.
    """
    if not root.name:
        raise ItsmError(f"{root} is not a folder for {what}", f"choose another {option}")
    inside = root.relative_to(trusted).parts if trusted is not None and root.is_relative_to(trusted) else ()
    # File systems that ignore case take .GIT for .git.
    if inside and inside[0].casefold() in _SOURCES:
        raise ItsmError(
            f"{root} lies in {inside[0]}/, which holds the repository itself", f"choose another {option}"
        )


def unlinked(path: Path, trusted: Path | None) -> Path:
    """Return the path of a file that somebody named for output; one below ``trusted`` holds no link.

    Raises ItsmError where a link is in the way, OSError where the folder does not exist.
    """
    plain = plain_path(path)
    inside = _below(plain, trusted)
    if inside is None or trusted is None:
        return path
    os.close(open_folder(plain.parent, trusted, make=False))
    if plain.is_symlink():
        raise ItsmError(f"{path} is a symbolic link", "remove it, or choose another file")
    return trusted / inside
