"""The YAML test suite: every case is loaded with the expected value or refused with its place."""

from __future__ import annotations

import json
import os
import re
import tarfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from yaml_scribe import load_value, same

from itsm_gitops.documents import load
from tests.support import SLOWER


class Case(NamedTuple):
    name: str
    text: str
    fails: bool
    expected: str | None  # JSON


# The same ideas in our own words, for machines without the suite.
OWN = [
    Case("block map", "a: 1\nb:\n  c: x\n", False, '{"a": 1, "b": {"c": "x"}}'),
    Case("list under its key", "a:\n- 1\n- - 2\n  - 3\n", False, '{"a": [1, [2, 3]]}'),
    Case("flow over lines", "a: [1,\n  {b: 2},\n  ]\n", False, '{"a": [1, {"b": 2}]}'),
    Case("literal", "a: |\n  x\n\n   y\n\n", False, '{"a": "x\\n\\n y\\n"}'),
    Case("literal, all breaks", "a: |+\n  x\n\nb: 1\n", False, '{"a": "x\\n\\n", "b": 1}'),
    Case("literal, indented", "a: |2\n    x\n", False, '{"a": "  x\\n"}'),
    Case("folded", "a: >\n  x\n  y\n\n  z\n   w\n", False, '{"a": "x y\\nz\\n w\\n"}'),
    Case("plain over lines", "a: x\n  y\n\n  z # c\n", False, '{"a": "x y\\nz"}'),
    Case("quoted over lines", "a: 'x\n  y'\nb: \"p\\\n  q\\n\"\n", False, '{"a": "x y", "b": "pq\\n"}'),
    Case("explicit keys", "? a\n: 1\n? b\n", False, '{"a": 1, "b": null}'),
    Case("quoted key", "\"a b\": 1\n'c': 2\n{}: 3\n", True, None),
    Case("two in a row", "a: 1\n b: 2\n", True, None),
    Case("comments", "# x\na: 1 # y\n# z\n", False, '{"a": 1}'),
    Case("markers", "---\na: 1\n...\n", False, '{"a": 1}'),
    Case("alias to nothing", "a: *b\n", True, None),
    Case("bad indentation", "a:\n  b: 1\n c: 2\n", True, None),
    Case("unclosed", "a: [1\n", True, None),
    # What libyaml takes and YAML 1.2 forbids.
    Case("comment behind a quote", 'a: "b"# c\n', True, None),
    Case("comment behind a bracket", "a: [b]# c\n", True, None),
    Case("comment behind a brace", "a: {b: 1}# c\n", True, None),
    Case("comment behind a comma", "a: [b,# c\n  d]\n", True, None),
    Case("comment in a header", "a: ># c\n  b\n", True, None),
    Case("comment behind an opening bracket", "a: [# c\n  d]\n", True, None),
    Case("quote too far left", "a:\n  b: 'x\n  y'\n", True, None),
    Case("quote at the margin", 'a: "x\ny"\n', True, None),
    Case("quote behind a tab", 'a: "x\n\ty"\n', True, None),
    Case("quote in a list", "- a: 'x\n  y'\n", True, None),
    Case("brackets too far left", "a:\n- [b,\nc]\n", True, None),
    Case("brackets behind a tab", "a: [\n\tb\n  ]\n", True, None),
    Case("braces too far left", "a:\n  b: {\n  c: 1}\n", True, None),
    Case("bracket closed behind a tab", "a:\n  b: [1,\n\t]\n", True, None),
    Case("dash in brackets", "a: [-]\n", True, None),
    Case("dashes in brackets", "a: [-, b]\n", True, None),
    Case("empty block below spaces", "a: >\n   \n # c\n", True, None),
    Case("spaces at the end of a block", "a: |\n  b\n   ", True, None),
    Case("spaces at the end of an empty block", "a: |+\n   ", True, None),
    # The same shapes as it should be.
    Case(
        "comments with a space",
        "a: ['b', # c\n  'd'] # e\nf: |# g\n".replace("|#", "| #") + "  h\n",
        False,
        '{"a": ["b", "d"], "f": "h\\n"}',
    ),
    Case("quote far enough in", "a:\n  b: 'x\n   y'\nc: \"#\"\n", False, '{"a": {"b": "x y"}, "c": "#"}'),
    Case("brackets over lines", "a: [\n  b,\n# c\n\n  -1,\n]\n", False, '{"a": ["b", -1]}'),
    Case("brackets at the top", '{\n"a": [\n1\n],\n\t"b": "-"\n}\n', False, '{"a": [1], "b": "-"}'),
    Case("braces in a list", "a:\n- {\n  b: 1\n  }\n- [c-]\n", False, '{"a": [{"b": 1}, ["c-"]]}'),
    Case("hash in words", "a: b#c\nd: 'e'\nf: x]#y\n", False, '{"a": "b#c", "d": "e", "f": "x]#y"}'),
    Case("empty block", "a: |\n\nb: 1\n", False, '{"a": "", "b": 1}'),
]

_MARKS = str.maketrans({"␣": " ", "↵": "", "←": "\r", "⇔": "\ufeff"})


def _from_suite() -> list[Case]:
    folder = os.environ.get("ITSM_CORPUS")
    archive = Path(folder or ".") / "yaml-test-suite" / "src_part1.tar.xz"
    if not folder or not archive.exists():
        return []
    cases = []
    with tarfile.open(archive) as tar:
        for member in sorted(tar.getmembers(), key=lambda m: m.name):
            file = tar.extractfile(member)
            if file is None:
                continue
            for number, entry in enumerate(yaml.load(file.read(), yaml.CSafeLoader)):
                if "yaml" not in entry:
                    continue
                text = re.sub("—*»", "\t", entry["yaml"]).translate(_MARKS)
                text = text.removesuffix("∎\n") if text.endswith("∎\n") else text
                name = Path(member.name).stem + (f"/{number}" if number else "")
                cases.append(Case(name, text, bool(entry.get("fail")), entry.get("json")))
    return cases


SUITE = _from_suite()


@pytest.mark.parametrize("pure", [False, True], ids=["c", "pure"])
@pytest.mark.parametrize("case", OWN + SUITE, ids=lambda case: case.name)
def test_loaded_as_expected_or_refused_with_its_place(case: Case, pure: bool) -> None:
    raw = case.text.encode()
    started = time.process_time()
    loaded = load_value(raw, pure=pure)
    assert time.process_time() - started < 1 * SLOWER
    for problem in loaded.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message
        assert problem.hint
    if loaded.problems:
        return
    assert not case.fails
    if case.expected is not None:
        assert same(loaded.data, json.loads(case.expected))


@pytest.mark.parametrize("case", OWN, ids=lambda case: case.name)
def test_our_own_cases_are_not_merely_refused(case: Case) -> None:
    assert bool(load(case.text.encode()).problems) == case.fails


def test_the_safe_core_is_loaded_not_refused() -> None:
    """What YAML allows is refused only for being outside of the safe core, or by libyaml."""
    counts: Counter[Any] = Counter()
    for case in SUITE:
        loaded = load_value(case.text.encode())
        if not case.fails:
            counts[loaded.problems[0].code if loaded.problems else "loaded"] += 1
    if SUITE:
        # The refusals for syntax are directives, tabs, keys that are missing or on two lines, `[:x]`,
        # and spaces on a last line without a line break, which libyaml reads in another way.
        assert counts["loaded"] >= 84
        assert counts["P003"] <= 41
        assert set(counts) <= {"loaded", "P002", "P003", "P005", "P006", "P007", "P008"}
