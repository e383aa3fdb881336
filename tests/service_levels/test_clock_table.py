"""The table of clocks: what the library, the site, the command line and the report say of each record."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.cli.app import run
from itsm_gitops.commands.reporting import SnapshotReporter, report
from itsm_gitops.model.clock import parse_time
from itsm_gitops.reports.course import levels_of
from itsm_gitops.reports.log import Log, Scope
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import packaged_rulebook_root
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


def _shown(clocks: list[dict[str, Any]]) -> list[tuple[str, str, str, int]]:
    return sorted((c["level"], c["metric"], c["verdict"], c["used_seconds"] // 60) for c in clocks)


def test_show_says_the_same(world: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for name in _promised(world):
        assert run(["-C", str(world.root), "show", name, "--json", "--no-links"]) == 0
        said[name] = _shown(json.loads(capsys.readouterr().out)["derived"].get("clocks", []))
    assert said == _promised(world)


def test_the_list_has_the_clock_that_matters_most(world: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(world.root), "list", "incidents", "--columns", "id,clock", "--json"]) == 0
    for row in json.loads(capsys.readouterr().out):
        wanted = _promised(world)[row["id"]]
        assert (row["clock"] is None) == (not wanted)
        if wanted:
            assert _shown([row["clock"]])[0] in wanted
            running = [c for c in wanted if c[2] == "running"]
            assert not running or row["clock"]["verdict"] == "running"


@pytest.mark.parametrize("verdict", ["met", "missed", "running"])
def test_the_filter_finds_the_same(world: GitRepo, capsys: pytest.CaptureFixture[str], verdict: str) -> None:
    assert run(["-C", str(world.root), "list", "incidents", f"sla:{verdict}", "--json"]) == 0
    found = {row["id"] for row in json.loads(capsys.readouterr().out)}
    assert found == {i for i, clocks in _promised(world).items() if any(c[2] == verdict for c in clocks)}


def test_what_is_paused_and_what_is_soon_missed_can_be_asked_for(
    world: GitRepo, capsys: pytest.CaptureFixture[str]
) -> None:
    def asked(*words: str) -> list[dict[str, Any]]:
        columns = ("--columns", "id,clock", "--json")
        assert run(["-C", str(world.root), "list", "incidents", *words, *columns]) == 0
        rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return rows

    (paused,) = asked("sla:paused")
    assert paused["id"] == "INC-261127-DAY06"
    assert (paused["clock"]["paused_by"], paused["clock"]["due"]) == ("on_hold awaiting_caller", None)
    # 240 of 240 and 420 of 480 minutes are used, 60 of 240 are not near
    assert {row["id"] for row in asked("sla:soon")} == {"INC-261127-GOLD8", "INC-261127-SUPP2"}
    nothing = {i for i, clocks in _promised(world).items() if not clocks}
    assert {row["id"] for row in asked("sla:none")} == nothing
    by_time = [
        row["clock"]["left_seconds"] for row in asked("sla:running", "--sort", "clock") if row["clock"]
    ]
    running = [left for left in by_time if left >= 0]
    assert running[:2] == [0, 3600]


def test_the_page_of_a_record_says_the_same(world: GitRepo, log: Log) -> None:
    from itsm_gitops.presentation.pages.derived import derived_facts
    from itsm_gitops.presentation.view import View

    reporter = SnapshotReporter()
    store, lives = world.repo.visited(lambda _, d: reporter.visit(d))
    view = View(store, (), _now())
    view.course = reporter.course(store, lives, _now())
    for one in TABLE:
        text = re.sub(r"<[^>]+>", " ", str(derived_facts(view, store.entries[identifier(one)])))
        # A clock that stands still is a running one that is paused.
        verdicts = {"Met": "Met", "Missed": "Missed", "Running": "Running", "Paused": "Running"}
        said = Counter(verdicts[w] for w in re.findall(rf"\b(?:{'|'.join(verdicts)})\b", text))
        assert said == Counter(verdict.capitalize() for _, _, verdict, _ in one.clocks), one.name
        for _, metric, verdict, used in one.clocks:
            if verdict == "missed":
                assert "Missed by" in " ".join(text.split()), (one.name, metric, used)


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
