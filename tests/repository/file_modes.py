"""Lets the modes of files bind root too, so that tests of what cannot be written run as any user."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3, see capget(2)
_OVERRIDE = 1 << 1  # CAP_DAC_OVERRIDE, see capabilities(7)


@contextmanager
def bound_by_modes() -> Iterator[None]:
    """Take the right of root to write everywhere from this thread for a while. Programs that it starts keep it."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, twice 32 bits each
    _call(libc.capget(header, sets))
    effective = sets[0]
    sets[0] = effective & ~_OVERRIDE
    _call(libc.capset(header, sets))
    try:
        yield
    finally:
        sets[0] = effective
        _call(libc.capset(header, sets))


def _call(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
