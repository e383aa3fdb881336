"""The views of `itsm query`: their columns, what each means, and how it follows from the index's tables.

The same text serves the index and the tables in memory that stand in for it. Whatever follows from the rule book
(priorities, finished states) is written into the SQL; the tests hold it to `model/facts.py`. Times are UTC text that
sorts (``2026-11-22T20:00:00Z``), empty cells are NULL.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import PRIORITY, RuleBook

CLOCKS, FINDINGS = "clocks", "findings"


class ViewColumn(NamedTuple):
    """One column: its name, what it holds, and the SQL that gives it (empty where a table is filled)."""

    name: str
    about: str
    sql: str = ""


class QueryView(NamedTuple):
    """One view. ``source`` is what its columns are selected from, empty where a table is filled when it is asked for."""

    name: str
    about: str
    columns: tuple[ViewColumn, ...]
    source: str = ""


def _field(name: str, about: str) -> ViewColumn:
    path = f"json_extract(fields, '$.{name}')"
    return ViewColumn(name, about, f"CASE WHEN json_type(fields, '$.{name}') = 'text' THEN {path} END")


def _time(name: str, column: str, about: str, condition: str = "1") -> ViewColumn:
    text = f"strftime('%Y-%m-%dT%H:%M:%SZ', CAST({column} AS INTEGER), 'unixepoch')"
    return ViewColumn(
        name, f"{about} (UTC)", f"CASE WHEN {column} IS NOT NULL AND {condition} THEN {text} END"
    )


_ID = ViewColumn("id", "the identifier", "id")
_PATH = ViewColumn("path", "the file", "path")
_FIELDS = ViewColumn("fields", "every short field as JSON: fields ->> 'origin' is the value of one", "fields")


_ITEMS = (
    _ID,
    ViewColumn("class", "the class", "kind"),
    ViewColumn("name", "the name", "title"),
    _field("lifecycle", "the stage of life"),
    _field("owner", "who answers for it"),
    _field("criticality", "how much depends on it"),
    _field("service_level", "the service level agreed for it"),
    _FIELDS,
    _PATH,
)
_LINKS = (
    ViewColumn("source", "the document that stores it", "id"),
    ViewColumn("relation", "the relation, as stored: affects, caused_by, depends_on …", "edge.relation"),
    ViewColumn("target", "what it names", "edge.target"),
    ViewColumn(
        "field", "the field that stores it; links for the list of links", "json_extract(pointer, '$[0]')"
    ),
    ViewColumn("source_kind", "the kind of the document that stores it", "kind"),
)
_TIMELINE = (
    ViewColumn("id", "the record", "document.id"),
    ViewColumn("number", "place in the timeline, from 1", "step.key + 1"),
    ViewColumn(
        "at",
        "when (UTC); NULL where what is written is not a time",
        "itsm_utc(json_extract(step.value, '$[0]'))",
    ),
    ViewColumn(
        "state",
        "the state reached; NULL for a note or comment",
        "nullif(json_extract(step.value, '$[1]'), '')",
    ),
    ViewColumn("by", "who", "nullif(json_extract(step.value, '$[2]'), '')"),
)
_CLOCKS = (
    ViewColumn("id", "the record"),
    ViewColumn("level", "the service level"),
    ViewColumn("metric", "response or resolution"),
    ViewColumn("service", "the service of the record"),
    ViewColumn("priority", "the priority of the record"),
    ViewColumn("verdict", "how it stands: kept, missed, running, overdue …, as in itsm report"),
    ViewColumn("used_seconds", "time used in the hours of the agreement"),
    ViewColumn("allowed_seconds", "time promised"),
    ViewColumn("opened", "when the record was opened (UTC)"),
)
_FINDINGS = (
    ViewColumn("code", "the rule: itsm explain CODE"),
    ViewColumn("severity", "error, warning or info"),
    ViewColumn("path", "the file"),
    ViewColumn("id", "the document that the file's name states"),
    ViewColumn("line", "the line, from 1; 0 where it is not about a place"),
    ViewColumn("column", "the column, from 1"),
    ViewColumn("pointer", "the place in the document (RFC 6901)"),
    ViewColumn("message", "what is wrong"),
    ViewColumn("hint", "what to do"),
)


def views(book: RuleBook) -> tuple[QueryView, ...]:
    """Return all views, with the SQL that a rule book gives them."""
    from_documents = "FROM document WHERE usable = 1 AND record ="
    return (
        QueryView("records", "one row for each record", _records(book), f"{from_documents} 1"),
        QueryView("items", "one row for each document of the CMDB", _ITEMS, f"{from_documents} 0"),
        QueryView(
            "links",
            "one row for each relation that a document stores, by a field or a link",
            _LINKS,
            "FROM edge JOIN document ON number = document WHERE usable = 1",
        ),
        QueryView(
            "timeline",
            "one row for each entry of a record's timeline",
            _TIMELINE,
            "FROM document, json_each(CASE WHEN timeline = '' THEN '[]' ELSE timeline END) AS step"
            " WHERE usable = 1 AND record = 1",
        ),
        QueryView(CLOCKS, "one row for each target of a service level that applies to a record", _CLOCKS),
        QueryView(FINDINGS, "one row for each finding of itsm check", _FINDINGS),
    )


def _records(book: RuleBook) -> tuple[ViewColumn, ...]:
    done = _in_states(k for k in book.kinds.values() if k.workflow)
    return (
        _ID,
        ViewColumn("kind", "the kind", "kind"),
        ViewColumn("title", "the title", "title"),
        ViewColumn("state", "the state in the life cycle", "nullif(state, '')"),
        ViewColumn(
            "status",
            "open or finished, as the state says",
            f"CASE WHEN open = 1 THEN 'open' WHEN {done} THEN 'finished' END",
        ),
        ViewColumn("priority", "the priority, derived or set by hand", _priority(book)),
        _time("opened", "opened_at", "first entry of the timeline"),
        _time("updated", "updated_at", "last entry of the timeline"),
        _time("closed", "entered_at", "when it came to its last state, where that is a finished one", done),
        _field("service", "the field service"),
        _field("assigned_team", "the field assigned_team"),
        _field("assignee", "the field assignee"),
        _field("impact", "the field impact"),
        _field("urgency", "the field urgency"),
        _field("category", "the field category"),
        _FIELDS,
        _PATH,
    )


def definitions(view: QueryView, inner: str) -> tuple[str, str]:
    """Return the statements that make a view, and first of all what it stands on, by a name of its own.

    That is a view of the index's tables, or an empty table until it is filled.
    """
    name = quoted_name(inner)
    if view.source:
        columns = ", ".join(f"{c.sql} AS {quoted_name(c.name)}" for c in view.columns)
        first = f"CREATE TEMP VIEW {name} AS SELECT {columns} {view.source}"
    else:
        first = f"CREATE TEMP TABLE {name} ({', '.join(quoted_name(c.name) for c in view.columns)})"
    return first, f"CREATE TEMP VIEW {quoted_name(view.name)} AS SELECT * FROM {name}"  # noqa: S608 - our own names


def quoted_name(name: str) -> str:
    """Return a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    """Return a text as SQL."""
    return "'" + value.replace("'", "''").replace("\0", "") + "'"


