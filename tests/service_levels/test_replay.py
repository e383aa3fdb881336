"""Random lives of records: every clock equals a replay that looks at each minute by itself."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from itsm_gitops.model.entry import summarise
from itsm_gitops.model.priority import priority
from itsm_gitops.model.rulebook import PRIORITY, RuleBook
from itsm_gitops.model.timeline import packed, replay_of, unpacked
from itsm_gitops.reports.course import levels_of
from itsm_gitops.reports.log import Log, Scope
from itsm_gitops.repository import Repository
from itsm_gitops.service_levels.clocks import Levels
from itsm_gitops.service_levels.life import Case, case_of
from itsm_gitops.service_levels.measures import team_times, time_to_resolve
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.service_levels.clock_table import FREE, LEVELS, OFFICE
from tests.support import GitRepo, copy_tree

BEGIN = datetime(2026, 11, 2, 6, tzinfo=UTC)
NOW = BEGIN + timedelta(days=4)
MINUTE = 60
OPEN = ("new", "in_progress", "on_hold")
WAYS = {
    "new": ["in_progress", "on_hold", "resolved"],
    "in_progress": ["on_hold", "resolved"],
    "on_hold": ["in_progress", "resolved"],
    "resolved": ["in_progress"],
}
VALUES = {
    "impact": ["high", "medium", "low"],
    "urgency": ["high", "medium", "low"],
    "assigned_team": ["desk", "net", "apps"],
    "service": [f"under-{name}" for name in ("gold", "prio", "day")],
}
TARGETS = {
    "gold": [("response", "P1", 30), ("resolution", "P1", 240), ("resolution", "", 600)],
    "prio": [
        ("response", "P1", 15),
        ("resolution", "P1", 240),
        ("resolution", "P3", 1440),
        ("resolution", "P4", 5760),
    ],
    "day": [("response", "", 60), ("resolution", "", 480)],
}


def stamp(minute: int) -> str:
    return (BEGIN + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:00Z")


class Lived:
    """One life: the document that commands would have written, and what was so in each minute."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        values = {name: rng.choice(some) for name, some in VALUES.items()}
        state, minute = "new", rng.randrange(60)
        self.happenings: list[tuple[int, str, Any]] = [(minute, "state", "new")]
        self.happenings += [(minute, name, value) for name, value in values.items()]
        self.timeline: list[dict[str, Any]] = [{"at": stamp(minute), "by": "ada", "state": "new"}]
        written = [minute]
        for _ in range(rng.randrange(1, 12)):
            happened = minute + rng.randrange(1, 400)
            at = happened + (rng.randrange(1, 300) if rng.random() < 0.2 else 0)
            at = max(at, *written)
            entry: dict[str, Any] = {"at": stamp(at), "by": "ada"}
            if happened < at:
                entry |= {"happened": stamp(happened), "reason": "Written later."}
            set_, was = {}, {}
            if rng.random() < 0.5:
                source, state = state, rng.choice(WAYS[state])
                entry["state"] = state
                self.happenings.append((happened, "state", state))
                if source == "on_hold":
                    was["on_hold_reason"] = values.pop("on_hold_reason")
                    self.happenings.append((happened, "on_hold_reason", None))
                if state == "on_hold":
                    values["on_hold_reason"] = set_["on_hold_reason"] = rng.choice(
                        ["awaiting_caller", "awaiting_vendor"]
                    )
                    self.happenings.append((happened, "on_hold_reason", values["on_hold_reason"]))
            else:
                name = rng.choice(list(VALUES))
                new = rng.choice([v for v in VALUES[name] if v != values[name]])
                set_[name], was[name], values[name] = new, values[name], new
                self.happenings.append((happened, name, new))
            entry |= ({"set": set_} if set_ else {}) | ({"was": was} if was else {})
            self.timeline.append(entry)
            written.append(at)
            minute = happened
        if rng.random() < 0.3:  # the first moment was another one
            first = self.happenings[0][0]
            right = max(0, first - rng.randrange(1, 200))
            twice = sum(e["at"] == stamp(first) for e in self.timeline) > 1
            if not twice:
                correction = {"at": stamp(max(written)), "by": "ada", "corrects": stamp(first)}
                self.timeline.append({**correction, "happened": stamp(right), "reason": "By phone."})
                self.happenings = [(right if m == first else m, n, v) for m, n, v in self.happenings]
        self.data = {
            "id": f"INC-261102-{seed:05d}", "kind": "incident", "title": "T", "reported_by": "ada", "category": "x",
            **values, "state": state, "timeline": self.timeline,
        }  # fmt: skip

    def at(self, minute: int) -> dict[str, Any]:
        """What was so in the minute that begins then."""
        return {name: value for when, name, value in self.happenings if when <= minute}


def in_office(minute: int) -> bool:
    moment = BEGIN + timedelta(minutes=minute)
    return moment.weekday() < 5 and 7 <= moment.hour < 17


