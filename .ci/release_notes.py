"""Prints the section of the changelog that belongs to a tag; stops where tag, version and changelog disagree.

python .ci/release_notes.py v0.2.0
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def notes(tag: str, root: Path = ROOT) -> str:
    """Return what the changelog says of a tag's version; raises SystemExit with what is wrong."""
    code = (root / "itsm_gitops/__init__.py").read_text(encoding="utf-8")
    version = re.findall(r'^__version__ = "(.+)"$', code, re.MULTILINE)[0]
    if tag != f"v{version}":
        raise SystemExit(f"the tag is {tag}, and itsm_gitops/__init__.py says {version}")
    if left := sorted(p.name for p in (root / "news").glob("*.*.md")):
        raise SystemExit(f"not in the changelog yet: {', '.join(left)} (towncrier build)")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(
        rf"^## \[{re.escape(version)}\].*?\n(.*?)(?=^## \[|\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if not found or not found[1].strip():
        raise SystemExit(f"CHANGELOG.md says nothing of {version}")
    return found[1].strip()


if __name__ == "__main__":
    sys.stdout.write(notes(sys.argv[1]) + "\n")
