"""The audit, through the command line, on a repository with every kind of merge."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from itsm_gitops.git.ledger import EVIDENCE, REFERENCE
from tests.gate.world import (
    CHANGE_PATH,
    CHG,
    INC,
    INCIDENT_PATH,
    NUMBERS,
    PEOPLE,
    POLICY_PATH,
    SERVER,
    World,
    change,
    person,
    server,
)
from tests.support import run_apart, run_here

NOW = "2026-11-22T12:00:00Z"
LATER = "2026-11-26T12:00:00Z"
SIGNERS = ("bob", "carl", "oscar", "cab-one", "cab-two")
INCIDENT = (
    f"id: {INC}\nkind: incident\ntitle: s1 is down\nimpact: high\nurgency: high\ncis: [s1]\nstate: new\n"
    "timeline:\n  - {at: 2026-11-20T09:00:00Z, by: ann, state: new}\n"
)


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Place:
    """A world in which some people have keys; merges are made as nobody checks them, to be audited."""

    run = staticmethod(run_here)

    def __init__(self, folder: Path, world: World) -> None:
        self.folder = folder
        self.world = world
        self.git = world.git

    @classmethod
    def make(cls, folder: Path) -> Place:
        folder.mkdir(parents=True)
        place = cls(folder, World.make(folder / "work"))
        for name in SIGNERS:
            place.key(name)
            place.world.write(f"cmdb/people/{name}.yaml", place.person(name, name))
        place.world.write(INCIDENT_PATH, INCIDENT)
        place.git("add", "-A")  # into the commit that brings the rules: evidence begins with it
        place.git("commit", "-q", "--amend", "--no-edit", env={"GIT_COMMITTER_DATE": "2026-11-21T10:00:00Z"})
        return place

    def apart(self) -> Place:
        """Return the same place for commands that run at the same time."""
        return Apart(self.folder, self.world)

    def key(self, name: str) -> Path:
        file = self.folder / name
        if not file.exists():
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(file)]
            subprocess.run(words, check=True)
        return file

    def person(self, name: str, *keys: str) -> str:
        said = "".join(
            f"\n  - type: ssh\n    fingerprint: {key}\n    public_key: "
            f"{' '.join(self.key(key).with_suffix('.pub').read_text().split()[:2])}"
            for key in keys
        )
        return person(name, PEOPLE[name][1], NUMBERS[name], signing_keys=said)

    def itsm(self, *words: str, now: str = NOW, code: int | None = 0, cwd: Path | None = None) -> Ran:
        done = self.run(words, cwd or self.world.root, env={"ITSM_NOW": now})
        assert code is None or done.returncode == code, (
            f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def propose(self, branch: str, path: str, text: str, *, by: str = "ann") -> str:
        self.git("checkout", "-q", "-B", branch, "main")
        self.world.write(path, text)
        return self.world.commit(branch, by=by)

    def approve(self, branch: str, *people: str, now: str = NOW, base: str = "main", key: str = "") -> None:
        for who in people:
            by = ("--by", who, "--key", str(self.key(key or who)))
            about = ("--base", base, "--head", branch, "--target", "main")
            self.itsm("approve", "--sign", *by, *about, now=now)

    def merge(self, branch: str, *, at: str = "2026-11-22T11:00:00Z", squash: bool = False) -> str:
        self.git("checkout", "-q", "main")
        day = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
        if squash:
            self.git("merge", "-q", "--squash", branch)
            self.git("commit", "-q", "-m", f"Squash {branch}", env=day)
        else:
            self.git("merge", "-q", "--no-ff", "-m", f"Merge {branch}", branch, env=day)
        return self.world.head

    def approved(self, branch: str, text: str, *, squash: bool = False) -> str:
        self.propose(branch, SERVER, server("s1", extra=f"description: {text}\n"))
        self.approve(branch, "bob")
        return self.merge(branch, squash=squash)

    def bypassed(self, branch: str, text: str) -> str:
        self.propose(branch, SERVER, server("s1", extra=f"description: {text}\n"))
        return self.merge(branch)

    def overridden(self) -> str:
        urgent = change(
            type="emergency", risk="{level: high, reason: It is down.}", links=f"[{{type: resolves, target: {INC}}}]",
            planned_start="2026-11-22T12:00:00Z", planned_end="2026-11-22T14:00:00Z"
        )  # fmt: skip
        self.propose("urgent", CHANGE_PATH, urgent)
        self.approve("urgent", "oscar")
        return self.merge("urgent")

    def record(self, *words: str, now: str = NOW) -> Any:
        return self.itsm("audit", "record", "--json", *words, now=now).json

    def verify(self, *words: str, now: str = NOW) -> Any:
        ran = self.itsm("audit", "verify", "--json", *words, now=now, code=None)
        assert ran.code in (0, 1), ran.err
        assert ran.code == (0 if ran.json["clean"] else 1)
        return ran.json

    def found(self, *words: str, now: str = NOW) -> list[tuple[str, str]]:
        return [(f["code"], f["commit"]) for f in self.verify(*words, now=now)["findings"]]

    def ledger(self, edit: Callable[[Path], None], message: str = "Tidy up") -> str:
        """Commit whatever ``edit`` does to the files of the evidence branch; returns the commit."""
        tree = self.folder / "ledger"
        self.git("worktree", "add", "-q", "-f", str(tree), EVIDENCE)
        try:
            edit(tree)
            there = World(tree)
            there.git("add", "-A")
            there.git("commit", "-q", "-m", message)
            return there.head
        finally:
            self.git("worktree", "remove", "--force", str(tree))

    def statements(self) -> list[dict[str, Any]]:
        names = self.git("ls-tree", "-r", "--name-only", EVIDENCE).split()
        return [json.loads(self.git("show", f"{EVIDENCE}:{n}")) for n in names if n.endswith(".json")]


class Apart(Place):
    """The same place, where each command is a process of its own."""

    run = staticmethod(run_apart)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Nothing is merged yet."""
    return Place.make(tmp_path_factory.mktemp("audit") / "place")


