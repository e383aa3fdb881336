"""How each row of goals.toml and each yardstick is run: one table of commands, in groups that are run in turn."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

from peers import write_hugo, write_mkdocs
from processes import Failed, Job, interleaved, run
from table import Measured
from worlds import ITSM, TEN, World, edit, git

LOAD = """
import pathlib, yaml
for folder in ("cmdb", "records"):
    for path in pathlib.Path(folder).rglob("*.yaml"):
        yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
"""
STATUS_CLICK = "import os, click; os.spawnlp(os.P_WAIT, 'git', 'git', 'status', '--porcelain')"
NEW = [
    "incident",
    "--title",
    "Bench",
    "--impact",
    "low",
    "--urgency",
    "low",
    "--reported-by",
    "agent-001",
    "--category",
    "network/line",
]
FILTER = ["state:open", "priority:P1"]
QUERY = "SELECT kind, state, count(*) FROM records GROUP BY kind, state"
_FRAGMENT = 5  # the last characters of an identifier


class Group(NamedTuple):
    """Rows and yardsticks that are run in turn; ``times`` is how often, for one round that was asked for."""

    rows: tuple[str, ...]
    jobs: Callable[[World], dict[str, Job]]
    times: float = 1


def _python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def _small(world: World) -> dict[str, Job]:
    here = world.repository
    service = next((p.stem for p in sorted((here / "cmdb/services").rglob("*.yaml"))), "")
    new = [*NEW, *(["--service", service] if service else [])]
    return {
        "pass": Job(_python("-c", "pass"), here),
        "help": Job([*ITSM, "--help"], here),
        "show-id": Job([*ITSM, "show", world.record], here),
        "show-fragment": Job([*ITSM, "show", world.record[-_FRAGMENT:]], here),
        "new": Job([*ITSM, "new", *new], here, after=partial(git, here, "clean", "-fdq", "records")),
    }


def _warm(world: World) -> dict[str, Job]:
    here = world.repository
    item = next((p.stem for p in sorted((here / "cmdb/databases").rglob("*.yaml"))), "none")
    return {
        "status+click": Job(_python("-c", STATUS_CLICK), here),
        "list": Job([*ITSM, "list", *FILTER], here),
        "query": Job([*ITSM, "query", QUERY], here),
        "impact": Job([*ITSM, "impact", item], here),
        "schedule": Job([*ITSM, "schedule"], here),
        "suspects": Job([*ITSM, "suspects", world.record], here),
        "report": Job([*ITSM, "report", "backlog"], here),
        "check-warm": Job([*ITSM, "check"], here, codes=(0, 1)),
    }


def _cold(world: World) -> dict[str, Job]:
    here = world.repository
    return {
        "load": Job(_python("-c", LOAD), here),
        "check-cold": Job([*ITSM, "check"], here, before=partial(world.forget, here), codes=(0, 1)),
    }


def _request(world: World) -> dict[str, Job]:
    here = world.request
    check = [*ITSM, "check", "--base", "main"]
    schema = ["--schemafile", "schemas/records/incident.schema.json"]
    gate = [*ITSM, "gate", "--base", "main", "--head", "HEAD", "--reviews", str(world.reviews)]
    return {
        "checker": Job(_python("-m", "check_jsonschema", *schema, *world.edited), here, codes=(0, 1)),
        "check-request-cold": Job(check, here, before=partial(world.forget, here), codes=(0, 1)),
        "check-request": Job(check, here, before=partial(_prepare, here, check), codes=(0, 1)),
        "gate": Job(gate, here, codes=(0, 1, 2)),
    }


def _prepare(here: Path, check: list[str]) -> None:
    """Make the index, which a list needs and a check of a request does not, and let a check leave its note."""
    run([*ITSM, "list", *FILTER], here)
    run(check, here, (0, 1))


GROUPS = (
    Group(("help", "show-id", "show-fragment", "new"), _small, 4),
    Group(("list", "query", "impact", "schedule", "suspects", "report", "check-warm"), _warm, 2),
    Group(("check-cold",), _cold),
    Group(("check-request-cold", "check-request", "gate"), _request, 2),
)
SITE_ROWS = ("site-cold", "site-ten", "site-nothing")
MKDOCS_UP_TO = 1_000  # larger sites take MkDocs minutes
LOG_ROWS = ("help", "show-id", "show-fragment", "list", "report", "check-warm", "check-cold", "site-cold")


def measure(world: World, wanted: frozenset[str], rounds: int) -> dict[str, Measured]:
    """Measure the wanted rows of one world with their yardsticks."""
    found: dict[str, Measured] = {}
    rows = wanted & frozenset(LOG_ROWS) if world.log else wanted
    for group in GROUPS:
        asked = rows & frozenset(group.rows)
        if asked:
            jobs = {n: j for n, j in group.jobs(world).items() if n in asked or n not in group.rows}
            found |= interleaved(jobs, max(1, round(rounds * group.times)))
    if rows & frozenset(SITE_ROWS):
        found |= _site(world, rows, rounds)
    return found


def _site(world: World, rows: frozenset[str], rounds: int) -> dict[str, Measured]:
    """Measure builds of the site: cold ones beside other generators, then those after nothing and ten edits."""
    here, out = world.repository, world.work / "site"
    shutil.rmtree(out, ignore_errors=True)
    jobs = _builders(world, out)
    first = "itsm"
    if "site-cold" in rows:
        found = interleaved(jobs, rounds, warm=False)
        found["site-cold"] = _with_size(found.pop(first), out / f"{first}-{rounds - 1}", world)
    else:
        found = {}
    if rows & {"site-ten", "site-nothing"}:
        found |= _later(world, out, rounds)
    world.restore()
    world.forget(here)
    shutil.rmtree(out, ignore_errors=True)
    return found


def _builders(world: World, out: Path) -> dict[str, Job]:
    """Return the generators. Each build goes into a folder of its own: none writes over files that are there."""
    here = world.repository
    jobs: dict[str, Job] = {}
    target = out / "current"

    def fresh(name: str) -> tuple[Callable[[], None], Callable[[], None]]:
        numbers = count()

        def after() -> None:
            target.rename(out / f"{name}-{next(numbers)}")

        def before() -> None:
            if name == "itsm":
                world.forget(here)

        return before, after

    own = [*ITSM, "site", "build", "-o", str(target)]
    out.mkdir(parents=True)
    jobs["itsm"] = Job(own, here, *fresh("itsm"))
    hugo = shutil.which("hugo")
    if hugo:
        source = world.work / "hugo"
        if not source.is_dir():
            run(own, here)
            page = next((target / "records/incidents").rglob("INC-*.html")).read_text(encoding="utf-8")
            write_hugo(here, source, page)
            shutil.rmtree(target)
        settings = ["--quiet", "-s", str(source), "--config", "data.toml", "-d", str(target)]
        jobs["hugo"] = Job([hugo, *settings], here, *fresh("hugo"))
    if world.records <= MKDOCS_UP_TO:
        source = world.work / "mkdocs"
        if not source.is_dir():
            write_mkdocs(here, source)
        mkdocs = _python("-m", "mkdocs", "build", "-q", "-f", str(source / "mkdocs.yml"), "-d", str(target))
        jobs["mkdocs"] = Job(mkdocs, here, *fresh("mkdocs"))
    return jobs


def _with_size(found: Measured, folder: Path, world: World) -> Measured:
    if not found.samples:
        return found
    files = [p.stat().st_size for p in folder.rglob("*") if p.is_file()]
    return found._replace(output=sum(files) / 1e6, files=len(files) / world.records)


def _later(world: World, out: Path, rounds: int) -> dict[str, Measured]:
    """Measure builds where nothing and where ten records changed, beside `git status`; compare with a cold build."""
    here, target = world.repository, out / "later"
    build = [*ITSM, "site", "build", "-o", str(target)]
    numbers = count()

    def edits() -> None:
        world.restore()
        run(build, here)
        first = next(numbers) * TEN
        for path in world.incidents[first : first + TEN]:
            edit(here / path)

    try:
        run(build, here)
        run(build, here)  # files that were written just before are looked at again
        status = Job(["git", "status", "--porcelain"], here)
        found = interleaved({"status": status, "site-nothing": Job(build, here)}, rounds)
        found |= interleaved({"site-ten": Job(build, here, before=edits)}, rounds, warm=False)
        world.forget(here)
        run([*ITSM, "site", "build", "-o", str(out / "cold")], here)
    except Failed as error:
        return {name: Measured(trouble=str(error)) for name in ("site-ten", "site-nothing")}
    same = subprocess.run(["diff", "-rq", target, out / "cold"], check=False, capture_output=True)
    found["site-ten"] = found["site-ten"]._replace(equal=same.returncode == 0)
    return found


YARDSTICKS: Mapping[str, str] = {
    "hugo": "Hugo is not installed (apt install hugo)",
    "mkdocs": f"MkDocs is tried with {MKDOCS_UP_TO:,} records at most",
}
