"""A three-way merge of one text by Git: lines that only one side changed are taken, others are marked as a conflict."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from itsm_gitops.documents import write_output
from itsm_gitops.git.client import Git

MARK = "<<<<<<<"
_CONFLICTS = frozenset(range(1, 128))  # the exit code counts them


class MergedText(NamedTuple):
    """What a merge gives; with ``conflicts`` the text holds the marks of Git around both versions of each."""

    content: bytes
    conflicts: int


def merge_text(ours: bytes, base: bytes, theirs: bytes, names: tuple[str, str, str]) -> MergedText:
    """Merge what two sides made of ``base``; ``names`` call ours, base and theirs in the marks. Raises GitError."""
    if ours == theirs or base == theirs:
        return MergedText(ours, 0)
    if ours == base:
        return MergedText(theirs, 0)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("ours", "base", "theirs")]
        for path, content in zip(paths, (ours, base, theirs), strict=True):
            write_output(path, content)
        labels = [word for name in names for word in ("-L", name)]
        options = ("-p", "-q", "--diff3", f"--marker-size={len(MARK)}")
        words = ("merge-file", *options, *labels, *(str(p) for p in paths))
        content = Git(Path(folder)).run(*words, accept=_CONFLICTS)
    begin = f"{MARK} {names[0]}".encode()
    return MergedText(content, sum(line.startswith(begin) for line in content.splitlines()))
