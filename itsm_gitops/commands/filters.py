"""Filters of lists: what stands on a command line becomes one filter, and the kinds that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from itsm_gitops.commands.filter_meaning import kinds_named
from itsm_gitops.model import filter_words as words
from itsm_gitops.model import moments
from itsm_gitops.model.errors import NotFound, UsageError
from itsm_gitops.model.filter_language import (
    AllOf,
    AnyOf,
    FilterNode,
    FilterTerm,
    FilterText,
    FilterValue,
    parse_filter,
)
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_LEADING = re.compile(r'\s*([^\s():="]+)(?=\s|$)')
_AGO = re.compile(r"\d{1,6}\s*(?:min|m|h|d|w)")
_NEAR = 0.75  # nearer than for other words: what is no kind may well be text


@dataclass(frozen=True)
class Filters:
    """The filter options of a command line. Empty ones let everything pass; several words of one are an "or"."""

    states: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    cis: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    where: tuple[tuple[str, str], ...] = ()
    text: str = ""

    def terms(self) -> list[FilterNode]:
        """Return each option as the condition of the filter language that it is."""
        options = (
            (words.STATE, self.states),
            (words.SERVICE, self.services),
            (words.TEAM, self.teams),
            (words.PRIORITY, self.priorities),
            (words.ASSIGNEE, self.assignees),
            (words.CI, self.cis),
        )
        terms: list[FilterNode] = [
            FilterTerm(word, tuple(FilterValue(v, 0) for v in values), option=f"--{word}")
            for word, values in options
            if values
        ]
        if self.since:
            ago = f"-{self.since}" if _AGO.fullmatch(self.since.strip()) else self.since
            terms.append(FilterTerm(words.UPDATED, (FilterValue(ago.strip(), 0, ">="),), option="--since"))
        if self.until:
            ago = f"-{self.until}" if _AGO.fullmatch(self.until.strip()) else self.until
            terms.append(FilterTerm(words.UPDATED, (FilterValue(ago.strip(), 0, "<="),), option="--until"))
        for name, value in self.where:
            first, dot, rest = name.partition(".")
            path = f"{first.replace('-', '_')}{dot}{rest}"
            terms.append(FilterTerm(path, (FilterValue(value, 0),), exact=True, option="--where"))
        if self.text:
            terms.append(FilterText(self.text, option="--text"))
        return terms


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What a list is asked for: documents of ``kinds`` for which ``node`` holds."""

    kinds: tuple[Kind, ...]
    node: FilterNode


def read_filter(book: RuleBook, arguments: Sequence[str], options: Filters) -> ListFilter:
    """Read the words of a command line: kinds first, then a filter; raises UsageError and NotFound.

    Without a kind, all kinds of record are meant, and those that ``kind:`` names.
    """
    text = " ".join(arguments)
    named: list[Kind] = []
    end = 0
    while word := _LEADING.match(text, end):
        found = kinds_named(book, word[1])
        if found is None:
            break
        named += found
        end = word.end()
    whole = parse_filter(" " * end + text[end:], _groups(arguments, end))
    node = AllOf((whole, *options.terms()))
    if not named:
        _refuse_near_kind(book, text)
        named = _scope(book, node)
    return ListFilter(tuple({k.name: k for k in named}.values()), node)


def _groups(arguments: Sequence[str], begin: int) -> Iterator[tuple[int, int]]:
    """Yield the arguments that are alternatives, as parts of the joined text: ``'a or b' c`` is ``(a or b) c``."""
    start = 0
    for argument in arguments if len(arguments) > 1 else ():
        first, end = max(start, begin), start + len(argument)
        own = argument[first - start :]
        first += len(own) - len(own.lstrip())
        if " " in own.strip():
            try:
                if isinstance(parse_filter(own), AnyOf):
                    yield first, end
            except UsageError:
                pass  # it goes on in the next argument, or the whole says what is wrong
        start = end + 1


def _refuse_near_kind(book: RuleBook, text: str) -> None:
    """Raise NotFound where the first word looks like a mistyped kind: as text it would find next to nothing."""
    word = _LEADING.match(text)
    if not word or word[1].lower() in ("and", "or", "not"):
        return
    import difflib

    known = dict.fromkeys(w for k in book.kinds.values() for w in (k.name, k.plural))
    near = difflib.get_close_matches(word[1].lower(), known, n=3, cutoff=_NEAR)
    if near:
        hint = f"did you mean {', '.join(near)}?\nas text it needs quotes: '\"{word[1]}\"'"
        raise NotFound(f"there is no kind '{word[1]}'", hint)


def _scope(book: RuleBook, node: FilterNode) -> list[Kind]:
    """Return the kinds to look through: those that every document must have by ``kind:``, else records and those named."""
    parts = node.parts if isinstance(node, AllOf) else (node,)
    flat = [p for part in parts for p in (part.parts if isinstance(part, AllOf) else (part,))]
    for part in flat:
        if isinstance(part, FilterTerm) and part.word == words.KIND and not part.exact:
            named = _kinds_of(book, part)
            if named:
                return named
    return [*book.records, *(k for term in _terms(node) for k in _kinds_of(book, term))]


def _kinds_of(book: RuleBook, term: FilterTerm) -> list[Kind]:
    return [k for v in term.values for k in kinds_named(book, v.text) or ()]


def _terms(node: FilterNode) -> list[FilterTerm]:
    """Return the conditions on the kind that stand anywhere in a filter."""
    if isinstance(node, FilterTerm):
        return [node] if node.word == words.KIND and not node.exact else []
    if isinstance(node, FilterText):
        return []
    parts = node.parts if not hasattr(node, "part") else (node.part,)
    return [term for part in parts for term in _terms(part)]


def since(repo: Repository, text: str) -> datetime:
    """Read a date, a date and time or how long ago (``7d``) as a moment; raises UsageError."""
    ago = f"-{text.strip()}" if _AGO.fullmatch(text.strip()) else text
    span = moments.read_time(ago, repo.config.timezone)
    if span is None:
        raise UsageError(
            f"--since: '{text}' is not a date and time", "write 7d, 12h, 2026-11-22 or '2026-11-22 20:00'"
        )
    return span.start
