"""The pages of reports: charts, tables to copy, data to download, and what each figure means."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from itsm_gitops.model import clock
from itsm_gitops.model.practice import MET, MISSING, PARTLY
from itsm_gitops.model.report import (
    EVIDENCE,
    ITEM,
    MONEY,
    MONTH,
    OVER_TIME,
    RECORD,
    RULE,
    STANDING,
    TEXT,
    WEEK,
    Cell,
    Column,
    Report,
    Table,
    as_csv,
)
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chart import charted, draw, sparkline
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.groups import OTHER_REPORTS, REPORTS, anchor_of, report_group
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, is_named_value, join, link, words
from itsm_gitops.presentation.moments import said
from itsm_gitops.presentation.pages.evidence import evidence_list
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import Crumb, explore_url, heading, paragraph, section
from itsm_gitops.presentation.view import View

_LOOKS = {MET: "done", PARTLY: "waiting", MISSING: "bad"}
_STANDARDS = "Standards"
_UNITS = ("currency", "per")
_WORDS = (TEXT, ITEM, RECORD, RULE, STANDING, EVIDENCE, WEEK, MONTH)
# About how many pixels a first column of names, a letter, one in a head, and the gap behind a column take.
_FIRST, _LETTER, _BOLD, _GAP = 90, 6.8, 7.2, 10
# How many there are: on a phone, on a tablet, beside a chart; and a column of which six stand beside each other.
_PHONE, _TABLET, _BESIDE, _DENSE = 324, 600, 380, 62
_ONE_LINE, _NAME = 7, 11
_LONG = 11  # letters of a word that has no room above a narrow figure
_MOST_BESIDE = 8  # rows of a table beside its chart along time
# With more tables than the first, a report begins with a list of them; with more than the second, it opens on demand.
_FEW, _MANY = 3, 8


def report_pages(view: View, reports: Sequence[Report]) -> Iterator[ListPage]:
    """Yield the page that leads to the reports, and the page of each; none where there are none."""
    if not reports:
        return
    lead = esc(
        t("How much work there is, how long it takes and how well it goes, computed from the timelines.")
    )
    head = heading([], t("Reports"), lead=lead)
    when = _time(view, reports[0])
    yield ListPage(urls.REPORTS, t("Reports"), urls.REPORTS, Html(f"{head}{when}{_cards(reports)}"))
    for report in reports:
        yield ListPage(urls.report(report.name), t(report.title), urls.REPORTS, _body(view, report))


def _cards(reports: Sequence[Report]) -> Html:
    """Return a section of cards for each group of reports."""
    groups: dict[str, list[Html]] = {title: [] for title in (*REPORTS, OTHER_REPORTS, _STANDARDS)}
    for report in reports:
        card = Html(
            f'<li class="it-card"><h3>{link(urls.report(report.name), esc(t(report.title)))}</h3>'
            f'<p>{esc(t(report.lead))}</p><p class="it-card__figure">{esc(_sentence(t(report.headline)))}</p>{_trend(report, brief=True)}</li>'
        )
        groups[_group_of(report)].append(card)
    parts = (
        section(title, Html(f'<ul class="it-cards">{join(some)}</ul>'), anchor_of(title))
        for title, some in groups.items()
        if some
    )
    return join(list(parts))


def _group_of(report: Report) -> str:
    """Return the heading under which a report is listed; maps of standards are the last."""
    if any(column.form == STANDING for table in report.tables for column in table.columns):
        return _STANDARDS
    return report_group(report.name)


def data_files(reports: Sequence[Report]) -> Iterator[tuple[str, bytes]]:
    """Yield the data of every report: one JSON, and a CSV for each of its tables."""
    for report in reports:
        text = json.dumps(report.as_json(), indent=1, ensure_ascii=True)
        yield urls.report_json(report.name), f"{text}\n".encode()
        for table in report.tables:
            # A byte-order mark tells spreadsheets that this is UTF-8.
            yield urls.report_csv(report.name, table.name), as_csv(table).encode("utf-8-sig")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _trend(report: Report, *, brief: bool = False) -> Html:
    """Return how the main figure of a report went, in words and as small bars; nothing where nothing can be compared."""
    if report.trend is None:
        return EMPTY
    text = t(report.trend.brief) if brief else f"{t(report.trend.text)}."
    return Html(f'<p class="it-trend">{sparkline(report.trend)}<span>{esc(text)}</span></p>')


def _time(view: View, report: Report) -> Html:
    since, until = view.moment(report.since), view.moment(report.until)
    if since == until:
        return Html(
            f'<p class="it-muted">{told("As of {until}, when this site was built.", until=until)}</p>'
        )
    scope = "" if view.audience.everything else f" {t('Only what is shown here is counted.')}"
    return Html(
        f'<p class="it-muted">{told("From {since} to {until}, when this site was built.", since=since, until=until)}{scope}</p>'
    )


def _body(view: View, report: Report) -> Html:
    lead = Html(
        f'<p>{esc(t(report.lead))}</p><p class="it-headline">{esc(_sentence(t(report.headline)))}.</p>{_trend(report)}'
    )
    data = link(urls.report_json(report.name), esc(t("All tables as JSON")))
    return join(
        [
            heading([Crumb(urls.REPORTS, "Reports")], t(report.title), lead=lead),
            _time(view, report),
            _contents(report),
            *(section(t.title, _table(view, report, t), _anchor(t)) for t in report.tables),
            section("What the figures mean", _definitions(report), "definitions")
            if report.measures
            else EMPTY,
            Html(f'<p class="it-next">{data}</p>'),
        ]
    )


def _contents(report: Report) -> Html:
    """Return the way to each table of a long report."""
    if len(report.tables) <= _FEW:
        return EMPTY
    items = "".join(
        f'<li><a href="#{_anchor(table)}">{esc(t(table.title))}</a></li>' for table in report.tables
    )
    name, listed = esc(t("On this page")), Html(f"<ul>{items}</ul>")
    if len(report.tables) > _MANY:
        listed = Html(f'<details class="it-fold"><summary>{name}</summary>{listed}</details>')
    return Html(f'<nav class="it-contents" aria-label="{name}">{listed}</nav>')


def _anchor(table: Table) -> str:
    return table.name.replace("_", "-")


def _table(view: View, report: Report, table: Table) -> Html:
    if not table.rows:
        return paragraph("Nothing to show.")
    partly = charted(table.rows) if table.chart and table.chart.form != OVER_TIME else ""
    below = join([paragraph(note) for note in (table.note, partly) if note])
    # A table with much in a row goes below its chart: its figures need the width.
    wide = " it-report--wide" if _room(table) > _BESIDE else ""
    csv = Html(
        f'<p class="it-next">{link(urls.report_csv(report.name, table.name), esc(t("This table as CSV")))}</p>'
    )
    picture, rows = draw(table, _anchor(table), view.title), figures(view, table)
    if picture and table.chart and table.chart.form == OVER_TIME and len(table.rows) > _MOST_BESIDE:
        # The picture says it all; who wants the figures opens them, and nothing stands beside an empty half.
        folded = (
            f"<details class=it-more><summary>{esc(t('As a table'))}</summary>{rows}{below}{csv}</details>"
        )
        return Html(f"{picture}{folded}")
    return Html(
        f'<div class="it-report{wide}">{picture}<div class="it-report__table">{rows}{below}{csv}</div></div>'
    )


def figures(view: View, table: Table) -> Html:
    """Return the rows of a table as HTML, wide ones in a box that scrolls."""
    table = _without_names(table)
    look = _look(table)
    head = "".join(f'<th scope="col"{_css(c, head=True)}>{esc(t(c.title))}</th>' for c in table.columns)
    body = "".join(
        f"<tr>{_row(view, table, n, labelled='cards' in look)}</tr>" for n in range(len(table.rows))
    )
    return Html(
        f'<div class="it-scroll"><table class="it-plain it-figures{look}"><caption class="it-vh">{esc(t(table.title))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(view: View, table: Table, number: int, *, labelled: bool) -> str:
    """Return the cells of a row; where a row may become a card, each says what it holds."""
    cells, row = [], table.rows[number]
    for n, (c, v, short) in enumerate(zip(table.columns, row, table.falls_short(row), strict=True)):
        shown = _short(_cell(view, c, v)) if short else _cell(view, c, v)
        if n == 0 and not v and c.form == ITEM and (leads := table.shows.get("open")):
            shown = link(
                explore_url(**leads[number]), shown
            )  # what names no item leads to itself no other way
        elif v and (facets := table.shows.get(c.name)):
            shown = link(explore_url(**facets[number]), shown)
        label = f' data-label="{esc(t(c.title))}"' if labelled and n and c.title else ""
        cells.append(f"<td{_css(c, first=n == 0, nought=v == 0)}{label}>{shown}</td>")
    return "".join(cells)


def _without_names(table: Table) -> Table:
    """Return a table without its column of names where the first column shows items, which come with their names."""
    kept = [n for n, c in enumerate(table.columns) if c.name != "name" or table.columns[0].form != ITEM]
    if len(kept) == len(table.columns):
        return table
    rows = tuple(tuple(row[n] for n in kept) for row in table.rows)
    return replace(table, columns=tuple(table.columns[n] for n in kept), rows=rows)


def _look(table: Table) -> str:
    """Return the classes by which the rows of a table become blocks or cards where there is no room for its columns."""
    if any(c.form == EVIDENCE for c in table.columns):
        return " it-map"
    wide = _room(table)
    if wide <= _PHONE:
        return ""
    dense = all(_width(table, n) <= _DENSE for n in range(1, len(table.columns)))
    long = any(len(word) > _LONG for c in table.columns[1:] for word in t(c.title).split())
    looks = (
        "it-figures--cards",
        "it-figures--dense" * (dense and not long),
        "it-figures--long" * long,
        "it-figures--many" * (wide > _TABLET),
    )
    return "".join(f" {look}" for look in looks if look)


def _room(table: Table) -> float:
    """Return about how many pixels a table needs."""
    least = 0 if table.columns[0].form in (WEEK, MONTH) else _FIRST
    return max(least, _width(table, 0)) + sum(_width(table, n) for n in range(1, len(table.columns)))


def _width(table: Table, number: int) -> float:
    """Return about how many pixels a column needs: that of its longest value, or of the longest word where texts wrap."""
    column = table.columns[number]
    # Items are shown by their names, which are not known here: words of so many letters are common in them.
    texts = ["M" * _NAME] if column.form == ITEM else [said(column, row[number]) for row in table.rows]
    if not _is_figure(column) and column.form not in (WEEK, MONTH):
        texts = [word for text in texts for word in text.split()]
    title = t(column.title)
    longest = max(map(len, [title] if _stays_whole(title) else title.split()), default=0) * _BOLD
    return max(longest, max(map(len, texts), default=0) * _LETTER) + _GAP


def _stays_whole(title: str) -> bool:
    """Whether the head of a column is so short that it stays on one line."""
    return len(title) <= _ONE_LINE


def _is_figure(column: Column) -> bool:
    """Whether a column holds what is compared by its digits, which stand below each other."""
    return column.form not in _WORDS


def _css(column: Column, *, head: bool = False, first: bool = False, nought: bool = False) -> str:
    names = []
    if first:
        names = ["it-c-first", "it-c-when" * (column.form in (WEEK, MONTH))]
    elif column.form == MONEY and column.name in _UNITS:
        names = ["it-c-unit"]
    elif _is_figure(column):
        names = ["it-c-num", "it-c-nought" * nought]
    if head and _stays_whole(t(column.title)):
        names.append("it-c-whole")
    css = " ".join(filter(None, names))
    return f' class="{css}"' if css else ""


def _short(cell: Html) -> Html:
    return Html(
        f'<strong class="it-short">{cell}<span class="it-vh">, {esc(t("below the goal"))}</span></strong>'
    )


def _cell(view: View, column: Column, value: Cell) -> Html:
    if isinstance(value, str) and value and column.form == RECORD:
        return view.id_link(value) or esc(value)
    if isinstance(value, str) and value and column.form == ITEM:
        return view.link(value)
    if column.form == RULE:
        return link(urls.rule(str(value)), esc(value)) if value else EMPTY
    if column.form == STANDING:
        return chip(words(str(value)), _LOOKS.get(str(value), "none"))
    if isinstance(value, str) and column.form == EVIDENCE:
        return evidence_list(view, t(value))
    if column.form == TEXT and isinstance(value, str) and clock.parse_time(value):
        return view.time(value)
    if column.form == TEXT and isinstance(value, str) and is_named_value(value) and t(value) == value:
        return esc(words(value))
    return esc(said(column, value))


def _definitions(report: Report) -> Html:
    items = "".join(
        f"<dt>{esc(t(m.name))}</dt><dd>{esc(t(m.definition))} "
        f'<span class="it-muted">{esc(t("After {source}", source=t(m.source)))}</span></dd>'
        for m in report.measures
    )
    return Html(f'<dl class="it-meanings">{items}</dl>')
