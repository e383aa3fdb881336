"""Where the cursor is, in text that may be half typed."""

from __future__ import annotations

import pytest

from itsm_gitops.language.place import Place, place_at

MARK = "‸"


def at(text: str) -> Place | None:
    before, _, after = text.partition(MARK)
    return place_at(before + after, before.count("\n"), len(before.rsplit("\n", 1)[-1]))


@pytest.mark.parametrize(
    ("text", "pointer", "at_key", "word"),
    [
        ("state: ‸", ("state",), False, ""),
        ("sta‸te: new", (), True, "sta"),
        ("a: 1\n‸", (), True, ""),
        ("cis:\n- pay‸", ("cis", 0), True, "pay"),
        ("cis:\n- a\n- ‸\nlinks: []", ("cis", 1), True, ""),
        ("cis:\n  - a\n  - b‸", ("cis", 1), True, "b"),
        ("cis: [a, b‸]", ("cis", 1), False, "b"),
        ("links:\n- type: x\n  target: I‸", ("links", 0, "target"), False, "I"),
        ("links:\n- type: x\n  ‸", ("links", 0), True, ""),
        ("links:\n- type: x\n- ty‸", ("links", 1), True, "ty"),
        ("links:\n- {type: x, target: ‸}", ("links", 0, "target"), False, ""),
        ("links:\n- {type: x, ta‸}", ("links", 0), True, "ta"),
        ("review: {outcome: ‸}", ("review", "outcome"), False, ""),
        ("risk:\n  level: ‸\n", ("risk", "level"), False, ""),
        ("risk:\n  level: low\n  ‸\nstate: new", ("risk",), True, ""),
        ("a: 'it‸'", ("a",), False, "it"),
        ("title: été ‸", ("title",), False, "été "),
        ("text: |\n  who: ‸\nb: 1", None, False, ""),
        ("# who: ‸", None, False, ""),
        ("a: b # c‸", None, False, ""),
        ("a:‸", None, False, ""),
    ],
)
def test_a_place(text: str, pointer: tuple[str | int, ...] | None, at_key: bool, word: str) -> None:
    found = at(text)
    if pointer is None:
        assert found is None
        return
    assert found is not None
    assert (found.pointer, found.at_key, found.word) == (pointer, at_key, word)


def test_keys_that_are_there_are_known_above_and_below() -> None:
    found = at("id: x\n‸\ntitle: y\nlinks:\n- type: z\n")
    assert found is not None
    assert found.siblings == {"id", "title", "links"}


@pytest.mark.parametrize(
    "text", ["", "-", "- - -", ":", "{", "a: {b: [", "\t- x", "a:\n  - b\n - c", "|", "?", "- ? a"]
)
def test_no_text_makes_it_stumble(text: str) -> None:
    for line, raw in enumerate(text.split("\n")):
        for column in range(len(raw) + 1):
            place_at(text, line, column)
