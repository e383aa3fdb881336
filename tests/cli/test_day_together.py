"""A small day of four people on one server, all at once: the benchmark's, for its answers alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "together.py"


@pytest.mark.slow
def test_nothing_is_lost_and_nobody_merges_by_hand(tmp_path: Path) -> None:
    sizes = {"people": 4, "incidents": 8, "changes": 2, "emergencies": 1}
    words = [word for name, size in sizes.items() for word in (f"--{name}", str(size))]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words, "--work", str(tmp_path / "day")],
        capture_output=True,
        text=True,
        check=True,
    )
    day = json.loads(done.stdout)
    for name in ("failures", "merged by hand", "lost", "errors of check"):
        assert day[name] == [], name
    made = {name: day[name] for name in ("people", "incidents", "notes", "changes", "tips")}
    assert made == {"people": 4, "incidents": 8, "notes": 8, "changes": 3, "tips": 1}
