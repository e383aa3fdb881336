"""Filters of lists: what stands on a command line becomes one filter, and the kinds that it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from itsm_gitops.model import filter_words as words
from itsm_gitops.model import moments
from itsm_gitops.model.errors import UsageError
from itsm_gitops.model.filter_language import (
    FilterNode,
    FilterTerm,
    FilterText,
    FilterValue,
)
from itsm_gitops.model.filter_reading import ListFilter, read_words
from itsm_gitops.model.rulebook import RuleBook

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_AGO = re.compile(r"\d{1,6}\s*(?:min|m|h|d|w)")


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
        for text, sign, option in ((self.since, ">=", "--since"), (self.until, "<=", "--until")):
            if text:
                terms.append(FilterTerm(words.UPDATED, (FilterValue(_ago(text), 0, sign),), option=option))
        for name, value in self.where:
            first, dot, rest = name.partition(".")
            path = f"{first.replace('-', '_')}{dot}{rest}"
            terms.append(FilterTerm(path, (FilterValue(value, 0),), exact=True, option="--where"))
        if self.text:
            terms.append(FilterText(self.text, option="--text"))
        return terms


def _ago(text: str) -> str:
    """Return a time as the filter language writes it: ``7d`` is ``-7d``, seven days ago."""
    return f"-{text.strip()}" if _AGO.fullmatch(text.strip()) else text.strip()


def read_filter(book: RuleBook, arguments: Sequence[str], options: Filters) -> ListFilter:
    """Read the words of a command line: kinds first, then a filter; raises UsageError and NotFound.

    Without a kind, all kinds of record are meant, and those that ``kind:`` names.
    """
    return read_words(book, arguments, options.terms())


def since(repo: Repository, text: str, option: str = "--since") -> datetime:
    """Read a date, a date and time or how long ago (``7d``) as a moment; raises UsageError that names the option."""
    span = moments.read_time(_ago(text), repo.config.timezone)
    if span is None:
        raise UsageError(
            f"{option}: '{text}' is not a date and time", "write 7d, 12h, 2026-11-22 or '2026-11-22 20:00'"
        )
    moments.not_far(span.start, text, option)
    return span.start
