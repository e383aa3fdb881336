"""Measures the tool against fixed yardsticks: PyYAML's own loader and a bare interpreter.

    python benchmarks/bench.py [--rounds N] [--corpus DIR] [--keep DIR]

Everything runs as separate processes, alternatives in turn within one run, and medians are compared:
on a busy machine the ratios hold where the seconds do not. Nothing here decides a test. The records are
those of a real ServiceNow log where ITSM_CORPUS names the data, otherwise of a made-up log of the same
size and shape. Figures go to the terminal and to build/bench.json.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LOG = "uci-servicenow/incident_event_log_part1.csv.xz"
ITSM = [sys.executable, "-m", "itsm_gitops"]

LOAD = """
import sys, pathlib, yaml
for folder in ("cmdb", "records"):
    for path in pathlib.Path(folder).rglob("*.yaml"):
        yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
"""


class Run(NamedTuple):
    """One process: seconds on the wall, megabytes of resident memory at most (children not counted)."""

    seconds: float
    megabytes: float
    output: str


def run(command: Sequence[str], cwd: Path) -> Run:
    """Run a process to its end; a failure other than findings (exit 1) stops the benchmark."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{text[-2000:]}")
    return Run(seconds, usage.ru_maxrss / 1024, text)


def interleaved(commands: dict[str, Sequence[str]], cwd: Path, rounds: int) -> dict[str, list[Run]]:
    """Run every command once unmeasured (to fill the page cache), then all in turn, ``rounds`` times."""
    for command in commands.values():
        run(command, cwd)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(run(command, cwd))
    return runs


def made_up_log(path: Path, incidents: int = 8_000) -> None:
    """Write a log in the shape of the real one: about six and a half events for each incident."""
    dice = random.Random(20260101)
    head = (
        "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,"
        "opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,"
        "subcategory,u_symptom,cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,knowledge,"
        "u_priority_confirmation,notify,problem_id,rfc,vendor,caused_by,closed_code,resolved_by,resolved_at,closed_at"
    )
    middle = ["Active", "Awaiting User Info", "Active", "Awaiting Vendor", "Active"]
    lines = [head]
    for number in range(incidents):
        day, hour = number % 28 + 1, dice.randrange(8, 18)
        opened = f"{day}/{number % 6 + 1}/2024 {hour:02d}:00"
        steps = ["New", *middle[: dice.randrange(6)], "Resolved", "Resolved", "Closed"]
        for minute, state in enumerate(steps):
            lines.append(
                f"INC{number:07d},{state},true,{minute},0,{minute},true,Caller {number % 900},Opened by  {number % 90},"
                f"{opened},?,?,Updated by {dice.randrange(300)},{day}/{number % 6 + 1}/2024 {hour:02d}:{minute:02d},Phone,"
                f"Location {number % 150},Category {number % 40},Subcategory {number % 190},Symptom {number % 400},?,"
                f"2 - Medium,2 - Medium,3 - Moderate,Group {dice.randrange(70)},Resolver {dice.randrange(180)},true,false,"
                f"Do Not Notify,?,?,?,?,code {number % 9},Resolved by {number % 160},?,?"
            )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def prepare(work: Path, log: Path) -> tuple[Path, dict[str, Run]]:
    """Make a repository from the log; returns it and what making it took."""
    repository = work / "repository"
    shutil.copytree(ROOT / "schemas", repository / "schemas")
    (repository / "itsm.yaml").write_text(
        "version: 1\norganisation: Bench\ntimezone: UTC\ncut_over: '2026-01-01'\nsite:\n  name: Bench\n"
    )
    run(["git", "init", "-q", "."], repository)
    command = [*ITSM, "import", "csv", str(log), "--mapping", "servicenow-incidents"]
    figures = {"import": run(command, repository), "import again": run(command, repository)}
    for arguments in (["add", "-A"], ["commit", "-qm", "import"]):
        git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", *arguments]
        run(git, repository)
    return repository, figures


