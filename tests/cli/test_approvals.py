"""`itsm approvals`, `gate` and `approve` as a user meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Cli
from tests.gate.world import CHANGE_PATH, CHG, NUMBERS, SERVER, World, change, person


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.make(tmp_path_factory.mktemp("organisation") / "repo")


@pytest.fixture
def world(organisation: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A change of s1 on the branch topic, which is checked out, with an edit of s2 beside it."""
    made = World.copy(organisation, tmp_path / "repo")
    made.git("checkout", "-q", "-b", "topic")
    made.write(CHANGE_PATH, change())
    made.edit("cmdb/servers/s2.yaml", "name: Server s2", "name: Server two")
    made.commit()
    for name, value in {"ITSM_NOW": NOW, "COLUMNS": "80", "ITSM_USER": "ann"}.items():
        monkeypatch.setenv(name, value)
    for name in ("GITHUB_EVENT_PATH", "CI_MERGE_REQUEST_IID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(made.root)
    return made


def _reviews(world: World, *said: tuple[str, str], **about: object) -> str:
    """A file of reviews, each as ``(who, state)``."""
    entries = [
        {"identity": f"github:{NUMBERS.get(who, 77)}", "login": who, "state": state, "commit": world.head,
         "at": f"2026-11-22T0{number}:00:00Z", **about}
        for number, (who, state) in enumerate(said)
    ]  # fmt: skip
    file = world.root.parent / "reviews.json"
    file.write_text(json.dumps({"version": 1, "opened_by": "github:1", "reviews": entries}))
    return str(file)


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_it_says_what_is_asked_why_and_who_could(world: World, cli: Cli) -> None:
    said = cli("approvals")
    assert said.out.splitlines()[0] == f"{CHG}: not approved yet"
    assert f"{world.head[:12]} into main, content " in said.out
    flat = _flat(said.out)
    assert (
        f"{CHG} asks to authorise a change of type normal, risk low, names s1, also affects s2 (edited here)"
        in flat
    )
    assert (
        "UNSATISFIED owner-of-each-item: s1 needs 1 of 1 by owner: bob, carl could The owner of an item decides"
        in flat
    )
    assert "UNSATISFIED owner-of-each-item: s2 needs 1 of 1 by owner: mia could" in flat
    assert "Not counted" not in said.out
    assert "Not applicable" not in said.out
    assert "Not applicable: rule-book, standard-by-template," in cli("approvals", "--all").out
    assert max(map(len, said.out.splitlines())) <= 80


def test_it_says_of_each_approval_that_does_not_count_why_not(world: World, cli: Cli) -> None:
    reviews = _reviews(
        world, ("ann", "approved"), ("paul", "approved"), ("zoe", "approved"), ("bob", "approved")
    )
    said = _flat(cli("approvals", "--reviews", reviews).out)
    assert "SATISFIED owner-of-each-item: s1 approved by bob" in said
    assert f"ann, approved: ann wrote commit {world.head[:12]}" in said
    assert "paul, approved: paul has none of the roles that are asked for (owner)" in said
    assert "zoe, approved: github:77 (zoe) is nobody's account in cmdb/people on the target branch" in said


def test_who_has_approved_stays_visible_beside_a_no_and_beside_who_is_missing(world: World, cli: Cli) -> None:
    world.write(CHANGE_PATH, change(risk="{level: high, reason: Never done.}"))
    world.commit()
    reviews = _reviews(world, ("bob", "approved"), ("cab-one", "approved"), ("carl", "changes_requested"))
    said = _flat(cli("approvals", "--reviews", reviews).out)
    assert "! carl asks for changes" in said
    assert "s1 approved by bob, but carl asked for changes" in said
    assert "board-for-high-risk: " in said
    assert "approved by cab-one; needs 1 more of 2 by cab: cab-two could" in said


def test_a_delegate_approves_in_somebody_s_name(world: World, cli: Cli) -> None:
    world.on_main()
    world.edit(
        "schemas/policies/roles.yaml",
        "\ndelegates: []\n",
        "\ndelegates:\n  - {from: bob, to: paul, until: 2026-11-30}\n",
    )
    world.commit(by="cab-one")
    world.on_topic()
    said = _flat(cli("approvals", "--reviews", _reviews(world, ("paul", "approved"))).out)
    assert "s1 approved by paul (for bob)" in said


def test_an_edit_after_the_approval_is_named(world: World, cli: Cli) -> None:
    reviews = _reviews(world, ("bob", "approved"))
    seen = world.head[:12]
    world.edit(CHANGE_PATH, "level: low", "level: medium")
    world.commit()
    said = _flat(cli("approvals", "--reviews", reviews).out)
    assert (
        f"bob, approved: bob saw {seen}, and since then: {CHANGE_PATH}: risk.level was low, is medium" in said
    )


def test_trying_out_records_nothing_and_says_so(world: World, cli: Cli) -> None:
    said = cli("approvals", "simulate", "--add", "bob", "--add", "mia")
    assert said.out.splitlines()[0] == "Tried out with bob, mia; nothing is recorded."
    assert f"{CHG}: approved: it may be merged" in said.out
    reviews = _reviews(world, ("bob", "approved"), ("mia", "approved"))
    said = cli(
        "approvals", "simulate", "--reviews", reviews, "--remove", "bob", "--add", "carl:changes_requested"
    )
    assert "without bob; nothing is recorded" in _flat(said.out)
    assert "carl asked for changes" in said.out
    assert cli("approvals", "simulate", "--add", "bob", "--json").json["result"] == "UNSATISFIED"
    assert "not approved yet" in cli("approvals").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("approvals", "--add", "bob"), "--add and --remove only try things out"),
        (("approvals", "a", "b"), "one pull request at a time"),
        (("approvals", "simulate", "--add", "bob:maybe"), "'bob:maybe' is not PERSON or PERSON:STATE"),
        (("approvals", "--reviews", "nowhere.json"), "nowhere.json cannot be read"),
        (("approve",), "only a signed statement is an approval"),
    ],
)
def test_wrong_words(words: tuple[str, ...], message: str, world: World, cli: Cli) -> None:
    ended = cli(*words, code=None)
    assert ended.code == 2
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_the_gate_says_it_by_its_exit_code(world: World, cli: Cli) -> None:
    assert "not approved yet" in cli("gate", code=1).out
    reviews = _reviews(world, ("bob", "approved"), ("mia", "approved"))
    assert "it may be merged" in cli("gate", "--reviews", reviews).out
    world.write("tools/run.sh", "true\n")
    world.write(CHANGE_PATH, change(state="draft"))
    world.commit()
    said = cli("gate", code=2).out
    assert "cannot be approved as it is" in said
    assert "no rule of the policy covers tools/run.sh" in _flat(said)
    cli("gate", "--head", "nowhere", code=2)


