"""`itsm query`: the answers of list, report and check, with and without the index; nothing but reading, within limits."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.commands.filters import Filters
from itsm_gitops.commands.listing import list_documents
from itsm_gitops.commands.querying import query
from itsm_gitops.model import clock, facts
from itsm_gitops.model.errors import UsageError
from itsm_gitops.repository import Repository
from itsm_gitops.repository.index import query_guard
from itsm_gitops.repository.index.indexed_store import IndexedStore
from itsm_gitops.rules import check
from tests.commands.filter_world import NOW, world


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository of odd documents."""
    return world(tmp_path_factory.mktemp("odd") / "w", 7)


@pytest.fixture(params=["off", "always"])
def repo(odd: Repository, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """That repository, without and with an index."""
    monkeypatch.setenv("ITSM_NOW", NOW)
    monkeypatch.setenv("ITSM_INDEX", request.param)
    odd.store()
    assert isinstance(odd.store(), IndexedStore) == (request.param == "always")
    return odd


def _rows(repo: Repository, sql: str) -> list[tuple[Any, ...]]:
    return query(repo, sql).rows


def test_records_are_those_of_list(repo: Repository) -> None:
    store = repo.store()
    book = store.book
    for status in ("open", "finished"):
        listed = [r.entry.id for r in list_documents(repo, [f"status:{status}"], Filters()).rows]
        assert _rows(repo, f"SELECT id FROM records WHERE status = '{status}' ORDER BY 1") == sorted(
            (i,) for i in listed
        )
    priorities = {e.id: found.name if (found := facts.priority(book, e)) else None for e in store.entries.values() if book.kinds[e.kind].is_record}  # fmt: skip
    assert dict(_rows(repo, "SELECT id, priority FROM records")) == priorities
    for word in ("opened", "updated", "closed"):
        listed = [
            r.entry.id for r in list_documents(repo, [f"{word}:>=2026-11-22T00:00:00Z"], Filters()).rows
        ]
        sql = f"SELECT id FROM records WHERE {word} >= '2026-11-22T00:00:00Z' ORDER BY 1"
        assert _rows(repo, sql) == sorted((i,) for i in listed), word
    titles = {e.id: e.title for e in store.entries.values() if book.kinds[e.kind].is_record}
    assert dict(_rows(repo, "SELECT id, title FROM records")) == titles


def test_items_links_and_timelines_are_those_of_the_documents(repo: Repository) -> None:
    store = repo.store()
    entries = list(store.entries.values())
    items = [(e.id, e.kind) for e in entries if not store.book.kinds[e.kind].is_record]
    assert _rows(repo, "SELECT id, class FROM items ORDER BY 1") == sorted(items)
    links = sorted((e.id, x.relation, x.target, x.pointer[0]) for e in entries for x in e.edges)
    assert sorted(_rows(repo, "SELECT source, relation, target, field FROM links")) == links
    steps: list[tuple[Any, ...]] = []
    for entry, data in store.documents():
        timeline = data.get("timeline")
        for number, step in enumerate(timeline if isinstance(timeline, list) else (), 1):
            at = clock.parse_time(step["at"])
            steps.append(
                (entry.id, number, clock.format_time(at) if at else None, step.get("state"), step["by"])
            )
    assert sorted(_rows(repo, "SELECT * FROM timeline"), key=repr) == sorted(steps, key=repr)


def test_findings_are_those_of_check(repo: Repository) -> None:
    expected = [(f.code, f.severity, f.path, f.line, f.column, f.message) for f in check(repo).findings]
    found = _rows(repo, 'SELECT code, severity, path, line, "column", message FROM findings')
    assert found == expected
    assert len(found) > 20


REFUSED = (
    "DELETE FROM records",
    "INSERT INTO records VALUES (1)",
    "UPDATE document SET id = 'x'",
    "DROP VIEW records",
    "CREATE TABLE x (a)",
    "CREATE TEMP TABLE x (a)",
    "ATTACH DATABASE '/tmp/stolen.db' AS y",
    "DETACH main",
    "VACUUM INTO '/tmp/stolen.db'",
    "PRAGMA writable_schema = 1",
    "PRAGMA table_info(document)",
    "SELECT * FROM pragma_table_info('document')",
    "SELECT load_extension('x')",
    "SELECT randomblob(100)",
    "SELECT zeroblob(1000000000)",
    "SELECT readfile('/etc/passwd')",
    "SELECT * FROM document",
    "SELECT * FROM main.document",
    "SELECT count(*) FROM document",
    "SELECT count(*) FROM meta",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM temp.sqlite_master",
    "SELECT * FROM sqlite_temp_schema",
    "WITH records AS (SELECT * FROM document) SELECT * FROM records",
    "WITH timeline AS (SELECT sql FROM sqlite_master) SELECT * FROM timeline",
    "SELECT (SELECT value FROM meta LIMIT 1) FROM records",
    "SELECT itsm_utc(opened) FROM records",
    "EXPLAIN SELECT * FROM records",
    "BEGIN",
    "COMMIT",
    "SELECT 1; DROP VIEW records",
    "SELECT ?",
    "SELECT",
    "",
    "\0",
    "SELECT '\ud800'",
    "(" * 100_000,
    "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
)


@pytest.mark.parametrize("index", ["off", "always"])
def test_a_query_only_reads_the_views(odd: Repository, monkeypatch: pytest.MonkeyPatch, index: str) -> None:
    monkeypatch.setenv("ITSM_INDEX", index)
    odd.store()
    before = _rows(odd, "SELECT count(*) FROM records")
    for sql in REFUSED if index == "always" else REFUSED[::6]:
        with pytest.raises(UsageError) as refused:
            query(odd, sql)
        assert len(refused.value.message) < 300, sql[:80]
    assert _rows(odd, "SELECT count(*) FROM records") == before
    assert not Path("/tmp/stolen.db").exists()


BOMBS = (
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    "SELECT count(*) FROM links a, links b, links c, links d, links e, links f",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION SELECT n + 1 FROM t) SELECT max(n) FROM t",
    "WITH RECURSIVE t(s) AS (SELECT 'xxxxxxxxxxxxxxxx' UNION ALL SELECT s || s FROM t) SELECT max(length(s)) FROM t",
)


