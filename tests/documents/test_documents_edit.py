"""Edits change exactly the data that was meant and no line that was not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml_scribe import Scribe, documents, examples, keys, same, values

from itsm_gitops.documents import Append, Edit, Remove, Set, edit, load, locate
from itsm_gitops.model.errors import ItsmError, NotFound, Refused

ORDER = ["id", "kind", "title", "state", "links"]


def places(value: Any, pointer: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield pointer, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*pointer, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from places(item, (*pointer, position))


@st.composite
def edits(draw: st.DrawFn) -> tuple[dict[str, Any], Edit, Any]:
    """Data, a change to it, and the data after the change, made in the plainest way."""
    data = draw(documents.filter(bool))
    pointer, value = draw(st.sampled_from(list(places(data))))
    kinds = ["set", "remove"] if pointer else []
    if isinstance(value, dict):
        kinds.append("new")
    if isinstance(value, list):
        kinds.append("append")
    kind = draw(st.sampled_from(kinds))
    new = None if kind == "remove" else draw(values)
    if kind == "new":
        pointer = (*pointer, draw(keys))
    return (
        data,
        {"remove": lambda: Remove(pointer), "append": lambda: Append(pointer, new)}.get(
            kind, lambda: Set(pointer, new)
        )(),
        _after(data, pointer, kind, new),
    )


def _after(value: Any, pointer: tuple[str | int, ...], kind: str, new: Any) -> Any:
    if not pointer:
        return [*value, new] if kind == "append" else new
    first, *rest = pointer
    if isinstance(value, list):
        if kind == "remove" and not rest:
            return [item for position, item in enumerate(value) if position != first]
        return [
            _after(item, tuple(rest), kind, new) if position == first else item
            for position, item in enumerate(value)
        ]
    if kind == "remove" and not rest:
        return {key: item for key, item in value.items() if key != first}
    return {**value, first: _after(value.get(first), tuple(rest), kind, new)}


@examples(300, 8000)
@given(edits(), st.integers(0, 10**9))
def test_any_edit_of_any_layout(case: tuple[dict[str, Any], Edit, Any], seed: int) -> None:
    data, change, wanted = case
    raw = Scribe(seed).document(data).encode()
    result = edit(raw, [change], ORDER)
    loaded = load(result)
    assert not loaded.problems, result
    assert same(loaded.data, wanted), result
    _only_touched_lines_differ(raw, result, change, data)


@examples(300, 8000)
@given(edits(), st.integers(0, 10**9), st.integers(0, 2**64), st.booleans())
def test_lines_that_stay_keep_their_own_ends(
    case: tuple[dict[str, Any], Edit, Any], seed: int, ends: int, closed: bool
) -> None:
    data, change, wanted = case
    plain = Scribe(seed).document(data).replace("\r\n", "\n")
    plain = plain if closed else plain.removesuffix("\n")
    if not same(load(plain.encode()).data, data):  # the last line break belonged to a value
        return
    pieces = plain.split("\n")
    mixed = (
        "".join(p + ("\r\n" if ends >> n % 64 & 1 else "\n") for n, p in enumerate(pieces[:-1])) + pieces[-1]
    )
    result = edit(mixed.encode(), [change], ORDER)
    assert same(load(result).data, wanted), result
    flat = edit(plain.encode(), [change], ORDER)
    assert result.decode().replace("\r\n", "\n") == flat.decode()
    old, new = plain.splitlines(keepends=True), flat.decode().splitlines(keepends=True)
    kept_ends = _kept(mixed.splitlines(keepends=True), result.decode().splitlines(keepends=True))
    assert kept_ends >= _kept(old, new) - 1, (mixed, result)  # the line that is edited may meet one like it


JSON_FORMS = [
    {"indent": 2}, {"indent": 4}, {"indent": 1}, {"indent": 2, "separators": (",", ":")}, {"separators": (",", ":")}, {},
]  # fmt: skip


@examples(300, 8000)
@given(edits(), st.sampled_from(JSON_FORMS), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_json_stays_json_in_its_own_form(
    case: tuple[dict[str, Any], Edit, Any], form: dict[str, Any], eol: str, closed: bool
) -> None:
    data, change, wanted = case
    text = json.dumps(data, ensure_ascii=False, **form).replace("\n", eol) + (eol if closed else "")
    if load(text.encode()).problems:
        return
    result = edit(text.encode(), [change])
    assert json.dumps(json.loads(result)) == json.dumps(wanted), result
    expected = json.dumps(wanted, ensure_ascii=False, **form).replace("\n", eol) + (eol if closed else "")
    assert result.decode() == expected


@pytest.mark.parametrize(
    ("raw", "change", "wanted"),
    [
        ('{"a": ["x"]}', Append(("a",), "y"), '{"a": ["x", "y"]}'),
        ('{"a":["x"]}', Append(("a",), "y"), '{"a":["x","y"]}'),
        ('{\n  "a": ["x"],\n  "b": 1\n}\n', Append(("a",), "y"), '{\n  "a": ["x", "y"],\n  "b": 1\n}\n'),
        (
            '{\n  "a": [\n    {"x": 1}\n  ]\n}\n',
            Append(("a",), {"y": 2}),
            '{\n  "a": [\n    {"x": 1},\n    {"y": 2}\n  ]\n}\n',
        ),
        ('{"b": 1}', Set(("a",), {"c": []}), '{"a": {"c": []}, "b": 1}'),
        ('{"a": "\\u00e9"}', Set(("b",), "ä"), '{"a": "\\u00e9", "b": "\\u00e4"}'),
        ('{"a": 1, "b": 2}', Remove(("a",)), '{"b": 2}'),
        ('{"a": 1, "b": 2}', Remove(("b",)), '{"a": 1}'),
        ('{"a": 1}\n', Remove(("a",)), "{}\n"),
    ],
)
def test_corners_of_json(raw: str, change: Edit, wanted: str) -> None:
    assert edit(raw.encode(), [change], ["a", "b"]).decode() == wanted


def test_several_edits_of_json() -> None:
    edits_made = [Remove(("a",)), Set(("b",), [1]), Append(("b",), "no"), Set(("c", "d"), "1")]
    assert json.loads(edit(b'{"a": 1}', edits_made)) == {"b": [1, "no"], "c": {"d": "1"}}


@pytest.mark.parametrize(
    ("raw", "change", "wanted"),
    [
        (b"a: 1\r\nb: 2\nc: 3", Set(("b",), 4), b"a: 1\r\nb: 4\nc: 3"),
        (b"a: 1\nb: |\n  x", Set(("a",), 4), b"a: 4\nb: |\n  x"),
        (b"a: 1\nb: 2", Set(("b",), 4), b"a: 1\nb: 4"),
        (b"a: 1\n\nb: 2", Remove(("b",)), b"a: 1\n\n"),
        (b"a: [1, 2]", Remove(("a", 1)), b"a: [1]"),
        (b"a:\r\n- 1\r\nb: 2\n", Append(("a",), 2), b"a:\r\n- 1\r\n- 2\r\nb: 2\n"),
        (b"a:\n- 1\r\n- 2\nb: 2\r\n", Remove(("a", 0)), b"a:\n- 2\nb: 2\r\n"),
        (b"a: |\r\n  x\n  y\r\nb: 2\n", Set(("a",), "z"), b"a: |-\r\n  z\r\nb: 2\n"),
        (b"a: 1\t\r\nb: 2 \n", Set(("b",), 3), b"a: 1\t\r\nb: 3 \n"),
    ],
)
def test_mixed_line_ends(raw: bytes, change: Edit, wanted: bytes) -> None:
    assert edit(raw, [change]) == wanted


def _only_touched_lines_differ(raw: bytes, result: bytes, change: Edit, data: Any) -> None:
    """Lines before the first and behind the last line of what is edited keep every byte."""
    eol = "\r\n" if b"\r\n" in raw else "\n"
    old, new = ((text.decode().removesuffix(eol) + eol).splitlines(keepends=True) for text in (raw, result))
    source = locate(raw)
    pointer = change.pointer
    inserted = isinstance(change, Append) or source.value(pointer) is None
    if inserted:
        # A list or mapping that has something in block style only gains lines.
        holder = pointer if isinstance(change, Append) else pointer[:-1]
        inside: Any = data
        for part in holder:
            inside = inside[part]
        span = source.value(holder)
        if inside and span and raw.decode()[span.start] not in "{[" and not _in_flow(source, raw, holder):
            assert _kept(old, new) == len(old)
            return
        pointer = holder
    elif isinstance(change, Remove):
        inside = data
        for part in pointer[:-1]:
            inside = inside[part]
        # A comma goes with an item in brackets; what follows a first key or item moves up behind its dash.
        opening = pointer[-1] == next(iter(inside)) if isinstance(inside, dict) else pointer[-1] == 0
        alone = len(inside) == 1 or opening or _in_flow(source, raw, pointer[:-1])
        pointer = pointer[:-1] if alone else pointer
    span = source.value(pointer)
    assert span is not None
    first = min(span.line, (source.key(pointer) or span).line)
    body = raw.decode()[span.start : span.end]
    last = span.line + body.removesuffix("\n").count("\n")
    holder_span = source.value(pointer[:-1])
    if pointer and isinstance(pointer[-1], int) and holder_span and not _in_flow(source, raw, pointer[:-1]):
        # The value of an item can stand below its dash, with comments between.
        while first > holder_span.line and old[first - 1][holder_span.column - 1 : holder_span.column] != "-":
            first -= 1
    assert old[: first - 1] == new[: first - 1]
    behind = len(old) - last - 1
    assert behind <= 0 or old[-behind:] == new[-behind:]


def _in_flow(source: Any, raw: bytes, pointer: tuple[str | int, ...]) -> bool:
    text = raw.decode()
    spans = [source.value(pointer[:length]) for length in range(len(pointer) + 1)]
    return any(text[span.start : span.start + 1] in ("[", "{") for span in spans)


def _kept(old: list[str], new: list[str]) -> int:
    before = _shared(old, new)
    return before + _shared(old[before:][::-1], new[before:][::-1])


def _shared(old: list[str], new: list[str]) -> int:
    pairs = zip(old, new, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))


RECORD = b"""\
# An incident, written by hand
id: INC-261122-K7QF3   # never changes
kind: incident
title: "Checkout is slow"