@pytest.fixture
def place(template: Place, tmp_path: Path) -> Place:
    """A copy with keys; the commit of the rules and keys is where evidence begins."""
    return Place(template.folder, World.copy(template.world, tmp_path / "work"))


@pytest.fixture(scope="module")
def recorded(template: Place, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, dict[str, str]]:
    """Three merges with evidence: approved, squashed after an approval, bypassed."""
    folder = tmp_path_factory.mktemp("recorded")
    made = Apart(template.folder, World.copy(template.world, folder / "work"))
    start = made.world.head
    merges = {
        "start": start,
        "approved": made.approved("a", "One."),
        "squashed": made.approved("b", "Two.", squash=True),
        "bypassed": made.bypassed("c", "Three."),
    }
    made.record("--since", start)
    return made, merges


@pytest.fixture
def three(recorded: tuple[Place, dict[str, str]], tmp_path: Path) -> tuple[Place, dict[str, str]]:
    """A copy of that."""
    made, merges = recorded
    return Place(made.folder, World.copy(made.world, tmp_path / "work")), merges


Three = tuple[Place, dict[str, str]]


def test_every_merge_gets_a_statement_and_comes_out_again(three: Three) -> None:
    place, merges = three
    results = {
        s["subject"][0]["digest"]["gitCommit"]: s["predicate"]["result"] for s in place.statements()
    }  # fmt: skip
    assert results == {
        merges["approved"]: "SATISFIED",
        merges["squashed"]: "SATISFIED",
        merges["bypassed"]: "BYPASSED",
    }
    report = place.verify()
    assert [(f["code"], f["commit"]) for f in report["findings"]] == [("BYPASSED", merges["bypassed"])]
    assert report["branches"][0]["results"] == {"BYPASSED": 1, "SATISFIED": 2}
    assert report["branches"][0]["start"] == merges["start"]
    assert "needs 1 of 1 by owner" in report["findings"][0]["message"]


def test_recording_again_adds_nothing(three: Three) -> None:
    place, _ = three
    before = place.git("rev-parse", EVIDENCE)
    assert place.record() == {
        "commit": None, "target": "main", "pushed": False, "statements": [], "refused": []
    }  # fmt: skip
    assert place.git("rev-parse", EVIDENCE) == before
    assert "nothing new on main" in place.itsm("audit", "record").out


