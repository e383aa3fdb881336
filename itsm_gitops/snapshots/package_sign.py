"""The sign of this version of the package: what a cache holds is valid for one version only."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from itsm_gitops.model.digests import blake2b

_INSTALLED = frozenset(("site-packages", "dist-packages"))
_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def package_sign() -> str:
    """Return a digest that differs when a file of the package does, or Python.

    Where the package was installed, a new version is new files, so one of them tells; where it is worked on, each file
    may change, and counts by size and time.
    """
    total = blake2b(sys.version.encode())
    if not _INSTALLED.isdisjoint(_PACKAGE.parts):
        head = _PACKAGE / "__init__.py"  # it has the version
        status = head.stat()
        total.update(f"{status.st_mtime_ns} {status.st_ctime_ns} ".encode() + head.read_bytes())
    else:
        for line in sorted(_files(os.fspath(_PACKAGE))):
            total.update(line.encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _files(folder: str) -> Iterator[str]:
    """Yield size and time of each file below a folder, compiled ones left out."""
    with os.scandir(folder) as listing:
        for item in listing:
            if item.is_dir():
                if item.name != "__pycache__":
                    yield from _files(item.path)
            else:
                status = item.stat()
                yield f"{item.path} {status.st_size} {status.st_mtime_ns}\n"
