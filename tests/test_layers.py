"""The picture of the rooms is true: imports go downwards, and each outside library has one owner."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "itsm_gitops"

# From the top of the house to its foundation. Rooms on one floor do not know each other.
FLOORS = (
    {"cli"},
    {"commands"},
    {"publish", "reports", "exchange", "desk", "evidence", "language"},
    {"presentation"},
    {"gate", "editing"},
    {"forges", "rules"},
    {"service_levels", "schema"},
    {"graph"},
    {"repository"},
    {"snapshots"},
    {"git"},
    {"documents"},
    {"model"},
)
LEVEL = {room: depth for depth, rooms in enumerate(FLOORS) for room in rooms}

# Who may import what. `yaml` has one owner and so on: behind that room, the library can be replaced.
OWNERS = {
    "yaml": {"documents"},
    "sqlite3": {"repository"},
    "anyascii": {"model"},
    "git": {"git"},
    "gitdb": {"git"},
    "jsonschema": {"schema"},
    "jsonschema_rs": {"schema"},
    "referencing": {"schema"},
    "click": {"cli"},
    "rich": {"cli"},
    "markdown_it": {"presentation"},
    "nh3": {"presentation"},
    "pyarrow": {"exchange"},
    "icalendar": {"exchange"},
    "pygls": {"language"},
    "lsprotocol": {"language"},
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
    "pyarrow",
    "icalendar",
    "pygls",
    "lsprotocol",
    "rich",
    "mkdocs",
    "zoneinfo",
    "csv",
)
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path, *, members: bool = False) -> Iterator[tuple[str, int]]:
    """Yield (module, line) for every import but those for types only.

    With ``members``, ``from a import b`` yields ``a.b`` where that is a module, instead of ``a``.
    """
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
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            parts = [n for n in names if members and _is_module(n)]
            yield from ((part, node.lineno) for part in parts)
            if len(parts) < len(names):
                yield str(node.module), node.lineno


def _is_module(dotted_name: str) -> bool:
    place = PACKAGE.parent.joinpath(*dotted_name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


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


def test_imports_go_downwards() -> None:
    upwards = [
        f"{name(path)}:{line}: {own_room(path)} imports {room_of(module)}"
        for path in MODULES
        for module, line in imports(path)
        if own_room(path) and _level(module) <= LEVEL[own_room(path)] and room_of(module) != own_room(path)
    ]
    assert upwards == []


def _level(module: str) -> int:
    """The floor of a module's room, counted from the top; deeper than all for what has none."""
    return LEVEL.get(room_of(module) or "", len(FLOORS))


def test_each_library_has_one_owner() -> None:
    trespasses = [
        f"{name(path)}:{line}: only {sorted(OWNERS[library])} may import {library}"
        for path in MODULES
        for module, line in imports(path)
        if (library := module.partition(".")[0]) in OWNERS and own_room(path) not in OWNERS[library]
    ]
    assert trespasses == []


def modules_imported(path: Path, modules: Collection[str]) -> set[str]:
    """The modules of ``modules`` that a file imports, also inside functions, but not for types only."""
    return {module for module, _ in imports(path, members=True) if module in modules}


def dotted(path: Path) -> str:
    """The dotted name of a module of this package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def circles(graph: Mapping[str, Collection[str]]) -> list[str]:
    """Every import that closes a circle, with the circle, as a depth-first walk meets them."""
    closed: list[str] = []
    done: set[str] = set()

    def walk(module: str, way: tuple[str, ...]) -> None:
        if module in way:
            closed.append(" -> ".join([*way[way.index(module) :], module]))
        elif module not in done:
            for other in sorted(graph.get(module, ())):
                walk(other, (*way, module))
            done.add(module)

    for module in sorted(graph):
        walk(module, ())
    return closed


def test_modules_do_not_import_in_circles() -> None:
    modules = {dotted(path): path for path in MODULES}
    assert circles({m: modules_imported(path, modules) - {m} for m, path in modules.items()}) == []


def test_a_circle_is_reported_as_the_way_round() -> None:
    assert circles({"a": ["b"], "b": ["c", "d"], "c": ["a"], "d": []}) == ["a -> b -> c -> a"]
    assert circles({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def test_imports_inside_functions_count_and_those_for_types_do_not(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from itsm_gitops.model import kinds\n"
        "def late():\n    from itsm_gitops.model import clock\n"
    )
    modules = {"itsm_gitops.model.kinds", "itsm_gitops.model.clock", "itsm_gitops.model"}
    assert modules_imported(module, modules) == {"itsm_gitops.model.clock"}


def test_the_walls_hold_something() -> None:
    """Every owned library but those of separate processes is really used by its owner."""
    used = {module.partition(".")[0] for path in MODULES for module, _ in imports(path)}
    idle = {library for library, owners in OWNERS.items() if owners} - used - {"gitdb", "referencing"}
    assert not idle, f"declared and never imported: {sorted(idle)}"


@pytest.mark.parametrize(
    "module",
    [
        "itsm_gitops",
        "itsm_gitops.cli",
        "itsm_gitops.repository",
        "itsm_gitops.snapshots",
        "itsm_gitops.documents",
    ],
)
def test_starting_up_is_light(module: str) -> None:
    """Heavy libraries are imported by the first thing that needs them, not by the first that is asked."""
    code = f"import {module}, sys; print(*sorted(set(sys.modules) & set({HEAVY})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