def test_without_evidence_everything_since_the_rules_is_unreviewed(place: Place) -> None:
    """A branch that somebody deleted must not look clean."""
    merged = place.approved("a", "One.")
    codes = place.found()
    assert ("UNREVIEWED", merged) in codes
    assert {c for c, _ in codes} == {"UNREVIEWED"}
    out = place.itsm("audit", "verify", code=1).out
    assert "there is no evidence" in out


def test_a_merge_without_a_statement_is_unreviewed_and_recording_it_says_what_it_was(three: Three) -> None:
    place, merges = three
    sneaky = place.bypassed("d", "Four.")
    after = place.approved("e", "Five.")
    assert sorted(place.found()) == sorted(
        [("UNREVIEWED", sneaky), ("UNREVIEWED", after), ("BYPASSED", merges["bypassed"])]
    )
    done = place.record()
    assert [s["result"] for s in done["statements"]] == ["BYPASSED", "SATISFIED"]
    assert sorted(place.found()) == sorted([("BYPASSED", merges["bypassed"]), ("BYPASSED", sneaky)])


def test_an_empty_commit_is_nothing_to_approve(three: Three) -> None:
    place, merges = three
    place.git("checkout", "-q", "main")
    place.world.commit("Nothing")
    assert place.found() == [("BYPASSED", merges["bypassed"])]
    place.record()
    assert place.found() == [("BYPASSED", merges["bypassed"])]


def test_a_push_of_several_commits_is_one_request(place: Place) -> None:
    """The gate of a plain server judged them together, so the evidence does."""
    start = place.world.head
    place.propose("a", SERVER, server("s1", extra="description: One.\n"))
    place.world.edit(SERVER, "description: One.", "description: Two.")
    place.world.commit("Two")
    place.approve("a", "bob")
    place.git("checkout", "-q", "main")
    place.git("merge", "-q", "--ff-only", "a")
    last = place.approved("b", "Three.")
    done = place.record("--since", start)
    assert [(s["result"], s["base"]) for s in done["statements"]] == [
        ("SATISFIED", start),
        ("SATISFIED", place.git("rev-parse", "a")),
    ]
    assert done["statements"][-1]["merge"] == last
    assert place.verify()["clean"]


# -- emergencies ---------------------------------------------------------------------------------


def test_an_override_owes_a_review_and_is_overdue_without(place: Place) -> None:
    start = place.world.head
    merged = place.overridden()
    done = place.record("--since", start)
    assert [s["result"] for s in done["statements"]] == ["OVERRIDDEN"]
    report = place.verify()
    assert report["clean"]
    assert [(f["code"], f["severity"]) for f in report["findings"]] == [("OVERRIDDEN", "info")]
    assert "review due 2026-11-24T12:00:00Z" in report["findings"][0]["message"]
    assert place.found(now=LATER) == [("OVERDUE", merged)]
    assert "overridden by oscar" in place.verify(now=LATER)["findings"][0]["message"]


def test_a_retrospective_review_is_a_second_statement(place: Place) -> None:
    start = place.world.head
    merged = place.overridden()
    place.record("--since", start)
    first = place.git("show", f"{EVIDENCE}:{_pages(place)[0]}")
    early = place.itsm("audit", "retro", CHG, code=1)
    assert "needs 1 of 1 by owner" in early.out
    assert "itsm approve --sign --base" in early.out

    place.approve("urgent", "bob", "cab-one", "cab-two", now="2026-11-23T09:00:00Z", base=start)
    done = place.itsm("audit", "retro", "aaaaa", "--json", now="2026-11-23T10:00:00Z").json
    assert [s["kind"] for s in done["statements"]] == ["retroactive"]
    assert place.git("show", f"{EVIDENCE}:{_pages(place)[0]}") == first
    report = place.verify(now=LATER)
    assert report["clean"]
    assert [(f["code"], f["commit"]) for f in report["findings"]] == [("OVERRIDDEN", merged)]
    assert (
        "reviewed afterwards, 2026-11-23T10:00:00Z, by bob, cab-one, cab-two"
        in report["findings"][0]["message"]
    )

    again = place.itsm("audit", "retro", CHG, code=1)
    assert "reviewed afterwards already" in again.err
    shown = place.itsm("audit", "show", CHG, now=LATER).out
    assert "overridden" in shown
    assert "satisfied, reviewed afterwards" in shown


