"""What the pages need to know of one snapshot, and the small pieces of HTML that all of them use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from itsm_gitops.graph.calendars import Calendars
from itsm_gitops.graph.doubt import doubted, status_kinds
from itsm_gitops.graph.due import DueEntry, DueRow, due_entries, due_rows, in_order
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.risk import RiskBook
from itsm_gitops.graph.similar import Similar
from itsm_gitops.graph.status import OPERATIONAL, STATUSES, Health, health
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.audience import Audience
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.field_history import Day, ServiceHistory
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.major import PROPOSED, RUNNING, MajorStatus, major_policy, major_status
from itsm_gitops.model.meaning import old_major_stage
from itsm_gitops.model.priority import Priority, rank
from itsm_gitops.model.report import MONTHS, Cell, Measure
from itsm_gitops.model.rulebook import PRIORITY, RuleBook
from itsm_gitops.model.standing import Asking, Course, Proof
from itsm_gitops.publish import finished, urls
from itsm_gitops.publish.language import t
from itsm_gitops.publish.markup import EMPTY, Html, esc, link, shorten, words
from itsm_gitops.publish.rulebook_words import in_language
from itsm_gitops.publish.traits import Traits, traits_of

if TYPE_CHECKING:
    from itsm_gitops.publish.background import Conflicts
    from itsm_gitops.publish.document_history import FieldHistory
    from itsm_gitops.publish.planned import Plan
    from itsm_gitops.repository import Store
    from itsm_gitops.repository.config import Config
    from itsm_gitops.repository.gaps import Gap
    from itsm_gitops.repository.store import Document

_EVERYTHING = Audience()
_IN_UTC = re.compile(r"[\d-]{10}T[\d:]{8}Z", re.ASCII).fullmatch  # a time as ``format_time`` writes it
_MOST_CHIPS = 1_024
_MOST_TIMES = 50_000


class Extra(NamedTuple):
    """What lists say of a document and its entry does not hold."""

    id: str
    major: str = ""
    dues: Sequence[DueRow] = ()


def extra_of(document: Document, book: RuleBook) -> list[Extra]:
    """Return what the lists need of a document beyond its entry; runs while documents are read."""
    data = document.data
    if not isinstance(data, dict):
        return []
    major = data.get("major")
    state = major.get("state") if isinstance(major, dict) else None
    kind = book.kinds.get(str(data.get("kind", data.get("class"))))
    dues = due_rows(kind, data) if kind else []
    return [] if state is None and not dues else [Extra(document.id, _text(state), dues)]


def zone_of(config: Config) -> tzinfo:
    """Return the time zone of the site; UTC when the configured one does not exist."""
    try:
        return ZoneInfo(config.timezone)
    except (ValueError, OSError, KeyError):
        return UTC


class View:
    """One loaded snapshot at one moment, ready to be shown."""

    def __init__(
        self, store: Store, extras: Iterable[Extra], now: datetime, audience: Audience = _EVERYTHING
    ) -> None:
        """Take a loaded store, the extras gathered while loading, the moment of the build, and whom it is for."""
        self.audience = audience
        self.store = store
        self.book = in_language(store.book)
        self.config = store.config
        self.entries: Mapping[str, Entry] = store.entries
        self.now = now.astimezone(UTC)
        self.network = Network(store)
        self.graph = ImpactGraph(self.network)
        self._extras = {e.id: e for e in extras}
        # What the reports say of services: their last days, what happened to them, and how service levels were kept.
        self.past: Mapping[str, Sequence[Day]] = {}
        self.histories: Mapping[str, ServiceHistory] = {}
        self.measures: Sequence[Measure] = ()
        self.kept: Mapping[str, Mapping[str, Cell]] = {}
        # What is known of documents one by one; left out where the audience has no part in it.
        self.history: FieldHistory | None = None
        self.course: Callable[[str], Course] | None = None
        self.asking: Callable[[Entry, Mapping[str, Any]], Asking] | None = None
        self.proofs: Mapping[str, Sequence[Proof]] = {}
        self.conflicts: Mapping[str, Conflicts] = {}
        self.plan: Plan  # what is planned in the months around the moment of the build
        self.pictures: dict[tuple[str, ...], Html] = {}
        self._id_links: dict[str, Html | None] = {}
        self._links: dict[str, Html] = {}
        self._urls: dict[str, str] = {}
        self._times: dict[str, Html] = {}
        self._traits: dict[str, Traits | None] = {}

    @cached_property
    def updated(self) -> datetime | None:
        """When the record that was updated last was; None where no record has such a time."""
        texts = {e.updated for e in self.entries.values() if self.kind(e).is_record}
        plain = {text for text in texts if _IN_UTC(text)}
        found = [clock.parse_time(text) for text in texts - plain]
        # The others are in order as texts.
        found.append(next(filter(None, map(clock.parse_time, sorted(plain, reverse=True))), None))
        return max(filter(None, found), default=None)

    @cached_property
    def zone(self) -> tzinfo:
        """The time zone of the site."""
        return zone_of(self.config)

    @property
    def today(self) -> date:
        """The day of the build in the site's time zone."""
        return self.now.astimezone(self.zone).date()

    @cached_property
    def health(self) -> dict[str, Health]:
        """The health of every CI in production."""
        return doubted(health(self.network, self.graph), self.gaps)

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be read and may have a say in the status of a service."""
        return self.store.gaps(status_kinds(self.book))

    @cached_property
    def similar(self) -> Similar:
        """Which records are like which."""
        return Similar(self.book, self.paged)

    @cached_property
    def hit_by(self) -> dict[str, list[Health]]:
        """What is not well because of each record, the worst first."""
        found: dict[str, list[Health]] = {}
        for state in sorted(self.health.values(), key=lambda h: (STATUSES.index(h.status), h.id)):
            for cause in state.causes if state.status != OPERATIONAL else ():
                found.setdefault(cause, []).append(state)
        return found

    @cached_property
    def risks(self) -> RiskBook:
        """What makes changes risky, by the policy and the CMDB."""
        return RiskBook(self.network, self.graph, self.now)

    @cached_property
    def calendars(self) -> Calendars:
        """The calendars that say when changes may be made."""
        return Calendars(self.store)

    @cached_property
    def offers(self) -> dict[str, list[str]]:
        """The known errors and articles that are offered for each item, the newest first."""
        found: dict[str, list[str]] = {}
        known = (*self.of_role(meaning.KNOWN_ERROR), *self.of_role(meaning.ARTICLE))
        current = [e for e in known if facts.is_offered(self.book, e)]
        for entry in sorted(current, key=lambda e: (e.opened, e.id), reverse=True):
            for target in facts.affected(entry):
                found.setdefault(target, []).append(entry.id)
        return found

    @cached_property
    def dues(self) -> list[DueEntry]:
        """Everything that is due of documents with a page, the longest overdue first."""
        found: list[DueEntry] = []
        for extra in self._extras.values():
            entry = self.entries.get(extra.id)
            if entry is not None and extra.dues and self.url(entry.id):
                found += due_entries(self.kind(entry), entry, extra.dues, self.now, self.zone)
        return in_order(found)

    def kind(self, entry: Entry) -> Kind:
        """Return the kind of an entry."""
        return self._kinds[entry.kind]

    @cached_property
    def _kinds(self) -> Mapping[str, Kind]:
        return {**self.book.kinds}  # a plain mapping: it is asked several times for every link

    def of_kind(self, name: str) -> list[Entry]:
        """Return the entries of one kind that have a page, by identifier."""
        return self._by_kind.get(name, [])

    def of_role(self, role: str) -> list[Entry]:
        """Return the entries with a page whose kind plays a role, by identifier."""
        some = [self.of_kind(name) for name in self.book.playing(role)]
        return some[0] if len(some) == 1 else sorted((e for s in some for e in s), key=lambda e: e.id)

    def open_of_kind(self, name: str) -> list[Entry]:
        """Return the records of one kind that have a page and on which work is still to be done, by identifier."""
        return self._open_by_kind.get(name, [])

    def open_of_role(self, role: str) -> list[Entry]:
        """Return the records of the kinds that play a role, as `open_of_kind` does."""
        some = [self.open_of_kind(name) for name in self.book.playing(role)]
        return some[0] if len(some) == 1 else sorted((e for s in some for e in s), key=lambda e: e.id)

    @cached_property
    def _open_by_kind(self) -> dict[str, list[Entry]]:
        kinds = {name: some for name, some in self._by_kind.items() if self._kinds[name].is_record}
        return {name: [e for e in some if self.is_open(e)] for name, some in kinds.items()}

    @cached_property
    def _by_kind(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.paged:
            found.setdefault(entry.kind, []).append(entry)
        return found

    def is_open(self, entry: Entry) -> bool:
        """Whether work on a record is still to be done."""
        return entry.state in self._open_states[entry.kind]

    @cached_property
    def _open_states(self) -> Mapping[str, frozenset[str]]:
        flows = {name: kind.workflow for name, kind in self._kinds.items()}
        return {n: frozenset(filter(f.is_open, f.states) if f else ()) for n, f in flows.items()}

    def url(self, identifier: str) -> str:
        """Return the page of a document; '' when there is none."""
        known = self._urls.get(identifier)
        if known is None:
            entry = self.entries.get(identifier)
            known = self._urls[identifier] = urls.page(self.kind(entry), identifier) if entry else ""
        return known

    @cached_property
    def finished(self) -> dict[str, Sequence[str]]:
        """The records with a page that are finished, by the name of the JSON file that has them."""
        kinds = [kind.name for kind in self._kinds.values() if kind.is_record]
        return finished.shards(e.id for name in kinds for e in self.of_kind(name) if not self.is_open(e))

    @cached_property
    def paged(self) -> Sequence[Entry]:
        """The entries that have a page."""
        return [e for e in self.entries.values() if self.url(e.id)]

    def data_url(self, entry: Entry) -> str:
        """Return the JSON file of a document; finished records have one together."""
        if not self.kind(entry).is_record:
            return urls.api_item(entry.id)
        if self.is_open(entry):
            return urls.api_record(entry.id)
        return urls.api_finished(finished.shard_of(self.finished, entry.id))

    def traits(self, identifier: str) -> Traits | None:
        """Return what tells the place of a document among others; None where it does not exist."""
        if identifier not in self._traits:
            entry = self.entries.get(identifier)
            self._traits[identifier] = traits_of(self.book, entry) if entry else None
        return self._traits[identifier]

    def title(self, identifier: str) -> str:
        """Return the title of a document, or its identifier when it has none or does not exist."""
        entry = self.entries.get(identifier)
        return entry.title or identifier if entry else identifier

    def id_link(self, identifier: str) -> Html | None:
        """Return the identifier as a link to its page, None when it has none."""
        if identifier not in self._id_links:
            url = self.url(identifier)
            self._id_links[identifier] = link(url, esc(identifier), "it-id") if url else None
        return self._id_links[identifier]

    def link(self, identifier: str) -> Html:
        """Return a link to a document: identifier and title for records, the name for items."""
        known = self._links.get(identifier)
        if known is None:
            known = self._links[identifier] = self._link(identifier)
        return known

    def _link(self, identifier: str) -> Html:
        entry, url = self.entries.get(identifier), self.url(identifier)
        if entry is None or not url:
            return Html(f"<span class=it-unknown>{esc(identifier)}</span>")
        title = esc(shorten(entry.title or identifier, 120))
        if not self.kind(entry).is_record:
            return link(url, title)
        return link(url, Html(f"<b>{esc(identifier)}</b> {title}"), "it-ref")

    def priority(self, entry: Entry) -> Priority | None:
        """Return the priority of a record, None when it has none."""
        return facts.priority(self.book, entry)

    def urgency(self, entry: Entry) -> int:
        """Return the place of a record's priority, the most urgent first, those without one last."""
        found = self.priority(entry)
        return rank(self.book.policy(PRIORITY), found.name if found else "")

    def priority_title(self, name: str) -> str:
        """Return a priority in words, '' when the policy has none for it."""
        known = self.book.policy(PRIORITY).get("priorities", {}).get(name)
        return _text(known.get("title")) if isinstance(known, dict) else ""

    def major(self, entry: Entry) -> str:
        """Return where the major incident process stands, '' when there is none."""
        extra = self._extras.get(entry.id)
        return extra.major if extra else ""

    def major_stage(self, entry: Entry) -> str:
        """Return what the state of the major incident process means, as `model/major.py` names it; '' for none."""
        policy = major_policy(self.book, self.kind(entry))
        known = policy.flow.states.get(self.major(entry)) if policy else None
        return known.category if known else old_major_stage(self.major(entry)) if policy is None else ""

    @cached_property
    def majors(self) -> Sequence[str]:
        """The open incidents that are a major one or were proposed as one, by identifier."""
        return [e.id for e in self.open_of_role(meaning.INCIDENT) if self.is_major(e)]

    def is_major(self, entry: Entry) -> bool:
        """Whether an incident is a running major incident, or was proposed as one."""
        return self.major_stage(entry) in (RUNNING, PROPOSED)

    def major_status(self, entry: Entry, data: Mapping[str, Any]) -> MajorStatus | None:
        """Return where a major incident stands, by what is shown of its document."""
        policy = major_policy(self.book, self.kind(entry))
        return major_status(policy, data) if policy else None

    def state_chip(self, entry: Entry) -> Html:
        """Return the state of an entry as a chip."""
        return self.state_name(self.kind(entry), entry.state) if entry.state else EMPTY

    def state_name(self, kind: Kind, state: str) -> Html:
        """Return one state of a kind as a chip."""
        known = kind.workflow.states.get(state) if kind.workflow else None
        return chip(known.title if known else words(state), known.category if known else "none")

    def priority_chip(self, entry: Entry) -> Html:
        """Return the priority of a record as a chip, nothing when it has none."""
        found = self.priority(entry)
        if found is None:
            return EMPTY
        return chip(found.name, f"p{found.name[-1:]}" if found.name[-1:] in "12345" else "none")

    def health_chip(self, identifier: str) -> Html:
        """Return the health of a CI as a chip, nothing when it is not in production."""
        found = self.health.get(identifier)
        return chip(words(found.status), found.status) if found else EMPTY

    def reason(self, found: Health) -> str:
        """Return why an item is not well, with the name of the neighbour it names."""
        said, _, last = found.reason.rpartition(" ")
        return f"{said} {self.title(last)}" if said and last in self.entries else found.reason

    def time(self, text: str) -> Html:
        """Return a moment in the site's time zone; text that is not a moment stays text."""
        shown = self._times.get(text)
        if shown is None:
            moment = clock.parse_time(text)
            if moment is None:
                shown = esc(shorten(text, 40))
            else:
                shown = self._moment(moment, text if _IN_UTC(text) else clock.format_time(moment))
            if len(self._times) > _MOST_TIMES:
                self._times.clear()
            self._times[text] = shown
        return shown

    def age(self, text: str) -> Html:
        """Return a moment that a script shows as how long ago it was; text that is not a moment stays text."""
        return Html(self.time(text).replace("<time datetime=", "<time data-ago datetime=", 1))

    def moment(self, moment: datetime) -> Html:
        """Return a moment in the site's time zone."""
        return self._moment(moment, clock.format_time(moment))

    def _moment(self, moment: datetime, written: str) -> Html:
        local = in_zone(moment, self.zone)
        shown = f"{local.day} {t(MONTHS[local.month - 1])} {local.year}, {local.hour:02}:{local.minute:02}"
        return Html(f"<time datetime={written}>{shown}</time>")


def look_of(status: str) -> str:
    """Return the name of a look in the style sheet; so that the markup of a page in another language holds no English word."""
    return "working" if status == "operational" else status


def chip(text: str, look: str) -> Html:
    """Return a small label; ``look`` is a word of the program (a category, not data)."""
    return _chip(t(text), look)


@lru_cache(_MOST_CHIPS)
def _chip(text: str, look: str) -> Html:
    return Html(f"<b class=it-chip--{look_of(look)}>{esc(text)}</b>")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
