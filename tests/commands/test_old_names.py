"""An item that was renamed is one and the same to lists and figures, whichever name a record of then or now has."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner

from itsm_gitops.cli.app import group
from tests.support import service

DAYS = {"AAAAA": "02", "BBBBB": "03"}


@pytest.fixture(params=["off", "always"])
def renamed(git_repo, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest):
    """Two incidents, one from before a team and a service got other names, and one from after that."""
    monkeypatch.setenv("ITSM_INDEX", request.param)
    monkeypatch.setenv("ITSM_NOW", "2026-11-04T12:00:00Z")
    git_repo.write("cmdb/services/mail.yaml", service("mail", extra="aliases: [post]\n"))
    git_repo.write(
        "cmdb/teams/platform.yaml",
        "id: platform\nclass: team\nname: Platform\nlifecycle: production\naliases: [unix]\n",
    )
    for name, (team, about) in {"AAAAA": ("unix", "post"), "BBBBB": ("platform", "mail")}.items():
        day = f"2026-11-{DAYS[name]}"
        told = (
            "set: {assigned_team: platform}, was: {assigned_team: unix}" if team == "platform" else "note: N"
        )
        git_repo.write(
            f"records/incidents/2026/11/INC-2611{DAYS[name]}-{name}.yaml",
            f"id: INC-2611{DAYS[name]}-{name}\nkind: incident\ntitle: T\nreported_by: ada\nservice: {about}\n"
            f"category: x\nimpact: low\nurgency: low\nassigned_team: {team}\nresolution_code: fixed\n"
            f"resolution_notes: Done.\nstate: resolved\ntimeline:\n"
            f"- {{at: {day}T08:00:00Z, by: ada, state: new}}\n"
            f"- {{at: {day}T09:00:00Z, by: ada, state: in_progress}}\n"
            f"- {{at: {day}T10:00:00Z, by: ada, {told}}}\n"
            f"- {{at: {day}T11:00:00Z, by: ada, state: resolved}}\n",
        )
    git_repo.commit("renamed")

    def run(*words: str) -> Any:
        result = CliRunner().invoke(group, ["-C", str(git_repo.root), *words, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    return run


@pytest.mark.parametrize(
    "asked",
    [
        "team:platform", "team:unix", "assigned_team:platform", "assigned_team=unix", "service:mail", "service:post",
        "service=mail", "reaches:post", "affects:mail", "affects:post",
    ],
)  # fmt: skip
def test_any_name_finds_the_records_of_all_names(renamed, asked: str) -> None:
    found = renamed("list", f"incidents {asked}")
    assert sorted(e["id"][-5:] for e in found) == ["AAAAA", "BBBBB"]


@pytest.mark.parametrize("scope", [(), ("--team", "platform"), ("--service", "mail")])
def test_figures_count_a_renamed_team_as_one_and_the_renaming_as_nothing(
    renamed, scope: tuple[str, ...]
) -> None:
    made = renamed("report", "quality", *scope)
    made = made[0] if isinstance(made, list) else made
    tables = {t["table"]: t for t in made["tables"]}
    teams = next(t for name, t in tables.items() if "team" in name)
    names = [c["name"] for c in teams["columns"]]
    rows = [r if isinstance(r, dict) else dict(zip(names, r, strict=True)) for r in teams["rows"]]
    assert [(r["team"], r["resolved"]) for r in rows] == [("platform", 2)]
    assert all(not r[n] for r in rows for n in names if n.startswith("reassign"))


@pytest.mark.parametrize("asked", [("--team", "platform"), ("--team", "unix"), ("--owner", "platform")])
def test_what_is_due_of_a_team_is_due_under_all_its_names(renamed, git_repo, asked: tuple[str, str]) -> None:
    git_repo.write(
        "cmdb/contracts/care.yaml",
        "id: care\nclass: contract\nname: Care\nowner: unix\nlifecycle: production\nsupplier: s\nend: 2026-11-01\n",
    )
    assert [row["id"] for row in renamed("due", *asked)] == ["care"]


NOW_CALLED = {
    "db": "database",
    "mail": "post",
    "ops": "platform",
    "ada": "ada-l",
    "turns": "rota",
    "gold": "first",
}
WORLD = {
    "cmdb/databases/db.yaml": "id: db\nclass: database\nname: D\nowner: ops\nlifecycle: production\n",
    "cmdb/applications/app.yaml": (
        "id: app\nclass: application\nname: A\nowner: ops\nlifecycle: production\n"
        "links: [{type: depends_on, target: db}, {type: depends_on, target: spare}]\n"
        "redundancy: [{name: both, members: [db, spare], min_up: 2}]\n"
    ),
    "cmdb/databases/spare.yaml": "id: spare\nclass: database\nname: S\nowner: ops\nlifecycle: production\n",
    "cmdb/services/mail.yaml": (
        "id: mail\nclass: service\nname: M\nowner: ops\nlifecycle: production\ntype: business\n"
        "criticality: high\nservice_level: gold\nlinks: [{type: depends_on, target: app}]\n"
    ),
    "cmdb/service-levels/gold.yaml": (
        "id: gold\nclass: service-level\nname: G\nowner: ops\nlifecycle: production\nkind: sla\n"
        "targets: [{record: incident, metric: resolution, minutes: 60}]\ncalendar: office\n"
    ),
    "cmdb/service-levels/behind.yaml": (
        "id: behind\nclass: service-level\nname: B\nowner: ops\nlifecycle: production\nkind: ola\n"
        "targets: [{record: incident, metric: resolution, minutes: 30}]\nunderpins: [gold]\n"
    ),
    "cmdb/calendars/office.yaml": (
        "id: office\nclass: calendar\nname: O\nowner: ops\ntype: business_hours\ntime_zone: UTC\n"
        "hours: [{days: [mon, tue, wed, thu, fri], from: '08:00', to: '10:00'}]\n"
    ),
    "cmdb/calendars/stop.yaml": (
        "id: stop\nclass: calendar\nname: F\nowner: ops\nlifecycle: production\ntype: freeze\ntime_zone: UTC\n"
        "applies_to: [mail]\nwindows: [{start: '2026-11-05T00:00:00Z', end: '2026-11-09T00:00:00Z', name: R}]\n"
    ),
    "cmdb/teams/ops.yaml": "id: ops\nclass: team\nname: O\nlifecycle: production\non_call: turns\n",
    "cmdb/people/ada.yaml": "id: ada\nclass: person\nname: A\nlifecycle: production\nteams: [ops]\n",
    "cmdb/rotas/turns.yaml": (
        "id: turns\nclass: rota\nname: T\nowner: ops\ntime_zone: UTC\nlayers: [{name: L, people: [ada],"
        " from: 2026-01-05, turn: {every: 1, unit: week}, hand_over: '09:00'}]\n"
    ),
    "records/incidents/2026/11/INC-261103-AAAAA.yaml": (
        "id: INC-261103-AAAAA\nkind: incident\ntitle: T\nreported_by: ada\nservice: mail\ncis: [db]\n"
        "category: x\nimpact: high\nurgency: high\nassigned_team: ops\nstate: in_progress\ntimeline:\n"
        "- {at: 2026-11-03T08:00:00Z, by: ada, state: new}\n"
        "- {at: 2026-11-03T09:00:00Z, by: ada, state: in_progress}\n"
    ),
    "records/changes/2026/11/CHG-261102-AAAAA.yaml": (
        "id: CHG-261102-AAAAA\nkind: change\ntitle: T\ntype: normal\nrequested_by: ada\nservice: mail\ncis: [db]\n"
        "assigned_team: ops\nimplementers: [ada]\nplanned_start: 2026-11-03T06:00:00Z\n"
        "planned_end: 2026-11-06T08:00:00Z\nactual_start: 2026-11-03T06:00:00Z\nstate: implement\ntimeline:\n"
        "- {at: 2026-11-02T08:00:00Z, by: ada, state: draft}\n- {at: 2026-11-03T06:00:00Z, by: ada, state: implement}\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("old", "index"),
    [*((name, "off") for name in NOW_CALLED), *((" ".join(NOW_CALLED), i) for i in ("off", "always"))],
)
def test_every_answer_is_the_same_when_items_have_other_names_and_nobody_corrected_what_names_them(
    git_repo, monkeypatch: pytest.MonkeyPatch, index: str, old: str
) -> None:
    monkeypatch.setenv("ITSM_NOW", "2026-11-04T12:00:00Z")
    monkeypatch.setenv("ITSM_INDEX", index)

    def answers(called: dict[str, str]) -> list[Any]:
        def now(name: str) -> str:
            return called.get(name, name)

        questions = [
            ("impact", now("db")), ("impact", now("mail"), "--direction", "up"), ("oncall", now("mail")), ("oncall", "INC-261103-AAAAA"),
            ("oncall", now("turns"), "--days", "3"), ("suspects", "INC-261103-AAAAA"), ("risk", "CHG-261102-AAAAA"),
            ("schedule", "--from", "2026-11-01", "--to", "2w", "--service", now("mail")), ("report", "levels"),
            ("next", "--by", now("ada"), "--no-branches"), ("query", "select * from clocks"),
        ]  # fmt: skip
        told = []
        for words in questions:
            result = CliRunner().invoke(group, ["-C", str(git_repo.root), *words, "--json"])
            assert result.exit_code == 0, (words, result.output)
            told.append((words[0], json.loads(_with_old_names(result.stdout))))
        return told

    for path, text in WORLD.items():
        git_repo.write(path, text)
    git_repo.commit("as it was")
    before = answers({})
    assert json.dumps(before).count('"outage"') > 2  # the world has something to tell
    for name in old.split():
        path = next(p for p in WORLD if p.endswith(f"/{name}.yaml"))
        new = NOW_CALLED[name]
        (git_repo.root / path).unlink()
        git_repo.write(
            path.replace(f"/{name}.yaml", f"/{new}.yaml"),
            WORLD[path].replace(f"id: {name}\n", f"id: {new}\n", 1) + f"aliases: [{name}]\n",
        )
    git_repo.commit("renamed")
    for was, now in zip(before, answers({name: NOW_CALLED[name] for name in old.split()}), strict=True):
        assert _comparable(now) == _comparable(was)


def _with_old_names(text: str) -> str:
    names = {new: old for old, new in NOW_CALLED.items()}
    return re.sub(r"(?<![\w-])(" + "|".join(names) + r")(?![\w-])", lambda m: names[m[1]], text)


def _comparable(told: Any) -> Any:
    """Return an answer without what a commit or another order of names alters."""
    if isinstance(told, dict):
        return {k: _comparable(v) for k, v in told.items() if k not in {"commit", "path", "order"}}
    if isinstance(told, list | tuple):
        return sorted((_comparable(v) for v in told), key=repr)
    return told
