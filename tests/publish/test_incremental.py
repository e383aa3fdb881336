"""A build that finds a former one makes the same bytes as one that finds nothing, whatever was changed between."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sample_site import NOW, write_sample

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.model.kinds import Kind
from itsm_gitops.presentation.view import View
from itsm_gitops.publish import SiteReport, build_site, stamping
from itsm_gitops.publish.indexing import Indexer
from itsm_gitops.publish.keys import ALL, KIND, LINKS
from itsm_gitops.publish.keys import NOW as NOW_KEY
from itsm_gitops.publish.last_build import record_of
from itsm_gitops.publish.tracing import Tracer, traced
from itsm_gitops.repository import Repository
from itsm_gitops.repository.index.site_rows import DamagedRows, SiteRows
from itsm_gitops.snapshots import memory, packaged_rulebook_root

INCIDENT = "records/incidents/2026/11/INC-261120-AAAAA.yaml"
OLD = "records/incidents/2026/10/INC-261001-CCCCC.yaml"
CHANGE = "records/changes/2026/11/CHG-261118-BBBBB.yaml"
KNOWN = "records/known-errors/2026/11/KE-261121-EEEEE.yaml"


def replaced(path: str, *pairs: tuple[str, str]) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        text = (root / path).read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        (root / path).write_text(text, encoding="utf-8")

    return edit


def added(path: str, text: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")

    return edit


def committed(root: Path) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for command in (
        ["add", "-A", "records", "cmdb", "schemas", "itsm.yaml"],
        ["commit", "-qm", "Work", "--date=2026-11-22T11:00:00Z"],
    ):
        subprocess.run(["git", *who, *command], cwd=root, check=True)


def removed(path: str) -> Callable[[Path], None]:
    return lambda root: (root / path).unlink()


NEWEST = "INC-261122-NNNNN"
NEW = f"""\
id: {NEWEST}
kind: incident
title: A second report
service: shop
cis: [shop-db-1]
impact: high
urgency: high
state: new
links:
- type: relates_to
  target: INC-261001-CCCCC
timeline:
- at: 2026-11-22T10:00:00Z
  by: ada
  state: new
