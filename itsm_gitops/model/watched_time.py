"""The present, watched: until when would an answer that looked at the clock stay the same?

A rule that compares the present with a date says the same until that date has come. `WatchedTime` is a present that
notes what it is compared with, so that an answer can be kept until the nearest such moment. Whatever else is asked of
it (the distance to another moment, its text) may change at any time, and the answer cannot be kept at all.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Self, overload

_HARMLESS = frozenset(
    (
        "date",
        "tzinfo",
        "_watch",
        "_shift",
        "_meet",
        "_text",
        "astimezone",
        "replace",
        "watch",
        "plain",
        "__class__",
    )
)
_DAY = timedelta(days=1)
FOREVER = datetime.max.replace(tzinfo=UTC)


class Watch:
    """When the answers of those who looked at a watched present may change.

    ``until`` is the first such moment (exclusive); ``since`` is the present itself: an answer says nothing about
    earlier times. ``until`` equals ``since`` where an answer may change at any time.
    """

    def __init__(self, present: datetime) -> None:
        self.since = present
        self.until = FOREVER

    def note(self, moment: datetime) -> None:
        """Note a moment at which an answer may change."""
        if self.since < moment < self.until:
            self.until = moment

    def give_up(self) -> None:
        """Note that an answer may change at any time."""
        self.until = self.since


class WatchedTime(datetime):
    """A present with a time zone that notes in its watch what it is compared with."""

    _watch: Watch
    _shift: timedelta

    @classmethod
    def of(cls, present: datetime, watch: Watch, shift: timedelta = timedelta()) -> WatchedTime:
        """Return a watched copy of a moment that lies ``shift`` after the present."""
        made = cls(
            present.year,
            present.month,
            present.day,
            present.hour,
            present.minute,
            present.second,
            present.microsecond,
            tzinfo=present.tzinfo,
            fold=present.fold,
        )
        made._watch = watch
        made._shift = shift
        return made

    def watch(self, watch: Watch) -> None:
        """Let another watch note what is asked from now on."""
        self._watch = watch

    @property
    def plain(self) -> datetime:
        """The moment without a watch: for what does not decide any answer."""
        return self._watch.since + self._shift

    def __getattribute__(self, name: str) -> Any:
        if name not in _HARMLESS:
            super().__getattribute__("_watch").give_up()
        return super().__getattribute__(name)

    def _meet(self, other: object) -> datetime:
        """Note that another moment is compared with this one; return this one as a plain moment."""
        watch, shift = self._watch, self._shift
        if not isinstance(other, datetime) or isinstance(other, WatchedTime) or other.tzinfo is None:
            watch.give_up()
        else:
            try:
                moment = other - shift
                watch.note(moment)
                watch.note(moment + timedelta.resolution)
            except OverflowError:
                watch.give_up()
        return watch.since + shift

    def __lt__(self, other: Any) -> bool:
        return bool(self._meet(other) < other)

    def __le__(self, other: Any) -> bool:
        return bool(self._meet(other) <= other)

    def __gt__(self, other: Any) -> bool:
        return bool(self._meet(other) > other)

    def __ge__(self, other: Any) -> bool:
        return bool(self._meet(other) >= other)

    def __eq__(self, other: object) -> bool:
        return self._meet(other) == other

    def __hash__(self) -> int:
        self._watch.give_up()
        return hash(self._watch.since + self._shift)

    def __add__(self, other: timedelta) -> Self:
        watch, shift = self._watch, self._shift + other
        return WatchedTime.of((watch.since + shift).astimezone(self.tzinfo), watch, shift)  # type: ignore[return-value]

    __radd__ = __add__

    @overload  # type: ignore[override]
    def __sub__(self, other: timedelta) -> Self: ...
    @overload
    def __sub__(self, other: datetime) -> timedelta: ...
    def __sub__(self, other: datetime | timedelta) -> Self | timedelta:
        if isinstance(other, timedelta):
            return self + (-other)
        self._watch.give_up()
        return self._watch.since + self._shift - other

    def __rsub__(self, other: datetime) -> timedelta:
        self._watch.give_up()
        return other - (self._watch.since + self._shift)

    def date(self) -> date:
        """Return the day; the answer may change when the next one begins."""
        watch, shift = self._watch, self._shift
        plain = (watch.since + shift).astimezone(self.tzinfo)
        midnight = datetime.combine(plain.date() + _DAY, datetime.min.time(), self.tzinfo)
        watch.note(midnight - shift)
        return plain.date()

    def astimezone(self, tz: tzinfo | None = None) -> Any:
        """Return the plain moment in another time zone; the answer may change at any time."""
        self._watch.give_up()
        return (self._watch.since + self._shift).astimezone(tz)

    def replace(self, *values: Any, **named: Any) -> Any:
        """Return a plain moment with other parts; the answer may change at any time."""
        self._watch.give_up()
        return (self._watch.since + self._shift).replace(*values, **named)

    def _text(self) -> str:
        self._watch.give_up()
        return str(self._watch.since + self._shift)

    __str__ = __repr__ = _text

    def __format__(self, form: str) -> str:
        self._watch.give_up()
        return format(self._watch.since + self._shift, form)

    def __reduce_ex__(self, protocol: object) -> Any:
        self._watch.give_up()
        return (self._watch.since + self._shift).__reduce_ex__(2)


def watched(present: datetime) -> tuple[WatchedTime, Watch]:
    """Return a watched copy of the present, and its watch."""
    watch = Watch(present)
    return WatchedTime.of(present, watch), watch


def unwatched(moment: datetime) -> datetime:
    """Return a moment without a watch: for what saves work and decides no answer."""
    return moment.plain if isinstance(moment, WatchedTime) else moment
