"""Invisible characters: allowed where a script needs them, refused everywhere else."""

from __future__ import annotations

import pytest

from itsm_gitops.documents.chars import is_clean
from itsm_gitops.publish.markup import visible

NEEDED = (
    "\u0646\u0645\u06cc\u200c\u062a\u0648\u0627\u0646\u0645",  # Persian
    "\u0915\u094d\u200d\u0937",  # Devanagari, half form
    "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
    "\u05d0\u05d1 (1)\u200f",  # Hebrew with a mark
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
)


@pytest.mark.parametrize("text", NEEDED)
def test_what_a_script_needs_is_allowed_and_shown(text: str) -> None:
    assert is_clean(text)
    assert visible(text) == text


@pytest.mark.parametrize("text", HIDING)
def test_what_only_hides_is_refused_and_made_visible(text: str) -> None:
    assert not is_clean(text)
    assert "\ufffd" in visible(text)
