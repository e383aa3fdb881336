"""A day of several people on one server, from clones of their own, all at once; nothing may be lost.

    python benchmarks/together.py [--people 12] [--incidents 200] [--changes 20] [--emergencies 5]
                                  [--minutes N] [--work DIR]

Each person opens incidents, writes notes on anybody's, works on some, and files changes; every command shares what it
wrote by ``--sync``. A keeper merges the branches of changes, as a forge would. At the end every clone is brought up to
date and compared: each document and each note must be there, nobody may have merged anything by hand, and the check must
have no errors. One command in four is carried out without ``--sync`` and shared by git commit, git pull --rebase and git push
until it succeeds; the figures compare both. Prints them as JSON. A small day is a test; no time decides anything.

Without ``--minutes`` everybody works as fast as the machine allows. With it the tasks of each person begin at random
moments of that many minutes, as people who read, think and telephone begin them; the load of the machine is measured along.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PEOPLE = (
    "duty-agent",
    "mail-engineer",
    "operations-lead",
    "service-manager",
    "security-officer",
    "change-manager",
)
ITSM = (sys.executable, "-m", "itsm_gitops")
_TRIES = 60
SYNC, BY_HAND, BARE = "by --sync", "by hand", "not shared"


@dataclass
class Day:
    """What happened so far; the threads of all people write here."""

    incidents: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    times: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    loads: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    merged_by_hand: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, how: str, verb: str, seconds: float) -> None:
        """Note how long one command took, and how busy the machine was."""
        self.times.setdefault((how, verb), []).append(seconds)
        self.loads.append(os.getloadavg()[0])


def run(words: tuple[str, ...], where: Path, person: str = "duty-agent") -> subprocess.CompletedProcess[str]:
    """Run one command; Git finds the `itsm` of this environment, which merges for those who share by hand."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    env = {**os.environ, "ITSM_USER": person, "PATH": path}
    return subprocess.run(words, cwd=where, env=env, capture_output=True, text=True, check=False)


