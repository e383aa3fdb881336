"""The table of clocks: what the library, the site, the command line and the report say of each record."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.cli.app import run
from itsm_gitops.commands.reporting import SnapshotReporter, report
from itsm_gitops.model.clock import parse_time
from itsm_gitops.reports.levels import levels_of
from itsm_gitops.reports.log import Log, Scope
from itsm_gitops.repository import Repository, packaged_rulebook_root
from tests.service_levels.clock_table import FREE, LEVELS, NOW, OFFICE, TABLE, Lived, at
from tests.support import GitRepo, copy_tree

TITLES = {"response": "Response", "resolution": "Resolution"}


def identifier(one: Lived) -> str:
    day = one.steps[0][0][:2]
    return f"INC-2611{day}-{one.name}"


def document(one: Lived) -> str:
    """A record as YAML, its values as JSON (which is YAML)."""
    timeline = []
    for when, state, *more in one.steps:
        entry = {
            "at": at(when),
            "by": "ada",
            **({"state": state} if state else {}),
            **(more[0] if more else {}),
        }
        timeline.append(entry)
    state = [e["state"] for e in timeline if "state" in e][-1]
    data = {
        "id": identifier(one), "kind": "incident", "title": one.name, "reported_by": "ada",
        "service": f"under-{one.level}", "category": "x", **one.fields, "state": state, "timeline": timeline,
    }  # fmt: skip
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in data.items())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    repo = GitRepo(tmp_path_factory.mktemp("clocks"))
    repo.git("init", "-q")
    copy_tree(packaged_rulebook_root() / "schemas", repo.root / "schemas")
    repo.write("itsm.yaml", "timezone: Europe/Berlin\n")
    repo.write("cmdb/calendars/office.yaml", OFFICE)
    repo.write("cmdb/calendars/free.yaml", FREE)
    for name, text in LEVELS.items():
        repo.write(f"cmdb/service-levels/{name}.yaml", text)
        service = (
            f"id: under-{name}\nclass: service\nname: {name}\nlifecycle: production\nservice_level: {name}\n"
        )
        repo.write(f"cmdb/services/under-{name}.yaml", service)
    for one in TABLE:
        repo.write(f"records/incidents/2026/11/{identifier(one)}.yaml", document(one))
    return repo


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)


def _now() -> datetime:
    moment = parse_time(NOW)
    assert moment is not None
    return moment


@pytest.fixture(scope="module")
def log(world: GitRepo) -> Log:
    return Log(Repository(world.root).store(), None, _now(), Scope())


def test_there_are_forty_of_them_and_more() -> None:
    assert sum(len(one.clocks) + len(one.internal) for one in TABLE) >= 60
    assert len({one.name for one in TABLE}) == len(TABLE)


@pytest.mark.parametrize("one", TABLE, ids=lambda one: one.name)
def test_the_clocks_of_a_record_are_those_worked_out_by_hand(one: Lived, log: Log) -> None:
    case = log.find(identifier(one))
    assert case is not None
    levels = levels_of(log)
    for wanted, clocks in ((one.clocks, levels.clocks(case)), (one.internal, levels.internal_clocks(case))):
        got = [(c.target.level, c.target.metric, c.verdict, c.used // 60) for c in clocks]
        assert got == wanted, one.why


def _promised(world: GitRepo) -> dict[str, list[tuple[str, str, str, int]]]:
    return {identifier(one): sorted(one.clocks) for one in TABLE}


def test_the_site_says_the_same(world: GitRepo) -> None:
    reporter = SnapshotReporter()
    store, lives = world.repo.visited(lambda _, d: reporter.visit(d))
    course = reporter.course(store, lives, _now())
    said = {
        i: sorted((p.level, p.metric, p.verdict, p.used // 60) for p in course(i).promises)
        for i in _promised(world)
    }
    assert said == _promised(world)


def test_a_query_says_the_same(world: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "select id, level, metric, verdict, used_seconds / 60 from clocks"
    assert run(["-C", str(world.root), "query", sql, "--json"]) == 0
    said: dict[str, list[Any]] = {i: [] for i in _promised(world)}
    for row in json.loads(capsys.readouterr().out)["rows"]:
        record, *clock = row.values() if isinstance(row, dict) else row
        said[record].append(tuple(clock))
    assert {i: sorted(found) for i, found in said.items()} == _promised(world)


def test_the_report_counts_the_same(world: GitRepo) -> None:
    (levels,) = report(Repository(Path(world.root)), ("levels",))
    tables = {t["table"]: t["rows"] for t in levels.as_json()["tables"]}
    for name, kind in (("targets", "clocks"), ("internal", "internal")):
        wanted: Counter[tuple[str, str, str]] = Counter()
        for one in TABLE:
            wanted.update(
                (level, TITLES[metric], verdict) for level, metric, verdict, _ in getattr(one, kind)
            )
        said: Counter[tuple[str, str, str]] = Counter()
        for row in tables[name]:
            metric = row["target"].split(",")[0]
            said.update({(row["level"], metric, v): row[v] for v in ("met", "missed", "running") if row[v]})
        assert said == wanted
