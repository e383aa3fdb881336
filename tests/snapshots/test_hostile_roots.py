"""Roots that are wrong or meant badly: each is a finding, a refusal, or has no effect; nothing is run, written or shown."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops.commands import rooting
from itsm_gitops.commands.showing import show
from itsm_gitops.model.errors import GitError, ItsmError, NotFound, Refused, SettingsError
from itsm_gitops.repository import Repository
from itsm_gitops.rules import check
from tests.roots_world import World, item, link
from tests.support import GitRepo, copy_tree

NOW = "2026-11-22T12:00:00Z"
ROOT = "version: 1\norganisation: Example Ltd\nroots:\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("roots")
    world = World(folder)
    world.build()
    world.pin()
    world.pack()
    return folder


@pytest.fixture
def world(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("ITSM_NOW", NOW)
    copy_tree(template, tmp_path)
    return World(tmp_path)


def one(**keys: str) -> str:
    """Write a root; a key that is an empty text is left out."""
    said = {"name": "x", "url": "https://git.example.org/x.git", "prefixes": "[x-]", **keys}
    return (
        "\n".join(
            f"  {'- ' if n == 0 else '  '}{k}: {v}"
            for n, (k, v) in enumerate((k, v) for k, v in said.items() if v)
        )
        + "\n"
    )


# What stands in itsm.yaml, the line of the finding, and a part of what it says.
SETTINGS: dict[str, tuple[str, int, str]] = {
    "name that climbs": (one(name="../../hooks"), 4, "does not match"),
    "name with a slash": (one(name="a/b"), 4, "does not match"),
    "name like an option": (one(name="-x"), 4, "does not match"),
    "name of a lock": (one(name="x.lock"), 4, "does not match"),
    "no name": (one(name=""), 4, "'name' is missing"),
    "a program as transport": (one(url="'ext::sh -c touch% mark'"), 5, "is not an address that is fetched from"),
    "an option as address": (one(url="'--upload-pack=touch mark'"), 5, "is not an address that is fetched from"),
    "an option as host": (one(url="ssh://-oProxyCommand=touch/x"), 5, "does not match"),
    "an option as path on a host": (one(url="'git@host:-x'"), 5, "does not match"),
    "a file of this machine": (one(url="file:///etc"), 5, "is not an address on a server"),
    "a folder as url": (one(url="/srv/git/x"), 5, "is not an address on a server"),
    "a home folder as url": (one(url="'~/x'"), 5, "is not an address on a server"),
    "no encryption": (one(url="http://git.example.org/x"), 5, "is not an address that is fetched from"),
    "the git protocol": (one(url="git://git.example.org/x"), 5, "is not an address that is fetched from"),
    "a helper": (one(url="fd::17"), 5, "is not an address that is fetched from"),
    "a password": (one(url="https://ada:secret@git.example.org/x"), 5, "holds no password"),
    "a token": (one(url="https://token@git.example.org/x"), 5, "holds no password"),
    "an absolute path": (one(url="", path="/etc"), 6, "does not match"),
    "a path of a home": (one(url="", path="'~/x'"), 6, "does not match"),
    "a path inside": (one(url="", path="./records"), 6, "inside the repository itself"),
    "a path around and inside": (one(url="", path="./a/../b"), 6, "inside the repository itself"),
    "itself": (one(url="", path="./"), 6, "cannot be a root of itself"),
    "itself, in other words": (one(url="", path="./records/.."), 6, "cannot be a root of itself"),
    "neither url nor path": (one(url=""), 4, "either a url or a path"),
    "both url and path": (one(path="../x"), 4, "either a url or a path"),
    "a branch in place of a commit": (one(commit="main"), 7, "does not match"),
    "a short commit": (one(commit="abc1234"), 7, "does not match"),
    "an option as branch": (one(branch="'--upload-pack=x'"), 7, "does not match"),
    "an empty prefix": (one(prefixes="['']"), 6, "does not match"),
    "a prefix without end": (one(prefixes="[plat]"), 6, "does not match"),
    "no prefix": (one(prefixes="[]"), 6, "at least 1"),
    "a key that is none": (one(submodules="true"), 7, "there is no 'submodules' here"),
    "the same name twice": (one() + one(prefixes="[y-]"), 7, "called 'x' already"),
    "the same prefix twice": (one() + one(name="y"), 9, "'x-' is claimed by root 'x' already"),
    "a prefix within a prefix": (one() + one(name="y", prefixes="[x-db-]"), 9, "already, as 'x-'"),
    "the rest twice": (one(prefixes="['*']") + one(name="y", prefixes="['*']"), 9, "'*' is claimed"),
    "the same kind twice": (one(prefixes="[INC]") + one(name="y", prefixes="[INC]"), 9, "'INC' is claimed"),
    "a text in place of the list": ("  x\n", 4, "must be a list"),
    "a list of texts": ("  - x\n", 4, "must be a mapping"),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTINGS)
def test_settings_that_are_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    from itsm_gitops.snapshots import WorkingTree, read_config

    text, line, message = SETTINGS[case]
    (tmp_path / "itsm.yaml").write_text(ROOT + text)
    config = read_config(WorkingTree(tmp_path))
    assert [(f.code, f.line) for f in config.faults if message in f.message] == [("S023", line)]
    with pytest.raises(SettingsError):
        rooting.status(Repository.open(tmp_path))
    assert not [r for r in config.roots if r.index == 0 and r.commit and r.faulty]


def test_good_settings_have_no_faults(tmp_path: Path) -> None:
    from itsm_gitops.snapshots import WorkingTree, read_config

    commit = "'" + "1" * 40 + "'"
    good = [
        one(prefixes="[INC, x-]", commit=commit, branch="release/2"),
        one(name="y", url="git@git.example.org:team/y.git", prefixes="[CHG, 'y-z-', '*']"),
        one(name="z", url="ssh://git@git.example.org:22/z", prefixes="[z-]"),
        one(name="w", url="", path="../w", prefixes="[w-]"),
    ]
    (tmp_path / "itsm.yaml").write_text(ROOT + "".join(good))
    config = read_config(WorkingTree(tmp_path))
    assert config.faults == ()
    assert [r.name for r in config.roots] == ["x", "y", "z", "w"]


def test_a_faulty_root_hides_nothing(world: World) -> None:
    """What lives in a root whose entry has a mistake does exist; the mistake is what is reported."""
    world.settings("path: ../platform ", "path: /platform ")
    codes = {f.code for f in check(world.front.repo).findings if f.severity == "error"}
    assert codes == {"S023", "P014"}


def _identity(world: World) -> None:
    for made in (world.front, world.platform):
        text = (made.root / "itsm.yaml").read_text()
        made.write("itsm.yaml", text.replace("timezone", f"identity: {'a' * 32}\ntimezone", 1))


def _no_settings(world: World) -> None:
    (world.platform.root / "itsm.yaml").unlink()


def _broken_book(world: World) -> None:
    world.platform.write("schemas/records/incident.schema.json", "{")


def _linked_book(world: World) -> None:
    (world.platform.root / "schemas/records/incident.schema.json").unlink()
    (world.platform.root / "schemas/records/incident.schema.json").symlink_to("/etc/passwd")


REFUSED: dict[str, tuple[Callable[[World], None], str]] = {
    "the repository itself": (_identity, "it is this repository itself"),
    "no ITSM repository": (_no_settings, "it has no itsm.yaml"),
    "a broken rule book": (_broken_book, "its own rule book cannot be read"),
    "a rule book behind a link": (_linked_book, "its own rule book cannot be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_commit_that_cannot_be_used_is_not_pinned(world: World, case: str) -> None:
    change, message = REFUSED[case]
    change(world)
    new = world.platform.commit()
    before = world.config.read_text()
    with pytest.raises(Refused, match=message):
        rooting.update(world.front.repo, ["platform"], local=True)
    assert world.config.read_text() == before
    # Whoever pins it by hand gets a gap with the same reason, and nothing of the root.
    old = next(r.commit for r in world.front.repo.config.roots if r.name == "platform")
    world.settings(old, new)
    gaps = [f for f in check(world.front.repo).findings if f.code == "P014"]
    assert [message in f.message for f in gaps] == [True]
    assert "plat-db" not in world.front.repo.store().entries


def test_a_folder_of_this_machine_is_read_where_its_user_says_so(world: World) -> None:
    world.platform.commit("newer")
    with pytest.raises(Refused, match=r"is the folder \.\./platform of this machine") as caught:
        rooting.update(world.front.repo, ["platform"])
    assert "--local" in caught.value.hint


def test_a_commit_that_is_gone(world: World) -> None:
    old = next(r.commit for r in world.front.repo.config.roots if r.name == "platform")
    world.settings(old, "b" * 40)
    with pytest.raises(GitError, match="root 'platform' has no commit bbbbbbbbbbbb") as caught:
        rooting.fetch(world.front.repo, local=True)
    assert "itsm roots update platform" in caught.value.hint


def test_a_circle_is_named_and_followed_by_nobody(world: World) -> None:
    text = (world.net.root / "itsm.yaml").read_text()
    roots = "roots:\n  - name: shop\n    path: ../shop\n    prefixes: [INC]\n  - name: deep\n    path: ../deep\n    prefixes: [deep-]\n"
    world.net.write("itsm.yaml", text + roots)
    world.net.write("cmdb/servers/deep-1.yaml", item("deep-1", "server"))
    world.net.commit()
    rooting.update(world.front.repo, ["net"], local=True)
    assert [s.remarks for s in rooting.status(world.front.repo)] == [
        (),
        ("it names this repository as a root in turn",),
    ]
    assert "deep-1" not in world.front.repo.store().entries
    found = [f for f in check(world.front.repo).findings if f.code == "K011"]
    assert [(f.path, f.severity) for f in found] == [("itsm.yaml", "warning")]


def test_two_roots_that_name_each_other(world: World) -> None:
    for made, other in ((world.net, "platform"), (world.platform, "net")):
        text = (made.root / "itsm.yaml").read_text()
        made.write("itsm.yaml", f"{text}roots:\n  - name: other\n    path: ../{other}\n    prefixes: [o-]\n")
        made.commit()
    rooting.update(world.front.repo, local=True)
    assert [s.remarks for s in rooting.status(world.front.repo)] == [
        ("it and root 'net' name each other as roots",),
        ("it and root 'platform' name each other as roots",),
    ]


def _huge(world: World) -> None:
    world.platform.write("cmdb/databases/plat-db.yaml", item("plat-db", "database") + "# padding\n" * 200_000)


def _symlink(world: World) -> None:
    (world.platform.root / "cmdb/databases/plat-db.yaml").unlink()
    (world.platform.root / "cmdb/databases/plat-db.yaml").symlink_to(world.front.root / "itsm.yaml")


def _submodule(world: World) -> None:
    (world.platform.root / "cmdb/databases/plat-db.yaml").unlink()
    head = world.platform.git("rev-parse", "HEAD")
    world.platform.git("rm", "-q", "--cached", "cmdb/databases/plat-db.yaml")
    world.platform.git("update-index", "--add", "--cacheinfo", f"160000,{head},cmdb/databases/plat-db.yaml")
    world.platform.git("commit", "-q", "-m", "A submodule")


def _broken(world: World) -> None:
    world.platform.write("cmdb/databases/plat-db.yaml", "id: [\n")


GAPS: dict[str, tuple[Callable[[World], None], str]] = {
    "a huge file": (_huge, "at most 262,144 are read"),
    "a symbolic link": (_symlink, "symbolic link"),
    "a submodule": (_submodule, "another repository"),
    "a broken document": (_broken, ""),
}


@pytest.mark.parametrize("case", GAPS)
def test_what_cannot_be_read_in_a_root_is_a_gap(world: World, case: str) -> None:
    change, message = GAPS[case]
    change(world)
    if case != "a submodule":
        world.platform.commit()
    rooting.update(world.front.repo, ["platform"], local=True)
    store = world.front.repo.store()
    (gap,) = store.unreadable
    assert gap.path == "cmdb/databases/plat-db.yaml"
    assert "in root 'platform': " in gap.reason
    assert message in gap.reason
    assert not [f for f in check(world.front.repo).findings if f.severity == "error"], (
        "it does exist, and is the root's business"
    )
    with pytest.raises(ItsmError, match="plat-db"):
        show(world.front.repo, "plat-db")


def test_a_root_brings_no_rules_settings_or_names_of_others(world: World) -> None:
    put = world.platform.write
    put("cmdb/people/eve.yaml", "id: eve\nclass: person\nname: Eve\nteams: [team-platform]\n")
    put("cmdb/servers/shop-2.yaml", item("shop-2", "server"))
    put("cmdb/servers/plat-UPPER.yaml", item("plat-UPPER", "server"))
    put("cmdb/servers/plat-..yaml", item("plat-.", "server"))
    put("records/incidents/2026/11/INC-261120-EVEEE.yaml", "id: INC-261120-EVEEE\n")
    put("schemas/policies/audiences.yaml", "version: 1\naudiences: {}\n")
    text = (world.platform.root / "itsm.yaml").read_text()
    put("itsm.yaml", text + "severity:\n  K001: 'off'\n")
    world.platform.commit()
    rooting.update(world.front.repo, ["platform"], local=True)
    store = world.front.repo.store()
    assert {e.id for e in store.entries.values() if store.root_of(e.path) == "platform"} == {
        "plat-db", "plat-host", "plat-mail", "plat-old", "team-platform",
    }  # fmt: skip
    assert not store.config.severity
    for name in ("eve", "shop-2", "INC-261120-EVEEE"):
        with pytest.raises(NotFound):
            show(world.front.repo, name)


def test_a_tree_that_climbs_is_refused_by_the_fetch(world: World) -> None:
    blob = world.platform.git("hash-object", "-w", "--stdin", text="id: plat-x\n")
    evil = _tree(world.platform, [("100644", "blob", "..", blob)])
    commit = world.platform.git("commit-tree", evil, "-m", "climb")
    world.platform.git("update-ref", "refs/heads/main", commit)
    with pytest.raises(GitError):
        rooting.update(world.front.repo, ["platform"], local=True)


def _tree(made: GitRepo, entries: list[tuple[str, str, str, str]]) -> str:
    raw = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(oid) for mode, _, name, oid in entries)
    done = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
        cwd=made.root,
        input=raw,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def test_fetching_starts_no_hook_and_touches_no_reference_of_the_clone(world: World, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    for made in (world.platform, world.front):
        for name in ("post-checkout", "reference-transaction", "post-merge"):
            hook = made.root / ".git/hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
            hook.chmod(0o755)
    before = world.front.git("for-each-ref")
    world.platform.write(
        "cmdb/servers/plat-3.yaml", item("plat-3", "server", extra=link("depends_on", "plat-host"))
    )
    world.platform.git("-c", "core.hooksPath=/dev/null", "add", "-A")
    world.platform.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "newer")
    rooting.update(world.front.repo, ["platform"], local=True)
    assert world.front.git("for-each-ref") == before
    assert not mark.exists()
    assert not world.front.repo.history.shallow, "the clone itself stays whole"


def test_an_address_is_reached_by_ssh_alone(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = tmp_path / "ssh"
    server.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nshift $(($#-1))\nexec sh -c "$1"\n')
    server.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(server))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    world.settings("path: ../platform ", f"url: ssh://git@git.example.org{world.platform.root} ")
    world.platform.write("cmdb/servers/plat-3.yaml", item("plat-3", "server"))
    head = world.platform.commit()
    (done,) = rooting.update(world.front.repo, ["platform"])
    assert done.commit == head
    assert "git.example.org" in (tmp_path / "asked").read_text()
    assert "plat-3" in world.front.repo.store().entries
    (tmp_path / "asked").unlink()
    assert "plat-3" in world.front.repo.store().entries
    assert not (tmp_path / "asked").exists(), "reading asks nobody"
