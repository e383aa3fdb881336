"""Patterns of paths: what they describe, and that no path takes long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.model.paths import glob
from tests.support import SLOWER

_WORDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _regex(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(_WORDS.get(p, re.escape(p)) for p in parts), re.DOTALL)


@given(
    st.lists(st.sampled_from([*_WORDS, "a", "b", "/", "."]), max_size=6).map("".join),
    st.text(alphabet="ab/.\n", max_size=8),
)
def test_a_pattern_describes_what_the_regular_expression_does(pattern: str, path: str) -> None:
    assert glob(pattern).fullmatch(path) is (_regex(pattern).fullmatch(path) is not None)


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "**a" * 40 + "b", "**/a*" * 20 + "b", "*" * 200 + "b"])
def test_no_pattern_keeps_the_check_busy(pattern: str) -> None:
    started = time.process_time()
    assert not glob(pattern).fullmatch("a" * 250)
    assert not glob(pattern).fullmatch("a/" * 125)
    assert time.process_time() - started < 1 * SLOWER
