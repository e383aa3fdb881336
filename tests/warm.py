"""Runs `itsm` in processes of their own that need no start-up: forks of one that has imported everything.

Start-up is most of what a short command takes, and tests of documentation and hooks run hundreds of them. Each run
is still a process with its own arguments, environment, folder and streams; only modules are there already. What a
start-up itself does is the matter of other tests, which start a new interpreter.

    Warm()                                  a server, which ends with the process that made it
    Warm().command(script)                  the words that run a Python script, or `itsm`, in a fork of it
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLIENT = Path(__file__).with_name("warm_client.py")
ITSM = "from itsm_gitops.cli import main\nmain()\n"


class Warm:
    """The server: a process that waits beside this one, and goes when this one does."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="warm-")
        self.address = f"{self._folder.name}/socket"
        itsm = Path(self._folder.name) / "itsm.py"
        itsm.write_text(ITSM, encoding="utf-8")
        self._itsm = itsm
        # It reads until this process, which alone can write, is no more.
        self._process = subprocess.Popen(
            [sys.executable, __file__, self.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def command(self, script: Path | None = None) -> list[str]:
        """Return the words that run a script (`itsm` unless another is named); arguments may follow."""
        return [sys.executable, "-IS", str(CLIENT), self.address, str(script or self._itsm)]

    def close(self) -> None:
        """End the server."""
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()


def _serve(address: str) -> None:
    """Fork for each who connects, until nothing more can come from the process that started this one."""
    _import_everything()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    listener.settimeout(1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    os.set_blocking(0, False)
    os.write(1, b"ready\n")
    while _has_owner():
        with contextlib.suppress(TimeoutError):
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(connection)
            connection.close()


def _has_owner() -> bool:
    try:
        return os.read(0, 1) != b""
    except BlockingIOError:
        return True


def _import_everything() -> None:
    import itsm_gitops

    for module in pkgutil.walk_packages(itsm_gitops.__path__, "itsm_gitops."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _answer(connection: socket.socket) -> None:
    """Be the process that was asked for, and tell how it ended; never returns."""
    code = 70
    try:
        connection.setblocking(True)
        asked, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
        while not asked.endswith(b"\n"):
            asked += connection.recv(1 << 20)
        code = _run(json.loads(asked), streams)
    finally:
        with contextlib.suppress(OSError):
            connection.send(bytes([code & 255]))
        os._exit(code & 255)


def _run(asked: dict[str, object], streams: list[int]) -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.set_inheritable(number, True)
        os.close(stream)
    os.set_blocking(0, True)
    os.environ.clear()
    os.environ.update(dict(asked["environment"]))  # type: ignore[call-overload]
    os.chdir(str(asked["folder"]))
    time.tzset()
    tempfile.tempdir = None
    sys.argv = [str(a) for a in asked["words"]]  # type: ignore[attr-defined]
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        number = ("stdin", "stdout", "stderr").index(name)
        errors = "backslashreplace" if name == "stderr" else "strict"
        setattr(sys, name, open(number, mode, encoding="utf-8", errors=errors, closefd=False))  # noqa: SIM115
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    return 0


if __name__ == "__main__":
    _serve(sys.argv[1])
