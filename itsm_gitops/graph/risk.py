"""How risky a change is: points from answered questions and from computed facts, each explained.

As in ServiceNow's practice of a risk assessment beside computed risk conditions, the higher of the
two levels wins. Questions, facts, points and thresholds are data (schemas/policies/risk.yaml).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from itsm_gitops.graph.impact import Effect, Impacted, ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.change_models import ChangeModel, reached, read_models
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.rulebook import RISK
from itsm_gitops.model.untyped import as_list, as_mapping, as_mappings
from itsm_gitops.model.wording import Figure, Phrase, Writer

LEVELS = ("low", "medium", "high")
QUESTION = "question"
FACT = "fact"
_ALIKE = ("template", "category")  # fields that changes of one sort share
_NAMED = 4  # services that a reason names
_WORDS = ("low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Point:
    """What one question or fact adds.

    ``value`` is the answer or the fact as data, None for a question without an answer; ``shown``
    says it in words and ``reason`` where it comes from. ``could`` is the least it can be.
    """

    source: str
    name: str
    title: str
    value: Any
    shown: str
    points: int
    reason: str
    lower: str
    could: int = 0


@dataclass(frozen=True)
class RiskAssessment:
    """The computed risk of one change. ``stored`` is the level in the record, empty for none.

    ``override`` is who answers for another level, and why, as the record says it.
    """

    id: str
    model: ChangeModel | None
    points: tuple[Point, ...]
    thresholds: Mapping[str, Mapping[str, int]]
    stored: str
    override: Mapping[str, Any] | None

    def total(self, source: str) -> int:
        """Return the sum of the points of questions or of facts."""
        return sum(p.points for p in self.points if p.source == source)

    def level_of(self, source: str) -> str:
        """Return the level that the questions or the facts alone give."""
        return level(self.total(source), self.thresholds[source])

    @property
    def computed(self) -> str:
        """The higher of both levels."""
        return max((self.level_of(s) for s in (QUESTION, FACT)), key=LEVELS.index)

    @property
    def unanswered(self) -> tuple[Point, ...]:
        """The questions without a usable answer."""
        return tuple(p for p in self.points if p.source == QUESTION and p.value is None)

    @property
    def understated(self) -> bool:
        """Whether the stored level is lower than the computed one."""
        return self.stored in LEVELS and LEVELS.index(self.stored) < LEVELS.index(self.computed)

    @property
    def effective(self) -> str:
        """The level that counts: the overridden one, else the higher of stored and computed."""
        if self.stored not in LEVELS:
            return self.computed
        return self.stored if self.override else max(self.stored, self.computed, key=LEVELS.index)


# Since when it is proven that a change was asked for: its entry, its data, what its timeline says, the state asked for.
AskedProof = Callable[[Entry, Mapping[str, Any], datetime, str], datetime]


def level(points: int, thresholds: Mapping[str, int]) -> str:
    """Return the highest level whose threshold the points reach."""
    reached = [name for name in LEVELS[1:] if points >= thresholds.get(name, 1 << 30)]
    return reached[-1] if reached else LEVELS[0]


class RiskBook:
    """Risk of the changes of one snapshot; what past changes teach is gathered once."""

    def __init__(
        self, network: Network, graph: ImpactGraph, now: datetime, proof: AskedProof | None = None
    ) -> None:
        """Take a snapshot's relations and the moment from which lead times count.

        Without a ``proof`` the timelines are believed.
        """
        self.network = network
        self.graph = graph
        self.now = now
        self._proof = proof
        self.policy: Mapping[str, Any] = network.book.policy(RISK)
        self.models = read_models(network.book)

    def assess(self, entry: Entry, data: Mapping[str, Any]) -> RiskAssessment:
        """Return the computed risk of one change."""
        risk = as_mapping(data.get("risk"))
        kind = str(data.get("type", ""))
        model = self.models.get(kind)
        answers = as_mapping(risk.get("answers"))
        points = [_question(q, answers) for q in self.policy.get("questions", ())]
        facts = [f for f in self.policy.get("facts", ()) if kind in f.get("types", (kind,))]
        points += [self._fact(fact, entry, data) for fact in facts]
        levels = as_mapping(self.policy.get("levels"))
        return RiskAssessment(
            entry.id,
            model,
            tuple(points),
            {QUESTION: as_mapping(levels.get("questions")), FACT: as_mapping(levels.get("facts"))},
            str(risk.get("level", "")),
            as_mapping(risk.get("override")) or None,
        )

    def _fact(self, fact: Mapping[str, Any], entry: Entry, data: Mapping[str, Any]) -> Point:
        value, shown, reason = _FACTS[fact["fact"]](self, entry, data)
        points = _points(fact["steps"], value)
        return Point(FACT, fact["fact"], fact["title"], value, shown, points, reason, fact["lower"])

    def _hits(self, entry: Entry, data: Mapping[str, Any]) -> tuple[frozenset[str], list[Impacted]]:
        """Return the items that a change names, and all that a failure of them would hit.

        What the change says it does not touch is left out, unless it names it itself.
        """
        named = frozenset(i for i in self.network.affected(entry) if i in self.network.entries)
        excluded = as_list(data.get("excluded_cis"))
        out = [x.get("ci") for x in excluded if isinstance(x, Mapping)]
        hits = self.graph.propagate(dict.fromkeys(named, Effect.OUTAGE)).values()
        return named, [h for h in hits if h.effect >= Effect.DEGRADED and (h.id in named or h.id not in out)]

    def _criticality(self, entry: Entry, data: Mapping[str, Any]) -> tuple[str, str, str]:
        named, hits = self._hits(entry, data)
        worst, where = "", ""
        for hit in hits:
            other = self.network.entries[hit.id]
            said = str(other.columns.get("criticality", ""))
            if hit.id in named or facts.is_a(self.network.book, other, meaning.SERVICE):
                rank = _WORDS.index(said) if said in _WORDS else -1
                if rank > (_WORDS.index(worst) if worst else -1):
                    worst, where = said, hit.id
        return (
            worst,
            worst or "unknown",
            (Phrase("{item} has the highest", item=where) if where else ""),
        )

    def _blast_radius(self, entry: Entry, data: Mapping[str, Any]) -> tuple[int, str, str]:
        named, hits = self._hits(entry, data)
        hit = sorted(h.id for h in hits if h.id not in named)
        known, entries = self.network.book.playing(meaning.SERVICE), self.network.entries
        services = [i for i in hit if entries[i].kind in known]
        shown, more = ", ".join(services[:_NAMED]), len(services) - _NAMED
        if more > 0:
            among: str = Phrase("among them {services} and {more} more", services=shown, more=more)
        else:
            among = Phrase("among them {services}", services=shown) if shown else ""
        return len(hit), str(len(hit)), among

    def _lead_time(self, entry: Entry, data: Mapping[str, Any]) -> tuple[float | None, str, str]:
        start = clock.parse_time(str(data.get("planned_start", "")))
        if start is None:
            return None, "not planned yet", ""
        typed, asked = self.asked(entry, data) or (None, None)
        days = max(0.0, (start - (asked or self.now)) / timedelta(days=1))
        return days, Phrase("{days}", days=Figure(_tenths, days)), _asked_when(typed, asked)

    def asked(self, entry: Entry, data: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
        """Return when authorisation was last asked for: by the timeline, and since when that is proven."""
        model, flow = self.models.get(str(data.get("type", ""))), self.network.book.kinds[entry.kind].workflow
        if model is None or flow is None or not reached(flow, entry.state, model.plans_from):
            return None
        steps = as_mappings(data.get("timeline"))
        moments = [clock.parse_time(str(s.get("at"))) for s in steps if s.get("state") == model.plans_from]
        typed = moments[-1] if moments else None
        if typed is None:
            return None
        return typed, self._proof(entry, data, typed, model.plans_from or "") if self._proof else typed

    def _outage(self, _: Entry, data: Mapping[str, Any]) -> tuple[int, str, str]:
        outage = as_mapping(data.get("outage"))
        if outage.get("expected") is not True:
            return 0, "0", "none is expected" if outage else "the record does not mention an interruption"
        minutes = outage.get("minutes", 1)
        minutes = max(1, minutes) if isinstance(minutes, int) else 1
        named = ", ".join(s for s in as_list(outage.get("services")) if isinstance(s, str))
        return minutes, str(minutes), Phrase("of {subject}", subject=named) if named else ""

    def _past_failures(self, entry: Entry, _: Mapping[str, Any]) -> tuple[int, str, str]:
        similar = [past.entry for past in self._similar(entry) if self._recent(past, entry)]
        failed = sorted(c.id for c in similar if self._went_wrong(c))
        of = Phrase("{least} of {all}", least=len(failed), all=len(similar))
        return len(failed), of if similar else "none so far", ", ".join(failed)

    def _similar(self, entry: Entry) -> Iterable[_Past]:
        """Return the closed changes that were made from the template of a change or are of its category."""
        alike = {p.entry.id: p for key in _likeness(entry) for p in self._closed.get(key, ())}
        return alike.values()

    @cached_property
    def _closed(self) -> Mapping[tuple[str, object], list[_Past]]:
        """The closed changes by what makes others similar to them."""
        found: dict[tuple[str, object], list[_Past]] = {}
        for entry in self.network.of_role(meaning.CHANGE):
            if entry.columns.get("outcome"):
                past = _Past(entry, clock.parse_time(entry.updated))
                for key in _likeness(entry):
                    found.setdefault(key, []).append(past)
        return found

    def _recent(self, past: _Past, entry: Entry) -> bool:
        opened = clock.parse_time(entry.opened) or self.now
        days = timedelta(days=int(self.policy.get("history_days", 365)))
        ended = past.ended
        return (
            past.entry.id != entry.id
            and ended is not None
            and opened - days <= ended <= max(opened, self.now)
        )

    def _went_wrong(self, past: Entry) -> bool:
        bad = self.policy.get("failed_outcomes", ())
        return past.columns.get("outcome") in bad or bool(self.network.others(past.id, "causes"))


def _tenths(days: float, writer: Writer) -> str:
    return writer.number(f"{days:.1f}")


def _asked_when(typed: datetime | None, asked: datetime | None) -> str:
    """Return the day on which approval was asked for, with that of the timeline where the commits differ."""
    if asked is None:
        return "not asked yet, counted from now"
    day, written = f"{asked:%Y-%m-%d}", f"{typed:%Y-%m-%d}" if typed else ""
    if written in ("", day):
        return Phrase("asked on {day}", day=day)
    return Phrase("asked on {day} by the commits, {other} by its timeline", day=day, other=written)


_Fact = Callable[[RiskBook, Entry, Mapping[str, Any]], tuple[Any, str, str]]
_FACTS: Mapping[str, _Fact] = {
    "criticality": RiskBook._criticality,
    "blast_radius": RiskBook._blast_radius,
    "lead_time": RiskBook._lead_time,
    "outage": RiskBook._outage,
    "past_failures": RiskBook._past_failures,
}


class _Past(NamedTuple):
    """A closed change and when it ended."""

    entry: Entry
    ended: datetime | None


def _likeness(entry: Entry) -> Iterator[tuple[str, object]]:
    """Yield what makes two changes similar: that they have one template or one category."""
    for name in _ALIKE:
        value = entry.columns.get(name)
        if value:
            yield name, value


def _question(raw: Mapping[str, Any], answers: Mapping[str, Any]) -> Point:
    weight = int(raw.get("weight", 1))
    given = answers.get(raw["id"])
    chosen = next((a for a in raw["answers"] if a["value"] == given), None)
    least = min(raw["answers"], key=lambda a: int(a["points"]))
    title, lower = str(raw["question"]), f"{least['title']} ({raw['id']}: {least['value']})"
    if chosen is None:
        return Point(QUESTION, raw["id"], title, None, "not answered", 0, raw["why"], lower)
    points, could = int(chosen["points"]) * weight, int(least["points"]) * weight
    return Point(QUESTION, raw["id"], title, given, chosen["title"], points, raw["why"], lower, could)


def _points(steps: Iterable[Mapping[str, Any]], value: Any) -> int:
    """Return the points of the first step that fits; 0 where none does or nothing is known."""
    for step in steps:
        number = isinstance(value, (int, float))
        fits = (
            ("is" in step and step["is"] == value)
            or ("from" in step and number and value >= step["from"])
            or ("below" in step and number and value < step["below"])
        )
        if fits:
            return int(step["points"])
    return 0
