"""Whether a file has changed: by its stamp, without opening it, or by the digest of its content."""

from __future__ import annotations

import os
from struct import Struct

from itsm_gitops.model.digests import blake2b

# Nanoseconds. File systems keep times in steps of up to two seconds, and Git compares whole seconds.
COARSE = 2_000_000_000
NUMBERS = Struct(">4q")  # a stamp: size, two times, inode


def stamp_of(status: os.stat_result) -> bytes:
    """Return size, times and inode of a file in one small piece (see ``NUMBERS``)."""
    return NUMBERS.pack(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def settled_stamp(status: os.stat_result, newest: int) -> bytes:
    """Return the stamp of a file; empty where its times are not before ``newest``, so that a change could leave none."""
    return b"" if max(status.st_mtime_ns, status.st_ctime_ns) >= newest else stamp_of(status)


def digest_of(raw: bytes) -> bytes:
    """Return the digest of a file's content."""
    return blake2b(raw, digest_size=16).digest()
