"""Runs the parts of one job in forked processes. A worker that fails fails the job; no process is left behind.

The caller's process does the first share itself, so two processes are one fork. Results travel
over a pipe; what a worker needs, it inherits.
"""

from __future__ import annotations

import gc
import os
import struct
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, NamedTuple, TypeVar

from itsm_gitops.model.errors import ItsmError

I = TypeVar("I")  # noqa: E741 - item
R = TypeVar("R")

FORK_FROM = 500  # fewer items cost less than the fork
MAX_JOBS = 4
_PARTS = 100  # of one job that is shared as processes are free; at most 256: a number is a byte


_PATIENCE = 2.0  # seconds that a worker has to end by itself
_POLL = 0.002  # seconds


class WorkerFailed(RuntimeError):
    """A worker process died or raised; the text holds its traceback."""


class _Worker(NamedTuple):
    pid: int
    pipe: IO[bytes]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Do not look for circles of objects until the block ends: what is loaded in bulk has none."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def can_fork() -> bool:
    """Whether this process may be forked: the system can, and no other thread holds a lock for ever."""
    threads = sys.modules.get("threading")  # where nothing imported it, there is one thread
    return hasattr(os, "fork") and (threads is None or threads.active_count() == 1)


def default_jobs(items: int) -> int:
    """Return how many processes ``items`` are worth: 1 for few, else the usable processors, at most 4."""
    if items < FORK_FROM or not can_fork():
        return 1
    affinity = getattr(os, "sched_getaffinity", None)
    usable = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(usable, MAX_JOBS))


def share_out(items: Sequence[I], work: Callable[[Sequence[I]], R], jobs: int | None = None) -> list[R]:
    """Split ``items`` into shares, call ``work`` on each in its own process, return the results.

    Share ``k`` of ``n`` is ``items[k::n]``; results are in that order. ``jobs=None`` chooses.
    Results must pickle. An exception in a worker is raised here (an ItsmError as itself, any other
    as WorkerFailed); Ctrl-C stops all.
    """
    count = min(default_jobs(len(items)) if jobs is None else jobs, len(items))
    if count <= 1 or not hasattr(os, "fork"):
        return [work(items)]
    workers: list[_Worker] = []
    try:
        for number in range(1, count):
            workers.append(_start(work, items[number::count], workers))
        results = [work(items[::count])]
        results.extend(_collect(worker) for worker in workers)
    finally:
        for worker in workers:
            _end(worker)
    return results


def share_as_free(
    items: Sequence[I],
    work: Callable[[int, Sequence[I]], R],
    meanwhile: Callable[[], object] = lambda: None,
    jobs: int | None = None,
) -> list[R]:
    """Like share_out, in small parts: whichever process is free takes the next part.

    ``work`` gets the number of the first item of its part, and the part; results are in the order of the items.
    ``meanwhile`` is called in the caller's process, before that takes any part.
    """
    results: dict[int, R] = {}
    share_as_they_come(items, work, results.__setitem__, meanwhile, jobs)
    return [results[start] for start in sorted(results)] or [work(0, items)]


