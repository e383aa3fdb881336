"""Reports on a real audit log (read from ITSM_CORPUS) against a plain computation straight from its rows."""

from __future__ import annotations

import csv
import lzma
import statistics
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from itsm_gitops.commands.reporting import report
from itsm_gitops.exchange import import_csv

LOG = "uci-servicenow/incident_event_log_part1.csv.xz"
SLICE = 300
NOW = datetime(2016, 4, 13, 9, 30, tzinfo=UTC)  # while some of them are still open
HERE = ZoneInfo("Europe/Berlin")
STATES = {"New": "new", "Active": "active", "Resolved": "done", "Closed": "done"}


class Incident:
    """One incident, from nothing but its rows."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.opened = when(rows[0]["opened_at"])
        self.priority = "P" + rows[-1]["priority"][0]
        self.team = rows[-1]["assignment_group"]
        events, latest = [(self.opened, "new")], self.opened
        state = "new"
        for row in rows:
            latest = max(latest, when(row["sys_updated_at"]))
            word = row["incident_state"]
            state = STATES.get(word, "waiting" if word.startswith("Awaiting") else state)
            events.append((latest, state))
        self.events = [e for e in events if e[0] <= NOW]
        self.exists = bool(self.events)

    def state_before(self, moment: datetime) -> str:
        states = [state for at, state in self.events if at < moment]
        return states[-1] if states else ""

    @property
    def responded(self) -> float | None:
        began = (at for at, state in self.events if state in ("active", "done"))
        return next(((at - self.opened).total_seconds() for at in began), None)

    @property
    def resolved(self) -> datetime | None:
        since = None
        for at, state in self.events:
            since = (since or at) if state == "done" else None
        return since

    @property
    def worked(self) -> float:
        """Seconds until it was done for good, without those in which it was done and not reopened yet."""
        spans = zip(self.events, self.events[1:], strict=False)
        return sum((after - at).total_seconds() for (at, state), (after, _) in spans if state != "done")

    @property
    def held(self) -> float:
        return sum(
            (after - at).total_seconds()
            for (at, state), (after, _) in zip(self.events, self.events[1:], strict=False)
            if state == "waiting"
        )


def when(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def nearest_rank(values: list[float]) -> float:
    ordered = sorted(values)
    return next(v for v in ordered if sum(o <= v for o in ordered) >= 0.9 * len(ordered))


@pytest.fixture(scope="module")
def rows(corpus: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    numbers: set[str] = set()
    with lzma.open(corpus / LOG, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            numbers.add(row["number"])
            if len(numbers) > SLICE:
                break
            found.append(row)
    return found


@pytest.fixture
def incidents(rows: list[dict[str, str]]) -> list[Incident]:
    groups: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        groups[row["number"]].append(row)
    return [i for i in map(Incident, groups.values()) if i.exists]


@pytest.fixture
def tables(
    git_repo: Any, rows: list[dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, dict[Any, dict[str, Any]]]:
    """The tables of all reports, by `report.table` and the first cell of the row."""
    part = tmp_path / "slice.csv"
    with part.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    settings = git_repo.root / "itsm.yaml"
    settings.write_text(settings.read_text() + 'cut_over: "2026-01-01"\n')
    import_csv(git_repo.repo, part, "servicenow-incidents")
    monkeypatch.setenv("ITSM_NOW", NOW.isoformat().replace("+00:00", "Z"))
    found = {}
    for one in report(git_repo.repo, since="2016-01-01"):
        for table in one.as_json()["tables"]:
            first = table["columns"][0]["name"]
            found[f"{one.name}.{table['table']}"] = {row[first]: row for row in table["rows"]}
    return found


def test_weeks_and_months(tables: dict[str, Any], incidents: list[Incident]) -> None:
    shown = tables["flow.incidents_weeks"]
    monday = datetime(2016, 4, 11, tzinfo=HERE)
    assert list(shown)[-1] == "2016-04-11"
    for name, row in shown.items():
        start = datetime.fromisoformat(name).replace(tzinfo=HERE)
        assert start.weekday() == 0
        end = min((start + timedelta(days=7)).astimezone(UTC), NOW + timedelta(seconds=1))
        resolved = [i.resolved for i in incidents if i.resolved]
        assert row["opened"] == sum(start <= i.opened < end for i in incidents)
        assert row["resolved"] == sum(start <= r < end for r in resolved)
        states = [i.state_before(end) for i in incidents]
        assert row["backlog"] == sum(state in ("new", "active", "waiting") for state in states)
    assert sum(r["opened"] for r in shown.values()) == len(incidents)
    assert shown[f"{monday:%Y-%m-%d}"]["backlog"] > 0
    months = Counter(f"{i.opened.astimezone(HERE):%Y-%m}" for i in incidents)
    assert {m: r["opened"] for m, r in tables["flow.incidents_months"].items()} == {
        m: months[m] for m in tables["flow.incidents_months"]
    }


def test_times_by_priority(tables: dict[str, Any], incidents: list[Incident]) -> None:
    responses, resolutions = defaultdict(list), defaultdict(list)
    for one in incidents:
        if one.responded is not None:
            responses[one.priority].append(one.responded)
        if one.resolved is not None:
            resolutions[one.priority].append((one.worked, one.held))
    shown = {name.split()[0]: row for name, row in tables["times.respond"].items()}
    assert {p: r["count"] for p, r in shown.items() if r["count"]} == {
        p: len(v) for p, v in responses.items()
    }
    for name, values in responses.items():
        assert shown[name]["median_s"] == statistics.median(values)
        assert shown[name]["p90_s"] == nearest_rank(values)
    shown = {name.split()[0]: row for name, row in tables["times.resolve"].items()}
    assert set(shown) == set(resolutions)
    for name, pairs in resolutions.items():
        taken, held = [t for t, _ in pairs], [h for _, h in pairs if h]
        assert shown[name]["count"] == len(taken)
        assert shown[name]["median_s"] == statistics.median(taken)
        assert shown[name]["p90_s"] == nearest_rank(taken)
        assert shown[name]["held"] == len(held)
        assert shown[name]["on_hold_s"] == (statistics.median(held) if held else None)
        assert shown[name]["work_s"] == statistics.median([t - h for t, h in pairs])


def test_backlog_by_priority_and_age(tables: dict[str, Any], incidents: list[Incident]) -> None:
    waiting = [i for i in incidents if i.events[-1][1] != "done"]
    shown = {name.split()[0]: row for name, row in tables["backlog.priorities"].items()}
    assert waiting
    assert {p: r["open"] for p, r in shown.items()} == Counter(i.priority for i in waiting)
    days = [(NOW - i.opened).total_seconds() / 86400 for i in waiting]
    assert sum(r["older"] for r in shown.values()) == sum(d >= 90 for d in days)
    assert sum(r["d90"] for r in shown.values()) == sum(30 <= d < 90 for d in days)
    assert sum(r["d30"] for r in shown.values()) == sum(7 <= d < 30 for d in days)


def test_teams(tables: dict[str, Any], incidents: list[Incident]) -> None:
    counts = Counter(i.team for i in incidents if i.resolved)
    largest = sorted(counts.values(), reverse=True)[:20]
    assert [r["count"] for r in tables["times.teams"].values()] == largest
