"""Signed statements: what a signature proves, and everything that it does not."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.evidence.statement import Inputs, judge, outcome, used
from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.signed import NAMESPACE, PREFIX, canonical
from itsm_gitops.gate.types import BYPASSED, ERROR, SATISFIED, UNSATISFIED, Assessment
from itsm_gitops.git import mainline, sshsig
from itsm_gitops.git.refs import StoredText
from tests.gate.world import CHANGE_PATH, NOW, NUMBERS, World, change, person

DAY = "2026-11-22T10:00:00Z"
KEYS = {"bob": "ed25519", "carl": "ecdsa", "ann": "rsa", "mia": "ed25519"}
ENTRY = "\n  - type: ssh\n    fingerprint: {0}\n    public_key: {1}\n{2}"

Edit = Callable[[dict[str, Any]], object]


class Scene:
    """The organisation, whose bob, carl and ann have keys, and the request of the table."""

    def __init__(self, world: World, keys: Path) -> None:
        self.world = world
        self.keys = keys
        self.about: dict[str, Any] = {}

    @classmethod
    def make(cls, folder: Path) -> Scene:
        scene = cls(World.make(folder / "repo"), folder / "keys")
        scene.keys.mkdir()
        for name, kind in KEYS.items():
            words = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", str(scene.keys / name)]
            subprocess.run(words, check=True)
        for name in ("bob", "carl", "ann"):
            scene.enrol(name, name)
        scene.world.commit("Keys", by="cab-one")
        return scene

    @classmethod
    def copy(cls, template: Scene, folder: Path) -> Scene:
        return cls(World.copy(template.world, folder / "repo"), template.keys)

    def enrol(self, who: str, key: str, more: str = "", **extra: str) -> None:
        """Write a person's file with one key."""
        public = " ".join((self.keys / f"{key}.pub").read_text().split()[:2])
        said = ENTRY.format(key, public, more)
        self.world.write(
            f"cmdb/people/{who}.yaml", person(who, "ops", NUMBERS[who], signing_keys=said, **extra)
        )

    def request(self) -> None:
        self.world.git("checkout", "-q", "-b", "topic")
        self.world.write(CHANGE_PATH, change())
        self.world.commit()
        self.renew()

    def renew(self) -> None:
        """Let what is signed from now on be about the request as it is."""
        now = self.assess()
        self.about = {
            "at": DAY, "changes": list(now.changes), "commit": now.head, "digest": now.digest, "note": "",
            "person": "bob", "repository": mainline.origin(self.world.repo.history, now.base), "state": "approved",
            "target": "main", "version": 1,
        }  # fmt: skip

    def signed(self, by: str = "bob", *, namespace: str = NAMESPACE, **edits: Any) -> StoredText:
        text = canonical({**self.about, **edits})
        signature = sshsig.sign(text, self.keys / by, namespace)
        content = canonical({"statement": text.decode(), "signature": signature})
        return StoredText(f"{PREFIX}/x/{by}", "1" * 40, content)

    def assess(self, *statements: StoredText) -> Assessment:
        return assess(
            self.world.repo, base="main", head="topic", target="main", now=NOW, statements=statements
        )


@pytest.fixture(scope="session")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    if not shutil.which("ssh-keygen"):  # pragma: no cover - part of every image we test on
        pytest.fail("ssh-keygen is not installed")
    return Scene.make(tmp_path_factory.mktemp("signed"))


@pytest.fixture
def scene(scenery: Scene, tmp_path: Path) -> Scene:
    made = Scene.copy(scenery, tmp_path)
    made.request()
    return made


@dataclass(frozen=True)
class Row:
    """What is signed, and by whom; ``code`` says why it does not count (empty: it does)."""

    name: str
    code: str
    says: str
    edits: dict[str, Any]
    by: str = "bob"
    namespace: str = NAMESPACE


ROWS = (
    Row("his own key", "", "approved by bob", {}),
    Row("a key of another kind", "", "approved by carl", {"person": "carl"}, by="carl"),
    Row("somebody else's key", "BAD_SIGNATURE", "no key that bob has", {}, by="carl"),
    Row("a key of nobody", "BAD_SIGNATURE", "no key that mia has", {"person": "mia"}, by="mia"),
    Row("signed for another purpose", "BAD_SIGNATURE", "no key that bob has", {}, namespace="git"),
    Row("signed as evidence", "BAD_SIGNATURE", "no key that bob has", {}, namespace="itsm-evidence@v1"),
    Row("the author's own", "SEPARATION", "ann wrote commit", {"person": "ann"}, by="ann"),
    Row("for another branch", "OTHER_TARGET", "given for the branch release", {"target": "release"}),
    Row(
        "for another repository",
        "OTHER_REPOSITORY",
        "bob signed it for another repository",
        {"repository": "f" * 40},
    ),
    Row("for no repository", "OTHER_REPOSITORY", "bob signed it for another repository", {"repository": ""}),
    Row(
        "by somebody else for another repository",
        "BAD_SIGNATURE",
        "no key that bob has",
        {"repository": "f" * 40},
        by="carl",
    ),
    Row("for another content", "STALE", "bob saw", {"digest": "sha256:" + "0" * 64}),
    Row("for the right commit and another content", "STALE", "bob saw", {"digest": ""}),
    Row("for no branch", "OTHER_TARGET", "given for some other branch, not for main", {"target": ""}),
    Row("from the future", "FROM_THE_FUTURE", "is yet to come", {"at": "2026-11-22T12:06:00Z"}),
    Row("within the error of a clock", "", "approved by bob", {"at": "2026-11-22T12:04:00Z"}),
    Row("from long ago", "EXPIRED", "approvals count for 14 d", {"at": "2026-11-01T10:00:00Z"}),
    Row("from the beginning of time", "EXPIRED", "approvals count for 14 d", {"at": "0001-01-01T00:00:00Z"}),
    Row("with a long note", "", "approved by bob", {"note": "x" * 100_000}),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name.replace(" ", "-"))
