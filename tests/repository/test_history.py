"""Who changed which field when, across branches, merges and hostile names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from itsm_gitops.model.errors import NotFound
from itsm_gitops.repository import Repository
from itsm_gitops.repository.history import (
    ChangedFile,
    changed_files,
    deletions,
    field_history,
    log,
)
from tests.support import GitRepo

PATH = "records/incidents/2026/03/INC-260304-K7QF3.yaml"


def text(**fields: object) -> str:
    return "".join(f"{k}: {v}\n" for k, v in {"id": "INC-260304-K7QF3", **fields}.items())


def paths_changed(repo: Repository, base: str, head: str | None = None) -> list[str]:
    return [f.path for f in changed_files(repo, base, head)]


def short(made: GitRepo, path: str = PATH) -> list[tuple[str, str, str, object, object]]:
    return [
        (c.author, c.subject, "/".join(map(str, c.pointer)), c.old, c.new)
        for c in field_history(made.repo, path)
        if c.pointer != ("id",)
    ]


def test_field_by_field_newest_first(git_repo: GitRepo) -> None:
    git_repo.write(PATH, text(title="Printer", state="new"))
    git_repo.commit("open", author="bob")
    git_repo.write("itsm.yaml", "version: 1\n")
    git_repo.commit("unrelated")
    git_repo.write(PATH, text(title="Printer", state="in_progress", assignee="eve"))
    second = git_repo.commit("assign", author="eve")
    git_repo.write(PATH, "# only a comment\n" + text(title="Printer", state="in_progress", assignee="eve"))
    git_repo.commit("comment")
    git_repo.write(PATH, text(title="Printer on fire", state="in_progress"))
    git_repo.commit("rename")
    assert short(git_repo) == [
        ("Ada Example", "rename", "assignee", "eve", None),
        ("Ada Example", "rename", "title", "Printer", "Printer on fire"),
        ("eve", "assign", "state", "new", "in_progress"),
        ("eve", "assign", "assignee", None, "eve"),
        ("bob", "open", "title", None, "Printer"),
        ("bob", "open", "state", None, "new"),
    ]
    change = next(
        c for c in field_history(git_repo.repo, PATH) if c.pointer == ("assignee",) and c.op == "add"
    )
    assert (change.commit, change.at, change.email) == (
        second,
        "2026-01-01T00:04:00+00:00",
        "eve@example.org",
    )
    assert field_history(git_repo.repo, PATH, second)[0].subject == "assign"


def test_deleting_and_bringing_back(git_repo: GitRepo) -> None:
    git_repo.write(PATH, text(title="A"))
    git_repo.commit("one")
    (git_repo.root / PATH).unlink()
    git_repo.commit("two")
    git_repo.write(PATH, text(title="B"))
    git_repo.commit("three")
    assert [(s, old, new) for _, s, p, old, new in short(git_repo) if p == "title"] == [
        ("three", None, "B"),
        ("two", "A", None),
        ("one", None, "A"),
    ]


def test_versions_that_cannot_be_read_count_as_empty(git_repo: GitRepo) -> None:
    git_repo.write(PATH, "title: [\n")
    git_repo.commit("torn")
    git_repo.write(PATH, text(title="mended"))
    git_repo.commit("mended")
    assert [(s, new) for _, s, p, _, new in short(git_repo) if p == "title"] == [("mended", "mended")]


def test_merges_count_for_what_they_decided(git_repo: GitRepo) -> None:
    git_repo.write(PATH, text(title="Base", state="new", impact="low"))
    git_repo.commit("base")
    git_repo.git("checkout", "-q", "-b", "side")
    git_repo.write(PATH, text(title="Side", state="new", impact="low"))
    git_repo.commit("side")
    git_repo.git("checkout", "-q", "main")
    git_repo.write(PATH, text(title="Main", state="closed", impact="low"))
    git_repo.commit("main")
    git_repo.git("merge", "-q", "-s", "ours", "--no-commit", "side")
    git_repo.write(PATH, text(title="Both", state="closed", impact="high"))
    git_repo.commit("merge")
    changes = {(s, p, new) for _, s, p, _, new in short(git_repo) if s != "base"}
    assert changes == {
        ("side", "title", "Side"),
        ("main", "title", "Main"),
        ("main", "state", "closed"),
        ("merge", "title", "Both"),
        ("merge", "impact", "high"),
    }


def test_a_clean_merge_adds_nothing(git_repo: GitRepo) -> None:
    git_repo.write(PATH, text(title="Base"))
    git_repo.commit("base")
    git_repo.git("checkout", "-q", "-b", "side")
    git_repo.write(PATH, text(title="Side"))
    git_repo.commit("side")
    git_repo.git("checkout", "-q", "main")
    git_repo.write("itsm.yaml", "version: 1\n")
    git_repo.commit("main")
    git_repo.git("merge", "-q", "--no-edit", "side")
    assert [s for _, s, *_ in short(git_repo)] == ["side", "base"]


def test_hostile_names_and_messages_do_not_forge_history(git_repo: GitRepo) -> None:
    """Commit messages, authors and file names may imitate Git's own output."""
    forged = f"x\x01\x02commit\x02{'0' * 40}"
    imitation = ":100644 100644 " + "1" * 40 + " " + "2" * 40 + " M"
    names = [
        f"records/{'f' * 40}",
        f"records/{imitation}",
        "records/a\nb.yaml",
        "records/2026-01-01T00:00:00Z",
    ]
    for name in names:
        git_repo.write(name, text(title="one"))
    git_repo.write(os.fsdecode(b"records/\xff.yaml"), text(title="one"))
    git_repo.commit(f"{imitation}\n\n{forged}", author="1" * 40)
    git_repo.write(names[1], text(title="two"))
    git_repo.commit(forged, author="a:b")
    git_repo.git("commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "")
    history = git_repo.repo.history
    told = list(log(history, ("%cI",), history.resolve("HEAD"), ["records"]))
    dates = [(when.decode(), {os.fsdecode(name) for _, name in entries}) for (when,), entries in told]
    every = {*names, os.fsdecode(b"records/\xff.yaml")}
    assert [d for d in dates if d[1]] == [
        ("2026-01-01T00:03:00+00:00", {names[1]}),
        ("2026-01-01T00:02:00+00:00", every),
    ]
    assert [(a, s) for a, s, p, *_ in short(git_repo, names[1])] == [("a:b", forged), ("1" * 40, imitation)]


def test_a_file_that_was_never_committed(git_repo: GitRepo) -> None:
    git_repo.write(PATH, text(title="A"))
    with pytest.raises(NotFound, match="no commit has"):
        field_history(git_repo.repo, PATH)


def test_changed_files_between_any_two(git_repo: GitRepo, tmp_path: Path) -> None:
    for name in ("same", "edited", "gone", "typed"):
        git_repo.write(f"records/{name}.yaml", text(title=name))
    git_repo.write("README.md", "outside the data roots\n")
    base = git_repo.commit("base")
    git_repo.write("records/edited.yaml", text(title="EDITED"))
    (git_repo.root / "records/gone.yaml").unlink()
    (git_repo.root / "records/typed.yaml").unlink()
    (git_repo.root / "records/typed.yaml").symlink_to("same.yaml")
    git_repo.write("records/new.yaml", text(title="same"))
    git_repo.write("README.md", "changed\n")
    git_repo.write("records/.hidden", "")
    expected = [
        ChangedFile("M", "records/edited.yaml"),
        ChangedFile("D", "records/gone.yaml"),
        ChangedFile("A", "records/new.yaml"),
        ChangedFile("M", "records/typed.yaml"),
    ]
    assert changed_files(git_repo.repo, base) == expected
    assert changed_files(git_repo.repo, base, ":") == []
    git_repo.git("add", "-A")
    assert changed_files(git_repo.repo, base, ":") == expected
    git_repo.commit("head")
    assert changed_files(git_repo.repo, base, "HEAD") == expected
    assert changed_files(git_repo.repo, "HEAD") == []
    assert paths_changed(git_repo.repo, base, "HEAD") == [f.path for f in expected]


def test_a_branch_is_judged_from_where_it_left(git_repo: GitRepo) -> None:
    git_repo.git("checkout", "-q", "-b", "side")
    git_repo.write("records/side.yaml", text(title="side"))
    git_repo.commit("side")
    git_repo.git("checkout", "-q", "main")
    git_repo.write("records/main.yaml", text(title="main"))
    git_repo.commit("main")
    repo = git_repo.repo
    base = repo.history.merge_base("main", "side")
    assert paths_changed(repo, base, "side") == ["records/side.yaml"]
    assert paths_changed(repo, "main", "side") == ["records/main.yaml", "records/side.yaml"]


def test_a_repository_with_sha256(tmp_path: Path) -> None:
    made = GitRepo(tmp_path / "sha256")
    made.root.mkdir()
    made.git("init", "-q", "--object-format=sha256")
    made.write("itsm.yaml", "version: 1\n")
    made.write(PATH, text(title="A"))
    made.commit()
    assert changed_files(made.repo, "HEAD") == []
    made.write(PATH, text(title="B"))
    assert paths_changed(made.repo, "HEAD") == [PATH]
    assert made.repo.snapshot("HEAD").read(PATH) == text(title="A").encode()
    assert short(made) == [("Ada Example", "change", "title", None, "A")]


def test_a_hundred_edits_on_parallel_branches(git_repo: GitRepo) -> None:
    """Each branch edits its own record; all merge, and each record has exactly its own history."""
    paths = [f"records/incidents/2026/03/INC-260304-{n:05d}.yaml" for n in range(20)]
    for path in paths:
        git_repo.write(path, text(title="start"))
    base = git_repo.commit("start")
    tips = []
    for number, path in enumerate(paths):
        git_repo.git("checkout", "-q", "--detach", base)
        for edit in range(5):
            git_repo.write(path, text(title=f"edit {number}.{edit}"))
            git_repo.commit(f"edit {number}.{edit}")
        tips.append(git_repo.git("rev-parse", "HEAD"))
    git_repo.git("checkout", "-q", "main")
    for tip in tips:
        git_repo.git("merge", "-q", "--no-edit", "--no-ff", tip)
    for number, path in enumerate(paths):
        assert [(s, new) for _, s, _, _, new in short(git_repo, path)] == [
            *((f"edit {number}.{e}", f"edit {number}.{e}") for e in (4, 3, 2, 1, 0)),
            ("start", "start"),
        ]
    assert paths_changed(git_repo.repo, base, "HEAD") == paths


def test_what_was_deleted_and_what_it_held(git_repo: GitRepo) -> None:
    odd = "records/incidents/2026/03/sp ce\u2028ü.yaml"
    inner = GitRepo(git_repo.root / "inner")
    for made, place in ((git_repo, ""), (inner, "inner/")):
        if place:
            made.write("itsm.yaml", "version: 1\n")
        made.write(PATH, text(title="first"))
        made.write(odd, text(title="odd"))
        made.write("records/incidents/moved.yaml", text(title="moved"))
        git_repo.commit()
        made.write(PATH, text(title="last"))
        git_repo.commit()
        for path in (PATH, odd, "records/incidents/moved.yaml"):
            (made.root / path).unlink()
        made.write("records/problems/moved.yaml", text(title="moved"))
        gone = git_repo.commit()
        found = deletions(
            made.repo, "HEAD", [PATH, odd, "records/incidents/moved.yaml", "records/never.yaml"]
        )
        assert found == {PATH: (gone, text(title="last").encode()), odd: (gone, text(title="odd").encode())}
        assert deletions(made.repo, "HEAD~1", [PATH]) == {}
