"""A demand that was changed is as strict only where its words show it."""

from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.model.strictness import implies, weaker, weaker_step

FIELD = {"field": "review"}


@pytest.mark.parametrize(
    ("one", "other", "certain"),
    [
        ({"a": 1}, None, True),
        (None, {"a": 1}, False),
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": ["x"]}, {"a": ["x", "y"]}, True),
        ({"a": "x"}, {"a": ["x", "y"]}, True),
        ({"a": ["x", "y"]}, {"a": ["x"]}, False),
        ({"or": [{"a": 1}]}, {"or": [{"a": 1}, {"b": 1}]}, True),
        ({"or": [{"a": 1}, {"b": 1}]}, {"or": [{"a": 1}]}, False),
        ({"and": [{"a": 1}, {"b": 1}]}, {"and": [{"a": 1}]}, True),
        ({"not": {"a": 1}}, {"not": {"a": 1, "b": 1}}, True),
        ({"not": {"a": 1, "b": 1}}, {"not": {"a": 1}}, False),
        ({"link": "x", "to": ["change"]}, {"link": "x"}, True),
        ({"link": "x"}, {"link": "x", "to": ["change"]}, False),
        ({"linked": "x", "category": ["done"], "besides": "left"}, {"linked": "x", "category": ["done"]}, False),
        ({"linked": "x", "category": ["done"]}, {"linked": "x", "category": ["done"], "besides": "left"}, True),
        ({"a": {"present": True}}, {"a": {"present": False}}, False),
    ],
)  # fmt: skip
def test_what_certainly_holds_only_where_another_does(one: Any, other: Any, certain: bool) -> None:
    assert implies(one, other) is certain


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        (FIELD, FIELD, []),
        (FIELD, {**FIELD, "when": {"impact": "high"}}, ["when"]),
        ({**FIELD, "when": {"impact": "high"}}, FIELD, []),
        ({**FIELD, "when": {"impact": ["high"]}}, {**FIELD, "when": {"impact": ["high", "medium"]}}, []),
        (FIELD, {**FIELD, "since": "2027-01-01"}, ["since"]),
        ({**FIELD, "since": "2026-01-01"}, {**FIELD, "since": "2026-02-01"}, ["since"]),
        ({**FIELD, "since": "2026-02-01"}, {**FIELD, "since": "2026-01-01"}, []),
        ({"must": {"a": 1}}, {"must": {"a": 1}, "severity": "warning"}, ["severity"]),
        ({"must": {"a": 1}, "severity": "info"}, {"must": {"a": 1}}, []),
        ({"must": {"a": 1, "b": 1}}, {"must": {"a": 1}}, ["must"]),
        ({"must": {"a": 1}}, {"must": {"a": 1, "b": 1}}, []),
        ({"must": {"a": 1}, "for": ["change", "incident"]}, {"must": {"a": 1}, "for": ["change"]}, ["for"]),
        ({"must": {"a": 1}, "while": ["new"]}, {"must": {"a": 1}, "while": ["new", "closed"]}, []),
        ({"field": "on_hold"}, {"field": "on_hold", "except": ["cancelled"]}, ["except"]),
    ],
)
def test_every_way_of_asking_less_is_told(before: Any, after: Any, keys: list[str]) -> None:
    assert [key for key, _ in weaker(before, after)] == keys


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        ({"by": ["owner"]}, {"by": ["owner"]}, []),
        ({"by": ["owner", "board"]}, {"by": ["owner"]}, []),
        ({"by": ["owner"]}, {"by": ["owner", "board"]}, ["by"]),
        ({"by": ["owner"]}, {}, ["by"]),
        ({"reason": True}, {}, ["reason"]),
        ({}, {"reason": True, "by": ["owner"]}, []),
    ],
)
def test_a_step_that_is_held_back_less(before: Any, after: Any, keys: list[str]) -> None:
    assert [key for key, _ in weaker_step(before, after)] == keys
