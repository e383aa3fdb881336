"""What lies below refs/itsm/ when merges are recorded, where no server has looked at it, and what is recorded then.

``happens`` makes the merges of one row and puts texts beside them; ``results`` are those of the statements, oldest first;
``says`` is in what `itsm audit show` or `itsm audit verify` tells about them. Whatever it is, computed again the same
comes out: verify finds the bypasses and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from itsm_gitops.gate.signed import NAMESPACE, PREFIX, canonical
from itsm_gitops.git import mainline, sshsig
from itsm_gitops.git.changeset import changeset, digest
from tests.evidence.test_audit import INCIDENT, Place
from tests.gate.world import INC, INCIDENT_PATH, SERVER, server

BYPASSED, SATISFIED, NOBODY = "BYPASSED", "SATISFIED", "NOT_APPLICABLE"
DAY = "2026-11-22T11:00:00Z"
EMPTY = "sha256:" + hashlib.sha256(b"itsm-changeset-v1\n").hexdigest()


@dataclass(frozen=True)
class Recording:
    """One row."""

    name: str
    happens: Callable[[Place], object]
    results: tuple[str, ...]
    says: str
    # Signed statements that the last statement of the evidence holds; None: whatever it needs.
    statements: int | None = None
    # Bytes that all the evidence may have.
    most: int = 40_000


def put(place: Place, texts: Iterable[bytes], folder: str = "spam") -> None:
    """Keep texts below refs/itsm/approvals, as anybody can who may push to a forge."""
    git = place.world.repo.history
    files = []
    for number, content in enumerate(texts):
        files.append(place.folder / f"text-{number}")
        files[-1].write_bytes(content)
    paths = "".join(f"{file}\n" for file in files).encode()
    oids = git.run("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=paths).decode().split()
    lines = [f"update {PREFIX}/{folder}/s{number} {oid}\n" for number, oid in enumerate(oids)]
    git.run("update-ref", "--stdin", stdin="".join(lines).encode())


def about(place: Place, who: str, **more: Any) -> dict[str, Any]:
    origin = mainline.origin(place.world.repo.history, place.world.git("rev-parse", "main"))
    return {
        "at": DAY, "changes": [], "commit": "0" * 40, "digest": EMPTY, "note": "", "person": who,
        "repository": origin, "state": "approved", "target": "main", "version": 1, **more,
    }  # fmt: skip


def text(said: dict[str, Any], signature: str = "none") -> bytes:
    return canonical({"statement": canonical(said).decode(), "signature": signature})


def signed(place: Place, who: str, **more: Any) -> bytes:
    said = about(place, who, **more)
    return text(said, sshsig.sign(canonical(said), place.key(who), NAMESPACE))


def between(place: Place, old: str, new: str) -> str:
    """Return the digest of what lies between two revisions."""
    git = place.world.repo.history
    return digest(changeset(git, git.resolve(old), git.resolve(new)))


def commit(place: Place, path: str, content: str, by: str = "ann") -> str:
    """Commit to main, past everybody."""
    place.git("checkout", "-q", "main")
    place.world.write(path, content)
    return place.world.commit(f"Write {path}", by=by)


def one(name: str) -> str:
    return server("s1", extra=f"description: {name}.\n")


def proposed(place: Place, *commits: str) -> None:
    """A request of some commits on the branch a."""
    place.git("checkout", "-q", "-B", "a", "main")
    for name in commits:
        place.world.write(SERVER, one(name))
        place.world.commit(name)


def pushed(place: Place, branch: str = "a") -> None:
    place.git("checkout", "-q", "main")
    place.git("merge", "-q", "--ff-only", branch)


# -- what joins commits to one request ----------------------------------------------------------------


def several(place: Place) -> None:
    proposed(place, "One", "Two", "Three")
    place.approve("a", "bob")
    pushed(place)


def rebased(place: Place) -> None:
    proposed(place, "One", "Two")
    place.approve("a", "bob")
    place.git("branch", "seen", "a")
    place.propose(
        "b", INCIDENT_PATH.replace(INC, "INC-261120-BBBBB"), INCIDENT.replace(INC, "INC-261120-BBBBB")
    )
    pushed(place, "b")
    place.git("rebase", "-q", "main", "a", env={"GIT_COMMITTER_DATE": DAY})
    pushed(place)


def taken_back(place: Place, put_beside: Callable[[Place], bytes]) -> None:
    """An edit past the gate, by bob, and its revert; something claims that both are one request."""
    before = place.world.git("show", f"main:{SERVER}")
    commit(place, SERVER, one("Open"), by="bob")
    commit(place, SERVER, before + "\n", by="bob")
    put(place, [put_beside(place)])


def with_an_incident(place: Place) -> None:
    """The revert carries a record that nobody need approve, so the whole needs no approval."""
    start, before = place.world.head, place.world.git("show", f"main:{SERVER}") + "\n"
    commit(place, SERVER, one("Open"), by="bob")
    place.world.write(SERVER, before)
    path = INCIDENT_PATH.replace(INC, "INC-261120-BBBBB")
    last = commit(place, path, INCIDENT.replace(INC, "INC-261120-BBBBB"), by="bob")
    put(place, [signed(place, "bob", digest=between(place, start, last), commit=last)])


def approved_as_another(place: Place) -> None:
    """Bob approved one commit; on main an edit that he never saw comes before, and goes with it."""
    proposed(place, "One")
    place.approve("a", "bob")
    commit(place, SERVER, one("Open"))
    commit(place, SERVER, one("One"))


# -- what makes evidence large ------------------------------------------------------------------------


def approved(
    place: Place, *, beside: Callable[[Place, dict[str, Any]], Iterable[bytes]], name: str = "One"
) -> None:
    """An approved push; texts that speak about it are kept beside its approval."""
    proposed(place, name)
    place.approve("a", "bob")
    ref = place.git("for-each-ref", "--format=%(refname)", PREFIX).split()[-1]
    whole = json.loads(place.git("cat-file", "blob", ref))
    put(place, beside(place, {**json.loads(whole["statement"]), "bob": whole["signature"]}))
    pushed(place)


def unsigned(place: Place, said: dict[str, Any]) -> Iterable[bytes]:
    del said["bob"]
    return (text({**said, "note": str(n), "state": "changes_requested"}) for n in range(60))


def under_his_signature(place: Place, said: dict[str, Any]) -> Iterable[bytes]:
    signature = said.pop("bob")
    return (text({**said, "note": str(n), "state": "changes_requested"}, signature) for n in range(20))


def megabytes(place: Place, said: dict[str, Any]) -> Iterable[bytes]:
    del said["bob"]
    return (text({**said, "note": str(n) * 1_000_000}) for n in range(8))


def again_and_again(place: Place, said: dict[str, Any]) -> Iterable[bytes]:
    del said["bob"]
    return (signed(place, said["person"], **{**said, "note": str(n)}) for n in range(12))


def files(place: Place) -> None:
    place.git("checkout", "-q", "-B", "a", "main")
    for number in range(520):
        place.world.write(f"docs/{number}.md", f"{number}\n")
    place.world.commit("Pages")
    place.approve("a", "bob")
    pushed(place)


def items(place: Place) -> None:
    for number in range(205):
        place.world.write(f"cmdb/servers/x{number}.yaml", server(f"x{number}"))
    commit(place, "cmdb/servers/x.yaml", server("x"))


def a_long_name(place: Place) -> None:
    commit(place, SERVER, one("One"), by=f"{'x' * 100_000} <x@example.org>")


# -- what people decided ------------------------------------------------------------------------------


def against_a_no(place: Place) -> None:
    proposed(place, "One")
    place.approve("a", "bob", now="2026-11-22T10:00:00Z")
    said = (
        "--by",
        "bob",
        "--key",
        str(place.key("bob")),
        "--base",
        "main",
        "--head",
        "a",
        "--target",
        "main",
    )
    place.itsm("approve", "--sign", "--reject", *said, now=DAY)
    pushed(place)


def after_a_no(place: Place) -> None:
    against_a_no(place)
    place.approve("a", "bob", now="2026-11-22T11:30:00Z", base="main~1")


def by_an_older_name(place: Place) -> None:
    proposed(place, "One")
    place.approve("a", "bob")
    ref = place.git("for-each-ref", "--format=%(refname)", PREFIX)
    place.git("update-ref", ref.rpartition("-")[0], ref)
    place.git("update-ref", "-d", ref)
    pushed(place)


def approved_with(beside: Callable[[Place, dict[str, Any]], Iterable[bytes]]) -> Callable[[Place], None]:
    return lambda place: approved(place, beside=beside)


def reverted_with(beside: Callable[[Place], bytes]) -> Callable[[Place], None]:
    return lambda place: taken_back(place, beside)


HONEST = (
    Recording("three commits approved as one push", several, (SATISFIED,), "approved by bob", 1),
    Recording("two commits approved and rebased", rebased, (NOBODY, SATISFIED), "approved by bob", 1),
    Recording("an approval by the name of older versions", by_an_older_name, (SATISFIED,), "approved by bob", 1),
    Recording("a yes after a no", after_a_no, (SATISFIED,), "bob approved again later", 3),
    Recording("sixty unsigned refusals beside it", approved_with(unsigned), (SATISFIED,), "approved by bob", 1),
    Recording("refusals under his copied signature", approved_with(under_his_signature), (SATISFIED,), "approved by bob", 1),
    Recording("eight megabytes beside it", approved_with(megabytes), (SATISFIED,), "approved by bob", 1),
    Recording("the same person twelve times", approved_with(again_and_again), (SATISFIED,), "approved by bob", 10),
    Recording("a request of 520 files", files, (SATISFIED,), "paths: 520 in all", 1),
)  # fmt: skip
ATTACKS = (
    Recording("an unsigned text joins an edit and its revert", reverted_with(lambda p: text(about(p, "x"))),
              (BYPASSED, BYPASSED), "needs 1 of 1 by owner", 0),
    Recording("its author's signature joins them", reverted_with(lambda p: signed(p, "bob", commit=p.world.head)),
              (BYPASSED, BYPASSED), "needs 1 of 1 by owner", 1),
    Recording("a colleague's signature joins them", reverted_with(lambda p: signed(p, "carl", commit=p.world.head)),
              (BYPASSED, BYPASSED), "needs 1 of 1 by owner", 1),
    Recording("the revert carries an incident", with_an_incident, (BYPASSED, BYPASSED), "needs 1 of 1 by owner"),
    Recording("an edit that the approver never saw comes before", approved_as_another, (BYPASSED, BYPASSED), "needs 1 of 1 by owner"),
    Recording("merged against a signed no", against_a_no, (BYPASSED,), "bob asked for changes", 2),
    Recording("205 items without approval", items, (BYPASSED,), "requirements: 2", 0, 300_000),
    Recording("an author with a name of 100,000 letters", a_long_name, (BYPASSED,), "characters, sha256:", 0),
)  # fmt: skip
RECORDINGS = (*HONEST, *ATTACKS)