def git(where: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run git."""
    return run(("git", *words), where)


class Person:
    """Somebody with a clone."""

    def __init__(self, day: Day, root: Path, number: int, tasks: list[str], seconds: float = 0) -> None:
        self.day, self.root, self.number, self.tasks, self.seconds = day, root, number, tasks, seconds
        self.name = PEOPLE[number % len(PEOPLE)]
        self.dice = random.Random(number)

    def work(self) -> None:
        """Do all tasks of the day, each at its moment."""
        began = time.monotonic()
        moments = sorted(self.dice.uniform(0, self.seconds) for _ in self.tasks)
        for number, (task, moment) in enumerate(zip(self.tasks, moments, strict=True)):
            time.sleep(max(0.0, began + moment - time.monotonic()))
            made: Callable[[], None] = getattr(self, f"_{task}")
            try:
                made()
            except Exception as error:  # noqa: BLE001 - whatever it is, the rest of the day goes on and it is told
                with self.day.lock:
                    self.day.failures.append(f"{self.name} {self.number}: {task} {number}: {error!r}")

    def _write(self, *words: str) -> subprocess.CompletedProcess[str] | None:
        """Write something and share it, one time in four by hand; returns None where it failed."""
        by_hand = self.dice.random() < 0.25
        started = time.monotonic()
        done = run((*ITSM, *words, *([] if by_hand else ["--sync"])), self.root, self.name)
        bare = time.monotonic() - started
        error = f"exit code {done.returncode}: {done.stderr}" if done.returncode else ""
        if by_hand and not error:
            error = self._share_by_hand()
        if not error and not by_hand and "shared with" not in done.stderr:
            error = done.stderr or "it does not say that it was shared"
        with self.day.lock:
            if error:
                self.day.failures.append(f"{self.name} {self.number}: itsm {' '.join(words)}: {error}")
                return None
            self.day.took(BY_HAND if by_hand else SYNC, words[0], time.monotonic() - started)
            if by_hand:
                self.day.took(BARE, words[0], bare)
        return done

    def _share_by_hand(self) -> str:
        git(self.root, "add", "-A", "records")
        git(self.root, "commit", "-qm", "by hand")
        for _ in range(_TRIES):
            pulled = git(self.root, "pull", "-q", "--rebase")
            if pulled.returncode and (self.root / ".git" / "rebase-merge").exists():
                with self.day.lock:
                    self.day.merged_by_hand.append(
                        f"{self.name} {self.number}: {pulled.stdout}{pulled.stderr}"
                    )
                done = run((*ITSM, "merge", "--continue"), self.root, self.name)
                if done.returncode:
                    git(self.root, "rebase", "--abort")  # what comes next is not to fail because of this
                    return f"{pulled.stderr}{done.stderr}"
            elif pulled.returncode:
                return pulled.stderr
            if git(self.root, "push", "-q").returncode == 0:
                return ""
        return "others were always faster"

    def _incident(self) -> None:
        words = (
            "new",
            "incident",
            "--title",
            f"Mail of group {self.dice.randrange(1000)} is slow",
            "--service",
            "email",
        )
        more = (
            "--category",
            "email/sending",
            "--impact",
            "low",
            "--urgency",
            "low",
            "--team",
            "it-operations",
            "--json",
        )
        done = self._write(*words, *more)
        if done is not None:
            with self.day.lock:
                self.day.incidents.append(json.loads(done.stdout)["id"])

    def _note(self) -> None:
        here = [p.stem for p in (self.root / "records/incidents").rglob("INC-*.yaml")]
        target = self.dice.choice(sorted(here)[-20:])  # all look at the newest ones
        text = f"seen by {self.number}, {self.dice.random()}"
        if self._write("note", target, text) is not None:
            with self.day.lock:
                self.day.notes.append((target, text))

    def _change(self, template: str = "normal-change") -> None:
        words = (
            "new",
            "change",
            "--template",
            template,
            "--title",
            f"Change of {self.number}",
            "--ci",
            "mail-server",
        )
        more = ("--why", "It must be.", "--risk", "low", "--json", "--no-sync")
        done = run((*ITSM, *words, *more), self.root, self.name)
        if done.returncode == 0:
            name = json.loads(done.stdout)["id"]
            done = run((*ITSM, "submit", name), self.root, self.name)
            back = git(self.root, "switch", "-q", "main")
            done = done if done.returncode else back
        with self.day.lock:
            if done.returncode:
                self.day.failures.append(f"{self.name} {self.number}: change: {done.stderr}")
            else:
                self.day.changes.append(name)

    def _emergency(self) -> None:
        self._change("emergency-change")


def prepare(work: Path, people: int) -> list[Path]:
    """Make a server and the clones."""
    run((*ITSM, "init", str(work / "first"), "--no-git"), work)
    first = work / "first"
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "Start"), ("init", "-q", "--bare", "-b", "main", "../server"),
                  ("push", "-q", "../server", "main")):  # fmt: skip
        git(first, *words).check_returncode()
    clones = [work / f"person-{number}" for number in range(people)]
    for clone in (*clones, work / "keeper"):
        git(work, "clone", "-q", str(work / "server"), str(clone)).check_returncode()
        run((*ITSM, "doctor", "--fix", "--offline"), clone)
    return clones


def keep(work: Path, day: Day, ended: threading.Event) -> None:
    """Merge the branches of changes as a forge would, until everybody has gone home and none is left."""
    keeper, merged = work / "keeper", set[str]()
    while True:
        last = ended.is_set()
        git(keeper, "fetch", "-q")
        listed = git(
            keeper, "for-each-ref", "--format=%(refname)", "refs/remotes/origin/change"
        ).stdout.split()
        for ref in (r for r in listed if r not in merged):
            for _ in range(_TRIES):
                git(keeper, "fetch", "-q")
                git(keeper, "reset", "-q", "--hard", "origin/main")
                done = git(keeper, "merge", "-q", "--no-ff", "--no-edit", ref)
                if done.returncode:
                    day.failures.append(f"keeper: {done.stdout}{done.stderr}")
                    break
                if git(keeper, "push", "-q", "origin", "HEAD:main").returncode == 0:
                    break
            merged.add(ref)
        if last:
            return
        time.sleep(0.5)


def verify(day: Day, clones: list[Path]) -> dict[str, object]:
    """Bring all clones up to date and count what is missing."""
    lost: list[str] = []
    tips = set()
    for number, clone in enumerate(clones):
        done = run((*ITSM, "sync"), clone)
        if done.returncode:
            lost.append(f"{clone.name}: {done.stderr}")
        tips.add(git(clone, "rev-parse", "HEAD").stdout)
        if git(clone, "status", "--porcelain").stdout:
            lost.append(f"{clone.name} is not clean")
        if number:
            continue
        texts = {p.stem: p.read_text() for p in (clone / "records").rglob("*.yaml")}
        lost += [name for name in (*day.incidents, *day.changes) if name not in texts]
        lost += [f"{name}: {text}" for name, text in day.notes if text not in texts.get(name, "")]
    check = run((*ITSM, "check", "--json"), clones[0])
    errors = [f for f in json.loads(check.stdout)["findings"] if f["severity"] == "error"]
    return {"lost": lost, "tips": len(tips), "errors of check": errors}


def _median_and_most(times: list[float]) -> list[float]:
    """Return the median, and what nine of ten are not above."""
    cuts = statistics.quantiles(times, n=10) if len(times) > 1 else times * 9
    return [round(statistics.median(times), 2), round(cuts[-1], 2)]


def seconds_of(day: Day) -> dict[str, object]:
    """Return how long commands took (median and nine tenths), what sharing added to each, and the load meanwhile."""
    verbs = sorted({verb for _, verb in day.times})
    table: dict[str, dict[str, object]] = {}
    for verb in verbs:
        times = {how: day.times[how, verb] for how in (BARE, SYNC, BY_HAND) if (how, verb) in day.times}
        row: dict[str, object] = {how: [len(some), *_median_and_most(some)] for how, some in times.items()}
        if BARE in times:
            usual = statistics.median(times[BARE])
            row["sharing added"] = {
                how: round(statistics.median(times[how]) - usual, 2)
                for how in (SYNC, BY_HAND)
                if how in times
            }
        table[verb] = row
    return {
        "commands: number, median, nine tenths": table,
        "load: median, nine tenths": _median_and_most(day.loads),
    }


def main() -> None:
    """Play the day and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, usual in (("people", 12), ("incidents", 200), ("changes", 20), ("emergencies", 5)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--work", default="")
    asked = parser.parse_args()
    work = Path(asked.work or tempfile.mkdtemp(prefix="itsm-together-"))
    work.mkdir(parents=True, exist_ok=True)
    day, dice = Day(), random.Random(1)
    tasks = (
        ["incident", "note"] * asked.incidents
        + ["change"] * asked.changes
        + ["emergency"] * asked.emergencies
    )
    dice.shuffle(tasks)
    clones = prepare(work, asked.people)
    people = [
        Person(day, clone, n, tasks[n :: asked.people], asked.minutes * 60) for n, clone in enumerate(clones)
    ]
    threads = [threading.Thread(target=person.work) for person in people]
    ended = threading.Event()
    keeper = threading.Thread(target=keep, args=(work, day, ended))
    started = time.monotonic()
    for thread in (*threads, keeper):
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    keeper.join()
    seconds = time.monotonic() - started
    figures = {
        "people": asked.people,
        "seconds": round(seconds, 1),
        "incidents": len(day.incidents),
        "notes": len(day.notes),
        "changes": len(day.changes),
        **seconds_of(day),
        "failures": day.failures,
        "merged by hand": day.merged_by_hand,
        **verify(day, clones),
    }
    print(json.dumps(figures, indent=2))
    if not asked.work:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