"""

# Each on top of those before it; with files whose content must be other afterwards.
EDITS: list[tuple[str, list[Callable[[Path], None]], tuple[str, ...]]] = [
    (
        "the title of a linked record, and a form",
        [
            replaced(CHANGE, ("title: New version", "title: Another version")),
            replaced("cmdb/offerings/laptop.yaml", ("Which model?", "Which of both?")),
        ],
        ("records/incidents/2611/INC-261120-AAAAA.html", "records/requests/2611/REQ-261121-FFFFF.html"),
    ),
    (
        "the state of a linked record",
        [replaced(CHANGE, ("state: scheduled\nplanned", "state: implement\nplanned"))],
        ("records/incidents/2611/INC-261120-AAAAA.html", "cmdb/applications/shop-web.html"),
    ),
    (
        "new records: one hits a service, one is only named in prose",
        [
            added(f"records/incidents/2026/11/{NEWEST}.yaml", NEW),
            added("records/incidents/2026/11/INC-261120-ZZZZZ.yaml", NEW.replace(NEWEST, "INC-261120-ZZZZZ")),
        ],
        (
            "records/incidents/2610/INC-261001-CCCCC.html",
            "records/incidents/2611/INC-261120-AAAAA.html",
            "cmdb/databases/shop-db-1.html",
        ),
    ),
    (
        "a link to another record",
        [replaced(f"records/incidents/2026/11/{NEWEST}.yaml", ("INC-261001-CCCCC", "PRB-261121-DDDDD"))],
        ("records/incidents/2610/INC-261001-CCCCC.html", "records/problems/2611/PRB-261121-DDDDD.html"),
    ),
    (
        "a deleted record, a retired known error",
        [
            removed(f"records/incidents/2026/11/{NEWEST}.yaml"),
            replaced(KNOWN, ("state: published\n", "state: retired\n")),
        ],
        ("records/problems/2611/PRB-261121-DDDDD.html", "records/incidents/2611/INC-261120-AAAAA.html"),
    ),
    (
        "a relation of an item, the name of a person",
        [
            replaced("cmdb/applications/shop-web.yaml", ("- type: depends_on\n  target: shop-db-2\n", "")),
            replaced("cmdb/people/ada.yaml", ("Ada Example", "Ada Elsewhere")),
        ],
        ("cmdb/databases/shop-db-2.html", "records/incidents/2610/INC-261001-CCCCC.html"),
    ),
    (
        "the redundancy of an item, a calendar",
        [
            replaced("cmdb/applications/shop-web.yaml", ("[shop-db-1, shop-db-2]", "[shop-db-1]")),
            replaced("cmdb/calendars/winter.yaml", ("2026-11-30", "2026-12-03")),
        ],
        ("changes/index.html",),
    ),
    (
        "a title of the same words as another's, first in Git and edited after that",
        [committed, replaced(OLD, ("title: Résumé upload fails", "title: Shop front shows an upload error"))],
        ("records/incidents/2610/INC-261001-CCCCC.html",),
    ),
    ("a commit of the edit, no file changed", [committed], ("records/incidents/2610/INC-261001-CCCCC.html",)),
    ("a document that is no YAML", [replaced(OLD, ("title: ", "title: ["))], ()),
    (
        "and that is some again",
        [replaced(OLD, ("title: [", "title: "))],
        ("records/incidents/2610/INC-261001-CCCCC.html",),
    ),
]
# What every page depends on; the engine runs again.
WIDE: list[tuple[str, list[Callable[[Path], None]], tuple[str, ...]]] = [
    (
        "the settings",
        [replaced("itsm.yaml", ("Europe/Berlin", "America/New_York"))],
        ("records/incidents/2610/INC-261001-CCCCC.html",),
    ),
    (
        "the rule book",
        [replaced("schemas/workflows/incident.yaml", ("title: In progress", "title: Being worked on"))],
        ("records/incidents/2611/INC-261120-AAAAA.html",),
    ),
    (
        "the sources of the site",
        [added("site/docs/handbook/own.md", "# Ours\n\nA page of our own.\n")],
        ("handbook/index.html",),
    ),
]


TEAM = "cmdb/teams/web.yaml"
OF_NEWEST = ("records/incidents/2611/INC-261122-NNNNN.html",)
CALLS: list[tuple[str, list[Callable[[Path], None]], tuple[str, ...]]] = [
    (
        "an open record of a team with somebody on call",
        [
            replaced(TEAM, ("lead: ada\n", "lead: ada\non_call: ada\n")),
            added(f"records/incidents/2026/11/{NEWEST}.yaml", NEW + "assigned_team: web\n"),
        ],
        OF_NEWEST,
    ),
    (
        "a step of its escalation",
        [
            replaced(
                TEAM, ("on_call: ada\n", "on_call: ada\nescalations:\n- {after_minutes: 90, person: ada}\n")
            )
        ],
        OF_NEWEST,
    ),
    ("the time of that step", [replaced(TEAM, ("after_minutes: 90", "after_minutes: 240"))], OF_NEWEST),
    (
        "who has it in hand",
        [
            replaced(
                f"records/incidents/2026/11/{NEWEST}.yaml",
                ("state: new\nlinks", "state: new\nassignee: ada\nlinks"),
            )
        ],
        OF_NEWEST,
    ),
]


def tree(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def build(repo: Repository, name: str, **options: Any) -> tuple[SiteReport, dict[str, bytes]]:
    report = build_site(Repository.open(repo.root), now=NOW, output_folder=Path("build") / name, **options)
    return report, tree(report.output)


def cold(repo: Repository, **options: Any) -> dict[str, bytes]:
    """The site as a build makes it that knows of no other; the engine's pages are what all share."""
    work = repo.root / "build/cold-parts"
    shutil.rmtree(repo.root / "build/cold", ignore_errors=True)
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(repo.root / "build/warm-parts", work)
    rows_of(repo.root / "build/cold").unlink(missing_ok=True)
    return build(repo, "cold", **options)[1]


def rows_of(site: Path) -> Path:
    """The file of what the last build of a site knew."""
    return record_of(site.parent.parent / ".git", site).with_suffix(".db")


