"""Items own files: CODEOWNERS is read into ``paths``, and written from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from itsm_gitops.graph.file_owners import patterns_of
from tests.gate.test_situations import organisation
from tests.gate.world import World
from tests.support import run_here

__all__ = ["organisation"]

CODEOWNERS = """\
# who looks at what
*                   @cab-one
/infra/s1/          @bob @carl   # the disks
deploy/S2/*.yml     mia@example.org
/infra/s1/shared/   @mia
/tools/             @dora
!/infra/s1/docs/
[Section]
/cmdb/servers/      @bob
"""


@pytest.fixture
def world(organisation: World, tmp_path: Path) -> World:
    world = World.copy(organisation, tmp_path / "repo")
    world.write("CODEOWNERS", CODEOWNERS)
    return world


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("*", ("**/*",)),
        ("/infra/s1/", ("infra/s1/**",)),
        ("/infra/s1", ("infra/s1", "infra/s1/**")),
        ("infra/s1/*.tf", ("infra/s1/*.tf",)),
        ("*.tf", ("**/*.tf",)),
        ("apps/", ("**/apps/**",)),
        ("**/logs", ("**/logs", "**/logs/**")),
        ("docs/a\\ b.md", ("docs/a b.md",)),
    ],
)
def test_a_pattern_means_the_same_files(pattern: str, paths: tuple[str, ...]) -> None:
    assert patterns_of(pattern) == paths


def test_each_line_goes_to_the_item_or_is_listed_with_a_reason(world: World) -> None:
    done = run_here(["codeowners", "--from", "CODEOWNERS", "--json"], world.root, env={})
    assert done.returncode == 1, done.stderr  # lines are left to decide
    found = json.loads(done.stdout)
    assert found["added"] == {"s1": ["infra/s1/**", "infra/s1/shared/**"], "s2": ["deploy/S2/*.yml"]}
    assert [(n["text"], n["item"], n["reason"]) for n in found["lines"]] == [
        ("*", "", "no item is named after one of its folders"),
        ("/infra/s1/", "s1", ""),
        ("deploy/S2/*.yml", "s2", ""),
        ("/infra/s1/shared/", "s1", "s1 is owned by ops"),
        ("/tools/", "", "no item is named after one of its folders"),
        ("!/infra/s1/docs/", "", "exclusions are not known here"),
        ("/cmdb/servers/", "", "this is the toolkit's own folder, which has owners already"),
    ]
    assert "paths" not in (world.root / "cmdb/servers/s1.yaml").read_text()


def test_what_is_written_is_read_by_the_gate_and_by_the_forge(world: World) -> None:
    done = run_here(["codeowners", "--from", "CODEOWNERS", "--write"], world.root, env={})
    assert "written  s2  paths: deploy/S2/*.yml" in done.stdout, done.stderr
    again = run_here(["codeowners", "--from", "CODEOWNERS"], world.root, env={})
    assert "would add" not in again.stdout
    routed = run_here(["codeowners", "--forge", "github"], world.root, env={})
    assert "/deploy/S2/*.yml" in routed.stdout
    world.commit("Who owns which files", by="cab-one")
    world.git("checkout", "-q", "-b", "topic")
    world.write("deploy/S2/a.yml", "x: 1\n")
    world.commit()
    asked = {v.requirement.subject: v.could for v in world.assess([]).verdicts}
    assert asked["s2"] == ("mia",)


def test_a_file_that_is_no_text_is_refused(world: World) -> None:
    (world.root / "CODEOWNERS").write_bytes(b"/infra/\xff @bob\n")
    done = run_here(["codeowners", "--from", "CODEOWNERS"], world.root, env={})
    assert done.returncode != 0
    assert "not UTF-8" in done.stderr
    assert "Traceback" not in done.stderr