def test_the_gate_as_a_program_of_its_own(world: World) -> None:
    """The installed command, in a pipe."""
    itsm = str(Path(sys.executable).with_name("itsm"))
    done = subprocess.run([itsm, "gate", "topic"], cwd=world.root, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout
    assert not done.stderr
    done = subprocess.run([itsm, "gate", "--json"], cwd=world.root, capture_output=True, check=False)
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert (data["version"], data["passes"]) == (1, False)
    assert data["facts"][CHG].startswith("asks to authorise a change of type normal, risk low")


def test_hostile_names_do_not_reach_the_terminal(world: World, cli: Cli) -> None:
    world.git("checkout", "-q", "main", "--", SERVER)
    (world.root / "tools").mkdir()
    (world.root / os.fsdecode(b"tools/\x1b[2Ja\n::error::\xff\xe2\x80\xae.txt")).write_text("x\n")
    world.write(CHANGE_PATH, change(state="draft", type='"no\\u202Ermal"'))
    world.commit()
    said = cli("approvals").out
    assert not {"\x1b", "\u202e", "\udcff"} & set(said)
    assert not any(line.startswith("::") for line in said.splitlines())
    paths = cli("approvals", "--json").json["paths"]
    assert any(p.startswith("tools/") for p in paths)


def test_signing(world: World, cli: Cli, tmp_path: Path) -> None:
    key = tmp_path / "bob"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    told = cli("approve", "--sign", "--by", "bob", "--key", str(key), code=None)
    assert told.code != 0
    assert "the key bob.pub is not among the signing_keys of bob on the target branch" in told.err
    world.on_main()
    public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    said = f"\n  - type: ssh\n    fingerprint: bob\n    public_key: {public}\n"
    world.write("cmdb/people/bob.yaml", person("bob", "ops", NUMBERS["bob"], signing_keys=said))
    world.commit("A key", by="cab-one")
    world.on_topic()

    done = cli("approve", CHG, "--sign", "--by", "bob", "--key", str(key), "--note", "Rehearsed.")
    first, second, *_ = done.out.splitlines()
    assert first.startswith(f"signed refs/itsm/approvals/{CHG}/bob-")
    assert second == f"  git push origin {first.removeprefix('signed ')}"
    assert "s1 approved by bob" in _flat(done.out)
    assert "approved by bob" in cli("approvals").out
    refused = cli("approve", "--sign", "--by", "ann", "--key", str(key), code=None)
    assert f"this approval would not count: ann wrote commit {world.head[:12]}" in refused.err
    cli("approve", "--sign", "--by", "bob", "--key", str(key), "--reject", "--note", "Not tonight.")
    assert "! bob asks for changes: Not tonight." in cli("gate", code=1).out