def test_what_was_approved_before_does_not_review_afterwards(place: Place) -> None:
    """The override itself, and whoever approved before the merge, has to look again."""
    start = place.world.head
    urgent = change(
        type="emergency", risk="{level: high, reason: It is down.}", links=f"[{{type: resolves, target: {INC}}}]",
            planned_start="2026-11-22T12:00:00Z", planned_end="2026-11-22T14:00:00Z"
    )  # fmt: skip
    place.propose("urgent", CHANGE_PATH, urgent)
    place.approve("urgent", "oscar", "bob", now="2026-11-22T10:00:00Z")
    place.merge("urgent")
    place.record("--since", start)
    place.approve("urgent", "cab-one", "cab-two", now="2026-11-23T09:00:00Z", base=start)
    assert (
        "needs 1 of 1 by owner" in place.itsm("audit", "retro", CHG, code=1, now="2026-11-23T10:00:00Z").out
    )


def test_who_has_left_since_does_not_review_afterwards(place: Place) -> None:
    start = place.world.head
    place.overridden()
    place.record("--since", start)
    place.approve("urgent", "bob", "cab-one", "cab-two", now="2026-11-23T09:00:00Z", base=start)
    place.git("checkout", "-q", "main")
    place.world.edit("cmdb/people/bob.yaml", "lifecycle: production", "lifecycle: retired")
    place.world.commit("Bob has left", by="cab-one")
    ran = place.itsm("audit", "retro", CHG, code=1, now="2026-11-23T10:00:00Z")
    assert "needs 1 of 1 by owner" in ran.out


def test_a_bypass_that_was_reviewed_afterwards_is_for_information(three: Three) -> None:
    place, merges = three
    place.approve("c", "carl", now="2026-11-22T13:00:00Z", base=merges["squashed"])
    place.itsm("audit", "retro", merges["bypassed"][:10], now="2026-11-22T14:00:00Z")
    report = place.verify(now="2026-11-22T15:00:00Z")
    assert report["clean"]
    assert [f["severity"] for f in report["findings"]] == ["info"]
    assert place.itsm("audit", "retro", merges["approved"][:10], code=1).err.count("it was approved") == 1


# -- what somebody may have done to the evidence ---------------------------------------------------


def _pages(place: Place) -> list[str]:
    return place.git("ls-tree", "-r", "--name-only", EVIDENCE).split()


def test_an_edited_statement_is_found_by_the_branch_and_by_its_content(three: Three) -> None:
    place, _ = three

    def edit(tree: Path) -> None:
        file = min(tree.rglob("*.json"))
        file.write_text(file.read_text().replace("SATISFIED", "OVERRIDDEN"))

    tidied = place.ledger(edit)
    assert ("TAMPERED", tidied) in place.found()


def _rewrite(place: Place, edit: Callable[[Path], None]) -> None:
    """Write the evidence anew, as if it had always been so."""
    place.ledger(edit)
    tree = place.git("rev-parse", f"{EVIDENCE}^{{tree}}")
    root = place.git("rev-list", "--max-parents=0", EVIDENCE).split()[0]
    new = place.git("commit-tree", "-p", root, "-m", "Evidence", tree)
    place.git("update-ref", REFERENCE, new)


