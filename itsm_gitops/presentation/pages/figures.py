"""The table of a report as HTML: what belongs together in one cell, what says nothing left out."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from itsm_gitops.model import clock
from itsm_gitops.model.practice import MET, MISSING, PARTLY
from itsm_gitops.model.report import (
    EVIDENCE,
    ITEM,
    MONEY,
    MONTH,
    RECORD,
    RULE,
    STANDING,
    TEXT,
    WEEK,
    Cell,
    Column,
    Table,
)
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import WRITER, t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, is_named_value, join, link, words
from itsm_gitops.presentation.moments import said, said_in
from itsm_gitops.presentation.pages.evidence import evidence_list
from itsm_gitops.presentation.pages.figure_rows import groups, nearest_goal, shown_columns
from itsm_gitops.presentation.pages.parts import explore_url, paragraph
from itsm_gitops.presentation.pages.room import room_for
from itsm_gitops.presentation.view import View

_LOOKS = {MET: "done", PARTLY: "waiting", MISSING: "bad"}
_UNITS = (_CURRENCY, _PER) = ("currency", "per")
_WORDS = (TEXT, ITEM, RECORD, RULE, STANDING, EVIDENCE, WEEK, MONTH)
_ONCE = "once"
_TITLE = "title"
# What a pair of a share and its goal is called; elsewhere as the share is.
_PAIRS = {"response": "Response", "resolution": "Resolution", "availability": "Availability"}
_WORDS_ONLY = re.compile(r"[a-z]+(?: [a-z]+)+\Z")
_ONE_LINE = 16  # letters of a text that stays on one line


class _Field(NamedTuple):
    """A column of the page: its head, its class, and its cell of a row; ``goal`` names the share that has a goal."""

    title: str
    css: str
    cell: Callable[[int], Html]
    goal: str = ""


def figures(view: View, table: Table) -> Html:
    """Return the rows of a table as HTML, in a box that scrolls where they are wide; below it what its signs mean."""
    table = shown_columns(table)
    fields = _fields(view, table)
    short = [any(table.falls_short(row)) for row in table.rows]
    only = all(f.goal for f in fields[1:] if f.css == "it-c-num") and any(f.goal for f in fields)
    head = "".join(
        f'<th scope="col"{_css(f.css)}>{esc(f.title)}{_below(t("kept / goal")) if only and f.goal else ""}</th>'
        for f in fields
    )
    cells = [[field.cell(number) for field in fields] for number in range(len(table.rows))]
    look = (
        " it-map"
        if any(c.form == EVIDENCE for c in table.columns)
        else " it-goals"
        if only
        else room_for([f.title for f in fields], [f.css for f in fields], cells)
    )
    nearest = (
        [nearest_goal(table, number) for number in range(len(table.rows))] if only else [""] * len(cells)
    )
    body = "".join(
        _body(fields, title, [(cells[n], nearest[n]) for n in some])
        for title, some in (groups(short) if only else [("", list(range(len(cells))))])
    )
    notes = []
    if only and any(value is None for row in table.rows for value in row):
        notes.append(t("–: there was nothing to judge."))
    below = "".join(f'<p class="it-muted it-figures__dash">{esc(note)}</p>' for note in notes)
    return Html(
        f'<div class="it-scroll"><table class="it-plain it-figures{look}"><caption class="it-vh">{esc(t(table.title))}</caption>'
        f"<thead><tr>{head}</tr></thead>{body}</table></div>{below}"
    )


def _below(text: str) -> Html:
    return Html(f"<small>{esc(text)}</small>")


def _body(fields: Sequence[_Field], title: str, rows: Sequence[tuple[Sequence[Html], str]]) -> Html:
    """Return rows with the title of their group; a telephone says once there which share they all show, where it is one."""
    shown = {nearest for _, nearest in rows if nearest}
    same = next((f.title for f in fields if {f.goal} == shown), "") if title else ""
    css = " class=it-goals--same" if same else ""
    named = f"<span>{esc(same)}</span>" if same else ""
    head = (
        f'<tr class="it-figures__group"><th scope="rowgroup" colspan="{len(fields)}">{esc(title)}{named}</th></tr>'
        if title
        else ""
    )
    return Html(
        f"<tbody{css}>{head}{join([_row(fields, cells, nearest) for cells, nearest in rows])}</tbody>"
    )


def _row(fields: Sequence[_Field], cells: Sequence[Html], nearest: str) -> Html:
    """Return a row; a cell says whose it is, for where it stands without its head."""
    parts = []
    for field, cell in zip(fields, cells, strict=True):
        label = f' data-label="{esc(field.title)}"' if field is not fields[0] and field.title else ""
        css = f"{field.css} it-c-nearest" if field.goal == nearest and nearest else field.css
        parts.append(f"<td{_css(css)}{label}>{cell}</td>")
    return Html(f"<tr>{''.join(parts)}</tr>")


def _css(css: str) -> str:
    return f' class="{css}"' if css else ""


def _fields(view: View, table: Table) -> list[_Field]:
    """Return what stands in which column: a record's title with its number, a share with its goal."""
    goals = {c.goal for c in table.columns if c.goal}
    columns = [c for c in table.columns if c.name not in goals]
    names = [c.name for c in columns]
    titled = bool(columns) and columns[0].form == RECORD and _TITLE in names
    fields = []
    for position, column in enumerate(columns):
        if (titled and column.name == _TITLE) or (column.name == _PER and _CURRENCY in names):
            continue
        css = _class(table, column, first=position == 0)
        if titled and position == 0:
            fields.append(_Field(_titled(column), f"{css} it-c-record", _record(view, table, column)))
        elif column.name == _CURRENCY and _PER in names:
            fields.append(_Field("", css, _price(table)))
        elif column.goal:
            goal = t(table.column(column.goal).title)
            title = t(_PAIRS[column.name]) if column.name in _PAIRS else f"{t(column.title)} / {goal}"
            fields.append(_Field(title, css, _kept(view, table, column), goal=column.name))
        else:
            fields.append(_Field(_titled(column), css, _plain(view, table, column, first=position == 0)))
    return fields


