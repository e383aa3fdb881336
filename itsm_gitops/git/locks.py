"""Locks of Git that another process holds for a moment: waited for, and named where they stay.

An editor that shows the status, or fetches by itself, takes Git's index or a reference now and then. Git waits for
neither, or for a tenth of a second; a person would simply try again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from itsm_gitops.model.errors import GitError

_PATIENCE, _PAUSE = 5.0, 0.05  # seconds
_HELD = (".lock': file exists", "unable to update local ref", "unable to write new index file")
_WAY = "another Git command is at work here. If none is, one was killed and left that file behind: delete it, then try again"
_T = TypeVar("_T")


def is_held(error: GitError) -> bool:
    """Whether Git stopped because another process holds one of its locks."""
    return any(sign in error.message.lower() for sign in _HELD)


def patiently(action: Callable[[], _T]) -> _T:
    """Do something with Git, again and again for some seconds while another process holds a lock; raises GitError."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return action()
        except GitError as error:
            if not is_held(error):
                raise
            if time.monotonic() > end:
                raise GitError(error.message, _WAY) from error
        time.sleep(_PAUSE)
