"""Reading line by line: what this reader gives is what a YAML parser gives, and it takes what our writers write."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml_scribe import WORDS, documents, examples, load_value, same

from itsm_gitops.documents import LIMITS, Limits, block, dump
from itsm_gitops.documents.chars import clean_text
from itsm_gitops.documents.problems import Doubt

CHECKOUT = Path(__file__).resolve().parents[2]
FILES = sorted([*(CHECKOUT / "records").rglob("*.yaml"), *(CHECKOUT / "cmdb").rglob("*.yaml")])
RULE_FILES = sorted((CHECKOUT / "schemas").rglob("*.yaml"))
TEXTS = [path.read_text(encoding="utf-8") for path in [*FILES[::5], *RULE_FILES]]
BITS = [
    " ", "  ", "- ", ":", ": ", "#", " #", "|", "|-", ">", "|+", "|2", "\n", "\n\n", "[a, b]", "[]", "{}", "- - ",
    "? ", "key: ", "{a: b, c: [d, e]}", "[a b, c]", "['a', b]", "{'a b': c}", ">-", "x # y", "x:\n", "# c\n", "  \n", "\t", "\r\n", "a: b", "::", "-", "-1", '"a" b', "---\n", "...\n", "%",
]  # fmt: skip

# Text, and the data in it; None where another reader must look.
LAYOUTS: list[tuple[str, Any]] = [
    ("a: 1\nb: 012\nc: 1e3\nd: 2026-11-22T10:00:00Z\n", {"a": 1, "b": "012", "c": 1000.0, "d": "2026-11-22T10:00:00Z"}),
    ("a: null\nb: true\nc: no\n", {"a": None, "b": True, "c": "no"}),
    ("a: 'x: y'\nb: \"# z\"\n", {"a": "x: y", "b": "# z"}),
    ("a:\n- x\n- 2\nb:\n  - y\n", {"a": ["x", 2], "b": ["y"]}),
    ("a:\n- b: 1\n  c: 2\n- b: 3\n", {"a": [{"b": 1, "c": 2}, {"b": 3}]}),
    ("a:\n  b:\n    c: d\ne: f\n", {"a": {"b": {"c": "d"}}, "e": "f"}),
    ("a: [x, 2, y-z]\nb: []\nc: {}\n", {"a": ["x", 2, "y-z"], "b": [], "c": {}}),
    ("a: |\n  one\n\n    two\n  three\n\nb: |-\n  x\n", {"a": "one\n\n  two\nthree\n", "b": "x"}),
    ("a:\n- n: |\n    one\n    # two\n  m: 1\n", {"a": [{"n": "one\n# two\n", "m": 1}]}),
    ("# head\n\na: 1\n  # further in\nb: 2\n# end\n", {"a": 1, "b": 2}),
    ("a: http://example.org/x#y\n", {"a": "http://example.org/x#y"}),
    ("a: |\n one\n two\n", {"a": "one\ntwo\n"}),
    ("a: {b: [c d, 2], e.f: 09:00}\ng: []\n", {"a": {"b": ["c d", 2], "e.f": "09:00"}, "g": []}),
    ("a:\n- {b: c}\n- [true, x]\n", {"a": [{"b": "c"}, [True, "x"]]}),
    ("a: >-\n  b\n  c\nd: >\n  e\n", {"a": "b c", "d": "e\n"}),
    ("a: b  # c: d\n", {"a": "b"}),
    ("a: ['b', \"c, d: e\", \"\"]\n", {"a": ["b", "c, d: e", ""]}),
    ("a: {'b c': d, \"1\": \"2\"}\n", {"a": {"b c": "d", "1": "2"}}),
    ("a.b: c\nSelf service: d\n", {"a.b": "c", "Self service": "d"}),
    ("a:\n  [b, c,\n   d e,\n   f]\ng: h\n", {"a": ["b", "c", "d e", "f"], "g": "h"}),
    ("a:\n  {b: [c,\n    d], e: 'f\n   g'}\n", {"a": {"b": ["c", "d"], "e": "f g"}}),
    ("a: [b.*, c*]\n", {"a": ["b.*", "c*"]}),
    *[(text, None) for text in (
        "", "\n", "a", "a: b", "- a\n", "a: b: c\n", "a: b: c #d\n", "a: #b\n", "a: b:\n", "a: &x b\n", "a: *x\n", "a: !t b\n",
        "a: >\n  b\n\n  c\n", "a: >\n  b\n   c\n", "a: |+\n  b\n", "a: |2\n   b\n", "a: |\n\n  b\n", "a: |\nb: c\n", "a: |\n  b\n c\n",
        'a: "b\\n"\n', "a: 'b''c'\n", "a: 'b\n  c'\n", "a: b\n  c\n", "a: b\na: c\n", "a:\nb: c\n", "a: \nb: c\n",
        "null: a\n", "true: a\n", "1: a\n", "? a\n", "a: {b: c, b: d}\n", "a: {null: b}\n", "a: [b,c]\n", "a: [b: c]\n", "a: {b}\n", "a: [b, ]\n", "a: [b] #c\n", "a: -\n",
        "a:\n- - b\n", "a:\n-\n  b\n", "a:\n -b\n", "a:\n- b\n  c: d\n", "a: b\n\tc: d\n", "a: b\r\n", "---\na: b\n",
        "a: b\n...\n", " a: b\n", "a: b\n b: c\n", "a: @b\n", "a: ['b''c']\n", 'a: ["b\\n"]\n', "a: ['b'c]\n",
        "a: {'b':c}\n", "a: {'': b}\n", "a:\n  [b,\n\n  c]\n", "a:\n[b]\n", "a:\n  [b,\nc]\n", "a:\n  [b, # c\n   d]\n", "a:\n  [b]\n  c: d\n", "a: [*b]\n", "a: %b\n", "a: ?b\n", "a: ,b\n", "<<: a\n",
    )],
]  # fmt: skip


def read(text: str, limits: Limits = LIMITS) -> Any:
    """Return what the reader gives, None where it doubts."""
    try:
        return block.read(text, limits)
    except (Doubt, ValueError):
        return None


@pytest.mark.parametrize(("text", "data"), LAYOUTS)
def test_layouts(text: str, data: Any) -> None:
    assert same(read(text), data)
    if data is not None:
        assert same(load_value(text.encode()).data, data)


def test_the_rule_book_is_read_without_a_parser() -> None:
    """A command that needs the rule book need not import a parser first, which takes longer than reading."""
    assert [path.name for path in RULE_FILES if read(path.read_text(encoding="utf-8")) is None] == []


def test_the_example_is_read_without_a_parser() -> None:
    assert sum(read(text) is not None for text in TEXTS) >= 0.9 * len(TEXTS)


@examples(60, 5000)
@given(documents)
def test_what_our_writer_writes_is_read_as_it_was(data: dict[str, Any]) -> None:
    found = read(dump(data))
    assert found is None or same(found, data)


@examples(400, 20_000)
@given(st.integers(0, 10**9))
def test_edited_lines_are_read_as_a_parser_reads_them(seed: int) -> None:
    dice = random.Random(seed)
    lines = dice.choice(TEXTS).splitlines(keepends=True)
    start = dice.randrange(len(lines))
    lines = lines[start : start + dice.randint(1, 14)]
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(lines))
        line = lines[at]
        way = dice.randrange(6)
        if way == 0:
            lines[at] = " " * dice.randint(1, 3) + line
        elif way == 1:
            lines[at] = line[dice.randint(1, 2) :]
        elif way == 2:
            lines.insert(at, dice.choice(lines))
        elif way == 3:
            other = dice.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        else:
            cut = dice.choice(
                [0, len(line) - 1, line.find(":") + 1, line.find(":") + 2, dice.randrange(len(line) + 1)]
            )
            lines[at] = line[:cut] + dice.choice([*BITS, *WORDS]) + line[cut + dice.randint(0, 2) :]
    raw = "".join(lines).encode()
    text = clean_text(raw)
    found = read(text) if text else None
    if found is not None:
        parsed = load_value(raw)
        assert not parsed.problems, raw
        assert same(parsed.data, found), raw


def test_depth_and_size_are_bounded() -> None:
    deep = "".join("  " * level + "a:\n" for level in range(20)) + "  " * 20 + "a: 1\n"
    assert read(deep) is None
    assert read(deep, LIMITS._replace(depth=21)) is not None
    assert read("a: " + "x" * LIMITS.nodes + "\n") is None


def test_no_parser_is_imported_for_a_plain_document() -> None:
    code = "import sys, itsm_gitops.documents as d; assert d.load(b'a: 1\\nb:\\n- c: d\\n').data; assert 'yaml' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
