"""The canonical form: the same data, every comment, and stable."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml_scribe import Scribe, documents, examples, same

from itsm_gitops.documents import fmt, load
from itsm_gitops.model.errors import Refused

ORDER = ["id", "kind", "title", "state"]
_NOTE = re.compile(r"# (?:head|note|tail|in) \d+")


@examples(250, 5000)
@given(documents, st.integers(0, 10**9))
def test_any_layout_becomes_canonical(data: dict[str, Any], seed: int) -> None:
    raw = Scribe(seed).document(data).encode()
    result = fmt(raw, ORDER)
    loaded = load(result)
    assert same(loaded.data, data)
    assert fmt(result, ORDER) == result
    assert sorted(_NOTE.findall(raw.decode())) == sorted(_NOTE.findall(result.decode()))
    assert b"\r\n" not in result
    assert result.endswith(b"\n")
    known = [key for key in loaded.data if key in ORDER]
    assert known == sorted(known, key=ORDER.index) == list(loaded.data)[: len(known)]


def test_comments_stay_with_their_key_or_item() -> None:
    raw = b"""\
# About this file

---
# about the title
title:   "Slow"   # shown in lists
id: 'x'
links: # how it hangs together
    - {type: a, # first
       target: b}
    # about the second
    - # a dash alone
      type: c
      # why this one
      target: >-
         folded
         text
teams: [a, # ours
  # theirs
  b]
none: [ # nothing yet
 ]
text: |+ # kept
  a

  # no comment

count: 1


deep:
    more:
        - 1
        # below the list
    # below more
# the end"""
    assert (
        fmt(raw, ["id", "title"]).decode()
        == """\
# About this file

id: x
# about the title
title: Slow # shown in lists
links: # how it hangs together
- type: a # first
  target: b
# about the second
# a dash alone
- type: c
  # why this one
  target: >-
    folded
    text
teams:
- a # ours
# theirs
- b
none: [] # nothing yet
text: |+ # kept
  a

  # no comment

count: 1

deep:
  more:
  - 1
    # below the list
  # below more
# the end
"""
    )


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"a: yes", b"a: 'yes'\n"),
        (b'a: "2026-11-22"\nb: \'x y\'\n', b"a: 2026-11-22\nb: x y\n"),
        (b"a: ~\nb:\nc: 0x10\nd: 1.50\ne: TRUE\n", b"a: null\nb: null\nc: 16\nd: 1.5\ne: true\n"),
        (b"a:   [ ]\nb: { }\n", b"a: []\nb: {}\n"),
        (b"{a: 1, b: [x, {c: d}]}\n", b"a: 1\nb:\n- x\n- c: d\n"),
        (b"a:\n    - x\n    -   b: 1\n        c: 2\n" .replace(b"        c", b"        c"), b"a:\n- x\n- b: 1\n  c: 2\n"),
        (b'a: "x\\ny\\n"\n', b"a: |\n  x\n  y\n"),
        (b"a: 1   \r\n\r\n\r\nb: 2\t\r\n", b"a: 1\n\nb: 2\n"),
        (b"{}\n", b"{}\n"),
        (b"# only\n{}\n# end\n", b"# only\n\n{}\n# end\n"),
        (b"a: one\n  two\n", b"a: one two\n"),
    ],
)  # fmt: skip
def test_canonical_scalars_and_collections(raw: bytes, wanted: bytes) -> None:
    assert fmt(raw).decode() == wanted.decode()


def test_documents_with_problems_are_refused() -> None:
    with pytest.raises(Refused, match="line 2: the key 'a' appears twice"):
        fmt(b"a: 1\na: 2\n")
