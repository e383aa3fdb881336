"""Clones of one server: who works in them, and the server's hooks."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from itsm_gitops.documents import load
from tests.support import run_here

NOW = "2026-11-22T12:{:02}:00Z"
INCIDENT = "INC-261121-AAAAA"
PATH = f"records/incidents/2026/11/{INCIDENT}.yaml"
TEXT = f"""\
id: {INCIDENT}
kind: incident
title: Mail is slow
reported_by: front-office
service: email
category: email/sending
impact: low
urgency: low
state: new
assigned_team: it-operations
timeline:
- at: 2026-11-21T10:00:00Z
  by: front-office
  state: new
"""
CHANGE = "CHG-260115-EXMP4"


class Clone:
    """One person's clone; commands run in this process."""

    def __init__(self, root: Path, person: str) -> None:
        self.root = root
        self.person = person

    def git(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(["git", *words], cwd=self.root, capture_output=True, text=True, check=False)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout.strip()

    def itsm(self, *words: str, code: int = 0, minute: int = 0) -> str:
        done = run_here(words, self.root, env={"ITSM_NOW": NOW.format(minute), "ITSM_USER": self.person})
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    @property
    def data(self) -> Any:
        return load((self.root / PATH).read_bytes()).data

    @property
    def notes(self) -> list[str]:
        return [e["note"] for e in self.data["timeline"] if "note" in e]

    @property
    def dirty(self) -> str:
        return self.git("status", "--porcelain")


def hook(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / "server" / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
