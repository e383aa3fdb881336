"""A small day of four people on one server: nothing is lost, and nobody merges by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "together.py"


@pytest.mark.slow
def test_a_small_day(tmp_path: Path) -> None:
    words = ["--people", "4", "--incidents", "20", "--changes", "2", "--emergencies", "1"]
    command = [sys.executable, str(SCRIPT), *words, "--work", str(tmp_path / "day")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["failures"] == figures["lost"] == figures["errors of check"] == []
    assert (figures["incidents"], figures["notes"], figures["changes"]) == (20, 20, 3)
    assert figures["tips"] == 1
