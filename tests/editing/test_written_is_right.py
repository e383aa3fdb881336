"""Whatever sequence of edits succeeds, the check finds no error that was not there before."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itsm_gitops.commands.init import init
from itsm_gitops.editing.create import finish, start
from itsm_gitops.editing.edits import add_note, set_fields
from itsm_gitops.editing.fields import APPEND, SET, TAKE, UNSET, Assignment
from itsm_gitops.editing.link import link, unlink
from itsm_gitops.editing.move import move
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.findings import ERROR
from itsm_gitops.repository import Repository
from itsm_gitops.rules import check
from tests.support import copy_tree, rounds

NOW = "2026-11-22T12:00:00Z"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ITSM_NOW", NOW)
        return init(
            tmp_path_factory.mktemp("right") / "acme", organisation="Acme", timezone="Europe/Berlin"
        ).root


def names(repo: Repository) -> list[str]:
    return [f.path.rpartition("/")[2].removesuffix(".yaml") for f in repo.snapshot().files("records", "cmdb")]


def value(luck: random.Random, schema: Mapping[str, Any], ids: list[str]) -> str:
    """A text for a field: mostly of its kind, sometimes not."""
    options: list[str] = [str(o) for o in schema.get("enum", ())]
    if schema.get("items"):
        options += [str(o) for o in schema["items"].get("enum", ())]
    pool = [
        *options,
        *luck.sample(ids, 3),
        "INC-0001",
        "7",
        "-5",
        "true",
        "null",
        "2026-11-20T10:00:00Z",
        "now",
        "+2h",
    ]
    pool += ["2026-11-20", "a text", "https://example.org/x", "[]", '{"a": 1}', "", "x" * 300]
    return luck.choice(options if options and luck.random() < 0.7 else pool)


def field_of(luck: random.Random, fields: Mapping[str, Any]) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    name = luck.choice([*fields, "aliases", "aliases", "lifecycle", "cis", "service", "offering", "answers"])
    schema = fields.get(name, {})
    inner = schema.get("properties")
    if isinstance(inner, Mapping) and inner and luck.random() < 0.8:
        part = luck.choice(sorted(inner))
        return (name, part), inner[part]
    return (name,), schema


def do_set(repo: Repository, luck: random.Random) -> None:
    ids = names(repo)
    found = repo.document(luck.choice(ids))
    assert found.kind is not None
    path, schema = field_of(luck, found.kind.fields)
    action = luck.choice([SET, SET, SET, APPEND, TAKE, UNSET])
    set_fields(
        repo, found.id, [Assignment(path, action, "" if action == UNSET else value(luck, schema, ids))]
    )


def do_move(repo: Repository, luck: random.Random) -> None:
    found = repo.document(luck.choice(names(repo)))
    assert found.kind is not None
    states = list(found.kind.workflow.states) if found.kind.workflow else ["none"]
    move(repo, found.id, luck.choice(states), note="Done as agreed.", by="operations-lead")


def do_link(repo: Repository, luck: random.Random) -> None:
    one, other = luck.choice(names(repo)), luck.choice(names(repo))
    (link if luck.random() < 0.8 else unlink)(
        repo, one, luck.choice([*repo.book.links, *repo.book.inverses]), other
    )


def do_note(repo: Repository, luck: random.Random) -> None:
    add_note(repo, luck.choice(names(repo)), "- looked at it", by="operations-lead")


def do_new(repo: Repository, luck: random.Random) -> None:
    kind = luck.choice(list(repo.book.kinds.values()))
    ids = names(repo)
    draft = start(
        repo,
        kind.name,
        identifier=None
        if kind.is_record
        else luck.choice(["printer", "INC-0001", luck.choice(ids), "old-name"]).lower(),
        by="operations-lead",
    )
    for name in [*draft.missing(), *luck.sample(sorted(kind.fields), 2)]:
        draft.assign([Assignment((name,), SET, value(luck, kind.fields[name], ids))])
    for _ in range(luck.randrange(3)):
        draft.links.append((luck.choice([*repo.book.links, *repo.book.inverses]), luck.choice(ids)))
    finish(draft)


STEPS: list[Callable[[Repository, random.Random], None]] = [
    do_set,
    do_set,
    do_set,
    do_move,
    do_link,
    do_link,
    do_new,
    do_note,
]


def errors(root: Path) -> Counter[tuple[str, str, str]]:
    report = check(Repository.open(root))
    return Counter((f.path, f.code, f.message) for f in report.findings if f.severity == ERROR)


def attempts(root: Path, seeds: list[int]) -> Iterator[str]:
    """Make the edits that succeed and yield what each was."""
    for seed in seeds:
        luck = random.Random(seed)
        step = luck.choice(STEPS)
        try:
            step(Repository.open(root), luck)
        except ItsmError:
            continue
        yield f"{step.__name__} {seed}"


def try_edits(made: Path, folder: Path, seeds: list[int]) -> int:
    root = folder / "acme"
    shutil.rmtree(root, ignore_errors=True)
    copy_tree(made, root)
    before, count = errors(root), 0
    for what in attempts(root, seeds):
        count += 1
        assert errors(root) - before == Counter(), what
    return count


@given(st.lists(st.integers(0, 10**6), min_size=10, max_size=40))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_edits_write_passes_the_check(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seeds: list[int]
) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)
    try_edits(made, tmp_path, seeds)


@pytest.mark.slow
def test_what_many_edits_write_passes_the_check(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)
    tries = rounds(4, 10)
    assert sum(try_edits(made, tmp_path, list(range(60 * n, 60 * n + 60))) for n in range(tries)) > 4 * tries
