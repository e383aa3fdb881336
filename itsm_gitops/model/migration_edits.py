"""What a migration does at one place of a file, and what a word is after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.migrations import FIELD, Migration

# Conditions ask for what a tracked field once became, or was, by these words before its path.
TRACKED_PATHS = ("timeline.set.", "timeline.was.")
REPLACE, DROP, ADD, LEFT = "replace", "drop", "add", "left"


@dataclass(frozen=True, slots=True)
class WordEdit:
    """What is done at one place: the word (or the key, ``at_key``) is replaced by ``value``, dropped, or joined by it.

    ``left`` is a place that is not touched, because it speaks of other kinds too.
    """

    deed: str
    pointer: Pointer
    value: str = ""
    at_key: bool = False


def renamed(migration: Migration, word: str, *, levels: bool = False, inside: bool = False) -> str | None:
    """Return what a word is afterwards; None where it is another one.

    Fields may go on behind a dot, and words of a vocabulary (``levels``) behind a slash. ``inside`` a structure a
    dotted field has its last name only.
    """
    if word == migration.old:
        return migration.new
    if migration.sort == FIELD and migration.new and word.startswith(f"{migration.old}."):
        return migration.new + word[len(migration.old) :]
    lead = next((p for p in TRACKED_PATHS if migration.sort == FIELD and word.startswith(p)), "")
    if lead:
        fresh = renamed(migration, word.removeprefix(lead))
        return None if fresh is None else lead + fresh
    above, _, last = migration.old.rpartition(".")
    if migration.sort == FIELD and inside and above and word == last:
        return migration.new.rpartition(".")[2]
    if levels and migration.new:
        return _renamed_category(migration, word)
    return None


def _renamed_category(migration: Migration, word: str) -> str | None:
    """Capitals make no difference in the tree of categories, and stay as they are."""
    size = len(migration.old)
    part, rest = word[:size], word[size:]
    if part.lower() != migration.old.lower() or rest[:1] not in ("", "/"):
        return None
    capital = part != migration.old and part == migration.old.capitalize()
    return (migration.new.capitalize() if capital else migration.new) + rest


def value_at(data: Any, pointer: Pointer) -> Any:
    """Return what stands at a place of parsed content."""
    for step in pointer:
        data = data[step]
    return data
