"""`itsm emergency`: makes an emergency change of an incident and submits it, from as few answers as are safe.

The change is made like any other and judged like any other. What could not be done first (approval, plan, review) is
written down as what is owed: tasks with an end, and the day of the review, so that `itsm due` shows each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.gate.approvals import ApprovalQuery, approvals, default_base
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.policy import ApprovalRule, Override, duration, read_policy
from itsm_gitops.gate.types import OVERRIDDEN, UNSATISFIED
from itsm_gitops.graph.loaded import memberships
from itsm_gitops.graph.on_call import on_call
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.change_models import read_models
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import GitError, ItsmError, NotFound, Refused, UsageError
from itsm_gitops.model.kinds import Kind

if TYPE_CHECKING:
    from itsm_gitops.gate.types import Assessment
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store

_REVIEW_DAYS = 7
_WITHIN = timedelta(days=2)  # where no rule of the policy has an override
_TITLE_MAX = 110
APPROVAL, PLAN, REVIEW = "approval", "plan", "review"  # what is owed


class Debt(NamedTuple):
    """What was left out and must be made up for: ``what`` is approval, plan or review, ``due`` a date or date-time."""

    what: str
    text: str
    due: str


class MayOverride(NamedTuple):
    """Somebody who may let the change in before all are asked; ``how`` they are reached, for which items."""

    person: str
    items: tuple[str, ...]
    how: str


@dataclass(frozen=True)
class Emergency:
    """What was done. ``alone`` says that whoever acts may let it in; ``landed`` that it is in the target branch.

    ``page`` is where the pull request is opened, empty where the remote is on no known forge; ``branch`` is empty
    where nothing was committed. ``skipped`` are the requirements that were passed over, or still wait.
    """

    id: str
    incident: str
    title: str
    state: str
    by: str
    alone: bool
    landed: bool
    branch: str
    target: str
    page: str
    overriders: tuple[MayOverride, ...]
    debts: tuple[Debt, ...]
    skipped: tuple[str, ...]
    why_not: str = ""


class _Asked(NamedTuple):
    """What somebody wants to do at once."""

    incident: str
    items: tuple[str, ...]
    why: str
    title: str
    plan: str
    by: str


def emergency(
    repo: Repository,
    incident: str,
    *,
    items: Sequence[str] = (),
    why: str,
    title: str = "",
    plan: str = "",
    by: str | None = None,
    key: str = "",
    push: bool = True,
    land: bool = True,
    dry_run: bool = False,
) -> Emergency:
    """Make the emergency change of an incident, put it on a branch, and bring it in where whoever acts may do that alone.

    ``items`` default to what the incident affects, ``plan`` is what is done. With ``land`` False, and for everybody
    who is not on call, the branch is pushed for somebody else's approval. Raises NotFound for unknown names, Refused
    for an incident that is over, and what `itsm new`, `itsm move` and `itsm submit` raise.
    """
    from itsm_gitops.git.actor import acting

    store = repo.store(None)
    about = store.find(incident)
    if not facts.is_a(store.book, about, meaning.INCIDENT):
        raise UsageError(
            f"{about.id} is not an incident", "an emergency is for an open incident: itsm list -s open"
        )
    if not facts.is_open(store.book, about):
        raise Refused(
            f"{about.id} is not open any more",
            f"itsm show {about.id}; a normal change will do: itsm new change",
        )
    found = tuple(dict.fromkeys(store.find(name).id for name in items)) or tuple(facts.affected(about))
    if not found:
        raise UsageError(
            f"{about.id} names no item that could be changed", "--ci ITEM says what you are going to change"
        )
    named = title or f"Emergency: {about.title}"[:_TITLE_MAX]
    asked = _Asked(about.id, found, why.strip(), named, plan.strip(), acting(repo, by))
    return _carry_out(repo, store, asked, key=key, push=push, land=land, dry_run=dry_run)


def _carry_out(
    repo: Repository, store: Store, asked: _Asked, *, key: str, push: bool, land: bool, dry_run: bool
) -> Emergency:
    from itsm_gitops.editing.create import finish

    kind = store.book.kinds[store.book.playing(meaning.CHANGE)[0]]
    template = _template(store, kind)
    rules = _rules_with_override(repo, store, str(template["values"]["type"]))
    overriders = _overriders(repo, store, asked, [o for _, o in rules])
    alone = _may_alone(asked, overriders, [o for _, o in rules])
    debts = tuple(_debts(repo, template, asked, [o for _, o in rules]))
    draft = _draft(repo, kind, template, asked, debts)
    result, others, _ = finish(draft, dry_run=dry_run)
    done = Emergency(
        result.id, asked.incident, asked.title, result.state, asked.by, alone, False, "", "", "",
        tuple(overriders.values()), debts, tuple(r.name for r, _ in rules),
    )  # fmt: skip
    if dry_run:
        return done
    done = _begun(repo, kind, done)
    paths = [result.path, *(o.path for o in others), store.entries[asked.incident].path]
    return _brought_in(repo, done, paths, key=key, push=push, land=land)


def _template(store: Store, kind: Kind) -> Mapping[str, Any]:
    """Return the template of a change of a model that is judged afterwards: its plans are asked for later than its work."""
    models = read_models(store.book)
    order = list(kind.workflow.states) if kind.workflow else []
    for name in store.book.templates:
        about = store.book.template(name)
        model = models.get(str(about.get("values", {}).get("type")))
        begins = next((s for s in order if facts.state_plays(kind, s, meaning.RUNNING)), "")
        if (
            about.get("kind") != kind.name
            or model is None
            or model.templated
            or model.plans_from not in order
        ):
            continue
        if begins and order.index(model.plans_from) > order.index(begins):
            return {**about, "name": name}
    raise NotFound(
        "the rule book has no template of a change that begins before it is planned",
        "itsm upgrade brings the shipped ones",
    )


def _rules_with_override(repo: Repository, store: Store, kind: str) -> list[tuple[ApprovalRule, Override]]:
    """Return the rules that ask for approvals of such a change and let somebody pass them over; of the base."""
    policy = read_policy(_base_store(repo, store).book.policy(POLICY))
    return [
        (rule, rule.override)
        for rule in policy.rules
        if rule.override
        and kind in rule.when.get("type", (kind,))
        and kind in rule.override.when.get("type", (kind,))
    ]


def _base_store(repo: Repository, store: Store) -> Store:
    """Return the branch that the change wants to enter: it says who is on call and who may do what."""
    from itsm_gitops.snapshots import load_store
    from itsm_gitops.snapshots.part import PartialSnapshot

    try:
        base = default_base(repo.history)
    except (UsageError, GitError):
        return store
    return load_store(PartialSnapshot(repo.snapshot(base), ()))[0]


def _overriders(
    repo: Repository, store: Store, asked: _Asked, overrides: Sequence[Override]
) -> dict[str, MayOverride]:
    """Return who may override, with the items for which, whoever has the turn first."""
    directory = Directory(_base_store(repo, store), clock.now())
    data = {"cis": list(asked.items)}
    may: dict[str, dict[str, None]] = {}
    for role in dict.fromkeys(o.role for o in overrides):
        for item in asked.items:
            for person, holding in directory.fill(role, directory.narrowed(role, data, item)).items():
                if holding.direct:
                    may.setdefault(person, {})[item] = None
    order = [p for item in asked.items for c in on_call(store, item, clock.now()) for p in c.people]
    ranked = sorted(may, key=lambda p: order.index(p) if p in order else len(order))
    return {p: MayOverride(p, tuple(may[p]), _reached(store, asked, p)) for p in ranked}


def _reached(store: Store, asked: _Asked, person: str) -> str:
    """Say how somebody is reached: by the contacts of the team for which they are on call."""
    teams = [c.team for item in asked.items for c in on_call(store, item, clock.now()) if person in c.people]
    contacts = (c for t in teams if t in store.entries for c in store.data(t).get("contacts") or ())
    return ", ".join(dict.fromkeys(f"{c.get('type')} {c.get('value')}" for c in contacts))


def _may_alone(asked: _Asked, may: Mapping[str, MayOverride], overrides: Sequence[Override]) -> bool:
    own = may.get(asked.by)
    return own is not None and set(own.items) == set(asked.items) and all(o.alone for o in overrides)


def _debts(
    repo: Repository, template: Mapping[str, Any], asked: _Asked, overrides: Sequence[Override]
) -> list[Debt]:
    """Return what is left out now, each with the time by which it is made up for."""
    from itsm_gitops.model.windows import zone

    now = clock.now()
    until = clock.format_time(now + min((duration(o.retro_review) for o in overrides), default=_WITHIN))
    found = [Debt(APPROVAL, "Approval afterwards by those who were skipped", until)]
    values = template["values"]
    model = read_models(repo.book)[str(values["type"])]
    wanted = model.plans.get(str(values.get("risk", {}).get("level")), ())
    missing = [f for f in wanted if not (asked.plan and f == wanted[0])]
    fields = [*missing, *(f for f in ("planned_start", "planned_end") if model.window_from)]
    names = ", ".join(f.replace("_", " ") for f in fields)
    found += [Debt(PLAN, f"Write down {names}"[:120], until)] if fields else []
    day = (now + timedelta(days=_REVIEW_DAYS)).astimezone(zone(repo.config.timezone)).date()
    return [*found, Debt(REVIEW, "Post-implementation review", day.isoformat())]


def _draft(
    repo: Repository, kind: Kind, template: Mapping[str, Any], asked: _Asked, debts: Sequence[Debt]
) -> Any:
    from itsm_gitops.editing.create import start

    store = repo.store(None)
    services = [i for i in asked.items if facts.is_a(store.book, store.entries[i], meaning.SERVICE)]
    items = [i for i in asked.items if i not in services]
    draft = start(repo, kind.name, template=str(template["name"]), by=asked.by)
    teams = memberships(store, asked.by)
    owners = [o for i in asked.items if (o := facts.owner(store.entries[i]))]
    team = next((o for o in owners if o in teams), (owners or teams or [""])[0])
    tasks = [
        {
            "name": d.text,
            "kind": APPROVAL if d.what == APPROVAL else "work",
            "status": "open",
            "planned_end": d.due,
        }
        for d in debts
        if d.what != REVIEW
    ]
    plan = {read_models(repo.book)[str(template["values"]["type"])].plans.get(
        str(template["values"].get("risk", {}).get("level")), ("description",))[0]: asked.plan}  # fmt: skip
    draft.data |= {
        "title": asked.title, "justification": asked.why, "requested_by": asked.by, "implementers": [asked.by], "tasks": tasks,
        "review_due": next(d.due for d in debts if d.what == REVIEW),
        **({"assigned_team": team} if team else {}),
        **({meaning.SERVICE: services[0]} if services else {}), **({"services": services[1:]} if services[1:] else {}),
        **({"cis": items} if items else {}), **(plan if asked.plan else {}),
    }  # fmt: skip
    draft.assign([])  # in the order of the schema
    draft.links = [("resolves", asked.incident)]
    return draft


def _begun(repo: Repository, kind: Kind, done: Emergency) -> Emergency:
    """Take the first step: to the work itself for whoever may do that, else to where others decide."""
    from dataclasses import replace

    from itsm_gitops.editing.move import move, open_moves

    flow = kind.workflow
    steps = [s.state for s in open_moves(repo, done.id) if flow and not flow.is_cancelled(s.state)]
    running = [s for s in steps if facts.state_plays(kind, s, meaning.RUNNING)]
    target = (running if done.alone and running else [s for s in steps if s not in running] or steps)[0]
    return replace(done, state=move(repo, done.id, target, by=done.by).state)


def _brought_in(
    repo: Repository, done: Emergency, paths: Sequence[str], *, key: str, push: bool, land: bool
) -> Emergency:
    """Commit on a branch, push, and on a plain server sign and land it; failures are reported, and nothing is lost."""
    from dataclasses import replace

    from itsm_gitops.gate.emergency import land as land_alone
    from itsm_gitops.gate.submit import submit
    from itsm_gitops.git import porcelain, transfer

    url = transfer.remote_url(repo.history) if repo.git is not None else ""
    if repo.git is None:
        return replace(done, why_not="there is no Git repository, so nothing was committed")
    porcelain.stage(repo.root, paths)
    sent = submit(repo, done.id, push=False)
    done = replace(done, branch=sent.branch, target=sent.target, page=sent.page)
    if not push or not url:
        why = "" if url else "this repository has no remote: git remote add origin ADDRESS"
        return replace(done, why_not=why)
    try:
        if done.alone and land and not sent.page:
            landed = land_alone(repo, done.id, person=done.by, key=key, everything=False, target=sent.target)
            return replace(done, landed=True, skipped=_named(landed.approved.assessment, OVERRIDDEN))
        porcelain.push(repo.root, sent.branch)
    except ItsmError as error:
        return replace(done, why_not="; ".join(filter(None, [error.message, error.hint])))
    assessment = approvals(repo, ApprovalQuery(base=f"refs/remotes/origin/{sent.target}", head="HEAD"))
    return replace(done, skipped=_named(assessment, UNSATISFIED))


def _named(assessment: Assessment, result: str) -> tuple[str, ...]:
    return tuple(v.requirement.name for v in assessment.verdicts if v.result == result)


def how_to_let_in(done: Emergency) -> list[str]:
    """Say what is left to do to bring the change in, one line each; empty where it is in."""
    if done.landed:
        return []
    if done.why_not:
        again = (
            f"itsm submit {done.id} --emergency" if done.alone and not done.page else f"itsm submit {done.id}"
        )
        return [f"not in yet: {done.why_not}", f"go on with: {again}"]
    lines = [f"open the pull request: {done.page}"] if done.page else []
    if done.alone:  # signed first, so that the gate finds it when the request is opened
        return [
            f"you are on call and may let it in: itsm approve {done.id} --sign, and push what it prints",
            *lines,
        ]
    if done.overriders:
        return [*lines, f"one of them approves the pull request, or runs: itsm approve {done.id} --sign"]
    return [*lines, "nobody may override at present: those who own the items approve (itsm approvals)"]
