"""Dates at the ends of the calendar: people write 9999-12-31 for "for ever", and one such record must not stop a site."""

from __future__ import annotations

from pathlib import Path

import pytest

from itsm_gitops.model import clock
from itsm_gitops.publish import build_site
from tests.rules.planting import NOW, fresh_repository
from tests.support import GitRepo, run_here

CONTRACT = "cmdb/contracts/cloud-contract.yaml"
CHANGE = "records/changes/2026/01/CHG-260115-EXMP4.yaml"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fresh_repository(tmp_path_factory)


@pytest.fixture
def made(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    monkeypatch.setenv("ITSM_NOW", NOW)
    monkeypatch.setenv("ITSM_USER", "duty-agent")
    return GitRepo(fresh)


def put(made: GitRepo, path: str, lines: str) -> None:
    text = (made.root / path).read_text()
    names = {line.partition(":")[0] for line in lines.splitlines()}
    kept = [line for line in text.splitlines() if line.partition(":")[0] not in names]
    at = next((n for n, line in enumerate(kept) if line.startswith(("links:", "timeline:"))), len(kept))
    made.write(path, "\n".join([*kept[:at], *lines.splitlines(), *kept[at:]]) + "\n")


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/New_York"])
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_site_is_built_and_lists_are_made(made: GitRepo, day: str, zone: str) -> None:
    settings = (made.root / "itsm.yaml").read_text()
    made.write("itsm.yaml", settings.replace("timezone: UTC", f"timezone: {zone}"))
    put(made, CONTRACT, f"end: {day}\nnotice_by: {day}")
    put(made, CHANGE, f"planned_start: {day}T00:00:00Z\nplanned_end: {day}T23:59:59Z")
    made.commit()
    now = clock.parse_time(NOW)
    assert now is not None
    assert (build_site(made.repo, now=now).output / "status.json").is_file()
    for words in (
        "due",
        "schedule",
        "report contracts",
        "show EXMP4",
        "cab agenda",
        "list contracts end:>2030-01-01",
    ):
        said = run_here(words.split(), made.root)
        assert said.returncode == 0, (words, said.stderr)
    assert ("cloud-contract" in said.stdout) == (day == "9999-12-31")
    made.write("itsm.yaml", settings)


@pytest.mark.parametrize(
    "words",
    [
        "cab agenda {day}",
        "schedule --from {day}",
        "oncall --at {day}",
        "report backlog --until {day}",
        "recur --dry-run --at {day}",
    ],
)
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_that_is_too_far_away_is_refused(made: GitRepo, words: str, day: str) -> None:
    said = run_here(words.format(day=day).split(), made.root)
    assert said.returncode == 2
    assert "is too far away" in said.stderr
