"""Random lives of a record, made by the commands in a real Git repository, with migrations of the rule book in between.

Clocks equal a replay of each minute, the check accepts what the commands made since the first commit, and a word that
was renamed there and back leaves every document as it was.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itsm_gitops import documents, rules
from itsm_gitops.editing.edits import add_note, correct, set_fields
from itsm_gitops.editing.fields import read_assignment
from itsm_gitops.editing.migrate import migrate, planned
from itsm_gitops.editing.move import move
from itsm_gitops.reports.course import levels_of
from itsm_gitops.reports.log import Log, Scope
from itsm_gitops.service_levels.measures import team_times
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.service_levels.clock_table import FREE, LEVELS, OFFICE
from tests.service_levels.test_replay import MINUTE, NOW, TARGETS, VALUES, WAYS, brute, stamp
from tests.support import GitRepo, copy_tree, rounds

NAME = "INC-261102-AAAAA"
PATH = f"records/incidents/2026/11/{NAME}.yaml"
REASONS = ("awaiting_caller", "awaiting_vendor")
# What is renamed: sort, subject, the new word, and (of values) the old one.
WORDS = (
    ("state", "incident:on_hold", "parked", ""),
    ("state", "incident:in_progress", "working", ""),
    ("value", "incident.on_hold_reason", "for_caller", "awaiting_caller"),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["move", "move", "set", "set", "note", "commit", "migrate"]),
        st.integers(1, 400),  # minutes since what happened last
        st.one_of(st.just(0), st.integers(1, 150)),  # minutes until somebody writes it down
        st.integers(0, 1000),  # which of the possible ones
    ),
    min_size=1,
    max_size=8,
)


@dataclass
class GitLife:
    """The life of one incident: what was done by commands, and what was so in each minute."""

    estate: GitRepo
    patch: pytest.MonkeyPatch
    happenings: list[tuple[int, str, Any]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    state: str = "new"
    minute: int = 0
    written: int = 0
    names: dict[str, str] = field(default_factory=dict)  # words that have another name now

    def begin(self, pick: int) -> None:
        """Write the record as somebody opens it, and commit."""
        self.values = {name: some[pick % len(some)] for name, some in VALUES.items()}
        self.happenings = [(0, "state", "new"), *((0, n, v) for n, v in self.values.items())]
        fields = "".join(f"{n}: {v}\n" for n, v in self.values.items())
        head = f"id: {NAME}\nkind: incident\ntitle: T\nreported_by: ada\ncategory: network\n"
        timeline = f"state: new\ntimeline:\n- at: {stamp(0)}\n  by: ada\n  state: new\n"
        self.estate.write(PATH, head + fields + timeline)
        self.estate.commit("opened")

    def at(self, minute: int) -> dict[str, Any]:
        """What was so in the minute that begins then."""
        return {name: value for when, name, value in self.happenings if when <= minute}

    @property
    def timeline(self) -> Any:
        """The timeline as the file has it."""
        return self.data["timeline"]

    @property
    def data(self) -> Any:
        """The document."""
        return documents.load((Path(self.estate.root) / PATH).read_bytes()).data

    def do(self, sort: str, gap: int, late: int, pick: int) -> None:
        """Make one step by a command."""
        happened = self.minute + gap
        now = max(happened + late, self.written)
        self.patch.setenv("ITSM_NOW", stamp(now))
        if sort == "migrate":
            self._migrate(pick)
            return
        if sort == "commit":
            self._commit()
            return
        told = {"at": stamp(happened), "reason": "Written later."} if happened < now else {}
        if sort == "note":
            add_note(self.estate.repo, NAME, "Somebody looked at it.", **told)
        else:
            (self._move if sort == "move" else self._set)(happened, pick, told)
        self.minute, self.written = happened, now

    def _move(self, happened: int, pick: int, told: dict[str, str]) -> None:
        source, self.state = self.state, WAYS[self.state][pick % len(WAYS[self.state])]
        given = {"resolved": ["resolution_code=fixed", "resolution_notes=Done."]}.get(self.state, [])
        if source == "on_hold":
            del self.values["on_hold_reason"]
            self.happenings.append((happened, "on_hold_reason", None))
        if self.state == "on_hold":
            reason = self.values["on_hold_reason"] = REASONS[pick % 2]
            self.happenings.append((happened, "on_hold_reason", reason))
            given = [f"on_hold_reason={self.names.get(reason, reason)}"]
        target = self.names.get(self.state, self.state)
        move(self.estate.repo, NAME, target, [read_assignment(g) for g in given], **told)
        self.happenings.append((happened, "state", self.state))

    def _set(self, happened: int, pick: int, told: dict[str, str]) -> None:
        name = list(VALUES)[pick % len(VALUES)]
        others = [v for v in VALUES[name] if v != self.values[name]]
        self.values[name] = others[pick % len(others)]
        self.happenings.append((happened, name, self.values[name]))
        set_fields(self.estate.repo, NAME, [read_assignment(f"{name}={self.values[name]}")], **told)

    def _commit(self) -> None:
        if self.estate.git("status", "--porcelain"):
            self.estate.commit("work")

    def _migrate(self, pick: int) -> None:
        """Rename a word, or the one that was renamed before back."""
        sort, subject, new, old = WORDS[pick % len(WORDS)]
        word = old or subject.rpartition(":")[2]
        self._commit()
        if word in self.names:
            del self.names[word]
            back = f"{subject.rpartition(':')[0]}:{new}"
            done = planned(sort, subject, old, old=new) if old else planned(sort, back, word)
        else:
            self.names[word] = new
            done = planned(sort, subject, new, old=old)
        migrate(self.estate.repo, done)
        self.estate.commit("renamed")


def _live(life: GitLife, steps: list[tuple[str, int, int, int]], earlier: int) -> None:
    life.begin(steps[0][3])
    first = life.estate.git("rev-parse", "HEAD").strip()
    for step in steps:
        life.do(*step)
    if earlier and sum(e["at"] == stamp(0) for e in life.timeline) == 1:
        correct(life.estate.repo, NAME, stamp(0), stamp(-earlier), "By phone.")
        life.happenings = [(-earlier if m == 0 else m, n, v) for m, n, v in life.happenings]
    life._commit()
    _judge(life, first)
    # What was renamed gets its name back: the record is as if nothing had been renamed.
    before = life.data
    renamed = [i for i, (_, s, _, old) in enumerate(WORDS) if (old or s.rpartition(":")[2]) in life.names]
    for word in renamed:
        life._migrate(word)
    if renamed:
        _judge(life, first)
        assert life.data["state"] == life.state
        for word in renamed:  # there and back again changes nothing
            life._migrate(word)
        assert life.data == before


def _judge(life: GitLife, first: str) -> None:
    found = rules.check(life.estate.repo, base=first).findings
    assert [f"{f.path}: {f.code} {f.message}" for f in found if f.severity != "info"] == []
    life.patch.setenv("ITSM_NOW", NOW.strftime("%Y-%m-%dT%H:%M:%SZ"))
    log = Log(life.estate.repo.store(), None, NOW, Scope())
    case = log.find(NAME)
    assert case is not None
    clocks, teams = brute(life, log.book)  # type: ignore[arg-type] # what it reads of a life is there
    got = sorted(
        (c.target.level, c.target.metric, c.verdict, c.used // MINUTE) for c in levels_of(log).clocks(case)
    )
    assert got == clocks, life.timeline
    assert {t: s // MINUTE for t, s in team_times(case, int(NOW.timestamp())).items() if s} == teams


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    repo = GitRepo(tmp_path_factory.mktemp("lives"))
    repo.git("init", "-q")
    copy_tree(packaged_rulebook_root() / "schemas", repo.root / "schemas")
    repo.write("itsm.yaml", "timezone: Europe/Berlin\n")
    head = "owner: desk\nlifecycle: production\n"
    repo.write("cmdb/calendars/office.yaml", OFFICE + head)
    repo.write("cmdb/calendars/free.yaml", FREE + head)
    for team in VALUES["assigned_team"]:
        repo.write(
            f"cmdb/teams/{team}.yaml", f"id: {team}\nclass: team\nname: {team}\nlifecycle: production\n"
        )
    for name in TARGETS:
        repo.write(f"cmdb/service-levels/{name}.yaml", LEVELS[name])
        about = f"id: under-{name}\nclass: service\nname: {name}\n{head}service_level: {name}\n"
        repo.write(f"cmdb/services/under-{name}.yaml", about)
    repo.commit("world")
    return repo


def _try(estate: GitRepo, folder: Path, steps: list[tuple[str, int, int, int]], earlier: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(estate.root, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ITSM_USER", "ada")
        patch.setenv("ITSM_NOW", stamp(0))
        _live(GitLife(GitRepo(folder), patch), steps, earlier)


RARE = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=2, **RARE)  # type: ignore[arg-type]
@given(steps=STEPS, earlier=st.sampled_from([0, 0, 90]))
def test_commands_git_and_clocks_agree(
    estate: GitRepo, tmp_path_factory: pytest.TempPathFactory, steps: list[Any], earlier: int
) -> None:
    _try(estate, tmp_path_factory.getbasetemp() / "life", steps, earlier)


def test_a_life_with_everything_in_it(estate: GitRepo, tmp_path: Path) -> None:
    steps = [
        ("move", 10, 0, 0), ("set", 50, 30, 2), ("migrate", 1, 0, 0), ("move", 120, 0, 0), ("migrate", 1, 0, 2),
        ("set", 30, 0, 0), ("move", 200, 100, 1), ("move", 300, 0, 0),
    ]  # fmt: skip
    _try(estate, tmp_path / "life", steps, 45)


@pytest.mark.slow
@settings(max_examples=rounds(12, 40), **RARE)  # type: ignore[arg-type]
@given(steps=STEPS, earlier=st.sampled_from([0, 0, 90]))
def test_commands_git_and_clocks_agree_for_many_lives(
    estate: GitRepo, tmp_path_factory: pytest.TempPathFactory, steps: list[Any], earlier: int
) -> None:
    _try(estate, tmp_path_factory.getbasetemp() / "many", steps, earlier)
