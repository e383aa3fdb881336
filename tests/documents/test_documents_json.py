"""The JSON files of the rule book are read as strictly as documents."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml_scribe import documents, examples, same

from itsm_gitops.documents import RULEBOOK_LIMITS, Limits, load, load_json, load_rule_file
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.support import SLOWER


@examples(100, 2000)
@given(documents, st.sampled_from([None, 0, 2]))
def test_json_is_read_as_json(data: dict[str, Any], indent: int | None) -> None:
    loaded = load_json(json.dumps(data, indent=indent, ensure_ascii=False).encode())
    assert loaded.problems == ()
    assert same(loaded.data, data)


@pytest.mark.parametrize(
    ("raw", "code", "line", "column"),
    [
        (b'{"a": 1,\n "b": {"c": 1,\n  "c": 2}}', "P004", 3, 3),
        (b'{"a": {"a": 1}, "b": [{"a": 1}], "a": 2}', "P004", 1, 34),
        (b'{"a": "\\"a\\":", "x": 1, "x": 1}', "P004", 1, 25),
        (b'{"a": NaN}', "P003", 1, 1),
        (b'{"a": -Infinity}', "P003", 1, 1),
        (b'{"a": 1e999}', "P003", 1, 1),
        (b'{"a": ' + b"9" * 5000 + b"}", "P003", 1, 1),
        (b'{"a": 1,}', "P003", 1, 9),
        (b'{\n"a" 1}', "P003", 2, 5),
        (b"", "P007", 1, 1),
        (b'{"a": 1} {}', "P003", 1, 10),
        (b"[1]", "P011", 1, 1),
        (b'{"a": "\\u202e"}', "P002", 1, 1),
        (b'{"a": "\x07"}', "P002", 1, 8),
        (b"\xef\xbb\xbf{}", "P002", 1, 1),
        (b'{"a": "\xe9"}', "P001", 1, 8),
        (b"[" * 200_000, "P010", 1, 65),
        (b'{"a":' * 100_000, "P010", 1, 321),
        (b'{"a": "' + b"x" * 2_000_000 + b'"}', "P009", 1, 1),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_refused_with_its_place(raw: bytes, code: str, line: int, column: int) -> None:
    started = time.process_time()
    loaded = load_json(raw)
    assert time.process_time() - started < 1 * SLOWER
    assert loaded.data is None
    problem = loaded.problems[0]
    assert (problem.code, problem.line, problem.column) == (code, line, column)
    assert problem.hint


def test_too_many_values() -> None:
    raw = b'{"a": [1, 2, 3, 4, 5]}'
    assert load_json(raw, limits=Limits(nodes=7)).data == {"a": [1, 2, 3, 4, 5]}
    assert load_json(raw, limits=Limits(nodes=6)).problems[0].code == "P010"


@examples(200, 5000)
@given(st.text(st.sampled_from('{}[]":,\\ \n0123eE+-.truefalsn\x00é'), max_size=60) | st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    loaded = load_json(text.encode("utf-8", "surrogatepass"))
    assert loaded.problems or isinstance(loaded.data, dict)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in loaded.problems)


def test_a_file_of_the_rule_book_is_read_once_and_comes_out_as_always() -> None:
    root = packaged_rulebook_root() / "schemas"
    for file in sorted(p for p in root.rglob("*") if p.suffix in (".json", ".yaml")):
        raw, is_json = file.read_bytes(), file.suffix == ".json"
        found = load_rule_file(raw, is_json=is_json)
        assert load_rule_file(bytes(bytearray(raw)), is_json=is_json) is found
        assert found == (load_json(raw) if is_json else load(raw, limits=RULEBOOK_LIMITS))
    assert load_rule_file(b"{", is_json=True).problems
    assert load_rule_file(b"{}", is_json=True).data == {}
