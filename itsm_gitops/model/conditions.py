"""The one language of conditions, as objects: guards, due dates, rules of your own, audiences and approvals use it.

A condition is data (`condition_reader.py` makes objects of it, `condition_names.py` finds words that do not exist).
It is evaluated for a `Subject`: a document with the items and documents that it names, or facts.

The answer is True, False, or None where it is unknown: a reference leads to something that does not exist, or a fact
was not stated. ``and``, ``or`` and ``not`` treat None as Kleene's logic of three values does (Kleene 1952, section
64): the caller decides what it counts as. Demands for approvals count it as True, exceptions from them as False.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any, NamedTuple, Protocol

from itsm_gitops.model.clock import parse_day, parse_time
from itsm_gitops.model.levels import is_at_or_below_one, levels
from itsm_gitops.model.windows import day_after

Data = Mapping[str, Any]
Truth = bool | None
EMPTY: tuple[Any, ...] = (None, "", [], {})  # and not 0 or False, which say something


class Subject(Protocol):
    """The subject that a condition is evaluated for."""

    def values(self, path: str) -> list[Any] | None:
        """The values at a path with dots; lists count as what they hold. None where it is unknown."""
        ...

    def parts(self, path: str) -> list[Subject] | None:
        """What stands in the list at a path, each as a subject of its own."""
        ...

    def linked(self, relation: str) -> list[OtherEnd] | None:
        """The documents at the other end of a link, named by its type or by the inverse of that."""
        ...

    @property
    def now(self) -> datetime | None:
        """The present, for comparisons with ``now``."""
        ...


class OtherEnd(NamedTuple):
    """A document at the other end of a link; ``category`` and ``roles`` are those of its state, empty where it has none."""

    id: str
    kind: str
    state: str
    category: str
    subject: Callable[[], Subject]
    roles: frozenset[str] = frozenset()


class Condition(Protocol):
    """Something that holds of a subject, or does not."""

    def truth(self, subject: Subject) -> Truth:
        """Whether it holds; None where it is unknown."""
        ...

    def words(self) -> Iterator[tuple[str, str]]:
        """What it looks at: ``("path", PATH)`` of the subject, ``("link", TYPE)``, ``("linked path", PATH)``."""
        ...


def holds(condition: Condition, subject: Subject, *, unknown: bool = False) -> bool:
    """Whether a condition holds of a subject; ``unknown`` is the answer where it is unknown."""
    truth = condition.truth(subject)
    return unknown if truth is None else truth


# -- tests of one value ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Among:
    """Is one of some values. A text stands for the levels below it too, however it is written, unless ``exact``."""

    values: tuple[Any, ...]
    tops: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, values: Sequence[Any], *, exact: bool = False) -> Among:
        """Make the test; ``exact`` is for what opens a door."""
        tops = () if exact else tuple(levels(v) for v in values if isinstance(v, str))
        return cls(tuple(values), tops)

    def meets(self, value: Any, _subject: Subject | None = None) -> bool:
        """Whether a value passes."""
        sort = value.__class__
        if sort is str:  # as nearly always
            return value in self.values or (bool(self.tops) and is_at_or_below_one(value, self.tops))
        for wanted in self.values:
            if value == wanted and (wanted.__class__ is sort or bool not in (sort, wanted.__class__)):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Compared:
    """Stands in an order to another value: ``sign`` is one of `ORDERS`; ``path`` names a field, ``value`` is plain."""

    sign: str
    value: Any = None
    path: str = ""

    def meets(self, value: Any, subject: Subject) -> bool:
        """Whether a value passes; what cannot be compared does not."""
        others = (subject.values(self.path) or ()) if self.path else (self.value,)
        return any(_in_order(self.sign, value, other, subject) for other in others)


NOW = "now"
ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "at_least": lambda a, b: bool(a >= b),
    "at_most": lambda a, b: bool(a <= b),
    "above": lambda a, b: bool(a > b),
    "below": lambda a, b: bool(a < b),
    "after": lambda a, b: bool(a > b),
    "before": lambda a, b: bool(a < b),
}
TIMES = ("after", "before")


def _in_order(sign: str, value: Any, other: Any, subject: Subject) -> bool:
    if sign in TIMES:
        return _in_time(sign, value, other, subject.now)
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (value, other))
    return numbers and ORDERS[sign](value, other)


def _in_time(sign: str, value: Any, other: Any, now: datetime | None) -> bool:
    """Compare two times; where one of them is a day, the days in UTC are compared."""
    one = parse_day(value) or _moment(value)
    if one is None:
        return False
    if other == NOW:
        return now is not None and _beside_now(sign, one, now)
    two = parse_day(other) or _moment(other)
    if two is None:
        return False
    if one.__class__ is not two.__class__:
        one, two = _as_day(one), _as_day(two)
    return ORDERS[sign](one, two)


def _beside_now(sign: str, one: date | datetime, now: datetime) -> bool:
    """Compare with the present, which stands on the right: it notes what it is compared with (`watched_time.py`)."""
    if isinstance(one, datetime):
        return one > now if sign == "after" else one < now
    if sign == "after":
        return datetime(one.year, one.month, one.day, tzinfo=UTC) > now
    after = day_after(one)
    return after > one and datetime(after.year, after.month, after.day, tzinfo=UTC) <= now


def _moment(value: Any) -> datetime | None:
    return parse_time(value) if isinstance(value, str) else None


def _as_day(value: date | datetime) -> date:
    return value.astimezone(UTC).date() if isinstance(value, datetime) else value


Test = Among | Compared

# -- conditions --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Always:
    """Holds of everything."""

    def truth(self, _subject: Subject) -> Truth:
        """True."""
        return True

    def words(self) -> Iterator[tuple[str, str]]:
        """Nothing."""
        return iter(())


ALWAYS = Always()


@dataclass(frozen=True, slots=True)
class FieldIs:
    """One of the values at a path passes all tests."""

    path: str
    tests: tuple[Test, ...]

    def truth(self, subject: Subject) -> Truth:
        """Whether it holds; None where the values are not known."""
        values = subject.values(self.path)
        if values is None:
            return None
        for value in values:  # no generators: this runs for most demands of most documents
            for test in self.tests:
                if not test.meets(value, subject):
                    break
            else:
                return True
        return False

    def words(self) -> Iterator[tuple[str, str]]:
        """The path, and those it is compared with."""
        yield "path", self.path
        yield from (("path", t.path) for t in self.tests if isinstance(t, Compared) and t.path)


@dataclass(frozen=True, slots=True)
class Present:
    """Something stands at a path; what is empty is not there."""

    path: str

    def truth(self, subject: Subject) -> Truth:
        """Whether it holds; None where the values are not known."""
        values = subject.values(self.path)
        return None if values is None else any(value not in EMPTY for value in values)

    def words(self) -> Iterator[tuple[str, str]]:
        """The path."""
        yield "path", self.path


@dataclass(frozen=True, slots=True)
class Both:
    """All parts hold."""

    parts: tuple[Condition, ...]

    def truth(self, subject: Subject) -> Truth:
        """False where one part is false, else None where one is unknown."""
        return _truth_of(self.parts, subject, decisive=False)

    def words(self) -> Iterator[tuple[str, str]]:
        """Those of the parts."""
        return chain.from_iterable(part.words() for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either:
    """One of the parts holds."""

    parts: tuple[Condition, ...]

    def truth(self, subject: Subject) -> Truth:
        """True where one part is true, else None where one is unknown."""
        return _truth_of(self.parts, subject, decisive=True)

    def words(self) -> Iterator[tuple[str, str]]:
        """Those of the parts."""
        return chain.from_iterable(part.words() for part in self.parts)


def _truth_of(parts: tuple[Condition, ...], subject: Subject, *, decisive: bool) -> Truth:
    """Return ``decisive`` where one part has that truth, else None where one is unknown, else the contrary."""
    answer: Truth = not decisive
    for part in parts:
        truth = part.truth(subject)
        if truth is decisive:
            return decisive
        answer = truth if truth is None else answer
    return answer


@dataclass(frozen=True, slots=True)
class Negation:
    """The part does not hold."""

    part: Condition

    def truth(self, subject: Subject) -> Truth:
        """The contrary; None stays None."""
        truth = self.part.truth(subject)
        return None if truth is None else not truth

    def words(self) -> Iterator[tuple[str, str]]:
        """Those of the part."""
        yield from self.part.words()


@dataclass(frozen=True, slots=True)
class InList:
    """A part holds of every entry of the list at a path, or of one of them; of an empty list every one does."""

    path: str
    part: Condition
    every: bool

    def truth(self, subject: Subject) -> Truth:
        """Whether it holds; None where the list, or what decides of it, is not known."""
        entries = subject.parts(self.path)
        if entries is None:
            return None
        truths = [self.part.truth(entry) for entry in entries]
        decisive = not self.every
        return decisive if decisive in truths else (None if None in truths else not decisive)

    def words(self) -> Iterator[tuple[str, str]]:
        """The path, and those of the part below it."""
        yield "path", self.path
        for sort, word in self.part.words():
            yield sort, f"{self.path}.{word}" if sort == "path" and word else word


@dataclass(frozen=True, slots=True)
class Linked:
    """There is a document linked in one way of which a part holds; with ``every``, the part holds of all of them.

    ``kinds`` narrow the documents; ``states``, ``categories`` and ``roles`` of states say what they must be (empty: any);
    documents named at the path ``besides`` are left out.
    """

    relation: str
    part: Condition = ALWAYS
    kinds: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    every: bool = False
    besides: str = ""
    roles: frozenset[str] = frozenset()

    def truth(self, subject: Subject) -> Truth:
        """Whether it holds; None where the links are not known."""
        others = subject.linked(self.relation)
        if others is None:
            return None
        truths = [self._truth_of(other) for other in self._asked(others, subject)]
        decisive = not self.every
        return decisive if decisive in truths else (None if None in truths else not decisive)

    def failing(self, subject: Subject) -> list[str]:
        """Return the identifiers of the linked documents of which it does not hold."""
        others = subject.linked(self.relation) or ()
        return [o.id for o in self._asked(others, subject) if not self._truth_of(o)]

    def _asked(self, others: Sequence[OtherEnd], subject: Subject) -> list[OtherEnd]:
        # Most documents have nothing linked, and what is left out stands in the document itself, which need not be read.
        out = (subject.values(self.besides) or ()) if self.besides and others else ()
        return [o for o in others if (not self.kinds or o.kind in self.kinds) and o.id not in out]

    def _truth_of(self, other: OtherEnd) -> Truth:
        if self.states and other.state not in self.states:
            return False
        if self.categories and other.category not in self.categories:
            return False
        if self.roles and not self.roles & other.roles:
            return False
        return True if self.part is ALWAYS else self.part.truth(other.subject())

    def words(self) -> Iterator[tuple[str, str]]:
        """The type of the link, and what is looked at in the documents."""
        yield "link", self.relation
        if self.besides:
            yield "path", self.besides
        yield from ((sort if sort == "link" else "linked path", word) for sort, word in self.part.words())
