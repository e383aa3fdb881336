"""The table of rows: goals from goals.toml, timings compared with their yardsticks, verdicts, growth."""

from __future__ import annotations

import math
import statistics
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

GOALS = Path(__file__).with_name("goals.toml")
_SMALL, _LARGE = "10000", "100000"  # growth is computed from one to the other

MET, MISSED, OPEN = "met", "missed", "-"


class Goal(NamedTuple):
    """At most ``times`` as long as a yardstick, at some sizes or (empty) at all."""

    against: str
    times: float
    at: tuple[int, ...] = ()

    def holds(self, records: int) -> bool:
        """Whether this is asked at a size."""
        return not self.at or records in self.at


class Row(NamedTuple):
    """One operation and what is asked of it; 0 where nothing is. Memory and output are in megabytes."""

    name: str
    title: str
    goals: tuple[Goal, ...] = ()
    memory: float = 0
    output: float = 0
    files: float = 0
    growth: float = 0

    def goal(self, records: int) -> Goal | None:
        """Return the goal at a size, or the last one, which then only says what to compare with."""
        return next((g for g in self.goals if g.holds(records)), self.goals[-1] if self.goals else None)


class Sample(NamedTuple):
    """One process: seconds on the wall and of the processors, and megabytes of the largest process."""

    wall: float
    processor: float
    megabytes: float


class Measured(NamedTuple):
    """The runs of one command at one size, in order of rounds.

    ``trouble`` says why there are none. ``output`` is in megabytes, ``files`` for each record; ``equal`` is False
    where what was written differs from what must be there.
    """

    samples: Sequence[Sample] = ()
    trouble: str = ""
    output: float = 0
    files: float = 0
    equal: bool = True


class Spread(NamedTuple):
    """A median with its quartiles."""

    median: float
    low: float
    high: float


class Verdict(NamedTuple):
    """One row at one size: its time, how it compares with its yardstick, what is met and what is not."""

    row: str
    title: str
    size: str
    seconds: Spread | None
    processor: float
    megabytes: float
    against: str
    ratio: Spread | None
    wanted: float
    state: str
    remarks: tuple[str, ...]


def read_goals(path: Path = GOALS) -> list[Row]:
    """Read the rows in their order."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))["row"]
    return [_row(one) for one in raw]


def _row(raw: Mapping[str, Any]) -> Row:
    goals = tuple(Goal(g["against"], g["times"], tuple(g.get("at", ()))) for g in raw["goal"])
    limits = {name: raw.get(name, 0) for name in ("memory", "output", "files", "growth")}
    return Row(raw["name"], raw["title"], goals, **limits)


def spread(values: Iterable[float]) -> Spread:
    """Return median and quartiles; of one value, that value three times."""
    found = sorted(values)
    if len(found) == 1:
        return Spread(found[0], found[0], found[0])
    low, median, high = statistics.quantiles(found, n=4, method="inclusive")
    return Spread(median, low, high)


def compare(row: Measured, yardstick: Measured) -> Spread:
    """Return how many times the yardstick a row takes: the spread over rounds, each compared with its neighbour."""
    pairs = zip(row.samples, yardstick.samples, strict=False)
    return spread(one.wall / other.wall for one, other in pairs)


def verdict(row: Row, size: str, records: int, runs: Mapping[str, Measured]) -> Verdict:
    """Judge one row at one size; ``runs`` are those of all rows and yardsticks of that size."""
    own = runs.get(row.name, Measured(trouble="not measured"))
    if not own.samples:
        return Verdict(row.name, row.title, size, None, 0, 0, "", None, 0, OPEN, (own.trouble,))
    remarks = []
    goal, ratio, state = row.goal(records), None, OPEN
    if goal:
        other = runs.get(goal.against, Measured(trouble="not measured"))
        if other.samples:
            ratio = compare(own, other)
            if goal.holds(records):
                state = MET if ratio.median <= goal.times else MISSED
            if state == MISSED:
                remarks.append(f"missed by {ratio.median / goal.times:.2f} x")
        else:
            remarks.append(f"{goal.against}: {other.trouble}")
    megabytes = max(s.megabytes for s in own.samples)
    exceeded = list(_exceeded(row, own, megabytes)) if records >= int(_LARGE) else []
    if not own.equal:
        exceeded.append("bytes differ from a cold build")
    if exceeded:
        state, remarks = MISSED, [*remarks, *exceeded]
    return Verdict(
        row.name,
        row.title,
        size,
        spread(s.wall for s in own.samples),
        statistics.median(s.processor for s in own.samples),
        megabytes,
        goal.against if goal else "",
        ratio,
        goal.times if goal and goal.holds(records) else 0,
        state,
        tuple(remarks),
    )


def _exceeded(row: Row, own: Measured, megabytes: float) -> Iterator[str]:
    limits = [
        ("MB of memory", megabytes, row.memory),
        ("MB written", own.output, row.output),
        ("files a record", own.files, row.files),
    ]
    for unit, value, limit in limits:
        if limit and value > limit:
            yield f"{value:,.4g} {unit}, {value / limit:.2f} x"


def growth(row: Row, runs: Mapping[str, Mapping[str, Measured]]) -> tuple[float, str] | None:
    """Return the exponent with which a row grows from 10,000 to 100,000 records and whether its bound holds."""
    small, large = (runs.get(size, {}).get(row.name, Measured()) for size in (_SMALL, _LARGE))
    if not row.growth or not small.samples or not large.samples:
        return None
    times = spread(s.wall for s in large.samples).median / spread(s.wall for s in small.samples).median
    exponent = math.log(times) / math.log(int(_LARGE) / int(_SMALL))
    return exponent, MET if exponent <= row.growth else MISSED


def lines(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """Yield the table as text, a line for each verdict."""
    yield f"{'operation':<34}{'size':>8}{'seconds (quartiles)':>26}{'CPU s':>8}{'MB':>7}  {'compared with':<20}{'goal':>6}  verdict"
    for v in verdicts:
        if v.seconds is None:
            yield f"{v.title:<34}{v.size:>8}  {'; '.join(v.remarks)}"
            continue
        seconds = f"{v.seconds.median:.3f} ({v.seconds.low:.3f}-{v.seconds.high:.3f})"
        ratio = f"{v.ratio.median:.2f} x {v.against}" if v.ratio else v.against
        wanted = f"{v.wanted:g}" if v.wanted else ""
        about = "; ".join((v.state, *v.remarks))
        yield f"{v.title:<34}{v.size:>8}{seconds:>26}{v.processor:>8.2f}{v.megabytes:>7.0f}  {ratio:<20}{wanted:>6}  {about}"
