"""What a service level promises, and what became of one promise for one record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from itsm_gitops.service_levels.life import Case


@dataclass(frozen=True, slots=True)
class Target:
    """One promise of a service level: the longest time (seconds) and the share of records to keep it for."""

    level: str
    number: int
    record: str
    metric: str
    priority: str
    seconds: int
    goal: float | None
    period: str = ""


class Clock(NamedTuple):
    """The result of one target for one record; ``over`` is how long it ran beyond its time (seconds)."""

    target: Target
    case: Case
    service: str
    verdict: str
    used: int

    @property
    def over(self) -> int:
        """How long it ran beyond its time, in seconds of the calendar."""
        return max(0, self.used - self.target.seconds)


def targets_of(level: str, data: Mapping[str, Any]) -> Iterator[Target]:
    """Yield the promises of a service level as written; what the schema refuses is left out."""
    raw = data.get("targets")
    for number, entry in enumerate(raw if isinstance(raw, list) else ()):
        if not isinstance(entry, Mapping):
            continue
        minutes, percent = entry.get("minutes"), entry.get("percent")
        yield Target(
            level,
            number,
            str(entry.get("record", "")),
            str(entry.get("metric", "")),
            str(entry.get("priority", "")),
            minutes * 60 if isinstance(minutes, int) else 0,
            percent / 100 if isinstance(percent, int | float) else None,
            str(entry.get("period", "")),
        )
