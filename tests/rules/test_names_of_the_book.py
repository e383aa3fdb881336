"""Words of the rule book that nobody has: each is an error at its place, since nothing else would say that it has no effect."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_trees import NOW, build, commit

from itsm_gitops.repository import Repository
from itsm_gitops.rules import check

# File, what is there, and one misspelt word in its place.
SLIPS = [
    ("common.schema.json", '"relation": "affects"', '"relation": "affectz"'),
    ("cmdb/server.schema.json", '"relation": "owned_by"', '"relation": "owned_bi"'),
    ("cmdb/application.schema.json", '"team"', '"taem"'),
    ("policies/audiences.yaml", "only: {audience: [staff, public], state: [published]}", "only: {state: [publishd]}"),
    ("policies/audiences.yaml", "never: {category: [security]}", "never: {category: [sekurity]}"),
    ("policies/roles.yaml", "fields: [implementers]", "fields: [implementors]"),
    ("policies/roles.yaml", "owners: [service, services, cis]", "owners: [service, servicez, cis]"),
    ("policies/roles.yaml", "otherwise: requester_manager", "otherwise: requester_manger"),
    ("policies/priority.yaml", "impact: [high, medium, low]", "impact: [high, medium, lo]"),
    ("policies/priority.yaml", "  high: {high: P1, medium: P2, low: P3}", "  high: {high: P1, medium: P2}"),
    ("policies/priority.yaml", "  low: {high: P3", "  lwo: {high: P3"),
    ("policies/change-control.yaml", "free_fields: [name,", "free_fields: [nmae,"),
    ("policies/risk.yaml", "{is: critical, points: 4}", "{is: crytical, points: 4}"),
    ("workflows/incident.yaml", "  - assigned_team\n  - assignee", "  - assigned_taem\n  - assignee"),
    ("workflows/incident.yaml", "{field: impact, when: {major.state: accepted}}", "{field: impakt, when: {major.state: accepted}}"),
    ("workflows/change.yaml", "timeline.state: implement", "timeline.state: implemented"),
    ("workflows/change.yaml", "when: {state: implement", "when: {state: implemented"),
    ("workflows/release.yaml", "role: [authorised", "role: [authorized"),
    ("templates/incident.yaml", "kind: incident", "kind: incidnet"),
    ("templates/incident.yaml", "  origin: phone", "  origyn: phone"),
    ("templates/incident.yaml", "  impact: low", "  impact: lwo"),
    ("templates/normal-change.yaml", "      kind: test", "      kind: tset"),
    ("imports/servicenow-incidents.yaml", "\ncolumns:", "\ncolums:"),
]  # fmt: skip


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("names") / "repo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ITSM_NOW", NOW)
        build(root, root / "no-overlay")
        commit(root, "good")
    return root


@pytest.mark.parametrize(("name", "old", "new"), SLIPS, ids=[f"{n}: {b}" for n, _, b in SLIPS])
def test_a_word_that_nobody_has_is_an_error(
    shipped: Path, name: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)
    path = shipped / "schemas" / name
    text = path.read_text()
    assert old in text
    try:
        path.write_text(text.replace(old, new, 1))
        found = [f for f in check(Repository.open(shipped)).findings if f.severity == "error"]
    finally:
        path.write_text(text)
    assert {f.code for f in found} <= {"S021", "S022"}
    assert f"schemas/{name}" in {f.path for f in found}
