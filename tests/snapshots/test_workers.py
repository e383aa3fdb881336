"""Shares in forked processes: same results, no hang, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from itsm_gitops.model.errors import Ambiguous
from itsm_gitops.snapshots import WorkerFailed, share_out
from itsm_gitops.snapshots.workers import FORK_FROM, default_jobs, share_as_free, share_as_they_come
from tests.support import children


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    before = children()
    yield
    assert children() <= before


@pytest.mark.parametrize("jobs", [1, 2, 3, 8])
@pytest.mark.parametrize("size", [0, 1, 2, 7, 100])
def test_shares_put_together_are_the_whole(jobs: int, size: int) -> None:
    items = list(range(size))
    shares = share_out(items, lambda part: [n * n for n in part], jobs)
    assert shares == (
        [[n * n for n in items[k::count]] for k in range(count)]
        if (count := min(jobs, size)) > 1
        else [[n * n for n in items]]
    )


def test_each_share_has_its_own_process() -> None:
    pids = share_out(range(6), lambda part: (os.getpid(), list(part)), 3)
    assert [p for _, p in pids] == [[0, 3], [1, 4], [2, 5]]
    assert len({p for p, _ in pids}) == 3
    assert pids[0][0] == os.getpid()


def test_results_larger_than_a_pipe() -> None:
    shares = share_out(range(4), lambda part: b"x" * (8 << 20), 4)
    assert [len(s) for s in shares] == [8 << 20] * 4


@pytest.mark.parametrize("jobs", [1, 2, 3, 8])
@pytest.mark.parametrize("size", [0, 1, 2, 7, 100, 257])
def test_parts_put_together_are_the_whole_in_order(jobs: int, size: int) -> None:
    before: list[int] = []
    parts = share_as_free(
        range(size), lambda start, part: (start, list(part)), lambda: before.append(os.getpid()), jobs
    )
    assert [n for _, part in parts for n in part] == list(range(size))
    assert all(part[:1] == [start][: len(part)] for start, part in parts)
    assert before == [os.getpid()]


def test_who_is_free_takes_the_next_part() -> None:
    """While this process is busy with something else, the other one does everything."""
    read_end, write_end = os.pipe()

    def work(start: int, part: Sequence[int]) -> int:
        if 99 in part:
            os.write(write_end, b"x")
        return os.getpid()

    done_by = share_as_free(range(100), work, lambda: os.read(read_end, 1), 2)
    os.close(read_end)
    os.close(write_end)
    assert len(set(done_by)) == 1
    assert done_by[0] != os.getpid()


@pytest.mark.parametrize("jobs", [1, 2, 3])
@pytest.mark.parametrize("size", [0, 1, 7, 700])
def test_each_result_is_handed_over_once_in_the_process_that_asked(jobs: int, size: int) -> None:
    """Results larger than any pipe holds: nobody waits for the others to read."""
    handed: dict[int, list[int]] = {}
    here = os.getpid()

    def receive(start: int, result: tuple[list[int], bytes]) -> None:
        assert os.getpid() == here
        assert start not in handed
        assert len(result[1]) == 300_000
        handed[start] = result[0]

    share_as_they_come(range(size), lambda _, part: (list(part), bytes(300_000)), receive, jobs=jobs)
    assert [n for start in sorted(handed) for n in handed[start]] == list(range(size))
    assert all(part[0] == start for start, part in handed.items())


def test_results_are_handed_over_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert share_as_free(range(50), lambda start, part: (start, list(part)), jobs=2) == [
        (n, [n]) for n in range(50)
    ]


def test_a_part_that_fails_fails_the_job() -> None:
    with pytest.raises(ZeroDivisionError):
        share_as_free(range(6), lambda start, part: 1 // 0, lambda: None, 1)
    with pytest.raises((ZeroDivisionError, WorkerFailed)):
        share_as_free(range(6), lambda start, part: 1 // 0, lambda: None, 2)


def in_worker(action: object) -> object:
    caller = os.getpid()

    def work(part: Sequence[int]) -> int:
        if os.getpid() != caller:
            action()  # type: ignore[operator]
        return sum(part)

    return work


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    sys.exit(0)


def unpicklable() -> None:
    class Local(Exception):
        pass

    raise Local("only known here")


def divide() -> None:
    raise ZeroDivisionError("the reason")


def ambiguous() -> None:
    raise Ambiguous("x", ["xa", "xb"])


@pytest.mark.parametrize(
    ("action", "says"),
    [
        (die, "without an answer"),
        (leave, "SystemExit"),
        (unpicklable, "only known here"),
        (divide, "the reason"),
        (ambiguous, "matches 2"),
    ],
)
def test_a_worker_that_fails_is_an_error_and_not_a_hang(action: object, says: str) -> None:
    with pytest.raises(WorkerFailed, match=says):
        share_out(range(10), in_worker(action), 3)  # type: ignore[arg-type]


def test_a_result_that_does_not_pickle_is_an_error() -> None:
    with pytest.raises(WorkerFailed, match=r"[Pp]ickle"):
        share_out(range(10), lambda part: lambda: part, 2)


def test_an_error_in_the_callers_own_share_stops_the_workers() -> None:
    caller = os.getpid()

    def work(part: Sequence[int]) -> None:
        if os.getpid() == caller:
            raise ZeroDivisionError
        time.sleep(60)

    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        share_out(range(10), work, 3)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("to_group", [True, False])
def test_interrupting_stops_everything_at_once(tmp_path: Path, to_group: bool) -> None:
    script = textwrap.dedent(
        """
        import os, sys, time
        from itsm_gitops.snapshots import share_out
        def work(part):
            open(sys.argv[1] + "/" + str(os.getpid()), "w").close()
            time.sleep(60)
        try:
            share_out(range(10), work, 3)
        except KeyboardInterrupt:
            print("interrupted")
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 20
    while len(list(tmp_path.iterdir())) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    (os.killpg if to_group else os.kill)(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (out, err) == ("interrupted\n", "")
    pids = [int(p.name) for p in tmp_path.iterdir()]
    assert len(pids) == 3
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_what_was_printed_before_is_printed_once(tmp_path: Path) -> None:
    script = "from itsm_gitops.snapshots import share_out\nprint('once', end='')\nshare_out([1, 2, 3, 4], list, 2)\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "once"


def test_small_jobs_and_threads_do_not_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    assert default_jobs(FORK_FROM - 1) == 1
    assert 1 <= default_jobs(FORK_FROM) <= 4
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)))
    assert default_jobs(FORK_FROM) == 4
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert default_jobs(FORK_FROM) == 1
    monkeypatch.delattr(os, "fork")
    assert share_out(range(5), sum, 4) == [10]


def test_a_worker_that_holds_an_interrupt_back_finishes_its_file(tmp_path: Path) -> None:
    def work(part: Sequence[int]) -> None:
        if 1 not in part:
            while not (tmp_path / "begun").exists():
                time.sleep(0.005)
            raise KeyboardInterrupt
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        (tmp_path / "begun").touch()
        time.sleep(0.2)
        (tmp_path / "finished").touch()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
        (tmp_path / "went on").touch()

    with pytest.raises(KeyboardInterrupt):
        share_out(range(2), work, 2)
    assert {p.name for p in tmp_path.iterdir()} == {"begun", "finished"}


def test_a_worker_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("itsm_gitops.snapshots.workers._PATIENCE", 0.1)

    def work(part: Sequence[int]) -> None:
        if 1 not in part:
            while not (tmp_path / "begun").exists():
                time.sleep(0.005)
            raise KeyboardInterrupt
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        (tmp_path / "begun").touch()
        time.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        share_out(range(2), work, 2)
