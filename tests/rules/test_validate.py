"""jsonschema explains, jsonschema-rs decides: they agree, and without the second all still works."""

from __future__ import annotations

import builtins
import copy
import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from example_trees import EXAMPLES, NOW, build
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops import documents
from itsm_gitops.model import clock
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository import Repository
from itsm_gitops.rules import check, schema
from itsm_gitops.rules.judge import DocumentJudge
from itsm_gitops.schema import validate
from itsm_gitops.schema.faults import pattern_fault
from itsm_gitops.snapshots import Document, load_store, packaged_rulebook_root
from tests.complete import need
from tests.support import rounds

need("jsonschema_rs")

SPOILERS: list[Any] = [
    None, True, False, 0, -1, 1.0, 1.5, 10**30, "", "x", "X" * 300, "é\u0301", "a\n", "2026-02-30", "2026-02-28",
    "2026-11-22T09:00:00Z", "2026-11-22T09:00:60Z", "2026-11-22t09:00:00z", "2026-11-22 09:00:00Z",
    "2026-11-22T09:00:00+24:00", "0001-01-01T00:00:00+14:00", "2026-11-22T09:00:00", "https://a b", "https://a/b",
    "javascript:alert(1)", "INC-261120-AAAAA", "payments", [], [1, 1], ["payments"], {}, {"a": 1}, {"": {}}, [[[]]],
    "٣", "２０２６-11-22",
]  # fmt: skip


def documents_of_examples() -> Iterator[tuple[str, Any]]:
    for path in sorted(EXAMPLES.rglob("*.yaml")):
        found = re.search(r"(records|cmdb)/.*", path.as_posix())
        data = documents.load(path.read_bytes()).data
        if found and isinstance(data, dict):
            yield found[0], data


def mutate(data: Any, luck: random.Random) -> Any:
    """Spoil one place: replace, remove, rename, repeat or nest it."""
    data = copy.deepcopy(data)
    node = data
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return luck.choice(SPOILERS) if node is data else data
        key = luck.choice(keys)
        child = node[key]
        if isinstance(child, (dict, list)) and luck.random() < 0.7:
            node = child
            continue
        what = luck.randrange(6)
        if what == 0:
            del node[key]
        elif what == 1 and isinstance(node, dict):
            node[f"{key}x"] = node.pop(key)
        elif what == 2 and isinstance(node, list):
            node.append(copy.deepcopy(child))
        elif what == 3:
            node[key] = [child]
        else:
            node[key] = copy.deepcopy(luck.choice(SPOILERS))
        return data


@pytest.fixture(scope="module")
def validators(book: RuleBook) -> dict[str, tuple[Any, Any]]:
    return {k.name: (validate.fast(k.schema), validate.slow(k.schema)) for k in book.kinds.values()}


def assert_agreement(validators: dict[str, tuple[Any, Any]], kind: str, data: Any) -> None:
    fast, slow = validators[kind]
    assert type(fast).__module__.startswith("jsonschema_rs")
    assert fast.is_valid(data) == slow.is_valid(data) == (not schema.explain(slow, data)), data


def test_both_agree_on_all_examples(book: RuleBook, validators: dict[str, tuple[Any, Any]]) -> None:
    seen = 0
    for path, data in documents_of_examples():
        kind = book.kind_at(path)
        if kind is not None:
            assert_agreement(validators, kind.name, data)
            seen += 1
    assert seen > 200


def agree_on_mutants(book: RuleBook, validators: dict[str, tuple[Any, Any]], count: int) -> None:
    luck = random.Random(20261122)
    pool = [(k.name, d) for p, d in documents_of_examples() for k in [book.kind_at(p)] if k is not None]
    for _ in range(count):
        kind, data = luck.choice(pool)
        assert_agreement(validators, kind, mutate(data, luck))


def test_both_agree_on_mutants(book: RuleBook, validators: dict[str, tuple[Any, Any]]) -> None:
    agree_on_mutants(book, validators, 300)


@pytest.mark.slow
def test_both_agree_on_many_mutants(book: RuleBook, validators: dict[str, tuple[Any, Any]]) -> None:
    agree_on_mutants(book, validators, rounds(3_000, 10_000))


@pytest.mark.slow
def test_both_agree_on_the_living_example(
    validators: dict[str, tuple[Any, Any]], example_repo: Repository
) -> None:
    for entry, data in example_repo.store().documents():
        assert_agreement(validators, entry.kind, data)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ITSM_NOW", NOW)
    build(tmp_path / "repo", tmp_path / "no-overlay")
    return tmp_path / "repo"


