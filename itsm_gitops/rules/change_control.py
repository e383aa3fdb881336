"""Family C: what a change must have before it goes on (schemas/policies/change-models.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.change_models import ChangeModel, reached, read_models
from itsm_gitops.model.errors import NotFound, did_you_mean
from itsm_gitops.model.findings import WARNING
from itsm_gitops.model.templates import APPROVED
from itsm_gitops.rules.context import DocumentContext, moment
from itsm_gitops.rules.rule import ITEMS, Hit, Rule

_CHANGE = (meaning.CHANGE,)
_TEXTS = (
    "justification",
    "impact_statement",
    "implementation_plan",
    "test_plan",
    "backout_plan",
    "communication_plan",
)
# Words that stand where a plan should be, whatever punctuation or markup is around them.
_PLACEHOLDER = re.compile(
    r"\W*(tbd|tba|tbc|todo|to do|fixme|n/?a|none|nil|nothing|xxx+|see above|same|later|unknown|placeholder|"
    r"to be (defined|done|determined|decided|added|confirmed)|not applicable|fill (me |this )?in|lorem ipsum)\W*",
    re.IGNORECASE,
)
_CLOSED_FREELY = ("impact_statement", "communication_plan")  # where "none" is an honest answer
_YEAR = timedelta(days=366)
_TOLERANCE = timedelta(days=1)


def model_of(ctx: DocumentContext) -> ChangeModel | None:
    """Return the model of a change's type; None where the rule book has none of that name."""
    return read_models(ctx.book).get(str(ctx.data.get("type")))


def arrived(ctx: DocumentContext, since: str | None) -> bool:
    """Whether a change is in state ``since`` or later on its way."""
    return reached(ctx.flow, str(ctx.data.get("state")), since)


def _lacking(ctx: DocumentContext, names: Iterable[str]) -> list[str]:
    """Return those of some fields that are not there, but for those that the life cycle asks for already (rule W007)."""
    lacking = [n for n in names if n not in ctx.data and n not in ctx.refused]
    asked = ctx.flow.missing(str(ctx.data.get("state")), ctx.data) if lacking else ()
    return [n for n in lacking if n not in asked]


def plans_are_there(ctx: DocumentContext) -> Iterator[Hit]:
    """Look for the plans that the change's model demands at its level of risk."""
    model = model_of(ctx)
    if model is None or not arrived(ctx, model.plans_from):
        return
    level = str((ctx.data.get("risk") or {}).get("level"))
    for name in _lacking(ctx, model.plans.get(level, ())):
        about = ctx.kind.fields.get(name, {}).get("description", "")
        yield Hit(f"a change of {level} risk needs '{name}' from here on", ("state",), about)


def plans_say_something(ctx: DocumentContext) -> Iterator[Hit]:
    """Look for empty phrases in the prose of plans, from authorisation on."""
    model = model_of(ctx)
    if model is None or not arrived(ctx, model.content_from):
        return
    for name in _TEXTS:
        text = ctx.data.get(name)
        if text is None or (name in _CLOSED_FREELY and text.strip(" .\n").lower() in ("none", "nothing")):
            continue
        if _PLACEHOLDER.fullmatch(text[:200].strip()) or not any(c.isalpha() for c in text):
            yield Hit(f"{name} says only '{text.strip()[:40]}'", (name,))


