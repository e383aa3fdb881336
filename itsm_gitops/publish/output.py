"""Writing a site: only what changed, nothing deleted first, what is stale removed at the end."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path

from itsm_gitops.model.audience import INTERNAL
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.repository.memory import stamp_of

MARKER = ".itsm-site"
_FOR = "Audience: "


def write(root: str, url: str, content: bytes, folders: set[str]) -> bool:
    """Write one file below ``root`` unless it already has this content; return whether it changed.

    ``folders`` remembers the folders that exist. A file that is there is overwritten in place:
    replacing thousands of files by new ones is many times slower.
    """
    path = f"{root}/{url}"
    folder = path[: path.rindex("/")]
    if folder not in folders:
        Path(folder).mkdir(parents=True, exist_ok=True)
        folders.add(folder)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | getattr(os, "O_BINARY", 0), 0o644)
    try:
        size = os.fstat(handle).st_size
        if size == len(content):
            if os.read(handle, len(content) + 1) == content:
                return False
            os.lseek(handle, 0, os.SEEK_SET)
        _write_all(handle, content)
        # Cut afterwards, never first: a file that was emptied and filled again is flushed by the file system.
        if size > len(content):
            os.ftruncate(handle, len(content))
    finally:
        os.close(handle)
    return True


def sign(root: str, url: str) -> bytes:
    """Return what tells a written file from what others make of it later, nothing when it is not there."""
    try:
        return stamp_of(os.lstat(f"{root}/{url}"))
    except OSError:
        return b""


def _write_all(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def claim(root: Path, audience: str) -> None:
    """Make ``root`` a folder of ours for an audience; raises ItsmError when it holds something else.

    Stale pages are removed from it, so it must not be a folder with anybody's own files. Nor may it
    be another audience's: whoever serves that folder would serve what was not meant for them.
    """
    marker = root / MARKER
    if root.is_symlink() or (root.exists() and not root.is_dir()):
        raise ItsmError(f"{root} is not a folder", "choose another --out")
    if root.is_dir() and not marker.exists() and any(root.iterdir()):
        raise ItsmError(
            f"{root} has files that are not from a site build", "choose an empty folder or remove it yourself"
        )
    before = _audience_of(marker) if marker.is_file() else audience
    if before != audience:
        raise ItsmError(
            f"{root} holds the site for another audience ({before})",
            "choose another --out, or remove it first",
        )
    root.mkdir(parents=True, exist_ok=True)
    text = f"Written by itsm site build; everything here may be overwritten.\n{_FOR}{audience}\n"
    marker.write_text(text, encoding="utf-8")


def _audience_of(marker: Path) -> str:
    """Return whom a site is for; those of older versions show everything."""
    found = [line for line in marker.read_text(encoding="utf-8").splitlines() if line.startswith(_FOR)]
    return found[0].removeprefix(_FOR) if found else INTERNAL


def found(root: str) -> Iterator[tuple[str, bytes]]:
    """Yield every file below ``root`` but the marker with its sign, and every folder (``name/``) without one."""
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(f"{root}/{folder}") as listing:
            for item in listing:
                if item.is_dir(follow_symlinks=False):
                    pending.append(f"{folder}{item.name}/")
                    yield pending[-1], b""
                elif folder or item.name != MARKER:
                    yield folder + item.name, stamp_of(item.stat(follow_symlinks=False))


def remove_stale(root: Path, written: Container[str]) -> int:
    """Remove what is below ``root`` and was not written by this build; return how many files."""
    removed = 0
    for folder, folders, files in os.walk(root, topdown=False):
        names = [*files, *(f for f in folders if Path(folder, f).is_symlink())]
        prefix = os.path.relpath(folder, root).replace(os.sep, "/")
        prefix = "" if prefix == "." else f"{prefix}/"
        for name in names:
            if prefix + name not in written and prefix + name != MARKER:
                Path(folder, name).unlink()
                removed += 1
        if prefix:
            with suppress(OSError):
                Path(folder).rmdir()  # only when nothing is left in it
    return removed
