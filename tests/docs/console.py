"""Runs the `console` blocks of a Markdown page and compares, or rewrites, the output they show.

    python tests/docs/console.py README.md site/docs/handbook/*.md

rewrites the pages with what the commands print now. A page's blocks run in order, in one new folder and one new
repository made by `itsm init acme` (unless the page begins with `itsm init` itself). The clock stands at a fixed time
and goes on a few minutes with each command, new identifiers come from a fixed list, and Git's hashes, durations and
the folder's name are not compared, so the output is the same everywhere. A line `…` stands for any lines left out.
A command that is meant to fail shows an `error:` line.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # where this file is run by itself
from tests.warm import Warm  # noqa: E402

PAGES = [ROOT / "README.md", *sorted((ROOT / "site/docs/handbook").glob("*.md"))]
HOME = "/home/ada"
SKIPPED = "…"

_HERE = re.compile(r"<<'(\w+)'")
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What may differ from one run, machine or version to the next, and what it is compared as.
_VAGUE = (
    # An abbreviated hash may happen to hold digits alone, or letters alone.
    (re.compile(r"\b[0-9a-f]{7,40}\b"), "HASH"),
    (re.compile(r"SHA256:[A-Za-z0-9+/]+"), "FINGERPRINT"),
    (re.compile(r"\b\d+\.\d+ s\b"), "SECONDS"),
    (re.compile(r"\b[\d,]+ (files|pages|records|items)\b"), r"COUNT \1"),
)

# Stands in for the command: fixed time, fixed identifiers, everything else real.
_ITSM = """\
import os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

steps = Path(os.environ["ITSM_DOCS"]) / "steps"
step = int(steps.read_text() or 0) + 1 if steps.exists() else 1
steps.write_text(str(step))
now = datetime(2026, 11, 22, 9, 30, tzinfo=UTC) + timedelta(minutes=4 * step)
os.environ["ITSM_NOW"] = now.strftime("%Y-%m-%dT%H:%M:%SZ")

from itsm_gitops.model import clock, ids

FIRST = ["K7QF3", "9TX2M", "4QX7M", "R2D8W", "6HN0B", "V5JZC", "3MKPE", "W8YAT", "0GS4X", "DQ17R"]


def mint(prefix, opened=None):
    count = Path(os.environ["ITSM_DOCS"]) / "minted"
    number = int(count.read_text()) if count.exists() else 0
    count.write_text(str(number + 1))
    suffix = FIRST[number] if number < len(FIRST) else clock.encode_suffix(7919 * number + 123457)
    return f"{prefix}-{(opened or clock.now()).astimezone(UTC):%y%m%d}-{suffix}"


ids.mint = mint
from itsm_gitops.cli import main

main()
"""


class Command(NamedTuple):
    """One command of a block and the lines it shows as output."""

    text: str
    shown: list[str]


@dataclass
class Session:
    """A shell in a scratch folder; the folder persists from command to command, as does `cd`."""

    home: Path
    warm: Warm | None = None  # else each command is a process of its own
    python: str = sys.executable

    def __post_init__(self) -> None:
        self._tools = self.home / ".tools"
        (self._tools / "bin").mkdir(parents=True)
        wrapper = self._tools / "itsm.py"
        wrapper.write_text(_ITSM)
        script = self._tools / "bin" / "itsm"
        itsm = self.warm.command(wrapper) if self.warm else [self.python, str(wrapper)]
        script.write_text(f'#!/bin/sh\nexec {shlex.join(itsm)} "$@"\n')
        script.chmod(0o755)
        (self.home / ".gitconfig").write_text(
            "[user]\n  name = Ada Example\n  email = ada@example.org\n[init]\n  defaultBranch = main\n"
            "[commit]\n  gpgSign = false\n"
        )
        self._folder = self.home

    def run(self, command: str) -> tuple[int, list[str]]:
        """Run one command line in bash; return its exit code and its output, made comparable."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "ITSM_"))}
        environment |= {
            "HOME": str(self.home),
            "PATH": f"{self._tools / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ITSM_DOCS": str(self._tools),
            "ITSM_USER": "ada",
            "COLUMNS": "80",
            "NO_COLOR": "1",
            "GIT_AUTHOR_DATE": "2026-11-22T09:30:00+00:00",
            "GIT_COMMITTER_DATE": "2026-11-22T09:30:00+00:00",
        }
        for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "PAGER"):
            environment.pop(name, None)
        where = self._tools / "pwd"
        script = f"{command}\ncode=$?\npwd > '{where}'\nexit $code"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self._folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        self._folder = Path(where.read_text().strip())
        return done.returncode, [self._plain(line) for line in done.stdout.splitlines()]

    def _plain(self, line: str) -> str:
        return line.replace(str(self.home), HOME).rstrip()


