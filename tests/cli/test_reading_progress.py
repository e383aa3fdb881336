"""Reading everything shows how far it is on a terminal, and Ctrl-C ends it without a traceback or a process left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from itsm_gitops.cli import progress
from itsm_gitops.snapshots import load_store
from tests.support import GitRepo

SERVICE = "id: {0}\nclass: service\nname: {0}\nowner: it\nlifecycle: production\n"


def fill(repository: GitRepo, count: int) -> None:
    for number in range(count):
        repository.write(f"cmdb/services/s-{number}.yaml", SERVICE.format(f"s-{number}"))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_working_tree_tells_how_far_reading_is(git_repo: GitRepo, jobs: int) -> None:
    fill(git_repo, 20)
    told: list[tuple[int, int]] = []
    repo = git_repo.repo
    repo.progress = lambda done, total: told.append((done, total))
    load_store(repo.snapshot(), jobs=jobs)
    assert told[-1] == (20, 20)
    assert {total for _, total in told} == {20}
    assert sorted(told) == told


def test_the_line_is_shown_on_a_terminal_and_removed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress.show_reading(5_000, 10_000)
    assert "5,000 of 10,000" in capsys.readouterr().err
    progress.show_reading(10_000, 10_000)
    assert capsys.readouterr().err == "\r\x1b[K"
    progress.show_reading(0, 100)  # done in a moment
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    progress.show_reading(5_000, 10_000)
    assert capsys.readouterr().err == ""


def test_an_interrupt_ends_a_check_and_its_workers(git_repo: GitRepo, tmp_path: Path) -> None:
    fill(git_repo, 8)
    script = textwrap.dedent(
        """
        import os, sys, time
        from itsm_gitops.cli import main
        from itsm_gitops.snapshots import workers
        from itsm_gitops.rules import judge
        place = sys.argv[1]
        def slow(self, store, document):
            open(f"{place}/{os.getpid()}", "w").close()
            time.sleep(60)
        workers.default_jobs = lambda items: 2
        judge.DocumentJudge.__call__ = slow
        sys.argv[1:] = ["check"]
        main()
        """
    )
    begun = tmp_path / "begun"
    begun.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(begun)],
        cwd=git_repo.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "ITSM_INDEX": "off"},
    )
    deadline = time.monotonic() + 60
    while len(list(begun.iterdir())) < 2 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert out == ""
    assert process.returncode == 130
    pids = [int(p.name) for p in begun.iterdir()]
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
