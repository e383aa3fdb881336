"""`itsm comment`: what a reviewer must know of a request, gathered from its two commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from itsm_gitops.forges import connection as forging
from itsm_gitops.gate.announced import Announcements
from itsm_gitops.gate.approvals import ApprovalQuery, find, statements_of_forge
from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.comment import MARKER, ChangeBrief, render
from itsm_gitops.gate.types import Assessment
from itsm_gitops.graph.calendars import Calendars
from itsm_gitops.graph.collisions import Collision
from itsm_gitops.graph.impact import Effect, ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.planned import planned_of
from itsm_gitops.graph.risk import FACT, AskedProof, RiskBook
from itsm_gitops.graph.schedule import collide
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.change_models import read_models
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import GitError
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.rulebook import ROLES
from itsm_gitops.model.untyped import as_text
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import Store

_REASONS = 4


class Commented(NamedTuple):
    """The comment, how the request stands, and the comment's address (empty where it was not sent)."""

    body: str
    assessment: Assessment
    url: str


def comment(repo: Repository, *, forge: str = "", number: int | None = None, send: bool = True) -> Commented:
    """Write (or only return) the comment of a request on its forge; raises ForgeError or GitError."""
    found = forging.gather(repo, forge=forge, number=number)
    now = clock.now()
    result = assess(
        repo,
        base=found.base,
        head=found.head,
        target=found.target,
        reviews=found.reviews,
        now=now,
        opened_by=found.pull_request.author,
        pushed_by=found.pushed_by,
        statements=statements_of_forge(repo),
    )
    body = brief(repo, result, now)
    if not send:
        return Commented(body, result, "")
    server = forging.connect(repo, forge)
    login = forging.bot(server.name)
    return Commented(body, result, server.upsert_comment(found.pull_request.number, body, MARKER, login))


def preview(repo: Repository, what: str) -> Commented:
    """Return the comment that a request of a branch, or of the branch that carries a change, would get."""
    meant = find(repo, ApprovalQuery(what=what))
    now = clock.now()
    result = assess(
        repo,
        base=meant.base,
        head=meant.head,
        target=meant.target,
        reviews=meant.reviews,
        now=now,
        statements=meant.statements,
    )
    return Commented(brief(repo, result, now), result, "")


def brief(repo: Repository, assessment: Assessment, now: datetime) -> str:
    """Return the comment about a request that was assessed; a pure function of its commits and ``now``."""
    store = _merge_result(repo, assessment)
    seen = (r.commit for r in assessment.counted if r.commit)
    proof = Announcements(repo, store.book, assessment.base, assessment.head, seen)
    made = _Briefs(store, now, proof)
    changes = [made.of(store.entries[i]) for i in assessment.changes if i in store.entries]
    people = {e.id: e.title for e in store.of_kinds(store.book.playing(meaning.PERSON)) if e.title}
    about = store.book.policy(ROLES).get("roles", {})
    roles = {
        f"role:{name}": str(r["title"])
        for name, r in about.items()
        if isinstance(r, Mapping) and "title" in r
    }
    return render(assessment, changes, {**people, **roles})


def _merge_result(repo: Repository, assessment: Assessment) -> Store:
    """Return what merging the request would give: the target may have got changes that are in its way.

    Where the two contradict each other nothing can be merged yet; then it is the request alone.
    """
    try:
        return repo.merged(assessment.base, [assessment.head])
    except GitError:
        return repo.store(assessment.head)