state: 'new'
description: |
  First line.

  Second line.   # not a comment
links:
  - {type: affects, target: checkout}   # flow
  - type: caused_by  # block
    target: CHG-261120-AAAAA
tags: [slow, "eu west",   shop]
summary: >-
  folded
  text
x: {}
aliases: []
timeline:
# oldest first
- at: 2026-11-22T10:00:00Z
  by: ada   # on call

- at: 2026-11-22T11:00:00Z
  by: ben
"""

CASES = [
    (Set(("state",), "in_progress"), "state: 'new'", "state: 'in_progress'"),
    (Set(("title",), "It's \"slow\""), 'title: "Checkout is slow"', 'title: "It\'s \\"slow\\""'),
    (Set(("kind",), "no"), "kind: incident", "kind: 'no'"),
    (Set(("id",), "INC-1"), "id: INC-261122-K7QF3   # never", "id: INC-1   # never"),
    (Set(("description",), "One\ntwo\n"), "  First line.\n\n  Second line.   # not a comment", "  One\n  two"),
    (Set(("description",), "One"), "|\n  First line.\n\n  Second line.   # not a comment", "|-\n  One"),
    (Set(("summary",), "other words"), "  folded\n  text", "  other words"),
    (Set(("links", 0, "target"), "a, b"), "target: checkout}", "target: 'a, b'}"),
    (Set(("links", 1, "note"), "why"), "CHG-261120-AAAAA\n", "CHG-261120-AAAAA\n    note: why\n"),
    (Set(("links", 0, "note"), "why"), "target: checkout}", "target: checkout, note: why}"),
    (Append(("tags",), "new"), "  shop]", "  shop, new]"),
    (Append(("aliases",), "OLD-1"), "aliases: []", "aliases:\n  - OLD-1"),
    (Append(("links",), {"type": "blocks", "target": "x"}), "tags:", "  - type: blocks\n    target: x\ntags:"),
    (Append(("timeline",), {"at": "2026-11-22T12:00:00Z", "by": "cy"}), "by: ben\n",
     "by: ben\n- at: 2026-11-22T12:00:00Z\n  by: cy\n"),
    (Set(("impact",), "high"), "  by: ben\n", "  by: ben\nimpact: high\n"),
    (Set(("urgency",), "low"), "kind: incident\n", "kind: incident\nurgency: low\n"),
    (Set(("x", "a"), 1), "x: {}", "x:\n  a: 1"),
    (Set(("labels", "tier"), "1"), "x: {}\n", "x: {}\nlabels:\n  tier: '1'\n"),
    (Remove(("tags", 1)), 'slow, "eu west",   shop', "slow, shop"),
    (Remove(("tags", 2)), '"eu west",   shop', '"eu west"'),
    (Remove(("links", 0)), "  - {type: affects, target: checkout}   # flow\n", ""),
    (Remove(("links", 1, "type")), "- type: caused_by  # block\n    target", "- target"),
    (Remove(("summary",)), "summary: >-\n  folded\n  text\n", ""),
    (Remove(("timeline", 1)), "- at: 2026-11-22T11:00:00Z\n  by: ben\n", ""),
    (Set(("links",), []), ("links:\n  - {type: affects, target: checkout}   # flow\n  - type: caused_by  # block\n"
     "    target: CHG-261120-AAAAA"), "links: []"),
]  # fmt: skip


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize(("change", "old", "new"), CASES)
def test_an_edit_of_a_record(change: Edit, old: str, new: str, eol: str) -> None:
    raw = RECORD.decode()
    assert raw.count(old) == 1
    order = [
        "id",
        "kind",
        "urgency",
        "title",
        "state",
        "description",
        "tags",
        "x",
        "labels",
        "aliases",
        "links",
    ]
    wanted = raw.replace(old, new).replace("\n", eol).encode()
    assert edit(raw.replace("\n", eol).encode(), [change], order).decode() == wanted.decode()


def test_several_edits_at_once() -> None:
    raw = b"id: a\nstate: new\ntimeline:\n- at: 1\n"
    changes = [
        Set(("state",), "open"),
        Append(("timeline",), {"at": 2}),
        Set(("assignee",), "ada"),
        Remove(("id",)),
    ]
    assert (
        edit(raw, changes, ["id", "state", "assignee"])
        == b"state: open\nassignee: ada\ntimeline:\n- at: 1\n- at: 2\n"
    )


def test_nothing_changes_when_the_value_is_there_already() -> None:
    raw = b"a:   'x'\nb: 1"
    assert edit(raw, [Set(("a",), "x"), Set(("b",), 1)]) is raw
    assert edit(raw, []) is raw


def test_the_type_of_a_number_is_a_change() -> None:
    assert edit(b"a: 1\n", [Set(("a",), "1")]) == b"a: '1'\n"
    assert edit(b"a: 1\n", [Set(("a",), 1.0)]) == b"a: 1.0\n"
    assert edit(b"a: 1\n", [Set(("a",), True)]) == b"a: true\n"


@pytest.mark.parametrize(
    ("raw", "change", "wanted"),
    [
        (b"a: 1", Set(("b",), 2), b"a: 1\nb: 2\n"),
        (b"a: |\n  x", Set(("b",), 2), b"a: |-\n  x\nb: 2\n"),
        (b"a: |+ # c\n  x", Set(("b",), 2), b"a: |- # c\n  x\nb: 2\n"),
        (b"a:\nb: 1\n", Set(("a",), "x"), b"a: x\nb: 1\n"),
        (b"a:  # c\nb: 1\n", Set(("a",), "x"), b"a: x  # c\nb: 1\n"),
        (b"a: # c\n- 1\n", Set(("a",), "x"), b"a: x # c\n"),
        (b"a: 1 # c\n", Set(("a",), [1, 2]), b"a: # c\n- 1\n- 2\n"),
        (b"a: 1 # c\n", Set(("a",), "x\ny\n"), b"a: | # c\n  x\n  y\n"),
        (b"a:\n", Append(("a",), 1), b"a:\n- 1\n"),
        (b"a:\n", Set(("a", "b"), 1), b"a:\n  b: 1\n"),
        (b"{}\n", Set(("a",), 1), b"a: 1\n"),
        (b"--- {}\n", Set(("a",), 1), b"--- {a: 1}\n"),
        (b"a: 1\n", Remove(("a",)), b"{}\n"),
        (b"a: [1]\n", Remove(("a", 0)), b"a: []\n"),
        (b"a:\n- 1 # c\n", Remove(("a", 0)), b"a: []\n"),
        (b"{a: 1}\n", Set(("b",), 2), b"{a: 1, b: 2}\n"),
        (b"a: {b}\n", Set(("a", "b"), 2), b"a: {b: 2}\n"),
        (b"a: [b: 1]\n", Set(("a", 0, "c"), 2), b"a: [{b: 1, c: 2}]\n"),
        (b"a:\n- - 1\n  - 2\n", Remove(("a", 0, 0)), b"a:\n- - 2\n"),
        (b"b: 1\n", Set(("a",), 2), b"a: 2\nb: 1\n"),
        (b"# head\n\nb: 1\n", Set(("a",), 2), b"# head\n\na: 2\nb: 1\n"),
        (b"a: |+\n  x\n\nb: 1\n\nc: 2\n", Remove(("b",)), b"a: |+\n  x\n\nc: 2\n"),
        (b"a: |+\n  x\n\nb: 1\n\nc:", Remove(("b",)), b"a: |+\n  x\n\nc:"),
        (b"a:\n- >+\n  x\nb: 1\n\nc: 2\n", Remove(("b",)), b"a:\n- >+\n  x\nc: 2\n"),
        (b"a: |+\n  x\n# c\nb: 1\n\nc: 2\n", Remove(("b",)), b"a: |+\n  x\n# c\n\nc: 2\n"),
        (b"a: |\n  x\nb: 1\n\nc: 2\n", Remove(("b",)), b"a: |\n  x\n\nc: 2\n"),
        (b"a: x\n\n\nb: 1\n", Set(("a",), "y\n\n"), b'a: "y\\n\\n"\n\n\nb: 1\n'),
    ],
)
def test_corners(raw: bytes, change: Edit, wanted: bytes) -> None:
    assert edit(raw, [change], ["a", "b"]).decode() == wanted.decode()


@pytest.mark.parametrize(
    "change",
    [Remove(("b",)), Remove(("a", 3)), Set(("a", 3), 1), Set(("a", "x"), 1), Append(("s",), 1), Set(("s", "x"), 1),
     Set((), {}), Remove(("s", "x", "y"))],
)  # fmt: skip
def test_a_pointer_into_nothing(change: Edit) -> None:
    with pytest.raises(NotFound):
        edit(b"a: [1]\ns: text\n", [change])


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object(), "bell \x07", "e\u0301", "\u202e"])
def test_a_value_that_cannot_be_written(value: Any) -> None:
    with pytest.raises(Refused):
        edit(b"a: 1\n", [Set(("a",), value)])


def test_a_document_with_problems_is_refused() -> None:
    with pytest.raises(Refused, match="line 2: the key 'a' appears twice"):
        edit(b"a: 1\na: 2\n", [Set(("a",), 3)])


def test_a_layout_that_cannot_be_spliced_is_refused_not_broken() -> None:
    raw = b"? a\n: 1\n? b\n: - 1\n"
    for change in (Set(("a",), "x"), Set(("c",), 1), Append(("b",), 2), Remove(("a",))):
        try:
            loaded = load(edit(raw, [change], ["c", "a"]))
        except ItsmError:
            continue
        assert loaded.data in (
            {"a": "x", "b": [1]},
            {"a": 1, "b": [1], "c": 1},
            {"a": 1, "b": [1, 2]},
            {"b": [1]},
        )
