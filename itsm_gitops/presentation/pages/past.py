"""The past of a service: its health in the last days as a bar, and the share of its targets that were met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from itsm_gitops.graph.status import DEGRADED, OPERATIONAL, OUTAGE
from itsm_gitops.model.field_history import UNKNOWN, Day
from itsm_gitops.model.report import EXACT_SHARE, SHARE, Cell, Column, Report
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip, look_of
from itsm_gitops.presentation.fields import day, definition_list
from itsm_gitops.presentation.language import counted, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, link, words
from itsm_gitops.presentation.moments import day_and_month, said
from itsm_gitops.presentation.pages import service_history
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.remainder import joined, opening
from itsm_gitops.presentation.view import View

DAYS = 90
_MOST_RUNS, _MOST_NAMED = 10, 3
_HEIGHT = 10
REPORT, _TABLE = "levels", "services"


class _Run(NamedTuple):
    """Days in a row that were alike: the index of the first, the days."""

    start: int
    days: tuple[Day, ...]

    @property
    def status(self) -> str:
        return self.days[0].status

    @property
    def name(self) -> str:
        first, last = _day(self.days[0].day), _day(self.days[-1].day)
        return first if len(self.days) == 1 else t("{start} to {end}", start=first, end=last)


def _day(text: str) -> str:
    return day_and_month(date.fromisoformat(text))


def day_of(one: Day) -> str:
    """Return the date of a day as its bar names it: 20 Nov."""
    return _day(one.day)


def _runs(days: Sequence[Day]) -> list[_Run]:
    found, start = [], 0
    for _, group in groupby(days, key=lambda d: d.status):
        run = _Run(start, tuple(group))
        found.append(run)
        start += len(run.days)
    return found


def bar(view: View, service: str) -> Html:
    """Return the last days of a service as a row of coloured marks, the oldest first; nothing without them."""
    days = view.past.get(service)
    if not days:
        return EMPTY
    marks = "".join(
        f'<rect class="it-past--{look_of(run.status)}" x="{run.start}" width="{len(run.days)}" height="{_HEIGHT}">'
        f"<title>{esc(f'{run.name}: {_word(run.status)}')}</title></rect>"
        for run in _runs(days)
    )
    # Thin gaps make days of the coloured runs.
    gaps = "".join(f"M{n} 0V{_HEIGHT}" for n in range(1, len(days)))
    return Html(
        f'<svg class=it-past viewBox="0 0 {len(days)} {_HEIGHT}" preserveAspectRatio="none" role=img'
        f' aria-label="{esc(summary(days))}">{marks}<path class=it-past__gaps d="{gaps}"/></svg>'
    )


def _word(status: str) -> str:
    return t("not known") if status == UNKNOWN else t(status)


def summary(days: Sequence[Day]) -> str:
    """Return in words how the last days were."""
    return f"{t('Last {days}', days=_days(len(days)))}: {_sum(days)}"


def _sum(days: Sequence[Day]) -> str:
    known = sum(d.status != UNKNOWN for d in days)
    down, worn = (sum(d.status == s for d in days) for s in (OUTAGE, DEGRADED))
    parts = [f"{_days(n)} {t(what)}" for n, what in ((down, "with an outage"), (worn, "degraded")) if n]
    said = ", ".join(parts) or t("No outage")
    if known == len(days):
        return said
    return (
        t("{said} in {days} with records", said=said, days=_days(known))
        if known
        else t("No data for this time")
    )


def _days(count: int) -> str:
    return counted(count, "{count} day", "{count} days")


def service_past(view: View, service: str) -> Html:
    """Return the section of a service's page about its last days."""
    days = view.past.get(service)
    if not days:
        return EMPTY
    begin, end = (esc(_day(days[n].day)) for n in (0, -1))
    ends = f"<p class=it-past__ends><span>{begin}</span><span>{end}</span></p>"
    history = view.histories.get(service)
    told_of = {one.id for one in history.incidents} if history else set()
    # Days of which a list of incidents tells need no line of their own.
    ill = [
        r
        for r in reversed(_runs(days))
        if r.status not in (OPERATIONAL, UNKNOWN)
        and not told_of.intersection(c for d in r.days for c in d.causes)
    ]
    lines = [
        Html(f"{chip(words(run.status), run.status)} {esc(run.name)} {_causes(view, run)}") for run in ill
    ]
    items = "".join(f"<li>{one}</li>" for one in lines[:_MOST_RUNS])
    if len(lines) > _MOST_RUNS:
        items += f"<li>{opening(lines[_MOST_RUNS:])}</li>"
    listed = f'<ul class="it-list it-past__list">{items}</ul>' if items else ""
    shares = service_history.availability(view, service)
    body = Html(
        f"<p>{esc(_sum(days))}.</p><div class=it-past__frame>{bar(view, service)}</div>{ends}{shares}{listed}"
    )
    return section(t("The last {days} days", days=len(days)), body, "past")


def _causes(view: View, run: _Run) -> Html:
    causes = dict.fromkeys(c for day in reversed(run.days) for c in day.causes)
    return joined([shown for c in causes if (shown := view.id_link(c))], _MOST_NAMED, " ")


def kept_by_service(reports: Sequence[Report]) -> dict[str, Mapping[str, Cell]]:
    """Return what the report on service levels says of each service, by the names of its columns."""
    tables = [t for r in reports if r.name == REPORT for t in r.tables if t.name == _TABLE]
    return {
        str(row[0]): dict(zip([c.name for c in table.columns], row, strict=True))
        for table in tables
        for row in table.rows
    }


_KEPT = (
    ("response", "Answered in time", SHARE),
    ("resolution", "Resolved in time", SHARE),
    ("availability", "Available", EXACT_SHARE),
)


def kept(view: View, service: str) -> Html:
    """Return the section of a service's page about its service level; nothing where it has none."""
    # How long it was available stands with its last days, where these are known.
    history = view.histories.get(service)
    told_of = {_KEPT[-1][1]} if history and history.available else set()
    rows = [
        (title, Html(f"{figure} {aim}"), False)
        for title, figure, aim in _figures(view, service)
        if title not in told_of
    ]
    if not rows:
        return EMPTY
    more = link(urls.report(REPORT), esc(t("How this is measured")))
    level = view.link(str(view.kept[service]["level"]))
    return section(
        "Service level",
        Html(
            f"<p>{level}, {measured(view, [service])}</p>{definition_list(rows)}<p class=it-next>{more}</p>"
        ),
        "service-level",
    )


def measured(view: View, services: Sequence[str]) -> Html:
    """Return the time over which service levels of services were measured: a year, or from the first record on."""
    longest = [
        max(history.available, key=lambda one: one.days, default=None)
        for service in services
        if (history := view.histories.get(service))
    ]
    since = [one.since if one else "" for one in longest]
    if not all(since) or not since:
        return esc(t("last 12 months"))
    return told("since {day}", day=day(view, min(since)))


def _figures(view: View, service: str) -> Iterator[tuple[str, Html, Html]]:
    """Yield what was promised: its title, the share that was kept as a chip, and the goal."""
    row = view.kept.get(service, {})
    for name, title, form in _KEPT:
        share, goal = row.get(name), row.get(f"{name}_goal")
        if isinstance(share, float) and isinstance(goal, float):
            text = said(Column(name, title, form), share)
            aim = f"<small>{esc(t('goal'))} {esc(said(Column(name, title, form), goal))}</small>"
            yield title, chip(text, "done" if share >= goal else "bad"), Html(aim)
