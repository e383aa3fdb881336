from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from itsm_gitops import documents
from itsm_gitops.exchange.mapping_file import SCHEMA, MappingError, read_mapping
from itsm_gitops.model.errors import NotFound
from itsm_gitops.snapshots import packaged_rulebook_root
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
        ("key: number", "kee: number", "kee", "there is no field 'kee'"),
        ("actor: importer", "actor: No One", "No One", "actor is not written as it must be: 'No One'"),
        ("time_zone: Europe/Lisbon", "zone: x", '{format: "%d', "the field 'time_zone' is missing in times"),
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
        ("slug: true, ensure", "slug: maybe, ensure", "maybe", "slug must be true or false, not text"),
        (
            "x.old.group: group",
            "x.old.group: {column: a, regex: '('}",
            "'('",
            "is not a regular expression that may be used",
        ),
        ("x.old.group: group", "x.old.group: {column: a, type: tiem}", "tiem", "type cannot be 'tiem'"),
        (
            "  opened: {at: opened, by: {column: by, slug: true}}\n",
            "",
            "state:\n",
            "the field 'opened' is missing in timeline",
        ),
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
    assert len(faults(git_repo, mapping, text)) == 5


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
