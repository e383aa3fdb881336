"""Everything a report is computed from: the records of one snapshot at one moment, and what it is limited to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.past import IncidentSpan, Spell, faults_of, spells
from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.lifetime import Wanted, open_before
from itsm_gitops.model.priority import priority
from itsm_gitops.model.rulebook import PRIORITY, RuleBook
from itsm_gitops.model.timeline import Replay
from itsm_gitops.model.windows import moment_of, zone
from itsm_gitops.reports.lives import GatheredLives, LifeSource
from itsm_gitops.reports.present_names import PresentNames
from itsm_gitops.service_levels.disruption import outages
from itsm_gitops.service_levels.life import Case, Life, case_of

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Store

_WEEK = timedelta(days=7)
_MOST_WEEKS = 13
_MONTHS_BACK = 11


class Scope(NamedTuple):
    """What a report is limited to. Empty is no limit; no ``since`` is the first of the month, 11 months ago.

    ``customer`` is an organisation, or whom service levels are agreed with; ``under`` are the services and offerings it
    is provided with, or that stand under those levels.
    """

    service: str = ""
    team: str = ""
    since: datetime | None = None
    customer: str = ""
    under: frozenset[str] = frozenset()

    def shows(self, service: str) -> bool:
        """Whether figures of a service itself are wanted."""
        return self.service in ("", service) and (not self.customer or service in self.under)

    def holds(self, case: Case) -> bool:
        """Whether a record affects the service and is assigned to the team."""
        if self.service and self.service not in case.targets("affects"):
            return False
        if self.customer and self.under.isdisjoint(
            [case.text("offering"), case.text("service"), *case.targets("affects")]
        ):
            return False
        return not self.team or case.text("assigned_team") == self.team


class Bucket(NamedTuple):
    """A week or month: its name, and the seconds since 1970 from ``start`` up to and without ``end``."""

    name: str
    start: int
    end: int


class Log:
    """The records of a loaded snapshot at the moment ``now``."""

    def __init__(self, store: Store, lives: Iterable[Life] | None, now: datetime, scope: Scope) -> None:
        """Take a loaded store and the lives gathered while loading it; None where the store is to be asked for them."""
        self.store = store
        self.book: RuleBook = store.book
        self.network = Network(store)
        self.now = now
        self.scope = scope
        self.zone: tzinfo = zone(store.config.timezone)
        self.until = int(now.timestamp())
        self.since_moment = scope.since or _default_since(now, self.zone)
        self.since = int(self.since_moment.timestamp())
        self._source: LifeSource = store if lives is None else GatheredLives(store, lives)
        self._names = PresentNames(store)
        self._cases: dict[str, Case | None] = {}
        self._answers: dict[Wanted, list[Case]] = {}
        self._longer: Log | None = None

    def _ask(self, wanted: Wanted) -> list[Case]:
        """Return the records that are wanted, and perhaps others, by identifier."""
        if wanted not in self._answers:
            cases = (self._case(entry, replay) for entry, replay in self._source.lives(wanted))
            self._answers[wanted] = [case for case in cases if case is not None]
        return self._answers[wanted]

    def _case(self, entry: Entry, replay: Replay) -> Case | None:
        if entry.id not in self._cases:
            workflow = self.book.kinds[entry.kind].workflow
            named, told = self._names.entry(entry), self._names.replay(entry.kind, replay)
            self._cases[entry.id] = case_of(named, workflow, told, self._priority, self.until)
        return self._cases[entry.id]

    def _priority(self, fields: Mapping[str, Any]) -> str:
        found = priority(self.book.policy(PRIORITY), fields)
        return found.name if found else ""

    def _wanted(self, kinds: Collection[str]) -> Wanted:
        # Who asks the index for a name does not get the records that call the item by an old one.
        service, team = (
            "" if self.network.old_names(name) else name for name in (self.scope.service, self.scope.team)
        )
        return Wanted(self.until, tuple(sorted(kinds)), service=service, team=team)

    @cached_property
    def graph(self) -> ImpactGraph:
        """The part of the network along which failure travels."""
        return ImpactGraph(self.network)

    @cached_property
    def services(self) -> list[str]:
        """The services in production, by identifier."""
        services = self.network.of_role(meaning.SERVICE)
        return [e.id for e in services if self.graph.in_production(e.id)]

    def reaching(self, begin: int) -> Log:
        """Return a log of a longer time, from a moment on (seconds since 1970); what is known of records is shared."""
        _ = self.graph, self.services, self.first
        longer = object.__new__(Log)
        longer.__dict__.update(self.__dict__)
        longer.since = min(begin, self.since)
        longer.since_moment = datetime.fromtimestamp(longer.since, self.since_moment.tzinfo)
        longer._answers, longer._longer = {}, None
        longer.__dict__.pop("spells", None)
        self._longer = longer
        return longer

    @cached_property
    def spells(self) -> list[Spell]:
        """When services were hit in the time of the report, in no particular order."""
        if self._longer is not None:  # that one has them, and more
            cut = (s._replace(start=max(s.start, self.since)) for s in self._longer.spells)
            return [s for s in cut if s.start < s.end]
        return list(spells(self.graph, self.services, self._faults()))

    def _faults(self) -> Iterator[IncidentSpan]:
        """Yield the faults that lasted into the time of the report, cut to it."""
        kinds = tuple(self.book.playing(meaning.INCIDENT))
        for case in self._ask(Wanted(self.until, kinds, ended_since=self.since, lasting=True)):
            if case.ended is not None and case.ended <= self.since:
                continue
            for entry, times in outages(case, self.until):
                cut = [(max(start, self.since), min(end, self.until)) for start, end in times]
                yield from faults_of(self.graph, entry, cut)

    def find(self, identifier: str) -> Case | None:
        """Return a record whatever the report is limited to, None where there is none."""
        return self.find_all([identifier]).get(identifier)

    def find_all(self, identifiers: Iterable[str]) -> dict[str, Case]:
        """Return records by their identifiers, whatever the report is limited to."""
        names = tuple(sorted(set(identifiers)))
        missing = tuple(n for n in names if n not in self._cases)
        if missing:
            self._ask(Wanted(self.until, ids=missing))
            for name in missing:
                self._cases.setdefault(name, None)
        return {n: case for n in names if (case := self._cases[n]) is not None}

    @cached_property
    def first(self) -> int | None:
        """When the first record of the repository was opened; None where there is none."""
        return self._source.first_opened(
            self.until, [k.name for k in self.book.kinds.values() if k.is_record]
        )

    def first_of(self, kind: str) -> int | None:
        """Return when the first record of a kind was opened that the report is about; None where there is none."""
        first = self._source.first_opened(self.until, [kind])
        if first is None or not (self.scope.service or self.scope.team or self.scope.customer):
            return first
        return min((c.opened for c in self.of(kind)), default=None)

    def of(self, *kinds: str) -> list[Case]:
        """Return the records of some kinds that the report is about, by identifier."""
        return [c for c in self._ask(self._wanted(kinds)) if self.scope.holds(c)]

    def of_role(self, role: str) -> list[Case]:
        """Return the records that the report is about and whose kind plays a role, by identifier."""
        return self.of(*self.book.playing(role))

    def open(self, *kinds: str) -> list[Case]:
        """Return those of the records of some kinds on which work is to be done: see ``measures.backlog``."""
        asked = self._ask(replace(self._wanted(kinds), open=True))
        return [c for c in asked if c.is_open and self.scope.holds(c)]

    def lasting(self, *kinds: str) -> list[Case]:
        """Return those of the records of some kinds that had not ended before the time of the report."""
        asked = self._ask(replace(self._wanted(kinds), ended_since=self.since, lasting=True))
        return [c for c in asked if (c.ended is None or c.ended >= self.since) and self.scope.holds(c)]

    def open_before(self, moments: Sequence[int], kinds: Sequence[str]) -> list[int]:
        """Return how many records of some kinds were open just before each moment in the time of the report.

        Of all of them nothing is read but when they were open; a part of them (``scope``) is picked from the records.
        """
        if not (self.scope.service or self.scope.team or self.scope.customer):
            return self._source.open_before(moments, kinds)
        return open_before(((s.start, s.end) for c in self.lasting(*kinds) for s in c.worked), moments)

    def opened(self, *kinds: str) -> list[Case]:
        """Return those of the records of some kinds that were opened in the time of the report."""
        asked = self._ask(replace(self._wanted(kinds), opened_since=self.since))
        return [c for c in asked if self.within(c.opened) and self.scope.holds(c)]

    def resolved(self, *kinds: str) -> list[Case]:
        """Return those of the records of some kinds that were resolved for good in the time of the report."""
        asked = self._ask(replace(self._wanted(kinds), ended_since=self.since))
        return [c for c in asked if self.within(c.resolved) and self.scope.holds(c)]

    def playing(self, role: str) -> tuple[str, ...]:
        """Return the kinds that play a role."""
        return tuple(self.book.playing(role))

    def within(self, moment: int | None) -> bool:
        """Whether a moment lies in the time of the report."""
        return moment is not None and self.since <= moment <= self.until

    def period_of(self, moment: int, period: str) -> str:
        """Return the week, month, quarter or year of a moment in the repository's time zone, in words that sort by time."""
        day = datetime.fromtimestamp(moment, self.zone).date()
        year, week, _ = day.isocalendar()
        names = {
            "week": f"{year}-W{week:02}",
            "month": f"{day:%Y-%m}",
            "quarter": f"{day.year}-Q{(day.month + 2) // 3}",
        }
        return names.get(period, str(day.year))

    def priority_title(self, name: str) -> str:
        """Return a priority with its word: ``P1 Critical``."""
        known = self.book.policy(PRIORITY).get("priorities", {}).get(name)
        title = known.get("title") if isinstance(known, dict) else None
        return f"{name} {title}" if title else name

    def title(self, identifier: str) -> str:
        """Return the title of a document, or its identifier when it has none or does not exist."""
        entry = self.network.entries.get(identifier)
        return entry.title or identifier if entry else identifier

    @property
    def priorities(self) -> list[str]:
        """The priorities of the rule book, the most urgent first."""
        return list(self.book.policy(PRIORITY).get("priorities", {}))

    def first_day(self, cases: Iterable[Case]) -> date:
        """Return the day the report's time begins, or the first record where that is later."""
        return self.day_of(min((c.opened for c in cases), default=self.since))

    def day_of(self, first: int) -> date:
        """Return the day of a moment, or the one on which the report's time begins where that is later."""
        return self.day_of_moment(max(self.since, first))

    def day_of_moment(self, moment: int) -> date:
        """Return the day of a moment in the repository's time zone."""
        return datetime.fromtimestamp(moment, self.zone).date()

    def weeks(self, first: date) -> list[Bucket]:
        """Return the weeks (from Monday, in the repository's time zone) up to now, 13 at most."""
        monday = self._today - timedelta(days=self._today.weekday())
        count = min(_MOST_WEEKS, (monday - (first - timedelta(days=first.weekday()))) // _WEEK + 1)
        starts = [monday - _WEEK * n for n in range(count)][::-1]
        return self._buckets(starts, lambda d: d + _WEEK, lambda d: d.isoformat())

    def months(self, first: date) -> list[Bucket]:
        """Return the months (in the repository's time zone) from ``first`` up to now."""
        starts, day = [], first.replace(day=1)
        while day <= self._today:
            starts.append(day)
            day = _next_month(day)
        return self._buckets(starts, _next_month, lambda d: f"{d:%Y-%m}")

    def days(self, bucket: Bucket) -> str:
        """Return the first and the last day of a week or month, as the explorer takes them (``FROM..TO``)."""
        return f"{self.day_of_moment(bucket.start)}..{self.day_of_moment(bucket.end - 1)}"

    @property
    def _today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def _buckets(
        self, starts: list[date], after: Callable[[date], date], name: Callable[[date], str]
    ) -> list[Bucket]:
        found = []
        for day in starts:
            start, end = (int(moment_of(d, "00:00", self.zone).timestamp()) for d in (day, after(day)))
            # Before the report's time nothing counts, and after now nothing has happened.
            found.append(Bucket(name(day), max(start, self.since), min(end, self.until + 1)))
        return found


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _default_since(now: datetime, where: tzinfo) -> datetime:
    """Return the beginning of the month 11 months ago, so that twelve months are shown."""
    today = now.astimezone(where).date()
    count = today.year * 12 + today.month - 1 - _MONTHS_BACK
    return moment_of(date(count // 12, count % 12 + 1, 1), "00:00", where)
