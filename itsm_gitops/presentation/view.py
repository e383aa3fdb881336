"""What the pages need to know of one snapshot: documents, status, links, moments, as all of them show it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any

from itsm_gitops.graph.calendars import Calendars
from itsm_gitops.graph.doubt import doubted, status_kinds
from itsm_gitops.graph.due import DueEntry, DueRow, due_entries, in_order, still_owed
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
from itsm_gitops.model.major import PROPOSED, RUNNING, MajorStatus, major_policy, major_status
from itsm_gitops.model.meaning import old_major_stage
from itsm_gitops.model.priority import Priority, rank
from itsm_gitops.model.report import Cell, Measure
from itsm_gitops.model.rulebook import PRIORITY
from itsm_gitops.model.standing import Asking, Course, Proof
from itsm_gitops.presentation.chips import chip, state_look
from itsm_gitops.presentation.extras import Extra
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, link, shorten, words
from itsm_gitops.presentation.moments import Moments, in_utc, zone_of
from itsm_gitops.presentation.paged_entries import PagedEntries
from itsm_gitops.presentation.rulebook_words import in_language

if TYPE_CHECKING:
    from itsm_gitops.presentation.conflicts import Conflicts
    from itsm_gitops.presentation.document_history import FieldHistory
    from itsm_gitops.presentation.planned import Plan
    from itsm_gitops.snapshots import Store
    from itsm_gitops.snapshots.gaps import Gap

_EVERYTHING = Audience()
# The text about a redundant group (`graph/impact.py`).
_GROUP = re.compile(r"(?P<up>\d+) of (?P<all>\d+) up, (?P<needed>\d+) needed(?:, (?P<worn>\d+) degraded)?")
# The sentence about such a group, by how many of its members are operational where some of those that run are degraded.
_RUNNING = "{up} of {all} running, {needed} needed"
_WORN = (
    "none of {all} fully operational, {needed} needed",
    "{fine} of {all} fully operational, {needed} needed",
)


class View(PagedEntries):
    """One loaded snapshot at one moment, ready to be shown."""

    def __init__(
        self, store: Store, extras: Iterable[Extra], now: datetime, audience: Audience = _EVERYTHING
    ) -> None:
        """Take a loaded store, the extras gathered while loading, the moment of the build, and whom it is for."""
        super().__init__(in_language(store.book), store.entries)
        self.audience = audience
        self.store = store
        self.config = store.config
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

    @cached_property
    def updated(self) -> datetime | None:
        """When the record that was updated last was; None where no record has such a time."""
        texts = {e.updated for e in self.entries.values() if self.kind(e).is_record}
        plain = {text for text in texts if in_utc(text)}
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
        return doubted(health(self.network, self.graph, self.now), self.gaps)

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
        owing: dict[str, list[tuple[Entry, Sequence[DueRow]]]] = {}
        for extra in self._extras.values():
            entry = self.entries.get(extra.id)
            if entry is not None and extra.dues:
                owing.setdefault(entry.kind, []).append((entry, extra.dues))
        found: list[DueEntry] = []
        for own in owing.values():
            kind = self.kind(own[0][0])
            left = still_owed(kind, own)
            shown = (entry for entry, _ in own if self.url(entry.id))
            found += [d for e in shown for d in due_entries(kind, e, left[e.id], self.now, self.zone)]
        return in_order(found)

    @cached_property
    def duties(self) -> Mapping[str, Sequence[DueEntry]]:
        """What is due, by who answers for it and by the team of its document."""
        found: dict[str, list[DueEntry]] = {}
        for due in self.dues:
            for name in {due.who, due.team} - {""}:
                found.setdefault(name, []).append(due)
        return found

    @cached_property
    def awaited(self) -> Mapping[str, Sequence[str]]:
        """The open changes that may not be carried out yet, by who can approve them; empty where the audience does not see approvals."""
        found: dict[str, list[str]] = {}
        for change in self.open_of_role(meaning.CHANGE) if self.asking else ():
            if any(facts.plays(self.book, change, r) for r in (meaning.AUTHORISED, meaning.CARRIED_OUT)):
                continue
            needs = self.asking(change, self.store.data(change.id)).needs if self.asking else ()
            for person in dict.fromkeys(p for need in needs for p in need.people):
                found.setdefault(person, []).append(change.id)
        return found

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
        title = known.get("title") if isinstance(known, dict) else None
        return title if isinstance(title, str) else ""

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
        if known is None:
            return chip(words(state), "none")
        return chip(known.title, state_look(known))

    def priority_chip(self, entry: Entry) -> Html:
        """Return the priority of a record as a chip, nothing when it has none; what is over is urgent no longer."""
        found = self.priority(entry)
        if found is None:
            return EMPTY
        urgent = found.name[-1:] in "12345" and self.is_open(entry)
        return chip(found.name, f"p{found.name[-1:]}" if urgent else "none")

    def health_chip(self, identifier: str) -> Html:
        """Return the health of a CI as a chip, nothing when it is not in production."""
        found = self.health.get(identifier)
        return chip(words(found.status), found.status) if found else EMPTY

    def reason(self, found: Health) -> str:
        """Return why an item is not well, with the name of the neighbour it names."""
        group = _GROUP.fullmatch(found.reason)
        if group:
            fine = int(group["up"]) - int(group["worn"] or 0)
            text = _WORN[bool(fine)] if group["worn"] else _RUNNING
            return t(text, fine=fine, **group.groupdict())
        said, _, last = found.reason.rpartition(" ")
        named = said and last in self.entries
        return t(f"{said} {{item}}", item=self.title(last)) if named else t(found.reason)

    def time(self, text: str) -> Html:
        """Return a moment in the site's time zone; text that is not a moment stays text."""
        return self._moments.of_text(text)

    def day(self, text: str) -> Html:
        """Return the day of a moment in the site's time zone; text that is not a moment stays text."""
        return self._moments.day_of_text(text)

    def age(self, text: str) -> Html:
        """Return a moment that a script shows as how long ago it was; text that is not a moment stays text."""
        return Html(self.time(text).replace("<time datetime=", "<time data-ago datetime=", 1))

    def moment(self, moment: datetime) -> Html:
        """Return a moment in the site's time zone."""
        return self._moments.of(moment)

    @cached_property
    def _moments(self) -> Moments:
        return Moments(self.zone)
