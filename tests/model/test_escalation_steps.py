"""Steps of escalations are read from whatever a file says; what makes no sense is no step that calls somebody."""

from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.model.escalation_steps import steps_of


def test_a_step_of_a_team_and_one_of_a_service_level() -> None:
    steps = [
        {"after_minutes": 10, "layer": "Backup"},
        {"at_percent": 75, "metric": "response", "priority": "P1", "team": "desk"},
    ]
    first, second = steps_of({"escalations": steps})
    assert (first.minutes, first.percent, first.layer, first.who) == (10, 0, "Backup", "")
    assert (second.percent, second.who, second.metric, second.priority) == (75, "desk", "response", "P1")


@pytest.mark.parametrize("listed", [None, 3, "x", {}, ["x", None, 4]])
def test_what_is_no_list_of_steps_has_none(listed: Any) -> None:
    assert list(steps_of({"escalations": listed})) == []


@pytest.mark.parametrize("minutes", [None, True, "10", -5, 0, 10**15, 1.5])
def test_what_is_no_time_is_none(minutes: Any) -> None:
    (step,) = steps_of({"escalations": [{"after_minutes": minutes, "person": "anna"}]})
    assert step.minutes == 0
