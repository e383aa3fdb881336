"""A real server: six people race changes with signed approvals, and an auditor looks at it afterwards."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.git.sshsig import fingerprint
from tests.gate.http_server import GitServer, serving
from tests.gate.world import NUMBERS, World, change, person, server
from tests.support import rounds
from tests.warm import Warm

NOW = "2026-11-22T12:00:00Z"
NEXT_DAY = "2026-11-23T12:00:00Z"
RACERS = ("ann", "bob", "carl", "dora", "eve", "mia")
BOARD = ("cab-one", "cab-two")
CHANGES_EACH = rounds(3, 5)
LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"


class Desk:
    """One person with a key and a clone of their own."""

    def __init__(self, name: str, folder: Path, key: Path, url: str, program: Sequence[str]) -> None:
        self.name, self.root, self.key, self.program = name, folder, key, program
        subprocess.run(["git", "clone", "-q", url, str(folder)], check=True)

    def git(self, *args: str, check: bool = True, day: str = NOW) -> subprocess.CompletedProcess[str]:
        sides = {
            f"GIT_{side}_{what}": value
            for side in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", self.name), ("EMAIL", f"{self.name}@example.org"), ("DATE", day))
        }
        done = subprocess.run(
            ["git", *args], cwd=self.root, env={**os.environ, **sides}, capture_output=True, text=True, check=False
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{self.name}: git {args}: {done.stderr}"
        return done

    def itsm(self, *args: str, now: str = NOW) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.program, *args],
            cwd=self.root, env={**os.environ, "ITSM_NOW": now}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def approve(self, branch: str, *, now: str = NOW, key: Path | None = None) -> None:
        """Fetch a branch, sign it, hand the statement in."""
        self.git("fetch", "-q", "origin")
        about = ("--base", "origin/main", "--head", f"origin/{branch}", "--target", "main")
        by = ("--by", self.name, "--key", str(key or self.key))
        done = self.itsm("approve", "--sign", *by, *about, now=now)
        assert done.returncode == 0, done.stdout + done.stderr
        self.git("push", "-q", "origin", "refs/itsm/approvals/*:refs/itsm/approvals/*")

    def propose(self, branch: str, files: dict[str, str], *, day: str = NOW) -> None:
        """Put files on a branch and push it."""
        self.git("fetch", "-q", "origin")
        self.git("checkout", "-q", "-B", branch, "origin/main")
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", branch, day=day)
        self.git("push", "-q", "origin", branch)

    def land(self, branch: str) -> int:
        """Rebase and push to main until nobody else was faster; returns how often that took."""
        for attempt in range(1, 60):
            self.git("fetch", "-q", "origin")
            self.git("rebase", "-q", "origin/main", branch)
            done = self.git("push", "origin", f"{branch}:main", check=False)
            if done.returncode == 0:
                return attempt
            raced = (
                "fetch first",
                "cannot lock ref",
                "failed to update ref",
                "stale info",
                "non-fast-forward",
            )
            assert any(word in done.stderr for word in raced), done.stderr
            time.sleep(0.05 * RACERS.index(self.name))
        raise AssertionError(f"{branch} never landed")


class Place:
    """The server, and everybody's desk."""

    def __init__(self, folder: Path, program: Sequence[str]) -> None:
        self.folder, self.program = folder, program
        self.keys = {name: self.make_key(name) for name in (*RACERS, *BOARD)}
        self.bare = self._bare()
        self.users = {name: f"secret-{name}" for name in (*self.keys, "auditor")}

    def make_key(self, name: str) -> Path:
        key = self.folder / f"key-{name}"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True
        )
        return key

    def _bare(self) -> Path:
        world = World.make(self.folder / "seed")
        for name in self.keys:
            world.write(f"cmdb/people/{name}.yaml", self.person(name, self.keys[name]))
        for number in range(len(RACERS) * CHANGES_EACH):
            world.write(f"cmdb/servers/m{number}.yaml", server(f"m{number}"))
        world.git("add", "-A")  # into the commit that brings the rules: evidence begins with it
        world.git("commit", "-q", "--amend", "--no-edit", env={"GIT_COMMITTER_DATE": "2026-11-21T10:00:00Z"})
        bare = self.folder / "served" / "itsm.git"
        subprocess.run(["git", "clone", "-q", "--bare", str(world.root), str(bare)], check=True)
        for name, value in (("http.receivepack", "true"), ("receive.denyNonFastForwards", "true")):
            subprocess.run(["git", "config", name, value], cwd=bare, check=True)
        for name in ("pre-receive", "post-receive"):
            hook = bare / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f"#!/bin/sh\nexec {shlex.join(self.program)} hook {name}\n")
            hook.chmod(0o755)
        return bare

    def person(self, name: str, *keys: Path) -> str:
        teams = "change-management" if name in BOARD else "ops"
        listed = ""
        for key in keys:
            public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
            listed += f"\n  - type: ssh\n    fingerprint: {fingerprint(public)}\n    public_key: {public}"
        return person(name, teams, NUMBERS[name], signing_keys=listed)

    def desk(self, name: str, http: GitServer) -> Desk:
        key = self.keys.get(name, self.folder / "none")
        return Desk(name, self.folder / f"desk-{name}", key, http.url(name, "itsm.git"), self.program)

    def around_the_hook(self, desk: Desk, revision: str, branch: str) -> None:
        """Do what only an administrator of the server can: move a branch with nobody looking."""
        source = [str(desk.root), f"+{revision}:refs/heads/{branch}"]
        subprocess.run(["git", "fetch", "-q", *source], cwd=self.bare, check=True)


