from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.model.formulas import neutralise, restore

RISKY = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "  =1",
    "\uff1dcmd",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    " \t=x",
]
HARMLESS = ["", "a=b", "it's", "'quoted'", "1-1", "Group 56", "'", "#=1"]


@pytest.mark.parametrize("text", RISKY)
def test_a_formula_becomes_text(text: str) -> None:
    assert neutralise(text) == "'" + text


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_is_left_alone(text: str) -> None:
    assert neutralise(text) == text
    assert restore(text) == text


@given(st.text(alphabet="'=+-@ \t\r\uff1d\uff20ab\n", max_size=8) | st.text(max_size=20))
def test_every_text_survives_the_round_trip(text: str) -> None:
    assert restore(neutralise(text)) == text


@given(st.text(alphabet="'=+-@ \t\r\uff1d\uff20ab\n", max_size=8))
def test_nothing_neutralised_starts_like_a_formula(text: str) -> None:
    assert not neutralise(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff20"))
