"""One room writes into repositories: a second way to write would not know of the lock, the draft and the check."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import itsm_gitops

PACKAGE = Path(itsm_gitops.__file__).parent
WRITERS = {
    "write_text",
    "write_bytes",
    "copyfile",
    "copytree",
    "copy",
    "copy2",
    "touch",
    "mkstemp",
    "rename",
}
ON_OS = {"replace", "truncate", "symlink", "link", "move"}
# Who writes elsewhere, and where.
ELSEWHERE = {
    "documents/files.py": "the one way",
    "documents/drafts.py": "the one way",
    "cli/check.py": "the summary of a step, in a file that GitHub names",
    "snapshots/memory.py": "a file beside the site, touched to learn how fine the clock of the disk is",
    "git/merging.py": "an empty repository in a temporary folder, in which merges are made",
    "git/sshsig.py": "a temporary folder for ssh-keygen",
    "repository/index/making.py": "the index, in .git, written aside under a lock and then given its name",
    "repository/index/site_rows.py": "the rows of a site, in .git, created exclusively",
    "snapshots/seal.py": "the key of this clone, in .git, created exclusively",
    "git/journal.py": "the journal of this clone, in .git, written aside and then given its name",
    "editing/whole.py": "what is typed in an editor, in .git: a draft, and what it began from",
    "exchange/export_folder.py": "the folder of an export for analytics, which holds nothing else",
    "publish/engine.py": "the working folder of a build",
    "git/rehearsal.py": "a scratch copy of a server, in a temporary folder",
}


def writes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        last = name.rpartition(".")[2]
        modes = [
            a.value for a in (*node.args, *(k.value for k in node.keywords)) if isinstance(a, ast.Constant)
        ]
        opens = last == "open" and any(
            isinstance(m, str) and len(m) < 4 and set(m) & set("wax+") for m in modes
        )
        creates = name == "os.open" and "O_CREAT" in ast.unparse(node)
        if last in WRITERS or opens or creates or (name.startswith(("os.", "shutil.")) and last in ON_OS):
            yield name


def test_nothing_else_writes_files() -> None:
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        calls = sorted(set(writes(ast.parse(file.read_text(encoding="utf-8")))))
        if calls:
            found[file.relative_to(PACKAGE).as_posix()] = calls
    assert {path: calls for path, calls in found.items() if path not in ELSEWHERE} == {}
    assert set(ELSEWHERE) <= set(found), "the list names a module that writes nothing any more"