def test_bombs_are_stopped(odd: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_guard, "MOST_STEPS", 2_000_000)
    monkeypatch.setenv("ITSM_INDEX", "always")
    for sql in BOMBS:
        with pytest.raises(UsageError, match=r"takes too long|too big|too much"):
            query(odd, sql)
    monkeypatch.setattr(query_guard, "MOST_STEPS", 200_000_000)
    with pytest.raises(UsageError, match="more than"):
        query(odd, "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t")


def test_what_a_query_may_use(repo: Repository) -> None:
    assert _rows(
        repo, "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT 4) SELECT count(*) FROM t"
    ) == [(4,)]
    assert _rows(repo, "SELECT value FROM json_each('[1, 2]')") == [(1,), (2,)]
    assert _rows(
        repo, "WITH open AS (SELECT * FROM records WHERE status = 'open') SELECT count(*) > 0 FROM open"
    ) == [(1,)]
    assert (
        _rows(repo, "SELECT x.id FROM records x JOIN links y ON y.source = x.id WHERE y.target = 'nothing'")
        == []
    )
    assert _rows(repo, "SELECT fields ->> 'nothing' FROM records LIMIT 1") == [(None,)]
    assert len(_rows(repo, "SELECT id, row_number() OVER (PARTITION BY kind ORDER BY opened) FROM records -- all")) == len(_rows(repo, "SELECT 1 FROM records"))  # fmt: skip


def test_sqlite_can_do_what_is_used() -> None:
    assert sqlite3.sqlite_version_info >= (3, 38), "the operator ->> and strftime as they are used"
