"""Signs of the libraries that the tool uses and of the site's sources: another sign means that a site is built anew."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from itsm_gitops.model.errors import ItsmError
from itsm_gitops.snapshots import packaged_rulebook_root

_METADATA = (".dist-info", ".egg-info", ".egg-link", ".pth")


def libraries_sign() -> str:
    """Return a digest that differs when a package was installed, removed or replaced where Python looks for packages.

    Each of that changes the folder of the package's metadata, whose name has the version. Other files that come and go
    in these folders do not count.
    """
    found = [line for place in filter(None, sys.path) for line in sorted(_metadata(place))]
    return hashlib.sha256("\n".join(found).encode("utf-8", "surrogateescape")).hexdigest()


def _metadata(place: str) -> Iterator[str]:
    """Yield what tells one installation of each package in a folder from another."""
    yield place
    if not os.path.isdir(place):  # noqa: PTH112 - as Python keeps it
        return
    with os.scandir(place) as listing:
        for item in listing:
            if item.name.endswith(_METADATA):
                status = item.stat()
                yield f"{item.path} {status.st_ino} {status.st_mtime_ns}"


def site_folder(root: Path) -> Path:
    """Return the folder with ``mkdocs.yml``: the repository's own, else the one of the package.

    Raises ItsmError where there is neither, and where the repository's own is reached through a link.
    """
    for path in (root / "site", root / "site" / "docs"):
        if path.is_symlink():
            raise ItsmError(f"{path.relative_to(root)} is a symbolic link", "put the files themselves there")
    for folder in (root / "site", packaged_rulebook_root() / "site"):
        if os.path.lexists(folder / "mkdocs.yml"):
            return folder
    raise ItsmError("the site's sources (site/mkdocs.yml) are not there", "reinstall itsm-gitops")


def digest_of_files(folder: Path) -> str:
    """Return the digest of the names and bytes of every file below a folder; links count as what they are."""
    total = hashlib.sha256()
    for path, content in files_below(folder):
        total.update(
            f"\0{path}\0{'link' if content is None else len(content)}\0".encode("utf-8", "surrogateescape")
        )
        total.update(content or b"")
    return total.hexdigest()


def files_below(folder: Path) -> Iterator[tuple[str, bytes | None]]:
    """Yield path (with slashes) and bytes of each file below a folder in order; None for what is not a regular file."""
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted([*names, *(f for f in folders if Path(top, f).is_symlink())]):
            path = Path(top, name)
            regular = stat.S_ISREG(path.lstat().st_mode)
            yield path.relative_to(folder).as_posix(), path.read_bytes() if regular else None
