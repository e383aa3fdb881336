"""Tables of documents on pages: their columns, and rows in groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, link, words
from itsm_gitops.presentation.view import View


class ListColumn(NamedTuple):
    """A column of a table of documents."""

    title: str
    cell: Callable[[Entry], Html]
    css: str = ""


# When work on a record is planned, what it is about, and whose it is.
PLANNED_FOR = ("planned", "service", "team")


def columns(view: View, *names: str) -> list[ListColumn]:
    """Return the columns of these names: id title state priority and so on."""
    by_name: dict[str, ListColumn] = {
        "id": ListColumn("Record", lambda e: view.id_link(e.id) or esc(e.id), "it-c-id"),
        "title": ListColumn("Title", lambda e: link(view.url(e.id), esc(e.title or e.id)), "it-c-title"),
        "name": ListColumn("Name", lambda e: view.link(e.id), "it-c-title"),
        "state": ListColumn("State", view.state_chip, "it-c-chip"),
        "priority": ListColumn("Priority", view.priority_chip, "it-c-chip"),
        "health": ListColumn("Health", lambda e: view.health_chip(e.id), "it-c-chip"),
        "class": ListColumn("Class", lambda e: esc(view.kind(e).title)),
        "service": ListColumn("Service", lambda e: reference(view, e, "service")),
        "team": ListColumn("Team", lambda e: reference(view, e, "assigned_team")),
        "owner": ListColumn("Owner", lambda e: reference(view, e, "owner")),
        "environment": ListColumn("Environment", lambda e: _word(e, "environment")),
        "type": ListColumn("Type", lambda e: _word(e, "type")),
        "planned": ListColumn(
            "Planned start", lambda e: view.time(str(e.columns.get("planned_start", ""))), "it-c-time"
        ),
        "start": ListColumn("Start", lambda e: view.time(str(e.columns.get("start", ""))), "it-c-time"),
        "end": ListColumn("End", lambda e: view.time(str(e.columns.get("end", ""))), "it-c-time"),
        "opened": ListColumn("Opened", lambda e: view.time(e.opened), "it-c-time"),
        "updated": ListColumn("Updated", lambda e: view.time(e.updated), "it-c-time"),
    }
    return [by_name[n] for n in names]


def _word(entry: Entry, field: str) -> Html:
    """Return a value that the rule book names, in words."""
    return esc(words(str(entry.columns.get(field) or "")))


def reference(view: View, entry: Entry, field: str) -> Html:
    """Return the link to what a field of an entry names, nothing when it names nothing."""
    target = entry.columns.get(field)
    return view.link(target) if isinstance(target, str) else EMPTY


def table(rows: Sequence[Entry], list_columns: Sequence[ListColumn], caption: str) -> Html:
    """Return a table of documents; columns that are empty in every row are left out."""
    return grouped_table([RowGroup("", "", rows)], list_columns, caption) if rows else EMPTY


class RowGroup(NamedTuple):
    """Rows of a table that belong together: their heading, its anchor, and what follows the last one."""

    title: str
    anchor: str
    rows: Sequence[Entry]
    rest: Html = EMPTY


def grouped_table(groups: Sequence[RowGroup], list_columns: Sequence[ListColumn], caption: str) -> Html:
    """Return a table of documents in groups, so that all have the same columns; those that are empty are left out."""
    cells = [[[c.cell(e) for c in list_columns] for e in group.rows] for group in groups]
    used = [i for i in range(len(list_columns)) if any(row[i] for some in cells for row in some)]
    head = "".join(f"<th scope=col>{esc(t(list_columns[i].title))}</th>" for i in used)
    of_records = any(c.css == "it-c-id" for c in list_columns)
    # Tables are most of what lists weigh: their cells have no end tags, and labels only where a phone shows them.
    openings = [(i, _opening_of(list_columns[i], of_records)) for i in used]
    bodies = []
    for group, some in zip(groups, cells, strict=True):
        rows = "".join(f"<tr>{''.join([f'{opening}{row[i]}' for i, opening in openings])}" for row in some)
        bodies.append(f"<tbody>{_group_head(group, len(used))}{rows}{_group_rest(group, len(used))}</tbody>")
    css = "it-table it-records" if of_records else "it-table"
    return Html(
        f'<table class="{css}"><caption class=it-vh>{esc(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>{''.join(bodies)}</table>"
    )


def _group_head(group: RowGroup, width: int) -> str:
    if not group.title:
        return ""
    return f"<tr class=it-group><th id={esc(group.anchor)} colspan={width} scope=rowgroup>{esc(group.title)}</th></tr>"


def _group_rest(group: RowGroup, width: int) -> str:
    return f"<tr class=it-group__rest><td colspan={width}>{group.rest}</td></tr>" if group.rest else ""


def _opening_of(column: ListColumn, of_records: bool) -> str:
    """Return the start tag of a column's cells; on a phone, lists of records show the labels of times only."""
    style = f" class={column.css}" if column.css else ""
    label = "" if of_records and column.css != "it-c-time" else f' data-label="{esc(t(column.title))}"'
    return f"<td{style}{label}>"