def forget_that_nothing_changed(repo: Repository) -> None:
    """Let the site be built though nothing changed. A build right after an edit leaves nothing to forget."""
    rows_of(repo.root / "build/warm").with_suffix(".json").unlink(missing_ok=True)


def copied(site: Path) -> None:
    rows = rows_of(site)
    shutil.copyfile(rows, rows.with_suffix(".copy"))
    rows.with_suffix(".copy").replace(rows)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with its site, to be copied."""
    made = write_sample(tmp_path_factory.mktemp("built"))
    subprocess.run(["git", "init", "-q", str(made.root)], check=True)
    build(made, "warm")
    return made.root


@pytest.fixture
def repo(tmp_path: Path, built: Path) -> Repository:
    """A copy of it; the files are others, so the first build reads and writes everything again."""
    shutil.copytree(built, tmp_path / "sample")
    return Repository.open(tmp_path / "sample")


def compare(
    repo: Repository, edits: list[tuple[str, list[Callable[[Path], None]], tuple[str, ...]]], **options: Any
) -> None:
    before = build(repo, "warm", **options)[1]
    for what, some, other in edits:
        for edit in some:
            edit(repo.root)
        after = build(repo, "warm", **options)[1]
        assert [u for u in other if before.get(u) == after.get(u)] == [], what
        fresh = cold(repo, **options)
        assert sorted(after) == sorted(fresh), what
        assert [u for u in fresh if after[u] != fresh[u]] == [], what
        before = after


def test_a_later_build_equals_a_first_one(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if every file had been written long before it was read: none is opened that did not change.
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    compare(repo, EDITS)


@pytest.mark.slow
def test_who_is_called_about_a_record_follows_its_team(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    compare(repo, CALLS, reporter=SnapshotReporter())
    assert b"no response for" not in tree(repo.root / "build/warm")[OF_NEWEST[0]]


@pytest.mark.slow
def test_files_written_just_before_are_read_again(repo: Repository) -> None:
    compare(repo, EDITS)


@pytest.mark.slow
def test_what_every_page_depends_on(repo: Repository) -> None:
    shutil.copytree(packaged_rulebook_root() / "site", repo.root / "site")
    compare(repo, WIDE)


def test_only_what_is_concerned_is_written(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    build(repo, "warm")
    stamped: list[str] = []
    original = stamping.document_page

    def noting(view: View, entry: object, *rest: object) -> object:
        stamped.append(entry.id)  # type: ignore[attr-defined]
        return original(view, entry, *rest)

    monkeypatch.setattr(stamping, "document_page", noting)
    forget_that_nothing_changed(repo)
    report, _ = build(repo, "warm")
    assert (stamped, report.written, report.removed) == ([], 0, 0)
    replaced(CHANGE, ("title: New version", "title: Another version"))(repo.root)
    build(repo, "warm")
    assert {"CHG-261118-BBBBB", "INC-261120-AAAAA", "shop-web"} <= set(stamped)
    assert not {"REQ-261121-FFFFF", "INC-261001-CCCCC", "web", "laptop"} & set(stamped)


def test_the_search_index_is_changed_not_made_anew(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    build(repo, "warm")
    made: list[int] = []
    original = Indexer._anew

    def noting(indexer: Indexer, *rest: Any) -> Any:
        made.append(1)
        return original(indexer, *rest)

    monkeypatch.setattr(Indexer, "_anew", noting)
    added(f"records/incidents/2026/11/{NEWEST}.yaml", NEW)(repo.root)
    removed(OLD)(repo.root)
    replaced("cmdb/people/ada.yaml", ("Ada Example", "Ada Elsewhere"))(repo.root)
    after = build(repo, "warm")[1]
    assert made == []
    assert after == cold(repo)
    assert made == [1]
    (repo.root / "build/warm/search/words-0.js").write_text("mine")
    assert build(repo, "warm")[1] == after
    assert made == [1, 1]


SPOILT: dict[str, Callable[[Path], object]] = {
    "edited": lambda site: (site / "records/incidents/2611/INC-261120-AAAAA.html").write_text("mine"),
    "deleted": lambda site: (site / "records/incidents/2611/INC-261120-AAAAA.html").unlink(),
    "data": lambda site: (site / "api/items/shop.json").write_text("{}"),
    "added": lambda site: (site / "records/incidents/2611/more.html").write_text("more"),
    "search": lambda site: (site / "search/index.js").unlink(),
    "not ours": lambda site: rows_of(site).write_bytes(b"x" * 100),
    "a copy": copied,
    "no rows": lambda site: rows_of(site).unlink(),
    "cut off": lambda site: os.truncate(rows_of(site), 20_000),
    "empty": lambda site: os.truncate(rows_of(site), 0),
    "another key": lambda site: (site.parent.parent / ".git/itsm-vault.key").write_bytes(b"another key"),
    "all": shutil.rmtree,
}


_ROWS = ("not ours", "a copy", "no rows", "cut off", "empty")


@pytest.mark.slow
def test_what_was_spoilt_is_healed(repo: Repository) -> None:
    expected = build(repo, "warm")[1]
    for what, spoil in SPOILT.items():
        spoil(repo.root / "build/warm")
        if what in _ROWS:
            forget_that_nothing_changed(repo)
        assert build(repo, "warm")[1] == expected, what


def test_without_git_nothing_is_kept(tmp_path: Path, built: Path) -> None:
    shutil.copytree(built, tmp_path / "plain", ignore=shutil.ignore_patterns(".git", "*.bin"))
    report, _ = build(Repository.open(tmp_path / "plain"), "warm")
    assert list((report.output.parent / "warm-parts").glob("*.bin")) == []


def test_pages_of_another_reading_are_made_again(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was known is that of an earlier build; the record is then what it was at the reading before that."""
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    expected = build(repo, "warm")[1]
    rows, text = rows_of(repo.root / "build/warm"), (repo.root / OLD).read_bytes()
    earlier = rows.read_bytes()
    replaced(OLD, ("title: ", "title: Other "))(repo.root)
    assert build(repo, "warm")[1] != expected
    rows.write_bytes(earlier)
    (repo.root / OLD).write_bytes(text)
    assert build(repo, "warm")[1] == expected


