"""Measures every operation that has a goal, at 1,000, 10,000 and 100,000 records, and says which goals are met.

    python benchmarks/bench.py [--quick] [--only ROW] [--sizes 1000,10000,100000,log] [--rounds N] [--work DIR]

Everything runs as whole processes. An operation and its yardstick run in turn within one run, and what is compared is
the median of the ratios of the rounds: on a busy machine these hold where the seconds do not. Rows and goals stand in
goals.toml, their commands in rows.py. ``log`` is a repository of the real ServiceNow log (ITSM_CORPUS names the data)
or of a made-up one of the same shape, beside a made-up repository of that size. Nothing here decides a test.
Figures go to the terminal and to build/bench.json.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from processes import ROOT
from rows import YARDSTICKS, measure
from table import MISSED, Measured, Row, Verdict, growth, lines, read_goals, verdict
from worlds import LOG, World, made_up_log

SIZES = "1000,10000,100000"
_LOG_RECORDS = 8_000


def main() -> None:
    """Measure, print and write the figures."""
    options = _options()
    rows = [r for r in read_goals() if not options.only or r.name in options.only]
    if not rows:
        sys.exit(
            f"there is no row {', '.join(options.only)}; rows: {', '.join(r.name for r in read_goals())}"
        )
    compileall.compile_dir(str(ROOT / "itsm_gitops"), quiet=1)
    work = options.work or Path(tempfile.mkdtemp(prefix="itsm-bench-"))
    wanted = frozenset(r.name for r in rows) | {
        g.against for r in rows for g in r.goals
    }  # some are rows themselves
    runs: dict[str, dict[str, Measured]] = {}
    verdicts: list[Verdict] = []
    try:
        for world in _worlds(options.sizes, work):
            world.make()
            found = measure(world, wanted, options.rounds)
            runs[world.name] = {n: Measured(trouble=why) for n, why in YARDSTICKS.items()} | found
            latest = [
                verdict(r, world.name, world.records, runs[world.name]) for r in rows if r.name in found
            ]
            print("\n".join(lines(latest)), flush=True)
            verdicts += latest
            _write(rows, runs, verdicts)  # what is measured is not lost when the next size is stopped
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)
    for row in rows:
        grown = growth(row, runs)
        if grown:
            print(f"growth of {row.title}: {grown[0]:.2f} (goal {row.growth:g}): {grown[1]}")
    missed = [v for v in verdicts if v.state == MISSED]
    print(
        f"{len(verdicts) - len(missed)} of {len(verdicts)} lines without a missed goal; build/bench.json has all figures"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1,000 records alone, about two minutes")
    parser.add_argument(
        "--only", action="append", default=[], metavar="ROW", help="a row of goals.toml; repeatable"
    )
    parser.add_argument(
        "--sizes", default="", help=f"records, or log; default: {SIZES}, and log where ITSM_CORPUS is set"
    )
    parser.add_argument("--rounds", type=int, help="how often everything is run; quick commands run oftener")
    parser.add_argument("--work", type=Path, help="work here and leave the repositories for the next time")
    options = parser.parse_args()
    whole = SIZES + (",log" if os.environ.get("ITSM_CORPUS") else "")
    options.sizes = (options.sizes or ("1000" if options.quick else whole)).split(",")
    options.rounds = options.rounds or (2 if options.quick else 5)
    return options


def _worlds(sizes: list[str], work: Path) -> Iterator[World]:
    for size in sizes:
        if size != "log":
            yield World(size, int(size), work / size)
            continue
        log = Path(os.environ.get("ITSM_CORPUS", "")) / LOG
        if not log.is_file():
            log = work / "made-up.csv"
            work.mkdir(parents=True, exist_ok=True)
            made_up_log(log, _LOG_RECORDS)
        yield World("log", _LOG_RECORDS, work / "log", log.resolve())
        yield World(str(_LOG_RECORDS), _LOG_RECORDS, work / str(_LOG_RECORDS))


def _write(rows: list[Row], runs: Mapping[str, Mapping[str, Measured]], verdicts: list[Verdict]) -> None:
    figures: dict[str, Any] = {
        "load of the machine": os.getloadavg()[0],
        "processors": os.cpu_count(),
        "rows": [
            v._asdict()
            | {"seconds": v.seconds and v.seconds._asdict(), "ratio": v.ratio and v.ratio._asdict()}
            for v in verdicts
        ],
        "growth": {r.name: g for r in rows if (g := growth(r, runs))},
        "samples": {
            size: {name: [s._asdict() for s in m.samples] for name, m in found.items() if m.samples}
            for size, found in runs.items()
        },
    }
    target = ROOT / "build/bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
