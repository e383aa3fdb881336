"""A test that is left out fails where everything was installed, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.complete import NO_DATA, not_left_out


def report(outcome: Any, reason: str = "") -> pytest.TestReport:
    longrepr = ("tests/test_x.py", 3, f"Skipped: {reason}") if outcome == "skipped" else None
    return pytest.TestReport(
        "tests/test_x.py::test", ("tests/test_x.py", 3, "test"), {}, outcome, longrepr, "call"
    )


@pytest.mark.parametrize(
    ("outcome", "reason", "complete", "becomes"),
    [
        ("skipped", "npm is not installed", True, "failed"),
        ("skipped", "npm is not installed", False, "skipped"),
        ("skipped", NO_DATA, True, "skipped"),
        ("passed", "", True, "passed"),
    ],
)
def test_what_is_left_out(outcome: Any, reason: str, complete: bool, becomes: str) -> None:
    judged = not_left_out(report(outcome, reason), complete=complete)
    assert judged.outcome == becomes
    assert becomes != "failed" or reason in str(judged.longrepr)


def test_an_expected_failure_is_none_of_them() -> None:
    expected = report("skipped", "a known fault")
    expected.wasxfail = "a known fault"  # type: ignore[attr-defined]
    assert not_left_out(expected, complete=True).outcome == "skipped"
