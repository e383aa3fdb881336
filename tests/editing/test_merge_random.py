"""Random edits of two people become one document: nothing lost, nothing invented, and a conflict only where there is one."""

from __future__ import annotations

from functools import cache

from hypothesis import given

from itsm_gitops.editing.merge_documents import Sides, merge_documents
from itsm_gitops.model.kinds import Kind
from itsm_gitops.snapshots import WorkingTree, packaged_rulebook_root, read_rulebook
from tests.editing.merge_world import World, judge, worlds


@cache
def incident() -> Kind:
    return read_rulebook(WorkingTree(packaged_rulebook_root())).kind("incident")


@given(world=worlds())
def test_a_merge_by_meaning(world: World) -> None:
    base, ours, theirs = (text.encode() for text in world.texts())
    found = merge_documents(Sides(base, ours, theirs), incident())
    text = found.content.decode()
    wrong = judge(world, text, clean=found.clean)
    assert wrong == [], f"{world.texts()}\n{text}"
