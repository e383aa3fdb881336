"""Every pointer leads to the text of its value."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from yaml_scribe import Scribe, documents, examples, load_value, same

from itsm_gitops.documents import locate
from itsm_gitops.documents.positions import TextSpan

RAW = "# ü😀\r\nid: x\r\nlinks:\r\n- {type: a, 'target': b}\r\n- type: |\r\n    text\r\n  note:\r\nlast: 'q'\r\n".encode()


def cut(span: TextSpan | None) -> str:
    assert span is not None
    return RAW.decode()[span.start : span.end]


def test_spans_of_values_and_keys() -> None:
    source = locate(RAW)
    assert cut(source.value(("id",))) == "x"
    assert cut(source.key(("id",))) == "id"
    assert cut(source.value(("links", 0, "target"))) == "b"
    assert cut(source.key(("links", 0, "target"))) == "'target'"
    assert cut(source.value(("links", 0))) == "{type: a, 'target': b}"
    assert cut(source.value(("links", 1, "type"))) == "|\r\n    text\r\n"
    assert cut(source.value(("last",))) == "'q'"
    target = source.value(("links", 0, "target"))
    assert target is not None
    assert (target.line, target.column) == (4, 23)
    assert source.value(("none",)) is None
    assert source.value(("links", 7)) is None
    assert source.key(("links", 0)) is None


def test_the_nearest_place() -> None:
    source = locate(RAW)
    assert source.nearest(("links", 0, "target")) == source.value(("links", 0, "target"))
    assert source.nearest(("links", 0, "missing")) == source.value(("links", 0))
    assert source.nearest(("links", 9, "missing")) == source.value(("links",))
    assert source.nearest(("links", 1, "note")) == source.key(("links", 1, "note"))
    assert source.nearest(("missing",)) == source.value(())


def test_a_document_that_cannot_be_read_points_to_its_start() -> None:
    for raw in (b"", b"a: [", b"\xff", b"a: 1\na: \x00", b"[" * 300):
        assert locate(raw).nearest(("a", 0)) == TextSpan(0, 0, 1, 1)


def test_json_files_are_located_too() -> None:
    source = locate(b'{\n  "a": [1, {"b": true}]\n}\n')
    assert source.value(("a", 1, "b")) == TextSpan(19, 23, 2, 18)


@examples(150, 3000)
@given(documents, st.integers(0, 10**9))
def test_scalars_and_brackets_stand_where_the_map_says(data: dict[str, Any], seed: int) -> None:
    text = Scribe(seed).document(data)
    source = locate(text.encode())
    todo: list[tuple[tuple[str | int, ...], Any]] = [((), data)]
    while todo:
        pointer, value = todo.pop()
        span = source.value(pointer)
        assert span is not None
        written = text[span.start : span.end]
        assert span.line == text.count("\n", 0, span.start) + 1
        assert span.column == span.start - text.rfind("\n", 0, span.start)
        if isinstance(value, dict):
            todo += [((*pointer, key), item) for key, item in value.items()]
            assert all(source.key((*pointer, key)) for key in value)
        elif isinstance(value, list):
            todo += [((*pointer, position), item) for position, item in enumerate(value)]
        elif not written.startswith(("|", ">")):
            assert same(load_value(f"- {written}".encode()).data, [value])