def test_an_unknown_question_is_one_about_everything(view: View) -> None:
    tracer = Tracer()
    seen = traced(view, tracer)

    def asked(question: Callable[[View], object]) -> set[str]:
        tracer.begin("shop")
        question(seen)
        return tracer.keys - {"shop"}

    kind: Kind = view.book.kinds["service"]
    assert asked(lambda v: v.paged) == {ALL, NOW_KEY}
    assert asked(lambda v: list(v.entries)) == {ALL}
    assert asked(lambda v: len(v.health)) == {ALL}
    assert asked(lambda v: v.network.cycles("depends_on")) == {ALL}
    assert asked(lambda v: v.network.out("web")) == asked(lambda v: v.network.into("web")) == {LINKS + "web"}
    assert asked(lambda v: v.store.left_out()) == {ALL}
    assert asked(lambda v: v.of_kind("team")) == {KIND + "team"}
    assert asked(lambda v: v.now) == {NOW_KEY}
    assert asked(lambda v: (v.kind(v.store.entries["web"]), v.state_name(kind, "production"))) == {"web"}
    assert asked(lambda v: "no such thing" in v.entries) == {"no such thing"}
    assert asked(lambda v: "x" * 64 in v.entries) == set()
    assert asked(lambda v: v.store.aliases.get("old-name")) == {"old-name"}


