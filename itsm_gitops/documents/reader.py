"""Reads documents: YAML restricted to a safe core, and JSON as its subset.

Sound documents take the quick way (`fast`). Anything else is read again the careful way (`slow`),
which lists every problem with its position. YAML itself is imported on first use.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from itsm_gitops.documents import accidents, block, chars
from itsm_gitops.documents.problems import LIMITS, Doubt, Limits, LoadedDocument, Problem, too_large


def load(raw: bytes, *, limits: Limits = LIMITS) -> LoadedDocument:
    """Read one document whose top level is a mapping.

    The data holds dicts with string keys, lists, strings, ints, finite floats, booleans and None, and
    shares nothing. With any problem the data is None. Never raises on content.
    """
    text, problems = readable_text(raw, limits)
    if problems:
        return LoadedDocument(None, problems)
    with suppress(Doubt, ValueError):
        return LoadedDocument(block.read(text, limits), ())
    return _parsed(raw, text, limits)


def _parsed(raw: bytes, text: str, limits: Limits) -> LoadedDocument:
    """Read a document with a YAML parser."""
    from itsm_gitops.documents import events, fast, slow

    try:
        return LoadedDocument(fast.read(text, limits), ())
    except (Doubt, events.YAMLError, ValueError, OverflowError, RecursionError):
        loaded = slow.read(text, limits)
        return explained(raw, loaded.problems) if loaded.problems else loaded


def readable_text(raw: bytes, limits: Limits) -> tuple[str, tuple[Problem, ...]]:
    """Return the text of a document in any format, or (with an empty text) why its bytes cannot be one.

    It is too large, has the marks of an unfinished merge, or has bytes and characters that no document may have.
    """
    if len(raw) > limits.size:
        return "", (too_large(len(raw), limits),)
    merge = accidents.unfinished_merge(raw)
    if merge:
        return "", (merge,)
    text = chars.clean_text(raw)
    if text is None:
        return "", explained(raw, chars.diagnose(raw)).problems
    return text, ()


def explained(raw: bytes, problems: Iterable[Problem]) -> LoadedDocument:
    """Return why ``raw`` cannot be read: what happened to the file where that is plain, else every problem."""
    cause = accidents.accident(raw)
    return LoadedDocument(None, (cause,) if cause else tuple(problems))
