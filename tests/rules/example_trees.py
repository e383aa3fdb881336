"""Builds the small repositories that tests/examples describes.

An example is an overlay: its files stand on top of ``_base`` and of the rule book that the package
ships. ``base/`` and ``head/`` inside it make two commits (``before/`` one more, in front). Names
that begin with an underscore are instructions, for what a checkout on some system could not hold:
``_delete`` lists paths of the base to leave out, ``_name`` says ``path name`` to rename a file (the
name may have escapes such as ``\\x1b``), ``_padding`` says ``path bytes`` to fill a file up with
comment lines, ``_symlink`` says ``path target``. ``_edit`` is a JSON list of ``[path, old, new]``:
replacements in the shipped rule book. ``_root`` is another repository, which the example names as a root with the
path ``../other``; it is pinned and fetched.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from itsm_gitops.commands import rooting
from itsm_gitops.model.text import safe_text
from itsm_gitops.repository import Repository
from itsm_gitops.rules import CheckReport, check
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.support import copy_tree

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NOW = "2026-11-22T12:00:00Z"


def cases(side: str) -> list[Path]:
    """Return every example folder of one side (``negative`` or ``positive``)."""
    return sorted(p for p in EXAMPLES.glob(f"[A-Z][0-9][0-9][0-9]/{side}/*") if p.is_dir())


def judge(case: Path, work: Path) -> CheckReport:
    """Build the example's repository below ``work`` and check it."""
    root = work / "repo"
    if not (case / "head").is_dir():
        build(root, case)
        if (case / "_root").is_dir():
            _make_root(root, case / "_root")
        return check(Repository.open(root))
    for step in ("before", "base", "head"):
        if step != "before" or (case / step).is_dir():
            build(root, case / step)
            commit(root, step)
    return check(Repository.open(root), base="HEAD~1")


def build(root: Path, overlay: Path) -> None:
    """Make the files of one state: rule book, base, overlay, instructions."""
    for part in ("schemas", "records", "cmdb"):
        shutil.rmtree(root / part, ignore_errors=True)
    copy_tree(packaged_rulebook_root() / "schemas", root / "schemas")
    copy_tree(EXAMPLES / "_base", root)
    if overlay.is_dir():
        shutil.copytree(
            overlay, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("_*", "expected.txt", ".keep")
        )
        _follow(root, overlay)


def committed_base(root: Path) -> Path:
    """Make the rule book and the base alone, as one commit at noon; return the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ITSM_NOW", NOW)
        build(root, root / "no-overlay")
        commit(root, "good")
    return root


def _lines(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()] if path.is_file() else []


def _follow(root: Path, overlay: Path) -> None:
    edits = overlay / "_edit"
    for path, old, new in json.loads(edits.read_text()) if edits.is_file() else ():
        text = (root / path).read_text()
        assert text.count(old) == 1, f"{path} should hold this once: {old}"
        (root / path).write_text(text.replace(old, new))
    for (path,) in _lines(overlay / "_delete"):
        (root / path).unlink()
    for path, size in _lines(overlay / "_padding"):
        text = (root / path).read_text()
        room = int(size) - len(text)
        (root / path).write_text(text + "# padding\n" * (room // 10 + 1))
    for path, name in _lines(overlay / "_name"):
        (root / path).rename((root / path).with_name(name.encode().decode("unicode_escape")))
    for path, target in _lines(overlay / "_symlink"):
        (root / path).symlink_to(target)


def _make_root(root: Path, overlay: Path) -> None:
    other = root.parent / "other"
    copy_tree(packaged_rulebook_root() / "schemas", other / "schemas")
    copy_tree(overlay, other)
    commit(other, "other")
    _git(root, "init", "-q")
    rooting.update(Repository.open(root), local=True)


def commit(root: Path, message: str) -> None:
    """Commit everything, making the Git repository first where there is none."""
    if not (root / ".git").is_dir():
        _git(root, "init", "-q")
    _git(root, "add", "-A")
    _git(root, "commit", "-q", "--allow-empty", "-m", message)


def _git(root: Path, *args: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgSign=false")
    subprocess.run(["git", *who, *args], cwd=root, check=True, capture_output=True)


def located(report: CheckReport) -> list[str]:
    """Write findings as the lines of ``expected.txt``."""
    return [f"{safe_text(f.path)}:{f.line}:{f.column} {f.code}" for f in report.findings]
