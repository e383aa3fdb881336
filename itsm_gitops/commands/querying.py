"""`itsm query`: read-only SQL over views of records, items, links, timelines, clocks and findings.

The views stand on the index where there is one. Where there is none (a small repository, another revision, no Git),
tables like the index's are filled in memory from what was loaded, so the answers are the same. Clocks and findings
are worked out by the code of `itsm report` and `itsm check`, only when a query names them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from itsm_gitops.commands.query_views import CLOCKS, FINDINGS, QueryView, definitions, quoted_name, views
from itsm_gitops.model import clock
from itsm_gitops.model.errors import UsageError, did_you_mean
from itsm_gitops.repository.index.indexed_store import IndexedStore, encodable
from itsm_gitops.repository.index.query_guard import MOST_ROWS, QueryGuard
from itsm_gitops.repository.index.query_tables import REFUSALS, add_timelines, tables_of

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store

T = TypeVar("T")
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
    connection = tables_of(store)
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
                table = quoted_name(guard.inner[view.name])
                guard.fill(table, len(view.columns), _FILLERS[view.name](repo, store, at))
        if wanted & {"timeline"} and not isinstance(store, IndexedStore):
            add_timelines(store, connection)
        guard.stand()
        columns, rows = _run(guard, known, lambda: guard.answer(sql))
        if len(rows) > MOST_ROWS:
            raise UsageError(
                f"the query gives more than {MOST_ROWS:,} rows", "LIMIT, or count and group them"
            )
        return QueryAnswer(columns, rows)


def _statement(sql: str) -> str:
    """Return the text of one statement; raises UsageError for none, and for text that SQLite cannot hold."""
    if not sql.strip() or "\0" in sql or encodable(sql) != sql:
        raise UsageError("this is not a query", _HINT)
    return sql


def _run(guard: QueryGuard, known: Iterable[QueryView], step: Callable[[], T]) -> T:
    try:
        return step()
    except MemoryError as error:
        raise UsageError(
            "the query needs too much memory", "count and group, or take fewer columns"
        ) from error
    except REFUSALS as error:
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


def _clocks(_: Repository, store: Store, __: str | None) -> Iterator[tuple[Any, ...]]:
    """Yield the clocks of all records, as the report on service levels reads them."""
    from itsm_gitops.reports.log import Log, Scope
    from itsm_gitops.service_levels.clocks import Levels

    log = Log(store, None, clock.now(), Scope())
    levels = Levels(log.network, log.first, log.until, str(log.zone))
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
    from itsm_gitops.snapshots.store import identifier_of, is_document

    for f in rules.check(repo, at=at).findings:
        identifier = identifier_of(f.path) if is_document(f.path) else None
        pointer = json_pointer(f.pointer)
        yield tuple(encodable(v) if isinstance(v, str) else v for v in (f.code, f.severity, f.path, identifier, f.line, f.column, pointer, f.message, f.hint))  # fmt: skip


_FILLERS = {CLOCKS: _clocks, FINDINGS: _findings}
