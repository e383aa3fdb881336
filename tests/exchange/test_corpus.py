"""The import of a real ServiceNow audit log (read from ITSM_CORPUS, never part of this repository)."""

from __future__ import annotations

import lzma
from collections import Counter
from collections.abc import Iterator
from itertools import islice, takewhile
from pathlib import Path

import pytest

from itsm_gitops.exchange import ImportReport, import_csv
from itsm_gitops.model.clock import parse_time
from itsm_gitops.rules import check as check_rules
from tests.support import rounds

LOG = "uci-servicenow/incident_event_log_part1.csv.xz"
SLICE = 300


@pytest.fixture
def log(corpus: Path, git_repo) -> Path:
    """The log, and a repository in which all of it is history."""
    settings = git_repo.root / "itsm.yaml"
    settings.write_text(settings.read_text() + 'cut_over: "2026-01-01"\n')
    return corpus / LOG


def first_incidents(log: Path, count: int) -> Iterator[str]:
    seen: dict[str, None] = {}

    def wanted(line: str) -> bool:
        seen.setdefault(line.partition(",")[0])
        return len(seen) <= count

    with lzma.open(log, "rt", encoding="utf-8") as lines:
        yield from islice(lines, 1)
        yield from takewhile(wanted, lines)


@pytest.fixture
def part(log: Path, tmp_path: Path) -> Path:
    path = tmp_path / "slice.csv"
    path.write_text("".join(first_incidents(log, SLICE)), encoding="utf-8")
    return path


def check(repo, report: ImportReport, incidents: int) -> None:
    assert report.counts == {
        "created": incidents,
        "updated": 0,
        "unchanged": 0,
        "kept": 0,
        "skipped": 0,
        "items": len(report.items),
    }
    assert sum(report.results.values()) == report.rows
    assert [f for f in check_rules(repo).findings if f.severity == "error"] == []
    store = repo.store()
    assert not store.problems
    assert len(store.aliases) == incidents
    by_kind = Counter(entry.kind for entry in store.entries.values())
    assert by_kind["incident"] == incidents
    unknown = [
        (entry.id, edge.target)
        for entry in store.entries.values()
        for edge in entry.edges
        if not edge.open and edge.target not in store.entries
    ]
    assert unknown == []
    for entry, data in store.documents("incident"):
        states = [e["state"] for e in data["timeline"] if "state" in e]
        assert states[0] == "new"
        assert states[-1] == data["state"] == "closed"
        assert entry.id[4:10] == f"{parse_time(data['timeline'][0]['at']):%y%m%d}"


def test_a_slice_of_the_log(git_repo, part: Path) -> None:
    report = import_csv(git_repo.repo, part, "servicenow-incidents")
    check(git_repo.repo, report, SLICE)
    git_repo.commit("import")
    again = import_csv(git_repo.repo, part, "servicenow-incidents")
    assert again.counts["unchanged"] == SLICE
    assert git_repo.git("status", "--porcelain") == ""


def test_a_wrong_time_zone_shows_in_the_report(git_repo, log: Path, tmp_path: Path) -> None:
    """On 27 March 2016 European clocks skipped an hour that this log has events in."""
    lines = list(first_incidents(log, 3000))
    night = [line.partition(",")[0] for line in lines if ",27/3/2016 01:" in line or ",27/3/2016 02:" in line]
    path = tmp_path / "night.csv"
    path.write_text(
        "".join([lines[0], *(line for line in lines if line.partition(",")[0] in night)]), encoding="utf-8"
    )
    mapping = (git_repo.root / "schemas/imports/servicenow-incidents.yaml").read_text()

    def doubtful(zone: str) -> int:
        rules = tmp_path / "zone.yaml"
        rules.write_text(mapping.replace("Etc/UTC", zone))
        report = import_csv(git_repo.repo, path, rules, True)
        return sum(n.times for n in report.notes if "clock" in n.reason)

    assert night
    assert doubtful("Etc/UTC") == 0
    assert doubtful("Europe/Lisbon") > 0
    assert doubtful("Europe/Berlin") > 0


@pytest.mark.slow
def test_the_whole_log(git_repo, log: Path, tmp_path: Path) -> None:
    """All 8,000 incidents in ``make test-all``, the first 2,000 where each commit is judged."""
    incidents, source = rounds(2_000, 8_000), log
    if incidents < 8_000:
        source = tmp_path / "many.csv"
        source.write_text("".join(first_incidents(log, incidents)), encoding="utf-8")
    report = import_csv(git_repo.repo, source, "servicenow-incidents")
    assert report.rows == rounds(14_041, 52_791)
    check(git_repo.repo, report, incidents)
    git_repo.commit("import")
    again = import_csv(git_repo.repo, source, "servicenow-incidents")
    assert again.counts["unchanged"] == incidents
    assert git_repo.git("status", "--porcelain") == ""
