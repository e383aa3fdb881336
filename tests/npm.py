"""Programs that tests judge with and that come from npm: installed below `build/` by the first test that needs one.

Their versions are fixed, so that a new rule of one is no surprise.
"""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

from tests.complete import need

BUILD = Path(__file__).resolve().parent.parent / "build"
_QUIET = ("--no-save", "--no-audit", "--no-fund", "--ignore-scripts")
_SECONDS = 300


def npm_file(name: str, package: str, path: str) -> Path:
    """Return a file of a package (`NAME@VERSION`), which is kept in `build/NAME`; ``path`` leads there from `node_modules`."""
    folder = BUILD / name
    file = folder / "node_modules" / path
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run at the same time install it once
            if not file.exists():
                run_npm("install", *_QUIET, "--prefix", str(folder), package)
    return file


def run_npm(*words: str) -> str:
    """Run npm and return what it printed; the test is left out where there is none."""
    need("npm")
    done = subprocess.run(["npm", *words], capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == 0, f"npm {words[0]}: {done.stderr[-2000:]}"
    return done.stdout