def commands(block: str) -> Iterator[Command]:
    """Split a block into commands and what each shows.

    A command begins with `$ ` and goes on after a backslash or to the end of its here-document.
    """
    text, shown, until = "", [], ""
    for line in block.splitlines():
        if until or (text.endswith("\\") and not shown):
            text += "\n" + line
            until = "" if line == until else until
        elif line.startswith("$ "):
            if text:
                yield Command(text, shown)
            text, shown = line[2:], []
            here = _HERE.search(text)
            until = here[1] if here else ""
        else:
            shown.append(line)
    if text:
        yield Command(text, shown)


def matches(shown: list[str], printed: list[str]) -> bool:
    """Whether output is what the page shows, where `…` stands for any number of lines."""
    if not shown:
        return not printed
    if shown[0].strip() == SKIPPED:
        return any(matches(shown[1:], printed[n:]) for n in range(len(printed) + 1))
    return bool(printed) and _vague(shown[0]) == _vague(printed[0]) and matches(shown[1:], printed[1:])


def _vague(line: str) -> str:
    text = line.rstrip()
    for pattern, word in _VAGUE:
        text = pattern.sub(word, text)
    return text


def play(
    page: Path, home: Path, warm: Warm | None = None, *, python: str = sys.executable
) -> tuple[str, list[str]]:
    """Run a page with the program of an interpreter; return its text with the output brought up to date, and every difference."""
    text = page.read_text(encoding="utf-8")
    blocks = [list(commands(match[1])) for match in _BLOCK.finditer(text)]
    faults: list[str] = []
    if not blocks:
        return text, faults
    session = Session(home, warm, python)
    if not any("itsm init" in c.text for c in blocks[0][:2]):
        session.run("itsm init acme")
        session.run("cd acme")
    fresh: list[str] = []
    for block in blocks:
        lines: list[str] = []
        for command in block:
            code, printed = session.run(command.text)
            fails = any(line.startswith("error:") for line in printed) or any(
                ": error " in s for s in printed
            )
            if code and not fails:
                faults.append(f"$ {command.text}\n  ended with {code}:\n  " + "\n  ".join(printed))
            same = matches(command.shown, printed)
            if not same:
                faults.append(_difference(command, printed))
            lines += [f"$ {command.text}", *(command.shown if same else printed)]
        fresh.append("```console\n" + "\n".join(lines) + "\n```")
    parts = iter(fresh)
    return _BLOCK.sub(lambda _: next(parts), text), faults


def _difference(command: Command, printed: list[str]) -> str:
    lines = [f"$ {command.text}"]
    for shown, real in zip_longest(command.shown, printed, fillvalue="(nothing)"):
        lines += [f"    {real}"] if _vague(shown) == _vague(real) else [f"  - {shown}", f"  + {real}"]
    return "\n".join(lines)


def main() -> int:
    """Bring the pages named on the command line up to date and say what changed."""
    warm = Warm()
    for name in sys.argv[1:]:
        page = Path(name)
        with tempfile.TemporaryDirectory() as home:
            text, faults = play(page, Path(home).resolve(), warm)
        for fault in faults:
            sys.stdout.write(f"{fault}\n\n")
        if text != page.read_text(encoding="utf-8"):
            page.write_text(text, encoding="utf-8")
            sys.stdout.write(f"== {name} rewritten\n")
    warm.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
