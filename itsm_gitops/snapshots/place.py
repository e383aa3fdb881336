"""Where a repository is: the folder that holds its settings."""

from __future__ import annotations

import os
from pathlib import Path

from itsm_gitops.snapshots.snapshot import CONFIG


def settings_folder(start: Path) -> Path | None:
    """Return the nearest folder, ``start`` or above it, with something that is called as settings are; None for none."""
    return next((f for f in (start, *start.parents) if os.path.lexists(f / CONFIG)), None)
