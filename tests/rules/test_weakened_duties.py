"""Which changes of a duty ask less than before."""

from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.rules.weakened_duties import weakened_duties

DUE = {"message": "review", "warn_days": [30, 7], "when": {"type": "a"}, "unless": {"done": True}}


def schema(due: Any) -> dict[str, Any]:
    return {"properties": {"by": {"type": "string", **({"x-due": due} if due else {})}}}


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (DUE, ""),
        ({**DUE, "warn_days": [60, 7]}, ""),
        ({**DUE, "message": "look"}, ""),
        ({k: v for k, v in DUE.items() if k != "unless"}, ""),
        ({k: v for k, v in DUE.items() if k != "when"}, ""),
        ({**DUE, "severity": "error"}, ""),
        (None, "is gone"),
        ({**DUE, "severity": "off"}, "is only 'off' any more once the day has passed"),
        ({**DUE, "warn_days": [7]}, "warns later"),
        ({**DUE, "when": {"type": "a", "size": "b"}}, "is asked only under a condition that it did not have"),
        ({**DUE, "unless": {"type": "a"}}, "is lifted in more cases"),
        ({**DUE, "open_only": True}, "ends earlier (open_only)"),
        ({**DUE, "latest_of": ["by"]}, "ends earlier (latest_of)"),
    ],
)
def test_what_asks_less_is_said(after: Any, said: str) -> None:
    found = [how for _, how in weakened_duties(schema(DUE), schema(after))]
    assert found == ([f"the duty 'review' {said}"] if said else [])


def test_the_second_duty_of_a_date_counts_too() -> None:
    both = [DUE, {"message": "notice"}]
    assert [how for _, how in weakened_duties(schema(both), schema(both[:1]))] == [
        "the duty 'notice' is gone"
    ]
    assert list(weakened_duties(schema(both), schema([DUE, {"message": "notice", "warn_days": [9]}]))) == []
