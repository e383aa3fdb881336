"""The door: its table, every spelling of it, and the policy that a new repository begins with."""

from __future__ import annotations

import time

import pytest

from itsm_gitops.commands.init import contents
from itsm_gitops.documents import load
from itsm_gitops.forges.shipped import FORGES
from itsm_gitops.gate.policy import Policy, read_policy
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.door import ALIKE, DOOR, SAME, PathsOf, door_files, plain_name
from itsm_gitops.snapshots import packaged_rulebook_root

VALUES = dict.fromkeys(("organisation", "organisation_yaml", "timezone", "version", "today"), "2026-01-01")
_DOCUMENTS = ("records/", "cmdb/")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return read_policy(load((packaged_rulebook_root() / POLICY).read_bytes()).data)


@pytest.mark.parametrize("forge", FORGES)
def test_every_file_that_init_writes_is_covered_by_a_rule(policy: Policy, forge: str) -> None:
    rules = (*policy.protected, *policy.rules)
    paths = [p for p, _ in contents(VALUES, forge=forge) if not p.startswith(_DOCUMENTS)]
    assert len(paths) > 50
    assert [p for p in paths if not any(r.covers(p) for r in rules)] == []


def test_the_shipped_policy_lists_what_the_door_always_protects(policy: Policy) -> None:
    """Whoever reads the policy sees it there, and CODEOWNERS, which is written from it, asks for it."""
    listed = PathsOf([p for r in policy.protected for p in r.when["paths"]])
    paths = [
        r.pattern.replace("**/", "a/").replace("**", "x").replace("*", "x") for r in DOOR if not r.mentions
    ]
    assert [p for p in paths if listed.match(p) != SAME] == []


@pytest.mark.parametrize("row", DOOR, ids=lambda r: r.pattern)
@pytest.mark.parametrize(
    ("change", "way"),
    [
        (lambda p: p, SAME),
        (str.upper, SAME),
        (lambda p: f"{p} ", SAME),
        (lambda p: f"{p}..", SAME),
        (lambda p: f"{p[:2]}\u200d{p[2:]}", ALIKE),
        (lambda p: f"{p}\ufe0f", ALIKE),
        (lambda p: "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in p), ALIKE),
        (lambda p: p.replace("o", "\u043e").replace("e", "\u0435").replace("i", "\u0456").replace("a", "\u0430"), ALIKE),
    ],
)  # fmt: skip
def test_every_spelling_of_every_file_is_known(row: object, change: object, way: str) -> None:
    pattern = row.pattern  # type: ignore[attr-defined]
    path = pattern.replace("**/", "a/").replace("**", "xx").replace("*", "x")
    spelt = change(path)  # type: ignore[operator]
    found = PathsOf([pattern]).match(spelt)
    # Where a letter is changed below a protected folder the name of the folder is the same.
    assert found == way if way == SAME else found, plain_name(spelt)
    assert any(r.pattern == pattern for r in door_files(spelt))


@pytest.mark.parametrize(
    "path",
    ["docs/a.md", "webhooks/x", "hooks-of-mine/x", "my/hooks/x", "src/schemas/x", "github/x", "git/x", ".gite/x", "itsm.yaml.j2",
     "sch\u00e9mas/x", "\u65e5\u672c\u8a9e/x", "\u0434\u043e\u043a\u0443\u043c\u0435\u043d\u0442/x", "a~1/x", "backup~1", "CODEOWNERS.md",
     "/hooks/x", "/schemas/x", "/a/.gitattributes"],
)  # fmt: skip
def test_honest_names_are_left_alone(path: str) -> None:
    assert door_files(path) == []


def test_many_paths_are_told_apart_in_little_time() -> None:
    paths = [f"docs/folder-{n}/page.md" for n in range(20_000)]
    begun = time.process_time()
    assert not any(map(door_files, paths))
    assert time.process_time() - begun < 3
