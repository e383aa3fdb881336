from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.model.priority import Priority, derive, priority, rank

POLICY = {
    "priorities": {"P1": {"title": "Critical"}, "P2": {"title": "High"}},
    "matrix": {"high": {"high": "P1", "low": "P2"}, "low": {"high": "P2", "low": "P9"}, "odd": {"high": 1}},
}


def test_the_matrix_decides() -> None:
    assert priority(POLICY, {"impact": "high", "urgency": "high"}) == Priority("P1", "Critical")
    assert priority(POLICY, {"impact": "low", "urgency": "high"}) == Priority("P2", "High")
    assert priority(POLICY, {"impact": "low", "urgency": "low"}) == Priority("P9", "P9")  # no title known


def test_an_override_wins_where_it_is_known() -> None:
    data: dict[str, Any] = {"impact": "low", "urgency": "high"}
    assert priority(POLICY, {**data, "priority_override": {"priority": "P1"}}) == Priority(
        "P1", "Critical", True
    )
    assert priority(POLICY, {"priority_override": {"priority": "P1"}}) == Priority("P1", "Critical", True)
    for broken in ({"priority": "P0"}, {"priority": ["P1"]}, {}, "P1", None):
        assert priority(POLICY, {**data, "priority_override": broken}) == Priority("P2", "High")


@pytest.mark.parametrize(
    ("impact", "urgency"),
    [(None, "high"), ("high", None), ("huge", "high"), ("high", "huge"), (["high"], "high"), ("odd", "high")],
)
def test_what_the_matrix_does_not_know_has_no_priority(impact: Any, urgency: Any) -> None:
    assert derive(POLICY, impact, urgency) == ""
    assert priority(POLICY, {"impact": impact, "urgency": urgency}) is None


def test_without_a_policy_there_is_no_priority() -> None:
    assert priority({}, {"impact": "high", "urgency": "high"}) is None


def test_ranks_put_the_unknown_last() -> None:
    assert sorted(["P9", "P2", "P1"], key=lambda p: rank(POLICY, p)) == ["P1", "P2", "P9"]
    assert rank({}, "P1") == 0
