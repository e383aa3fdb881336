"""Writing and reading back gives equal data, in the canonical form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml_scribe import Scribe, documents, examples, same

from itsm_gitops.documents import dump, fmt, load


@examples(150, 3000)
@given(documents)
def test_what_is_written_reads_back_equal(data: dict[str, Any]) -> None:
    text = dump(data)
    loaded = load(text.encode())
    assert not loaded.problems, text
    assert same(loaded.data, data)
    assert list(loaded.data) == list(data)
    assert text.endswith("\n")


@examples(150, 3000)
@given(documents, st.integers(0, 10**9))
def test_texts_of_every_layout_read_as_their_data(data: dict[str, Any], seed: int) -> None:
    text = Scribe(seed).document(data)
    loaded = load(text.encode())
    assert not loaded.problems, text
    assert same(loaded.data, data)


@examples(150, 3000)
@given(documents)
def test_a_dumped_document_is_canonical(data: dict[str, Any]) -> None:
    text = dump(data).encode()
    assert fmt(text) == text


def test_canonical_form() -> None:
    data = {
        "title": "Checkout is slow",
        "id": "INC-261122-K7QF3",
        "opened": "2026-11-22T10:00:00Z",
        "version": "1.10",
        "links": [
            {"type": "affects", "target": "checkout"},
            {"type": "relates_to", "target": "x", "note": "no"},
        ],
        "description": "First line.\n\nSecond: line.\n",
        "tags": [],
        "labels": {"tier": "1", "when": "2026-11-22"},
        "risk": {"level": "low", "score": 3, "ratio": 0.5, "open": True, "by": None},
        "rows": [[1, 2], [{"a": [3]}]],
    }
    assert dump(data, ["id", "title"]) == (
        "id: INC-261122-K7QF3\n"
        "title: Checkout is slow\n"
        "opened: 2026-11-22T10:00:00Z\n"
        "version: '1.10'\n"
        "links:\n"
        "- type: affects\n"
        "  target: checkout\n"
        "- type: relates_to\n"
        "  target: x\n"
        "  note: 'no'\n"
        "description: |\n"
        "  First line.\n"
        "\n"
        "  Second: line.\n"
        "tags: []\n"
        "labels:\n"
        "  tier: '1'\n"
        "  when: 2026-11-22\n"
        "risk:\n"
        "  level: low\n"
        "  score: 3\n"
        "  ratio: 0.5\n"
        "  open: true\n"
        "  by: null\n"
        "rows:\n"
        "- - 1\n"
        "  - 2\n"
        "- - a:\n"
        "    - 3\n"
    )


@pytest.mark.parametrize("value", [float("inf"), float("nan"), "bell \x07", "\u202e", "\u200b"])
def test_what_a_document_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        dump({"a": value})


def test_the_empty_document() -> None:
    assert load(dump({}).encode()).data == {}


def test_a_last_line_of_white_space_is_quoted() -> None:
    """In a block it looks like the empty line before what follows."""
    text = dump({"id": ["0\n\t", None]})
    assert text == 'id:\n- "0\\n\\t"\n- null\n'
    assert fmt(text.encode()) == text.encode()
    written = fmt(b"id: |-\n  0\n  \t\nb: 1\n")
    assert written == b'id: "0\\n\\t"\n\nb: 1\n'
    assert fmt(written) == written
