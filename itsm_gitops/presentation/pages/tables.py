"""Tables of documents on pages: their columns, and rows in groups."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import digits, t
from itsm_gitops.presentation.markup import EMPTY, Html, dots, esc, link, words
from itsm_gitops.presentation.pages.going_on import short
from itsm_gitops.presentation.view import View


class ListColumn(NamedTuple):
    """A column of a table of documents: its title, its cells, the class of these, and that of its head, which has its width."""

    title: str
    cell: Callable[[Entry], Html]
    css: str = ""
    head: str = ""
    label: str = ""  # what a cell begins with on a phone, where that is not the title


# What a record is about, and whose it is.
ABOUT = ("service", "assigned_team")
_RECORD = "it-c-record"
ITEMS = "it-items"  # the class of a table of items, which on a phone are two or three lines each


def record_column(view: View, *named: str) -> ListColumn:
    """Return the column of the titles of records, each with its number and what these fields name in a line below."""

    def cell(entry: Entry) -> Html:
        title = link(view.url(entry.id), esc(entry.title or entry.id))
        return Html(f"{title}{dots([esc(entry.id), *_named(view, entry, named)])}")

    return ListColumn("Title", cell, "it-c-title", _RECORD)


def _named(view: View, entry: Entry, fields: Iterable[str]) -> list[Html]:
    """Return what fields of a record name, each name once; a request without a service is for what is offered."""
    columns = entry.columns
    targets = (columns.get(f) or (columns.get("offering") if f == "service" else None) for f in fields)
    by_name = {view.title(i): i for i in reversed([i for i in targets if isinstance(i, str)])}
    return [view.link(i) for i in reversed(by_name.values())]


def columns(view: View, *names: str) -> list[ListColumn]:
    """Return the columns of these names: title state priority and so on."""
    by_name: dict[str, ListColumn] = {
        "title": record_column(view, *ABOUT),
        "name": ListColumn("Name", lambda e: view.link(e.id), "it-c-title"),
        "state": ListColumn("State", view.state_chip, "it-c-chip", "it-c-state"),
        "priority": ListColumn("Priority", view.priority_chip, "it-c-chip", "it-c-priority"),
        "health": ListColumn("Health", lambda e: view.health_chip(e.id), "it-c-chip"),
        "owner": ListColumn("Owner", lambda e: reference(view, e, "owner")),
        "environment": ListColumn("Environment", lambda e: _environment(view, e)),
        "type": ListColumn("Type", lambda e: _word(e, "type")),
        "planned": ListColumn("Planned", lambda e: planned_start(view, e), "it-c-time"),
        "start": ListColumn("Start", lambda e: view.time(str(e.columns.get("start", ""))), "it-c-time"),
        "end": ListColumn("End", lambda e: view.time(str(e.columns.get("end", ""))), "it-c-time"),
        "updated": ListColumn("Updated", lambda e: view.day(e.updated), "it-c-time"),
    }
    return [by_name[n] for n in names]


def standing_column(view: View, kind: Kind) -> ListColumn:
    """Return the column that says how the items of a class stand."""
    return ListColumn("Health" if kind.operational else "State", partial(standing_of, view), "it-c-chip")


def standing_of(view: View, entry: Entry) -> Html:
    """Return how an item stands: its health, else its state; nothing where that could only say that it exists."""
    if not view.kind(entry).operational and facts.in_production(view.book, entry):
        return EMPTY
    # What is well is in production; of what has no health the life cycle says how it stands.
    return view.health_chip(entry.id) or view.state_chip(entry)


def planned_start(view: View, entry: Entry) -> Html:
    """Return when a record is planned to begin, as lists say it: the year only where it is another."""
    written = str(entry.columns.get("planned_start") or "")
    moment = clock.parse_time(written)
    return short(view, moment) if moment else view.time(written)


def name_column(view: View) -> ListColumn:
    """Return the column of people's names, with what they do where the name does not say it."""

    def cell(entry: Entry) -> Html:
        role = str(entry.columns.get("role") or "")
        about = f"<p>{esc(role)}</p>" if role and role.casefold() != entry.title.casefold() else ""
        return Html(f"{view.link(entry.id)}{about}")

    return ListColumn("Name", cell, "it-c-title")


