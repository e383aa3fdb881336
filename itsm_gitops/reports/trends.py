"""How the main figure of a report went: the same measure in the last periods of 30 days.

A report shows a trend where it can compare two whole periods within its time and since the first record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from itsm_gitops.model.report import COUNT, TREND_DAYS, Trend
from itsm_gitops.reports import measures
from itsm_gitops.reports.log import Bucket, Log
from itsm_gitops.service_levels.life import Case

_PERIOD = TREND_DAYS * 86400
_MOST = 6


def periods(log: Log) -> list[Bucket]:
    """Return the last periods of 30 days up to the moment of the report, oldest first; none where two are not there."""
    begin = max(log.since, log.until if log.first is None else log.first)
    count = min(_MOST, (log.until - begin) // _PERIOD)
    ends = [log.until - _PERIOD * n for n in range(count)][::-1]
    # What happened at this very moment belongs to the last one.
    found = [Bucket(str(n), end - _PERIOD + 1, end + 1) for n, end in enumerate(ends)]
    return found if len(found) > 1 else []


def happened(log: Log, what: str, form: str, figure: Callable[[Bucket], float | None]) -> Trend | None:
    """Return how a figure of a period went; None where the last two cannot be compared."""
    values = [figure(period) for period in periods(log)]
    known: list[float] = []
    for value in reversed(values):  # back to the first period that has no such figure
        if value is None:
            break
        known.append(value)
    return Trend(what, form, tuple(known[::-1])) if len(known) > 1 else None


def standing(log: Log, what: str, cases: Sequence[Case]) -> Trend | None:
    """Return how many of some records were open at the end of each period."""
    ends = periods(log)
    return Trend(what, COUNT, tuple(measures.backlog_at(cases, ends)), stands=True) if ends else None


def during(period: Bucket, cases: Iterable[Case], moment: Callable[[Case], int | None]) -> list[Case]:
    """Return the records of which a moment lies in a period."""
    return [c for c in cases if (at := moment(c)) is not None and period.start <= at < period.end]
