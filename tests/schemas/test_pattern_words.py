"""Patterns in words: what people are told instead of a pattern that they cannot read."""

from __future__ import annotations

import json

import pytest

from itsm_gitops.schema.pattern_words import in_words
from itsm_gitops.snapshots.config import packaged_rulebook_root


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("^[a-z][a-z0-9-]{0,62}$", "1 lower-case letter, then up to 62 lower-case letters, digits or -"),
        ("^[A-Z]{3}$", "3 capital letters"),
        ("^HP-[0-9]{4}$", "HP-, then 4 digits"),
        ("^[A-Za-z]{2,9}$", "2 to 9 letters"),
        ("^[0-9]*x$", "any number of digits, then x"),
        ("^[a-z0-9]+$", "1 or more lower-case letters or digits"),
        (r"^[^\r\n]+$", "one line"),
        ("[a-z]", ""),
        ("^$", ""),
        ("^(a|b)$", ""),
        ("^[^a]$", ""),
        ("^(?=a)b$", ""),
    ],
)
def test_a_pattern_in_words(pattern: str, said: str) -> None:
    assert in_words(pattern) == said


def test_the_time_of_day_of_a_calendar_has_words() -> None:
    path = packaged_rulebook_root() / "schemas/cmdb/calendar.schema.json"
    found = {
        part["pattern"]
        for part in _parts(json.loads(path.read_text(encoding="utf-8")))
        if ":" in part.get("pattern", "")
    }
    assert {in_words(pattern) for pattern in found} == {"a time of day such as 09:30"}


def _parts(node: object) -> list[dict[str, str]]:
    if isinstance(node, list):
        return [part for one in node for part in _parts(one)]
    if not isinstance(node, dict):
        return []
    own = [node] if isinstance(node.get("pattern"), str) else []
    return [*own, *(part for one in node.values() for part in _parts(one))]