def brute(one: Lived, book: RuleBook) -> tuple[list[tuple[str, str, str, int]], dict[str, int]]:
    """The clocks and the time of each team, minute by minute."""
    last = int((NOW - BEGIN).total_seconds()) // MINUTE
    start = min(m for m, _, _ in one.happenings)
    states = [(m, v) for m, n, v in one.happenings if n == "state" and m < last]
    began = next((m for m, s in states if s in ("in_progress", "resolved")), None)
    ended = states[-1][0] if states[-1][1] == "resolved" else None
    found, teams = [], Counter[str]()
    for minute in range(start, last):
        now = one.at(minute)
        if now["state"] in OPEN:
            teams[now["assigned_team"]] += 1
    for metric, stop in (("response", began), ("resolution", ended)):
        used: Counter[tuple[str, int]] = Counter()
        final = None
        touched: dict[tuple[str, int], None] = {}
        for minute in range(start, last if stop is None else stop):
            now = one.at(minute)
            level = now["service"].removeprefix("under-")
            name = priority(book.policy(PRIORITY), now)
            fit = [
                i
                for i, (m, p, _) in enumerate(TARGETS[level])
                if m == metric and p in ("", name.name if name else "")
            ]
            final = (level, fit[0]) if fit else None
            if final is None:
                continue
            touched[final] = None
            held = now["state"] == "on_hold" and (
                level == "gold" or (level == "day" and now.get("on_hold_reason") == "awaiting_caller")
            )
            if now["state"] in OPEN and not held and (level != "gold" or in_office(minute)):
                used[final] += 1
        for level, number in sorted(touched):
            allowed, spent = TARGETS[level][number][2], used[level, number]
            verdict = "missed" if spent > allowed else "running" if stop is None else "met"
            if verdict == "missed" or (level, number) == final:
                found.append((level, metric, verdict, spent))
    return sorted(found), dict(teams)


@pytest.fixture(scope="module")
def levels(tmp_path_factory: pytest.TempPathFactory) -> Levels:
    repo = GitRepo(tmp_path_factory.mktemp("replay"))
    repo.git("init", "-q")
    copy_tree(packaged_rulebook_root() / "schemas", repo.root / "schemas")
    repo.write("itsm.yaml", "timezone: Europe/Berlin\n")
    repo.write("cmdb/calendars/office.yaml", OFFICE)
    repo.write("cmdb/calendars/free.yaml", FREE)
    for name in TARGETS:
        repo.write(f"cmdb/service-levels/{name}.yaml", LEVELS[name])
        about = (
            f"id: under-{name}\nclass: service\nname: {name}\nlifecycle: production\nservice_level: {name}\n"
        )
        repo.write(f"cmdb/services/under-{name}.yaml", about)
    repo.write("records/incidents/2026/11/INC-261102-AAAAA.yaml", _first())
    return levels_of(Log(Repository(repo.root).store(), None, NOW, Scope()))


def _first() -> str:
    head = (
        "id: INC-261102-AAAAA\nkind: incident\ntitle: T\nreported_by: ada\nservice: under-day\ncategory: x\n"
    )
    return f"{head}impact: low\nurgency: low\nstate: new\ntimeline:\n- {{at: '{stamp(0)}', by: ada, state: new}}\n"


def case(one: Lived, book: RuleBook) -> Case:
    kind = book.kind("incident")
    entry = summarise(kind, f"records/incidents/2026/11/{one.data['id']}.yaml", one.data)
    replay = replay_of(one.data)
    assert unpacked(packed(replay)) == replay

    def name_of(fields: Any) -> str:
        found = priority(book.policy(PRIORITY), fields)
        return found.name if found else ""

    found = case_of(entry, kind.workflow, replay, name_of, int(NOW.timestamp()))
    assert found is not None
    return found


def _compare(seed: int, book: RuleBook, levels: Levels) -> None:
    one = Lived(seed)
    replayed = case(one, book)
    clocks, teams = brute(one, book)
    got = sorted(
        (c.target.level, c.target.metric, c.verdict, c.used // MINUTE) for c in levels.clocks(replayed)
    )
    assert got == clocks, (seed, one.timeline)
    mine = {t: s // MINUTE for t, s in team_times(replayed, int(NOW.timestamp())).items() if s}
    assert mine == teams, (seed, one.timeline)
    if replayed.resolved is not None:
        assert time_to_resolve(replayed) == sum(teams.values()) * MINUTE


@pytest.mark.parametrize("seed", range(25))
def test_clocks_equal_a_replay_of_each_minute(seed: int, book: RuleBook, levels: Levels) -> None:
    _compare(seed, book, levels)


@pytest.mark.slow
def test_clocks_equal_a_replay_of_each_minute_for_many_lives(book: RuleBook, levels: Levels) -> None:
    for seed in range(1000, 1120):
        _compare(seed, book, levels)