def test_a_rewritten_ledger_breaks_the_chain(three: Three) -> None:
    place, merges = three

    def edit(tree: Path) -> None:
        file = min(tree.rglob("*.json"))
        data = json.loads(file.read_text())
        data["predicate"]["tool"]["version"] = "0.0.0"
        file.write_text(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")

    _rewrite(place, edit)
    assert ("TAMPERED", merges["squashed"]) in place.found()


def test_a_laundered_result_does_not_come_out_again(three: Three) -> None:
    """The last statement is edited, and nothing follows that would name the old one."""
    place, merges = three

    def edit(tree: Path) -> None:
        file = max(tree.rglob("*.json"))
        file.write_text(file.read_text().replace("BYPASSED", "SATISFIED"))

    _rewrite(place, edit)
    assert place.found() == [("MISMATCH", merges["bypassed"])]
    assert "it says SATISFIED, computed again it is BYPASSED" in place.verify()["findings"][0]["message"]


def test_removed_statements(three: Three) -> None:
    place, merges = three
    removed = place.ledger(lambda tree: sorted(tree.rglob("*.json"))[1].unlink())
    # The log of an append-only branch still tells what the file said.
    assert ("TAMPERED", removed) in place.found()
    _rewrite(place, lambda tree: min(tree.rglob("*.json")).with_name("x.json").write_text("{}\n"))
    found = place.found()
    assert ("UNREVIEWED", merges["squashed"]) in found
    assert ("TAMPERED", merges["bypassed"]) in found


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty", marks=pytest.mark.slow),
        pytest.param(b"{", id="cut"),
        pytest.param(b"\xff\xfe", id="bytes", marks=pytest.mark.slow),
        pytest.param(b"[" * 50000, id="deep"),
        pytest.param(b'{"a": ' * 3000, id="deeper", marks=pytest.mark.slow),
        pytest.param(b"null\n", id="null", marks=pytest.mark.slow),
        pytest.param(b'{"_type": "https://in-toto.io/Statement/v1"}\n', id="other"),
        pytest.param(b"9" * 20000, id="number", marks=pytest.mark.slow),
        pytest.param(b'{"a":1}\n' + b" " * (17 << 20), id="huge", marks=pytest.mark.slow),
    ],
)
def test_garbage_on_the_ledger_is_a_finding_and_nothing_worse(three: Three, content: bytes) -> None:
    place, _ = three
    put = place.ledger(lambda tree: (tree / "00000" / "garbage.json").write_bytes(content) and None)
    found = place.found()
    assert ("TAMPERED", put) in found
    sneaky = place.approved("d", "Four.")
    assert [s["merge"] for s in place.record()["statements"]] == [sneaky]
    assert place.found() == found
    assert place.itsm("audit", "show", sneaky[:12]).code == 0


def test_links_and_odd_names_on_the_ledger(three: Three) -> None:
    place, _ = three

    def edit(tree: Path) -> None:
        (tree / "link.json").symlink_to("/etc/passwd")
        (tree / "a\nb\x1b[31m.json").write_text("x")
        (tree / "sig.json.sig").write_text("no signature")
        (tree / os.fsdecode(b"\xff.json")).write_text("x")

    place.ledger(edit)
    report = place.verify()
    assert sum(f["code"] == "TAMPERED" for f in report["findings"]) == 4
    assert "\x1b" not in place.itsm("audit", "verify", code=1).out


