"""The clocks of service levels: the targets that apply to a record, the time used, and whether each is met."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from itsm_gitops.graph.calendars import Calendars
from itsm_gitops.graph.loaded import present_data
from itsm_gitops.graph.network import Network
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.moments import moment_of
from itsm_gitops.model.roles import names
from itsm_gitops.model.workflow import CANCELLED
from itsm_gitops.service_levels import measures, parts
from itsm_gitops.service_levels.agreements import Clock, Target, targets_of
from itsm_gitops.service_levels.hours import Hours, RoundTheClock, hours_of
from itsm_gitops.service_levels.life import PRIORITY_FIELDS, Case, StateSpan

RESPONSE, RESOLUTION, AVAILABILITY = parts.RESPONSE, parts.RESOLUTION, "availability"
OLA, UC = "ola", "uc"
_BEFORE = 100 * 86400  # a disruption may have begun before anybody recorded it
_WARN = 75  # per cent of a promise, where a service level says nothing else
StopOf = Callable[[Target, Case], int | None]
# What a service level may say of its clocks instead of the usual.
STARTED, MITIGATED = "started_at", "mitigated_at"
FIRST_ASSIGNMENT, FIRST_COMMENT = "first_assignment", "first_comment"
_PROMISING = frozenset([*PRIORITY_FIELDS, "service", "offering"])


class Levels:
    """The service levels of a snapshot, ready to judge records.

    ``first`` is the moment of the oldest record (None where there is none), ``until`` the moment for which
    the clocks are read; both in seconds since 1970, UTC.
    """

    def __init__(self, network: Network, first: int | None, until: int, zone: str) -> None:
        """Read them; those that are not in force promise nothing. ``zone`` is that of their first days (IANA name)."""
        self._network, self._first, self._until, self._zone = network, first, until, zone
        self.calendars = Calendars(network.loaded)
        self._hours: dict[str, Hours | RoundTheClock] = {}
        self.data: dict[str, Mapping[str, Any]] = {
            e.id: present_data(network.loaded, e)
            for e in network.of_role(meaning.SERVICE_LEVEL)
            if facts.is_in_force(network.book.kinds[e.kind], e.columns)
        }
        self._starts: dict[str, int] = {}
        self._paused: dict[str, Mapping[str, frozenset[str]]] = {}
        self.targets = {name: list(targets_of(name, data)) for name, data in sorted(self.data.items())}

    def of_item(self, identifier: str) -> str:
        """Return the service level that a service or offering names, '' where it has none in force."""
        entry = self._network.entries.get(self._network.present(identifier))
        level = self._network.present(str(entry.columns.get("service_level", ""))) if entry else ""
        return level if level in self.data else ""

    def of_case(self, case: Case, moment: int | None = None) -> str:
        """Return the service level of a record at a moment (default: the last): of its offering, else of its service.

        One whose first day is after the opening of the record promised nothing about it.
        """
        at = self._until if moment is None else moment
        names = (case.value_at(field, at) for field in ("offering", "service"))
        level = next((found for n in names if isinstance(n, str) and (found := self.of_item(n))), "")
        return level if level and self.first_day(level) <= case.opened else ""

    def first_day(self, level: str) -> int:
        """Return when a service level began to apply (seconds since 1970): its first day in the repository's zone."""
        if level not in self._starts:
            moment = moment_of(self.data[level].get("start"), self._zone)
            self._starts[level] = 0 if moment is None else int(moment.timestamp())
        return self._starts[level]

    def clocks(self, case: Case) -> Iterator[Clock]:
        """Yield the result of each promise to users about a record: those of its service level over time."""
        yield from self._clocks(case, self._terms(case), case.worked, self._stop)

    def internal_clocks(self, case: Case) -> Iterator[Clock]:
        """Yield the results of the agreements behind: between teams while a team had it, and of cases at suppliers."""
        level = self.of_case(case)
        for name, about in self.data.items():
            if self.first_day(name) > case.opened or not self._supports(about, level):
                continue
            terms = [(at, name, priority) for at, priority in case.priorities]
            if about.get("kind") == OLA:
                spans = parts.team_spans(case, parts.teams_of(about), self._until)
                stop = parts.team_stop(case, spans, self._until)
                yield from self._clocks(case, terms, spans, stop)
            elif about.get("kind") == UC:
                for one in case.replay.supplier_cases:
                    if one.supplier == about.get("supplier") and one.opened <= self._until:
                        yield from self._clocks(
                            case, terms, parts.supplier_span(one), parts.supplier_stop(one)
                        )

    def _supports(self, about: Mapping[str, Any], level: str) -> bool:
        """Whether an agreement supports the service level of a record; a contract that names none supports all."""
        supported = names(about.get("underpins"))
        return level in supported if supported or about.get("kind") == OLA else True

    def _terms(self, case: Case) -> list[tuple[int, str, str]]:
        """Return from when a record had which service level and priority, in order of time."""
        times = {case.opened}
        changed = {v.field for v in case.replay.values} & _PROMISING
        if changed:
            times |= {max(at, case.opened) for field in changed for at, _ in case.terms(field)}
        return [
            (at, self.of_case(case, at), case.priority_at(at)) for at in sorted(times) if at <= self._until
        ]

    def _clocks(
        self, case: Case, terms: Sequence[tuple[int, str, str]], spans: Sequence[StateSpan], stop_of: StopOf
    ) -> Iterator[Clock]:
        """Yield the result of each promise that applied to a record in some spans, those of one metric together."""
        if not spans:
            return
        for metric in (RESPONSE, RESOLUTION):
            used: dict[Target, int] = {}
            last: tuple[Target, int | None] | None = None
            for (start, level, priority), (end, _, _) in zip(
                terms, [*terms[1:], (None, "", "")], strict=True
            ):
                target = self._target(level, case.entry.kind, metric, priority)
                if target is None:
                    last = None
                    continue
                stop = stop_of(target, case)
                if stop is not None and stop < start:
                    break
                last = target, stop
                used[target] = used.get(target, 0) + self._used(target, case, spans, (start, end, stop))
                if stop is not None and (end is None or stop <= end):
                    break  # what applied later finds nothing to promise
            yield from self._judged(case, used, last)

    def _judged(
        self, case: Case, used: Mapping[Target, int], last: tuple[Target, int | None] | None
    ) -> Iterator[Clock]:
        """Yield what became of the promises of one metric; the last is the one that counts, others only if missed."""
        stop = last[1] if last is not None else None
        if stop is None and case.category == CANCELLED:
            return
        for target in sorted(used, key=lambda t: (t.level, t.number)):
            counts = last is not None and target == last[0] and (stop is not None or case.is_open)
            verdict = measures.verdict(used[target], target.seconds, stopped=stop is not None)
            if counts or verdict == measures.MISSED:
                yield Clock(target, case, self._service(case), verdict, used[target])

    def _target(self, level: str, kind: str, metric: str, priority: str) -> Target | None:
        """Return the first promise of a service level that fits; None where none does."""
        for target in self.targets.get(level, ()):
            fits = target.record == kind and target.priority in ("", priority) and target.metric == metric
            if fits and target.seconds:
                return target
        return None

    def _service(self, case: Case) -> str:
        """Return the service of a record; that of its offering where it names none itself."""
        offering = self._network.entries.get(case.text("offering"))
        return case.text("service") or str(offering.columns.get("service", "") if offering else "")

    def _stop(self, target: Target, case: Case) -> int | None:
        """Return when a clock stopped for good (seconds since 1970); None where it has not, or without a result."""
        about = self.data[target.level]
        if target.metric == RESOLUTION:
            mitigated = case.replay.mitigated if about.get("stops_at") == MITIGATED else None
            found = [m for m in (case.resolved, mitigated) if m is not None and m <= self._until]
            return min(found, default=None)
        began = measures.work_began(case)
        if about.get("response_is") == FIRST_ASSIGNMENT:
            return _first_assignment(case, began)
        if about.get("response_is") == FIRST_COMMENT:
            said = case.replay.comment
            return said if said is not None and said <= self._until else case.resolved
        return began

    def _used(
        self,
        target: Target,
        case: Case,
        spans: Sequence[StateSpan],
        bounds: tuple[int, int | None, int | None],
    ) -> int:
        """Return the time a clock ran in some spans: from the first to the second bound, if it did not stop before."""
        start, end, stop = bounds
        last = min(m for m in (end, stop, self._until) if m is not None)
        hours = self.hours(self.calendar(target.level))
        started = case.replay.started if self.data[target.level].get("starts_at") == STARTED else None
        total = 0
        if started is not None and start == case.opened:
            total = hours.between(min(started, case.opened), case.opened)
        for span in spans:
            first, after = max(start, span.start), last if span.end is None else min(last, span.end)
            if first < after:
                total += hours.between(first, after) - self._held(
                    target.level, case, span, first, after, hours
                )
        return total

    def _held(
        self, level: str, case: Case, span: StateSpan, start: int, end: int, hours: Hours | RoundTheClock
    ) -> int:
        """Return the part of a span in which a clock stands still: by the state, or by the reason that it names."""
        if span.state in self.pauses(level):
            return hours.between(start, end)
        reasons = self._reasons(level).get(span.state)
        if reasons is None:
            return 0
        field = self._reason_field(case.entry.kind, span.state)
        known = case.terms(field) if field else []
        untold = not any(v.field == field for v in case.replay.values) and span.end is not None
        if not known or untold:
            return hours.between(start, end)  # from before reasons were kept: as the state said then
        total = 0
        for (at, reason), (after, _) in zip(known, [*known[1:], (end, None)], strict=True):
            if reason in reasons:
                total += hours.between(max(at, start), min(after, end))
        return total

    def _reasons(self, level: str) -> Mapping[str, frozenset[str]]:
        """Return the reasons for which clocks stand still, by state."""
        if level not in self._paused:
            raw = self.data[level].get("pauses")
            self._paused[level] = {
                str(p.get("state")): frozenset(map(str, p.get("reasons") or ()))
                for p in (raw if isinstance(raw, list) else ())
                if isinstance(p, Mapping) and p.get("reasons")
            }
        return self._paused[level]

    def _reason_field(self, kind: str, state: str) -> str:
        """Return the coded field in which a state names its reason, '' where it has none."""
        about = self._network.book.kinds[kind]
        flow = about.workflow
        asked = flow.states[state].require if flow and state in flow.states else ()
        return next((r.field for r in asked if about.fields.get(r.field, {}).get("enum")), "")

    def calendar(self, level: str) -> str:
        """Return the calendar in whose hours the clocks of a service level run, '' for around the clock."""
        return str(self.data[level].get("calendar", ""))

    def pauses(self, level: str) -> frozenset[str]:
        """Return the states in which the clocks of a service level stand still, whatever the reason."""
        listed, reasoned = self.data[level].get("pause_states"), self.data[level].get("pauses")
        states = [s for s in listed if isinstance(s, str)] if isinstance(listed, list) else []
        pauses = reasoned if isinstance(reasoned, list) else ()
        always = (p for p in pauses if isinstance(p, Mapping) and not p.get("reasons"))
        return frozenset([*states, *(str(p.get("state")) for p in always)])

    def is_paused(self, level: str, case: Case) -> bool:
        """Whether the clock of a record stands still now."""
        return bool(self.paused_by(level, case))

    def paused_by(self, level: str, case: Case) -> tuple[str, ...]:
        """Return by what the clock of a record stands still now: the state, and the reason where that decides it."""
        span = case.spans[-1]
        if span.state in self.pauses(level):
            return (span.state,)
        reasons = self._reasons(level).get(span.state)
        if reasons is None:
            return ()
        field = self._reason_field(case.entry.kind, span.state)
        reason = case.value_at(field, self._until) if field else None
        if field and reason not in reasons:
            return ()
        return (span.state, str(reason)) if reason else (span.state,)

    def is_near(self, clock: Clock) -> bool:
        """Whether a running clock has passed the warning of its service level (``warn_at_percent``; 75)."""
        found = self.data[clock.target.level].get("warn_at_percent")
        warn = found if isinstance(found, int) else _WARN
        return clock.verdict == measures.RUNNING and clock.used * 100 >= warn * clock.target.seconds

    def is_ticking(self, clock: Clock) -> bool:
        """Whether a clock has not stopped for good, be the promise missed or not."""
        return clock.case.is_open and self._stop(clock.target, clock.case) is None

    def hours(self, name: str) -> Hours | RoundTheClock:
        """Return the hours of a calendar, around the clock for no name; from some months before the first record on."""
        if name not in self._hours:
            first = self._until if self._first is None else self._first
            self._hours[name] = hours_of(self.calendars.all.get(name), first - _BEFORE, self._until)
        return self._hours[name]

    def goal(self, level: str, metric: str) -> float | None:
        """Return the lowest share that a service level promises of a metric, None where it promises none."""
        goals = [t.goal for t in self.targets.get(level, ()) if t.metric == metric and t.goal is not None]
        return min(goals, default=None)


def _first_assignment(case: Case, began: int | None) -> int | None:
    """Return when a team or a person first had a record; the beginning of work where no entry tells."""
    fields = (measures.TEAM_FIELD, "assignee")
    told = {v.field for v in case.replay.values}
    found = [
        at
        for field in fields
        for at, value in case.terms(field)
        if value and (field in told or (case.is_open and began is None))
    ]
    return min([*found, *([began] if began is not None else [])], default=None)
