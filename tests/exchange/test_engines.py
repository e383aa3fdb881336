"""The recipes of the handbook's page on analytics, run by the engines: their figures are those of the toolkit."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.complete import need
from tests.support import run_here

pytestmark = pytest.mark.slow
need("pyarrow")

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "site/docs/handbook/46-analytics.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
LISTED, FLOW, BACKLOG, LEVELS, SERVICES, STEPS = range(6)
NOW = "2026-11-22T12:00:00Z"
ZONE = ZoneInfo("Europe/Amsterdam")
# Runs the recipe of one engine over each folder, then every question; prints the rows.
RUNNER = """
import json, sys
recipe, ask, questions, folders = json.load(sys.stdin)
answers = []
for folder in folders:
    scope = {}
    exec(recipe.replace("build/analytics", folder), scope)
    scope["questions"] = questions
    rows = eval(ask, scope)
    answers.append([[[None if c is None else str(c) for c in row] for row in some] for some in rows])
print("ANSWERS" + json.dumps(answers))
"""
ASK = {
    "duckdb": "[con.execute(q).fetchall() for q in questions]",
    "pyspark": "[spark.sql(q).collect() for q in questions]",
}
Answers = list[Counter[tuple[str | None, ...]]]


def recipe(library: str) -> str:
    """Return the page's block that imports a library."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return next(b for b in blocks if re.match(rf"(from|import) {library}\b", b))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Path]]:
    """A made-up estate and the living example, each with the folder of its export."""
    work = tmp_path_factory.mktemp("engines")
    subprocess.run(
        [sys.executable, ROOT / "benchmarks/estate.py", work / "estate", "400"], cwd=ROOT, check=True
    )
    found = [(work / "estate", work / "of-estate"), (ROOT, work / "of-example")]
    for root, folder in found:
        done = run_here(["export", "parquet", "--to", str(folder)], root, env={"ITSM_NOW": NOW})
        assert done.returncode == 0, done.stderr
    return found


def answers(library: str, places: list[tuple[Path, Path]]) -> list[Answers]:
    """Return the answers of an engine to all questions, for each place."""
    need(library)
    given = json.dumps([recipe(library), ASK[library], QUESTIONS, [str(f) for _, f in places]])
    local = (
        "--master local[1] --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=1 pyspark-shell"
    )
    env = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_SUBMIT_ARGS": local}
    done = subprocess.run(
        [sys.executable, "-c", RUNNER], input=given, capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    printed = json.loads(done.stdout.rpartition("ANSWERS")[2])
    return [[Counter(tuple(row) for row in rows) for rows in some] for some in printed]


@pytest.fixture(scope="module")
def duckdb(places: list[tuple[Path, Path]]) -> list[Answers]:
    return answers("duckdb", places)


@pytest.fixture(scope="module")
def spark(places: list[tuple[Path, Path]]) -> list[Answers]:
    need("java")
    return answers("pyspark", places)


def itsm(root: Path, *words: str) -> Any:
    return json.loads(run_here([*words, "--json"], root, env={"ITSM_NOW": NOW}).stdout)


def month_of(time: str) -> str:
    return f"{datetime.fromisoformat(time).astimezone(ZONE):%Y-%m-01}"


def listed(root: Path) -> Counter[tuple[str | None, ...]]:
    """Count the records of `itsm list` by kind, state, month and team."""
    rows = itsm(root, "list", "--columns", "kind,state,opened,assigned_team")
    return Counter((r["kind"], r["state"], month_of(r["opened"]), r.get("assigned_team")) for r in rows)


def judge(root: Path, found: Answers) -> None:
    """Compare the answers of an engine with those of the toolkit."""
    counts = {row[:4]: int(row[4] or 0) for row in found[LISTED]}
    assert counts == dict(listed(root))
    _judge_flow(root, found[FLOW])
    teams = {team or "": int(count or 0) for team, count in found[BACKLOG]}
    assert teams == {r["team"]: r["open"] for r in table(root, "backlog", "teams")}
    assert len(teams) > 2
    _judge_levels(root, found[LEVELS])


def _judge_flow(root: Path, found: Counter[tuple[str | None, ...]]) -> None:
    flow = {(k, m): (int(o or 0), int(r or 0)) for k, m, o, r in found}
    seen = 0
    for kind in ("incident", "problem", "request"):
        for row in table(root, "flow", f"{kind}s_months"):
            assert flow.get((kind, f"{row['month']}-01"), (0, 0)) == (row["opened"], row["resolved"])
            seen += row["opened"]
    assert seen > 40


def _judge_levels(root: Path, found: Counter[tuple[str | None, ...]]) -> None:
    """Promises for several priorities with one time are one row in the engine's answer."""
    expected: Counter[tuple[Any, ...]] = Counter()
    for row in table(root, "levels", "targets"):
        metric, _, kind = row["target"].lower().partition(", ")
        for verdict in ("met", "missed", "running"):
            expected[row["level"], metric, kind.split()[0], row["within_s"], verdict] += row[verdict]
    got = Counter(
        {
            (level, metric, kind, int(within or 0), verdict): int(count or 0)
            for level, metric, kind, within, *counts in found
            for verdict, count in zip(("met", "missed", "running"), counts, strict=True)
        }
    )
    assert +got == +expected


def table(root: Path, report: str, name: str) -> list[Mapping[str, Any]]:
    (found,) = [t for t in itsm(root, "report", report)["tables"] if t["table"] == name]
    rows: list[Mapping[str, Any]] = found["rows"]
    return rows


def test_duckdb_counts_what_the_toolkit_counts(
    places: list[tuple[Path, Path]], duckdb: list[Answers]
) -> None:
    for (root, _), found in zip(places, duckdb, strict=True):
        judge(root, found)
    assert sum(map(len, duckdb[1])) > 100


def test_spark_counts_what_the_toolkit_counts(places: list[tuple[Path, Path]], spark: list[Answers]) -> None:
    for (root, _), found in zip(places, spark, strict=True):
        judge(root, found)


def test_both_engines_give_one_answer_to_each_question(duckdb: list[Answers], spark: list[Answers]) -> None:
    assert spark == duckdb
    assert all(found[SERVICES] and found[STEPS] for found in duckdb)


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_the_one_liner_counts_every_record(places: list[tuple[Path, Path]], library: str) -> None:
    need(library)
    root, folder = places[1]
    *before, last = recipe(library).replace("build/analytics", str(folder)).strip().split("\n")
    scope: dict[str, Any] = {}
    exec("\n".join(before), scope)
    found = eval(last, scope)
    rows = itsm(root, "list", "--columns", "kind,state")
    if library == "pandas":
        assert {k: int(v) for k, v in found.items()} == dict(Counter((r["kind"], r["state"]) for r in rows))
    else:
        assert sum(found["len"]) == len(itsm(root, "list", "--state", "open"))