def _forge(place: Place, change_it: Callable[[dict[str, Any]], None]) -> None:
    """Replace the last statement by one that is well-formed and says something else."""

    def edit(tree: Path) -> None:
        file = max(tree.rglob("*.json"))
        data = json.loads(file.read_text())
        change_it(data)
        file.write_text(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")

    _rewrite(place, edit)


WRONG_TYPES = {
    "person": lambda d: d["predicate"]["inputs"].update(reviews=[{"identity": 5}]),
    "changes": lambda d: d["predicate"]["assessment"].update(changes=5),
    "base": lambda d: d["predicate"]["assessment"].update(base="--output=x"),
    "sequence": lambda d: d["predicate"].update(sequence="3"),
    "request": lambda d: d["predicate"].update(request=[]),
    "authors": lambda d: d["predicate"]["assessment"].update(authors=[1]),
    "rejected": lambda d: d["predicate"]["assessment"].update(rejected=[{}]),
    "inputs": lambda d: d["predicate"].update(inputs=None),
    "target": lambda d: d["predicate"]["assessment"].update(target=["main"]),
}


@pytest.mark.parametrize("name", WRONG_TYPES)
def test_a_statement_of_other_types_is_none(three: Three, name: str) -> None:
    place, _ = three
    _forge(place, WRONG_TYPES[name])
    codes = {c for c, _ in place.found()}
    assert codes == {"TAMPERED", "UNREVIEWED"}
    place.itsm("audit", "export")


@pytest.mark.parametrize(
    ("name", "value"),
    [("recorded_at", "2026-11-23T12:00:00Z"), ("recorded_at", "2026-11-22T09:00:00Z"), ("evaluated_at", "2026-11-20T11:00:00Z")],
)  # fmt: skip
def test_a_statement_that_claims_another_time(three: Three, name: str, value: str) -> None:
    place, merges = three
    _forge(place, lambda d: d["predicate"].update({name: value}))
    assert ("BACKDATED", merges["bypassed"]) in place.found()


def test_a_rewritten_branch_is_found(three: Three) -> None:
    place, merges = three
    place.git("checkout", "-q", "main")
    place.git("reset", "-q", "--hard", merges["squashed"])
    assert ("TAMPERED", merges["bypassed"]) in place.found()
    assert "no longer holds" in place.verify()["findings"][0]["message"]


def test_the_anchor_of_an_earlier_audit(three: Three) -> None:
    place, merges = three
    anchor = place.verify()["ledger"]
    place.record()
    assert place.found("--anchor", anchor) == [("BYPASSED", merges["bypassed"])]
    place.git("update-ref", "-d", REFERENCE)
    place.record("--since", merges["squashed"])
    assert place.found("--anchor", anchor)[0][0] == "TAMPERED"


def test_evidence_about_a_branch_that_is_not_here(three: Three) -> None:
    place, _ = three
    place.git("branch", "release", "main")
    place.propose("r", SERVER, server("s1", extra="description: Release.\n"))
    place.git("branch", "-f", "release", "r")
    place.record("--target", "release", "--since", "main")
    assert {f["target"] for f in place.verify()["findings"]} == {"main", "release"}
    place.git("branch", "-D", "release")
    assert ("TAMPERED", place.git("rev-parse", "r")) in place.found()
    assert {c for c, _ in place.found("--target", "main")} == {"BYPASSED"}


# -- keys ------------------------------------------------------------------------------------------


def test_a_key_that_came_after_the_approval_it_is_used_for(place: Place) -> None:
    start = place.world.head
    place.git("checkout", "-q", "main")
    place.world.write("cmdb/people/bob.yaml", place.person("bob", "bob", "second"))
    place.world.commit("A second key", by="cab-one")
    place.record("--since", start)
    place.propose("a", SERVER, server("s1", extra="description: One.\n"))
    place.approve("a", "bob", key="second", now="2026-11-22T11:00:00Z")
    merged = place.merge("a")
    place.record()
    assert ("BACKDATED", merged) in place.found()
    place.propose("b", SERVER, server("s1", extra="description: Two.\n"))
    place.approve("b", "bob", key="second", now="2026-11-22T12:01:00Z")
    second = place.merge("b")
    place.record(now="2026-11-22T12:02:00Z")
    assert second not in {c for _, c in place.found(now="2026-11-22T12:03:00Z")}


def test_the_recorders_signature(three: Three) -> None:
    place, merges = three
    merged = place.approved("d", "Four.")
    place.record("--sign", "--by", "cab-one", "--key", str(place.key("cab-one")))
    assert place.found() == [("BYPASSED", merges["bypassed"])]
    assert "signed by cab-one" in place.itsm("audit", "show", merged[:12]).out

    def forge(tree: Path) -> None:
        file = max(tree.rglob("*.json.sig"))
        other = max(p for p in tree.rglob("*.json"))
        other.write_text(other.read_text().replace('"signer":"cab-one"', '"signer":"cab-two"'))
        assert file.name.startswith(other.name)

    _rewrite(place, forge)
    assert ("TAMPERED", merged) in place.found()
    _rewrite(place, lambda tree: max(tree.rglob("*.json.sig")).unlink())
    assert any("signature of cab-two is missing" in f["message"] for f in place.verify()["findings"])


def test_a_signature_that_could_not_be_checked_is_refused(three: Three) -> None:
    place, _ = three
    place.approved("d", "Four.")
    ran = place.itsm(
        "audit", "record", "--sign", "--by", "cab-one", "--key", str(place.key("bob")), code=1
    )  # fmt: skip
    assert "is not among the signing_keys of cab-one" in ran.err
    ran = place.itsm("audit", "record", "--sign", "--by", "nobody", "--key", str(place.key("bob")), code=1)
    assert "no active 'nobody'" in ran.err


# -- where the audit begins ----------------------------------------------------------------------------


def test_since_a_commit_and_since_a_day(three: Three) -> None:
    place, merges = three
    assert place.found("--since", merges["bypassed"]) == []
    assert place.found("--since", merges["squashed"]) == [("BYPASSED", merges["bypassed"])]
    assert place.found("--since", "2026-11-23", now="2026-11-24T00:00:00Z") == []
    assert place.found("--since", "2026-11-22") == [("BYPASSED", merges["bypassed"])]
    ran = place.itsm("audit", "verify", "--since", "yesterday", code=2)
    assert "'yesterday' is neither a revision nor a date" in ran.err


# -- reviews from a file, and what is shown ---------------------------------------------------------------


def test_reviews_from_a_file(place: Place) -> None:
    start = place.world.head
    head = place.propose("a", SERVER, server("s1", extra="description: One.\n"))
    place.merge("a", squash=True)
    file = place.world.root.parent / "reviews.json"
    file.write_text(
        json.dumps(
            {"version": 1, "opened_by": "github:1", "reviews": [
                {"identity": "github:2", "state": "approved", "commit": head, "at": "2026-11-22T10:00:00Z", "login": "bob"},
                {"identity": "github:99", "state": "approved", "commit": head, "at": "2026-11-22T10:00:00Z", "login": "x"},
            ]}
        )
    )  # fmt: skip
    done = place.record("--since", start, "--reviews", str(file))
    assert [s["result"] for s in done["statements"]] == ["SATISFIED"]
    # The branch is gone, and with it, but for the evidence, the commit that bob saw.
    place.git("branch", "-D", "a")
    place.git("reflog", "expire", "--expire=now", "--all")
    place.git("gc", "-q", "--prune=now")
    report = place.verify()  # it comes out again, and still it is the word of whoever wrote the file
    assert [f["code"] for f in report["findings"]] == ["UNVOUCHED"]
    assert "reviews out of a file (not signed)" in report["findings"][0]["message"]
    row = place.itsm("audit", "export", "--json").json[0]
    assert row["approved_by"] == "bob (json)"
    assert row["not_counted"] == "x: UNKNOWN_PERSON"


def test_a_table_for_a_spreadsheet(three: Three) -> None:
    place, merges = three
    rows = list(csv.DictReader(io.StringIO(place.itsm("audit", "export").out)))
    assert [r["merge"] for r in rows] == [merges[n] for n in ("approved", "squashed", "bypassed")]
    assert [r["result"] for r in rows] == ["SATISFIED", "SATISFIED", "BYPASSED"]
    assert [r["approved_by"] for r in rows] == ["bob (signed)", "bob (signed)", ""]
    assert {r["required"] for r in rows} == {"edited-items: s1 (1 owner)"}
    assert place.itsm("audit", "export", "--csv", "--json", code=2).err


def test_show_by_number_commit_and_what_there_is_not(three: Three) -> None:
    place, merges = three
    assert merges["approved"][:12] in place.itsm("audit", "show", "1").out
    whole = place.itsm("audit", "show", merges["squashed"][:7], "--json").json
    assert whole[0]["statement"]["_type"] == "https://in-toto.io/Statement/v1"
    assert whole[0]["findings"] == []
    assert "no evidence about 'CHG-1'" in place.itsm("audit", "show", "CHG-1", code=1).err
    lines = place.itsm("audit", "verify", code=1).out.splitlines()
    assert max(map(len, lines)) <= 80


def test_an_old_policy_judges_old_merges(three: Three) -> None:
    """What the rules say today does not matter for what was merged before."""
    place, merges = three
    place.git("checkout", "-q", "main")
    text = (place.world.root / POLICY_PATH).read_text()
    place.world.write(POLICY_PATH, text.replace("require: {role: owner, each: edited_item, count: 1}",
                                                "require: {role: cab, count: 2}"))  # fmt: skip
    place.world.commit("Stricter", by="cab-one")
    stricter = place.world.head
    assert place.found() == [("UNREVIEWED", stricter), ("BYPASSED", merges["bypassed"])]
