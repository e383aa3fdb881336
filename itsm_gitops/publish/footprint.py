"""The footprint of a folder: a few numbers that every later change of a file or folder below it alters.

A file that is written, replaced, renamed or given other rights has another time of change or another inode, and a
folder has another time when a name in it comes or goes. Nobody can set the time of change. So a sum over all of
them tells as surely as a list that nothing was touched, and costs one call of the system for each file. The sum
does not depend on the order in which a file system lists names.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from itsm_gitops.snapshots.stamps import NUMBERS

_MASK = (1 << 63) - 1
_PATIENCE = 3.0  # seconds; file systems keep times in steps of up to two seconds


class Footprint(NamedTuple):
    """How many files and folders there are, and the sum over each."""

    files: int
    file_sum: int
    folders: int
    folder_sum: int


def footprint(root: str, but: str) -> Footprint:
    """Return the footprint of a folder; ``but`` is the name of a file right below it that does not count."""
    files = folders = file_sum = folder_sum = 0
    stat = os.stat
    for folder, below, names, handle in os.fwalk(root):
        folders += 1
        files += len(below)  # links to folders are among them, which are not walked
        folder_sum += _of_folder(handle)
        for name in names:
            if name == but and folder == root:
                continue
            status = stat(name, dir_fd=handle, follow_symlinks=False)
            files += 1
            file_sum += hash((status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
    files -= folders - 1
    return Footprint(files, file_sum & _MASK, folders, folder_sum & _MASK)


def footprint_of(signs: Mapping[str, bytes], root: str, but: str) -> Footprint | None:
    """Return the footprint of a folder that has just the files of ``signs`` (by path, with their stamps), else None.

    The stamps are believed and no file is looked at: one that has another by now alters the next footprint. ``but`` is the
    name of a file right below that does not count.
    """
    wanted = {""}
    for path in signs:
        folder = path.rpartition("/")[0]
        while folder not in wanted:
            wanted.add(folder)
            folder = folder.rpartition("/")[0]
    files = folders = folder_sum = 0
    for folder, below, names, handle in os.fwalk(root):
        prefix = "" if folder == root else f"{folder[len(root) + 1 :]}/"
        if not all(prefix + name in wanted for name in below):  # a link to a folder is a file here
            return None
        if not all(prefix + name in signs for name in names if prefix or name != but):
            return None
        files += len(names) - (not prefix and but in names)
        folders += 1
        folder_sum += _of_folder(handle)
    if files != len(signs) or folders != len(wanted):
        return None
    file_sum = sum(map(hash, NUMBERS.iter_unpack(b"".join(signs.values()))))
    return Footprint(files, file_sum & _MASK, folders, folder_sum & _MASK)


def _of_folder(handle: int) -> int:
    status = os.fstat(handle)
    return hash((status.st_dev, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))


def settle(path: Path) -> bool:
    """Wait until the time of the file system is another one; what is written from now on has a later time.

    ``path`` is a file that is touched for it. False where the time does not go on.
    """
    os.utime(path)
    first, end = path.stat().st_ctime_ns, time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        time.sleep(0.001)
        os.utime(path)
        if path.stat().st_ctime_ns > first:
            return True
    return False
