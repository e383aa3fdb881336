"""A build that would make nothing else than the last one makes nothing; whatever is other now is noticed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sample_site import NOW, write_sample

from itsm_gitops.publish import SiteReport, build_site, last_build, output
from itsm_gitops.repository import Repository
from itsm_gitops.repository.index.site_rows import DocumentRow, SiteRows
from itsm_gitops.snapshots import memory, packaged_rulebook_root

RECORD = "records/incidents/2026/10/INC-261001-CCCCC.yaml"
PAGE = "records/incidents/2610/INC-261001-CCCCC.html"


def build(root: Path, **options: Any) -> SiteReport:
    return build_site(Repository.open(root), **{"now": NOW, "output_folder": Path("build/site"), **options})


def tree(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def forget(root: Path) -> None:
    """Remove what the last build left to be compared with."""
    record(root).unlink()


def record(root: Path) -> Path:
    return next((root / ".git/itsm").glob("site-*.json"))


def times(root: Path) -> dict[str, int]:
    ours = {".itsm-site", "clock"}
    return {
        p.relative_to(root).as_posix(): p.lstat().st_mtime_ns
        for p in root.rglob("*")
        if p.is_file() and p.name not in ours
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with its own copy of the site's sources, built, as if every file were old."""
    root = write_sample(tmp_path_factory.mktemp("unchanged")).root
    shutil.copytree(packaged_rulebook_root() / "site", root / "site")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for command in (["add", "-A"], ["commit", "-qm", "All"]):
        subprocess.run(["git", *who, *command], cwd=root, check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "COARSE", -(10**15))
        build(root)
    return root


