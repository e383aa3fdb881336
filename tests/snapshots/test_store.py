"""Loading everything: the same answer from one process and several, whatever the files hold."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops.model.errors import Ambiguous, ItsmError, NotFound, Refused
from itsm_gitops.snapshots import Document, Store, WorkerFailed, load_store
from itsm_gitops.snapshots import store as store_module
from tests.support import DAY, GitRepo, fill, incident, path_of, service


def everything(store: Store) -> tuple[object, ...]:
    names = ("entries", "by_path", "problems", "files", "irregular", "duplicates", "aliases", "broken")
    return tuple(getattr(store, n) for n in names), list(store.entries), list(store.problems)


def visit(store: Store, document: Document) -> list[tuple[str, str, int]]:
    """Say what a rule can see: the document, and the whole CMDB but no record."""
    seen = store.data("print")["name"] if "print" in store.entries else ""
    return [(document.path, seen, len(store.entries))]


def test_one_process_and_several_agree_on_a_thousand_files(git_repo: GitRepo) -> None:
    fill(git_repo, 1000)
    git_repo.write(path_of("INC-260304-BADXX"), "id: [\n")
    git_repo.write(path_of("INC-260304-DUPXX"), "id: a\nid: b\n")
    git_repo.write("records/problems/2026/03/INC-260304-00001.yaml", incident("INC-260304-00001"))
    git_repo.write("records/nowhere/x.yaml", "id: x\n")
    git_repo.commit()
    results = []
    for at in (None, ":", "HEAD"):
        for jobs in (1, 2, 3):
            store, visited = load_store(git_repo.repo.snapshot(at), jobs=jobs, visit=visit)
            results.append((everything(store), sorted(visited)))
    assert all(r == results[0] for r in results[1:])
    store, visited = load_store(git_repo.repo.snapshot(), jobs=2, visit=visit)
    assert len(store.entries) == 1003
    assert len(visited) == 1000 + 3 + 4
    assert {v[1:] for v in visited} == {("The print", 3)}
    assert store.duplicates == [("INC-260304-00001", "records/problems/2026/03/INC-260304-00001.yaml")]
    assert store.broken == {i: path_of(i) for i in ("INC-260304-BADXX", "INC-260304-DUPXX")}
    assert [p.code for p in store.problems[path_of("INC-260304-DUPXX")]] == ["P004"]
    assert store.aliases["OLD0000999"] == "INC-260304-00999"
    entry = store.entries["INC-260304-00007"]
    assert [(e.relation, e.target, e.pointer) for e in entry.edges] == [
        ("affects", "print", ("service",)),
        ("relates_to", "INC-260304-00000", ("links", 0, "target")),
    ]
    assert (entry.opened, entry.state, entry.columns["impact"]) == (DAY, "new", "low")


def test_items_of_the_cmdb_are_visited_too(git_repo: GitRepo) -> None:
    fill(git_repo, 2)
    _, visited = load_store(git_repo.repo.snapshot(), visit=visit)
    assert [v[0] for v in visited if v[0].startswith("cmdb/")] == [
        f"cmdb/services/{n}.yaml" for n in ("mail", "pay", "print")
    ]


def test_find_data_and_documents(git_repo: GitRepo) -> None:
    fill(git_repo, 20)
    git_repo.write(path_of("INC-260304-BADXX"), "id: [\n")
    git_repo.write("cmdb/services/torn.yaml", "id: 'torn\n")
    store = git_repo.repo.store()
    assert store.find("old0000003").id == "INC-260304-00003"
    assert store.find("00004").id == "INC-260304-00004"
    assert store.find("MAIL").kind == "service"
    with pytest.raises(Ambiguous):
        store.find("INC-260304")
    with pytest.raises(NotFound, match="nothing is called 'prnit'") as near:
        store.find("prnit")
    assert "print" in near.value.hint
    for broken in ("INC-260304-BADXX", "inc-260304-badxx", "torn"):
        with pytest.raises(Refused, match=r"\.yaml:\d+:\d+: .*P003"):
            store.find(broken)
    with pytest.raises(Refused, match="P003"):
        store.data("torn")
    with pytest.raises(NotFound):
        store.data("nothing")
    assert store.data("print")["name"] == "The print"
    assert store.data("INC-260304-00003") is store.data("INC-260304-00003")
    assert store.raw("itsm.yaml").startswith(b"version")
    pairs = list(store.documents("incident"))
    assert [e.id for e, _ in pairs] == sorted(e.id for e, _ in pairs)
    assert all(data["id"] == entry.id for entry, data in pairs)
    assert len(pairs) == 20
    assert len(list(store.documents())) == 23
    Path(git_repo.root / path_of("INC-260304-00005")).write_text("id: [\n")
    with pytest.raises(Refused, match="changed while"):
        store.data("INC-260304-00005")


def test_remembered_documents_are_bounded(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_KEPT", 4)
    fill(git_repo, 8)
    store = git_repo.repo.store()
    first = store.data("INC-260304-00000")
    for number in range(8):
        assert store.data(f"INC-260304-{number:05d}")["id"] == f"INC-260304-{number:05d}"
    assert len(store._data) == 4
    assert store.data("INC-260304-00000") == first


def test_files_that_cannot_be_read_are_problems(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(git_repo, 3)
    snapshot = git_repo.repo.snapshot()
    listed = snapshot.files()
    monkeypatch.setattr(snapshot, "files", lambda *roots: listed)
    for path in (path_of("INC-260304-00000"), path_of("INC-260304-00002"), "cmdb/services/mail.yaml"):
        (git_repo.root / path).unlink()
    store, visited = load_store(snapshot, visit=visit, book=git_repo.repo.book)
    assert {p: problems[0].code for p, problems in store.problems.items()} == {
        path_of("INC-260304-00000"): "P014",
        path_of("INC-260304-00002"): "P014",
        "cmdb/services/mail.yaml": "P014",
    }
    assert set(store.broken) == {"INC-260304-00000", "INC-260304-00002", "mail"}
    assert list(store.entries) == ["INC-260304-00001", "pay", "print"]
    assert len(visited) == 6


def test_a_link_is_irregular_and_not_loaded(git_repo: GitRepo, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(service("evil"))
    git_repo.write("cmdb/services/print.yaml", service("print"))
    (git_repo.root / "cmdb/services/evil.yaml").symlink_to(tmp_path / "x.yaml")
    store = git_repo.repo.store()
    assert store.irregular == {"cmdb/services/evil.yaml": "120000"}
    assert "cmdb/services/evil.yaml" in store.files
    assert list(store.entries) == ["print"]


class _Elsewhere:
    """Whether this is a worker; the caller's process waits for one to begin, which takes the next part then."""

    def __init__(self) -> None:
        self._caller = os.getpid()
        self._read, self._write = os.pipe()
        self._waited = False

    def __call__(self) -> bool:
        if os.getpid() != self._caller:
            os.write(self._write, b"x")
            return True
        if not self._waited:
            os.read(self._read, 1)
            self._waited = True
        return False


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failing_visitor_fails_the_load(git_repo: GitRepo, jobs: int) -> None:
    fill(git_repo, 10)
    elsewhere = _Elsewhere()

    def explode(store: Store, document: Document) -> list[int]:
        if jobs == 1 or elsewhere():
            raise ZeroDivisionError(document.path)
        return []

    with pytest.raises(WorkerFailed if jobs == 2 else ZeroDivisionError, match=r"INC-260304|cmdb"):
        load_store(git_repo.repo.snapshot(), jobs=jobs, visit=explode)


def test_errors_meant_for_the_user_cross_the_pipe(git_repo: GitRepo) -> None:
    fill(git_repo, 10)
    elsewhere = _Elsewhere()

    def refuse(store: Store, document: Document) -> list[int]:
        if elsewhere():
            raise ItsmError("cannot go on", "do this")
        return []

    with pytest.raises(ItsmError, match="cannot go on") as caught:
        load_store(git_repo.repo.snapshot(), jobs=2, visit=refuse)
    assert caught.value.hint == "do this"


def test_the_rule_book_of_the_snapshot_counts(git_repo: GitRepo, make_repo: Callable[..., GitRepo]) -> None:
    fill(git_repo, 1)
    git_repo.commit()
    (git_repo.root / "schemas/records/incident.schema.json").unlink()
    assert "INC-260304-00000" in git_repo.repo.store("HEAD").entries
    assert "INC-260304-00000" not in git_repo.repo.store().entries
