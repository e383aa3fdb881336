"""Lets the engine render each frame of a site once for all tests: most build the same handbook in the same navigation.

What the engine makes depends on its sources and on nothing else (`publish/engine.py` says so, and reuses it in one
repository), so the second time the files are copied. Sites that a test builds in a process of its own are rendered
by the engine, and so are those of tests that use ``real_engine``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

from itsm_gitops.publish import engine
from itsm_gitops.publish.tool import digest_of_files
from tests.support import copy_tree

Started = Callable[[Path, engine.Engine, IO[bytes]], AbstractContextManager[Any]]
REAL: Started = engine._started


def remembering(store: Path) -> Started:
    """Return what starts the engine, or takes from the folder ``store`` what it rendered before."""

    @contextmanager
    def started(source: Path, chosen: engine.Engine, log: IO[bytes]) -> Iterator[Any]:
        made_of = f"{chosen} {digest_of_files(source)}".encode("utf-8", "surrogateescape")
        known = store / hashlib.sha256(made_of).hexdigest()
        if known.is_dir():
            copy_tree(known, source / "site")
            yield _Ended()
            return
        with REAL(source, chosen, log) as process:
            yield _Kept(process, source / "site", known)

    return started


class _Ended:
    """An engine that has done its work."""

    def wait(self, timeout: float) -> int:
        return 0


class _Kept:
    """An engine at work, whose result is put aside for the next."""

    def __init__(self, process: Any, made: Path, known: Path) -> None:
        self._process, self._made, self._known = process, made, known

    def wait(self, timeout: float) -> int:
        code = int(self._process.wait(timeout))
        if code == 0:
            self._known.parent.mkdir(parents=True, exist_ok=True)
            copy = Path(tempfile.mkdtemp(dir=self._known.parent)) / "site"
            copy_tree(self._made, copy)
            with contextlib.suppress(OSError):  # another worker was first
                os.rename(copy, self._known)  # noqa: PTH104
        return code