def _in_states(kinds: Iterable[Kind]) -> str:
    """Return the test that a document is in a state of the end."""
    tests = []
    for kind in kinds:
        done = [s for s in kind.workflow.states if kind.workflow.is_done(s)] if kind.workflow else []
        if done:
            tests.append(f"kind = {_text(kind.name)} AND state IN ({', '.join(map(_text, done))})")
    return "(" + (" OR ".join(tests) or "0") + ")"


def _priority(book: RuleBook) -> str:
    """Return the priority of a row, as ``model/priority.py`` derives it."""
    policy = book.policy(PRIORITY)
    names = ", ".join(_text(str(n)) for n in policy.get("priorities", {}))
    by_hand = "json_extract(fields, '$.priority_override.priority')"
    cases = [
        f"WHEN json_type(fields, '$.priority_override.priority') = 'text' AND {by_hand} IN ({names}) THEN {by_hand}"
    ]
    impact, urgency = (f"json_extract(fields, '$.{name}')" for name in ("impact", "urgency"))
    for level, row in policy.get("matrix", {}).items():
        for haste, name in row.items():
            if isinstance(name, str) and name:
                test = f"{impact} = {_text(str(level))} AND {urgency} = {_text(str(haste))}"
                cases.append(f"WHEN {test} THEN {_text(name)}")
    return f"CASE {' '.join(cases)} END"
