"""Three versions of data become one: nothing is lost, nothing invented, a conflict only where a key changed twice."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from itsm_gitops.model.additions import added, between, overtaking
from itsm_gitops.model.merge import Merge
from itsm_gitops.model.merge_timeline import OURS, THEIRS, merge_timelines


def merged(base: Any, ours: Any, theirs: Any) -> Any:
    run = Merge()
    value = run.values(base, ours, theirs)
    assert not run.conflicts, run.conflicts
    return value


def places(base: Any, ours: Any, theirs: Any) -> list[str]:
    run = Merge()
    run.values(base, ours, theirs)
    return [".".join(map(str, c.pointer)) for c in run.conflicts]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "wanted"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 3}, {"a": 3, "b": 2}),
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 5, "b": 2}, {"a": 5}),
        ({"a": {"x": 1, "y": 1}}, {"a": {"x": 2, "y": 1}}, {"a": {"x": 1, "y": 2}}, {"a": {"x": 2, "y": 2}}),
        ({"l": ["a"]}, {"l": ["a", "b"]}, {"l": ["a", "c"]}, {"l": ["a", "b", "c"]}),
        ({"l": ["a", "b", "c"]}, {"l": ["a", "c"]}, {"l": ["a", "b", "c", "d"]}, {"l": ["a", "c", "d"]}),
        ({"l": ["a"]}, {"l": ["z", "a"]}, {"l": ["a", "b"]}, {"l": ["z", "a", "b"]}),
        ({}, {"l": ["a"]}, {"l": ["b"]}, {"l": ["a", "b"]}),
        ({"l": ["a"]}, {}, {"l": ["a", "b"]}, {"l": ["b"]}),
        ({"l": ["a"]}, {}, {"l": ["a"]}, {}),
        ({"t": [{"name": "x", "s": 1, "u": 1}]}, {"t": [{"name": "x", "s": 2, "u": 1}]},
         {"t": [{"name": "x", "s": 1, "u": 2}]}, {"t": [{"name": "x", "s": 2, "u": 2}]}),
        ({"l": ["a", "a"]}, {"l": ["a", "a", "a"]}, {"l": ["a", "a", "b"]}, {"l": ["a", "a", "a", "b"]}),
    ],
)  # fmt: skip
def test_what_one_side_changed_is_taken_and_lists_unite(
    base: Any, ours: Any, theirs: Any, wanted: Any
) -> None:
    assert merged(base, ours, theirs) == wanted


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "where"),
    [
        ({"a": 1}, {"a": 2}, {"a": 3}, ["a"]),
        ({"a": 1}, {}, {"a": 3}, ["a"]),
        ({}, {"a": 2}, {"a": 3}, ["a"]),
        ({"a": True}, {"a": 1}, {"a": "yes"}, ["a"]),
        ({"a": {"x": 1, "y": 1}}, {"a": {"x": 2, "y": 2}}, {"a": {"x": 3, "y": 2}}, ["a.x"]),
        ({"t": [{"name": "x", "s": 1}]}, {"t": [{"name": "x", "s": 2}]}, {"t": [{"name": "x", "s": 3}]}, ["t.x.s"]),
        ({"t": [{"name": "x", "s": 1}]}, {"t": []}, {"t": [{"name": "x", "s": 3}]}, ["t.x"]),
        ({}, {"links": [{"type": "a", "target": "b", "note": "1"}]}, {"links": [{"type": "a", "target": "b", "note": "2"}]},
         ["links.a b.note"]),
    ],
)  # fmt: skip
def test_a_key_that_both_changed_differently_is_a_conflict(
    base: Any, ours: Any, theirs: Any, where: list[str]
) -> None:
    assert places(base, ours, theirs) == where


VALUES = st.sampled_from(["x", "y", "z", 1, True])
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "a": VALUES,
        "b": VALUES,
        "g": st.dictionaries(st.sampled_from("pq"), VALUES, min_size=1),
        "cis": st.lists(st.sampled_from("klmno"), unique=True, min_size=1),
        "links": st.lists(
            st.fixed_dictionaries({"type": st.sampled_from("st"), "target": st.sampled_from("uv")}),
            unique_by=lambda link: (link["type"], link["target"]),
            min_size=1,
        ),
    },
)


def facts(data: Any, at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    if isinstance(data, dict):
        return {f for k, v in data.items() for f in facts(v, (*at, k))}
    if isinstance(data, list):
        return {(*at, json.dumps(item, sort_keys=True)) for item in data}
    return {(*at, "=", repr(data))}


@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_nothing_is_lost_and_nothing_invented(base: Any, ours: Any, theirs: Any) -> None:
    one, two = Merge(), Merge(theirs_first=True)
    data = [copy.deepcopy(side) for side in (base, ours, theirs)]
    results = one.values(*data), two.values(*data)
    assert data == [base, ours, theirs]
    sides = [facts(side) for side in (base, ours, theirs)]
    contested = {c.pointer for c in one.conflicts}
    for result in results:
        got = facts(result)
        assert got <= sides[1] | sides[2]
        for fact in (sides[1] | sides[2]) ^ got:
            if any(fact[: len(c)] == c for c in contested):
                continue
            removed = fact in sides[0] and (fact not in sides[1] or fact not in sides[2])
            assert removed, (fact, result)
    for conflict in one.conflicts:
        assert repr(conflict.ours) != repr(conflict.theirs) != repr(conflict.base) != repr(conflict.ours)


def at(minute: int, **more: Any) -> dict[str, Any]:
    return {"at": f"2026-11-28T10:{minute:02}:00Z", "by": "duty", **more}


BASE = [at(0, state="new")]


def timeline(ours: list[Any], theirs: list[Any], published: str = "") -> Any:
    found = merge_timelines(BASE, BASE + ours, BASE + theirs, lambda: published)
    assert found is not None
    return found


def test_entries_stand_in_order_of_time() -> None:
    found = timeline([at(3, note="c"), at(9, note="e")], [at(1, note="a"), at(2, note="b"), at(7, note="d")])
    assert [e["note"] for e in found.entries[1:]] == list("abcde")


def test_entries_of_one_second_all_stay_and_each_side_keeps_its_order() -> None:
    ours, theirs = [at(5, note="z"), at(5, note="a")], [at(5, note="m"), at(5, note="b")]
    one, two = timeline(ours, theirs).entries, timeline(theirs, ours).entries
    assert one == two
    notes = [e["note"] for e in one[1:]]
    assert sorted(notes) == ["a", "b", "m", "z"]
    assert notes.index("z") < notes.index("a")
    assert notes.index("m") < notes.index("b")


def test_what_came_to_both_sides_before_stands_once() -> None:
    both = at(4, note="picked")
    found = timeline([both, at(6, note="x")], [at(3, note="y"), both])
    assert [e["note"] for e in found.entries[1:]] == ["y", "picked", "x"]


def test_one_entry_tells_the_step_that_both_made() -> None:
    ours, theirs = [at(5, state="in_progress", note="mine")], [at(3, state="in_progress"), at(4, note="his")]
    early = timeline(ours, theirs)
    assert early.entries[1:] == [at(3, state="in_progress"), at(4, note="his"), at(5, note="mine")]
    assert early.agreed == {"state": "in_progress"}
    known = timeline(ours, theirs, OURS)
    assert known.entries[1:] == [at(4, note="his"), at(5, state="in_progress", note="mine")]


def test_the_side_that_went_further_goes_on_from_the_common_step() -> None:
    found = timeline([at(2, state="in_progress")], [at(3, state="in_progress"), at(8, state="resolved")])
    assert [e.get("state") for e in found.entries[1:]] == ["in_progress", "resolved"]
    assert found.agreed == {"state": "resolved"}


def test_different_steps_are_contested_and_both_stand_there() -> None:
    found = timeline([at(2, state="in_progress")], [at(3, state="on_hold")])
    assert found.contested == {"state"}
    assert [e.get("state") for e in found.entries] == ["new", "in_progress", "on_hold"]


@pytest.mark.parametrize("published", [OURS, THEIRS, ""])
def test_a_step_before_one_that_both_have_is_contested(published: str) -> None:
    """The other side came there from another state, so neither way is what happened."""
    both = at(2, state="resolved")
    found = timeline([both], [at(2, state="on_hold"), both], published)
    assert found.contested == {"state"}
    one = at(2, set={"impact": "high"})
    assert timeline([at(1, set={"impact": "low"}), one], [one], published).contested == {"impact"}
    assert timeline([at(1, note="seen"), both], [both], published).contested == frozenset()


@pytest.mark.parametrize("published", [OURS, THEIRS, ""])
def test_what_both_have_keeps_its_neighbours_of_the_same_second(published: str) -> None:
    both = at(1, note="a")
    assert timeline([both], [at(1, note="b"), both], published).entries[1:] == [at(1, note="b"), both]


def test_values_follow_the_same_rules() -> None:
    one = at(2, set={"impact": "high"}, was={"impact": "low"})
    found = timeline(
        [one], [at(4, set={"impact": "high", "urgency": "high"}, was={"impact": "low", "urgency": "low"})]
    )
    assert found.entries[1:] == [one, at(4, set={"urgency": "high"}, was={"urgency": "low"})]
    other = at(3, set={"impact": "medium"}, was={"impact": "low"})
    assert timeline([one], [other]).contested == {"impact"}


def test_a_rewritten_timeline_is_not_merged_here() -> None:
    assert merge_timelines(BASE, [at(0, state="gone")], [*BASE, at(1, note="x")]) is None


STEPS = st.lists(
    st.one_of(
        st.builds(lambda n: {"note": n}, st.sampled_from("abc")),
        st.builds(lambda s: {"state": s}, st.sampled_from(["p", "q"])),
        st.builds(lambda s: {"set": {"impact": s}}, st.sampled_from(["h", "l"])),
    ),
    max_size=4,
)


@given(STEPS, STEPS, st.data(), st.sampled_from([OURS, THEIRS, ""]))
def test_timelines_of_both_sides_are_in_the_result(one: Any, two: Any, data: Any, published: str) -> None:
    sides = []
    for steps in (one, two):
        minutes = sorted(data.draw(st.lists(st.integers(1, 5), min_size=len(steps), max_size=len(steps))))
        sides.append([at(m, **s) for m, s in zip(minutes, steps, strict=True)])
        # Nobody says the same twice in one second: which of the two the other side has, could not be told.
        assume(len({json.dumps(e) for e in sides[-1]}) == len(sides[-1]))
    found = timeline(sides[0], sides[1], published)
    times = [e["at"] for e in found.entries]
    assert times == sorted(times)
    kept = {OURS: [0], THEIRS: [1], "": []}[published]
    for number in kept:  # what others have stays as it is, and in its order
        assert added([*BASE, *sides[number]], found.entries) is not None
        assert overtaking([*BASE, *sides[number]], found.entries) is None or found.contested
    notes = [[(e["at"], e["note"]) for e in side if "note" in e] for side in sides]
    for side in notes:
        rest = [(e["at"], e["note"]) for e in found.entries if "note" in e]
        for note in side:
            assert note in rest
            rest.remove(note)
    if not found.contested:
        states = [e["state"] for e in found.entries if "state" in e]
        ends = [[e["state"] for e in side if "state" in e] for side in sides]
        if any(ends):
            assert states[-1] in {end[-1] for end in ends if end}


def test_additions_are_found_between_others_and_told_when_they_overtake() -> None:
    base = [*BASE, at(5, note="x"), at(8, state="in_progress")]
    inner = [base[0], at(3, note="y"), *base[1:]]
    assert (added(base, inner), between(base, inner), overtaking(base, inner)) == ([1], [1], None)
    assert overtaking(base, [base[0], at(3, state="on_hold"), *base[1:]]) == 1
    assert added(base, [base[0], at(5, note="other"), base[2]]) is None
