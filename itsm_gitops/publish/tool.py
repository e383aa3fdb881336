"""What tells one version of the tool, and of the site's sources, from another."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


@cache
def tool_sign() -> str:
    """Return a digest that differs when a file of the package does, by size and time, or when Python does."""
    total = hashlib.sha256(sys.version.encode())
    for folder, folders, names in os.walk(_PACKAGE):
        folders[:] = sorted(f for f in folders if f != "__pycache__")
        for name in sorted(names):
            status = Path(folder, name).stat()
            total.update(f"\0{folder}/{name} {status.st_size} {status.st_mtime_ns}".encode())
    return total.hexdigest()


def frame_sign(root: Path, engine_name: str) -> str:
    """Return the digest of what the engine's output depends on beyond documents; raises ItsmError for no such engine."""
    from itsm_gitops.publish import engine, frame

    return engine.made_of(frame.site_folder(root), engine_name)
