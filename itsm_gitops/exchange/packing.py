"""Documents packed small, because all of a table wait in memory until the last row has been read."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from typing import Any


def pack(data: Mapping[str, Any]) -> bytes:
    """Return plain data as bytes that only this process reads."""
    return marshal.dumps(dict(data))


def unpack(packed: bytes) -> dict[str, Any]:
    """Return what `pack` was given, a new copy each time."""
    found: dict[str, Any] = marshal.loads(packed)  # noqa: S302 - packed by this process
    return found
