"""Which reports there are, and how one is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.model.errors import NotFound, did_you_mean
from itsm_gitops.model.report import Report
from itsm_gitops.reports.agreements import contracts, licences
from itsm_gitops.reports.change import caused, changes
from itsm_gitops.reports.customers import customers
from itsm_gitops.reports.delivery import dora
from itsm_gitops.reports.flow import arrivals, backlog
from itsm_gitops.reports.levels import levels
from itsm_gitops.reports.log import Log, Scope
from itsm_gitops.reports.major import major
from itsm_gitops.reports.measures import measure
from itsm_gitops.reports.problems import problems
from itsm_gitops.reports.quality import quality
from itsm_gitops.reports.times import times
from itsm_gitops.reports.top import top
from itsm_gitops.reports.writing import ReportDraft
from itsm_gitops.service_levels.life import Life

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Store


class ReportKind(NamedTuple):
    """A report: its title, the question it answers, and the function that answers it.

    ``of_a_moment`` says that it tells how things stand, not what happened in a time.
    """

    title: str
    lead: str
    make: Callable[[Log], ReportDraft]
    of_a_moment: bool = False


REPORTS = {
    "backlog": ReportKind("Backlog and ageing", "What is open now, for how long, and with whom?", backlog),
    "flow": ReportKind("Arrivals and resolutions", "Does more come than is done?", arrivals),
    "times": ReportKind(
        "Time to respond and to resolve",
        "How long until work begins, and until the service is restored?",
        times,
    ),
    "levels": ReportKind("Service levels", "Do we keep what we promise?", levels),
    "changes": ReportKind("Success of changes", "How many changes end as they were planned?", changes),
    "caused": ReportKind("Incidents caused by change", "What do our own changes break?", caused),
    "quality": ReportKind(
        "Quality of the work", "How often is it reopened, handed on, or solved at once?", quality
    ),
    "dora": ReportKind("Software delivery", "How fast and how safely do changes reach production?", dora),
    "major": ReportKind(
        "Major incidents", "Are they declared soon, is what was promised said, and are they reviewed?", major
    ),
    "problems": ReportKind("Ageing of problems", "How long do known causes stay?", problems),
    "top": ReportKind("Top services and items", "Where do incidents gather?", top),
    "customers": ReportKind(
        "Customers", "What do we provide to each customer, and how was it kept?", customers
    ),
    "licences": ReportKind(
        "Licence positions",
        "How many were bought, how many are installed, and what is free?",
        licences,
        of_a_moment=True,
    ),
    "contracts": ReportKind(
        "Calendar of contracts",
        "Which contracts end or need notice, when, and what do they cost?",
        contracts,
        of_a_moment=True,
    ),
}


def make_reports(
    store: Store,
    lives: Iterable[Life] | None,
    now: datetime,
    scope: Scope,
    names: Iterable[str] = (),
    others: Iterable[str] = (),
) -> list[Report]:
    """Return some reports (default: all) about a loaded store at a moment; raises NotFound for a wrong name.

    ``lives`` were gathered while loading; None: take them from the store. ``others`` are names of
    reports that are made elsewhere, for the message.
    """
    wanted = list(names) or list(REPORTS)
    for name in wanted:
        if name not in REPORTS:
            there = [*REPORTS, *others]
            hint = did_you_mean(name, there) or f"there are: {', '.join(there)}"
            raise NotFound(f"there is no report '{name}'", hint)
    return reports_of(Log(store, lives, now, scope), wanted)


def reports_of(log: Log, names: Iterable[str] = tuple(REPORTS)) -> list[Report]:
    """Return some reports (default: all) about a log."""
    return [_dress(name, log) for name in names]


def _dress(name: str, log: Log) -> Report:
    kind = REPORTS[name]
    draft = kind.make(log)
    return Report(
        name=name,
        title=kind.title,
        lead=kind.lead,
        headline=draft.headline,
        since=log.now if kind.of_a_moment else log.since_moment,
        until=log.now,
        service=log.scope.service,
        team=log.scope.team,
        measures=tuple(measure(m) for m in draft.measures),
        tables=draft.tables,
        customer=log.scope.customer,
        trend=draft.trend,
        main=draft.main,
        keys=draft.keys,
        note=draft.note,
    )
