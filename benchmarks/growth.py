"""Writes a made-up repository with years of history, and measures what its growth costs.

    python benchmarks/growth.py make FOLDER RECORDS [--years 10] [--seed 7]
    python benchmarks/growth.py measure FOLDER [--json FILE]

Records are opened, worked on and closed over the years, with one commit for each day on which something happened
and a tag for the end of each year (``end-of-2017`` …). The documents are those of ``estate.py``; a record has three
versions: as it was opened, in work, and as it ended. The last year ends with the estate's NOW. Everything goes
through ``git fast-import``, so that 100,000 records take minutes. ``measure`` clones in four ways and asks the usual
questions, each as a whole process; it writes nothing into FOLDER but what the commands keep in ``.git``. Nothing here
decides a test.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, NamedTuple

import estate

_STEP = re.compile(r"^- at: (\S+)\n", re.MULTILINE)
_STATE = re.compile(r"^state: \w+\n", re.MULTILINE)
_REACHED = re.compile(r"^  state: (\w+)\n", re.MULTILINE)
_WORKED = re.compile(r"^assigned_team: .*\n(?:assignee: .*\n)?", re.MULTILINE)
_LINKS = re.compile(r"^links:\n(?:- .*\n  .*\n)+", re.MULTILINE)
_WHO = "growth <growth@localhost>"
_ITSM = [sys.executable, "-m", "itsm_gitops"]


class Version(NamedTuple):
    """One text of a document, and when it was committed."""

    at: datetime
    text: str


def versions(text: str) -> Iterator[Version]:
    """Yield the versions of a record: as it was opened, in work, and as it ended."""
    head, _, timeline = text.partition("timeline:\n")
    parts = _STEP.split(timeline)[1:]
    steps = [(_time(at), f"- at: {at}\n{rest}") for at, rest in zip(parts[::2], parts[1::2], strict=True)]
    before, found, after = head[: _STATE.search(head).start()], _WORKED.search(head), _LINKS.search(head)  # type: ignore[union-attr]
    worked, links = (m.group() if m else "" for m in (found, after))
    yield _version(before, "", steps[:1])
    middle = max(2, len(steps) // 2)
    if len(steps) > middle:
        yield _version(before, worked + links, steps[:middle])
    yield Version(steps[-1][0], text)


def _version(before: str, rest: str, steps: list[tuple[datetime, str]]) -> Version:
    state = [m for _, step in steps for m in _REACHED.findall(step)][-1]
    timeline = "".join(step for _, step in steps)
    return Version(steps[-1][0], f"{before}state: {state}\n{rest}timeline:\n{timeline}")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def make(root: Path, records: int, years: int, seed: int) -> None:
    """Write the repository into a folder that is not there yet."""
    estate.DAYS = int(years * 365.25)
    root.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=root, check=True)
    begun = estate.NOW - timedelta(days=estate.DAYS + 1)
    importer = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=root, stdin=subprocess.PIPE)
    assert importer.stdin is not None
    _Stream(importer.stdin).write(records, seed, begun)
    importer.stdin.close()
    if importer.wait():
        sys.exit("git fast-import failed")
    subprocess.run(["git", "reset", "-q", "--hard"], cwd=root, check=True)
    subprocess.run(["git", "gc", "-q"], cwd=root, check=True)


class _Stream:
    """What ``git fast-import`` reads."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._marks = 0

    def write(self, records: int, seed: int, begun: datetime) -> None:
        events: list[tuple[datetime, str, int]] = []
        rules = sorted(p for p in (estate.ROOT / "schemas").rglob("*") if p.is_file())
        events += [(begun, p.relative_to(estate.ROOT).as_posix(), self._blob(p.read_bytes())) for p in rules]
        events.append((begun, ".gitignore", self._blob(b"build/\n")))
        for path, text in estate.Estate(records, seed).documents():
            if path.startswith("records/"):
                events += [(v.at, path, self._blob(v.text.encode())) for v in versions(text)]
            else:
                events.append((begun, path, self._blob(text.encode())))
        events.sort(key=itemgetter(0))
        self._commits(events)

    def _blob(self, content: bytes) -> int:
        self._marks += 1
        self._out.write(b"blob\nmark :%d\ndata %d\n" % (self._marks, len(content)) + content + b"\n")
        return self._marks

    def _commits(self, events: list[tuple[datetime, str, int]]) -> None:
        day = None
        for at, path, mark in events:
            if at.date() != day:
                if day is not None and at.year != day.year:
                    self._out.write(b"\nreset refs/tags/end-of-%d\nfrom refs/heads/main\n\n" % day.year)
                day = at.date()
                # Everything of a day is committed when it is over.
                when = int(datetime(day.year, day.month, day.day, 23, tzinfo=UTC).timestamp())
                message = f"Work of {day}\n".encode()
                head = f"commit refs/heads/main\ncommitter {_WHO} {when} +0000\n".encode()
                self._out.write(head + b"data %d\n" % len(message) + message)
            self._out.write(b"M 100644 :%d %s\n" % (mark, path.encode()))
        self._out.write(b"\n")


class Measurement(NamedTuple):
    """One process: its time of the processor and its largest memory, and how long it took."""

    name: str
    seconds: float
    wall: float
    megabytes: float


