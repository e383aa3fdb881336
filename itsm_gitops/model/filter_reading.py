"""Filters read against a rule book: which kinds the first words name, and which words of the rest can mean something.

    incidents state:open -team:none

What the words find in a snapshot is known in `commands/filter_meaning.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from itsm_gitops.model import filter_words as words
from itsm_gitops.model.column_names import column_names, explains_fields
from itsm_gitops.model.errors import NotFound, UsageError, did_you_mean
from itsm_gitops.model.filter_language import (
    AllOf,
    AnyOf,
    FilterNode,
    FilterTerm,
    FilterText,
    parse_filter,
)
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook

_LEADING = re.compile(r'\s*([^\s():="]+)(?=\s|$)')
_NEAR = 0.75  # nearer than for other words: what is no kind may well be text


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What a list is asked for: documents of ``kinds`` for which ``node`` holds."""

    kinds: tuple[Kind, ...]
    node: FilterNode


def kinds_named(book: RuleBook, word: str) -> list[Kind] | None:
    """Return the kinds that a word names: one of them, ``records``, ``items`` or ``cis``; None for no such word."""
    lowered = word.lower()
    if lowered in ("records", "record"):
        return book.records
    if lowered in ("cis", "ci", "items", "cmdb"):
        whole = lowered in ("items", "cmdb")
        return [k for k in book.kinds.values() if not k.is_record and (k.operational or whole)]
    try:
        return [book.kind(word)]
    except NotFound:
        return None


def read_words(book: RuleBook, arguments: Sequence[str], more: Sequence[FilterNode] = ()) -> ListFilter:
    """Read the words of a filter: kinds first, then conditions, and ``more`` of them; raises UsageError and NotFound.

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
    node = AllOf((whole, *more))
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


def unknown_word(term: FilterTerm, kinds: Sequence[Kind], words: Sequence[str]) -> UsageError:
    """Return the error for a word that is neither one of the language nor a field of a listed kind."""
    first = term.word.split(".")[0]
    known = [*words, *column_names(kinds)]
    hint = did_you_mean(first, known) or explains_fields(kinds)
    if not term.option:
        hint += f'\nas text it needs quotes: "{term.word}{"=" if term.exact else ":"}…"'
    return term.error(f"no listed kind has a field '{first}'", hint)
