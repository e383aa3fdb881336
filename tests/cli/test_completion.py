"""Completion in a real Bash: what appears on the line when the tab key is pressed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Fills what Bash itself would fill, asks the completion function, and prints what it offers.
DRIVER = r"""
source "$SCRIPT"
COMP_LINE=$LINE COMP_POINT=${#LINE}
compopt() { echo "option $2"; }
eval "COMP_WORDS=($PARTS)"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_itsm_completion "$ITSM" "" ""
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def offered(acme: Path, tmp_path: Path) -> object:
    """Ask Bash what it offers for a line; ``parts`` are the line's words as Bash divides them."""
    itsm = tmp_path / "itsm"
    itsm.write_text(
        f"#!{sys.executable}\nimport sys\nsys.argv[0] = 'itsm'\nfrom itsm_gitops.cli import main\nmain()\n"
    )
    itsm.chmod(0o755)
    script = tmp_path / "completion.bash"
    made = [sys.executable, "-m", "itsm_gitops", "completion", "bash"]
    script.write_bytes(subprocess.run(made, capture_output=True, check=True).stdout)

    def ask(line: str, parts: str) -> list[str]:
        done = subprocess.run(
            ["bash", "--norc", "--noprofile", "-c", DRIVER],
            env={**os.environ, "SCRIPT": str(script), "LINE": line, "PARTS": parts, "ITSM": str(itsm)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout.split("\n")[:-1]

    return ask


@pytest.mark.parametrize(
    ("line", "parts", "offers"),
    [
        ("itsm sh", "itsm sh", ["show"]),
        ("itsm show exmp2", "itsm show exmp2", ["PRB-260112-EXMP2"]),
        ("itsm set EXMP2 imp", "itsm set EXMP2 imp", ["option nospace", "impact="]),
        ("itsm set EXMP2 impact=", "itsm set EXMP2 impact =", ["high", "medium", "low"]),
        ("itsm set EXMP2 impact=h", "itsm set EXMP2 impact = h", ["high"]),
        ("itsm set EXMP2 impact=low urg", "itsm set EXMP2 impact = low urg", ["option nospace", "urgency="]),
        ("itsm set EXMP2 impact=low urgency=m", "itsm set EXMP2 impact = low urgency = m", ["medium"]),
        (
            "itsm new incident --link caused_b",
            "itsm new incident --link caused_b",
            ["option nospace", "caused_by:"],
        ),
        (
            "itsm new incident --link caused_by:PRB",
            "itsm new incident --link caused_by : PRB",
            ["PRB-260112-EXMP2"],
        ),
        ("itsm new incident --impact ", "itsm new incident --impact ''", ["high", "medium", "low"]),
        ("itsm new incident --title x --service em", "itsm new incident --title x --service em", ["email"]),
        ("itsm new change --ci mailb", "itsm new change --ci mailb", ["mailbox-db"]),
        (
            "itsm new incident --impact high --urgency l",
            "itsm new incident --impact high --urgency l",
            ["low"],
        ),
        (
            "itsm import csv x.csv --mapping serv",
            "itsm import csv x.csv --mapping serv",
            ["option default", "servicenow-incidents"],
        ),
        ("itsm -C ", "itsm -C ''", ["option dirnames", ""]),
    ],
)
def test_bash_offers(line: str, parts: str, offers: list[str], offered: object) -> None:
    found = offered(line, parts)  # type: ignore[operator]
    assert sorted(found) == sorted(offers)
