"""The picture of the rooms is true: imports go downwards, and each outside library has one owner."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "itsm_gitops"

# From the top of the house to its foundation. Rooms on one floor do not know each other.
FLOORS = (
    {"cli"},
    {"commands"},
    {"publish", "reports", "exchange", "desk", "evidence"},
    {"gate", "editing"},
    {"forges", "rules"},
    {"service_levels", "schema"},
    {"graph"},
    {"repository"},
    {"documents"},
    {"model"},
)
LEVEL = {room: depth for depth, rooms in enumerate(FLOORS) for room in rooms}

# Who may import what. `yaml` has one owner and so on: behind that room, the library can be replaced.
OWNERS = {
    "yaml": {"documents"},
    "anyascii": {"model"},
    "git": {"repository"},
    "gitdb": {"repository"},
    "jsonschema": {"schema", "rules"},
    "jsonschema_rs": {"schema"},
    "referencing": {"schema", "rules"},
    "click": {"cli"},
    "rich": {"cli"},
    "markdown_it": {"publish"},
    "nh3": {"publish"},
    "mkdocs": set(),  # only ever a separate process
    "material": set(),
}

# What an invocation must not pay for before it needs it.
HEAVY = (
    "yaml",
    "anyascii",
    "git",
    "jsonschema",
    "jsonschema_rs",
    "markdown_it",
    "nh3",
    "rich",
    "mkdocs",
    "zoneinfo",
    "csv",
)
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield (module, line) for every import but those for types only."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for_types = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield str(node.module), node.lineno


def room_of(module: str) -> str | None:
    """The room of a module of this package: the part after the package's name."""
    head, _, rest = module.partition(".")
    return rest.partition(".")[0] if head == "itsm_gitops" and rest else None


def own_room(path: Path) -> str:
    """The room a file stands in; empty for the package's own few modules."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_room_is_in_the_picture() -> None:
    rooms = {own_room(path) for path in MODULES} - {""}
    assert rooms <= set(LEVEL), f"rooms without a floor: {sorted(rooms - set(LEVEL))}"
    picture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for room in sorted(rooms):
        assert f"{room}/" in picture or f" {room} " in picture, f"{room} is missing from ARCHITECTURE.md"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_go_downwards(path: Path) -> None:
    room = own_room(path)
    for module, line in imports(path):
        other = room_of(module)
        if other is None or other == room or other not in LEVEL or not room:
            continue
        assert LEVEL[other] > LEVEL[room], f"{name(path)}:{line}: {room} imports {other}"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_each_library_has_one_owner(path: Path) -> None:
    room = own_room(path)
    for module, line in imports(path):
        library = module.partition(".")[0]
        if library in OWNERS:
            assert room in OWNERS[library], (
                f"{name(path)}:{line}: only {OWNERS[library]} may import {library}"
            )


def test_the_walls_hold_something() -> None:
    """Every owned library but those of separate processes is really used by its owner."""
    used = {module.partition(".")[0] for path in MODULES for module, _ in imports(path)}
    idle = {library for library, owners in OWNERS.items() if owners} - used - {"gitdb", "referencing"}
    assert not idle, f"declared and never imported: {sorted(idle)}"


@pytest.mark.parametrize(
    "module", ["itsm_gitops", "itsm_gitops.cli", "itsm_gitops.repository", "itsm_gitops.documents"]
)
def test_starting_up_is_light(module: str) -> None:
    """Heavy libraries are imported by the first thing that needs them, not by the first that is asked."""
    code = f"import {module}, sys; print(*sorted(set(sys.modules) & set({HEAVY})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
