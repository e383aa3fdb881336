from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from itsm_gitops import documents
from itsm_gitops.exchange.mapping import SCHEMA, MappingError, read_mapping
from itsm_gitops.model.errors import NotFound
from itsm_gitops.model.shape import WORDS, misfits
from itsm_gitops.repository import packaged_rulebook_root
from tests.exchange.samples import MAPPING

ROOT = packaged_rulebook_root()
SHAPE = json.loads((ROOT / SCHEMA).read_text(encoding="utf-8"))
SHIPPED = sorted((ROOT / "schemas/imports").glob("*.yaml"))


def faults(git_repo, mapping, text: str) -> list[str]:
    with pytest.raises(MappingError) as caught:
        read_mapping(git_repo.repo, mapping(text))
    assert caught.value.exit_code == 2
    return [line.split("map.yaml:", 1)[1] for line in caught.value.message.splitlines()]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_mappings_are_found_by_name(git_repo, path: Path) -> None:
    found = read_mapping(git_repo.repo, path.stem)
    assert found.kind.name == "incident"
    assert found.name == f"schemas/imports/{path.name}"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_mappings_are_valid_for_the_full_validator(path: Path) -> None:
    jsonschema.Draft7Validator(SHAPE).validate(documents.load(path.read_bytes()).data)


def test_a_repository_has_its_own_mappings(git_repo) -> None:
    own = MAPPING.replace("actor: importer", "actor: our-own")
    git_repo.write("schemas/imports/servicenow-incidents.yaml", own)
    assert read_mapping(git_repo.repo, "servicenow-incidents").actor == "our-own"


def test_an_unknown_name(git_repo) -> None:
    with pytest.raises(NotFound) as caught:
        read_mapping(git_repo.repo, "servicenow-incident")
    assert "servicenow-incidents" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("kind: incident", "kind: incidnet", "incidnet", "there is no kind 'incidnet'"),
        ("key: number", "kee: number", "kee", "there is no 'kee' here"),
        ("actor: importer", "actor: No One", "No One", "'No One' does not match ^[a-z][a-z0-9-]{0,62}$"),
        ("time_zone: Europe/Lisbon", "zone: x", '{format: "%d', "'time_zone' is missing"),
        ("{value: it}", "{}", "{}", "needs exactly one of: column, template, value"),
        (
            "{value: it}",
            "{value: it, column: c}",
            "{value: it",
            "needs exactly one of: column, template, value",
        ),
        ("service: {value: it}", "servic: {value: it}", "servic:", "incidents have no field 'servic'"),
        ("service: {value: it}", "state: {value: it}", "state: {v", "'state' is set by the import itself"),
        ("ensure: team", "ensure: taem", "taem", "there is no class 'taem'"),
        ("type: caused_by", "type: caused", "caused}", "there is no link type 'caused'"),
        ("Closed: closed}", "Closed: close}", "close}", "incidents have no state 'close'"),
        ("slug: true, ensure", "slug: maybe, ensure", "maybe", "must be a truth value (true or false)"),
        ("x.old.group: group", "x.old.group: {column: a, regex: '('}", "'('", "is not a regular expression"),
        ("x.old.group: group", "x.old.group: {column: a, type: tiem}", "tiem", "'tiem' is not allowed here"),
        ("  opened: {at: opened, by: {column: by, slug: true}}\n", "", "state:\n", "'opened' is missing"),
    ],
)
def test_every_fault_has_its_place(git_repo, mapping, old: str, new: str, at: str, message: str) -> None:
    text = MAPPING.replace(old, new, 1)
    before = text[: text.index(at)]
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "
    found = faults(git_repo, mapping, text)
    assert any(line.startswith(place + message) for line in found), (place + message, found)


def test_all_faults_are_listed(git_repo, mapping) -> None:
    text = MAPPING.replace("key: number", "kee: number").replace("slug: true", "slug: 1")
    assert len(faults(git_repo, mapping, text)) == 6


