"""Every push of the table is taken or refused as it says, in the words that it says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.cli.hook import explained
from itsm_gitops.evidence.hook import Decision, Update, pre_receive
from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.signed import NAMESPACE, canonical, references
from itsm_gitops.git import Git, mainline, sshsig
from itsm_gitops.repository import Repository
from tests.gate.table_statements import HONEST, PUSHES, Push, Text
from tests.gate.world import NOW, NUMBERS, SERVER, World, person
from tests.support import copy_tree

KEYS = {"ann": "ed25519", "bob": "ed25519", "carl": "ecdsa", "mia": "ed25519"}


class Hosting:
    """A bare repository with ``main`` and a request on ``topic``, and the keys of its people."""

    def __init__(self, bare: Path, keys: Path, about: dict[str, Any]) -> None:
        self.bare = bare
        self.keys = keys
        self.about = about
        self.signatures: dict[tuple[bytes, str], str] = {}

    @classmethod
    def make(cls, folder: Path) -> Hosting:
        world = World.make(folder / "work")
        for name, kind in KEYS.items():
            words = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", str(folder / name)]
            subprocess.run(words, check=True)
            if name != "mia":
                public = " ".join((folder / f"{name}.pub").read_text().split()[:2])
                keys = f"\n  - type: ssh\n    fingerprint: {name}\n    public_key: {public}\n"
                world.write(f"cmdb/people/{name}.yaml", person(name, "ops", NUMBERS[name], signing_keys=keys))
        world.write("cmdb/people/dora.yaml", person("dora", "ops", NUMBERS["dora"], lifecycle="retired"))
        world.commit("Keys", by="cab-one")
        world.git("checkout", "-q", "-b", "topic")
        world.edit(SERVER, "owner: ops\n", "description: Holds the shop.\nowner: ops\n")
        world.commit("Describe s1")
        now = assess(world.repo, base="main", head="topic", target="main", now=NOW)
        about = {
            "changes": list(now.changes), "commit": now.head, "digest": now.digest, "note": "", "target": "main",
            "repository": mainline.origin(world.repo.history, now.base), "version": 1,
        }  # fmt: skip
        world.on_main()
        subprocess.run(["git", "clone", "-q", "--bare", str(world.root), str(folder / "bare")], check=True)
        return cls(folder / "bare", folder, about)

    def copy(self, folder: Path) -> Hosting:
        copy_tree(self.bare, folder)
        made = Hosting(folder, self.keys, self.about)
        made.signatures = self.signatures
        return made

    @property
    def git(self) -> Git:
        return Repository.receiving({"GIT_DIR": str(self.bare)}).history

    def content(self, text: Text) -> bytes:
        """Return a text as it is kept; the same statement is signed once for all rows."""
        about = {**self.about, "at": text.at, "person": text.person, "state": text.state, **text.about}
        statement, key = canonical(about), text.key or text.person
        if (statement, key) not in self.signatures:
            self.signatures[statement, key] = sshsig.sign(statement, self.keys / key, NAMESPACE)
        whole = {"statement": statement.decode(), "signature": self.signatures[statement, key]}
        return text.edit(canonical(whole)) if text.edit else canonical(whole)

    def put(self, text: Text) -> Update:
        """Bring a text to the server; returns how a push would name it."""
        content = self.content(text)
        oid = self.git.run("hash-object", "-w", "--no-filters", "--stdin", stdin=content).decode().strip()
        statement = json.loads(content)["statement"].encode()
        name, older = references(json.loads(statement), statement)
        ref = text.ref.format(name=name, older=older)
        return Update(self.tip(ref) if text.over else "", oid, ref)

    def tip(self, ref: str) -> str:
        return self.git.run("for-each-ref", "--format=%(objectname)", ref).decode().strip()

    def play(self, push: Push) -> list[Decision]:
        earlier = [self.put(text) for text in push.earlier]
        lines = "".join(f"update {u.ref} {u.new}\n" for u in earlier)
        self.git.run("update-ref", "--stdin", stdin=lines.encode())
        updates = [self.put(text) for text in push.texts]
        updates += [u._replace(old=u.new, new="") for u in earlier if push.deleted]
        updates += [Update("", self.tip("refs/heads/main"), ref) for ref in push.commits]
        if push.branch:
            main, topic = self.tip("refs/heads/main"), self.tip("refs/heads/topic")
            updates.append(Update(main, topic, "refs/heads/main"))
        return pre_receive(updates, {"GIT_DIR": str(self.bare)}, check=False)


@pytest.fixture(scope="session")
def hosting(tmp_path_factory: pytest.TempPathFactory) -> Hosting:
    return Hosting.make(tmp_path_factory.mktemp("hosting"))


@pytest.mark.parametrize("push", PUSHES, ids=lambda p: p.name.replace(" ", "-"))
def test_push(push: Push, hosting: Hosting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", "2026-11-22T12:00:00Z")
    decisions = hosting.copy(tmp_path / "bare").play(push)
    refused = [d for d in decisions if not d.allowed]
    assert push.taken is (not refused), decisions
    told = [d.reason for d in (refused or decisions[-1:])]
    told += [line for d in refused if d.assessment for line in explained(d.assessment)]
    assert any(push.says in line for line in told), told


def test_the_table_is_long_enough() -> None:
    names = [p.name for p in PUSHES]
    assert len(names) == len(set(names)) >= 40
    assert len(HONEST) >= 6


def test_texts_that_nobody_signed_start_no_process(
    hosting: Hosting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither at the door nor where such texts are kept already; one that was signed is checked once."""
    monkeypatch.setenv("ITSM_NOW", "2026-11-22T12:00:00Z")
    row = next(p for p in HONEST if "fifty texts" in p.name)
    for text in (*row.earlier, *row.texts):  # signed beforehand, whatever ran before this test
        hosting.content(text)
    server = hosting.copy(tmp_path / "bare")
    started: list[Any] = []
    real = subprocess.run

    def counting(words: Any, *args: Any, **rest: Any) -> Any:
        started.extend(w for w in words[:1] if "ssh-keygen" in str(w))
        return real(words, *args, **rest)

    sshsig._results.clear()
    monkeypatch.setattr(sshsig.subprocess, "run", counting)
    assert all(d.allowed for d in server.play(row))
    assert len(started) == 1
