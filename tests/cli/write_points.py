"""Programs for tests of writing: a writer that goes on for some seconds, and one that is killed at each step.

Run as ``python write_points.py write FOLDER LOG SECONDS NAME SEED`` or ``kill FOLDER COUNT``. Each prints or logs what
was acknowledged, as JSON lines.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from itsm_gitops.cli.app import run

# What changes a file system, or waits for it; the writer may die before each of them.
STEPS = ("open", "link", "rename", "replace", "unlink", "mkdir", "fsync", "fchmod", "close")


def itsm(*words: str) -> tuple[int, str, str]:
    """Run one command in this process: exit code, standard output, standard error."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(words)
    return code, out.buffer.getvalue().decode(), err.buffer.getvalue().decode()  # type: ignore[attr-defined]


def open_incidents() -> list[str]:
    """Return the incidents that the test made, which may change."""
    files = sorted(Path("records/incidents").rglob("*.yaml"))
    return [p.stem for p in files if "\nstate: new\n" in p.read_text()]


def write(log: Path, seconds: float, name: str, seed: int) -> None:
    """Write to the shared records and to new ones until the time is over; log what was acknowledged."""
    pick = random.Random(seed)
    shared = open_incidents()
    end, number = time.monotonic() + seconds, 0
    with log.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"pid": os.getpid()}) + "\n")
        while time.monotonic() < end:
            number += 1
            text = f"{name}-{number}"
            target = pick.choice(shared)
            words = pick.choice(
                [
                    ["note", target, text],
                    ["note", target, text],
                    ["set", target, f"title={text}"],
                    ["new", "incident", "--title", text, "--service", "email", "--category", "email/sending",
                     "--impact", "low", "--urgency", "low", "--reported-by", "duty-agent", "--json"],
                ]
            )  # fmt: skip
            code, out, err = itsm(*words)
            file.write(
                json.dumps({"words": words, "text": text, "code": code, "out": out, "err": err}) + "\n"
            )
            file.flush()


def kill(count: int) -> None:
    """Run commands and kill each before its first, second, … step, up to ``count`` kills; then let it finish."""
    killed = number = 0
    for words in _commands():
        step = 0
        while killed < count:
            step += 1
            number += 1
            told = [w.format(number=number) for w in words]
            ended = _killed_before(step, told)
            if not ended:
                break
            killed += 1
            _tell({"words": told, "step": step, "sound": _sound()})
        last = [w.format(number=f"last-{number}") for w in words]
        code, _, err = itsm(*last)
        _tell({"words": last, "code": code, "err": err, "left": left_behind(Path.cwd())})
        if killed >= count:
            return


def _tell(entry: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(entry) + "\n")
    sys.stdout.flush()


def _commands() -> Iterator[list[str]]:
    target = open_incidents()[0]
    while True:
        yield ["note", "EXMP1", "note {number}"]
        yield ["set", target, "title=Title {number}"]
        yield ["new", "incident", "--title", "New {number}", "--service", "email", "--category", "email/sending",
               "--impact", "low", "--urgency", "low", "--reported-by", "duty-agent"]  # fmt: skip
        yield ["set", "CHG-260115-EXMP4", "justification=Reason {number}"]


def _killed_before(step: int, words: list[str]) -> bool:
    """Run a command in a child that kills itself before a step of writing; False when it ended before."""
    child = os.fork()
    if child == 0:
        _arm(step)
        code, _, err = itsm(*words)
        if code:
            sys.stderr.write(err)
        os._exit(code)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, (words, step)
    return False


def _arm(step: int) -> None:
    """Make the functions of ``os`` count from the first file that is created, and kill at the wanted count."""
    left = [step, False]

    def armed(name: str, real: Any) -> Any:
        def stand_in(*args: Any, **named: Any) -> Any:
            if name == "open" and len(args) > 1 and args[1] & os.O_CREAT:
                left[1] = True
            if left[1]:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **named)

        return stand_in

    for name in STEPS:
        setattr(os, name, armed(name, getattr(os, name)))


def _sound() -> bool:
    """Whether every document can be read and is the one that its name says."""
    from itsm_gitops.documents import load

    for file in Path("records").rglob("*.yaml"):
        data = load(file.read_bytes()).data
        if not data or data["id"] != file.stem:
            return False
    return True


def left_behind(root: Path) -> list[str]:
    """Return the names of drafts anywhere below a folder, Git's own included."""
    return sorted(str(p.relative_to(root)) for p in root.rglob(".itsm-*"))


if __name__ == "__main__":
    what, folder, *rest = sys.argv[1:]
    os.chdir(folder)
    if what == "write":
        write(Path(rest[0]), float(rest[1]), rest[2], int(rest[3]))
    else:
        kill(int(rest[0]))
