"""The tables of a report on its page: as tiles, chart or sentence with the figures behind them, or as they are.

Tables that say the same of different things stand in one section, below one legend.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple

from itsm_gitops.model.report import ALL, EVIDENCE, EXACT_SHARE, MONTH, OVER_TIME, SHARE, Bars, Report, Table
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.bars import legend
from itsm_gitops.presentation.chart import charted, is_drawn, picture
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link
from itsm_gitops.presentation.moments import said_in
from itsm_gitops.presentation.pages.figures import figures, leading, notes
from itsm_gitops.presentation.pages.parts import paragraph, section
from itsm_gitops.presentation.view import View

# A report with more sections begins with a list of them; with many more, the list opens on demand.
_FEW, _MANY = 4, 8
_SHARES = (SHARE, EXACT_SHARE)
_LONG = 12  # rows of a table without a chart that stands open


class _Section(NamedTuple):
    """A section of the page: its title and its tables."""

    title: str
    tables: Sequence[Table]

    @property
    def anchor(self) -> str:
        """Its anchor, which is that of its first table."""
        return _anchor(self.tables[0])


def tables_of(view: View, report: Report) -> Html:
    """Return the tables of a report, before them the way to each where there are more than a few."""
    whole = head_table(report)
    tables = [table for table in report.tables if table is not whole and not table.quiet]
    folded = [table for table in tables if _is_folded(view, report, table)]
    sections = _sections([table for table in tables if table not in folded])
    more = join([_fold(view, report, table) for table in folded])
    return join(
        [
            _contents([*sections, *_sections(folded)]),
            *(section(s.title, _section(view, report, s), s.anchor) for s in sections),
            section("More tables", more, "more-tables") if folded else EMPTY,
        ]
    )


def head_table(report: Report) -> Table | None:
    """Return the table whose figures stand at the head of a report that names no others."""
    first = report.tables[0] if report.tables else None
    return first if first and not report.keys and _is_of_all(first) else None


def tiles(pairs: Sequence[tuple[Html, Html]]) -> Html:
    """Return key figures beside each other, each with what it is."""
    items = "".join(f"<div><dt>{label}</dt><dd>{value}</dd></div>" for value, label in pairs)
    return Html(f'<dl class="it-tiles">{items}</dl>')


def tiles_of(table: Table, first: int) -> Html:
    """Return the figures of a table with one row as tiles, from a column on."""
    names = [c.name for c in table.columns[first:]]
    return tiles([(esc(said_in(table, 0, n)), esc(t(table.column(n).title))) for n in names])


def _is_of_all(table: Table) -> bool:
    """Whether a table has one row, which is about all."""
    return len(table.rows) == 1 and table.rows[0][0] == ALL and not table.chart


def _sections(tables: Sequence[Table]) -> list[_Section]:
    """Return the sections of a page: a table each, or those that stand in one."""
    found = []
    for title, some in groupby(tables, lambda table: table.place.section if table.place else table):
        together = list(some)
        found.append(_Section(title if isinstance(title, str) else title.title, together))
    return found


def _section(view: View, report: Report, one: _Section) -> Html:
    if len(one.tables) == 1:
        return _table(view, report, one.tables[0])
    keys = legend([table for table in one.tables if is_drawn(table)])
    parts = []
    for table in one.tables:
        mark = f" id={esc(_anchor(table))}" if table is not one.tables[0] else ""
        title = esc(t(table.place.title if table.place else table.title))
        parts.append(f"<div><h3{mark}>{title}</h3>{_table(view, report, table, keys=False)}</div>")
    beside = all(isinstance(table.chart, Bars) and table.chart.form == OVER_TIME for table in one.tables)
    css = " it-parts--beside" if beside else ""
    return Html(f'{keys}<div class="it-parts{css}">{"".join(parts)}</div>')


def _contents(sections: Sequence[_Section]) -> Html:
    """Return the way to each section of a long report, as they stand on the page."""
    if len(sections) <= _FEW:
        return EMPTY
    items = "".join(f'<li><a href="#{one.anchor}">{esc(t(one.title))}</a></li>' for one in sections)
    name, listed = esc(t("On this page")), Html(f"<ul>{items}</ul>")
    if len(sections) > _MANY:
        listed = Html(f'<details class="it-fold"><summary>{name}</summary>{listed}</details>')
    return Html(f'<nav class="it-contents" aria-label="{name}">{listed}</nav>')


def _anchor(table: Table) -> str:
    return table.name.replace("_", "-")


def _table(view: View, report: Report, table: Table, *, keys: bool = True) -> Html:
    """Return what a table says: as tiles, chart or sentence with the figures behind it, or the table itself."""
    if not table.rows:
        return paragraph("Nothing to show.")
    csv = Html(
        f'<p class="it-report__data">{link(urls.report_csv(report.name, table.name), esc(t("Download as CSV")))}</p>'
    )
    rows, below = figures(view, table), notes(table, charted(table))
    shown = _shown(view, table, keys=keys)
    if not shown or _says_more(table):
        return Html(f'<div class="it-report">{shown}{rows}{below}{csv}</div>')
    return Html(
        f'<div class="it-report">{shown}{below}<details class="it-fold it-report__fold">'
        f"<summary>{esc(t('Figures'))}</summary>{rows}{csv}</details></div>"
    )


def _shown(view: View, table: Table, *, keys: bool = True) -> Html:
    """Return the figures of a table as tiles, chart or sentence; nothing for a table that speaks for itself."""
    if _is_of_all(table):
        return tiles_of(table, first=2)  # the head says how many there are
    return picture(table, _anchor(table), partial(_called, view), leading, keys=keys)


def _is_folded(view: View, report: Report, table: Table) -> bool:
    """Whether a table is opened on demand: a long one without a picture that is not the first."""
    is_map = any(c.form == EVIDENCE for c in table.columns)
    is_long = len(table.rows) > _LONG and table is not report.tables[0]
    return is_long and not is_map and not _shown(view, table)


def _fold(view: View, report: Report, table: Table) -> Html:
    return Html(
        f'<details class="it-fold it-report__more" id="{_anchor(table)}">'
        f"<summary>{esc(t(table.title))} ({len(table.rows)})</summary>{_table(view, report, table)}</details>"
    )


def _says_more(table: Table) -> bool:
    """Whether a table of months has a share that its picture does not show: people ask for that of last month."""
    drawn = table.chart.columns if isinstance(table.chart, Bars) else ()
    is_of_months = table.columns[0].form == MONTH
    return is_of_months and any(c.form in _SHARES and c.name not in drawn for c in table.columns)


def _called(view: View, name: str) -> Html:
    """Return how a chart calls an item or record: by its title, which leads to it."""
    url = view.url(name)
    return link(url, esc(view.title(name))) if url else esc(view.title(name))
