"""What commands print with ``--json`` is as its shipped schema says: each one is run, and each has a schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from jsonschema import Draft7Validator, FormatChecker

from itsm_gitops.cli.app import COMMANDS, group, run
from itsm_gitops.cli.schema import shapes
from tests.shapes.infer import SHAPES
from tests.shapes.samples import DAY, EXAMPLE, Day, Sample

# They ask a forge or another repository, or a meeting; other tests run them.
ELSEWHERE = {"cab-record", "hook-rerun", "roots-fetch", "roots-update"}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    return list(Day(tmp_path_factory.mktemp("day")).samples())


def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SHAPES / f"{name}.schema.json").read_text())
    return found


@pytest.mark.slow
def test_every_output_is_as_its_schema_says(samples: list[Sample]) -> None:
    faults = [
        f"{' '.join(s.words)}: exit {s.code}, no JSON: {s.said[:200]}" for s in samples if s.data is None
    ]
    for sample in samples:
        if sample.data is not None:
            checker = Draft7Validator(
                schema_of(sample.shape.replace(" ", "-")), format_checker=FormatChecker()
            )
            faults += [
                f"{' '.join(sample.words)}: /{'/'.join(map(str, e.absolute_path))}: {e.message[:120]}"
                for e in checker.iter_errors(sample.data)
            ]
    assert not faults, "\n".join(faults)


@pytest.mark.slow
def test_times_are_times_and_no_text_for_people(samples: list[Sample]) -> None:
    """Nothing says '6 min' or '3 d' where a program wants a moment."""

    def ages(value: Any, key: str = "") -> Iterator[str]:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from ages(inner, name)
        elif isinstance(value, list):
            for inner in value:
                yield from ages(inner, key)
        elif key in ("age", "at", "opened", "updated", "since", "until", "start", "end") and isinstance(
            value, str
        ):
            number, _, unit = value.partition(" ")
            if number.isdigit() and unit in ("d", "h", "min", "s"):
                yield f"{key}: {value}"

    assert [f for s in samples for f in ages(s.data)] == []


def commands() -> Iterator[str]:
    context = click.Context(group)

    def walk(command: click.Command | None, name: tuple[str, ...]) -> Iterator[str]:
        if isinstance(command, click.Group):
            for sub in command.list_commands(context):
                yield from walk(command.get_command(context, sub), (*name, sub))
        elif command and any("--json" in p.opts for p in command.params if isinstance(p, click.Option)):
            yield "-".join(name)

    for name in COMMANDS:
        yield from walk(group.get_command(context, name), (name,))


def test_every_command_that_prints_json_has_a_schema_and_a_sample() -> None:
    known = set(shapes())
    sampled = {shape.replace(" ", "-") for shape, _ in (*DAY, *EXAMPLE)} - {"git"}
    assert [c for c in commands() if not any(k == c or k.startswith(f"{c}-") for k in known)] == []
    assert known == sampled | ELSEWHERE


@pytest.mark.parametrize("name", shapes())
def test_each_schema_is_one_and_names_its_version(name: str) -> None:
    schema = schema_of(name)
    Draft7Validator.check_schema(schema)
    assert schema["$id"] == f"urn:itsm-gitops:json:{name}:1"
    assert schema["title"]
    assert schema["type"]


def test_the_command_prints_the_schema_and_suggests_names(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # no repository is needed
    assert run(["schema", "audit", "verify"]) == 0
    assert json.loads(capsys.readouterr().out)["$id"] == "urn:itsm-gitops:json:audit-verify:1"
    assert run(["schema", "explain"]) == 1
    assert "explain-kind" in capsys.readouterr().err
    assert run(["schema", "lsit"]) == 1
    assert "did you mean list" in capsys.readouterr().err
