"""Exceptions for "cannot go on"; anything that can be listed and repaired is a finding instead.

Exit codes of the command line: 0 clean, 1 findings (or a refused action), 2 usage, 3 internal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class ItsmError(Exception):
    """Base of every error whose message is meant for the user.

    ``hint`` says what to do about it; ``exit_code`` is what the command line exits with.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ItsmError):
    """The command was called in a way that cannot be understood."""

    exit_code = 2


class RuleBookError(ItsmError):
    """The rule book in ``schemas/`` cannot be used."""


class SettingsError(RuleBookError):
    """``itsm.yaml`` cannot be used, so nothing that depends on the settings may go on."""


class Incomplete(ItsmError):
    """Nothing can be decided, because something the decision rests on cannot be read.

    ``gaps`` are what is missing (``repository.gaps.Gap``), sorted by path.
    """

    def __init__(self, message: str, hint: str = "", gaps: tuple[Any, ...] = ()) -> None:
        super().__init__(message, hint)
        self.gaps = gaps


class NotFound(ItsmError):
    """No record or configuration item matches what was asked for."""


class Ambiguous(ItsmError):
    """A fragment matches several identifiers; ``candidates`` lists them."""

    def __init__(self, fragment: str, candidates: list[str]) -> None:
        shown = ", ".join(candidates[:8]) + (", …" if len(candidates) > 8 else "")
        super().__init__(f"'{fragment}' matches {len(candidates)} identifiers", f"one of: {shown}")
        self.candidates = candidates


class Refused(ItsmError):
    """The action is understood and not allowed (an illegal move, a field that cannot change)."""


class Withheld(ItsmError):
    """A document is confidential where it lives, and cannot be read from here."""


class ChangedMeanwhile(ItsmError):
    """A file changed between reading and writing, so nothing was written."""


class GitError(ItsmError):
    """Git could not answer."""


class MissingObject(GitError):
    """An object is not in the repository: it is a partial clone, or damaged."""


def did_you_mean(word: str, known: Iterable[str], limit: int = 3) -> str:
    """Return ``did you mean a, b?`` for the nearest of ``known``, or an empty string."""
    import difflib

    lowered = {k.lower(): k for k in sorted(known)}
    near = difflib.get_close_matches(word.lower(), list(lowered), n=limit, cutoff=0.6)
    # "prod" is too far from "production" for difflib, and what people mean.
    near = near or [k for k in lowered if len(word) > 1 and k.startswith(word.lower())][:limit]
    return f"did you mean {', '.join(lowered[n] for n in near)}?" if near else ""


def is_slip(word: str, known: Iterable[str]) -> bool:
    """Whether a word is so near to one of ``known`` that it must be a slip: a letter or two in a name of usual length."""
    import difflib

    return bool(difflib.get_close_matches(word.lower(), [k.lower() for k in known], n=1, cutoff=0.8))
