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
]

# Where we differ on purpose or because libyaml does. Each was looked at.
ACCEPTED_THOUGH_INVALID = {
    "9C9N": "libyaml: the lines of a flow list need no indentation",
    "9JBA": "libyaml: a comment needs no space before it behind a bracket",
    "DK95/1": "libyaml: a tab may start the second line of a quoted text",
}
OTHER_VALUE = {
    "L24T/1": "libyaml: a last line of spaces, without a line break, does not end a block with one",
    "JEF9/2": "libyaml: the same, for a block of nothing else",
}
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
            for number, entry in enumerate(yaml.safe_load(file.read().decode())):
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
    assert not case.fails or case.name in ACCEPTED_THOUGH_INVALID
    if case.expected is not None and case.name not in OTHER_VALUE:
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
        # The refusals for syntax are directives, tabs, keys that are missing or on two lines, and `[:x]`.
        assert counts["loaded"] >= 85
        assert counts["P003"] <= 40
        assert set(counts) <= {"loaded", "P002", "P003", "P005", "P006", "P007", "P008"}
