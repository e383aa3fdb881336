"""The semantic differ: small answers for small edits, and nothing lost."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.model.diff import ADD, CHANGE, REMOVE, Change, diff, same

scalars = (
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 0.5]) | st.sampled_from("abc")
)
links = st.fixed_dictionaries(
    {"type": st.sampled_from(["blocks", "affects"]), "target": st.sampled_from("xyz")},
    optional={"note": st.sampled_from("nm")},
)
values = st.recursive(
    scalars | links,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["id", "name", "at", "by", "k"]), inner, max_size=4)
    ),
    max_leaves=20,
)
documents = st.dictionaries(st.sampled_from(["links", "title", "state", "timeline"]), values, max_size=4)


def follow(document: Any, pointer: tuple[str | int, ...]) -> Any:
    for step in pointer:
        document = document[step]
    return document


def apply(old: Any, changes: list[Change]) -> Any:
    """Rebuild the new document: container by container from the outside in, removals first."""
    result = {"": copy.deepcopy(old)}
    rank = {REMOVE: 0, ADD: 1, CHANGE: 2}

    def order(change: Change) -> tuple[Any, ...]:
        last = change.pointer[-1] if change.pointer else ""
        position = last if isinstance(last, int) else 0
        return (len(change.pointer), rank[change.op], -position if change.op == REMOVE else position)

    for change in sorted(changes, key=order):
        pointer = ("", *change.pointer)
        parent, last = follow(result, pointer[:-1]), pointer[-1]
        if change.op == REMOVE:
            assert same(parent[last], change.old)
            del parent[last]
        elif change.op == ADD and isinstance(parent, list):
            parent.insert(last, copy.deepcopy(change.new))
        else:
            parent[last] = copy.deepcopy(change.new)
    return result[""]


@given(documents, documents)
def test_the_changes_make_the_new_document(old: Any, new: Any) -> None:
    assert same(apply(old, diff(old, new)), new)


@given(documents)
def test_nothing_changed_is_nothing(document: Any) -> None:
    assert diff(document, copy.deepcopy(document)) == []
    assert diff(document, dict(reversed(document.items()))) == []


@given(documents, documents)
def test_a_difference_is_never_missed(old: Any, new: Any) -> None:
    def typed(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: typed(v) for k, v in value.items()}
        return [typed(v) for v in value] if isinstance(value, list) else (type(value), value)

    assert (diff(old, new) == []) == (typed(old) == typed(new))


ENTRY = {"at": "2026-01-01T00:00:00Z", "by": "ada", "state": "new"}
LATER = {"at": "2026-01-02T00:00:00Z", "by": "bob", "note": "looked"}
BLOCKS = {"type": "blocks", "target": "x"}
AFFECTS = {"type": "affects", "target": "y"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": True}, [Change(("a",), CHANGE, 1, True)]),
        ({"a": 1}, {"a": 1.0}, [Change(("a",), CHANGE, 1, 1.0)]),
        ({"a": None}, {}, [Change(("a",), REMOVE, None, None)]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [Change(("a", "b"), CHANGE, 1, 2)]),
        ({"timeline": [ENTRY]}, {"timeline": [ENTRY, LATER]}, [Change(("timeline", 1), ADD, None, LATER)]),
        ({"links": [BLOCKS]}, {"links": [AFFECTS, BLOCKS]}, [Change(("links", 0), ADD, None, AFFECTS)]),
        ({"links": [AFFECTS, BLOCKS]}, {"links": [BLOCKS]}, [Change(("links", 0), REMOVE, AFFECTS, None)]),
        (
            {"links": [AFFECTS, BLOCKS]},
            {"links": [{**BLOCKS, "note": "why"}]},
            [Change(("links", 0), REMOVE, AFFECTS, None), Change(("links", 0, "note"), ADD, None, "why")],
        ),
        (
            {"links": [BLOCKS]},
            {"links": [{**BLOCKS, "target": "z"}]},
            [Change(("links", 0, "target"), CHANGE, "x", "z")],
        ),
        ({"cis": ["a", "b"]}, {"cis": ["a", "c", "b"]}, [Change(("cis", 1), ADD, None, "c")]),
        (
            {"cis": ["a"]},
            {"cis": ["b"]},
            [Change(("cis", 0), REMOVE, "a", None), Change(("cis", 0), ADD, None, "b")],
        ),
        (
            {"timeline": [ENTRY]},
            {"timeline": [{**ENTRY, "by": "eve"}]},
            [Change(("timeline", 0, "by"), CHANGE, "ada", "eve")],
        ),
        ({"x": [1]}, {"x": {"a": 1}}, [Change(("x",), CHANGE, [1], {"a": 1})]),
    ],
)
def test_edits_are_named_as_people_see_them(old: Any, new: Any, expected: list[Change]) -> None:
    assert diff(old, new) == expected


def test_long_timelines_are_quick() -> None:
    entries = [{"at": f"2026-01-01T00:00:00.{n}Z", "by": "ada", "note": str(n)} for n in range(5000)]
    changed = [*entries[:2500], {**entries[2500], "note": "rewritten"}, *entries[2501:], LATER]
    assert diff(entries, changed) == [
        Change((2500, "note"), CHANGE, "2500", "rewritten"),
        Change((5000,), ADD, None, LATER),
    ]