def run(name: str, command: list[str], folder: Path) -> Measurement:
    """Run one command and measure it; what it prints is thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    timed = ["/usr/bin/time", "-f", "%M", *command] if Path("/usr/bin/time").exists() else command
    done = subprocess.run(timed, cwd=folder, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    last = (done.stderr.strip().splitlines() or ["0"])[-1]
    found = Measurement(name, spent, wall, int(last) / 1024 if last.isdigit() else 0.0)
    print(line(found), file=sys.stderr, flush=True)  # a run takes long: nothing is lost where it is stopped
    return found


def line(row: Measurement) -> str:
    """Say one measurement."""
    return f"{row.name:<40} {row.seconds:>7.2f} s of processor  {row.wall:>7.2f} s  {row.megabytes:>6.0f} MB"


def size(folder: Path) -> int:
    """Return the bytes that a folder takes on the disk."""
    return (
        int(
            subprocess.run(["du", "-sk", folder], capture_output=True, text=True, check=True).stdout.split()[
                0
            ]
        )
        * 1024
    )


def years(root: Path) -> list[dict[str, Any]]:
    """Return, for the end of each year, how many documents there were and how large everything was."""
    found = []
    tags = subprocess.run(
        ["git", "tag", "-l", "end-of-*"], cwd=root, capture_output=True, text=True, check=True
    )
    for tag in [*tags.stdout.split(), "main"]:
        listed = subprocess.run(
            ["git", "ls-tree", "-r", "-l", tag, "records", "cmdb"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        commits = subprocess.run(
            ["git", "rev-list", "--count", tag], cwd=root, capture_output=True, text=True, check=True
        ).stdout
        packed = ["git", "rev-list", "--objects", "--disk-usage", tag]
        git = subprocess.run(packed, cwd=root, capture_output=True, text=True, check=True).stdout
        found.append(
            {
                "at": tag,
                "documents": len(listed),
                "commits": int(commits),
                "text": sum(int(line.split()[3]) for line in listed),
                "git": int(git),
            }
        )
    return found


_CLONES = (
    ("clone", []),
    ("clone --depth 1", ["--depth", "1"]),
    ("clone --filter=blob:none", ["--filter=blob:none"]),
)


def measure(root: Path) -> dict[str, Any]:
    """Measure sizes by year, clones, and the commands that people wait for."""
    with tempfile.TemporaryDirectory(dir=root.parent) as temporary:
        work = Path(temporary)
        by_year = years(root)
        rows, sizes = [], {}
        for name, options in _CLONES:
            target = work / name.replace(" ", "_")
            source = f"file://{root}"
            subprocess.run(["git", "config", "uploadpack.allowFilter", "true"], cwd=root, check=True)
            rows.append(run(name, ["git", "clone", "-q", *options, source, str(target)], work))
            sizes[name] = {"git": size(target / ".git"), "tree": size(target) - size(target / ".git")}
        full, shallow = work / "clone", work / "clone_--depth_1"
        newest = max((full / "records/incidents").rglob("INC-*.yaml")).stem
        asked = {
            "git status": ["git", "status", "--porcelain"],
            "itsm check (first)": [*_ITSM, "check"],
            "itsm check (again)": [*_ITSM, "check"],
            "itsm list --state open": [*_ITSM, "list", "incidents", "--state", "open"],
            f"itsm show {newest}": [*_ITSM, "show", newest],
            f"itsm log {newest}": [*_ITSM, "log", newest],
            "itsm report flow": [*_ITSM, "report", "flow"],
        }
        rows += [run(name, command, full) for name, command in asked.items()]
        rows += [
            run(f"shallow: {n}", c, shallow) for n, c in asked.items() if "check (first)" in n or "list" in n
        ]
        before = str(estate.NOW.year - 2)
        rows.append(run(f"itsm archive --before {before}", [*_ITSM, "archive", "--before", before], full))
        who = ["-c", "user.name=growth", "-c", "user.email=growth@localhost"]
        for command in (["add", "-A"], [*who, "commit", "-qm", "Archive"]):
            subprocess.run(["git", *command], cwd=full, check=True)
        rows += [run(f"archived: {name}", command, full) for name, command in asked.items()]
        for name, options in _CLONES:
            target = work / "again"
            subprocess.run(["git", "config", "uploadpack.allowFilter", "true"], cwd=full, check=True)
            rows.append(
                run(
                    f"archived: {name}", ["git", "clone", "-q", *options, f"file://{full}", str(target)], work
                )
            )
            sizes[f"archived: {name}"] = {
                "git": size(target / ".git"),
                "tree": size(target) - size(target / ".git"),
            }
            shutil.rmtree(target)
    return {"years": by_year, "clones": sizes, "commands": [row._asdict() for row in rows]}


def main() -> None:
    """Make or measure, as the command line asks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("make")
    making.add_argument("folder", type=Path)
    making.add_argument("records", type=int)
    making.add_argument("--years", type=int, default=10)
    making.add_argument("--seed", type=int, default=7)
    measuring = verbs.add_parser("measure")
    measuring.add_argument("folder", type=Path)
    measuring.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.verb == "make":
        make(options.folder, options.records, options.years, options.seed)
        return
    figures = measure(options.folder.resolve())
    for row in figures["years"]:
        print(
            f"{row['at']:<14} {row['documents']:>8,} documents  {row['commits']:>6,} commits  "
            f"{row['text'] / 1e6:>7.1f} MB of text  {row['git'] / 1e6:>7.1f} MB of .git"
        )
    for name, found in figures["clones"].items():
        print(f"{name:<28} {found['git'] / 1e6:>7.1f} MB of .git  {found['tree'] / 1e6:>7.1f} MB of files")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