def _titled(column: Column) -> str:
    """Return the head of a column; one that is called as a field is, as that is called everywhere (KPI)."""
    is_field = column.name.replace("_", " ").capitalize() == column.title
    return words(column.name) if is_field else t(column.title)


def _record(view: View, table: Table, column: Column) -> Callable[[int], Html]:
    """Return what shows a record: its title, and below it its number."""

    def cell(number: int) -> Html:
        identifier, title = str(table.values(column.name)[number]), str(table.values(_TITLE)[number])
        url = view.url(identifier)
        shown = link(url, esc(title)) if url else esc(title)
        return Html(f'{shown}<small class="it-muted">{esc(identifier)}</small>')

    return cell


def _price(table: Table) -> Callable[[int], Html]:
    """Return what shows of what an amount is, and for which time."""

    def cell(number: int) -> Html:
        between = ", " if table.values(_PER)[number] == _ONCE else " / "
        return Html(f"{esc(said_in(table, number, _CURRENCY))}{between}{esc(said_in(table, number, _PER))}")

    return cell


def _kept(view: View, table: Table, column: Column) -> Callable[[int], Html]:
    """Return what shows a share and, behind it, its goal."""
    goal = table.column(column.goal)
    # The count stands behind the goal, so that each cell of the column begins with a percentage.
    plain = _plain(view, replace(table, wholes={}), column, first=False)

    def cell(number: int) -> Html:
        value = plain(number)
        if table.values(column.name)[number] is None or table.values(goal.name)[number] is None:
            return value
        aim = esc(said_in(table, number, goal.name))
        count_of = table.part(number, column.name, WRITER, sys.maxsize)
        count = Html(f' <span class="it-aim">({esc(count_of)})</span>') if count_of else EMPTY
        return Html(f'{value}<span class="it-aim"> / {aim}</span>{count}')

    return cell


def _plain(view: View, table: Table, column: Column, *, first: bool) -> Callable[[int], Html]:
    """Return what shows a value; a number leads to what it counts. Shares of a column are all percentages or all counts."""
    counts = [table.part(n, column.name) for n in range(len(table.rows))]
    fewer = sys.maxsize if any(counts) and not column.goal else 0
    at = [c.name for c in table.columns].index(column.name)

    def cell(number: int) -> Html:
        value = table.rows[number][at]
        shown = esc(table.part(number, column.name, WRITER, fewer)) or _cell(
            view, table, column, number, value
        )
        if first and not value and column.form == ITEM and (leads := table.shows.get("open")):
            return link(
                explore_url(**leads[number]), shown
            )  # what names no item leads to itself no other way
        shown = leading(table, number, column.name, shown)
        if table.falls_short(table.rows[number])[at]:
            return shortfall(shown)
        is_nought = _is_figure(column) and (value is None or value == 0)
        return Html(f'<span class="it-c-nought">{shown}</span>') if is_nought else shown

    return cell


def leading(table: Table, number: int, name: str, shown: Html) -> Html:
    """Return the value of a row, leading to the records that it counts where the explorer can show these."""
    facets = table.shows.get(name)
    return link(explore_url(**facets[number]), shown) if facets and table.values(name)[number] else shown


def _is_figure(column: Column) -> bool:
    """Whether a column holds what is compared by its digits, which stand below each other."""
    return column.form not in _WORDS


def _class(table: Table, column: Column, *, first: bool) -> str:
    if first:
        return "it-c-first it-c-when" if column.form in (WEEK, MONTH) else "it-c-first"
    if column.form == MONEY and column.name in _UNITS:
        return "it-c-unit"
    if _is_figure(column):
        return "it-c-num"
    texts = [str(value or "") for value in table.values(column.name)]
    longest = max((len(text) for text in texts if not clock.parse_time(text)), default=0)
    return "it-c-when" if column.form == TEXT and longest <= _ONE_LINE else "it-c-text"


def shortfall(cell: Html) -> Html:
    """Return a figure that is below its goal, marked so."""
    return Html(
        f'<strong class="it-short">{cell}<span class="it-vh">, {esc(t("below the goal"))}</span></strong>'
    )


def _cell(view: View, table: Table, column: Column, number: int, value: Cell) -> Html:
    if isinstance(value, str) and value:
        if column.form == RECORD:
            return view.id_link(value) or esc(value)
        if column.form == ITEM:
            return view.link(value)
        if column.form == EVIDENCE:
            return evidence_list(view, t(value))
        if column.form == TEXT and clock.parse_time(value):
            return view.time(value)
        if column.form == TEXT and is_named_value(value) and t(value) == value:
            return esc(words(value))
    if column.form == RULE:
        return link(urls.rule(str(value)), esc(value)) if value else EMPTY
    if column.form == STANDING:
        return chip(words(str(value)), _LOOKS.get(str(value), "none"))
    if column.form == TEXT and value in (None, ""):
        return Html(f'<span class="it-c-nought">{esc(said(column, value))}</span>')
    shown = esc(said_in(table, number, column.name))
    if column.form == TEXT and column.name != _TITLE and isinstance(value, str) and _WORDS_ONLY.match(value):
        return Html(shown[:1].upper() + shown[1:])  # a cell begins as a sentence does
    return shown


def notes(table: Table, *further: str) -> Html:
    """Return what to know when reading a table."""
    return join([paragraph(note) for note in (table.note, *further) if note])