@pytest.fixture
def place(tmp_path: Path, warm: Warm) -> Place:
    return Place(tmp_path, warm.command())


@pytest.fixture
def http(place: Place) -> Iterator[GitServer]:
    with serving(place.bare.parent, place.users, {"ITSM_NOW": NOW}) as server:
        yield server


def _number(index: int) -> str:
    return f"CHG-261120-{LETTERS[index // 22]}{LETTERS[index % 22]}RAC"


def _files(index: int) -> dict[str, str]:
    """A change of one machine, authorised state by state, and the edit of the machine that it is about."""
    record = change(
        id=_number(index),
        title=f"Enlarge m{index}",
        cis=f"[m{index}]",
        requested_by="paul",
        implementers="[oscar]",
        assigned_team="ops",
        impact_statement="None is expected.",
        implementation_plan="Add a disk.",
        backout_plan="Take it out again.",
    )
    states = (
        f"  - {{at: 2026-11-20T{hour}:00:00Z, by: {RACERS[index // CHANGES_EACH]}, state: {state}}}\n"
        for hour, state in ((11, "assess"), (12, "authorize"), (13, "scheduled"))
    )
    item = server(f"m{index}", extra=f"description: Enlarged by change {index}.\n")
    return {
        f"records/changes/2026/11/{_number(index)}.yaml": record + "".join(states),
        f"cmdb/servers/m{index}.yaml": item,
    }


def _race(desks: Sequence[Desk]) -> list[int]:
    """Everybody proposes, has a colleague approve, and lands, all at the same time."""

    def run(mine: int) -> list[int]:
        tries = []
        for turn in range(CHANGES_EACH):
            index = mine * CHANGES_EACH + turn
            tries.append(desks[mine].land(_number(index)))
        return tries

    with ThreadPoolExecutor(len(desks)) as pool:
        return [n for tries in pool.map(run, range(len(desks))) for n in tries]


def _prepare(desks: Sequence[Desk]) -> None:
    """Everybody proposes five changes; the next one signs them."""

    def each(act: Callable[[int], None]) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(act, range(len(desks))))

    def propose(mine: int) -> None:
        for turn in range(CHANGES_EACH):
            index = mine * CHANGES_EACH + turn
            desks[mine].propose(_number(index), _files(index))

    def approve(mine: int) -> None:
        before = (mine - 1) % len(desks)
        for turn in range(CHANGES_EACH):
            desks[mine].approve(_number(before * CHANGES_EACH + turn))

    each(propose)
    each(approve)


def _verify(auditor: Desk, *args: str, now: str = NOW) -> tuple[int, dict[str, Any]]:
    auditor.git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
    done = auditor.itsm("audit", "verify", "--json", *args, now=now)
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def _found(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(f["code"], f["commit"]) for f in report["findings"] if f["severity"] == "error"}


@pytest.mark.slow
def test_six_people_race_and_an_auditor_finds_what_went_around(place: Place, http: GitServer) -> None:
    desks = [place.desk(name, http) for name in RACERS]
    _prepare(desks)
    tries = _race(desks)
    auditor = place.desk("auditor", http)
    count = len(RACERS) * CHANGES_EACH

    # All have landed, each once, none without the approval of somebody else.
    landed = auditor.git("log", "--format=%s", "origin/main").stdout.split("\n")
    assert sorted(s for s in landed if s.startswith("CHG-")) == sorted(_number(i) for i in range(count))
    assert len(tries) == count
    assert max(tries) > 1, "nobody raced"
    code, report = _verify(auditor)
    assert (code, report["findings"], report["clean"]) == (0, [], True)
    assert report["branches"][0]["results"] == {"SATISFIED": count}
    rows = json.loads(auditor.itsm("audit", "export", "--json").stdout)
    assert {r["changes"] for r in rows} == {_number(i) for i in range(count)}
    for row in rows:
        author = RACERS.index(row["authors"])
        assert row["approved_by"] == f"{RACERS[(author + 1) % len(RACERS)]} (signed)"

    _backdated_key(place, http, desks, auditor)
    _unreviewed_push(place, desks, auditor)
    _edited_statement(place, auditor)


