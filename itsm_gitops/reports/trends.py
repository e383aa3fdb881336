"""How the main figure of a report went: the same measure in the last periods of 30 days.

A report shows a trend where it can compare two whole periods within its time and since the first record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from itsm_gitops.model.report import COUNT, SHARE
from itsm_gitops.model.trend import TREND_DAYS, Trend
from itsm_gitops.reports.log import Bucket, Log
from itsm_gitops.reports.tables import share
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


def happened(
    log: Log, what: str, form: str, figure: Callable[[Bucket], float | None], good: int = 0
) -> Trend | None:
    """Return how a figure of a period went; None where the last two cannot be compared."""
    values = [figure(period) for period in periods(log)]
    known: list[float] = []
    for value in reversed(values):  # back to the first period that has no such figure
        if value is None:
            break
        known.append(value)
    return Trend(what, form, tuple(known[::-1]), good=good) if len(known) > 1 else None


def shared(log: Log, what: str, parts: Callable[[Bucket], tuple[int, int]], good: int) -> Trend | None:
    """Return how a share went, which is so many of how many of a period; None where the last two cannot be compared."""
    found = happened(log, what, SHARE, lambda period: share(*parts(period)), good)
    if found is None:
        return None
    wholes = [parts(period)[1] for period in periods(log)]
    return found._replace(wholes=tuple(wholes[-len(found.values) :]))


def standing(log: Log, what: str, kinds: Sequence[str]) -> Trend | None:
    """Return how many records of some kinds were open at the end of each period; fewer are better."""
    ends = [period.end for period in periods(log)]
    return Trend(what, COUNT, tuple(log.open_before(ends, kinds)), stands=True, good=-1) if ends else None


def during(period: Bucket, cases: Iterable[Case], moment: Callable[[Case], int | None]) -> list[Case]:
    """Return the records of which a moment lies in a period."""
    return [c for c in cases if (at := moment(c)) is not None and period.start <= at < period.end]
