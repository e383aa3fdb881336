from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.model.text import safe_json, safe_text, shorten, width

ACTING = [chr(c) for c in (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0))]
ACTING += list(
    "\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff\ufff9\ud800\U000e0041"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Überweisung läuft – 100 €", "Überweisung läuft – 100 €"),
        ("a\tb", "a b"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\U000e0041b", "a\\U000e0041b"),
        ("one\ntwo", "one\\ntwo"),
        ("one\r\ntwo", "one\\x0d\\ntwo"),
        (12, "12"),
    ],
)
def test_what_could_act_is_shown(text: object, shown: str) -> None:
    assert safe_text(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\ntwo\r\nthree", "one\ntwo\nthree"),
        ("one\rtwo", "one\\x0dtwo"),
        ("a\x1b\n", "a\\x1b\n"),
        ("a\tb", "a b"),
    ],
)
def test_lines_may_stay_lines(text: str, shown: str) -> None:
    assert safe_text(text, lines=True) == shown


@given(st.text(st.sampled_from([*ACTING, "\n", "\t", "a", "é", "😀"])))
def test_nothing_that_acts_is_left(text: str) -> None:
    for shown in (safe_text(text), safe_text(text, lines=True).replace("\n", "")):
        assert not set(shown) & {*ACTING, "\n", "\t"}


@given(
    st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_safe_json_means_the_same(value: object) -> None:
    safe = safe_json(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(safe) == value
    assert not set(safe) & set(ACTING)


@pytest.mark.parametrize(
    ("text", "cells"), [("", 0), ("abc", 3), ("é", 1), ("e\u0301", 1), ("日本", 4), ("ｗ", 2), ("a日", 3)]
)
def test_widths_in_terminal_cells(text: str, cells: int) -> None:
    assert width(text) == cells


@pytest.mark.parametrize(
    ("text", "cells", "short"),
    [
        ("payments", 8, "payments"),
        ("payments", 7, "paymen…"),
        ("pay ments", 5, "pay…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("ab", 1, "…"),
    ],
)
def test_shortening(text: str, cells: int, short: str) -> None:
    assert shorten(text, cells) == short


@given(st.text(st.sampled_from("ab 日é")), st.integers(1, 12))
def test_a_shortened_text_fits(text: str, cells: int) -> None:
    assert width(shorten(text, cells)) <= cells
