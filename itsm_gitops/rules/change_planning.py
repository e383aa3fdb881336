"""Family C: templates, windows, risk and collisions of planned changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from itsm_gitops.graph.asking import impact_graph
from itsm_gitops.graph.calendars import Calendars
from itsm_gitops.graph.collisions import Collision, Neighbourhood, collisions, depth, severities
from itsm_gitops.graph.planned import Planned, planned_among, planned_changes, planned_of
from itsm_gitops.graph.risk import RiskBook
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.change_models import reached
from itsm_gitops.model.entry import summarise
from itsm_gitops.model.errors import NotFound, did_you_mean
from itsm_gitops.model.findings import OFF, WARNING
from itsm_gitops.model.rulebook import CHANGE_CONTROL, RISK
from itsm_gitops.model.templates import beyond_limits, classes_beyond, departures
from itsm_gitops.rules.change_control import arrived, model_of
from itsm_gitops.rules.context import DocumentContext, NetworkContext
from itsm_gitops.rules.rule import CALENDARS, ITEMS, NETWORK, PLANS, RISKS, Hit, Rule
from itsm_gitops.snapshots import Store

_CHANGE = (meaning.CHANGE,)
_HIDING = frozenset(("planned_start", "planned_end", "type"))
_CALENDARS: WeakKeyDictionary[Store, Calendars] = WeakKeyDictionary()


def _calendars(ctx: DocumentContext) -> Calendars:
    known = _CALENDARS.get(ctx.store)
    if known is None:
        known = _CALENDARS[ctx.store] = Calendars(ctx.cmdb)
    return known


def _planned(ctx: DocumentContext) -> Planned | None:
    """Return the change as planned; None where it is closed, has no window or cannot be judged."""
    if not ctx.flow.is_open(str(ctx.data.get("state"))) or ctx.refused & (
        _HIDING | facts.affecting_fields(ctx.kind)
    ):
        return None
    if not ctx.data.get("planned_start") or not ctx.data.get("planned_end"):
        return None
    return planned_of(ctx.book, summarise(ctx.kind, ctx.path, ctx.data), ctx.data)


def outside_freezes(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare an open change's window with the windows of every freeze that covers its items."""
    change = _planned(ctx)
    if change is None:
        return
    for calendar, window, exempt in _calendars(ctx).holds(change):
        if not exempt:
            below = calendar.below_only(change.items)
            why = f", as what that is for needs {', '.join(below[:3])}" if below else ""
            message = f"the window falls into the freeze '{calendar.id}' ({window.name}){why}"
            yield Hit(message, ("planned_start",), f"it ends at {clock.format_time(window.end)}")


