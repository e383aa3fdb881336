"""Measures `itsm audit verify` over many merges, against the time that its inputs alone take.

    python benchmarks/audit.py 750 1500 3000

For each number of merges a repository is made: a branch for each, an item edited in it, the owner's signed approval, a merge,
and the evidence of all of them. The floor is measured in the same run: reading every blob of the ledger, and of rule book,
people and items of the base and the head of each merge, from one `git cat-file --batch`, and one `ssh-keygen` for each signature.
``once`` is the same where each blob is read a single time, however many merges rest on it. Figures are seconds of wall
time (`cpu`: of processor time) and megabytes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.commands.init import init
from itsm_gitops.evidence.ledger import read_ledger
from itsm_gitops.evidence.sources import ledger_tip
from itsm_gitops.gate import signed
from itsm_gitops.gate.digest import changeset_digest
from itsm_gitops.git import Git, mainline, sshsig
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots.identity import pinned
from itsm_gitops.snapshots.recall import RecallingGit
from itsm_gitops.snapshots.trees import CommitTree

NOW = "2026-11-28T12:00:00Z"
ITEM = "cmdb/databases/mailbox-db.yaml"
OWNER = "operations-lead"
_BATCH = 250


def main() -> None:
    """Measure each size and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("merges", type=int, nargs="*", default=[750, 1500, 3000])
    parser.add_argument("--keep", type=Path, help="where the repositories are kept, to be used again")
    options = parser.parse_args()
    os.environ["ITSM_NOW"] = NOW
    print(" merges  reading   once  signed   verify  ratio   once      cpu     MB  clean")
    for merges in options.merges:
        with tempfile.TemporaryDirectory() as scratch:
            place = (options.keep or Path(scratch)) / f"audit-{merges}"
            if not place.exists():
                build(place, merges)
            floor = measure_floor(place)
            verify = measure(place)
            whole, least = floor.reading + floor.signatures, floor.once + floor.signatures
            wall = verify["wall"]
            line = (
                f"{merges:>7} {floor.reading:>8.1f} {floor.once:>6.1f} {floor.signatures:>6.1f} {wall:>8.1f}"
            )
            line += f" {wall / whole:>6.2f} {wall / least:>6.2f} {verify['cpu']:>8.1f}"
            print(f"{line} {verify['mb']:>6.0f}  {verify['clean']}", flush=True)


