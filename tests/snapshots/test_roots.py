"""Roots: several repositories read as one, with three real ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from itsm_gitops.cli.app import run
from itsm_gitops.commands import rooting
from itsm_gitops.commands.impact import impact
from itsm_gitops.commands.showing import show
from itsm_gitops.model.errors import Incomplete, ItsmError, NotFound
from itsm_gitops.rules import check
from tests.roots_world import INC, NTI, SECRET, World, incident, item, link
from tests.support import GitRepo, copy_tree

NOW = "2026-11-22T12:00:00Z"


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The three repositories, without and with pinned roots, made once."""
    found = {}
    for name in ("new", "pinned"):
        found[name] = tmp_path_factory.mktemp(name)
        world = World(found[name])
        world.build()
        if name == "pinned":
            world.pin()
        world.pack()
    return found


@pytest.fixture
def world(templates: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("ITSM_NOW", NOW)
    copy_tree(templates["new"], tmp_path)
    return World(tmp_path)


@pytest.fixture
def pinned(templates: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("ITSM_NOW", NOW)
    copy_tree(templates["pinned"], tmp_path)
    return World(tmp_path)


def codes(world: World, **how: object) -> list[tuple[str, str]]:
    found = check(world.front.repo, **how).findings  # type: ignore[arg-type]
    return [(f.code, f.path) for f in found if f.severity != "info" and f.code != "D004"]


def test_update_pins_the_newest_commits_and_keeps_comments(world: World) -> None:
    before = world.config.read_text()
    done = rooting.update(world.front.repo, local=True)
    heads = [world.platform.git("rev-parse", "HEAD"), world.net.git("rev-parse", "HEAD")]
    assert [(d.root.name, d.before, d.commit) for d in done] == [
        ("platform", "", heads[0]),
        ("net", "", heads[1]),
    ]
    text = world.config.read_text()
    assert [line for line in text.splitlines() if "commit:" not in line] == before.splitlines()
    assert all(f"commit: {head}" in text.replace('"', "").replace("'", "") for head in heads)
    assert [s.trouble for s in rooting.status(world.front.repo)] == ["", ""]
    assert [s.documents for s in rooting.status(world.front.repo)] == [5, 2]


def test_links_across_repositories_are_checked(pinned: World) -> None:
    assert codes(pinned) == []
    report = check(pinned.front.repo)
    assert report.records == 1
    pinned.front.write(
        "cmdb/servers/web.yaml",
        item("web", "server", extra="type: virtual\n" + link("depends_on", "plat-gone")),
    )
    pinned.front.write(
        "cmdb/servers/web2.yaml",
        item("web2", "server", extra="type: virtual\n" + link("runs_on", "team-platform")),
    )
    pinned.front.write(
        "cmdb/servers/web3.yaml",
        item("web3", "server", extra="type: virtual\n" + link("runs_on", "plat-old")),
    )
    found = {
        (f.code, f.path.rpartition("/")[2]): f
        for f in check(pinned.front.repo).findings
        if f.severity != "info" and f.code != "D004"
    }
    assert set(found) == {("K001", "web.yaml"), ("K002", "web2.yaml"), ("D001", "web3.yaml")}
    assert "root 'platform' has none at" in found["K001", "web.yaml"].hint


def test_a_retired_item_of_a_root_is_retired_here(pinned: World) -> None:
    other = "INC-261120-BBBBB"
    text = incident(other, service="shop", extra="cis: [plat-old]\n")
    pinned.front.write(f"records/incidents/2026/11/{other}.yaml", text)
    assert ("K009", f"records/incidents/2026/11/{other}.yaml") in codes(pinned)


def test_a_root_that_is_not_at_hand_is_a_gap_and_no_absence(pinned: World) -> None:
    clone = GitRepo(pinned.front.root.parent / "clone")
    pinned.front.git("clone", "-q", str(pinned.front.root), str(clone.root))
    report = check(clone.repo)
    gaps = [f for f in report.findings if f.code == "P014"]
    assert [f.path for f in gaps] == ["itsm.yaml", "itsm.yaml"]
    assert [f.line for f in gaps] == [7, 11]
    assert all("is not in this clone" in f.message and f.hint == "itsm roots fetch brings it" for f in gaps)
    assert not [f for f in report.findings if f.code in ("K001", "K010")]
    assert report.fails()
    with pytest.raises(Incomplete, match="'plat-db' would be in root 'platform', which cannot be read"):
        show(clone.repo, "plat-db")
    with pytest.raises(Incomplete, match="cannot be decided"):
        clone.repo.store().require_complete("what depends on it", ["database"])
    assert check(clone.repo, base="HEAD").fails(), "a request is not judged by half of what it links to"
    rooting.fetch(clone.repo, local=True)
    assert not check(clone.repo).fails()


def test_show_list_and_impact_read_across(pinned: World) -> None:
    view = show(pinned.front.repo, "plat-db")
    assert (view.root, view.document.kind.name, view.steps) == ("platform", "database", ())
    assert {(r.relation, r.id) for r in view.related} >= {("runs_on", "plat-host")}
    assert INC in {r.id for r in view.related}
    assert [(r.id, r.label) for r in show(pinned.front.repo, INC).related if r.id == NTI] == [
        (NTI, "Link to the data centre flaps")
    ]
    assert show(pinned.front.repo, NTI).root == "net"
    hits = impact(pinned.front.repo, "plat-host").as_json()["hits"]
    assert {h["id"] for h in hits} == {"plat-db", "plat-mail", "shop"}
    store = pinned.front.repo.store()
    assert {store.root_of(e.path) for e in store.entries.values()} == {"", "platform", "net"}


def test_a_root_brings_only_what_it_was_named_for(pinned: World) -> None:
    assert "shop-stolen" not in pinned.front.repo.store().entries
    with pytest.raises(NotFound):
        show(pinned.front.repo, "shop-stolen")


def test_a_name_that_belongs_to_a_root_is_a_finding(pinned: World) -> None:
    pinned.front.write("cmdb/servers/plat-host.yaml", item("plat-host", "server", extra="type: physical\n"))
    assert codes(pinned) == [("I011", "cmdb/servers/plat-host.yaml")]
    assert show(pinned.front.repo, "plat-host").root == "", (
        "the repository's own document is the one that counts"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["set", "plat-db", "name=Mine"],
        ["set", "PLAT-D", "name=Mine"],
        ["move", "plat-db", "retired"],
        ["note", NTI, "I was here"],
        ["move", NTI, "in_progress"],
        ["link", "plat-mail", "depends_on", "shop"],
        ["link", "shop", "used_by", "plat-mail"],
        ["unlink", "plat-db", "runs_on", "plat-host"],
    ],
    ids=" ".join,
)
def test_nothing_is_written_to_a_root(
    pinned: World, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(pinned.front.root)
    before = pinned.front.git("status", "--porcelain")
    assert run([*words, *(["--by", "somebody"] if words[0] in ("note", "move") else [])]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "which is only read here" in said
    assert "itsm roots update" in said
    assert pinned.front.git("status", "--porcelain") == before


def test_a_link_into_a_root_is_written(pinned: World) -> None:
    from itsm_gitops.editing.link import link as add

    add(pinned.front.repo, "shop", "depends_on", "plat-db")
    add(pinned.front.repo, "plat-host", "used_by", "shop")
    text = (pinned.front.root / "cmdb/services/shop.yaml").read_text()
    assert "target: plat-db" in text
    assert "target: plat-host" in text


def test_what_is_confidential_in_a_root_stays_there(pinned: World) -> None:
    store = pinned.front.repo.store()
    assert SECRET not in store.entries
    assert not store.unreadable
    with pytest.raises(ItsmError, match="is confidential in root 'net', and stays there"):
        show(pinned.front.repo, SECRET)
    path = pinned.front.root / f"records/incidents/2026/11/{INC}.yaml"
    path.write_text(path.read_text().replace(NTI, SECRET))
    assert codes(pinned) == [], "it does exist"
    related = {r.id: r for r in show(pinned.front.repo, INC).related}[SECRET]
    assert (related.label, related.broken) == ("", True)


@pytest.mark.parametrize(
    "mark", ["confidental: true", "? Confidential\n: true", '"confiden\\u0074ail": true']
)
def test_a_slip_in_the_mark_of_confidentiality_shows_nothing_of_a_root(pinned: World, mark: str) -> None:
    path = pinned.net.root / f"records/incidents/2026/11/{SECRET}.yaml"
    path.write_text(path.read_text().replace("confidential: true", mark))
    assert mark in path.read_text()
    pinned.net.commit()
    rooting.update(pinned.front.repo, ["net"], local=True)
    assert SECRET not in pinned.front.repo.store().entries


def test_a_newer_commit_counts_when_it_is_pinned(pinned: World) -> None:
    (pinned.platform.root / "cmdb/databases/plat-db.yaml").unlink()
    (pinned.platform.root / "cmdb/services/plat-mail.yaml").write_text(item("plat-mail", "service"))
    pinned.platform.commit()
    assert codes(pinned) == []
    rooting.update(pinned.front.repo, ["platform"], local=True)
    assert [c for c in codes(pinned) if c[0] == "K001"] == [("K001", f"records/incidents/2026/11/{INC}.yaml")]
    assert [c for c in codes(pinned, base="HEAD") if c[0] == "K001"] == [
        ("K001", f"records/incidents/2026/11/{INC}.yaml")
    ]
    assert codes(pinned, at="HEAD") == []


def test_shards_of_a_repository_with_roots(pinned: World) -> None:
    from tests.rules.test_shard import parts, same

    pinned.front.write(
        "cmdb/servers/web.yaml", item("web", "server", extra="type: odd\n" + link("depends_on", "plat-gone"))
    )
    same(check(pinned.front.repo), parts(pinned.front.root, 3))


def test_update_to_a_commit_and_back(pinned: World) -> None:
    old = pinned.platform.git("rev-parse", "HEAD")
    pinned.platform.write("cmdb/servers/plat-new.yaml", item("plat-new", "server", extra="type: virtual\n"))
    new = pinned.platform.commit()
    (done,) = rooting.update(pinned.front.repo, ["platform"], local=True, dry_run=True)
    assert (done.before, done.commit) == (old, new)
    assert "plat-new" not in pinned.front.repo.store().entries
    rooting.update(pinned.front.repo, ["platform"], local=True)
    assert "plat-new" in pinned.front.repo.store().entries
    rooting.update(pinned.front.repo, ["platform"], to=old, local=True)
    assert "plat-new" not in pinned.front.repo.store().entries
    assert rooting.fetch(pinned.front.repo)[0].fetched is False, "what is here needs no connection"


def test_the_command_line_says_where_things_are_from(
    pinned: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(pinned.front.root)

    def said(*words: str) -> str:
        assert run(words) == 0
        return capsys.readouterr().out

    rows = {r["id"]: r.get("root") for r in json.loads(said("list", "incidents", "--json"))}
    assert rows == {INC: None, NTI: "net"}
    assert "platform" in said("list", "databases")
    assert "in root platform, read only" in said("show", "plat-db")
    assert json.loads(said("show", "plat-db", "--json"))["root"] == "platform"
    assert "root platform" in said("impact", "plat-host")
    status = json.loads(said("roots", "status", "--json"))["roots"]
    assert [(r["name"], r["readable"], r["documents"]) for r in status] == [
        ("platform", True, 5),
        ("net", True, 2),
    ]
    assert "plat-, team-: 5 documents" in said("roots", "status")
    assert "up to date" in said("roots", "fetch")


@pytest.mark.slow
def test_one_site_of_all(pinned: World) -> None:
    from itsm_gitops.publish.build import build_site

    build_site(pinned.front.repo, output_folder=Path("build/site"))
    site = pinned.front.root / "build/site"
    pages = {p.stem: p for p in site.rglob("*.html")}
    assert {"plat-db", "shop", NTI, INC} <= pages.keys()
    page = pages["plat-db"].read_text()
    assert "root platform: cmdb/databases/plat-db.yaml" in page
    everything = b"".join(p.read_bytes() for p in site.rglob("*") if p.is_file())
    assert b"Break-in at the core router" not in everything
    assert SECRET.encode() not in everything


def test_a_repair_writes_to_no_root(pinned: World) -> None:
    text = item("web", "server", extra="type: virtual\n" + link("used_by", "plat-host"))
    path = pinned.front.write("cmdb/servers/web.yaml", text)
    report = check(pinned.front.repo, fix=True)
    assert [f.code for f in report.findings if f.path.endswith("web.yaml")] == ["K006"]
    assert path.read_text() == text
    assert pinned.platform.git("status", "--porcelain") == ""


def test_code_owners_are_those_of_this_repository(pinned: World) -> None:
    from itsm_gitops.graph.ownership import codeowners

    text = codeowners(pinned.front.repo.store(), "github").text
    assert "/cmdb/services/shop.yaml" in text
    assert "@acme/platform" in text, "who a team is may stand in a root"
    assert "plat-" not in text


def test_the_gate_knows_the_items_of_roots_and_stops_without_them(
    pinned: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pinned.front.write(
        "cmdb/services/shop.yaml", (pinned.front.root / "cmdb/services/shop.yaml").read_text() + "# x\n"
    )
    pinned.front.commit("An edit")
    monkeypatch.chdir(pinned.front.root)
    run(["gate", "--base", "HEAD~1", "--json"])
    said = capsys.readouterr()
    assert "cannot be read" not in said.out + said.err
    clone = GitRepo(pinned.front.root.parent / "clone")
    pinned.front.git("clone", "-q", str(pinned.front.root), str(clone.root))
    monkeypatch.chdir(clone.root)
    assert run(["gate", "--base", "HEAD~1", "--json"]) == 2
    said = capsys.readouterr()
    assert "root 'platform' cannot be read" in said.out + said.err


def test_the_settings_of_a_commit_name_the_roots_of_a_commit(pinned: World) -> None:
    pinned.settings("prefixes: [NTI]", "prefixes: [XYZ]")
    assert NTI not in pinned.front.repo.store().entries
    assert NTI in pinned.front.repo.store("HEAD").entries
    pinned.front.git("add", "-A")
    assert NTI not in pinned.front.repo.store(":").entries
    assert pinned.front.repo.locate("plat-db", "HEAD", in_roots=True) == "cmdb/databases/plat-db.yaml"


def test_worktrees_of_a_clone_share_what_was_fetched(pinned: World) -> None:
    place = pinned.front.root.parent / "tree"
    pinned.front.git("worktree", "add", "-q", str(place))
    assert [s.trouble for s in rooting.status(GitRepo(place).repo)] == ["", ""]


def test_records_of_roots_are_archived_there(pinned: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import itsm_gitops.editing.archive as archiving

    monkeypatch.setenv("ITSM_NOW", "2028-01-01T12:00:00Z")
    plan = archiving.plan_archive(pinned.front.repo, 2027)
    assert plan.unfinished == 1, "the one incident of this repository"
