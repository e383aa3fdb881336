"""A check that is remembered says what a check of everything says: after any step, at any time."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.repository import Repository
from itsm_gitops.repository.index import freshness
from itsm_gitops.rules import check, engine
from tests.repository.random_steps import Steps
from tests.support import GitRepo, copy_tree, first_seed, rounds

CHECKOUT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SETTINGS = """\
version: 1
organisation: Example Ltd
timezone: Europe/Berlin
ignore:
  - {code: S002, path: 'cmdb/**', reason: They are old., until: 2026-12-01}
  - {code: K001, path: 'records/**', reason: They will come., until: 2026-11-25}
"""


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_INDEX", "always")
    monkeypatch.setattr(freshness, "RACY", 5_000_000)


def says(root: Path, patch: pytest.MonkeyPatch, setting: str) -> dict[str, Any]:
    patch.setenv("ITSM_INDEX", setting)
    report = check(Repository(root))
    return {name: getattr(report, name) for name in ("findings", "files", "records", "unjudged", "history")}


def _walk(make: Callable[..., GitRepo], patch: pytest.MonkeyPatch, seed: int, steps: int) -> int:
    repo = make(f"r{seed}")
    repo.write("itsm.yaml", SETTINGS)
    walk, dice, judged, now = Steps(repo, seed), random.Random(seed), [0], NOW
    judge = engine.judge_snapshot

    def counted(*args: Any, **kwargs: Any) -> Any:
        judged[0] += 1
        return judge(*args, **kwargs)

    patch.setattr(engine, "judge_snapshot", counted)
    remembered = 0
    for _ in range(steps):
        if dice.random() < 0.5:
            walk.take()
        time.sleep(0.006)
        now += dice.choice((timedelta(), timedelta(minutes=3), timedelta(days=1), timedelta(days=-40)))
        patch.setenv("ITSM_NOW", f"{now:%Y-%m-%dT%H:%M:%SZ}")
        for _ in range(2):
            before = judged[0]
            short = says(repo.root, patch, "always")
            remembered += judged[0] == before
        assert short == says(repo.root, patch, "off"), f"seed {seed} after {walk.log}, at {now}"
    return remembered


def test_what_is_remembered_is_what_is_true(
    make_repo: Callable[..., GitRepo], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = first_seed()
    assert sum(_walk(make_repo, monkeypatch, first + n, 8) for n in range(3)) > 5


@pytest.mark.slow
def test_what_is_remembered_is_true_after_many_steps(
    make_repo: Callable[..., GitRepo], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = first_seed()
    walks = rounds(3, 20)
    assert sum(_walk(make_repo, monkeypatch, first + n, 15) for n in range(walks)) > 4 * walks


def test_the_living_example_at_other_times(
    make_repo: Callable[..., GitRepo], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = make_repo()
    for name in ("cmdb", "records", "schemas"):
        copy_tree(CHECKOUT / name, repo.root / name)
    shutil.copy(CHECKOUT / "itsm.yaml", repo.root / "itsm.yaml")
    repo.commit("Example")
    dice = random.Random(first_seed())
    moments = [NOW + timedelta(hours=dice.randint(-9_000, 9_000)) for _ in range(4)]
    time.sleep(0.006)
    judge, judged = engine.judge_snapshot, []

    def noting(*args: Any, **kwargs: Any) -> Any:
        judged.append(args)
        return judge(*args, **kwargs)

    monkeypatch.setattr(engine, "judge_snapshot", noting)
    for now in (NOW, NOW + timedelta(minutes=1), *moments, NOW):
        monkeypatch.setenv("ITSM_NOW", f"{now:%Y-%m-%dT%H:%M:%SZ}")
        short = says(repo.root, monkeypatch, "always")
        assert short == says(repo.root, monkeypatch, "off"), str(now)
        judged.clear()
        assert short == says(repo.root, monkeypatch, "always")
        assert not judged, f"the check of {now} was not remembered"
