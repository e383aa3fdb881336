"""What goes to the main branch at once and what takes a pull request, by ``schemas/policies/sharing.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itsm_gitops.model.additions import added
from itsm_gitops.model.diff import same
from itsm_gitops.model.kinds import Kind

SHARING = "schemas/policies/sharing.yaml"
NOTES = "notes"
_WAITING = "itsm/records"
_TIMELINE = "timeline"
_WORDS = frozenset({"at", "by", "note", "comment", "happened", "reason"})
Data = Mapping[str, Any]


def waiting_branches(policy: Data) -> str:
    """Return the beginning of the branches on which records wait where the main branch takes no pushes."""
    named = policy.get("waiting")
    return named if isinstance(named, str) else _WAITING


def needs_request(policy: Data, kind: Kind | None, before: Data | None, after: Data | None) -> str:
    """Say why an edit takes a pull request; empty where it goes to the main branch at once.

    ``before`` is None for a new document, ``after`` for one that was deleted.
    """
    if kind is None:
        return "it is no document of a kind"
    if after is None:
        return "it was deleted"
    reason = f"{kind.plural_title.lower()} take a pull request"
    for part in policy.get("direct") or ():
        if kind.name not in part.get("kinds", ()):
            continue
        if "fields" not in part:
            return ""
        free = set(part["fields"])
        if before is None:
            reason = f"a new {kind.title.lower()} takes a pull request"
            continue
        others = _differing(before, after) - free
        if NOTES in free and _TIMELINE in others and _only_words(before, after):
            others.discard(_TIMELINE)
        if not others:
            return ""
        reason = f"{kind.plural_title.lower()} take a pull request for: {', '.join(sorted(others))}"
    return reason


def _differing(before: Data, after: Data) -> set[str]:
    return {
        name
        for name in before.keys() | after.keys()
        if (name in before) != (name in after) or not same(before.get(name), after.get(name))
    }


def _only_words(before: Data, after: Data) -> bool:
    """Whether the timeline only got notes and comments."""
    old, new = before.get(_TIMELINE) or [], after.get(_TIMELINE) or []
    if not isinstance(old, list) or not isinstance(new, list):
        return False
    news = added(old, new)
    return news is not None and all(isinstance(new[i], Mapping) and new[i].keys() <= _WORDS for i in news)