@pytest.fixture
def root(built: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, with a last build that still is what nothing has been changed after."""
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    if not build(built).unchanged:  # what a test before this one left
        assert build(built).unchanged
    return built


def test_after_nothing_nothing_is_made(root: Path) -> None:
    before = times(root / "build")
    forget(root)
    full = build(root)
    wanted = times(root / "build")
    report = build(root)
    assert (full.unchanged, report.unchanged, report.written, report.removed) == (False, True, 0, 0)
    assert (report.pages, report.records, report.items) == (full.pages, full.records, full.items)
    assert times(root / "build") == wanted
    assert {n: t for n, t in wanted.items() if n.startswith("site/")} == {
        n: t for n, t in before.items() if n.startswith("site/")
    }


def _link(site: Path) -> None:
    (site / "records/elsewhere").symlink_to(site / "cmdb", target_is_directory=True)


SPOILT: dict[str, Callable[[Path], object]] = {
    "a page of the same length": lambda site: (site / PAGE).write_bytes(b"x" * (site / PAGE).stat().st_size),
    "a deleted page": lambda site: (site / PAGE).unlink(),
    "a list": lambda site: (site / "records/incidents/index.html").write_text("mine"),
    "a page replaced by a copy": lambda site: shutil.move(
        shutil.copy(site / PAGE, site / "copy"), site / PAGE
    ),
    "the search index": lambda site: (site / "search/index.js").write_text("mine"),
    "a style sheet": lambda site: next((site / "assets").rglob("*.css")).write_text("mine"),
    "a stray file": lambda site: (site / "records/more.html").write_text("more"),
    "a hidden stray file": lambda site: (site / ".more").write_text("more"),
    "a marker where none belongs": lambda site: (site / "records/.itsm-site").write_text("more"),
    "a stray folder": lambda site: (site / "records/more/inner").mkdir(parents=True),
    "a stray link to a folder": _link,
    "a folder of the site": lambda site: shutil.rmtree(site / "search"),
    "everything": shutil.rmtree,
}


@pytest.mark.parametrize("what", SPOILT)
def test_output_of_others_is_noticed_and_mended(root: Path, what: str) -> None:
    expected = tree(root / "build/site")
    SPOILT[what](root / "build/site")
    assert not build(root).unchanged
    assert tree(root / "build/site") == expected
    assert (
        sorted(p.name for p in (root / "build/site/records").iterdir() if p.name in ("more", "elsewhere"))
        == []
    )
    assert build(root).unchanged


@pytest.mark.parametrize("what", sorted(SPOILT.keys() - {"everything"}))
def test_output_of_others_while_it_is_made_is_mended(
    root: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = tree(root / "build/site")
    original, spoilt = last_build.settle, list[str]()

    def spoiling(marker: Path) -> bool:
        if not spoilt:
            SPOILT[what](root / "build/site")
            spoilt.append(what)
        return original(marker)

    forget(root)
    with monkeypatch.context() as patch:
        patch.setattr(last_build, "settle", spoiling)
        build(root)
    assert spoilt
    build(root)
    assert tree(root / "build/site") == expected
    assert build(root).unchanged


def _git(*command: str) -> Callable[[Path], object]:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    return lambda root: subprocess.run(["git", *who, *command], cwd=root, check=True)


def _edit(path: str, old: str, new: str) -> Callable[[Path], object]:
    def edit(root: Path) -> None:
        text = (root / path).read_text(encoding="utf-8")
        assert old in text
        (root / path).write_text(text.replace(old, new), encoding="utf-8")

    return edit


CHANGED: dict[str, Callable[[Path], object]] = {
    "a record": _edit(RECORD, "upload", "uplaod"),
    "an item": _edit("cmdb/people/ada.yaml", "Ada", "Eda"),
    "a new file that is no document": lambda root: (root / "records/readme.txt").write_text("hello"),
    "a record replaced by a link": lambda root: (
        shutil.move(root / RECORD, root / "moved"),
        (root / RECORD).symlink_to(root / "moved"),
    ),
    "a deleted record": lambda root: (root / RECORD).unlink(),
    "a deleted record that is there again": _git("checkout", "-q", "HEAD", "--", "records"),
    "settings": _edit("itsm.yaml", "Europe/Berlin", "Europe/Paris"),
    "the rule book": _edit("schemas/workflows/incident.yaml", "title: In progress", "title: Working"),
    "the site's sources": lambda root: (root / "site/docs/handbook/own.md").write_text("# Ours\n\nOurs.\n"),
    "a commit": _git("commit", "-q", "--allow-empty", "-m", "Nothing"),
    "a reference": _git("update-ref", "refs/heads/other", "HEAD"),
    "an empty folder with the name of a document": lambda root: (root / "records/x.yaml").mkdir(),
    "one in a folder far below": lambda root: (root / "records/incidents/2026/10/x.yaml").mkdir(),
    "one in a folder that is new": lambda root: (root / "records/new/inner/x.yaml").mkdir(parents=True),
    "no record": forget,
    "a record that is no JSON": lambda root: record(root).write_bytes(b"x" * 100),
    "a record cut off": lambda root: os.truncate(record(root), 50),
    "a record of another form": lambda root: record(root).write_text('{"facts": 1}'),
    "a record that is a list": lambda root: record(root).write_text("[]"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_other_sources_are_noticed(root: Path, what: str) -> None:
    CHANGED[what](root)
    assert not build(root).unchanged
    assert build(root).unchanged


@pytest.mark.parametrize(
    "options",
    [
        {"now": NOW + timedelta(seconds=1)},
        {"base_url": "https://it.example.org/portal"},
        {"cli_reference": "# Command line\n"},
        {"at": "HEAD"},
    ],
)
def test_other_wishes_are_noticed(root: Path, options: dict[str, Any]) -> None:
    assert not build(root, **options).unchanged
    assert build(root, **options).unchanged
    assert not build(root).unchanged


def test_what_was_read_is_written_again_only_when_it_is_other(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[list[str], list[str]]] = []
    original = SiteRows.keep_documents

    def noting(rows: SiteRows, gone: Iterable[str], come: Mapping[str, DocumentRow], purpose: str) -> None:
        written.append((sorted(gone), sorted(come)))
        original(rows, gone, come, purpose)

    build(root)
    monkeypatch.setattr(SiteRows, "keep_documents", noting)
    assert not build(root, now=NOW + timedelta(hours=1)).unchanged
    assert written.pop() == ([], [])
    gone, other = (min(root.glob(f"records/{name}/**/*.yaml")) for name in ("changes", "incidents"))
    gone.unlink()
    other.write_text(other.read_text(encoding="utf-8") + "# seen\n", encoding="utf-8")
    build(root)
    assert written.pop() == tuple([p.relative_to(root).as_posix()] for p in (gone, other))


def test_a_file_written_just_before_a_build_is_looked_at_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "COARSE", 10**15)
    assert [build(root).unchanged for _ in range(2)] == [False, False]


def test_the_output_is_known_after_a_build_whose_sources_may_have_changed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in root.rglob("x.yaml"):  # what tests before this one left: with it, every page is made
        folder.rmdir()
    build(root)
    with monkeypatch.context() as patch:
        patch.setattr(memory, "COARSE", 10**15)
        build(root)
    looked_at: list[str] = []
    original = output.sign

    def noting(folder: str, url: str) -> bytes:
        looked_at.append(url)
        return original(folder, url)

    monkeypatch.setattr(output, "sign", noting)
    assert not build(root).unchanged
    assert PAGE not in looked_at
    assert build(root).unchanged


def test_the_handbook_is_written_only_where_the_engine_runs(root: Path) -> None:
    asked: list[int] = []

    def reference() -> str:
        asked.append(1)
        return "# Command line\n"

    for minutes, times in ((1, 1), (2, 1), (3, 1)):
        build(root, cli_reference=reference, now=NOW + timedelta(minutes=minutes))
        assert len(asked) == times
    (root / "build/site-parts/src/site/index.html").write_text("mine")
    build(root, cli_reference=reference, now=NOW + timedelta(minutes=4))
    assert len(asked) == 2


@pytest.mark.parametrize(
    "changes", [{"version": 1}, {"version": None}, {"folders": ["schemas"]}, {"output": 7}, {"more": 1}]
)
def test_what_another_version_of_the_tool_left_is_not_read(root: Path, changes: dict[str, Any]) -> None:
    known = json.loads(record(root).read_text())
    record(root).write_text(json.dumps({k: v for k, v in (known | changes).items() if v is not None}))
    assert not build(root).unchanged
    assert build(root).unchanged
