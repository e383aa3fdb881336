"""What is asked of the index: names, lives, values derived of documents, and how it stands itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import pytest

from itsm_gitops.commands.showing import show
from itsm_gitops.editing.identifiers import names
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.lifetime import Lifetime, Wanted, lifetime_of
from itsm_gitops.repository import Repository
from itsm_gitops.repository.index import database, freshness, service
from itsm_gitops.repository.index import names as index_names
from itsm_gitops.repository.index.condition import condition
from itsm_gitops.repository.index.indexed_store import IndexedStore
from itsm_gitops.snapshots import WorkingTree, load_store
from tests.repository.random_steps import incident, item
from tests.support import GitRepo, run_here

INC = "INC-261120-AAAAA"


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_INDEX", "always")
    monkeypatch.setattr(freshness, "RACY", 0)


@pytest.fixture
def estate(git_repo: GitRepo) -> GitRepo:
    for name in ("web", "payments", "payments-db", "mail"):
        git_repo.write(f"cmdb/applications/{name}.yaml", item(name))
    for number, alias in enumerate(("OLD-1", "old-2", "")):
        name = f"INC-261120-{'ABC'[number] * 5}"
        git_repo.write(f"records/incidents/2026/11/{name}.yaml", incident(name, service="mail", alias=alias))
    git_repo.commit("Begin")
    assert not isinstance(git_repo.repo.store(), IndexedStore)
    return git_repo


def indexed(estate: GitRepo) -> IndexedStore:
    store = Repository(estate.root).store()
    assert isinstance(store, IndexedStore)
    return store


def said(answer: Callable[[], Any]) -> Any:
    """Return an answer, or the error in its place."""
    try:
        return answer()
    except ItsmError as error:
        return type(error), error.message, error.hint


FRAGMENTS = (
    *("web", "WEB", "pay", "payments", "payments-d", "db", "INC-261120-AAAAA", "aaaaa", "ccc", "261120"),
    *(
        "OLD-1",
        "old-1",
        "OLD-2",
        "odd",
        "Odd",
        "ö",
        "ÖL",
        "broken",
        "nothing",
        "paymants",
        "",
        " mail ",
        "%",
        "_",
    ),
)


def test_a_fragment_means_the_same_with_the_index(estate: GitRepo) -> None:
    estate.write("cmdb/applications/Odd.yaml", item("Odd"))
    estate.write("cmdb/applications/öl.yaml", item("öl"))
    estate.write("cmdb/applications/broken.yaml", "id: [")
    whole, _ = load_store(WorkingTree(estate.root))
    store = indexed(estate)
    for fragment in FRAGMENTS:
        assert said(partial(store.find, fragment)) == said(partial(whole.find, fragment)), fragment


def _located(estate: GitRepo, setting: str, patch: pytest.MonkeyPatch, fragments: Iterable[str]) -> list[Any]:
    """Return where documents are found, and their names, with the index as set."""
    patch.setenv("ITSM_INDEX", setting)
    repo = Repository(estate.root)
    return [*(said(partial(repo.locate, f)) for f in fragments), names(repo, repo.book.kinds.values())]


def test_a_document_is_found_the_same_with_the_index(
    estate: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_index = _located(estate, "always", monkeypatch, FRAGMENTS)
    assert with_index == _located(estate, "off", monkeypatch, FRAGMENTS)


def _new(estate: GitRepo) -> None:
    estate.write("cmdb/applications/web-2.yaml", item("web-2"))


def _new_folder(estate: GitRepo) -> None:
    name = "INC-270101-WEBBB"
    estate.write(f"records/incidents/2027/01/{name}.yaml", incident(name, service="mail"))


def _gone(estate: GitRepo) -> None:
    (estate.root / "cmdb/applications/web.yaml").unlink()


def _moved_folder(estate: GitRepo) -> None:
    (estate.root / "records/incidents/2026").rename(estate.root / "records/incidents/2025")


def _ignored(estate: GitRepo) -> None:
    estate.write(".gitignore", "web-*.yaml\n")
    _new(estate)
    indexed(estate)


def _link(estate: GitRepo) -> None:
    (estate.root / "cmdb/applications/web-3.yaml").symlink_to("web.yaml")


def test_when_the_first_record_was_opened_is_known_without_reading_any(
    estate: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = incident("INC-261120-DDDDD", service="mail")
    path = "records/incidents/2026/11/INC-261120-DDDDD.yaml"
    estate.write(path, early.replace("2026-11-20T10:00:00Z", "2019-01-01T08:00:00Z"))
    nothing = re.sub(r"timeline:.*", "timeline: []\n", early.replace("DDDDD", "EEEEE"), flags=re.DOTALL)
    estate.write("records/incidents/2026/11/INC-261120-EEEEE.yaml", nothing)
    store, plain = indexed(estate), load_store(estate.repo.snapshot())[0]
    monkeypatch.setattr(IndexedStore, "select", None)
    assert store.earliest() == plain.earliest() == "2019-01-01T08:00:00Z"
    plan = store.connection.execute(
        "EXPLAIN QUERY PLAN SELECT min(opened) FROM document WHERE usable = 1 AND record = 1 AND opened > ''"
    ).fetchall()
    assert "INDEX document_opened" in plan[0][3]  # the first entry is read, not the table


@pytest.mark.parametrize("step", [_new, _new_folder, _gone, _moved_folder, _ignored, _link])
def test_names_are_those_of_now_though_nobody_brought_the_index_up_to_date(
    estate: GitRepo, step: Callable[[GitRepo], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    step(estate)
    fragments = ("web", "WEB", "webb", "eb-2", "aaaaa")
    with_index = _located(estate, "always", monkeypatch, fragments)
    assert with_index == _located(estate, "off", monkeypatch, fragments)


def test_names_come_from_the_index(estate: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = WorkingTree.files

    def files(tree: WorkingTree, *roots: str) -> Any:
        assert roots == ("schemas",), "all names were listed"
        return listed(tree, *roots)

    monkeypatch.setattr(WorkingTree, "files", files)
    repo = Repository(estate.root)
    assert repo.locate("aaaa") == f"records/incidents/2026/11/{INC}.yaml"
    assert names(repo, [repo.book.kinds["application"]]) == ["mail", "payments", "payments-db", "web"]
    assert show(repo, "aaaa", links=False).document.id == INC
    assert index_names.paths_like(estate.root, "lonely") == []


def test_a_value_is_derived_once_and_again_when_its_document_changed(estate: GitRepo) -> None:
    asked: list[str] = []

    def title(data: Mapping[str, Any]) -> Any:
        asked.append(str(data["id"]))
        return {"title": [data["name"]]}

    def values() -> dict[str, Any]:
        store = indexed(estate)
        return store.derived("title", title, store.of_kinds(["application"]))

    first = values()
    assert first["web"] == {"title": ["web"]}
    assert sorted(asked) == ["mail", "payments", "payments-db", "web"]
    assert values() == first
    assert len(asked) == 4
    estate.write("cmdb/applications/web.yaml", item("web", title="Web site"))
    assert values()["web"] == {"title": ["Web site"]}
    assert asked[4:] == ["web"]


def test_a_value_of_a_file_that_changed_meanwhile_is_not_kept(estate: GitRepo) -> None:
    store = indexed(estate)
    entries = [store.entries["web"]]
    before = (estate.root / "cmdb/applications/web.yaml").read_text()
    estate.write("cmdb/applications/web.yaml", item("web", title="For a moment"))
    assert store.derived("name", lambda d: d["name"], entries) == {"web": "For a moment"}
    estate.write("cmdb/applications/web.yaml", before)
    store = indexed(estate)
    assert store.derived("name", lambda d: d["name"], [store.entries["web"]]) == {"web": "web"}


def test_a_value_is_not_kept_where_the_index_moved_on(estate: GitRepo) -> None:
    old = indexed(estate)
    estate.write("cmdb/applications/new.yaml", item("new"))
    indexed(estate)
    assert old.derived("name", lambda d: d["name"], [old.entries["web"]]) == {"web": "web"}
    kept = indexed(estate).connection.execute("SELECT count(*) FROM derived").fetchone()
    assert kept == (0,)


STEPS = [(100, "new"), (200, "in_progress"), (300, "resolved"), (400, "in_progress"), (500, "closed")]


@pytest.mark.parametrize(
    ("count", "life"),
    [
        (0, None),
        (1, Lifetime(100, 100, None, True)),
        (3, Lifetime(100, 300, 300, True)),
        (4, Lifetime(100, 400, None, False)),
        (5, Lifetime(100, 500, 500, False)),
    ],
)
def test_a_lifetime_ends_when_a_record_is_open_no_more(
    git_repo: GitRepo, count: int, life: Lifetime | None
) -> None:
    workflow = git_repo.repo.book.kinds["incident"].workflow
    assert lifetime_of(workflow, STEPS[:count]) == life
    assert lifetime_of(workflow, [(50, "unheard-of"), *STEPS[:count]]) == life


DAY = 86_400
NOON = 1_795_600_800  # 2026-11-25, after the last step


@pytest.mark.parametrize(
    ("wanted", "names_wanted"),
    [
        (Wanted(NOON, ("incident",)), ["A", "B", "C"]),
        (Wanted(NOON, ("incident",), open=True), ["A", "C"]),
        (Wanted(NOON - 60 * DAY, ("incident",)), []),
        # By then the resolution of B had not come: nobody can tell without its steps.
        (Wanted(1_795_175_000, ("incident",), open=True), ["A", "B", "C"]),
        (Wanted(NOON, ("incident",), opened_since=NOON), []),
        (Wanted(NOON, ("incident",), ended_since=NOON - 30 * DAY), ["B"]),
        (Wanted(NOON, ("incident",), ended_since=NOON), []),
        (Wanted(NOON, ("incident",), ended_since=NOON, lasting=True), ["A", "C"]),
        (Wanted(NOON, ("incident",), service="web"), ["C"]),
        (Wanted(NOON, ids=("INC-261120-BBBBB", "INC-261120-ZZZZZ")), ["B"]),
        (Wanted(NOON, ("problem",)), []),
    ],
)
def test_only_the_records_asked_for_are_read(
    estate: GitRepo, wanted: Wanted, names_wanted: list[str]
) -> None:
    for letter, service_name, state in (("B", "mail", "resolved"), ("C", "web", "in_progress")):
        name = f"INC-261120-{letter * 5}"
        text = incident(name, service=service_name, state=state)
        estate.write(f"records/incidents/2026/11/{name}.yaml", text)
    store = indexed(estate)
    lives = store.lives(wanted)
    assert [entry.id[-1] for entry, _ in lives] == names_wanted
    whole, _ = load_store(WorkingTree(estate.root))
    every = {entry.id: (entry, replay) for entry, replay in whole.lives(wanted)}
    assert all(every[entry.id] == (entry, replay) for entry, replay in lives)
    assert store.first_opened(NOON, ["incident"]) == whole.first_opened(NOON, ["incident"]) == 1_795_168_800
    assert store.first_opened(NOON, ["problem"]) is whole.first_opened(NOON, ["problem"]) is None


def _why(repo: GitRepo) -> str:
    return condition(WorkingTree(repo.root), Repository(repo.root).config).why


def test_the_condition_of_an_index_is_told(estate: GitRepo) -> None:
    found = condition(WorkingTree(estate.root), estate.repo.config)
    assert (found.why, found.documents, found.reading) == ("", 7, 0)
    assert found.path is not None
    assert found.size >= found.path.stat().st_size > 0
    estate.write("cmdb/applications/web.yaml", item("web", title="Web site"))
    again = condition(WorkingTree(estate.root), estate.repo.config)
    assert (again.path, again.reading) == (found.path, 1)


def test_it_is_told_why_there_is_no_index(estate: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in database.files_of(estate.root):
        database.remove(path)
    assert _why(estate) == "the first command that reads everything makes it"
    monkeypatch.setattr(database, "is_remote", lambda _: True)
    assert _why(estate) == "Git's folder is on a network file system, whose locks cannot be relied on"
    monkeypatch.undo()
    assert _why(estate) == f"fewer than {service.WORTH:,} documents are read faster without one"
    monkeypatch.setenv("ITSM_INDEX", "off")
    assert _why(estate) == "ITSM_INDEX is off"
    monkeypatch.setenv("ITSM_INDEX", "always")
    (estate.root / "cmdb/applications/link.yaml").symlink_to("web.yaml")
    assert _why(estate) == "cmdb/applications/link.yaml is not a regular file"


def test_a_folder_without_git_has_no_index(tmp_path: Any, estate: GitRepo) -> None:
    bare = GitRepo(tmp_path / "plain")
    bare.root.mkdir()
    bare.write("itsm.yaml", (estate.root / "itsm.yaml").read_text())
    assert _why(bare) == "this folder is not the top of a Git working tree"


def test_a_replay_is_the_same_with_and_without_the_index(estate: GitRepo) -> None:
    """Values over time, corrected times, declared times, cases at suppliers: read from rows as from documents."""
    name = "INC-261120-DDDDD"
    path = f"records/incidents/2026/11/{name}.yaml"
    begin = incident(name, service="mail", state="in_progress")
    steps = (
        "  - {at: '2026-11-21T09:00:00Z', by: ada, set: {impact: high}, was: {impact: low}}\n"
        "  - {at: '2026-11-21T10:00:00Z', by: ada, comment: We are on it.}\n"
        "  - {at: '2026-11-21T11:00:00Z', by: ada, set: {assignee: ada}, happened: '2026-11-21T08:00:00Z', reason: Late.}\n"
    )
    declared = "started_at: '2026-11-20T07:00:00Z'\nsupplier_cases: [{supplier: acme, opened_at: '2026-11-21T09:00:00Z'}]\n"
    correction = "  - {at: '2026-11-21T12:00:00Z', by: ada, corrects: '2026-11-21T09:00:00Z', happened: '2026-11-21T08:30:00Z', reason: So.}\n"
    for text in (begin + steps, declared + begin + steps, declared + begin + steps + correction):
        estate.write(path, text)
        store = indexed(estate)
        whole, _ = load_store(WorkingTree(estate.root))
        wanted = Wanted(NOON, ids=(name,))
        assert list(store.lives(wanted)) == list(whole.lives(wanted))
        assert store.entries[name] == whole.entries[name]
    ((_, replay),) = store.lives(wanted)
    assert [(c.field, c.value) for c in replay.values] == [("impact", "high"), ("assignee", "ada")]
    assert (replay.started, len(replay.supplier_cases)) == (1_795_158_000, 1)
    assert replay.values[0].at == 1_795_249_800  # corrected to 8:30


def test_how_many_records_were_open_is_known_with_and_without_the_index(estate: GitRepo) -> None:
    def life(letter: str, *steps: tuple[int, str]) -> None:
        name = f"INC-261120-{letter * 5}"
        state = steps[-1][1]
        entries = "".join(f"  - {{at: 2026-11-{day}T10:00:00Z, by: ada, state: {s}}}\n" for day, s in steps)
        head = f"id: {name}\nkind: incident\ntitle: Slow\nstate: {state}\nservice: mail\nimpact: low\nurgency: high\n"
        estate.write(f"records/incidents/2026/11/{name}.yaml", f"{head}timeline:\n{entries}")

    life("A", (10, "new"), (12, "resolved"))
    life("B", (11, "new"), (13, "resolved"), (15, "in_progress"), (17, "resolved"), (18, "closed"))
    life("C", (14, "new"), (16, "in_progress"))
    tenth = 1_794_304_800  # 2026-11-10T10:00:00Z
    moments = [tenth + hours * 3600 for hours in (0, 1, 25, 48, 49, 73, 97, 121, 169, 193, 1000)]
    counts = [0, 1, 2, 2, 1, 0, 1, 2, 1, 1, 1]
    store, (whole, _) = indexed(estate), load_store(WorkingTree(estate.root))
    assert store.open_before(moments, ["incident"]) == counts
    assert whole.open_before(moments, ["incident"]) == counts
    late = moments[5:]
    assert store.open_before(late, ["incident"]) == whole.open_before(late, ["incident"]) == counts[5:]
    assert store.open_before(moments, ["problem"]) == whole.open_before(moments, ["problem"]) == [0] * 11
    assert store.open_before([], ["incident"]) == whole.open_before([], ["incident"]) == []


def test_work_on_an_article_ends_when_readers_have_it(git_repo: GitRepo) -> None:
    workflow = git_repo.repo.book.kinds["article"].workflow
    steps = [(100, "draft"), (200, "in_review"), (300, "published")]
    assert lifetime_of(workflow, steps) == Lifetime(100, 300, 300, True)
    assert lifetime_of(workflow, [*steps, (400, "outdated")]) == Lifetime(100, 400, None, False)
    assert lifetime_of(workflow, [*steps, (400, "retired")]) == Lifetime(100, 400, 300, True)


def test_a_report_counts_a_published_article_with_and_without_the_index(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", "2026-11-25T12:00:00Z")
    at = "at: 2026-11-1{}T09:00:00Z\n  by: ada\n  state: "
    git_repo.write(
        "records/articles/2026/11/KB-261112-AAAAA.yaml",
        "id: KB-261112-AAAAA\nkind: article\ntitle: Reset a password\nowner: ada\nsummary: How.\nbody: So.\n"
        "review_by: 2027-11-12\nstate: published\ntimeline:\n"
        f"- {at.format(2)}draft\n- {at.format(3)}published\n",
    )
    git_repo.commit()
    said = set()
    for index in ("always", "off"):
        monkeypatch.setenv("ITSM_INDEX", index)
        reports = json.loads(run_here(["report", "--json"], git_repo.root).stdout)
        said.update(r["headline"] for r in reports if r["report"] == "flow")
    assert said == {"1 opened, 1 resolved"}
