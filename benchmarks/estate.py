"""Writes a made-up repository of any size, valid by the rule book, with a commit; the same for the same seed.

    python benchmarks/estate.py FOLDER RECORDS [--seed 7]

Half of the records are incidents, a quarter requests, 15 % changes and 5 % problems; 5 % are configuration
items (5,000 at most) in four layers: services need applications, these need databases and servers. A record
has about 2.1 kB with prose, a timeline and links. They were opened in the three years before NOW; nearly all
of the older ones are closed. Nothing here decides a test.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from words import Language

from itsm_gitops.model.clock import encode_suffix

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAYS = 3 * 365
PEOPLE, OFFERINGS = 300, 40
TEAMS = ["change-management", "problem-management", "service-desk", *(f"team-{n:02d}" for n in range(3, 40))]
_MOST_ITEMS = 5_000
_SHARES = (("incident", 0.5), ("request", 0.25), ("change", 0.15), ("problem", 0.05))
_PREFIXES = {"incident": "INC", "request": "REQ", "change": "CHG", "problem": "PRB"}
_CODES = ("fixed", "assistance", "training", "user_error", "no_fault_found")
# Of the tree of categories: each may have any level below it.
_AREAS = (
    "access",
    "application",
    "data",
    "database",
    "hardware",
    "network",
    "printing",
    "server",
    "software",
    "web",
)
_LEVELS, _WEIGHTS = ("high", "medium", "low"), (5, 30, 65)
_OPEN_DAYS = 30
# Who is in the team that a step is for.
_MANAGERS, _DESK = {"change": "agent-000", "problem": "agent-001"}, "agent-002"

SETTINGS = "version: 1\norganisation: Made-up Ltd\ntimezone: Europe/Berlin\ndirectory: closed\nsite:\n  name: Made-up IT\n"


class Estate:
    """Everything that is written, as (path, text)."""

    def __init__(self, records: int, seed: int) -> None:
        self._dice = random.Random(seed)
        self._say = Language(seed)
        self._records = records
        items = min(_MOST_ITEMS, max(20, records // 20))
        self._services = [f"service-{n:03d}" for n in range(max(4, items // 40))]
        layers = {"application": 0.25, "database": 0.15, "server": 0.57}
        self._items = {
            kind: [f"{kind}-{n:04d}" for n in range(max(4, int(items * share)))]
            for kind, share in layers.items()
        }
        self._cis = [name for names in self._items.values() for name in names]
        self._changes: list[str] = []
        self._problems: list[str] = []

    def documents(self) -> Iterator[tuple[str, str]]:
        """Yield the path and the text of each document."""
        yield "itsm.yaml", SETTINGS
        yield from self._organisation()
        yield from self._landscape()
        number = 0
        makers: dict[str, Callable[[datetime, str], str]] = {
            "change": self._change,
            "problem": self._problem,
            "incident": self._incident,
            "request": self._request,
        }
        shares = dict(_SHARES)
        # Changes and problems first: incidents point back to them.
        for kind, make in makers.items():
            count = round(self._records * shares[kind])
            for place in range(count):
                opened = NOW - timedelta(
                    seconds=int(DAYS * 86_400 * (1 - (place + self._dice.random()) / count))
                )
                # An odd factor walks through all suffixes without meeting one twice.
                identifier = f"{_PREFIXES[kind]}-{opened:%y%m%d}-{encode_suffix(number * 2_654_435_761)}"
                number += 1
                yield f"records/{kind}s/{opened:%Y/%m}/{identifier}.yaml", make(opened, identifier)

    def _organisation(self) -> Iterator[tuple[str, str]]:
        for n, name in enumerate(TEAMS):
            yield (
                f"cmdb/teams/{name}.yaml",
                f"id: {name}\nclass: team\nname: Team {n}\nlifecycle: production\n",
            )
        for n in range(PEOPLE):
            name, team = f"agent-{n:03d}", TEAMS[n % len(TEAMS)]
            text = f"id: {name}\nclass: person\nname: Agent {n}\nlifecycle: production\nteams:\n- {team}\n"
            yield f"cmdb/people/{name}.yaml", text
        for n in range(OFFERINGS):
            yield (
                f"cmdb/offerings/offering-{n:02d}.yaml",
                (
                    f"id: offering-{n:02d}\nclass: offering\nname: {self._say.sentence(2, 4)}\n"
                    f"owner: {self._team()}\nlifecycle: production\ncategory: Workplace\nservice: {self._service()}\n"
                    "form:\n  type: object\n  required: [reason]\n  additionalProperties: false\n"
                    "  properties:\n    reason: {title: Why?, type: string, maxLength: 400}\n"
                    "    seats: {title: How many?, type: integer, minimum: 1}\n"
                ),
            )

    def _landscape(self) -> Iterator[tuple[str, str]]:
        apps, databases, servers = (self._items[k] for k in ("application", "database", "server"))
        for name in self._services:
            more = f"category: Area {self._dice.randrange(8)}\ntype: business\n"
            yield self._item("service", name, more, "depends_on", self._dice.sample(apps, 3))
        for name in apps:
            needs = self._dice.sample(databases, 1) + self._dice.sample(servers, 2)
            group = f"redundancy:\n- name: nodes\n  members: [{', '.join(sorted(needs[1:]))}]\n  min_up: 1\n"
            yield self._item("application", name, "environment: production\n" + group, "depends_on", needs)
        for name in databases:
            yield self._item("database", name, "role: primary\n", "runs_on", self._dice.sample(servers, 1))
        for name in servers:
            yield self._item("server", name, "type: virtual\noperating_system: Debian 13\n", "", [])

    def _item(self, kind: str, name: str, more: str, relation: str, targets: list[str]) -> tuple[str, str]:
        links = "".join(f"- type: {relation}\n  target: {t}\n" for t in targets)
        text = (
            f"id: {name}\nclass: {kind}\nname: {self._say.sentence(2, 4)} {name[-4:]}\n"
            f"description: |\n{self._say.block(40)}owner: {self._team()}\nlifecycle: production\n{more}"
        )
        return f"cmdb/{kind}s/{name}.yaml", text + (f"links:\n{links}" if links else "")

    def _team(self) -> str:
        return self._dice.choice(TEAMS)

    def _agent(self) -> str:
        return f"agent-{self._dice.randrange(PEOPLE):03d}"

    def _worker(self) -> tuple[str, str]:
        """Return somebody who works on a record, and the fields that say so."""
        number = self._dice.randrange(PEOPLE)
        name = f"agent-{number:03d}"
        return name, f"assigned_team: {TEAMS[number % len(TEAMS)]}\nassignee: {name}\n"

    def _service(self) -> str:
        return self._services[int(len(self._services) * self._dice.random() ** 2)]

    def _touched(self) -> str:
        names = sorted({self._dice.choice(self._cis) for _ in range(self._dice.choice((1, 1, 2)))})
        return f"service: {self._service()}\ncis:\n" + "".join(f"- {n}\n" for n in names)

    def _level(self) -> str:
        return self._dice.choices(_LEVELS, _WEIGHTS)[0]

    def _is_open(self, opened: datetime) -> bool:
        age = (NOW - opened).days
        return self._dice.random() < (0.5 if age < _OPEN_DAYS else 0.004)

    def _title(self) -> str:
        return f"title: {self._say.sentence(4, 9)}\n"

    def _timeline(self, opened: datetime, states: list[str], notes: int, who: str, others: str = "") -> str:
        """Return a timeline through these states, with so many notes and comments among them.

        ``who`` makes the steps, but those named in ``others`` (``authorize=agent-000 ...``).
        """
        by = dict(part.split("=") for part in others.split())
        steps = [f"  by: {by.get(s, who)}\n  state: {s}\n" for s in states]
        for _ in range(notes):
            said = self._dice.choice(("note", "comment"))
            text = f"  by: {self._agent()}\n  {said}: |\n{self._say.block(self._dice.randint(12, 30), 4)}"
            steps.insert(self._dice.randint(1, len(steps)), text)
        lines, left = ["timeline:\n"], NOW - opened
        at, most = opened, max(1, int(left.total_seconds() // 60 // (len(steps) + 1)))
        for step in steps:
            lines.append(f"- at: {at:%Y-%m-%dT%H:%M:%SZ}\n{step}")
            at += timedelta(minutes=self._dice.randint(1, min(most, 900)))
        return "".join(lines)

    def _links(self, *pairs: tuple[str, str]) -> str:
        return "links:\n" + "".join(f"- type: {t}\n  target: {i}\n" for t, i in pairs) if pairs else ""

    def _incident(self, opened: datetime, identifier: str) -> str:
        category = f"{self._dice.choice(_AREAS)}/{self._say.words(1)}"
        pairs = []
        if self._dice.random() < 0.15:
            pairs.append(("caused_by", self._earlier(self._changes, opened)))
        if self._dice.random() < 0.15:
            pairs.append(("resolved_by", self._earlier(self._problems, opened)))
        text = (
            f"id: {identifier}\nkind: incident\n{self._title()}reported_by: {self._agent()}\norigin: portal\n"
            f"{self._touched()}category: {category}\ndescription: |\n{self._say.block(self._dice.randint(40, 90))}"
            f"impact: {self._level()}\nurgency: {self._level()}\n"
        )
        who, worked = self._worker()
        links, notes = self._links(*(p for p in pairs if p[1])), self._dice.randint(2, 4)
        if self._is_open(opened):
            life = self._timeline(opened, ["new", "in_progress"], notes, who)
            return f"{text}state: in_progress\n{worked}{links}{life}"
        life = self._timeline(
            opened, ["new", "in_progress", "resolved", "closed"], notes, who, f"closed={_DESK}"
        )
        return (
            f"{text}state: closed\n{worked}resolution_code: {self._dice.choice(_CODES)}\n"
            f"resolution_notes: |\n{self._say.block(self._dice.randint(20, 40))}closure_category: {category}\n"
            f"{links}{life}"
        )

    def _earlier(self, known: list[str], opened: datetime) -> str:
        """Return one of the records opened not long before a moment, '' where there is none."""
        share = 1 - (NOW - opened) / timedelta(days=DAYS)
        last = int(len(known) * share)
        return known[max(0, last - self._dice.randint(1, 40))] if last > 0 else ""

    def _request(self, opened: datetime, identifier: str) -> str:
        text = (
            f"id: {identifier}\nkind: request\n{self._title()}offering: offering-{self._dice.randrange(OFFERINGS):02d}\n"
            f"requested_by: {self._agent()}\norigin: portal\n"
            f"answers:\n  reason: {self._say.sentence(12, 30)}\n  seats: {self._dice.randint(1, 9)}\n"
            f"description: |\n{self._say.block(self._dice.randint(30, 80))}"
        )
        who, worked = self._worker()
        notes = self._dice.randint(3, 6)
        if self._is_open(opened):
            states = ["submitted", "in_fulfilment"]
            return f"{text}state: in_fulfilment\n{worked}{self._timeline(opened, states, notes, who)}"
        states = ["submitted", "in_fulfilment", "fulfilled", "closed"]
        done = f"fulfilment: complete\nfulfilment_notes: |\n{self._say.block(20)}"
        return f"{text}state: closed\n{worked}{done}{self._timeline(opened, states, notes, who, f'closed={_DESK}')}"

    def _change(self, opened: datetime, identifier: str) -> str:
        self._changes.append(identifier)
        start = opened + timedelta(days=7, hours=self._dice.randrange(24))
        end = start + timedelta(hours=2)
        still = start > NOW or self._is_open(opened)
        if still and start < NOW:
            start += timedelta(days=40)
            end += timedelta(days=40)
        text = (
            f"id: {identifier}\nkind: change\n{self._title()}type: normal\nrequested_by: {self._agent()}\n{self._touched()}"
            f"justification: |\n{self._say.block(30)}description: |\n{self._say.block(40)}"
            f"risk:\n  level: low\n  reason: {self._say.sentence(5, 10)}\nimpact_statement: {self._say.sentence(5, 10)}\n"
        )
        who, worked = self._worker()
        plan = (
            f"{worked.partition('assignee')[0]}implementation_plan: |\n{self._say.block(50)}implementers:\n- {who}\n"
            f"test_plan: |\n{self._say.block(20)}backout_plan: |\n{self._say.block(20)}"
            f"planned_start: {start:%Y-%m-%dT%H:%M:%SZ}\nplanned_end: {end:%Y-%m-%dT%H:%M:%SZ}\n"
        )
        states, decided = ["draft", "assess", "authorize", "scheduled"], f"scheduled={_MANAGERS['change']}"
        if still:
            return f"{text}state: scheduled\n{plan}{self._timeline(opened, states, 1, who, decided)}"
        done = (
            f"actual_start: {start:%Y-%m-%dT%H:%M:%SZ}\nactual_end: {end:%Y-%m-%dT%H:%M:%SZ}\noutcome: successful\n"
            f"close_notes: {self._say.sentence(5, 20)}\n"
        )
        whole = [*states, "implement", "review", "closed"]
        return f"{text}state: closed\n{plan}{done}{self._timeline(opened, whole, 1, who, decided)}"

    def _problem(self, opened: datetime, identifier: str) -> str:
        self._problems.append(identifier)
        text = (
            f"id: {identifier}\nkind: problem\n{self._title()}reported_by: {self._agent()}\norigin: incidents\n{self._touched()}"
            f"description: |\n{self._say.block(self._dice.randint(60, 110))}impact: {self._level()}\nurgency: {self._level()}\n"
        )
        worked = f"assigned_team: {self._team()}\nroot_cause: |\n{self._say.block(40)}"
        who = _MANAGERS["problem"]
        if self._is_open(opened):
            states = ["new", "assess", "root_cause_analysis"]
            return f"{text}state: root_cause_analysis\n{worked}{self._timeline(opened, states, 4, who)}"
        states = ["new", "assess", "root_cause_analysis", "fix_in_progress", "resolved", "closed"]
        done = f"fix_notes: |\n{self._say.block(20)}resolution_code: fix_applied\n"
        return f"{text}state: closed\n{worked}{done}{self._timeline(opened, states, 4, who)}"


def write(root: Path, records: int, seed: int = 7) -> None:
    """Write a repository into a folder that is not there yet, and commit it."""
    root.mkdir(parents=True)
    shutil.copytree(ROOT / "schemas", root / "schemas")
    folders: set[str] = set()
    for path, text in Estate(records, seed).documents():
        folder = path.rpartition("/")[0]
        if folder not in folders:
            (root / folder).mkdir(parents=True, exist_ok=True)
            folders.add(folder)
        (root / path).write_text(text, encoding="utf-8")
    (root / ".gitignore").write_text("build/\n", encoding="utf-8")
    who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "Made up"]):
        subprocess.run(["git", *who, *arguments], cwd=root, check=True)


def main() -> None:
    """Write the repository that the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("records", type=int)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    write(options.folder, options.records, options.seed)


if __name__ == "__main__":
    main()
