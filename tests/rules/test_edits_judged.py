"""Judging an edit before it is written: what it can have altered says what that whole part of the snapshot says."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops.rules import new_findings, single
from itsm_gitops.snapshots import loading, packaged_rulebook_root
from tests.rules.request_world import Edits, World
from tests.support import GitRepo, copy_tree, rounds

SETTINGS = "version: 1\norganisation: Example Ltd\ntimezone: Europe/Berlin\nsite:\n  name: Example IT\n"
WAYS = ("anew", "one_field", "item_field", "retire", "note", "alias", "pair", "unlink", "move_window", "hide")
ODD = ("misplace", "shatter", "link_file", "odd_file", "delete", "rename")


def world_in(root: Path, dice: random.Random) -> tuple[GitRepo, World]:
    """Write a random world into a repository, some of it odd."""
    made = GitRepo(root)
    copy_tree(packaged_rulebook_root() / "schemas", root / "schemas")
    closed = dice.random() < 0.5
    made.write("itsm.yaml", SETTINGS + ("directory: closed\n" if closed else ""))
    made.write(".gitignore", "cmdb/servers/host-1.yaml\n" if dice.random() < 0.3 else "*.tmp\n")
    world = World(dice)
    world.write(made)
    for name in dice.choices(ODD, k=dice.randint(0, 3)):
        getattr(Edits(world, made), name)()
    made.git("init", "-q", "-b", "main")
    made.commit("base")
    return made, world


def create(edits: Edits) -> None:
    """Add a record whose number was drawn just now, or an item."""
    dice, world = edits.dice, edits.world
    if dice.random() < 0.3:
        return edits.add_item()
    kind, prefix = dice.choice(
        (("incident", "INC"), ("change", "CHG"), ("problem", "PRB"), ("request", "REQ"))
    )
    name = f"{prefix}-261122-{dice.choice('ABCDEF')}7QF{dice.choice('34567')}"
    return edits.put(world.place(kind, name), world.record(kind, name))


def edited(made: GitRepo, edits: Edits) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return what some edits would write, and what is there, by path; nothing of it stays written."""
    there = {p: p.read_bytes() for p in made.root.rglob("*.yaml") if p.is_file() and not p.is_symlink()}
    for _ in range(edits.dice.choice((1, 1, 2, 3))):
        name = edits.dice.choice((*WAYS, "create", "create"))
        create(edits) if name == "create" else getattr(edits, name)()
        edits.done.append(name)
    changed = {}
    for path in sorted(made.root.rglob("*.yaml")):
        if path.is_file() and not path.is_symlink() and there.get(path) != path.read_bytes():
            changed[path] = path.read_bytes()
    made.git("stash", "-q", "--include-untracked")
    after = {p.relative_to(made.root).as_posix(): raw for p, raw in changed.items()}
    return after, {p: there[made.root / p] for p in after if made.root / p in there}


def compare(root: Path, seed: int) -> None:
    dice = random.Random(seed)
    made, world = world_in(root, dice)
    edits = Edits(world, made)
    after, before = edited(made, edits)
    part = new_findings(made.repo, after, before)
    assert part == new_findings(made.repo, after, before, whole=True), f"seed {seed}: {edits.done}"


@pytest.mark.parametrize("seed", range(8))
def test_the_part_says_what_the_whole_says(tmp_path: Path, seed: int) -> None:
    compare(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(rounds(2, 8)))
def test_the_part_says_what_the_whole_says_of_many_edits(tmp_path: Path, block: int) -> None:
    for seed in range(1000 + 40 * block, 1040 + 40 * block):
        compare(tmp_path / str(seed), seed)


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the path of each document that is parsed."""
    parsed: list[str] = []
    pool = single.RequestPool
    parse: Callable[..., object] = pool._parse

    def noting(self: object, side: object, path: str, raw: bytes | None) -> object:
        parsed.append(path)
        return parse(self, side, path, raw)

    monkeypatch.setattr(pool, "_parse", noting)
    monkeypatch.setattr(loading, "load_store", lambda *_, **__: pytest.fail("everything was read"))
    return parsed


def test_a_new_record_reads_what_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, world = world_in(tmp_path, random.Random(3))
    parsed = count_reads(monkeypatch)
    name = "INC-261122-K7QF3"
    data = {**world.record("incident", name), "links": [], "cis": ["db-a"], "service": "mail", "aliases": []}
    after = {world.place("incident", name): world.text(data).encode()}
    new_findings(made.repo, after, {})
    named = {str(data[f]) for f in ("service", "assigned_team", "reported_by")} | {"db-a", name}
    named |= {step["by"] for step in data["timeline"]}
    assert {Path(p).stem for p in parsed} <= named


def test_a_note_reads_what_the_record_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, world = world_in(tmp_path, random.Random(4))
    parsed = count_reads(monkeypatch)
    edits = Edits(world, made)
    path, data = edits.pick("records/incidents")
    after = {
        **data,
        "timeline": [*data["timeline"], {"at": "2026-11-20T10:00:00Z", "by": "ada", "note": "So."}],
    }
    new_findings(made.repo, {path: world.text(after).encode()}, {path: (tmp_path / path).read_bytes()})
    assert len(set(parsed)) <= 12


def test_an_item_that_git_ignores_is_no_item(tmp_path: Path) -> None:
    made, world = world_in(tmp_path, random.Random(3))
    made.write(".gitignore", "cmdb/servers/secret.yaml\n")
    made.write("cmdb/servers/secret.yaml", world.text(world.item("server", "secret")))
    name = "INC-261122-K7QF3"
    data = {**world.record("incident", name), "links": [], "cis": ["secret"], "service": "mail"}
    found = new_findings(made.repo, {world.place("incident", name): world.text(data).encode()}, {})
    assert [f.code for f in found if "secret" in f.message] == ["K001"]