def window_is_in_order(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the two ends of the planned window."""
    start, end = moment(ctx.data.get("planned_start")), moment(ctx.data.get("planned_end"))
    if start and end and end <= start:
        yield Hit("the planned window ends at or before its start", ("planned_end",))


def window_is_there(ctx: DocumentContext) -> Iterator[Hit]:
    """Look for both ends of the window from the model's state on, where the life cycle does not."""
    model = model_of(ctx)
    if model is None or not arrived(ctx, model.window_from):
        return
    missing = _lacking(ctx, ("planned_start", "planned_end"))
    if missing:
        yield Hit(f"from here on a change has {' and '.join(missing)}", ("state",))


def actual_times_are_possible(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the actual times with each other, with the present and with the plan."""
    start, end = moment(ctx.data.get("actual_start")), moment(ctx.data.get("actual_end"))
    planned = moment(ctx.data.get("planned_start"))
    for name, when in (("actual_start", start), ("actual_end", end)):
        if when and when > ctx.now + _TOLERANCE:
            yield Hit(f"{name} has not happened yet", (name,))
            return
    if start and end and end < start:
        yield Hit("the work ended before it began", ("actual_end",))
    elif start and planned and abs(start - planned) > _YEAR:
        yield Hit("the work began more than a year away from the plan", ("actual_start",))


def something_is_affected(ctx: DocumentContext) -> Iterator[Hit]:
    """Look for an affected item from authorisation on."""
    hidden = ctx.refused & facts.affecting_fields(ctx.kind)
    model = model_of(ctx)
    if (
        model
        and arrived(ctx, model.content_from)
        and not hidden
        and not facts.affected_places(ctx.kind, ctx.data)
    ):
        yield Hit("the change names no affected item", ("state",))


def affected_is_in_use(ctx: DocumentContext) -> Iterator[Hit]:
    """Look at the life cycle of what an open change affects."""
    if not ctx.flow.is_open(str(ctx.data.get("state"))):
        return
    for identifier, pointer in facts.affected_places(ctx.kind, ctx.data).items():
        stage = ctx.inactive(identifier)
        if stage:
            yield Hit(f"'{identifier}' is {stage}", pointer)


def template_is_approved(ctx: DocumentContext) -> Iterator[Hit]:
    """Look the template up and compare it with the change."""
    name, model = ctx.data.get("template"), model_of(ctx)
    if model is None or not model.templated or name is None:
        return  # its absence is the life cycle's finding
    try:
        template = ctx.book.template(name)
    except NotFound:
        yield Hit(f"there is no template '{name}'", ("template",), did_you_mean(name, ctx.book.templates))
        return
    values = template.get("values")
    made = values.get("type") if isinstance(values, dict) else None
    running = ctx.flow.is_open(str(ctx.data.get("state")))
    if template.get("kind") != ctx.kind.name or made != model.name:
        yield Hit(f"'{name}' is not a template of {model.name} changes", ("template",))
    elif template.get("status") != APPROVED and running:
        yield Hit(f"the template '{name}' is {template.get('status', 'not approved')}", ("template",))


RULES = (
    Rule(
        "C001",
        "Plan that the risk demands is missing",
        kinds=_CHANGE,
        why="Who authorises a change must be able to read how it is done, tested and taken back.",
        hint="write the plan, or correct the level of risk",
        bad="type: normal\nstate: authorize\nrisk: {level: high}\nimplementation_plan: Switch the pair.",
        good="type: normal\nstate: authorize\nrisk: {level: low}\nimplementation_plan: …\nbackout_plan: Switch back.",
        check=plans_are_there,
    ),
    Rule(
        "C002",
        "Placeholder instead of a plan",
        kinds=_CHANGE,
        why="A plan that says TBD is no plan; it only looks complete.",
        hint="write what will be done, or leave the field out while the change is a draft",
        bad="backout_plan: TBD",
        good="backout_plan: Restore the snapshot taken in step 1; takes ten minutes.",
        check=plans_say_something,
    ),
    Rule(
        "C003",
        "Planned window ends before it begins",
        kinds=_CHANGE,
        why="The schedule and every conflict check are computed from the window.",
        hint="correct planned_start or planned_end (mind the offsets)",
        bad="planned_start: 2026-12-01T22:00:00Z\nplanned_end: 2026-12-01T20:00:00Z",
        good="planned_start: 2026-12-01T20:00:00Z\nplanned_end: 2026-12-01T22:00:00Z",
        check=window_is_in_order,
    ),
    Rule(
        "C004",
        "Planned window is missing",
        kinds=_CHANGE,
        why="A scheduled change without a window is on nobody's schedule.",
        hint="set planned_start and planned_end",
        bad="state: scheduled",
        good="state: scheduled\nplanned_start: 2026-12-01T20:00:00Z\nplanned_end: 2026-12-01T22:00:00Z",
        check=window_is_there,
    ),
    Rule(
        "C005",
        "Actual times that cannot be",
        kinds=_CHANGE,
        why="Success rates and outage figures are computed from them.",
        hint="correct actual_start or actual_end",
        bad="actual_start: 2026-11-21T22:00:00Z\nactual_end: 2026-11-21T20:00:00Z",
        good="actual_start: 2026-11-21T20:00:00Z\nactual_end: 2026-11-21T22:00:00Z",
        check=actual_times_are_possible,
    ),
    Rule(
        "C006",
        "Change that affects nothing",
        kinds=_CHANGE,
        why="Approvers, conflicts and impact are all found through the affected items.",
        hint="name them under cis, service or services",
        bad="state: authorize\n# no service, services or cis",
        good="state: authorize\ncis: [payments-db]",
        check=something_is_affected,
    ),
    Rule(
        "C007",
        "Affected item is not in use",
        severity=WARNING,
        kinds=_CHANGE,
        why="Changing what is retired or not yet live is a slip of the name, or needs no change record.",
        hint="name the item that is in production",
        bad="# an open change\ncis: [old-mail-server]   # retired",
        good="# an open change\ncis: [mail-server-1]",
        reach=(ITEMS,),
        check=affected_is_in_use,
    ),
    Rule(
        "C009",
        "Standard change without an approved template",
        kinds=_CHANGE,
        why="A standard change is authorised by its template; without one it is a normal change.",
        hint="name an approved template of schemas/templates, or set type: normal",
        bad="type: standard\ntemplate: my-own-idea",
        good="type: standard\ntemplate: standard-patch-os",
        check=template_is_approved,
    ),
)
