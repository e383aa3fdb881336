"""What lies under a name in a snapshot: a regular file, or something that is listed and never read."""

from __future__ import annotations

import stat
from typing import NamedTuple

REGULAR = "100644"
SYMLINK = "120000"
SUBMODULE = "160000"
FOLDER = "040000"  # a folder with the name of a document; others are not listed
PIPE = "010000"
SOCKET = "140000"
DEVICE = "020000"
FILE = "file"  # a file with the name of a folder of documents
DRAFT = "draft"  # what a writer left that was killed
OTHER = "000000"
NAMES = (".yaml", ".yml", ".json")  # of documents and of files of the rule book
_KINDS = {
    stat.S_IFLNK: SYMLINK,
    stat.S_IFIFO: PIPE,
    stat.S_IFSOCK: SOCKET,
    stat.S_IFCHR: DEVICE,
    stat.S_IFBLK: DEVICE,
}
_REASONS = {
    SYMLINK: "this is a symbolic link; it is not followed",
    SUBMODULE: "this is another repository inside this one; it is not read",
    FOLDER: "this is a folder with the name of a file",
    FILE: "a file, a symbolic link or a submodule stands where a folder of documents belongs",
    PIPE: "this is a named pipe (FIFO)",
    SOCKET: "this is a socket",
    DEVICE: "this is a device",
    DRAFT: "a writer that was killed left this draft",
}
GIT_MODES = {"100644": REGULAR, "100755": REGULAR, "120000": SYMLINK, "160000": SUBMODULE}


class FileInfo(NamedTuple):
    """One file of a snapshot.

    ``path`` is relative to the root, with slashes. ``mode`` is REGULAR, SYMLINK, SUBMODULE, and in the
    working tree FOLDER, FILE, PIPE, SOCKET, DEVICE, DRAFT or OTHER. ``oid`` is the blob's hash, empty in the working tree.
    """

    path: str
    mode: str
    oid: str = ""


def reason(mode: str) -> str:
    """Return in words why what is not a regular file is not read."""
    return _REASONS.get(mode, "this is not a regular file")


def irregular(mode: int) -> str:
    """Return the mode of what is neither a regular file nor a folder."""
    return _KINDS.get(stat.S_IFMT(mode), OTHER)