def on_call_column(called: Container[str]) -> ListColumn:
    """Return the column that says who of some people is on call now."""
    return ListColumn(
        "On call", lambda e: chip("On call now", "on-call") if e.id in called else EMPTY, "it-c-on-call"
    )


def number_column(title: str, numbers: Mapping[str, int], label: str) -> ListColumn:
    """Return the column with the number of each document; ``label`` follows it on a phone."""

    def cell(entry: Entry) -> Html:
        number = numbers.get(entry.id, 0)
        return esc(digits(number)) if number else Html("<span class=it-muted>0</span>")

    return ListColumn(title, cell, "it-c-num", label=label)


def _word(entry: Entry, field: str) -> Html:
    """Return a value that the rule book names, in words."""
    return esc(words(str(entry.columns.get(field) or "")))


def _environment(view: View, entry: Entry) -> Html:
    """Return the environment of an item, nothing of a retired one; that of most is marked: a phone has no room for it."""
    if facts.is_retired(view.book, entry):
        return EMPTY
    said = _word(entry, "environment")
    workflow = view.kind(entry).workflow
    state = workflow.states.get(str(entry.columns.get("environment"))) if workflow else None
    return (
        Html(f"<span class=it-usual>{said}</span>") if state and meaning.PRODUCTION in state.roles else said
    )


def reference(view: View, entry: Entry, field: str) -> Html:
    """Return the link to what a field of an entry names, nothing when it names nothing."""
    target = entry.columns.get(field)
    return view.link(target) if isinstance(target, str) else EMPTY


def table(rows: Sequence[Entry], list_columns: Sequence[ListColumn], caption: str, css: str = "") -> Html:
    """Return a table of documents; columns that are empty in every row are left out."""
    return grouped_table([RowGroup("", "", rows)], list_columns, caption, css) if rows else EMPTY


class RowGroup(NamedTuple):
    """Rows of a table that belong together: their heading, its anchor, and what follows the last one."""

    title: str
    anchor: str
    rows: Sequence[Entry]
    rest: Html = EMPTY


def grouped_table(
    groups: Sequence[RowGroup], list_columns: Sequence[ListColumn], caption: str, css: str = ""
) -> Html:
    """Return a table of documents in groups, so that all have the same columns; those that are empty are left out."""
    cells = [[[c.cell(e) for c in list_columns] for e in group.rows] for group in groups]
    used = [i for i in range(len(list_columns)) if any(row[i] for some in cells for row in some)]
    head = "".join(_head_of(list_columns[i]) for i in used)
    of_records = any(c.head == _RECORD for c in list_columns)
    # Tables are most of what lists weigh: their cells have no end tags, and labels only where a phone shows them.
    openings = [(i, _opening_of(list_columns[i], of_records)) for i in used]
    bodies = []
    for group, some in zip(groups, cells, strict=True):
        rows = "".join(f"<tr>{''.join([f'{opening}{row[i]}' for i, opening in openings])}" for row in some)
        bodies.append(f"<tbody>{_group_head(group, len(used))}{rows}{_group_rest(group, len(used))}</tbody>")
    css = "it-table it-records" if of_records else f"it-table {css}".rstrip()
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


def _head_of(column: ListColumn) -> str:
    css = column.head or column.css
    return f"<th scope=col{f' class={css}' if css else ''}>{esc(t(column.title))}</th>"


def _opening_of(column: ListColumn, of_records: bool) -> str:
    """Return the start tag of a column's cells; lists of records have no labels on a phone, others have them."""
    style = f" class={column.css}" if column.css else ""
    label = (
        ""
        if of_records or column.css == "it-c-title"
        else f' data-label="{esc(t(column.label or column.title))}"'
    )
    return f"<td{style}{label}>"
