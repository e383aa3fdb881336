"""Opening a repository and finding documents in it without loading it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import itsm_gitops
from itsm_gitops.git import committing, porcelain
from itsm_gitops.model.errors import Ambiguous, GitError, NotFound, RuleBookError
from itsm_gitops.repository import Repository, locating
from itsm_gitops.snapshots import Snapshot, WorkingTree, packaged_rulebook_root, read_rulebook
from itsm_gitops.snapshots.config import Hosting
from tests.support import GitRepo, fill, incident, path_of, service


def test_open_looks_upwards(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    deep = git_repo.root / "records/incidents"
    deep.mkdir(parents=True)
    assert itsm_gitops.open(deep).root == git_repo.root
    monkeypatch.chdir(deep)
    assert itsm_gitops.open().root == git_repo.root
    with pytest.raises(NotFound, match=r"no itsm\.yaml in") as caught:
        Repository.open(tmp_path)
    assert "itsm init" in caught.value.hint


def test_a_whole_identifier_is_found_without_listing(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(git_repo, 5)
    repo = git_repo.repo

    def never(*_: object) -> None:
        raise AssertionError("listed")

    monkeypatch.setattr(WorkingTree, "files", never)
    monkeypatch.setattr(locating, "naming", never)
    assert repo.locate("INC-260304-00003") == path_of("INC-260304-00003")
    assert repo.locate(" inc-260304-00003 ") == path_of("INC-260304-00003")
    assert repo.locate("print") == "cmdb/services/print.yaml"
    assert repo.locate("Print") == "cmdb/services/print.yaml"
    assert repo.locate("cmdb/services/print.yaml") == "cmdb/services/print.yaml"
    assert repo.git is not None
    with pytest.raises(AssertionError, match="listed"):
        repo.locate("00003")


def test_a_fragment_needs_names_only(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(git_repo, 20)
    repo = git_repo.repo
    read_many = WorkingTree.read_many

    def never(*_: object) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(WorkingTree, "read_many", never)
    assert repo.locate("00007") == path_of("INC-260304-00007")
    assert repo.locate("rin") == "cmdb/services/print.yaml"
    with pytest.raises(Ambiguous):
        repo.locate("INC-26")
    monkeypatch.setattr(WorkingTree, "read_many", read_many)
    assert repo.locate("old0000009") == path_of("INC-260304-00009")
    for unknown in ("OLD000000", "INC-260304-ZZZZZ", "prind", "", "../itsm.yaml", "*", "links"):
        with pytest.raises(NotFound):
            repo.locate(unknown)


@pytest.mark.parametrize("at", [None, ":", "HEAD"])
def test_locating_is_the_same_in_every_snapshot(git_repo: GitRepo, at: str | None) -> None:
    fill(git_repo, 5)
    git_repo.commit()
    repo = git_repo.repo
    store = repo.store(at)
    for fragment in ("INC-260304-00003", "00003", "mail", "OLD0000004", "ma"):
        assert repo.locate(fragment, at) == store.find(fragment).path
    document = repo.document("OLD0000004", at)
    assert (document.id, document.kind and document.kind.name, document.problems) == (
        "INC-260304-00004",
        "incident",
        (),
    )
    assert document.data["id"] == document.id


def test_an_older_commit_answers_for_itself(git_repo: GitRepo) -> None:
    fill(git_repo, 1)
    git_repo.commit()
    (git_repo.root / path_of("INC-260304-00000")).unlink()
    git_repo.write(path_of("INC-260304-NEWXX"), incident("INC-260304-NEWXX"))
    git_repo.commit()
    repo = git_repo.repo
    assert repo.document("INC-260304-00000", "HEAD~1").data["title"] == "Printer is broken"
    with pytest.raises(NotFound):
        repo.locate("INC-260304-00000")
    with pytest.raises(NotFound):
        repo.locate("NEWXX", "HEAD~1")


def test_links_are_not_located(git_repo: GitRepo, tmp_path: Path) -> None:
    (tmp_path / "evil.yaml").write_text(service("evil"))
    git_repo.write("cmdb/services/print.yaml", service("print"))
    (git_repo.root / "cmdb/services/evil.yaml").symlink_to(tmp_path / "evil.yaml")
    with pytest.raises(NotFound):
        git_repo.repo.locate("evil")


def test_key_order_is_that_of_the_schema(git_repo: GitRepo) -> None:
    repo = git_repo.repo
    keys = repo.key_order("incident")
    assert keys == repo.key_order(repo.book.kind("INC")) == repo.book.kinds["incident"].keys
    assert keys[:3] == ("id", "kind", "title")


def test_the_settings_are_read(git_repo: GitRepo) -> None:
    git_repo.write(
        "itsm.yaml",
        "version: 1\norganisation: Acme\ntimezone: Asia/Tokyo\ndirectory: closed\n"
        "site:\n  name: Help\n  url: https://example.org/\n"
        "severity:\n  K001: warning\n"
        "ignore:\n  - code: D001\n    path: cmdb/*\n    reason: moving\n    until: 2026-12-31\n",
    )
    config = git_repo.repo.config
    assert (config.organisation, config.timezone, config.directory) == ("Acme", "Asia/Tokyo", "closed")
    assert (config.site_name, config.site_url, config.edit_url) == ("Help", "https://example.org/", "")
    assert config.severity == {"K001": "warning"}
    assert [tuple(i) for i in config.ignore] == [("D001", "cmdb/*", "moving", "2026-12-31")]


def test_where_the_repository_is_on_a_forge(git_repo: GitRepo) -> None:
    def place(text: str) -> Hosting:
        git_repo.write("itsm.yaml", f"version: 1\norganisation: Acme\nsite:\n  repository: {text}\n")
        return git_repo.repo.config.repository

    assert place("{url: 'https://forge.example/acme/itsm/', forge: gitea}") == (
        "https://forge.example/acme/itsm",
        "gitea",
        "main",
    )
    assert place("{url: 'https://forge.example/x', forge: gitlab, branch: trunk}").branch == "trunk"


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        (
            "schemas/records/incident.schema.json",
            '{\n  "a": 1,\n  "a": 2\n}',
            r"incident\.schema\.json:3:\d+: .*P004",
        ),
        ("schemas/records/incident.schema.json", "{", r"incident\.schema\.json:1:\d+: .*P003"),
        ("schemas/workflows/incident.yaml", "a: [\n", r"incident\.yaml:\d+:\d+: .*P003"),
    ],
)
def test_a_broken_rule_book_says_where(git_repo: GitRepo, path: str, text: str, says: str) -> None:
    git_repo.write(path, text)
    with pytest.raises(RuleBookError, match=says):
        list(git_repo.repo.book.kinds.values())


def test_a_store_needs_a_whole_rule_book(git_repo: GitRepo) -> None:
    """Not only the kinds that the documents happen to use."""
    git_repo.write("schemas/workflows/problem.yaml", "a: [\n")
    assert git_repo.repo.book.kind("incident").name == "incident"
    with pytest.raises(RuleBookError, match=r"problem\.yaml"):
        git_repo.repo.store()


def test_a_repository_without_rule_book(tmp_path: Path) -> None:
    (tmp_path / "itsm.yaml").write_text("version: 1\n")
    with pytest.raises(RuleBookError, match="no rule book"):
        _ = Repository.open(tmp_path).book.kinds


def test_the_shipped_rule_book_reads(git_repo: GitRepo) -> None:
    root = packaged_rulebook_root()
    shipped: Snapshot = WorkingTree(root)
    assert {"incident", "service"} <= set(read_rulebook(shipped).kinds)
    git_repo.commit()
    assert read_rulebook(git_repo.repo.snapshot("HEAD")).files == read_rulebook(shipped).files


class TestPorcelain:
    def test_init_and_commit(self, tmp_path: Path) -> None:
        root = tmp_path / "new"
        porcelain.init_repository(root)
        assert porcelain.is_repository(root)
        assert not porcelain.is_repository(tmp_path)
        (root / "a.txt").write_text("a\n")
        (root / "--help").write_text("b\n")
        (root / "other.txt").write_text("c\n")
        made = GitRepo(root)
        made.git("add", "other.txt")
        assert made.git("symbolic-ref", "HEAD") == "refs/heads/main"
        commit = committing.commit(root, ["a.txt", "--help"], "First\n\nWith a body")
        assert made.git("rev-parse", "HEAD") == commit
        assert made.git("show", "--format=%an <%ae> %s", "--name-only").split("\n") == [
            "Ada Example <ada@example.org> First",
            "",
            "--help",
            "a.txt",
        ]
        assert made.git("status", "--porcelain") == "A  other.txt"
        with pytest.raises(GitError, match="git commit failed"):
            committing.commit(root, ["missing.txt"], "no")

    def test_paths_are_relative_to_the_folder_given(self, git_repo: GitRepo) -> None:
        git_repo.write("inner/a.txt", "a\n")
        committing.commit(git_repo.root / "inner", ["a.txt"], "inner")
        assert git_repo.git("show", "--format=", "--name-only") == "inner/a.txt"

    def test_no_author_is_explained(
        self, make_repo: Callable[..., GitRepo], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        made = make_repo()
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        with pytest.raises(GitError, match="does not know who you are") as caught:
            committing.commit(made.root, ["itsm.yaml"], "no")
        assert "user.email" in caught.value.hint

    def test_where_git_cannot_write(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(GitError, match="git init failed"):
            porcelain.init_repository(tmp_path / "file")


def test_importing_the_package_starts_nothing_heavy() -> None:
    import subprocess
    import sys

    script = (
        "import sys, itsm_gitops.repository\n"
        "print([m for m in ('yaml', 'git', 'click', 'jsonschema', 'rich', 'difflib', 'sqlite3') if m in sys.modules])"
    )
    # No coverage in there: the tracer loads half the library itself.
    env = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=env)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("what", ["folder", "link", "pipe"])
def test_settings_that_are_no_file_never_lead_to_a_repository_further_up(tmp_path: Path, what: str) -> None:
    (tmp_path / "itsm.yaml").write_text("version: 1\n")
    settings = tmp_path / "inner" / "itsm.yaml"
    settings.parent.mkdir()
    {
        "folder": settings.mkdir,
        "link": lambda: settings.symlink_to("gone"),
        "pipe": lambda: os.mkfifo(settings),
    }[what]()
    with pytest.raises(NotFound, match=r"inner/itsm\.yaml is not a regular file"):
        Repository.open(settings.parent)