def share_as_they_come(
    items: Sequence[I],
    work: Callable[[int, Sequence[I]], R],
    receive: Callable[[int, R], object],
    meanwhile: Callable[[], object] = lambda: None,
    jobs: int | None = None,
) -> None:
    """Like share_as_free, but nobody holds all results: each is handed over when it is there, in any order.

    ``receive`` gets the number of the first item of a part and the result of the part, in the caller's process,
    between the parts that this one does itself.
    """
    count = min(default_jobs(len(items)) if jobs is None else jobs, len(items))
    size = -(-len(items) // _PARTS) or 1
    if count <= 1 or not hasattr(os, "fork"):
        meanwhile()
        size = max(size, FORK_FROM)
        for start in range(0, len(items), size):
            receive(start, work(start, items[start : start + size]))
        return
    starts = range(0, len(items), size)
    numbers, write_end = os.pipe()
    os.write(write_end, bytes(range(len(starts))))
    os.close(write_end)  # reading ends where all parts are taken

    def take(processes: Sequence[int]) -> None:
        own = processes[0] == 0
        if own:
            meanwhile()
        # One byte is read by one process only.
        for start in (starts[byte[0]] for byte in iter(lambda: os.read(numbers, 1), b"")):
            result = work(start, items[start : start + size])
            if own:
                receive(start, result)
                trays.hand_over(receive)
            else:
                trays.put(processes[0], start, result)

    with _opened_trays(count) as trays:
        try:
            share_out(range(count), take, count)
        finally:
            os.close(numbers)
        trays.hand_over(receive)


def _nameless() -> IO[bytes]:
    """Return a file without a name; one in memory where nothing can be written."""
    import tempfile

    try:
        return tempfile.TemporaryFile()
    except OSError:
        if not hasattr(os, "memfd_create"):
            raise
        return os.fdopen(os.memfd_create("itsm"), "w+b")


@contextmanager
def _opened_trays(count: int) -> Iterator[_Trays]:
    notes, write_end = os.pipe()  # of at most 256 results: all notes fit into it
    os.set_blocking(notes, False)
    with ExitStack() as opened:
        for end in (notes, write_end):
            opened.callback(os.close, end)
        files = [opened.enter_context(_nameless()) for _ in range(count)]
        yield _Trays(files, notes, write_end)


class _Trays:
    """One file without a name for each process, in which it puts its results: no pipe holds them, and nobody waits."""

    _NOTE = struct.Struct("4q")  # of one result: whose tray, its number, where it begins, its size

    def __init__(self, files: Sequence[IO[bytes]], notes: int, write_end: int) -> None:
        """Take open files, and a pipe for the notes of what is in them."""
        self._files = files
        self._notes = notes
        self._write_end = write_end

    def put(self, number: int, start: int, result: object) -> None:
        """Put the result of a part into the tray of a worker."""
        import pickle

        file = self._files[number]
        begin = file.tell()
        pickle.dump(result, file, pickle.HIGHEST_PROTOCOL)
        file.flush()
        os.write(self._write_end, self._NOTE.pack(number, start, begin, file.tell() - begin))

    def hand_over(self, receive: Callable[[int, R], object]) -> None:
        """Take what workers have put into their trays since the last time."""
        import pickle

        with suppress(BlockingIOError):
            while note := os.read(self._notes, self._NOTE.size):
                number, start, begin, size = self._NOTE.unpack(note)
                sent = os.pread(self._files[number].fileno(), size, begin)
                receive(start, pickle.loads(sent))  # noqa: S301 - written by our own fork


def _start(work: Callable[[Sequence[I]], R], share: Sequence[I], others: Sequence[_Worker]) -> _Worker:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns about threads; the caller asked for this number of jobs.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        os.close(write_end)
        return _Worker(pid, os.fdopen(read_end, "rb"))
    try:
        os.close(read_end)
        for other in others:
            os.close(other.pipe.fileno())
        _serve(work, share, write_end)
    finally:
        os._exit(1)  # never back into the caller's code, whatever happened


def _serve(work: Callable[[Sequence[I]], R], share: Sequence[I], write_end: int) -> None:
    """Do one share in the worker, send the outcome and leave."""
    import pickle

    gc.disable()
    try:
        outcome = pickle.dumps((True, work(share)), pickle.HIGHEST_PROTOCOL)
    except KeyboardInterrupt:
        os._exit(130)
    except ItsmError as error:
        outcome = _failure(error)
    except BaseException as error:  # noqa: BLE001 - all of it is reported by the caller
        outcome = _failure(error)
    with os.fdopen(write_end, "wb") as pipe:
        pipe.write(outcome)
    os._exit(0)


def _failure(error: BaseException) -> bytes:
    import pickle
    import traceback

    text = "".join(traceback.format_exception(error))
    if isinstance(error, ItsmError):
        with suppress(Exception):
            sent = pickle.dumps((False, error, text))
            pickle.loads(sent)  # noqa: S301 - our own bytes; some exceptions pickle and do not come back
            return sent
    return pickle.dumps((False, None, text))


def _collect(worker: _Worker) -> R:  # type: ignore[type-var]
    import pickle

    sent = worker.pipe.read()
    if not sent:
        raise WorkerFailed("a worker process stopped without an answer (killed, or out of memory?)")
    succeeded, *outcome = pickle.loads(sent)  # noqa: S301 - written by our own fork
    if succeeded:
        result: R = outcome[0]
        return result
    error, text = outcome
    raise error or WorkerFailed(f"a worker process failed:\n{text}")


def _end(worker: _Worker) -> None:
    import signal

    worker.pipe.close()
    # A finished worker waits as a zombie: no signal can hit another process. One that still works is stopped as by
    # Ctrl-C, which it may hold back to finish a file, and killed when it does not listen.
    for sign, patience in ((signal.SIGINT, _PATIENCE), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.kill(worker.pid, sign)
        if _has_ended(worker.pid, patience):
            return


def _has_ended(pid: int, patience: float | None) -> bool:
    """Wait for a process to end, for so many seconds at most; None waits until it has."""
    import time

    end = None if patience is None else time.monotonic() + patience
    try:
        while not os.waitpid(pid, 0 if end is None else os.WNOHANG)[0]:
            if end is not None and time.monotonic() > end:
                return False
            time.sleep(_POLL)
    except ChildProcessError:
        pass
    return True
