"""Signed approvals on a forge: the gate fetches what was pushed, believes the signature, and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_github import running
from tests.hosted import NOW, Hosted
from tests.support import run_here


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Hosted]:
    """A pull request by ada about an item of ben's, who has a key on main."""
    with running() as forge:
        made = Hosted(tmp_path, forge)
        for name in ("ben", "other"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True
            )
        made.clone.git("checkout", "-q", "main")
        itsm(made, "enrol", "operations-lead", "--address", "ben@example.org", "--key", str(tmp_path / "ben"))
        made.clone.commit("Enrol ben")
        made.clone.git("push", "-q", "origin", "main")
        made.clone.git("checkout", "-q", "-B", "topic", "main")
        made.edit("The mailboxes of all staff.")
        yield made


def itsm(hosted: Hosted, *words: str, code: int = 0) -> str:
    env = {
        "GITHUB_API_URL": hosted.forge.url,
        "GITHUB_REPOSITORY": "acme/itsm",
        "ITSM_FORGE_TOKEN": "fake-token",
        "GITHUB_TOKEN": "fake-token",
        "ITSM_NOW": NOW,
    }
    done = run_here(words, hosted.clone.root, env=env)
    assert done.returncode == code, (words, done.stdout, done.stderr)
    return " ".join((done.stdout + done.stderr).split())


def sign(hosted: Hosted, key: Path) -> None:
    """Sign as ben, hand it in, and keep nothing here."""
    said = itsm(hosted, "approve", "--sign", "--by", "operations-lead", "--key", str(key))
    reference = next(w for w in said.split() if w.startswith("refs/itsm/approvals/"))
    hosted.clone.git("push", "-q", "origin", reference)
    hosted.clone.git("update-ref", "-d", reference)


def test_what_was_signed_and_pushed_counts(hosted: Hosted, tmp_path: Path) -> None:
    assert "needs 1 of 1 by owner" in itsm(hosted, "gate", "7", "--forge", "github", code=1)
    sign(hosted, tmp_path / "ben")
    assert "approved by operations-lead" in itsm(hosted, "gate", "7", "--forge", "github")
    hosted.edit("Something else.")
    assert "needs 1 of 1 by owner" in itsm(hosted, "gate", "7", "--forge", "github", code=1)


def test_what_another_key_signed_does_not(hosted: Hosted, tmp_path: Path) -> None:
    """A text under the name of ben's approval, of a key that is not ben's."""
    sign(hosted, tmp_path / "ben")
    listed = hosted.clone.git("ls-remote", "origin", "refs/itsm/approvals/*").split()
    hosted.clone.git("fetch", "-q", "origin", listed[1])
    text = hosted.clone.git("cat-file", "blob", listed[0])
    forged = text.replace("BEGIN SSH SIGNATURE", "BEGIN  SSH SIGNATURE")
    oid = hosted.clone.git("hash-object", "-w", "--stdin", text=forged)
    hosted.clone.git("push", "-q", "-f", "origin", f"{oid}:{listed[1]}")
    said = itsm(hosted, "gate", "7", "--forge", "github", code=1)
    assert "needs 1 of 1 by owner" in said
    assert "made this signature" in said