def median(runs: Sequence[Run]) -> float:
    return statistics.median(r.seconds for r in runs)


def conflict_detection(work: Path, rounds: int) -> tuple[float, float]:
    """Return what `itsm schedule` takes on a large plan, and finding the conflicts alone (goal: 2 s)."""
    repository = work / "plan"
    repository.mkdir(exist_ok=True)
    shutil.copytree(ROOT / "schemas", repository / "schemas", dirs_exist_ok=True)
    (repository / "itsm.yaml").write_text("version: 1\norganisation: Bench\ntimezone: UTC\n")
    alone = [sys.executable, str(ROOT / "benchmarks/plan.py"), str(repository)]
    window = ["--from", "2026-12-01", "--to", "2w", "--json"]
    runs = interleaved({"alone": alone, "schedule": [*ITSM, "schedule", *window]}, repository, rounds)
    seconds = statistics.median(json.loads(r.output)["seconds"] for r in runs["alone"])
    return median(runs["schedule"]), seconds


def measure(work: Path, log: Path, rounds: int) -> dict[str, float | str]:
    """Measure everything; the keys of the result are what is printed."""
    repository, single = prepare(work, log)
    record = next((repository / "records").rglob("*.yaml")).stem
    big = interleaved({"check": [*ITSM, "check"], "load": [sys.executable, "-c", LOAD]}, repository, rounds)
    small = interleaved(
        {
            "pass": [sys.executable, "-c", "pass"],
            "help": [*ITSM, "--help"],
            "show": [*ITSM, "show", record],
        },
        repository,
        rounds * 4,
    )
    plan, conflicts = conflict_detection(work, rounds)
    site = run([*ITSM, "site", "build"], repository)
    again = run([*ITSM, "site", "build"], repository)
    pages = sum(1 for _ in (repository / "build/site").rglob("*.html"))
    size = sum(p.stat().st_size for p in (repository / "build/site").rglob("*") if p.is_file())
    documents = sum(1 for folder in ("cmdb", "records") for _ in (repository / folder).rglob("*.yaml"))
    return {
        "log": log.name,
        "documents": documents,
        "import, s": single["import"].seconds,
        "import, MB": single["import"].megabytes,
        "second import, s": single["import again"].seconds,
        "CSafeLoader alone, s": median(big["load"]),
        "itsm check, s": median(big["check"]),
        "itsm check, MB": max(r.megabytes for r in big["check"]),
        "check / CSafeLoader (goal 0.6)": median(big["check"]) / median(big["load"]),
        "python -c pass, ms": 1000 * median(small["pass"]),
        "help / pass (goal 5)": median(small["help"]) / median(small["pass"]),
        "show / pass (goal 8)": median(small["show"]) / median(small["pass"]),
        "conflicts of 2,000 changes, s": conflicts,
        "itsm schedule of those, s": plan,
        "site build, s": site.seconds,
        "site build, MB": site.megabytes,
        "second site build, s": again.seconds,
        "site pages": pages,
        "site, MB": size / 1e6,
    }


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--corpus", type=Path, default=os.environ.get("ITSM_CORPUS"))
    parser.add_argument("--keep", type=Path, help="work here and leave everything there")
    options = parser.parse_args()
    compileall.compile_dir(str(ROOT / "itsm_gitops"), quiet=1)
    work = options.keep or Path(tempfile.mkdtemp(prefix="itsm-bench-"))
    work.mkdir(exist_ok=True)
    clean: Callable[[], None] = (
        (lambda: None) if options.keep else (lambda: shutil.rmtree(work, ignore_errors=True))
    )
    try:
        log = Path(options.corpus or "") / LOG
        if not log.is_file():
            log = work / "made-up.csv"
            made_up_log(log)
        figures = measure(work, log.resolve(), options.rounds)
    finally:
        clean()
    for name, value in figures.items():
        print(f"{name:<34}{value:>12.2f}" if isinstance(value, float) else f"{name:<34}{value:>12}")
    target = ROOT / "build/bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
