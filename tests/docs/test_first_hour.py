"""A stranger's first hour: the wheel in an environment of its own, and the first chapter of the handbook, line by line."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.docs import console

CHAPTER = console.ROOT / "site/docs/handbook/10-getting-started.md"
_AT_MOST = 25  # commands of itsm


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter that has the wheel, and of this environment only what the wheel depends on."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    build = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(console.ROOT))
    subprocess.run([*pip, *build], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "empty")], check=True)
    (site,) = (folder / "empty").glob("lib/python3*/site-packages")
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)], check=True
    )
    # A folder named in a .pth file is searched, but the .pth files in it (the one that leads to this checkout) are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return str(folder / "empty/bin/python")


@pytest.mark.slow
def test_the_first_chapter_runs_from_a_wheel(python: str, tmp_path: Path) -> None:
    where = subprocess.run(
        [python, "-c", "import itsm_gitops; print(itsm_gitops.__file__)"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "empty" in where
    _, faults = console.play(CHAPTER, tmp_path.resolve(), python=python)
    assert not faults, "\n\n".join(faults)


def test_the_first_hour_is_short_and_refuses_only_what_it_shows() -> None:
    blocks = [c for m in console._BLOCK.finditer(CHAPTER.read_text("utf-8")) for c in console.commands(m[1])]
    own = [c for c in blocks if c.text.startswith("itsm ")]
    assert len(own) <= _AT_MOST
    refused = [c.text for c in own if any(line.startswith("error:") for line in c.shown)]
    assert refused == ["itsm move K7QF3 on_hold"]
    assert not [c.text for c in own for line in c.shown if "warning" in line]
