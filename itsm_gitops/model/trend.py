"""How a figure of a report went: the last 30 days beside the 30 days before."""

from __future__ import annotations

from typing import Any, NamedTuple

from itsm_gitops.model.report import FEW, Column, shown
from itsm_gitops.model.wording import ENGLISH, Figure, Phrase, Value, Writer

BETTER, WORSE = "better", "worse"
TREND_DAYS = 30  # the length of a period that is compared with the one before
_HAPPENED = (
    "{what} in the last {days} days: {now}, up from {before} in the {days} days before",
    "{what} in the last {days} days: {now}, down from {before} in the {days} days before",
    "{what} in the last {days} days: {now}, as in the {days} days before",
)
_BRIEFLY = (
    "last {days} days: {now}, up from {before}",
    "last {days} days: {now}, down from {before}",
    "last {days} days: {now}, as before",
)
_STANDS = (
    "{what}: up from {before} to {now} in the last {days} days",
    "{what}: down from {before} to {now} in the last {days} days",
    "{what}: {now}, as {days} days ago",
)
_STANDS_BRIEFLY = (
    "up from {before} to {now} in {days} days",
    "down from {before} to {now} in {days} days",
    "as {days} days ago",
)


class Trend(NamedTuple):
    """How a figure went: its values in the last periods of 30 days, oldest first; the last ends with the report.

    ``what`` names the figure and ``form`` is that of a column. ``stands`` says that the values are those at the end
    of each period, not of what happened in it. ``good`` is 1 where more is better, -1 where less is, 0 where neither.
    ``wholes`` says of how many the shares are parts: of few, both are written as such.
    """

    what: str
    form: str
    values: tuple[float, ...]
    stands: bool = False
    good: int = 0
    wholes: tuple[int, ...] = ()

    @property
    def verdict(self) -> str:
        """Whether the last period went better or worse than the one before; empty where that cannot be said."""
        before, now = self.values[-2:]
        if not self.good or self.said(now) == self.said(before):
            return ""
        return BETTER if (now > before) == (self.good > 0) else WORSE

    @property
    def text(self) -> Phrase:
        """The last period beside the one before; values that are written alike count as the same."""
        return self._compared(_STANDS if self.stands else _HAPPENED)

    @property
    def brief(self) -> Phrase:
        """The same without saying what it is compared with, for where many stand beside each other."""
        return self._compared(_STANDS_BRIEFLY if self.stands else _BRIEFLY)

    def _compared(self, texts: tuple[str, str, str]) -> Phrase:
        before, now = self.values[-2:]
        up, down, same = texts
        text = same if self.said(now) == self.said(before) else up if now > before else down
        said = {"now": self._figure(-1), "before": self._figure(-2)}
        return Phrase(text, what=Phrase(self.what), days=TREND_DAYS, **said)

    def _figure(self, at: int) -> Value:
        """Return one of the last two values: a share of few, or beside one of few, as so many of how many."""
        value = self.values[at]
        if self.wholes and min(self.wholes[-2:]) < FEW:
            return Phrase("{part} of {whole}", part=round(value * self.wholes[at]), whole=self.wholes[at])
        return Figure(self.said, value)

    def said(self, value: float, writer: Writer = ENGLISH) -> str:
        """Return a value as readers of a language write it."""
        return shown(Column("", "", self.form), value, writer)

    def as_json(self) -> dict[str, Any]:
        """Return the trend as JSON data: durations in seconds, shares from 0 to 1."""
        return {"what": self.what, "form": self.form, "days": TREND_DAYS, "values": list(self.values)}
