"""What is shipped works away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RULE_BOOK = "itsm_gitops/_rulebook/schemas/"


def python(*args: str, cwd: Path, path: Path | None = None) -> str:
    env = {**os.environ, **({"PYTHONPATH": str(path)} if path else {})}
    done = subprocess.run(
        [sys.executable, *args], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_carries_the_rule_book_and_works_alone(tmp_path: Path) -> None:
    pip = ["-m", "pip", "--disable-pip-version-check", "--quiet"]
    python(
        *pip,
        "wheel",
        str(ROOT),
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(tmp_path),
        cwd=tmp_path,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    shipped = {n.removeprefix(RULE_BOOK) for n in names if n.startswith(RULE_BOOK)}
    expected = {
        p.relative_to(ROOT / "schemas").as_posix() for p in (ROOT / "schemas").rglob("*") if p.is_file()
    }
    assert shipped == expected
    assert "itsm_gitops/py.typed" in names
    assert any(n.endswith("licenses/LICENSE") for n in names)

    alone = tmp_path / "alone"
    python(*pip, "install", "--no-deps", "--no-index", "--target", str(alone), str(wheel), cwd=tmp_path)
    where = python("-c", "import itsm_gitops; print(itsm_gitops.__file__)", cwd=tmp_path, path=alone)
    assert where.startswith(str(alone))
    python("-m", "itsm_gitops", "init", "acme", cwd=tmp_path, path=alone)
    python("-m", "itsm_gitops", "check", cwd=tmp_path / "acme", path=alone)
