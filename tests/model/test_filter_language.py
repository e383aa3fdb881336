"""Filters are read: what belongs together, what is text, and where an error is. Nothing in one may hurt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.model import filter_language as language
from itsm_gitops.model.errors import UsageError
from itsm_gitops.model.filter_language import (
    AllOf,
    AnyOf,
    FilterNode,
    FilterTerm,
    FilterText,
    NoneOf,
    parse_filter,
)


def plain(node: FilterNode) -> str:
    """Write a tree with a parenthesis for every node, so that what binds how is seen."""
    if isinstance(node, FilterTerm):
        sign = "=" if node.exact else ":"
        values = [f"{v.text}..{v.upper}" if v.operator == ".." else v.operator + v.text for v in node.values]
        return node.word + sign + "|".join(values)
    if isinstance(node, FilterText):
        return f"'{node.text}'"
    if isinstance(node, NoneOf):
        return f"!{plain(node.part)}"
    return "(" + (" & " if isinstance(node, AllOf) else " + ").join(map(plain, node.parts)) + ")"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", "()"),
        ("  \t\n ", "()"),
        ("state:open", "state:open"),
        ("state:open priority:P1", "(state:open & priority:P1)"),
        ("state:open AND priority:P1", "(state:open & priority:P1)"),
        ("a:1 or b:2 c:3", "(a:1 + (b:2 & c:3))"),
        ("(a:1 or b:2) c:3", "((a:1 + b:2) & c:3)"),
        ("not a:1 b:2", "(!a:1 & b:2)"),
        ("not not a:1", "a:1"),
        ("not (a:1 or b:2)", "!(a:1 + b:2)"),
        ("-a:1", "!a:1"),
        ("-30d", "'-30d'"),
        ("- first point", "('-' & 'first' & 'point')"),
        ("opened:>-30d", "opened:>-30d"),
        ("opened:>=2026-11-01", "opened:>=2026-11-01"),
        ("opened:2026-10..2026-11", "opened:2026-10..2026-11"),
        ("opened:..2026-11", "opened:..2026-11"),
        ('opened:"2026-11-01 20:00".."2026-11-02 06:00"', "opened:2026-11-01 20:00..2026-11-02 06:00"),
        ("opened:-7d..", "opened:-7d.."),
        ("title:-5", "title:-5"),
        ("state:new,on-hold", "state:new|on-hold"),
        ('labels.cost-centre:"a, b",c', "labels.cost-centre:a, b|c"),
        ("assigned-team:x", "assigned_team:x"),
        ("major.state=accepted", "major.state=accepted"),
        ('"disk full" printer', "('disk full' & 'printer')"),
        (r'"say \"no\" \\ yes"', "'say \"no\" \\ yes'"),
        ('"and" "state:open"', "('and' & 'state:open')"),
        ("don't", "'don't'"),
        ("a,b", "'a,b'"),
        ("state:open(a or b)", "(state:open & ('a' + 'b'))"),
        ('title:""', "title:"),
        ("Störung", "'Störung'"),
    ],
)
def test_what_belongs_together(text: str, tree: str) -> None:
    assert plain(parse_filter(text)) == tree


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("state:", 7, "'state' lacks a value"),
        ("state: open", 7, "'state' lacks a value"),
        ("state:new,", 11, "'state' lacks a value"),
        ("a:1 (b:2", 5, "never closed"),
        ("a:1)", 4, "no '('"),
        ("()", 2, "lacks a condition before ')'"),
        ("a:1 and", 8, "lacks a condition at its end"),
        ("or a:1", 1, "lacks a condition before 'or'"),
        ("a:1 or or b:2", 8, "lacks a condition before 'or'"),
        ("not", 4, "lacks a condition"),
        ('a:1 "disk full', 5, "quote is never closed"),
        ('title:"disk', 7, "quote is never closed"),
        ("opened:..", 8, "lacks a value"),
    ],
)
def test_an_error_names_its_column(text: str, column: int, told: str) -> None:
    with pytest.raises(UsageError) as failed:
        parse_filter(text)
    assert failed.value.message.startswith(f"filter, column {column}: "), failed.value.message
    assert told in failed.value.message


def test_quotes_keep_any_text() -> None:
    assert parse_filter(language.quote('a "b" \\ (or) c:d')) == FilterText('a "b" \\ (or) c:d', 1)


@pytest.mark.parametrize("text", ["2026-02-30", "mail 2026-13-01", "2026-02-30T10:00:00Z"])
def test_a_day_that_does_not_exist_is_no_text(text: str) -> None:
    assert "there is no day 2026-" in _outcome(text)


@pytest.mark.parametrize(
    "text", ['"2026-02-30"', "2026-02-28", "2026-02-30x", "12026-02-30", "title:2026-02-30"]
)
def test_what_only_looks_like_a_day_is_text(text: str) -> None:
    assert "no day" not in _outcome(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000_000,
        "(" * 50 + "a" + ")" * 50,
        "x" * 1_000_000,
        "not " * 4_000 + "(" * 60,
        "a:1 " * 4_000,
        "a:" + ",".join("1" * 3_000),
        '"' + "\\" * 9_999,
        "a-" * 9_999,
        ("a." * 9_000) + ":",
    ],
    ids=range(9),
)
def test_what_is_too_much_is_an_error_or_a_small_tree(text: str) -> None:
    assert len(_outcome(text)) < 20_100


def _outcome(text: str) -> str:
    """Return the message of the error, or the tree."""
    try:
        return plain(parse_filter(text))
    except UsageError as error:
        return error.message


@given(st.text(st.sampled_from("ab:=()\",.<>-\\ \n'ö*@") | st.characters(), max_size=40))
def test_any_text_is_a_filter_or_an_error(text: str) -> None:
    assert _outcome(text)


@given(st.text(max_size=30))
def test_what_is_quoted_comes_back(text: str) -> None:
    node = parse_filter(f"title:{language.quote(text)}")
    assert isinstance(node, FilterTerm)
    assert [(v.text, v.quoted) for v in node.values] == [(text, True)]


def test_alternatives_are_no_conjunction() -> None:
    node = parse_filter("a or b")
    assert isinstance(node, AnyOf)
