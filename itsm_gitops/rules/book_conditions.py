"""Part of rule S022: the conditions of life cycles use fields, values, links and states that there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from itsm_gitops.model.categories import CATEGORIES, NO_CATEGORIES, CategoryTree
from itsm_gitops.model.condition_names import Vocabulary, condition_misfits, fields_at, with_states
from itsm_gitops.model.condition_reader import FORMS
from itsm_gitops.model.errors import RuleBookError, did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.guards import BESIDE, EXCEPT, FIELD, MUST, WHEN, WHILE
from itsm_gitops.model.kinds import GROUPS, inline
from itsm_gitops.model.once import Once
from itsm_gitops.model.rulebook import COMMON, LINKS
from itsm_gitops.model.shape import Misfit
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.rule import Hit

_inlined: Once[Any] = Once(1024)


def vocabulary(ctx: BookContext) -> Vocabulary:
    """Return what the readable part of a rule book defines."""
    definitions = (ctx.data(COMMON) or {}).get("definitions") or {}
    schemas: dict[str, Any] = {}
    flows: dict[str, str] = {}
    groups: dict[str, set[str]] = {name: set() for name in GROUPS}
    for path, data, about in ctx.kinds():
        name = str(about.get("kind", about.get("class")))
        try:
            schemas[name] = _inlined(data, definitions, make=partial(inline, data, definitions))
        except RuleBookError:
            continue  # the reference has its own finding
        flows[name] = str(about.get("workflow", ""))
        for group, member in (
            ("any", True),
            ("record", path.startswith("schemas/records/")),
            ("item", path.startswith("schemas/cmdb/")),
            ("ci", about.get("operational") is True),
        ):
            if member:
                groups[group].add(name)
    members = {name: frozenset(kinds) for name, kinds in groups.items()}
    links = {} if ctx.refusals(LINKS) else (ctx.data(LINKS) or {}).get("links", {})

    def ends(names: Any) -> frozenset[str]:
        return frozenset().union(*(members.get(n, frozenset((n,))) for n in names))

    states = {
        k: (ctx.data(f"schemas/workflows/{f}.yaml") or {}).get("states") or () for k, f in flows.items()
    }
    return Vocabulary(
        {kind: with_states(schema, states[kind]) for kind, schema in schemas.items()},
        members,
        {name: (ends(link["from"]), ends(link["to"])) for name, link in links.items()},
        {str(link["inverse"]): name for name, link in links.items() if "inverse" in link},
        {kind: frozenset(names) for kind, names in states.items()},
        categories_of(ctx),
    )


def categories_of(ctx: BookContext) -> CategoryTree:
    """Return the tree of categories; an empty one, which knows no values, where it is absent or broken."""
    return NO_CATEGORIES if ctx.refusals(CATEGORIES) else CategoryTree(ctx.data(CATEGORIES) or {})


def workflow_conditions(
    path: str, flow: Mapping[str, Any], kinds: Collection[str], words: Vocabulary
) -> Iterator[Hit]:
    """Yield what is wrong with the conditions of one life cycle that some kinds have."""
    for misfit in _misfits(flow, kinds, words):
        yield Hit(misfit.message, misfit.pointer, misfit.hint, path, misfit.at_key)


def _misfits(flow: Mapping[str, Any], kinds: Collection[str], words: Vocabulary) -> Iterator[Misfit]:
    for state, about in flow["states"].items():
        for index, demand in enumerate(about.get("require", ())):
            if not isinstance(demand, str):
                yield from demand_misfits(demand, kinds, words, ("states", state, "require", index))
    for index, demand in enumerate(flow.get("require", ())):
        place: Pointer = ("require", index)
        yield from demand_misfits(demand, kinds, words, place)
        yield from _states(demand[WHILE], flow, (*place, WHILE))
    for key in ("track", "reason_for"):
        yield from _fields(flow.get(key, ()), kinds, words, (key,))
    for number, step in enumerate(flow["transitions"]):
        here: Pointer = ("transitions", number)
        for key in ("clear", "require"):
            yield from _fields(step.get(key, ()), kinds, words, (*here, key))
        if WHEN in step:
            yield from condition_misfits(step[WHEN], kinds, words, (*here, WHEN))
        yield from _stops(step, flow, kinds, words, here)
    for index, asked in enumerate(flow.get("reason_for", ())):
        if isinstance(asked, Mapping) and WHEN in asked:
            yield from condition_misfits(asked[WHEN], kinds, words, ("reason_for", index, WHEN))
    yield from _stops(flow, flow, kinds, words, ())


def _fields(names: Iterable[Any], kinds: Collection[str], words: Vocabulary, at: Pointer) -> Iterator[Misfit]:
    """Look up the fields of a list that holds their names, or mappings with a name."""
    schemas = [words.schemas[k] for k in sorted(kinds) if k in words.schemas]
    for index, about in enumerate(names):
        place: Pointer = (*at, index, FIELD) if isinstance(about, Mapping) else (*at, index)
        name = about.get(FIELD) if isinstance(about, Mapping) else about
        if isinstance(name, str) and schemas and not fields_at(name, schemas, words):
            known = {n for s in schemas for n in s.get("properties", ())}
            hint = did_you_mean(name, known)
            yield Misfit(place, f"no kind of this life cycle has a field '{name}'", hint)


def demand_misfits(
    demand: Mapping[str, Any], kinds: Collection[str], words: Vocabulary, at: Pointer
) -> Iterator[Misfit]:
    """Yield what is wrong with an entry of ``require`` that is no plain field."""
    if WHEN in demand:
        yield from condition_misfits(demand[WHEN], kinds, words, (*at, WHEN))
    body = {k: v for k, v in demand.items() if k not in BESIDE}
    if FIELD in body:
        others = [k for k in body if k != FIELD]
        if others:
            yield Misfit((*at, others[0]), f"'{others[0]}' cannot stand beside '{FIELD}'", at_key=True)
    elif MUST in body and not FORMS.keys() & body.keys():
        yield from condition_misfits(body[MUST], kinds, words, (*at, MUST))
        others = [k for k in body if k != MUST]
        if others:
            yield Misfit((*at, others[0]), f"'{others[0]}' cannot stand beside '{MUST}'", at_key=True)
    elif not FORMS.keys() & body.keys():
        yield Misfit(at, "nothing is demanded here", f"name a {FIELD}, {', '.join(FORMS)} or {MUST}")
    else:
        yield from condition_misfits(body, kinds, words, at)


def _stops(
    holder: Mapping[str, Any],
    flow: Mapping[str, Any],
    kinds: Collection[str],
    words: Vocabulary,
    at: Pointer,
) -> Iterator[Misfit]:
    for index, stop in enumerate(holder.get("refuse", ())):
        here: Pointer = (*at, "refuse", index)
        if FIELD in stop:
            yield from (m._replace(pointer=(*here, FIELD)) for m in _fields([stop], kinds, words, ()))
        if WHEN in stop:
            yield from condition_misfits(stop[WHEN], kinds, words, (*here, WHEN))
        if FIELD not in stop and WHEN not in stop:
            yield Misfit(here, "this refuses nothing", f"name a {FIELD} or a condition ({WHEN})")
        yield from _states(stop.get(EXCEPT, ()), flow, (*here, EXCEPT))


def _states(names: Iterable[str], flow: Mapping[str, Any], at: Pointer) -> Iterator[Misfit]:
    for index, state in enumerate(names):
        if state not in flow["states"]:
            yield Misfit((*at, index), f"there is no state '{state}'", did_you_mean(state, flow["states"]))
