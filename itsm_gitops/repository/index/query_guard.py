"""What a query of `itsm query` may do: read the views and call harmless functions, for a while and in bounded memory.

SQLite's authorizer is asked while a statement is compiled, so what is refused never runs. A query comes from
whoever writes the command, or from a page or script that they copied it from.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Collection, Iterable
from typing import Any

MOST_STEPS = 200_000_000  # of SQLite's machine: some seconds
MOST_SECONDS = 30.0  # of this process's own time, where single steps are long
MOST_ROWS = 200_000
_EVERY = 20_000  # steps between two looks
_MEMORY = 1 << 30  # bytes for SQLite in this process
_LIMITS = (
    (sqlite3.SQLITE_LIMIT_LENGTH, 16_000_000),  # bytes of one value or row
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 500),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 100),
    (sqlite3.SQLITE_LIMIT_COLUMN, 500),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
    (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
)

# What makes no side effect, no difference from one run to the next, and no more than its arguments hold.
FUNCTIONS = frozenset(
    [
        "abs",
        "ceil",
        "ceiling",
        "coalesce",
        "floor",
        "format",
        "glob",
        "hex",
        "ifnull",
        "iif",
        "instr",
        "length",
        "like",
        "likelihood",
        "likely",
        "lower",
        "ltrim",
        "max",
        "min",
        "mod",
        "nullif",
        "pow",
        "power",
        "printf",
        "quote",
        "replace",
        "round",
        "rtrim",
        "sign",
        "sqrt",
        "substr",
        "substring",
        "trim",
        "trunc",
        "typeof",
        "unicode",
        "unlikely",
        "upper",
        "avg",
        "count",
        "group_concat",
        "string_agg",
        "sum",
        "total",
        "date",
        "time",
        "datetime",
        "julianday",
        "strftime",
        "unixepoch",
        "timediff",
        "current_date",
        "current_time",
        "current_timestamp",
        "json",
        "json_array",
        "json_array_length",
        "json_extract",
        "json_group_array",
        "json_group_object",
        "json_object",
        "json_quote",
        "json_type",
        "json_valid",
        "->",
        "->>",
        "row_number",
        "rank",
        "dense_rank",
        "percent_rank",
        "cume_dist",
        "ntile",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "nth_value",
        "exp",
        "ln",
        "log",
        "log10",
        "log2",
        "char",
    ]
)
_FUNCTION_TABLES = ("json_each", "json_tree")
_SYSTEM = ("sqlite_", "pragma_")


class QueryGuard:
    """The authorizer and the step limit of one connection. ``asked`` are the views that a statement reads.

    SQLite tells the authorizer on whose behalf a table is read: the name of a view, or of a part of the query that
    calls itself so. What the views stand on is therefore read through inner views whose names nobody can know
    (``inner``).
    """

    def __init__(self, connection: sqlite3.Connection, views: Collection[str]) -> None:
        self.asked: set[str] = set()
        self.refusal = ""
        self.steps = 0
        self._began = time.process_time()
        token = secrets.token_hex(16)
        self.inner = {view: f"{token}_{view}" for view in views}
        self._views = {name: view for view, name in self.inner.items()}
        self._connection = connection
        tables = connection.execute("SELECT lower(name) FROM sqlite_master WHERE type = 'table'")
        self._tables = frozenset(name for (name,) in tables)
        # Before anything temporary is there: what does not fit into memory is an error, and fills no disk.
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA hard_heap_limit = {_MEMORY}")
        for table in _FUNCTION_TABLES:  # which are made when first named
            connection.execute(f"SELECT 1 FROM {table}('[]')").fetchall()  # noqa: S608 - our own names

    def stand(self) -> None:
        """Let nothing but reading happen on the connection from now on."""
        self._connection.execute("PRAGMA query_only = ON")
        for limit, value in _LIMITS:
            self._connection.setlimit(limit, value)
        self._connection.set_authorizer(self._authorize)
        self._connection.set_progress_handler(self._count, _EVERY)

    def leave(self) -> None:
        """Let the connection do anything again."""
        self._connection.set_authorizer(None)
        self._connection.set_progress_handler(None, 0)
        self._connection.execute("PRAGMA query_only = OFF")

    def fill(self, table: str, width: int, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows of some width into a temporary table, whose name is quoted."""
        marks = ", ".join("?" * width)
        self._connection.executemany(f"INSERT INTO temp.{table} VALUES ({marks})", rows)  # noqa: S608 - our own names

    def answer(self, sql: str) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """Return the names of the columns and the rows of a query, at most one row more than it may have."""
        cursor = self._connection.execute(sql)
        rows = cursor.fetchmany(MOST_ROWS + 1)
        return tuple(column[0] for column in cursor.description or ()), rows

    def _count(self) -> int:
        self.steps += _EVERY
        return int(self.steps > MOST_STEPS or time.process_time() - self._began > MOST_SECONDS)

    def _authorize(self, action: int, *about: str | None) -> int:
        first, second, _, source = about
        view = self._views.get(source or "")
        view = view or self._views.get(first or "") if action == sqlite3.SQLITE_READ else view
        if view:
            self.asked.add(view)
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ:
            return self._unless(
                bool(view) or self._readable(first or "", second), f"the table '{first}' is not for queries"
            )
        if action == sqlite3.SQLITE_FUNCTION:
            usable = bool(view) or (second or "").lower() in FUNCTIONS
            return self._unless(usable, f"the function {second}() is not for queries")
        return self._unless(False, "a query only reads: SELECT … FROM one of the views")

    def _readable(self, table: str, column: str | None) -> bool:
        """Whether a query itself may read a column of a table; an empty one is a look at a part of the query, too."""
        if table in self._views or table in self.inner or table in _FUNCTION_TABLES:
            return True
        return column == "" and table.lower() not in self._tables and not table.lower().startswith(_SYSTEM)

    def _unless(self, allowed: bool, refusal: str) -> int:
        self.refusal = self.refusal or ("" if allowed else refusal)
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
