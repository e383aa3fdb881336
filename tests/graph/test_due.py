"""Duties that come again: what a newer record about the same has taken over is due no more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from itsm_gitops.commands.duties import list_due
from itsm_gitops.graph.due import everything_due
from itsm_gitops.rules import check

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ENDED = (
    "owner: ada\nperiod: {{from: 2025-01-01, to: 2025-12-31}}\nscores: {{quality: 4}}\nfindings: Good.\n"
    "decision: keep\nnext_evaluation: {next}\nstate: concluded\ntimeline:\n"
    "- {{at: {day}T08:00:00Z, by: ada, state: planned}}\n- {{at: {day}T09:00:00Z, by: ada, state: in_progress}}\n"
    "- {{at: {day}T10:00:00Z, by: ada, state: concluded}}\n"
)


def evaluate(git_repo: Any, name: str, supplier: str, day: str, following: str) -> None:
    identifier = f"EVA-{day[2:4]}{day[5:7]}{day[8:]}-{name}"
    git_repo.write(
        f"records/supplier-evaluations/{day[:4]}/{day[5:7]}/{identifier}.yaml",
        f"id: {identifier}\nkind: supplier-evaluation\ntitle: E\nsupplier: {supplier}\n"
        + ENDED.format(day=day, next=following),
    )


@pytest.mark.parametrize("index", ["off", "always"])
def test_a_newer_record_about_the_same_takes_the_duty_over(
    git_repo: Any, monkeypatch: pytest.MonkeyPatch, index: str
) -> None:
    monkeypatch.setenv("ITSM_INDEX", index)
    monkeypatch.setenv("ITSM_NOW", "2026-11-28T12:00:00Z")
    evaluate(git_repo, "AAAAA", "north", "2026-01-20", "2026-11-01")
    evaluate(git_repo, "BBBBB", "south", "2026-01-21", "2026-11-02")
    evaluate(git_repo, "CCCCC", "north", "2026-03-10", "2026-06-01")

    def due() -> list[str]:
        return [d.entry.id[-5:] for d in everything_due(git_repo.repo.store(), NOW, UTC)]

    assert due() == ["CCCCC", "BBBBB"]
    evaluate(git_repo, "DDDDD", "north", "2026-11-10", "2027-11-01")
    assert due() == ["BBBBB", "DDDDD"]
    # Who asks for one document hears the same of it.
    asked = list_due(git_repo.repo, ["supplier-evaluations", "id:CCCCC"])
    assert [row.entry.id for row in asked.rows] == []


def test_a_field_that_is_not_there_is_a_finding(git_repo: Any) -> None:
    path = git_repo.root / "schemas/records/supplier-evaluation.schema.json"
    path.write_text(
        path.read_text().replace(
            '"latest_of": [\n          "supplier"', '"latest_of": [\n          "suplier"'
        )
    )
    found = [f.message for f in check(git_repo.repo).findings if f.code == "S022"]
    assert found == ["there is no field 'suplier' beside this date"]
