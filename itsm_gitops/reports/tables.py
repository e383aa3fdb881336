"""Pieces that several reports share: groups, age bands, figures of times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from itsm_gitops.model.report import COUNT, DURATION, FEW, RANGE, Bars, Cell, Column
from itsm_gitops.model.wording import Figure, Phrase, Value, percent
from itsm_gitops.reports.log import Log
from itsm_gitops.reports.measures import age, mean, median, ninetieth
from itsm_gitops.service_levels.life import Case

MOST_ROWS = 20
NONE = "none"  # the word of the explorer's facets for what a record does not say
_DAY = 86400

# Bands of age: up to how many days, and how the band is called.
_BANDS = ((1, "d1", "< 1 d"), (7, "d7", "1–7 d"), (30, "d30", "7–30 d"), (90, "d90", "30–90 d"))
_OLDER = ("older", "> 90 d")
BAND_COLUMNS = (*(Column(name, title) for _, name, title in _BANDS), Column(*_OLDER))
BAND_BARS = Bars(
    "stacked", tuple(c.name for c in BAND_COLUMNS), ("step1", "step2", "step3", "step4", "step5")
)


def bands(cases: Iterable[Case], now: int) -> tuple[int, ...]:
    """Return how many records there are in each band of age; a band ends where the next begins."""
    counts = [0] * len(BAND_COLUMNS)
    for case in cases:
        days = age(case, now) / _DAY
        counts[next((i for i, (most, _, _) in enumerate(_BANDS) if days < most), len(_BANDS))] += 1
    return tuple(counts)


def grouped(cases: Iterable[Case], key: Callable[[Case], str]) -> dict[str, list[Case]]:
    """Return records by what ``key`` says of them, in order of first appearance."""
    found: dict[str, list[Case]] = {}
    for case in cases:
        found.setdefault(key(case), []).append(case)
    return found


def largest(cases: Iterable[Case], field: str) -> list[tuple[str, list[Case]]]:
    """Return the groups of records with one text in a field, the largest first, 20 at most."""
    groups = grouped(cases, lambda c: c.text(field))
    return sorted(groups.items(), key=lambda g: (-len(g[1]), g[0]))[:MOST_ROWS]


def by_priority(log: Log, cases: Iterable[Case]) -> list[tuple[str, list[Case]]]:
    """Return the groups of records with one priority, the most urgent first; those without one last."""
    groups = grouped(cases, lambda c: c.priority)
    order = [*log.priorities, ""]
    return [(log.priority_title(p), groups[p]) for p in order if p in groups]


def spread(values: Sequence[float]) -> tuple[Cell, Cell, Cell, Cell]:
    """Return how many values there are, their mean, their median and their 90th percentile."""
    return len(values), mean(values), median(values), ninetieth(values)


SPREAD_COLUMNS = (
    Column("count", "Count", COUNT),
    Column("mean_s", "Mean", DURATION),
    Column("median_s", "Median", DURATION),
    Column("p90_s", "90% within", DURATION),
)
SPREAD_BARS = Bars(RANGE, ("median_s", "p90_s"), ("step4", "step1"))


def parts_of(wholes: Sequence[int], *shares: str) -> dict[str, Sequence[int]]:
    """Return the wholes of some columns of shares, row by row."""
    return dict.fromkeys(shares, wholes)


def of_them(part: int, whole: int) -> Value:
    """Return a part of a whole for a sentence: in percent, or as so many of how many where these are few."""
    if whole < FEW:
        return Phrase("{part} of {whole}", part=part, whole=whole)
    return Figure(percent, part / whole)


def share(part: int, whole: int) -> float | None:
    """Return a part of a whole from 0 to 1; None where there is no whole."""
    return part / whole if whole else None
