"""The filter language of `itsm list`, read: text becomes a small tree; what its words mean is not known here.

    state:open and (priority:P1 or priority:P2) -team:none opened:>-30d "disk full"

A condition is ``word:value`` or ``word=value``; commas between values are an "or", ``>``, ``>=``, ``<``, ``<=`` stand
before a value and ``..`` between two. Conditions side by side must all hold; ``and``, ``or``, ``not`` (in any case) and
parentheses are what they are in Jira, GitHub and Lucene, and a dash before a condition is a ``not``. Whatever is no
condition is text that a document must contain. Double quotes make a text of anything.

Filters come from people, scripts and addresses of pages: how long and how deep one may be is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from itsm_gitops.model.clock import parse_day
from itsm_gitops.model.errors import UsageError

LONGEST = 20_000  # characters
DEEPEST = 40  # parentheses within each other
MOST_CONDITIONS = 200
MOST_VALUES = 2_000  # of all conditions

_WORD = re.compile(r"(-?)([^\W\d](?:[\w.-]*\w)?)([:=])")
_OPERATOR = re.compile(r">=|<=|>|<")
_BARE = re.compile(r'[^\s(),"]+')
_TEXT = re.compile(r'[^\s()"]+')
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt].*)?", re.ASCII)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FilterValue:
    """One value of a condition.

    ``operator`` is ``>``, ``>=``, ``<``, ``<=``, ``..`` (then ``upper`` is the other end; either may be empty) or
    empty. A ``quoted`` value is text: ``"none"``, ``"*"`` and ``"@me"`` have no meaning of their own.
    """

    text: str
    column: int
    operator: str = ""
    upper: str = ""
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class FilterTerm:
    """One condition: one of ``values`` is what the document has by the name ``word``.

    ``exact`` stands for ``=``: the field of that name is this and nothing else. ``option`` is the option of the
    command line that the condition comes from, empty where it stands in the filter at ``column`` (from 1).
    """

    word: str
    values: tuple[FilterValue, ...]
    column: int = 0
    exact: bool = False
    option: str = ""

    def error(self, message: str, hint: str = "", column: int = 0) -> UsageError:
        """Return the error that names the place of the condition."""
        return UsageError(f"{self.option or f'filter, column {column or self.column}'}: {message}", hint)


@dataclass(frozen=True, slots=True)
class FilterText:
    """Text that a document must contain."""

    text: str
    column: int = 0
    option: str = ""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part must hold; with no part, anything does."""

    parts: tuple[FilterNode, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the parts must hold."""

    parts: tuple[FilterNode, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """The part must not hold."""

    part: FilterNode


FilterNode = FilterTerm | FilterText | AllOf | AnyOf | NoneOf


def words_of(node: FilterNode) -> frozenset[str]:
    """Return the words by which a filter asks, wherever they stand in it."""
    if isinstance(node, FilterTerm):
        return frozenset([node.word])
    parts = (
        node.parts if isinstance(node, AllOf | AnyOf) else (node.part,) if isinstance(node, NoneOf) else ()
    )
    return frozenset().union(*map(words_of, parts))


def parse_filter(text: str, groups: Iterable[tuple[int, int]] = ()) -> FilterNode:
    """Read a filter; raises UsageError that names the column (from 1) of what cannot be understood.

    ``groups`` are parts of the text (start and end, the first not a blank) that belong together as if in parentheses.
    """
    if len(text) > LONGEST:
        raise UsageError(
            f"the filter has {len(text):,} characters", f"at most {LONGEST:,}: ask for less at once"
        )
    return _Parser(text, dict(groups)).whole()


def quote(text: str) -> str:
    """Return text as one value of a filter, in quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Parser:
    """Reads one filter from left to right."""

    def __init__(self, text: str, groups: dict[int, int]) -> None:
        self._text = text
        self._groups = groups
        self._at = 0
        self._depth = 0
        self._conditions = 0
        self._values = 0
        self._skip()

    def whole(self) -> FilterNode:
        if self._ended():
            return AllOf(())
        node = self._any()
        if not self._ended():  # only a parenthesis ends what can be read
            raise self._error("there is no '(' to this ')'", 'a text with parentheses needs quotes: "f(x)"')
        return node

    def _ended(self) -> bool:
        return self._at >= len(self._text)

    def _skip(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _error(self, message: str, hint: str, at: int | None = None) -> UsageError:
        return UsageError(f"filter, column {(self._at if at is None else at) + 1}: {message}", hint)

    def _keyword(self) -> str:
        """Return and, or, not where one stands here; empty otherwise."""
        word = _TEXT.match(self._text, self._at)
        lowered = word[0].lower() if word else ""
        return lowered if lowered in ("and", "or", "not") else ""

    def _take(self, length: int) -> None:
        self._at += length
        self._skip()

    def _any(self) -> FilterNode:
        parts = [self._all()]
        while self._keyword() == "or":
            self._take(2)
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> FilterNode:
        parts = [self._not()]
        while not self._ended() and self._text[self._at] != ")" and self._keyword() != "or":
            if self._keyword() == "and":
                self._take(3)
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _not(self) -> FilterNode:
        negative = False
        while self._keyword() == "not":
            self._take(3)
            negative = not negative
        node = self._one()
        return NoneOf(node) if negative else node

    def _one(self) -> FilterNode:
        if self._ended() or self._text[self._at] == ")" or self._keyword():
            before = "at its end" if self._ended() else f"before '{self._keyword() or ')'}'"
            hint = 'the words and, or, not join conditions; as text they need quotes: "and"'
            raise self._error(f"the filter lacks a condition {before}", hint)
        if self._at in self._groups:
            return self._part(self._groups.pop(self._at))
        if self._text[self._at] == "(":
            return self._group()
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            raise self._error(
                f"the filter has more than {MOST_CONDITIONS} conditions", "ask for less at once"
            )
        word = _WORD.match(self._text, self._at)
        if word:
            return self._term(word)
        return self._free_text()

    def _free_text(self) -> FilterText:
        """Read a text that documents must contain; a day without quotes must exist, as no document has a 30 February."""
        start = self._at
        text, quoted = self._piece(_TEXT)
        day = _DAY.fullmatch(text)
        if day and not quoted and parse_day(day[1]) is None:
            raise self._error(f"there is no day {day[1]}", f"as text it needs quotes: {quote(text)}", start)
        self._skip()
        return FilterText(text, start + 1)

    def _part(self, end: int) -> FilterNode:
        """Read a part of the text that is a filter of its own."""
        whole, self._text = self._text, self._text[:end]
        node = self.whole()
        self._text = whole
        self._skip()
        return node

    def _group(self) -> FilterNode:
        opening = self._at
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(f"more than {DEEPEST} parentheses within each other", "ask for less at once")
        self._take(1)
        node = self._any()
        if self._ended():
            raise self._error("this '(' is never closed", "close it with ')'", opening)
        self._take(1)
        self._depth -= 1
        return node

    def _term(self, word: re.Match[str]) -> FilterNode:
        start = self._at
        negative, name, sign = word.groups()
        self._at = word.end()
        values = [self._value(name)]
        while not self._ended() and self._text[self._at] == ",":
            self._at += 1
            values.append(self._value(name))
        self._skip()
        first, *rest = name.split(".")
        path = ".".join((first.replace("-", "_"), *rest))
        term = FilterTerm(path, tuple(values), start + len(negative) + 1, sign == "=")
        return NoneOf(term) if negative else term

    def _value(self, name: str) -> FilterValue:
        start = self._at
        self._values += 1
        if self._values > MOST_VALUES:
            raise self._error(f"the filter has more than {MOST_VALUES:,} values", "ask for less at once")
        found = _OPERATOR.match(self._text, self._at)
        operator = found[0] if found else ""
        self._at += len(operator)
        text, quoted = self._piece(_BARE, dots=not operator)
        upper = ""
        if not operator and self._text.startswith("..", self._at):
            self._at += 2
            operator, (upper, _) = "..", self._piece(_BARE)
        if not text and not upper and not quoted:
            hint = f"{name}:VALUE without a blank between; {name}:none asks for those without one"
            raise self._error(f"'{name}' lacks a value", hint, start)
        return FilterValue(text, start + 1, operator, upper, quoted)

    def _piece(self, bare: re.Pattern[str], *, dots: bool = False) -> tuple[str, bool]:
        """Take a text, quoted or up to where a bare one ends (with ``dots`` at two dots), and whether it was quoted."""
        if self._text.startswith('"', self._at):
            quoted = _QUOTED.match(self._text, self._at)
            if not quoted:
                raise self._error("this quote is never closed", 'close it with "; \\" is a quote inside')
            self._at = quoted.end()
            return _ESCAPE.sub(r"\1", quoted[1]), True
        found = bare.match(self._text, self._at)
        text = found[0] if found else ""
        if dots:
            text = text.partition("..")[0]
        self._at += len(text)
        return text, False
