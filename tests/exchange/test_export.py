from __future__ import annotations

import csv
import io
import json

import pytest

from itsm_gitops.commands import exchanging as exporting
from itsm_gitops.exchange import export_csv, export_json, export_ndjson, import_csv
from itsm_gitops.exchange.export import default_columns
from itsm_gitops.model.errors import NotFound

HOSTILE = '=HYPERLINK("http://x")'
TEAMS = {
    "alpha": f"id: alpha\nclass: team\nname: '{HOSTILE}'\nresponsibilities: [one, two]\n",
    "beta": 'id: beta\nclass: team\nname: "\'=kept"\ndescription: |-\n  two\n  lines, "quoted"\nx:\n  n: -5\n  on: true\n',
    "gamma": "id: gamma\nclass: team\nname: Plain\nlabels: {floor: '3'}\n",
}


@pytest.fixture
def store(git_repo):
    for name, text in TEAMS.items():
        git_repo.write(f"cmdb/teams/{name}.yaml", text)
    return git_repo.repo.store()


def rows(store, *columns: str, raw: bool = False) -> list[list[str]]:
    out = io.StringIO()
    export_csv(store, "team", out, columns, raw=raw)
    return list(csv.reader(io.StringIO(out.getvalue())))


def test_json_is_one_versioned_document(store) -> None:
    out = io.StringIO()
    assert export_json(store, out) == 3
    data = json.loads(out.getvalue())
    assert (data["format"], data["version"]) == ("itsm-gitops/export", 1)
    assert [d["data"]["id"] for d in data["documents"]] == ["alpha", "beta", "gamma"]
    assert data["documents"][1] == {"path": "cmdb/teams/beta.yaml", "data": store.data("beta")}


def test_json_of_nothing_is_json(git_repo) -> None:
    out = io.StringIO()
    assert export_json(git_repo.repo.store(), out, "incident") == 0
    assert json.loads(out.getvalue())["documents"] == []


def test_ndjson_has_a_document_a_line(store) -> None:
    out = io.StringIO()
    assert export_ndjson(store, out, "teams") == 3
    assert [json.loads(line)["data"]["id"] for line in out.getvalue().splitlines()] == [
        "alpha",
        "beta",
        "gamma",
    ]


def test_formulas_are_neutralised_unless_raw(store) -> None:
    assert [r[1] for r in rows(store, "id", "name")][1:] == ["'" + HOSTILE, "''=kept", "Plain"]
    assert [r[1] for r in rows(store, "id", "name", raw=True)][1:] == [HOSTILE, "'=kept", "Plain"]


def test_cells_of_every_type(store) -> None:
    found = rows(store, "path", "responsibilities", "x.n", "x.on", "labels", "labels.floor", "x.n.deeper")
    assert found[1] == ["cmdb/teams/alpha.yaml", "one\ntwo", "", "", "", "", ""]
    assert found[2][2:4] == ["-5", "true"]
    assert found[3][4:6] == ['{"floor": "3"}', "3"]


def test_default_columns_are_the_fields_in_order(store) -> None:
    assert rows(store)[0] == default_columns(store.book.kind("team"))
    assert rows(store)[0][:3] == ["id", "class", "name"]
    derived = ["priority", "opened", "resolved", "closed", "updated"]
    assert default_columns(store.book.kind("incident"))[-5:] == derived


INCIDENT = """\
id: INC-260101-AAAAA
kind: incident
title: Slow
reported_by: ann
service: mail
category: IT
impact: high
urgency: high
state: closed
timeline:
- {at: 2026-01-01T00:00:00Z, by: ann, state: new}
- {at: 2026-01-02T00:00:00Z, by: ann, state: resolved}
- {at: 2026-01-03T00:00:00Z, by: ann, state: in_progress}
- {at: 2026-01-04T00:00:00Z, by: ann, state: resolved}
- {at: 2026-01-05T00:00:00Z, by: ann, state: closed}
"""


def test_what_is_derived_can_be_exported(git_repo, tmp_path) -> None:
    path = "records/incidents/2026/01/INC-260101-AAAAA.yaml"
    git_repo.write(path, INCIDENT)
    git_repo.write(
        path.replace("AAAAA", "BBBBB"),
        INCIDENT.split("- {at: 2026-01-04", maxsplit=1)[0]
        .replace("closed", "in_progress")
        .replace("AAAAA", "BBBBB"),
    )
    out = tmp_path / "out.csv"
    columns = ["id", "priority", "opened", "resolved", "closed"]
    exporting.export_csv(git_repo.repo, "incident", out, columns=columns, raw=False, at=None)
    assert out.read_text().splitlines() == [
        "id,priority,opened,resolved,closed",
        "INC-260101-AAAAA,P1,2026-01-01T00:00:00Z,2026-01-04T00:00:00Z,2026-01-05T00:00:00Z",
        "INC-260101-BBBBB,P1,2026-01-01T00:00:00Z,,",
    ]


def test_an_export_names_what_cannot_be_read(store, git_repo) -> None:
    git_repo.write("cmdb/teams/broken.yaml", "id: [\n")
    out = io.StringIO()
    export_json(git_repo.repo.store(), out)
    assert json.loads(out.getvalue())["unreadable"] == ["cmdb/teams/broken.yaml"]
    out = io.StringIO()
    export_json(git_repo.repo.store(), out, "incident")
    assert json.loads(out.getvalue())["unreadable"] == []


def test_an_unknown_column_or_kind(store) -> None:
    with pytest.raises(NotFound, match="teams have no field 'nmae'"):
        rows(store, "nmae")
    with pytest.raises(NotFound, match="there is no kind 'taem'"):
        export_csv(store, "taem", io.StringIO())


BACK = """\
kind: team
source: {escaped: true}
key: id
columns:
  name: name
  description: description
  responsibilities: {column: responsibilities, type: list, separator: "\\n"}
  x.n: {column: x.n, type: integer}
  x.on: {column: x.on, type: boolean}
  labels.floor: labels.floor
"""


def test_what_is_exported_can_be_imported(store, make_repo, tmp_path) -> None:
    table, rules = tmp_path / "teams.csv", tmp_path / "back.yaml"
    with table.open("w", newline="") as out:
        export_csv(
            store,
            "team",
            out,
            ["id", "name", "description", "responsibilities", "x.n", "x.on", "labels.floor"],
        )
    rules.write_text(BACK)
    other = make_repo("other")
    report = import_csv(other.repo, table, rules)
    back = other.repo.store()
    assert report.created == list(TEAMS)
    for name in TEAMS:
        expected = dict(store.data(name))
        assert {k: v for k, v in back.data(name).items() if k != "aliases"} == expected