def test_a_file_that_is_no_yaml(git_repo, mapping) -> None:
    assert faults(git_repo, mapping, "kind: &a [*a]\n")[0].startswith("1:7:")


def test_dates_need_their_format_and_zone(git_repo, mapping) -> None:
    text = "kind: team\nkey: n\ncolumns: {x.since: {column: since, type: date}}\n"
    assert faults(git_repo, mapping, text) == ["3:20: needs `times` with a format and a time zone"]


def test_items_have_no_timeline_and_records_need_one(git_repo, mapping) -> None:
    times = "times: {format: iso, time_zone: Etc/UTC}\n"
    line = "timeline: {opened: {at: a}, state: s}\n"
    assert faults(git_repo, mapping, f"kind: team\nkey: n\n{times}{line}columns: {{name: n}}\n") == [
        "4:1: teams have no timeline"
    ]
    assert (
        "'timeline' is missing"
        in faults(git_repo, mapping, "kind: incident\nkey: n\ncolumns: {title: n}\n")[0]
    )
    assert (
        "'times' is missing"
        in faults(git_repo, mapping, f"kind: incident\nkey: n\n{line}columns: {{title: n}}\n")[0]
    )


def words(node: Any) -> set[str]:
    """Every JSON Schema word that a schema uses."""
    if isinstance(node, list):
        return set().union(*(words(n) for n in node))
    if not isinstance(node, dict):
        return set()
    found = set(node)
    for name in ("properties", "definitions"):
        found |= set().union(*(words(child) for child in node.get(name, {}).values()))
    for name in ("items", "additionalProperties"):
        found |= words(node.get(name))
    return found


def test_the_small_validator_knows_every_word_of_the_schema() -> None:
    assert words(SHAPE) <= WORDS


BROKEN: list[Any] = [
    [],
    "text",
    {},
    {"kind": 1, "key": "k", "columns": {"a": "b"}},
    {"kind": "x", "key": "", "columns": {"a": "b"}},
    {"kind": "x", "key": "k", "columns": {}},
    {"kind": "x", "key": "k", "columns": {"a": ""}},
    {"kind": "x", "key": "k", "columns": {"a": {"column": "b", "type": "color"}}},
    {"kind": "x", "key": "k", "columns": {"a": {"map": []}}},
    {"kind": "x", "key": "k", "columns": {"a": {"states": []}}},
    {"kind": "x", "key": "k", "columns": {"a": "b"}, "source": {"quote": "''"}},
    {"kind": "x", "key": "k", "columns": {"a": "b"}, "source": {"header": []}},
    {"kind": "x", "key": "k", "columns": {"a": "b"}, "missing": ["x" * 101]},
    {"kind": "x", "key": "k", "columns": {"a": "b"}, "actor": "Ann"},
    {"kind": "x", "key": "k", "columns": {"a": "b"}, "links": [{"column": "c"}]},
    {"kind": "x", "key": "k", "columns": {"a": "b"}, "create": [{"class": "c", "id": "Two"}]},
    {"kind": "x", "key": "k", "columns": {"a": "b"}, "timeline": {"opened": {}, "state": "s"}},
    {"kind": "x", "key": "k", "columns": {"a": "b"}, "links": [{"column": "c", "type": "t"}] * 21},
]
SOUND: list[Any] = [
    {"kind": "x", "key": "k", "columns": {"a": "b"}},
    {
        "kind": "x",
        "key": "k",
        "columns": {"a": {"value": None}},
        "create": [{"class": "c", "id": "i", "n": 1}],
    },
]


@pytest.mark.parametrize("data", [*BROKEN, *SOUND], ids=lambda d: json.dumps(d)[:50])
def test_the_small_validator_agrees_with_the_full_one(data: Any) -> None:
    assert (not list(misfits(data, SHAPE, SHAPE))) == jsonschema.Draft7Validator(SHAPE).is_valid(data)
