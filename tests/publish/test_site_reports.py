"""Reports of a site: made again where something that they count is other, and only there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from test_incremental import INCIDENT, OLD, added, build, built, cold, removed, replaced, repo

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.model.report import Report
from itsm_gitops.publish.readings import Lives
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import Store, memory

__all__ = ["built", "repo"]  # fixtures


UNLISTED = "records/incidents/2020/10/INC-201001-CCCCC.yaml"


class Counting(SnapshotReporter):
    """Reports that count how often they are made."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0

    def reports(self, store: Store, gathered: Lives, now: object) -> list[Report]:
        self.made += 1
        return super().reports(store, gathered, now)  # type: ignore[arg-type]


def listed(site: Path) -> set[str]:
    """The records that reports name, in their tables and in lines of evidence."""
    texts = [path.read_text(encoding="utf-8") for path in (site / "reports").glob("*.json")]
    return set(re.findall(r"[A-Z]+-\d{6}-[0-9A-Z]{5}", "".join(texts)))


def test_reports_are_made_where_what_they_count_is_other(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    text = (repo.root / OLD).read_text(encoding="utf-8")
    for year, last in (
        (20, "CCCCC"),
        *((21, f"0000{n}") for n in range(5)),
    ):  # lines of evidence name the newest
        distant = text.replace("2026-", f"20{year}-").replace("INC-261001-CCCCC", f"INC-{year}1001-{last}")
        added(f"records/incidents/20{year}/10/INC-{year}1001-{last}.yaml", distant)(repo.root)
    reporter = Counting()
    before = build(repo, "warm", reporter=reporter)[1]
    assert reporter.made == 1
    shown = listed(repo.root / "build/warm")
    assert "INC-201001-CCCCC" not in shown
    assert "INC-261120-AAAAA" in shown
    aside = "records/incidents/2026/11/INC-261119-QQQQQ.yaml"
    text = text.replace("INC-261001-CCCCC", "INC-261119-QQQQQ")
    steps = [
        ("the title of a record that no table lists", replaced(UNLISTED, ("\ntitle: ", "\ntitle: X ")), 0),
        ("the title of one that is listed", replaced(INCIDENT, ("\ntitle: ", "\ntitle: Y ")), 1),
        ("another record", added(aside, text), 1),
        ("the state of a record", replaced(aside, ("state: closed", "state: resolved")), 1),
        ("a deleted record", removed(aside), 1),
        ("the name of a service", replaced("cmdb/services/shop.yaml", ("\nname: ", "\nname: Z ")), 1),
    ]
    for what, edit, times in steps:
        edit(repo.root)
        reporter = Counting()
        report, after = build(repo, "warm", reporter=reporter, explain="")
        assert reporter.made == times, what
        assert ("reports/index.html" in {r.page for r in report.reasons}) == bool(times), what
        fresh = cold(repo, reporter=SnapshotReporter())
        assert sorted(after) == sorted(fresh), what
        assert [u for u in fresh if after[u] != fresh[u]] == [], what
    assert json.loads(before["reports/backlog.json"])
    (repo.root / "build/warm/reports/backlog.json").write_text("{}")
    reporter = Counting()
    assert build(repo, "warm", reporter=reporter)[1] == fresh
    assert reporter.made == 1
