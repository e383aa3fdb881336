"""`itsm query`: read-only SQL over views of records, items, links, timelines, clocks and findings.

The views stand on the index where there is one. Where there is none (a small repository, another revision, no Git),
tables like the index's are filled in memory from what was loaded, so the answers are the same. Clocks and findings
are worked out by the code of `itsm report` and `itsm check`, only when a query names them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.commands.query_guard import MOST_ROWS, QueryGuard
from itsm_gitops.commands.query_views import CLOCKS, FINDINGS, QueryView, definitions, quoted_name, views
from itsm_gitops.model import clock
from itsm_gitops.model.errors import UsageError, did_you_mean
from itsm_gitops.repository.index.database import TABLES
from itsm_gitops.repository.index.indexed_store import IndexedStore, encodable
from itsm_gitops.repository.index.rows import INSERT, Source, Step, edge_rows, row_of, steps_of, timeline_of

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository, Store

_HINT = "itsm query --schema shows the views and their columns"
_NO_SUCH = re.compile(r"no such (table|column|function): (?:\w+\.)?(.+)")


class QueryAnswer(NamedTuple):
    """The names of the columns, and the rows: whole and floating-point numbers, texts, bytes, None."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


def query(repo: Repository, sql: str, *, at: str | None = None) -> QueryAnswer:
    """Answer a query about the working tree, or another revision ``at``.

    Raises UsageError for SQL that cannot be understood, is not allowed, takes too long or gives too much.
    """
    store = repo.store(at)
    known = views(store.book)
    connection = store.connection if isinstance(store, IndexedStore) else _in_memory(store)
    with closing(connection):
        connection.create_function("itsm_utc", 1, _utc, deterministic=True)
        guard = QueryGuard(connection, [v.name for v in known])
        for view in known:
            for statement in definitions(view, guard.inner[view.name]):
                connection.execute(statement)
        guard.stand()
        _run(guard, known, lambda: connection.execute(f"EXPLAIN {_statement(sql)}").close())
        wanted = frozenset(guard.asked)
        guard.leave()
        for view in known:
            if not view.source and view.name in wanted:
                _fill(connection, view, guard.inner[view.name], _FILLERS[view.name](repo, store, at))
        if wanted & {"timeline"} and not isinstance(store, IndexedStore):
            _add_timelines(store, connection)
        guard.stand()
        answer: list[QueryAnswer] = []
        _run(guard, known, lambda: answer.append(_answer(connection, sql)))
        return answer[0]


def _statement(sql: str) -> str:
    """Return the text of one statement; raises UsageError for none, and for text that SQLite cannot hold."""
    if not sql.strip() or "\0" in sql or encodable(sql) != sql:
        raise UsageError("this is no query", _HINT)
    return sql


def _answer(connection: sqlite3.Connection, sql: str) -> QueryAnswer:
    cursor = connection.execute(sql)
    rows = cursor.fetchmany(MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise UsageError(f"the query gives more than {MOST_ROWS:,} rows", "LIMIT, or count and group them")
    return QueryAnswer(tuple(d[0] for d in cursor.description or ()), rows)


def _run(guard: QueryGuard, known: Iterable[QueryView], step: Any) -> None:
    try:
        step()
    except MemoryError as error:
        raise UsageError(
            "the query needs too much memory", "count and group, or take fewer columns"
        ) from error
    except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
        raise _explained(guard, known, str(error)) from error


def _explained(guard: QueryGuard, known: Iterable[QueryView], message: str) -> UsageError:
    if message == "interrupted":
        hint = "a condition on a join may be missing; WHERE and LIMIT make less of it"
        return UsageError("the query takes too long and was stopped", hint)
    if guard.refusal:
        return UsageError(guard.refusal, _HINT)
    missing = _NO_SUCH.fullmatch(message)
    names = [v.name for v in known] if missing and missing[1] == "table" else []
    names = names or [c.name for v in known for c in v.columns]
    near = did_you_mean(missing[2], names) if missing else ""
    return UsageError(f"query: {message}", f"{near}\n{_HINT}" if near else _HINT)


def _utc(text: object) -> str | None:
    moment = clock.parse_time(text) if isinstance(text, str) else None
    return clock.format_time(moment) if moment else None


def _in_memory(store: Store) -> sqlite3.Connection:
    """Return tables like the index's with everything of a store but timelines."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("BEGIN")
    for table in TABLES:
        connection.execute(table)
    source = Source("", b"", b"")
    for number, entry in enumerate(store.entries.values(), 1):
        connection.execute(INSERT, row_of(store.book, entry, (), source, 0))
        marks = "INSERT INTO edge VALUES (?, ?, ?, ?, ?, ?)"
        connection.executemany(marks, edge_rows(number, entry))
    connection.execute("COMMIT")
    return connection


def _add_timelines(store: Store, connection: sqlite3.Connection) -> None:
    import json

    rows = ((json.dumps(steps), identifier) for identifier, steps in _timelines(store))
    connection.executemany("UPDATE document SET timeline = ? WHERE id = ?", rows)


def _timelines(store: Store) -> Iterator[tuple[str, list[Step]]]:
    """Yield the timelines of all records in brief."""
    if isinstance(store, IndexedStore):
        rows = store.connection.execute(
            "SELECT id, timeline FROM document WHERE usable = 1 AND record = 1 ORDER BY id"
        )
        yield from ((identifier, timeline_of(text)) for identifier, text in rows)
        return
    records = store.of_kinds([k.name for k in store.book.kinds.values() if k.is_record])
    yield from ((entry.id, steps_of(data)) for entry, data in store.read_documents(records))


def _fill(
    connection: sqlite3.Connection, view: QueryView, table: str, rows: Iterable[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" * len(view.columns))
    connection.executemany(f"INSERT INTO temp.{quoted_name(table)} VALUES ({marks})", rows)  # noqa: S608 - our own names


def _clocks(_: Repository, store: Store, __: str | None) -> Iterator[tuple[Any, ...]]:
    """Yield the clocks of all records, as the report on service levels reads them."""
    from itsm_gitops.reports.log import Log, Scope
    from itsm_gitops.service_levels.clocks import Levels
    from itsm_gitops.service_levels.life import life_of_steps

    lives = [life for identifier, steps in _timelines(store) for life in life_of_steps(identifier, steps)]
    log = Log(store, lives, clock.now(), Scope())
    levels = Levels(log.network, log.first, log.until)
    for kind in store.book.kinds.values():
        for case in log.of(kind.name):
            for one in levels.clocks(case):
                opened = clock.format_time(datetime.fromtimestamp(case.opened, UTC))
                target = one.target
                about = (
                    case.entry.id,
                    target.level,
                    target.metric,
                    one.service or None,
                    case.priority or None,
                )
                yield (*about, one.verdict, one.used, target.seconds, opened)


def _findings(repo: Repository, _: Store, at: str | None) -> Iterator[tuple[Any, ...]]:
    """Yield the findings of a check of everything."""
    from itsm_gitops import rules
    from itsm_gitops.model.findings import json_pointer
    from itsm_gitops.repository.store import identifier_of, is_document

    for f in rules.check(repo, at=at).findings:
        identifier = identifier_of(f.path) if is_document(f.path) else None
        pointer = json_pointer(f.pointer)
        yield tuple(encodable(v) if isinstance(v, str) else v for v in (f.code, f.severity, f.path, identifier, f.line, f.column, pointer, f.message, f.hint))  # fmt: skip


_FILLERS = {CLOCKS: _clocks, FINDINGS: _findings}
