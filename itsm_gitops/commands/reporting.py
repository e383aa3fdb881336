"""`itsm report`: figures about a snapshot, and the same for the site."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from itsm_gitops.commands.filters import since as since_moment
from itsm_gitops.commands.own_reports import own_filters, own_report, own_reports, own_titles
from itsm_gitops.commands.practising import map_filters, map_titles, maps
from itsm_gitops.commands.stored_filters import FilterMarks, StoredFilters
from itsm_gitops.git.sharing import newest
from itsm_gitops.graph.customers import organisations, services_of, whole
from itsm_gitops.graph.network import Network
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.errors import NotFound, Refused, UsageError, did_you_mean
from itsm_gitops.model.field_history import Day, ServiceHistory
from itsm_gitops.model.moments import not_far, read_time
from itsm_gitops.model.report import Measure, Report, Table
from itsm_gitops.model.standing import Asking, Course, Proof
from itsm_gitops.model.words import a_kind
from itsm_gitops.reports.catalogue import REPORTS, make_reports, reports_of
from itsm_gitops.reports.course import levels_of
from itsm_gitops.reports.lives import LifeShelf
from itsm_gitops.reports.log import Log, Scope
from itsm_gitops.reports.measures import availability, availability_around_the_clock, measure
from itsm_gitops.reports.past import PERIODS, first_moment, histories, history
from itsm_gitops.service_levels.life import Life, life_of

if TYPE_CHECKING:
    from itsm_gitops.model.entry import Entry
    from itsm_gitops.model.rulebook import RuleBook
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store
    from itsm_gitops.snapshots.store import Document

__all__ = ["REPORTS", "SnapshotReporter", "report", "table_of"]


def report(
    repo: Repository,
    names: Sequence[str] = (),
    *,
    service: str = "",
    team: str = "",
    customer: str = "",
    since: str = "",
    until: str = "",
    at: str | None = None,
) -> list[Report]:
    """Make some reports (default: all).

    Limits are a service, a team, a customer (an organisation, or as service levels name them), a beginning (a date, a time, or how
    long ago: ``90d``) and an end, for which the records are replayed as they were then. Raises NotFound for an
    unknown name, UsageError for an invalid beginning or end, and Refused for a service or team of another
    class.
    """
    now = _end(repo, until, clock.now()) if until else clock.now()
    start = _beginning(repo, since, now) if since else None
    store, lives = repo.visited(lambda _, document: life_of(document), at)
    whom, under = _customer(store, customer) if customer else ("", frozenset())
    scope = Scope(
        _find(store, service, meaning.SERVICE), _find(store, team, meaning.TEAM), start, whom, under
    )
    own = [n for n in own_reports(store.book) if (n in names if names else not _is_limited(scope))]
    if own and _is_limited(scope):
        raise UsageError(
            f"the report '{own[0]}' cannot be limited",
            f"its filters stand in schemas/reports/{own[0]}.yaml; itsm list takes any",
        )
    shipped = [n for n in names if n not in own]
    made = make_reports(store, lives, now, scope, shipped, own) if shipped or not names else []
    return [*made, *(own_report(store, name, now) for name in own)]


def _is_limited(scope: Scope) -> bool:
    return scope != Scope()


def _beginning(repo: Repository, text: str, now: datetime) -> datetime:
    found = since_moment(repo, text)
    if found > now:
        raise UsageError(f"--since: '{text}' is in the future", "write 2026-11-01, 90d or 12w")
    return found.astimezone(UTC)


def _end(repo: Repository, text: str, now: datetime) -> datetime:
    """Read the end of a report: the end of a day, month or year that is named, never later than now."""
    span = read_time(text, repo.config.timezone)
    if span is None:
        raise UsageError(
            f"--until: '{text}' is not a time", "write 2026-11-30, 2026-11 or 2026-11-30T20:00:00Z"
        )
    not_far(span.start, text, "--until")
    return min(
        now, (span.end if span.end - span.start > timedelta(minutes=1) else span.start).astimezone(UTC)
    )


def _customer(store: Store, text: str) -> tuple[str, frozenset[str]]:
    """Return a customer, and the services and offerings it is provided with.

    A customer is an organisation (its identifier or name), or whom service levels are agreed with in so many words: then
    it is what stands under those levels. Raises NotFound, with the customers that there are.
    """
    network = Network(store)
    wanted = text.lower()
    parties = {n.lower(): e.id for e in organisations(network) for n in (e.title, e.id)}
    provided = network.of_role(meaning.SERVICE, meaning.OFFERING)
    if wanted in parties:
        services = services_of(network, whole(network, parties[wanted]))
        under = {e.id for e in provided if e.id in services or e.columns.get(meaning.SERVICE) in services}
        return parties[wanted], frozenset(under)
    agreed: dict[str, set[str]] = {}
    for entry in network.of_role(meaning.SERVICE_LEVEL):
        if isinstance(name := entry.columns.get("customer"), str):
            agreed.setdefault(name, set()).add(entry.id)
    names = {n.lower(): n for n in agreed}
    if wanted not in names:
        known = sorted([*agreed, *parties.values()])
        there = (
            did_you_mean(wanted, [*names, *parties]) or f"customers are: {', '.join(dict.fromkeys(known))}"
        )
        raise NotFound(f"there is no customer '{text}', and no service level is agreed with one", there)
    name = names[wanted]
    return name, frozenset(e.id for e in provided if e.columns.get("service_level") in agreed[name])


def _find(store: Store, fragment: str, role: str) -> str:
    if not fragment:
        return ""
    entry = store.find(fragment)
    if not facts.is_a(store.book, entry, role):
        said = a_kind(store.book.kinds[entry.kind])
        raise Refused(f"{entry.id} is {said}", f"--{role} takes a {role}")
    return entry.id


def table_of(found: Report, name: str) -> Table:
    """Return one table of a report (default: its first); raises NotFound with the names there are."""
    tables = {t.name: t for t in found.tables}
    if not name:
        return found.tables[0]
    if name not in tables:
        hint = did_you_mean(name, tables) or f"there are: {', '.join(tables)}"
        raise NotFound(f"the report '{found.name}' has no table '{name}'", hint)
    return tables[name]


class SnapshotReporter:
    """Makes the reports of the site from the one reading of the documents that the build does anyway."""

    def __init__(self) -> None:
        """Make one; it remembers what it was last asked about, as several parts of a site ask about the same."""
        self._last: tuple[Store, LifeShelf, datetime, Log] | None = None
        self._places: tuple[RuleBook, FilterMarks] | None = None

    def _log(self, store: Store, gathered: LifeShelf, now: datetime) -> Log:
        last = self._last
        if last is None or last[0] is not store or last[1] is not gathered or last[2] != now:
            self._last = last = (store, gathered, now, Log(store, gathered, now, Scope()))
        return last[3]

    def visit(self, document: Document) -> list[Life]:
        """Return what reports need of a document; runs while documents are read."""
        return life_of(document)

    def titles(self, book: RuleBook, *, whole: bool) -> list[tuple[str, str]]:
        """Return the names and titles of the reports, in their order."""
        shipped = [(name, kind.title) for name, kind in REPORTS.items()]
        return [*shipped, *own_titles(book), *map_titles(book)] if whole else shipped

    def reports(self, store: Store, gathered: LifeShelf, now: datetime) -> list[Report]:
        """Return every report about the loaded snapshot at a moment that is the same in every repository."""
        return reports_of(self._log(store, gathered, now))

    def _filter_marks(self, store: Store) -> FilterMarks:
        if self._places is None or self._places[0] is not store.book:
            texts = [*own_filters(store.book), *map_filters(store.book)]
            self._places = store.book, FilterMarks(store, texts)
        return self._places[1]

    def marks(self, store: Store, document: Document) -> int:
        """Return which filters of own reports and of maps a document fulfils; runs while documents are read."""
        return self._filter_marks(store).of(document)

    def own_reports(self, store: Store, now: datetime, marks: Mapping[str, int]) -> list[Report]:
        """Return the reports that the repository describes itself, and the maps of standards.

        They are made from a whole snapshot only: a part would give other figures.
        """
        filters = StoredFilters(store, self._filter_marks(store), marks)
        own = [own_report(store, name, now, filters) for name in own_reports(store.book)]
        return [*own, *(m.as_report() for m in maps(store, now, filters))]

    def history(
        self, store: Store, gathered: LifeShelf, now: datetime, days: int
    ) -> Mapping[str, Sequence[Day]]:
        """Return how every service in production fared on each of the last ``days`` days, today the last."""
        return history(self._log(store, gathered, now), days)

    def histories(self, store: Store, gathered: LifeShelf, now: datetime) -> Mapping[str, ServiceHistory]:
        """Return what incidents did to every service in production, and how much of some last days it was available."""
        log = self._log(store, gathered, now)
        longer = log.reaching(first_moment(log, max(PERIODS)))
        return histories(longer, levels_of(longer))

    def measures(self) -> list[Measure]:
        """Return what the shares of ``histories`` mean."""
        return [measure(availability), measure(availability_around_the_clock)]

    def course(self, store: Store, gathered: LifeShelf, now: datetime) -> Callable[[str], Course]:
        """Return what says, of one record at a time, how the work on it went and which promises were kept."""
        from itsm_gitops.reports.course import course

        return course(self._log(store, gathered, now))

    def asking(self, store: Store, now: datetime) -> Callable[[Entry, Mapping[str, Any]], Asking]:
        """Return what says, of one change and its document, what the policy asks to authorise it."""

        @cache
        def asker() -> Callable[[Entry, Mapping[str, Any]], Asking]:
            from itsm_gitops.gate.asking import asking  # few builds make a page of an open change

            return asking(store, now)

        def ask(entry: Entry, data: Mapping[str, Any]) -> Asking:
            return asker()(entry, data)

        return ask

    def proofs(self, repo: Repository) -> list[Proof]:
        """Return the statements on the branch of evidence, oldest first; none where there is no such branch."""
        if repo.git is None or not newest(repo.git).tip:
            return []
        from itsm_gitops.evidence.proofs import proofs

        return proofs(repo)
