"""The smallest edits between two versions of data, checked on real text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.documents import Append, Insert, Remove, Set, dump, edit, load
from itsm_gitops.editing.change import edits_between

_words = st.text("abcxyz", min_size=1, max_size=5)
_scalars = st.one_of(_words, st.integers(-5, 5), st.booleans())
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_words, inner, max_size=4)),
    max_leaves=10,
)
_documents = st.dictionaries(_words, _values, min_size=1, max_size=5)


@given(_documents, _documents)
def test_the_edits_turn_one_document_into_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    result = edit(dump(old).encode(), edits_between(old, new))
    assert load(result).data == new


@pytest.mark.parametrize("new", [[1, 4], [1], [4], [2, 3], [3], [1, 3], [1, 2, 4]])
def test_several_entries_of_a_list_go_at_once(new: list[int]) -> None:
    text = "a:\n  - 1 # one\n  - 2 # two\n  - 3 # three\n  - 4 # four\n"
    names = {1: "one", 2: "two", 3: "three", 4: "four"}
    result = edit(text.encode(), edits_between({"a": [1, 2, 3, 4]}, {"a": new}))
    assert result.decode() == "a:\n" + "".join(f"  - {n} # {names[n]}\n" for n in new)


def test_the_edits_are_as_small_as_they_can_be() -> None:
    old = {"a": 1, "list": [1, 2, 3], "group": {"x": 1, "y": 2}, "gone": True}
    assert edits_between(old, old) == []
    assert edits_between(old, {**old, "a": True}) == [Set(("a",), True)]
    assert edits_between(old, {**old, "list": [1, 2, 3, 4]}) == [Append(("list",), 4)]
    assert edits_between(old, {**old, "list": [1, 3]}) == [Remove(("list", 1))]
    assert edits_between(old, {**old, "list": [7, 8]}) == [Set(("list",), [7, 8])]
    # What stays keeps its place in the file, with its comment.
    assert edits_between(old, {**old, "list": [3, 2, 1]}) == [
        Remove(("list", 2)),
        Remove(("list", 1)),
        Insert(("list", 0), 2),
        Insert(("list", 0), 3),
    ]
    assert edits_between(old, {**old, "group": {"x": 1, "y": 3}}) == [Set(("group", "y"), 3)]
    assert edits_between(old, {k: v for k, v in old.items() if k != "gone"}) == [Remove(("gone",))]
