"""Runs programs as whole processes, alternatives in turn, and notes time and memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import estate
from table import Measured, Sample

ROOT = Path(__file__).resolve().parent.parent
NOW = f"{estate.NOW:%Y-%m-%dT%H:%M:%SZ}"
_SHOWN = 200  # characters of what a failed program says


class Failed(Exception):
    """A program ended with an exit code that it must not have."""


def nothing() -> None:
    """Do nothing before or after a run."""


class Job(NamedTuple):
    """A program to measure: where it runs, what is done before and after each run (not measured)."""

    command: Sequence[str]
    cwd: Path
    before: Callable[[], None] = nothing
    after: Callable[[], None] = nothing
    codes: tuple[int, ...] = (0,)


def run(command: Sequence[str], cwd: Path, codes: Sequence[int] = (0,)) -> Sample:
    """Run a program to its end; raises Failed for an exit code that is none of ``codes``."""
    environment = {**os.environ, "ITSM_NOW": NOW, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
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
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode not in codes:
        last = " ".join(text[-2000:].split())
        raise Failed(f"{Path(command[0]).name} ended with {process.returncode}: {last[-_SHOWN:]}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def interleaved(jobs: Mapping[str, Job], rounds: int, *, warm: bool = True) -> dict[str, Measured]:
    """Run all jobs in turn, ``rounds`` times; ``warm`` runs each once before, unmeasured.

    A job that fails is left out from then on, and says why.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in jobs}
    trouble: dict[str, str] = {}
    for number in range(-1 if warm else 0, rounds):
        for name, job in jobs.items():
            if name in trouble:
                continue
            try:
                job.before()
                one = run(job.command, job.cwd, job.codes)
                job.after()
            except (Failed, OSError) as error:
                trouble[name] = str(error)
                continue
            if number >= 0:
                samples[name].append(one)
    return {
        name: Measured((), trouble[name]) if name in trouble else Measured(tuple(samples[name]))
        for name in jobs
    }
