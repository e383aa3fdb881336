"""One word for one concept: no two classes of the package have one name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import itsm_gitops

PACKAGE = Path(itsm_gitops.__file__).parent


def test_class_names_are_unique() -> None:
    places = defaultdict(list)
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(file.relative_to(PACKAGE).as_posix())
    assert len(places) > 400
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