def test_a_statement(row: Row, scene: Scene) -> None:
    found = scene.assess(scene.signed(row.by, namespace=row.namespace, **row.edits))
    assert found.result == (UNSATISFIED if row.code else SATISFIED)
    assert {r.code for r in found.rejected} == ({row.code} if row.code else set())
    said = [*(v.reason for v in found.verdicts), *(r.reason for r in found.rejected)]
    assert any(row.says in text for text in said), said


@pytest.mark.parametrize(
    "edits",
    [
        {"state": "SATISFIED"},
        {"state": "dismissed"},
        {"person": "bob x"},
        {"person": "b" * 1000},
        {"person": None},
        {"commit": "HEAD"},
        {"commit": "--output=x"},
        {"at": "yesterday"},
        {"at": "2026-11-22T10:00:00"},
        {"digest": None},
        {"note": 7},
        {"repository": None},
    ],
    ids=str,
)
def test_what_is_no_statement_is_not_heard_of(edits: dict[str, Any], scene: Scene) -> None:
    found = scene.assess(scene.signed(**edits))
    assert found.result == UNSATISFIED
    assert not found.rejected


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        ({"version": 999}, "its version is 999; install a newer itsm-gitops"),
        ({"version": "1"}, 'its version is "1"'),
        ({"version": True}, "its version is true"),
        ({"version": 999, "state": "withdrawn"}, "its version is 999"),
        ({"only_if": "the window holds"}, "version 1 has no field 'only_if'"),
    ],
)
def test_what_somebody_signed_in_an_unknown_form_stops_the_request(
    edits: dict[str, Any], says: str, scene: Scene
) -> None:
    """It may be a no, or a yes with a condition that this version cannot see."""
    found = scene.assess(scene.signed(), scene.signed("carl", person="carl", **edits))
    assert found.result == ERROR
    assert [r.code for r in found.rejected] == ["UNKNOWN_FORM"]
    assert any(says in v.reason for v in found.verdicts)
    assert scene.assess(scene.signed(), scene.signed("mia", person="carl", **edits)).result == SATISFIED


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b"{}", b'{"statement": 1, "signature": ""}', b'{"statement":' + b"[" * 100_000,
     rb'{"statement": "\ud800", "signature": ""}', b'{"statement": "{\\"a\\": 1, \\"a\\": 2}", "signature": ""}'],
    ids=lambda c: c[:20].decode("latin-1"),
)  # fmt: skip
def test_whatever_is_kept_there_stops_no_request(content: bytes, scene: Scene) -> None:
    found = scene.assess(StoredText(f"{PREFIX}/x/y", "2" * 40, content), scene.signed())
    assert found.result == SATISFIED
    assert not found.rejected


@pytest.mark.parametrize(
    "edit",
    [
        lambda o: o.update(statement=o["statement"].replace('"target":"main"', '"target":"main" ')),
        lambda o: o.update(statement=o["statement"].replace("bob", "carl")),
        lambda o: o.update(signature=""),
        lambda o: o.update(signature=o["signature"].replace("A", "B")),
    ],
)
def test_what_was_edited_after_it_was_signed(edit: Edit, scene: Scene) -> None:
    kept = scene.signed()
    outer = json.loads(kept.content)
    edit(outer)
    found = scene.assess(kept._replace(content=canonical(outer)))
    assert found.result == UNSATISFIED
    assert [r.code for r in found.rejected] == ["BAD_SIGNATURE"]


@pytest.mark.parametrize(
    ("more", "result"),
    [
        ("    valid_until: 2026-11-21\n", UNSATISFIED),
        ("    valid_until: 2026-11-22\n", SATISFIED),
        ("    valid_from: 2026-11-23\n", UNSATISFIED),
        ("    valid_from: 2026-11-22\n", SATISFIED),
    ],
)
def test_a_key_counts_on_its_days_whatever_a_statement_claims(more: str, result: str, scene: Scene) -> None:
    scene.world.on_main()
    scene.enrol("bob", "bob", more)
    scene.world.commit("Other days", by="cab-one")
    assert scene.assess(scene.signed(at="2026-11-21T10:00:00Z")).result == result


