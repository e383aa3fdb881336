"""The incidents and changes of an item over the last twelve months, as bars and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from itsm_gitops.model import clock, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.report import COUNT, MONTH, OVER_TIME, Bars, Column, Table
from itsm_gitops.presentation.chart import draw
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc
from itsm_gitops.presentation.pages.figures import figures
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.traits import Traits
from itsm_gitops.presentation.view import View

_MONTHS = 12
_FEWEST = 4  # records that make a picture
_FEWEST_MONTHS = 3
_TITLE = "Incidents and changes over time"
_ROLES = ((meaning.INCIDENT, "Incidents opened", "blue"), (meaning.CHANGE, "Changes planned", "grey"))


def over_time(view: View, entry: Entry) -> Html:
    """Return the section, nothing where little or nothing happened in that time."""
    near = map(view.traits, view.network.others(entry.id, "affected_by"))
    table = months_of(view, (traits for traits in near if traits and entry.id in traits.affected))
    if sum(count for row in table.rows for count in row if isinstance(count, int)) < _FEWEST:
        return EMPTY  # the list of records says it better
    table = _from_first(table)
    picture = draw(table, "over-time")
    listed = f"<details class=it-fold><summary>{esc(t('Figures'))}</summary>{figures(view, table)}</details>"
    return section(_TITLE, Html(f"{picture}{listed}"), "over-time")


def _from_first(table: Table) -> Table:
    """Return the months from the first on in which anything happened; three at least."""
    first = next(n for n, row in enumerate(table.rows) if any(row[1:]))
    return replace(table, rows=table.rows[min(first, len(table.rows) - _FEWEST_MONTHS) :])


def months_of(view: View, records: Iterable[Traits]) -> Table:
    """Return how many incidents were opened and changes planned in each of the last twelve months.

    Months are those of the site's time zone. A change without a planned start counts when it was opened.
    """
    counts: Counter[tuple[str, str]] = Counter()
    months = _last_months(view)
    # Most records are years old. A day is wider than any zone: what was opened in an earlier month is in no bar.
    earliest = f"{date.fromisoformat(f'{months[0]}-01') - timedelta(days=1)}"
    for record in records:
        if not record.planned and record.opened < earliest:
            continue
        moment = clock.parse_time(record.planned) or clock.parse_time(record.opened)
        if moment is not None:
            local = in_zone(moment, view.zone)
            for role in view.book.kinds[record.kind].plays:
                counts[role, f"{local.year:04}-{local.month:02}"] += 1
    used = [(name, title, look) for name, title, look in _ROLES if view.book.playing(name)]
    return Table(
        "over_time",
        _TITLE,
        (Column("month", t("Month"), MONTH), *(Column(name, t(title), COUNT) for name, title, _ in used)),
        tuple((month, *(counts[name, month] for name, _, _ in used)) for month in months),
        Bars(OVER_TIME, tuple(name for name, _, _ in used), tuple(look for _, _, look in used)),
    )


def _last_months(view: View) -> list[str]:
    today = view.today
    last = today.year * 12 + today.month - 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(last - _MONTHS + 1, last + 1)]