def _backdated_key(place: Place, http: GitServer, desks: Sequence[Desk], auditor: Desk) -> None:
    """Bob gets a second key, by the book; then he signs with it as if he had had it the day before."""
    ann, bob = desks[0], desks[1]
    http.env["ITSM_NOW"] = NEXT_DAY
    second = place.make_key("second")
    ann.propose("key", {"cmdb/people/bob.yaml": place.person("bob", bob.key, second)}, day=NEXT_DAY)
    for name in BOARD:
        place.desk(name, http).approve("key", now=NEXT_DAY)
    ann.land("key")
    assert _verify(auditor, now=NEXT_DAY)[1]["clean"]

    ann.propose("late", {"cmdb/servers/m0.yaml": server("m0", extra="description: Late.\n")}, day=NEXT_DAY)
    bob.approve("late", now="2026-11-23T09:00:00Z", key=second)
    ann.land("late")
    code, report = _verify(auditor, now=NEXT_DAY)
    late = auditor.git("rev-parse", "origin/main").stdout.strip()
    assert (code, _found(report)) == (1, {("BACKDATED", late)})
    (finding,) = report["findings"]
    assert "bob approved 2026-11-23T09:00:00Z with a key" in finding["message"]
    assert "only since 2026-11-23T12:00:00Z" in finding["message"]


def _unreviewed_push(place: Place, desks: Sequence[Desk], auditor: Desk) -> None:
    """The server's administrator moves main directly; afterwards everybody goes on as if nothing was."""
    ann, bob = desks[0], desks[1]
    before = _found(_verify(auditor, now=NEXT_DAY)[1])
    ann.git("fetch", "-q", "origin")
    ann.git("checkout", "-q", "-B", "sneaky", "origin/main")
    (ann.root / "cmdb/servers/m1.yaml").write_text(server("m1", extra="description: Nobody saw this.\n"))
    ann.git("commit", "-q", "-a", "-m", "Nothing to see here", day=NEXT_DAY)
    sneaky = ann.git("rev-parse", "HEAD").stdout.strip()
    place.around_the_hook(ann, "sneaky", "main")
    ann.propose("after", {"cmdb/servers/m2.yaml": server("m2", extra="description: After.\n")}, day=NEXT_DAY)
    bob.approve("after", now=NEXT_DAY)
    ann.land("after")
    code, report = _verify(auditor, now=NEXT_DAY)
    assert (code, _found(report) - before) == (1, {("UNREVIEWED", sneaky)})


def _edited_statement(place: Place, auditor: Desk) -> None:
    """Somebody with access to the server makes one statement say that another person approved."""
    before = _found(_verify(auditor, now=NEXT_DAY)[1])
    auditor.git("checkout", "-q", "-B", "edited", "origin/itsm/evidence")
    files = sorted((auditor.root / "00000").glob("*.json"))
    text = files[4].read_text()
    assert text.count('"bob"') + text.count('"carl"') + text.count('"dora"') > 0
    merge = json.loads(text)["subject"][0]["digest"]["gitCommit"]
    approver = json.loads(text)["predicate"]["assessment"]["requirements"][0]["counted"][0]["person"]
    files[4].write_text(text.replace(f'"person":"{approver}"', '"person":"oscar"'))
    auditor.git("commit", "-q", "-a", "-m", "Tidy up")
    tidied = auditor.git("rev-parse", "HEAD").stdout.strip()
    place.around_the_hook(auditor, "edited", "itsm/evidence")
    auditor.git("checkout", "-q", "main")
    code, report = _verify(auditor, now=NEXT_DAY)
    assert (code, _found(report) - before) == (1, {("TAMPERED", tidied)})

    # The same without a trace in the history of the branch: the next statement does not fit any more.
    auditor.git("checkout", "-q", "edited")
    auditor.git(
        "reset", "-q", "--soft", auditor.git("rev-list", "--max-parents=0", "edited").stdout.split()[0]
    )
    auditor.git("commit", "-q", "-m", "Evidence")
    place.around_the_hook(auditor, "edited", "itsm/evidence")
    auditor.git("checkout", "-q", "main")
    code, report = _verify(auditor, now=NEXT_DAY)
    found = _found(report) - before
    assert code == 1
    assert ("MISMATCH", merge) in found
    assert {c for c, _ in found} == {"TAMPERED", "MISMATCH"}