def follows_template(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the fixed fields of an open change with its template (line breaks do not count), and the classes of its items with `touches`."""
    name, model = ctx.data.get("template"), model_of(ctx)
    if model is None or not model.templated or not ctx.flow.is_open(str(ctx.data.get("state"))):
        return
    try:
        template = ctx.book.template(str(name))
    except NotFound:
        return  # rule C009's finding
    departed = departures(template, ctx.data)
    for field in departed:
        steps = tuple(field.split("."))
        if steps[0] not in ctx.refused:
            yield Hit(f"'{field}' is not what the template '{name}' says", steps)
    for field, reason in beyond_limits(template, ctx.data).items():
        place = tuple(field.split("."))
        if place[0] not in ctx.refused and field not in departed:
            yield Hit(
                f"{reason} by the template '{name}'",
                place,
                "make it a normal change, or keep to the template",
            )
    for identifier, pointer in facts.touched_places(ctx.book, ctx.kind, ctx.data).items():
        entry = ctx.store.entries.get(identifier)
        if pointer[0] not in ctx.refused and entry and classes_beyond(template, [entry.kind]):
            message = f"'{identifier}' is a {entry.kind}, which the template '{name}' does not touch"
            yield Hit(message, pointer, "make it a normal change, or one change for each of both")


def answers_are_known(ctx: DocumentContext) -> Iterator[Hit]:
    """Look every answer of an open change up in the questionnaire."""
    if "risk" in ctx.refused or not ctx.flow.is_open(str(ctx.data.get("state"))):
        return
    questions = {
        q["id"]: [a["value"] for a in q["answers"]] for q in ctx.book.policy(RISK).get("questions", ())
    }
    for question, value in ((ctx.data.get("risk") or {}).get("answers") or {}).items():
        at = ("risk", "answers", question)
        if question not in questions:
            yield Hit(
                f"there is no question '{question}'", at, did_you_mean(question, questions), at_key=True
            )
        elif value not in questions[question]:
            known = f"answers: {', '.join(questions[question])}"
            yield Hit(f"'{value}' is not an answer to '{question}'", at, known)


def risk_is_honest(ctx: NetworkContext) -> Iterator[Hit]:
    """Compute the risk of open changes that must have their plans and compare it with the stored level."""
    severity = ctx.book.policy(RISK).get("understated", OFF)
    if severity == OFF:
        return
    risks: RiskBook | None = None
    for entry, data in _open_changes(ctx):
        risks = risks or RiskBook(ctx.network, impact_graph(ctx.network), ctx.now)
        model = risks.models.get(str(data.get("type")))
        flow = ctx.book.kinds[entry.kind].workflow
        if (
            model is None
            or flow is None
            or not model.assessed
            or not reached(flow, entry.state, model.plans_from)
        ):
            continue
        found = risks.assess(entry, data)
        if found.understated and not found.override:
            most = max(found.points, key=lambda p: p.points)
            message = f"the risk is '{found.stored}', but computed it is {found.computed}"
            hint = f"itsm risk {entry.id} explains it (most: {most.title.lower()}, {most.shown}); raise the level, or say under risk.override who answers for it and why"
            yield Hit(message, ("risk", "level"), hint, entry.path, severity=severity)


def _open_changes(ctx: NetworkContext) -> Iterator[tuple[Any, Any]]:
    for entry in facts.of_role(ctx.book, ctx.judged, meaning.CHANGE):
        if facts.is_open(ctx.book, entry):
            yield entry, ctx.data(entry)


def inside_maintenance(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare an open change's window with the maintenance windows it names or has to keep to."""
    change = _planned(ctx)
    found = _calendars(ctx).outside(change, model_of(ctx)) if change else None
    if found:
        names = " or ".join(f"'{c.id}'" for c in found.calendars[:3])
        why = "" if found.named else ", and it interrupts a service"
        yield Hit(f"the window is not inside one of {names}{why}", ("planned_start",))


def changes_keep_apart(ctx: NetworkContext) -> Iterator[Hit]:
    """Look for collisions among all planned changes; each is reported at the younger of both."""
    policy = ctx.book.policy(CHANGE_CONTROL)
    known = severities(policy)
    changes = _planned_together(ctx) if known else []
    if len(changes) > 1:
        around = Neighbourhood(impact_graph(ctx.network), depth(policy))
        for found in collisions(changes, around, known):
            if ctx.subjects is not None and ctx.subjects.isdisjoint((found.first.id, found.second.id)):
                continue
            path = ctx.entries[found.second.id].path
            yield Hit(_message(found), ("planned_start",), "", path, severity=known[found.kind])


def _planned_together(ctx: NetworkContext) -> list[Planned]:
    """Return the planned changes, or of a part those whose windows share time with that of a subject."""
    if ctx.subjects is None:
        return planned_changes(ctx.network)
    ours = planned_among(ctx.network, ctx.judged)
    changes = planned_changes(ctx.network) if ours else []
    return [c for c in changes if any(c.start < o.end and o.start < c.end for o in ours)]


def _message(found: Collision) -> str:
    start, end = (clock.format_time(t) for t in found.overlap[:2])
    return f"collides with {found.first.id} from {start} to {end}: {found.reason}"


def questions_are_answered(ctx: DocumentContext) -> Iterator[Hit]:
    """Look for questions without an answer once the plans must be there (off unless the policy says otherwise)."""
    policy, model = ctx.book.policy(RISK), model_of(ctx)
    severity = policy.get("unanswered", OFF)
    running = ctx.flow.is_open(str(ctx.data.get("state")))
    if severity == OFF or model is None or not model.assessed or not running or "risk" in ctx.refused:
        return
    risk = ctx.data.get("risk")
    if risk is None or not arrived(ctx, model.plans_from):
        return  # its absence is the life cycle's finding
    missing = [q["id"] for q in policy.get("questions", ()) if q["id"] not in (risk.get("answers") or {})]
    if missing:
        yield Hit(f"not answered: {', '.join(missing)}", ("risk",), severity=severity)


def override_has_an_owner(ctx: DocumentContext) -> Iterator[Hit]:
    """Look at who answers for the override of an open change: a person of the directory who does not want it."""
    if "risk" in ctx.refused or not ctx.flow.is_open(str(ctx.data.get("state"))):
        return
    override = (ctx.data.get("risk") or {}).get("override")
    if override is None:
        return
    who = override["by"]
    entry = ctx.store.entries.get(who)
    if who == ctx.data.get("requested_by") or who in (ctx.data.get("implementers") or ()):
        what = f"'{who}' wants the change and overrides its risk"
    elif entry is None:
        what = f"there is no person '{who}' to answer for it"
    elif not facts.is_a(ctx.book, entry, meaning.PERSON):
        what = f"'{who}' is a {entry.kind}; a person answers for it"
    else:
        return
    yield Hit(what, ("risk", "override", "by"))


RULES = (
    Rule(
        "C008",
        "Planned inside a freeze",
        kinds=_CHANGE,
        why="During a freeze the organisation has agreed not to change what it covers.",
        hint="move the window, or ask for an exemption in the freeze's calendar",
        bad="planned_start: 2026-12-24T20:00:00Z   # inside the year-end freeze",
        good="planned_start: 2027-01-07T20:00:00Z",
        reach=(CALENDARS,),
        check=outside_freezes,
    ),
    Rule(
        "C010",
        "Departure from the template",
        kinds=_CHANGE,
        why="A template authorises exactly what it says; a change that differs in a fixed field, goes beyond its limits (interruption, window, risk), or touches an item of another class, is no longer standard.",
        hint="take the template's value (or leave the field out), or make it a normal change",
        bad="type: standard\ntemplate: standard-patch-os\nrisk: {level: medium}",
        good="type: standard\ntemplate: standard-patch-os\nrisk: {level: low}",
        reach=(ITEMS,),
        check=follows_template,
    ),
    Rule(
        "C011",
        "Answer to no question",
        kinds=_CHANGE,
        why="An answer that the questionnaire does not know counts no points, and nobody would notice.",
        hint="itsm risk shows the questions and their answers (schemas/policies/risk.yaml)",
        bad="risk:\n  level: low\n  answers: {rehearsed: yes}",
        good="risk:\n  level: low\n  answers: {rehearsed: fully}",
        check=answers_are_known,
    ),
    Rule(
        "C012",
        "Risk is set too low",
        scope=NETWORK,
        severity=WARNING,
        why="The level of risk decides who must agree and which plans are needed.",
        hint="raise the level, or say under risk.override who answers for the lower one and why",
        bad="# itsm risk CHG-261120-BBBBB computes high\nrisk: {level: low}",
        good="risk:\n  level: low\n  override: {by: change-manager, reason: Rehearsed three times since the failure.}",
        reach=(RISKS,),
        check=risk_is_honest,
    ),
    Rule(
        "C013",
        "Planned outside the maintenance window",
        severity=WARNING,
        kinds=_CHANGE,
        why="Users were promised that interruptions come at agreed times.",
        hint="move the change into a window (itsm schedule shows them), or correct maintenance_window",
        bad="maintenance_window: weekly-maintenance   # Saturday 20:00 to Sunday 05:00\nplanned_start: 2026-12-02T10:00:00Z",
        good="maintenance_window: weekly-maintenance\nplanned_start: 2026-12-05T20:00:00Z",
        reach=(CALENDARS,),
        check=inside_maintenance,
    ),
    Rule(
        "C014",
        "Changes collide",
        scope=NETWORK,
        severity=WARNING,
        why="Two changes at the same time in the same place break each other, and it is hard to find out which one did it.",
        hint="move one of them, or link them with coordinated_with when they overlap on purpose",
        bad="# CHG-261120-AAAAA and CHG-261120-BBBBB both change payments-db on Saturday at 20:00",
        good="# CHG-261120-BBBBB was moved to Sunday\nplanned_start: 2026-12-06T20:00:00Z",
        reach=(PLANS,),
        check=changes_keep_apart,
    ),
    Rule(
        "C015",
        "Questions of risk are not answered",
        severity=WARNING,
        kinds=_CHANGE,
        why="Facts alone do not know whether it was rehearsed or can be taken back.",
        hint="itsm risk shows the questions; write the answers under risk.answers",
        bad="state: authorize\nrisk: {level: low}",
        good="state: authorize\nrisk:\n  level: low\n  answers: {rehearsed: fully, way_back: proven}",
        check=questions_are_answered,
    ),
    Rule(
        "C016",
        "Override of risk that nobody else answers for",
        kinds=_CHANGE,
        why="Whoever sets a level below the computed one answers for it; that cannot be those who want the change.",
        hint="name the person who decided it, neither requester nor implementer (often the change manager)",
        bad="requested_by: mail-engineer\nrisk:\n  level: low\n  override: {by: mail-engineer, reason: It will be fine.}",
        good="requested_by: mail-engineer\nrisk:\n  level: low\n  override: {by: change-manager, reason: Only copies are changed.}",
        reach=(ITEMS,),
        check=override_has_an_owner,
    ),
)