def judge_mutants(root: Path, count: int) -> None:
    """Spoil documents of the small repository in every way: no rule may raise, and all are judged."""
    luck = random.Random(20261122)
    store, seen = load_store(Repository.open(root).snapshot(), jobs=1, visit=lambda _, d: [d])
    pool = [d for d in seen if d.kind is not None]
    judge = DocumentJudge(clock.now())
    spoilt = 0
    for _ in range(count):
        document: Document = luck.choice(pool)
        data = mutate(document.data, luck)
        for _ in range(luck.randrange(3)):
            data = mutate(data, luck) if isinstance(data, dict) else data
        verdicts = judge(store, document._replace(data=data))
        assert not [f for v in verdicts for f in v.findings if f.code == "S013"], (data, verdicts)
        spoilt += bool(verdicts)
    assert spoilt > count / 3


def test_mutants_never_raise(root: Path) -> None:
    judge_mutants(root, 300)


@pytest.mark.slow
def test_many_mutants_never_raise(root: Path) -> None:
    judge_mutants(root, rounds(3_000, 10_000))


@pytest.mark.parametrize("seed", range(8))
def test_a_spoilt_repository_is_judged_in_every_scope(root: Path, seed: int) -> None:
    from example_trees import commit

    commit(root, "good")
    luck = random.Random(seed)
    for path in sorted([*root.glob("cmdb/**/*.yaml"), *root.glob("records/**/*.yaml")]):
        data = documents.load(path.read_bytes()).data
        for _ in range(luck.randrange(3)):
            data = mutate(data, luck)
        path.write_text(json.dumps(data, ensure_ascii=False))
    report = check(Repository.open(root), base="HEAD")
    assert all(f.line and f.column for f in report.findings)
    assert report.count("error") > 0
    assert [f for f in report.findings if f.code == "S013"] == []
    check(Repository.open(root), fix=True)


def test_without_the_fast_validator_the_findings_are_the_same(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, rule_book = root / "records/incidents/2026/11/INC-261120-AAAAA.yaml", root / "schemas"
    document.write_text(document.read_text().replace("impact: medium", "impact: huge", 1))
    with_it = [check(Repository.open(root)).findings]
    for path, old, new in (
        ("policies/roles.yaml", "title:", "titel:"),
        ("common.schema.json", '"type": "integer"', '"type": "integr"'),
    ):
        file = rule_book / path
        file.write_text(file.read_text().replace(old, new, 1))
    with_it.append(check(Repository.open(root)).findings)
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "jsonschema_rs":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert check(Repository.open(root)).findings == with_it[1]
    assert {f.code for f in with_it[1]} >= {"S020", "S021"}
    for path in ("policies/roles.yaml", "common.schema.json"):
        shutil.copy(packaged_rulebook_root() / "schemas" / path, rule_book / path)
    assert check(Repository.open(root)).findings == with_it[0]
    assert {f.code for f in with_it[0]} == {"S004"}


@pytest.mark.parametrize(
    ("pattern", "good"),
    [
        ("^([A-Z]+-?)+[0-9]+$", False),
        ("^(a{2,})*$", False),
        ("(a*)+", False),
        ("((ab?)+c)*", True),
        (r"^[a-z]+(\.[a-z]+)*$", True),
        ("(a|a)*", False),
        ("(a|ab|b)+c", False),
        ("(a?b?)*", False),
        ("(a{1,20}){1,20}", False),
        (r"(?=a)", False),
        (r"(a)\1", False),
        (r"\ba", False),
        ("[", False),
        ("^a+b*$", True),
        ("^(ab){2,5}$", True),
        ("([*+]x)+", True),
        (r"(\+)+", True),
        ("[a(]+(b)+", True),
    ],
)
def test_patterns_that_can_hang_are_refused(pattern: str, good: bool) -> None:
    assert (not list(pattern_fault(pattern))) is good


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^a$", "a\n", False),
        ("^a$", "a", True),
        (r"^\$$", "$", True),
        ("^[$]$", "$", True),
        ("^[^$]$", "$", False),
        (r"^\d$", "٣", False),
        ("^a$|^b$", "b", True),
        (r"^[\[]$", "[", True),
    ],
)
def test_patterns_are_read_as_json_schema_means_them(pattern: str, text: str, found: bool) -> None:
    own = {"type": "string", "pattern": pattern}
    assert validate.slow(own).is_valid(text) is found
    assert validate.fast(own).is_valid(text) is found


@pytest.mark.parametrize(
    "text", ["2026-11-22T09:00:00Z", "2024-02-29T23:59:59.5+05:30", "2026-11-22t09:00:00z"]
)
def test_date_times_that_are(text: str) -> None:
    assert validate.is_date_time(text)
    assert clock.parse_time(text) is not None


@given(
    st.one_of(
        st.sampled_from([s for s in SPOILERS if isinstance(s, str)]),
        st.text(max_size=21),
        st.datetimes().map(lambda d: d.strftime("%Y-%m-%dT%H:%M:%SZ")),
    )
)
def test_the_quick_look_at_times_agrees_with_the_clock(text: str) -> None:
    assert validate.is_date_time(text) == (clock.parse_time(text) is not None)