@dataclass
class _Briefs:
    """One snapshot, and what its graph says about changes."""

    store: Store
    now: datetime
    proof: AskedProof

    @cached_property
    def network(self) -> Network:
        return Network(self.store)

    @cached_property
    def graph(self) -> ImpactGraph:
        return ImpactGraph(self.network)

    @cached_property
    def risks(self) -> RiskBook:
        return RiskBook(self.network, self.graph, self.now, self.proof)

    @cached_property
    def collisions(self) -> list[Collision]:
        return collide(self.network, self.graph)

    def of(self, entry: Entry) -> ChangeBrief:
        data = self.store.data(entry.id)
        risk = self.risks.assess(entry, data)
        points = sorted((p for p in risk.points if p.points), key=lambda p: -p.points)
        level = (
            risk.effective if not risk.override else f"{risk.stored}, set by {risk.override.get('by', '')}"
        )
        return ChangeBrief(
            id=entry.id,
            title=entry.title,
            type=str(data.get("type", "")),
            state=entry.state,
            why=as_text(data.get("justification")),
            plan=as_text(data.get("implementation_plan")) or as_text(data.get("description")),
            window=self._window(data),
            outage=_outage(data),
            risk=level,
            # The rule book says why a question is asked; nothing else says where a fact comes from.
            reasons=tuple(
                f"{p.title.rstrip('?')}: {p.shown}"
                + (f" ({p.reason})" if p.reason and p.source == FACT else "")
                for p in points[:_REASONS]
            ),
            services=self._services(entry),
            items=tuple(sorted(facts.affected(entry))),
            backout=as_text(data.get("backout_plan")),
            test=as_text(data.get("test_plan")),
            collisions=tuple(self._in_the_way(entry, data)),
        )

    def _window(self, data: Mapping[str, Any]) -> str:
        start, end = (clock.parse_time(str(data.get(k, ""))) for k in ("planned_start", "planned_end"))
        if start is None or end is None:
            return "not planned yet"
        zone = self.store.config.timezone or "UTC"
        first, last = (_local(moment, zone) for moment in (start, end))
        same = first[:14] == last[:14]
        return f"{first} to {last[15:] if same else last} ({zone})"

    def _services(self, entry: Entry) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the services that are hit when everything that the change names fails, worst effect first."""
        failed = dict.fromkeys((i for i in facts.affected(entry) if i in self.network.entries), Effect.OUTAGE)
        found: dict[Effect, list[str]] = {}
        for hit in self.graph.propagate(failed).values():
            service = facts.is_a(self.store.book, self.network.entries[hit.id], meaning.SERVICE)
            if service and hit.effect >= Effect.DEGRADED:
                found.setdefault(hit.effect, []).append(hit.id)
        return tuple((e.label, tuple(sorted(found[e]))) for e in sorted(found, reverse=True))

    def _in_the_way(self, entry: Entry, data: Mapping[str, Any]) -> Iterator[str]:
        planned = planned_of(self.store.book, entry, data)
        if planned is None:
            return
        calendars = Calendars(self.network.loaded)
        for hold in calendars.holds(planned):
            below = hold.calendar.below_only(planned.items)
            yield (
                f"{hold.calendar.id} freezes this time"
                + (f", as what it is for needs {', '.join(below[:3])}" if below else "")
                + (", but lets this type through" if hold.exempt else "")
            )
        outside = calendars.outside(planned, read_models(self.store.book).get(planned.type))
        if outside is not None:
            yield "outside the maintenance windows"
        met: dict[str, list[str]] = {}
        for found in self.collisions:
            if entry.id in (found.first.id, found.second.id):
                other = found.second if found.first.id == entry.id else found.first
                met.setdefault(f"{other.id} {other.title}", []).append(found.reason)
        for other_change, reasons in met.items():
            yield f"{other_change}: {' and '.join(reasons)}"


def _local(moment: datetime, zone: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        here = in_zone(moment, ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        here = moment
    return here.strftime("%a %Y-%m-%d %H:%M")


def _outage(data: Mapping[str, Any]) -> str:
    outage = data.get("outage")
    if not isinstance(outage, Mapping) or "expected" not in outage:
        return ""
    if not outage["expected"]:
        return "no interruption"
    minutes = outage.get("minutes")
    return f"interrupts service for {minutes} min" if minutes else "interrupts service"