def git(place: Path, *words: str, stdin: bytes = b"") -> str:
    """Run git as the people of the repository do."""
    env = {**os.environ, "GIT_AUTHOR_DATE": NOW, "GIT_COMMITTER_DATE": NOW, "GIT_CONFIG_GLOBAL": "/dev/null"}
    done = subprocess.run(
        ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.org", *words],
        cwd=place, env=env, input=stdin, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout.decode().strip()


def build(place: Path, merges: int) -> None:
    """Make a repository with that many approved merges and the evidence of each."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(place)], check=True)
    init(place, forge="plain", organisation="Example")
    key = place / ".git" / "owner"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    for who, more in (("ada", ""), (OWNER, f"signing_keys:\n- {{type: ssh, public_key: {public}}}\n")):
        _enrol(place, who, more)
    git(place, "add", "-A")
    git(place, "commit", "-q", "--amend", "-m", "The organisation")
    git(place, "fast-import", "--quiet", "--force", stdin=b"".join(_commits(place, merges)))
    git(place, "reset", "-q", "--hard", "main")
    _approve(place, key)
    git(place, "pack-refs", "--all")
    _record(place)
    git(place, "repack", "-q", "-a", "-d")


def _enrol(place: Path, who: str, more: str) -> None:
    file = place / "cmdb" / "people" / f"{who}.yaml"
    text = (
        file.read_text()
        if file.exists()
        else f"id: {who}\nclass: person\nname: {who}\nlifecycle: production\nteams: [service-desk]\n"
    )
    file.write_text(f"{text}commit_addresses: [{who}@example.org]\n{more}")


def _commits(place: Path, merges: int) -> Iterator[bytes]:
    """Yield what makes the branches and merges, for git fast-import."""
    text = (place / ITEM).read_text()
    stamp = b"ada <ada@example.org> %d +0000" % datetime.fromisoformat(NOW).timestamp()
    tip = git(place, "rev-parse", "main").encode()
    for number in range(merges):
        content = f"{text}labels: {{state: '{number}'}}\n".encode()
        topic, merge = 2 * number + 1, 2 * number + 2
        yield b"commit refs/itsm-bench/topic\nmark :%d\nauthor %s\ncommitter %s\ndata 6\nEdit.\n" % (
            topic,
            stamp,
            stamp,
        )
        yield b"from %s\nM 100644 inline %s\ndata %d\n%s\n" % (tip, ITEM.encode(), len(content), content)
        yield b"commit refs/heads/main\nmark :%d\nauthor %s\ncommitter %s\ndata 7\nMerge.\n" % (
            merge,
            stamp,
            stamp,
        )
        yield b"from %s\nmerge :%d\nM 100644 inline %s\ndata %d\n%s\n" % (
            tip,
            topic,
            ITEM.encode(),
            len(content),
            content,
        )
        tip = b":%d" % merge


def _approve(place: Path, key: Path) -> None:
    """Sign an approval of each branch, as `itsm approve --sign` does, and keep it."""
    repo = Repository(place)
    tip = repo.history.resolve("main")
    identity = pinned(repo.history, tip)
    references = []
    for landed in mainline.landed(repo.history, tip):
        if len(landed.parents) != 2:
            continue
        base, head = landed.parents
        digest = changeset_digest(repo.history, base, head)
        about = {
            "at": NOW, "base": base, "changes": [], "commit": head, "digest": digest, "note": "", "person": OWNER,
            "repository": identity, "state": "approved", "target": "main", "version": 1,
        }  # fmt: skip
        text = signed.canonical(about)
        kept = signed.canonical(
            {"statement": text.decode(), "signature": sshsig.sign(text, key, signed.NAMESPACE)}
        )
        blob = git(place, "hash-object", "-w", "--stdin", stdin=kept)
        references.append(f"create {signed.references(about, text)[0]} {blob}\n")
    git(place, "update-ref", "--stdin", stdin="".join(references).encode())


def _record(place: Path) -> None:
    from itsm_gitops.evidence.recording import RecordingOptions, record

    repo = Repository(place)
    with RecallingGit.of(repo.history) as repo.git:
        record(repo, RecordingOptions(target="main"))


class Floor(NamedTuple):
    """Seconds that reading and checking take: the objects of each merge, the same read once each, the signatures."""

    reading: float
    once: float
    signatures: float


def measure_floor(place: Path) -> Floor:
    """Return how long it takes to read the blobs that an audit needs, and to check the signatures."""
    repo = Repository(place)
    git_, ledger = repo.history, read_ledger(repo.history, ledger_tip(repo.history))
    oids = [
        oid
        for s in ledger.statements
        for c in (s.base, s.predicate["assessment"]["head"])
        for oid in _blobs(git_, c)
    ]
    reading = _timed(lambda: (read_ledger(git_, ledger.tip), _read(git_, oids)))
    once = _timed(lambda: (read_ledger(git_, ledger.tip), _read(git_, dict.fromkeys(oids))))
    keys = [" ".join((place / ".git" / "owner.pub").read_text().split()[:2])]
    kept = [json.loads(k.content) for s in ledger.statements for k in s.inputs.statements]
    signatures = _timed(lambda: [
        sshsig.verify(k["statement"].encode(), k["signature"], OWNER, keys, signed.NAMESPACE) for k in kept
    ])  # fmt: skip
    return Floor(reading, once, signatures)


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _read(git_: Git, oids: Iterable[str]) -> None:
    for _ in git_.blobs(oids):
        pass


def _blobs(git_: Git, commit: str) -> list[str]:
    """Return the blobs of rule book, settings, people and items of a commit: what a judgement rests on."""
    return [i.oid for i in CommitTree(git_, commit).files("schemas", "itsm.yaml", "cmdb")]


def measure(place: Path) -> dict[str, Any]:
    """Run `itsm audit verify` in a process of its own; return seconds, megabytes and the answer."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    code = (
        "import sys,resource;from itsm_gitops.cli.app import run;"
        "c=run(['audit','verify','--target','main','--json']);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,file=sys.stderr);sys.exit(c)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=False
    )
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    clean = json.loads(done.stdout)["clean"] if done.stdout else done.stderr[-300:]
    return {"wall": wall, "cpu": cpu, "mb": int(done.stderr.split()[-1]) / 1024, "clean": clean}


if __name__ == "__main__":
    main()
