"""Who pushed to a plain server: a push that Git signed itself, and the variables that servers set."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from itsm_gitops.evidence.pushers import pushers
from itsm_gitops.git.client import Git
from itsm_gitops.git.sshsig import fingerprint
from tests.gate.table_people import key, public

HOOK = '#!/bin/sh\nenv | grep ^GIT_PUSH_CERT > "$GIT_DIR/seen"\n'


def git(folder: Path, *args: str) -> None:
    subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def signed_push(tmp_path_factory: pytest.TempPathFactory) -> tuple[Git, dict[str, str]]:
    """A server that somebody pushed to with bob's key, and what Git told its hook."""
    folder = tmp_path_factory.mktemp("push")
    server, work = folder / "server.git", folder / "work"
    git(folder, "init", "-q", "--bare", str(server))
    git(server, "config", "receive.certNonceSeed", "seed")
    (server / "hooks").mkdir(exist_ok=True)
    (server / "hooks/pre-receive").write_text(HOOK)
    (server / "hooks/pre-receive").chmod(0o755)
    git(folder, "init", "-q", "-b", "main", str(work))
    name = ("-c", "user.name=ann", "-c", "user.email=ann@example.org")
    git(work, *name, "commit", "-q", "--allow-empty", "-m", "Begin")
    sign = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={key('bob')}")
    git(work, *name, *sign, "push", "-q", "--signed", str(server), "main")
    seen = dict(line.split("=", 1) for line in (server / "seen").read_text().splitlines())
    return Git(server, {"GIT_DIR": str(server)}), seen


def test_a_signed_push_tells_whose_key_signed_it(signed_push: tuple[Git, dict[str, str]]) -> None:
    server, seen = signed_push
    assert seen["GIT_PUSH_CERT_NONCE_STATUS"] == "OK"
    assert pushers(server, seen) == (f"ssh:{fingerprint(public('bob'))}",)


@pytest.mark.parametrize("status", ["BAD", "MISSING", "UNSOLICITED", ""])
def test_the_certificate_of_another_push_tells_nothing(
    signed_push: tuple[Git, dict[str, str]], status: str
) -> None:
    server, seen = signed_push
    assert pushers(server, {**seen, "GIT_PUSH_CERT_NONCE_STATUS": status}) == ()


@pytest.mark.parametrize(
    ("env", "identities"),
    [
        ({}, ()),
        ({"USER": "git"}, ()),
        ({"REMOTE_USER": "bob"}, ("user:bob",)),
        ({"GL_ID": "user-42", "GL_USERNAME": "bob"}, ("gitlab:42", "user:bob")),
        ({"GL_ID": "key-42"}, ()),
        ({"GITEA_PUSHER_ID": "7", "GITEA_PUSHER_NAME": "bob"}, ("gitea:7", "user:bob")),
        ({"GITEA_PUSHER_ID": "0"}, ()),
        ({"ITSM_PUSHER": "bob", "REMOTE_USER": "bob"}, ("user:bob",)),
        ({"ITSM_PUSHER": "carl", "REMOTE_USER": "bob"}, ("user:bob", "user:carl")),
    ],
)
def test_what_servers_tell(
    signed_push: tuple[Git, dict[str, str]], env: dict[str, str], identities: tuple[str, ...]
) -> None:
    server, _ = signed_push
    git(server.root, "config", "itsm.pusher", "ITSM_PUSHER")
    assert pushers(server, env) == identities
