"""Rules that a repository writes itself, as data: one file of ``schemas/rules`` each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itsm_gitops.model.condition_reader import read_condition
from itsm_gitops.model.findings import ERROR
from itsm_gitops.model.guards import SINCE, Guard

RULES = "schemas/rules/"
FOR, MUST, WHEN, BAD, GOOD = "for", "must", "when", "bad", "good"


@dataclass(frozen=True, slots=True)
class UserRule:
    """One rule: what must be so of documents of some kinds.

    ``kinds`` are names of kinds, classes and groups. ``bad`` and ``good`` are examples: documents of which the first
    one is judged and the others are its surroundings.
    """

    code: str
    title: str
    kinds: tuple[str, ...]
    guard: Guard
    severity: str
    why: str
    bad: tuple[Mapping[str, Any], ...]
    good: tuple[Mapping[str, Any], ...]
    path: str


def read_user_rule(path: str, raw: Mapping[str, Any]) -> UserRule:
    """Read a rule from the data of its file; the data must be valid by its schema, else KeyError or TypeError."""
    guard = Guard(
        read_condition(raw[MUST]),
        read_condition(raw.get(WHEN)),
        _text(raw["message"]),
        _text(raw["hint"]),
        _text(raw.get("severity", ERROR)),
        _text(raw.get(SINCE, "")),
    )
    return UserRule(
        code=_text(raw["rule"]),
        title=_text(raw["title"]),
        kinds=tuple(map(_text, raw[FOR])),
        guard=guard,
        severity=guard.severity,
        why=_text(raw["why"]),
        bad=_examples(raw[BAD]),
        good=_examples(raw[GOOD]),
        path=path,
    )


def documents_of(example: Any) -> tuple[Mapping[str, Any], ...]:
    """Return the documents of an example: one, or a list of which the first one is judged."""
    return tuple(example) if isinstance(example, list) else (example,)


def _examples(raw: Any) -> tuple[Mapping[str, Any], ...]:
    found = documents_of(raw)
    if not all(isinstance(document, Mapping) for document in found):
        raise TypeError("an example is a document, or a list of them")
    return found


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError(f"{raw!r} is no text")
    return raw
