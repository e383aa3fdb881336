"""Invisible characters: allowed where a script needs them, refused everywhere else."""

from __future__ import annotations

import pytest

from itsm_gitops.documents.chars import is_clean
from itsm_gitops.presentation.markup import visible

NEEDED = (
    "\u0646\u0645\u06cc\u200c\u062a\u0648\u0627\u0646\u0645",  # Persian
    "\u0915\u094d\u200d\u0937",  # Devanagari, half form
    "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
    "\u05d0\u05d1 (1)\u200f",  # Hebrew with a mark
    "\u1781\u17d2\u1789\u17bb\u17c6\u200b\u1798\u17b7\u1793",  # Khmer, where a line may break
    "\u0e20\u0e32\u0e29\u0e32\u200b\u0e44\u0e17\u0e22",  # Thai
    "\u1019\u103c\u1014\u103a\u200b\u1019\u102c",  # Burmese
    "\u182d\u1820\u182f\u180e\u1820",  # Mongolian, before a last vowel
)
HIDING = (
    "pay\u200cments",
    "pay\u200dments",
    "a\u200f b",
    "\u0646\u200c\u200c\u0645",
    "\u200c\u0646",
    "\u0646\u200c ",
    "\u0646\u202e\u0645",
    "\u0646\u200b\u0645",
    "\U0001f468\u200dx",
    "pay\u200bments",
    "\u1781\u200b",
    "\u1781\u200b\u200b\u1798",
    "\u1781\u200bx",
    "a\u180eb",
    "\u182f\u180e\u182f",
)


@pytest.mark.parametrize("text", NEEDED)
def test_what_a_script_needs_is_allowed_and_shown(text: str) -> None:
    assert is_clean(text)
    assert visible(text) == text


@pytest.mark.parametrize("text", HIDING)
def test_what_only_hides_is_refused_and_made_visible(text: str) -> None:
    assert not is_clean(text)
    assert "\ufffd" in visible(text)
