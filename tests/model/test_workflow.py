from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.model.condition_reader import read_condition
from itsm_gitops.model.workflow import FieldRequirement, Workflow, holds, read_workflow

RAW: dict[str, Any] = {
    "workflow": "change",
    "title": "Change",
    "initial": "draft",
    "states": {
        "draft": {"title": "Draft", "category": "new"},
        "scheduled": {
            "title": "Scheduled",
            "category": "waiting",
            "description": "Waits.",
            "require": [
                "planned_start",
                {"field": "risk", "when": {"type": ["normal", "emergency"]}},
                {"field": "risk", "when": {"major.state": "accepted"}},
            ],
        },
        "doing": {"title": "Doing", "category": "active"},
        "closed": {"title": "Closed", "category": "done", "terminal": True},
        "cancelled": {"title": "Cancelled", "category": "cancelled", "terminal": True},
    },
    "transitions": [
        {"name": "schedule", "from": ["draft"], "to": "scheduled", "when": {"type": "standard"}},
        {
            "name": "authorize",
            "title": "Authorize",
            "from": ["draft", "doing"],
            "to": "scheduled",
            "by": ["approver"],
            "when": {"type": ["normal", "emergency"]},
            "clear": ["on_hold"],
        },
        {"name": "cancel", "from": ["draft", "scheduled", "doing"], "to": "cancelled"},
    ],
    "immutable": ["id"],
    "editable_when_closed": ["labels"],
}


@pytest.fixture
def flow() -> Workflow:
    return read_workflow(RAW)


def test_every_part_is_read(flow: Workflow) -> None:
    assert (flow.name, flow.title, flow.state_field, flow.initial) == ("change", "Change", "state", "draft")
    assert list(flow.states) == ["draft", "scheduled", "doing", "closed", "cancelled"]
    assert flow.states["scheduled"].description == "Waits."
    assert flow.states["scheduled"].require[:2] == (
        FieldRequirement("planned_start"),
        FieldRequirement("risk", read_condition({"type": ["normal", "emergency"]})),
    )
    schedule, authorize, _ = flow.transitions
    assert (schedule.title, schedule.by, schedule.clear) == ("schedule", (), ())
    assert (authorize.title, authorize.sources, authorize.by) == (
        "Authorize",
        ("draft", "doing"),
        ("approver",),
    )
    assert authorize.clear == ("on_hold",)
    assert authorize.when == read_condition({"type": ["normal", "emergency"]})
    assert (flow.immutable, flow.editable_when_closed) == (("id",), ("labels",))


def test_another_state_field() -> None:
    assert read_workflow({**RAW, "state_field": "lifecycle"}).state_field == "lifecycle"


def test_steps_depend_on_state_and_data(flow: Workflow) -> None:
    assert [t.name for t in flow.steps_from("draft", {"type": "standard"})] == ["schedule", "cancel"]
    assert [t.name for t in flow.steps_from("draft", {"type": "normal"})] == ["authorize", "cancel"]
    assert [t.name for t in flow.steps_from("draft", {})] == ["cancel"]
    assert flow.steps_from("closed", {"type": "normal"}) == []
    assert flow.steps_from("unheard", {}) == []


def test_one_step(flow: Workflow) -> None:
    step = flow.step("draft", "scheduled", {"type": "emergency"})
    assert step is not None
    assert step.name == "authorize"
    assert flow.step("draft", "scheduled", {"type": "odd"}) is None
    assert flow.step("scheduled", "draft", {"type": "normal"}) is None


def test_requirements_are_said_once(flow: Workflow) -> None:
    assert flow.required("scheduled", {"type": "standard"}) == ("planned_start",)
    both = {"type": "normal", "major": {"state": "accepted"}}
    assert flow.required("scheduled", both) == ("planned_start", "risk")
    assert flow.required("draft", both) == ()
    assert flow.required("unheard", both) == ()


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_empty_is_missing(flow: Workflow, empty: Any) -> None:
    assert flow.missing(
        "scheduled", {"type": "normal", "planned_start": empty, "risk": {"level": "low"}}
    ) == ("planned_start",)


@pytest.mark.parametrize("present", [0, False, "x", [0], {"a": None}])
def test_zero_and_false_are_not_missing(flow: Workflow, present: Any) -> None:
    assert flow.missing("scheduled", {"planned_start": present}) == ()


def test_ends_and_open_work(flow: Workflow) -> None:
    assert [s for s in flow.states if flow.is_terminal(s)] == ["closed", "cancelled"]
    assert [s for s in flow.states if flow.is_open(s)] == ["draft", "scheduled", "doing"]
    assert not flow.is_terminal("unheard")
    assert not flow.is_open("unheard")


@pytest.mark.parametrize(
    ("condition", "data", "expected"),
    [
        ({}, {}, True),
        ({"a": (1, 2)}, {"a": 2}, True),
        ({"a": (1,)}, {}, False),
        ({"a": (1,), "b": (2,)}, {"a": 1, "b": 3}, False),
        ({"a.b": ("c",)}, {"a": {"b": "c"}}, True),
        ({"a.b": ("c",)}, {"a": "b"}, False),
        ({"a.b": ("c",)}, {"a": ["b"]}, False),
        ({"a.b": ("c",)}, {"a.b": "c"}, True),
        ({"a": ("x",)}, {"a": ["x"]}, True),
        ({"a": ("x",)}, {"a": ["y"]}, False),
    ],
)
def test_conditions(condition: dict[str, tuple[Any, ...]], data: dict[str, Any], expected: bool) -> None:
    assert holds(read_condition(condition), data) is expected


@pytest.mark.parametrize("gone", ["workflow", "title", "initial", "states", "transitions"])
def test_an_incomplete_file_names_what_is_missing(gone: str) -> None:
    with pytest.raises(KeyError, match=gone):
        read_workflow({k: v for k, v in RAW.items() if k != gone})