def test_a_key_that_was_taken_away(scene: Scene) -> None:
    kept = scene.signed()
    assert scene.assess(kept).result == SATISFIED
    scene.world.on_main()
    scene.enrol("bob", "mia")
    scene.world.commit("A new key", by="cab-one")
    assert scene.assess(kept).rejected[0].code == "BAD_SIGNATURE"


def test_a_person_who_has_left(scene: Scene) -> None:
    scene.world.on_main()
    scene.enrol("bob", "bob", lifecycle="retired")
    scene.world.commit("Bob leaves", by="cab-one")
    assert [r.code for r in scene.assess(scene.signed()).rejected] == ["INACTIVE"]


def test_a_key_that_only_the_request_brings(scene: Scene) -> None:
    """Whoever writes the request gives an owner a key of their own."""
    scene.enrol("carl", "mia")
    scene.world.commit("A key")
    scene.renew()
    found = scene.assess(scene.signed("mia", person="carl"))
    assert found.result == UNSATISFIED
    assert [r.code for r in found.rejected] == ["BAD_SIGNATURE"]


@pytest.fixture
def elsewhere(scenery: Scene, tmp_path: Path) -> Scene:
    """Another repository with the same files, people and keys, and the same request."""
    made = Scene.copy(scenery, tmp_path / "elsewhere")
    made.world.git("checkout", "-q", "--orphan", "begun-anew")
    made.world.commit("Begun from a copy", by="cab-one")
    made.world.git("branch", "-q", "-M", "main")
    made.request()
    return made


def test_the_same_content_in_another_repository(scene: Scene, elsewhere: Scene) -> None:
    """What was signed for a test environment must not open the real one."""
    assert scene.about["digest"] == elsewhere.about["digest"]
    kept = scene.signed()
    assert scene.assess(kept).result == SATISFIED
    found = elsewhere.assess(kept)
    assert found.result == UNSATISFIED
    assert [(r.code, r.review.person) for r in found.rejected] == [("OTHER_REPOSITORY", "bob")]
    assert elsewhere.assess(kept, elsewhere.signed()).result == SATISFIED


def test_a_no_from_another_repository_blocks_nobody(scene: Scene, elsewhere: Scene) -> None:
    later = scene.signed(state="changes_requested", at="2026-11-22T11:00:00Z")
    assert elsewhere.assess(elsewhere.signed(), later).result == SATISFIED


def test_evidence_of_a_merge_with_an_approval_for_another_repository(scene: Scene, elsewhere: Scene) -> None:
    """It is kept as refused, so that whoever computes it again finds the same."""
    elsewhere.world.on_main()
    elsewhere.world.git("merge", "-q", "--no-ff", "-m", "Merged", "topic")
    git = elsewhere.world.repo.history
    landed = mainline.one(git, "main")
    inputs = Inputs(statements=(scene.signed(),))
    found = judge(elsewhere.world.repo, landed.parents[0], landed, target="main", inputs=inputs, at=NOW)
    assert outcome(found) == BYPASSED
    assert [r.code for r in found.rejected] == ["OTHER_REPOSITORY"]
    assert used(inputs, found) == inputs


def test_a_repository_is_known_by_the_first_commit_of_its_main_line(scene: Scene) -> None:
    """What is merged from another history does not make it another repository."""
    world = scene.world
    begun = mainline.origin(world.repo.history, world.head)
    assert begun == world.git("rev-list", "--max-parents=0", "HEAD")
    world.git("checkout", "-q", "--orphan", "other")
    other = world.commit("Other", by="dora")
    world.on_main()
    world.git("merge", "-q", "--allow-unrelated-histories", "-s", "ours", "-m", "Both", "other")
    assert mainline.origin(world.repo.history, world.head) == begun
    assert mainline.origin(world.repo.history, other) == other


def test_an_older_yes_under_another_name_does_not_undo_a_no(scene: Scene) -> None:
    yes, refusal = scene.signed(), scene.signed(state="changes_requested", at="2026-11-22T11:00:00Z")
    for order in ((yes, refusal), (refusal, yes)):
        found = scene.assess(*order)
        assert found.result == UNSATISFIED
        assert "bob asks for changes" in found.messages


def test_a_forged_no_blocks_nobody(scene: Scene) -> None:
    found = scene.assess(scene.signed(), scene.signed("mia", person="carl", state="changes_requested"))
    assert found.result == SATISFIED


def test_only_statements_about_the_request_are_checked(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository keeps every statement that was ever given."""
    other = scene.signed(digest="sha256:" + "0" * 64, commit="0" * 40, changes=["CHG-250101-CCCCC"])
    checked: list[bytes] = []
    real = sshsig.verify

    def counting(content: bytes, *rest: Any) -> str:
        checked.append(content)
        return real(content, *rest)

    monkeypatch.setattr(sshsig, "verify", counting)
    assert scene.assess(*[other] * 50, scene.signed()).result == SATISFIED
    assert len(checked) == 1
