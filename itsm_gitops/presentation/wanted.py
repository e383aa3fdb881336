"""Which files a build wants: the maker of a file asks first, with its address and its shape.

The shape is a digest of the documents that a file lists, in their order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

# Whether a file is wanted: its address, and its shape.
Wanted = Callable[[str, str], bool]


def every(_url: str, _shape: str) -> bool:
    """Want every file."""
    return True


def shape_of(parts: Iterable[str]) -> str:
    """Return the shape of a file that holds these parts in this order."""
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