PAST = "records/changes/2026/11/CHG-261101-PPPPP.yaml"
PAST_TEXT = """\
id: CHG-261101-PPPPP
kind: change
title: Cables replaced
type: normal
category: web
cis: [shop-web]
state: closed
outcome: successful
timeline:
- at: 2026-11-01T09:00:00Z
  by: ada
  state: draft
- at: 2026-11-02T09:00:00Z
  by: ada
  state: closed
"""
CAUSED = NEW.replace(
    "- type: relates_to\n  target: INC-261001-CCCCC", "- type: caused_by\n  target: CHG-261101-PPPPP"
)
PAGE_OF_CHANGE = "records/changes/2611/CHG-261118-BBBBB.html"
# What an open change's page says of risk and approval; whether that page must be other afterwards.
AROUND: list[tuple[str, list[Callable[[Path], None]], bool]] = [
    (
        "a past change of its category, that did no harm",
        [added(PAST, PAST_TEXT), replaced(CHANGE, ("type: normal", "type: normal\ncategory: web"))],
        True,
    ),
    ("its title", [replaced(PAST, ("Cables replaced", "Cords tidied"))], False),
    ("an incident that it caused", [added(f"records/incidents/2026/11/{NEWEST}.yaml", CAUSED)], True),
    ("which is told of another one", [removed(f"records/incidents/2026/11/{NEWEST}.yaml")], True),
    ("its outcome", [replaced(PAST, ("outcome: successful", "outcome: backed_out"))], True),
    (
        "an emergency for an open incident",
        [
            replaced(
                CHANGE,
                ("type: normal", "type: emergency"),
                ("state: scheduled\nplanned", "state: draft\nplanned"),
            ),
            added(
                f"records/incidents/2026/11/{NEWEST}.yaml",
                NEW.replace("INC-261001-CCCCC", "CHG-261118-BBBBB").replace("shop-db-1", "shop-web"),
            ),
        ],
        True,
    ),
    (
        "which is over",
        [replaced(f"records/incidents/2026/11/{NEWEST}.yaml", ("state: new", "state: closed"))],
        True,
    ),
    (
        "how critical the item is",
        [replaced("cmdb/services/shop.yaml", ("criticality: critical", "criticality: low"))],
        True,
    ),
]


@pytest.mark.slow
def test_risk_and_approval_of_a_change_follow_what_they_depend_on(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    reporter = SnapshotReporter()
    before = build(repo, "warm", reporter=reporter)[1]
    for what, some, is_other in AROUND:
        for edit in some:
            edit(repo.root)
        report, after = build(repo, "warm", reporter=reporter, explain="")
        assert (before[PAGE_OF_CHANGE] != after[PAGE_OF_CHANGE]) == is_other, what
        assert is_other or PAGE_OF_CHANGE not in {r.page for r in report.reasons}, what
        fresh = cold(repo, reporter=reporter)
        assert sorted(after) == sorted(fresh), what
        assert [u for u in fresh if after[u] != fresh[u]] == [], what
        before = after


@pytest.mark.slow
def test_a_former_name_leads_to_its_item_as_soon_as_it_is_one(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change names an item by a name that nobody has; then an item has it among its former ones; then no longer."""
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    item = "cmdb/applications/shop-web.yaml"
    renamed = replaced(item, ("id: shop-web\n", "id: shop-web\naliases: [shop-front]\n"))
    steps = (
        replaced(CHANGE, ("shop-web", "shop-front")),
        renamed,
        replaced(CHANGE, ("shop-front", "shop-web")),
        replaced(CHANGE, ("shop-web", "shop-front")),
        replaced(item, ("aliases: [shop-front]\n", "")),
    )
    build(repo, "warm")
    for number, step in enumerate(steps):
        step(repo.root)
        after, fresh = build(repo, "warm")[1], cold(repo)
        assert sorted(after) == sorted(fresh), number
        assert [u for u in fresh if after[u] != fresh[u]] == [], number
        about_change = after["api/records/CHG-261118-BBBBB.json"].decode()
        assert ('"shop-web"' in about_change) == (number in (1, 2, 3)), number


@pytest.mark.parametrize("place", ["documents", "details", "keep_documents", "keep_pages"])
def test_a_build_goes_on_without_rows_that_turn_out_to_be_damaged(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    build(repo, "warm")
    replaced(CHANGE, ("title: New version", "title: Another version"))(repo.root)

    def damaged(*_: object) -> Any:
        raise DamagedRows("damaged")

    with monkeypatch.context() as patch:
        patch.setattr(SiteRows, place, damaged)
        after = build(repo, "warm")[1]
    fresh = cold(repo)
    assert after == fresh
    assert build(repo, "warm")[1] == fresh
