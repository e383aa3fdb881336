"""Patterns mean the same to our matcher, to Python's, and to jsonschema-rs, and none can hang."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itsm_gitops.schema import patterns
from itsm_gitops.schema.ambiguity import is_ambiguous
from itsm_gitops.schema.automaton import fits
from itsm_gitops.schema.faults import pattern_fault
from itsm_gitops.schema.validate import fast, slow
from tests.complete import need
from tests.support import SLOWER

_ATOMS = st.sampled_from(
    ["a", "b", "c", "[ab]", "[^a]", "[a-c]", r"\.", "-", "é", r"\x61", r"\u0062", "^", "$"]
)
_SIGNS = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "+?", "*?"])


def _deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = inner.map("({})".format)
    return st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda o: f"(?:{'|'.join(o)})"),
        st.tuples(group, _SIGNS).map("".join),
    )


def _readable(pattern: str) -> bool:
    """Whether it is a pattern here: ``(^)*`` is none."""
    try:
        return patterns.parse(pattern) is not None
    except patterns.BadPattern:
        return False


PATTERNS = st.recursive(_ATOMS, _deeper, max_leaves=8).filter(_readable)
TEXTS = st.text(alphabet="abc.-é\n", max_size=8)


def _python(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern))


@given(PATTERNS, TEXTS)
@settings(max_examples=400, deadline=None)
def test_a_pattern_fits_what_it_fits_in_python(pattern: str, text: str) -> None:
    assert fits(pattern, text) is (_python(pattern).search(text) is not None)


@given(PATTERNS, TEXTS)
@settings(max_examples=200, deadline=None)
def test_both_validators_read_a_pattern_alike(pattern: str, text: str) -> None:
    need("jsonschema_rs")
    own = {"pattern": pattern}
    assert type(fast(own)).__module__.startswith("jsonschema_rs")
    assert fast(own).is_valid(text) is slow(own).is_valid(text)


@pytest.mark.parametrize("pattern", [r"^.$", r"^\s$", r"^\S$", r"^\w$", r"^\W$", r"^\d$", r"^[^\s-]$"])
def test_classes_hold_the_same_characters_for_both_validators(pattern: str) -> None:
    own = {"pattern": pattern}
    for code in [*range(0x300), *range(0x1670, 0x1690), *range(0x1FFF, 0x2070), 0x3000, 0xFEFF, 0x1F600]:
        assert fast(own).is_valid(chr(code)) is slow(own).is_valid(chr(code)), hex(code)


@given(PATTERNS)
@settings(max_examples=200, deadline=None)
def test_a_pattern_that_is_not_refused_does_not_hang_a_backtracking_engine(pattern: str) -> None:
    if list(pattern_fault(pattern)):
        return
    started = time.process_time()
    for text in ("a" * 40 + "!", "ab" * 20 + "!", "abc" * 14 + "!", "b" * 40 + "\n"):
        _python(pattern).search(text)
    assert time.process_time() - started < 1 * SLOWER


@pytest.mark.parametrize(
    "pattern",
    ["^(a+)+$", "(a*)*b", "(a|a)*b", "^(a|aa)+$", "(x+x+)+y", r"^[^\r\n]*[^\s][^\r\n]*$", "(.*a){12}b"],
)
def test_no_pattern_takes_longer_than_the_text_is_long(pattern: str) -> None:
    started = time.process_time()
    fits(pattern, "a" * 250_000 + "\n")
    fits(pattern, "x" * 250_000 + "!")
    assert time.process_time() - started < 5 * SLOWER


def test_a_text_that_needs_too_much_work_does_not_fit() -> None:
    started = time.process_time()
    assert not fits("a[ab]{900}c", "abbaab" * 30_000)
    assert time.process_time() - started < 10 * SLOWER


@pytest.mark.parametrize(
    ("pattern", "character"),
    [
        ("(", 1), ("a)", 2), ("[a", 2), ("[]", 2), ("[z-a]", 5), (r"\b", 2), (r"\1", 2), ("(?=a)", 2), ("(?<n>a)", 2),
        (r"\p{L}", 2), (r"\Z", 2), ("a**", 3), ("a{2", 3), ("{", 1), ("x}", 2), ("^*", 2), ("a{3,2}", 6), (r"\xg1", 3),
    ],
)  # fmt: skip
def test_what_engines_read_differently_is_refused_at_its_place(pattern: str, character: int) -> None:
    with pytest.raises(patterns.BadPattern, match=rf"\(character {character}\)$"):
        patterns.parse(pattern)


@given(st.text(alphabet="ab()[]{}|*+?^$.\\-,0123dwsxuéZ", max_size=30))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_pattern_or_refused(pattern: str) -> None:
    if not list(pattern_fault(pattern)):
        fits(pattern, "abc0123-é")
        fast({"pattern": pattern}).is_valid("abc0123-é")


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[a-z]+(\.[a-z]+)*$", r"^([0-9]{1,3}\.){3}[0-9]{1,3}$", r"^(a(b|c)*d)+$", "^([^,]*,)*$",
        r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$", "^(?:[0-9]{2}){3}$",
    ],
)  # fmt: skip
def test_good_patterns_are_not_refused(pattern: str) -> None:
    assert not is_ambiguous(pattern)


@given(PATTERNS, st.dictionaries(TEXTS, st.sampled_from([1, "x"]), max_size=4))
@settings(max_examples=200, deadline=None)
def test_both_validators_name_fields_by_pattern_alike(pattern: str, data: dict[str, object]) -> None:
    need("jsonschema_rs")
    for others in (False, {"type": "integer"}):
        own = {
            "properties": {"a": {}},
            "patternProperties": {pattern: {"type": "string"}},
            "additionalProperties": others,
        }
        assert fast(own).is_valid(data) is slow(own).is_valid(data)
