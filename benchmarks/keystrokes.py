"""Counts the commands and keys of six everyday tasks, with the completion of the shell: python benchmarks/keystrokes.py

A key is a character, Tab or Enter. Each word is typed as far as the command line's own completion needs to know it
alone, then Tab (which adds the blank); a word that nothing completes is typed whole. Identifiers are the five random
characters. The clone shares by itself (git config itsm.sync always), so that sharing is no command of its own.
Beside each figure stands what the task cost before: commands and keys with Git by hand.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from click.shell_completion import ShellComplete

from itsm_gitops.cli.app import group, run
from itsm_gitops.commands.init import init

# Task, its command line, what it was before.
TASKS = (
    ("open", 'itsm new incident "Mail is down" -s email -c email/sending -i high -u high', (5, 181)),
    ("note", 'itsm note {inc} "Restarted the queue."', (4, 80)),
    ("my work", "itsm next", (1, 40)),
    ("reassign", "itsm set {inc} assignee=mail-engineer", (4, 72)),
    ("duplicate", "itsm duplicate {inc} {other}", (5, 128)),
    ("wrong link", "itsm unlink {inc} caused_by {problem}", (4, 79)),
)  # fmt: skip


def keys_of(line: str) -> tuple[int, str]:
    """Return the keys of a command line, Enter included, and what is typed (``⇥`` is Tab, ``⏎`` Enter)."""
    words, typed, count = shlex.split(line), [], 0
    for place, word in enumerate(words):
        text, keys = typed_as(words[1:place], word) if place else (f"{word} ", len(word) + 1)
        typed.append(text)
        count += keys
    whole = "".join(typed)
    if whole.endswith(" "):  # nobody types the last blank
        whole, count = whole[:-1], count - 1
    return count + 1, f"{whole}⏎"


def typed_as(before: list[str], word: str) -> tuple[str, int]:
    """Return how a word is typed, and with how many keys."""
    quoted = f'"{word}"' if " " in word else word
    whole = f"{quoted} "
    if " " in word:
        return whole, len(whole)
    for length in range(len(word)):
        found = {i.value for i in COMPLETE.get_completions(before, word[:length]) if i.type == "plain"}
        if found == {word}:
            return (f"{word[:length]}⇥", length + 1) if length + 1 < len(whole) else (whole, len(whole))
    return whole, len(whole)


COMPLETE = ShellComplete(group, {}, "itsm", "_ITSM_COMPLETE")


def main() -> int:
    """Print the table; exit 1 where a task takes more than one command or 60 keys."""
    with tempfile.TemporaryDirectory() as folder:
        root = init(Path(folder) / "acme", organisation="Acme", timezone="UTC").root
        os.chdir(root)
        with redirect_stdout(StringIO()):
            words = [
                "--service",
                "email",
                "--category",
                "email/sending",
                "--impact",
                "low",
                "--urgency",
                "low",
                "--reported-by",
                "duty-agent",
            ]
            for title in ("Mail is slow", "Printer jam"):
                run(["new", "incident", "--title", title, *words, "--link", "caused_by:PRB-260112-EXMP2"])
        first, second = sorted(p.stem.rpartition("-")[2] for p in root.glob("records/incidents/2*/*/*.yaml"))[
            :2
        ]
        names = {"inc": first, "other": second, "problem": "EXMP2"}
        worst, lines = 0, []
        for task, line, (commands, old) in TASKS:
            keys, typed = keys_of(line.format_map(names))
            worst = max(worst, keys)
            lines.append(f"{task:<11} 1 / {keys:<4} {f'{commands} / {old}':<8}  {typed}")
        os.chdir(folder)
    sys.stdout.write("\n".join([f"{'task':<11} now      before    typed", *lines, ""]))
    return int(worst > 60)


if __name__ == "__main__":
    raise SystemExit(main())
