"""Prose on a terminal: paragraphs flow, lists hang, nothing gets lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.cli.render import plain, reflow, wrap
from itsm_gitops.model.text import width


@pytest.mark.parametrize(
    ("text", "flowing"),
    [
        ("one\ntwo\n\nthree\nfour", "one two\n\nthree four"),
        ("1. one\n   and on\n2. two\nlazy", "1. one and on\n2. two lazy"),
        ("- a\n- b\n  - c\n    more c", "- a\n- b\n  - c more c"),
        ("see:\n- a\n* b\n+ c\n10) d", "see:\n- a\n* b\n+ c\n10) d"),
        ("text\n    code()\n    more()\nend", "text\n    code()\n    more()\nend"),
        ("```\na\nb\n```\nc\nd", "```\na\nb\n```\nc d"),
        ("~~~ sh\na\n\nb\n~~~", "~~~ sh\na\n\nb\n~~~"),
        ("| a |\n| b |\nc\nd", "| a |\n| b |\nc d"),
        ("> said\n> twice", "> said\n> twice"),
        ("# Head\nbody\ngoes on", "# Head\nbody goes on"),
        ("first  \nsecond\\\nthird", "first\nsecond\\\nthird"),
        ("2026-11-22 a date\n-5 degrees", "2026-11-22 a date -5 degrees"),
        ("", ""),
    ],
)
def test_lines_of_a_paragraph_are_joined_as_markdown_does(text: str, flowing: str) -> None:
    assert reflow(text) == flowing


@given(st.text(alphabet="ab -*\n1.)|>#`~\\", max_size=60))
def test_reflow_only_touches_white_space(text: str) -> None:
    assert reflow(text).split() == text.split()


@given(st.text(alphabet="ab -*\n1.漢é", max_size=80), st.integers(8, 30))
def test_wrapped_lines_fit_and_keep_every_character(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert max(map(width, lines), default=0) <= columns
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_items_of_a_list_hang() -> None:
    assert wrap("1. Copy all of it to the other side", 16) == [
        "1. Copy all of",
        "   it to the",
        "   other side",
    ]
    assert wrap("  - deep and long", 12) == ["  - deep and", "    long"]


def test_parts_of_a_mapping_stay_on_one_line() -> None:
    assert (
        plain({"way_back": "none\nat all\n", "steps": ["a\nb", 2]}) == "way_back: none at all, steps: a b, 2"
    )
