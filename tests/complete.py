"""Where everything that tests need was installed (`.ci/run`), a test that is left out fails.

Elsewhere tests skip themselves where a browser, npm, Java or an extra is missing. Real data lies beside few checkouts, so
what needs it may be left out everywhere.
"""

from __future__ import annotations

import os
from typing import TypeVar

import pytest

COMPLETE = bool(os.environ.get("ITSM_COMPLETE"))  # read before a fixture hides it
NO_DATA = "ITSM_CORPUS names no folder of real data"

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def not_left_out(report: Report, *, complete: bool = COMPLETE) -> Report:
    """Return the report of a test or a module: one of a failure where it was skipped although nothing is missing."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    # An expected failure is reported like a skipped test.
    if complete and report.skipped and not hasattr(report, "wasxfail") and NO_DATA not in reason:
        report.outcome = "failed"
        report.longrepr = f"left out, though everything was installed here: {reason}"
    return report
