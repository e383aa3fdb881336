"""Family S, the rule book itself: schemas/, itsm.yaml, and the forms of offerings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.model import meaning
from itsm_gitops.model.condition_names import Vocabulary
from itsm_gitops.model.errors import ItsmError, did_you_mean
from itsm_gitops.model.findings import INFO, WARNING, Pointer
from itsm_gitops.model.kinds import GROUPS
from itsm_gitops.model.once import Once
from itsm_gitops.rules import schema
from itsm_gitops.rules.asked_since import answered, finished_on
from itsm_gitops.rules.audience_names import audience_hits
from itsm_gitops.rules.book import CONFIG, BookContext, meta_of
from itsm_gitops.rules.book_conditions import vocabulary, workflow_conditions
from itsm_gitops.rules.book_keywords import date_names, reference_names
from itsm_gitops.rules.book_policies import policy_names
from itsm_gitops.rules.context import ChangeContext, DocumentContext, day
from itsm_gitops.rules.major_incidents import criteria_names, inner_life_names
from itsm_gitops.rules.own_rule_book import own_codes, own_rule_names
from itsm_gitops.rules.rule import CHANGE, ITEMS, RULEBOOK, Hit, Rule
from itsm_gitops.schema import validate
from itsm_gitops.schema.faults import Fault, circle_faults, faults, reference_faults

_PLACE = re.compile(r"(schemas/[^:]+|itsm\.yaml)(?::(\d+):(\d+))?: (.*)", re.DOTALL)
WHOLE_BOOK = "schemas"  # the place of what has no place in one file


def schema_is_valid(ctx: BookContext) -> Iterator[Hit]:
    """Check every schema of the rule book against draft-07, its patterns and its references."""
    for path, _ in ctx.usable("schemas/", ".schema.json"):
        for fault in (*ctx.faults(path), *ctx.broken_references(path)):
            yield Hit(fault.message, fault.pointer, fault.hint, path)


def book_fits_its_meta(ctx: BookContext) -> Iterator[Hit]:
    """Check every kind, life cycle, policy and template against its schema in schemas/meta."""
    described = {meta_of(path): path for path, _ in ctx.usable("schemas/", "")}
    for meta, path in described.items():
        if (
            meta and meta not in ctx.files and path.split("/")[1] != "policies"
        ):  # a policy of your own has none
            hint = f"git checkout -- {meta}, or itsm init in another folder, brings it back"
            yield Hit(f"{meta} is missing, so nothing says what may stand here", (), hint, path)
    for path, _ in ctx.usable("schemas/", ""):
        places = {f.pointer for f in ctx.faults(path)} if path.endswith(".schema.json") else set()
        yield from (hit for hit in ctx.refusals(path) if hit.pointer not in places)


def config_fits_its_meta(ctx: BookContext) -> Iterator[Hit]:
    """Check itsm.yaml against the schema of the repository, and against what this tool understands."""
    refused = ctx.refusals(CONFIG)
    yield from refused
    places = {hit.pointer for hit in refused}
    for fault in ctx.config.faults:
        if not fault.code.startswith("P") and fault.pointer not in places:
            yield Hit(fault.message, fault.pointer, fault.hint, CONFIG, fault.at_key)


def book_agrees_with_itself(ctx: BookContext) -> Iterator[Hit]:
    """Look up every name that one part of the rule book uses of another."""
    if any(loaded.problems for loaded in ctx.files.values()):
        return  # a name may be in the file that cannot be read
    kinds, words = _kinds(ctx), vocabulary(ctx)
    roles = (ctx.data("schemas/policies/roles.yaml") or {}).get("roles")
    for path, flow in ctx.usable("schemas/workflows/", ".yaml"):
        if not ctx.refusals(path):
            yield from _workflow_names(path, flow, kinds, roles if isinstance(roles, dict) else None)
            own = [name for name, (used, _) in kinds.items() if flow["workflow"] in used]
            if own:
                yield from workflow_conditions(path, flow, own, words)
    path = "schemas/policies/links.yaml"
    links = ctx.data(path)
    if links is not None and not ctx.refusals(path):
        yield from _link_names(path, links["links"], {*kinds, *GROUPS})
    yield from _words_of_schemas(ctx, words)
    yield from own_rule_names(ctx, words)
    yield from audience_hits(ctx, words)
    yield from inner_life_names(ctx, words)
    yield from criteria_names(ctx, words)


def _words_of_schemas(ctx: BookContext, words: Vocabulary) -> Iterator[Hit]:
    """Look up the names in keywords of schemas, and what policies say of fields; a schema with a fault says nothing sure."""
    schemas = list(ctx.usable("schemas/", ".schema.json"))
    if any(ctx.faults(path) for path, _ in schemas):
        return
    for path, _, about in ctx.kinds():
        schema = words.schemas.get(str(about.get("kind", about.get("class"))))
        if schema is not None:
            yield from date_names(path, schema, words)
    for path, data in schemas:
        yield from reference_names(path, data, words)
    yield from policy_names(ctx, words)


def _kinds(ctx: BookContext) -> dict[str, tuple[tuple[str, ...], frozenset[str]]]:
    """Return life cycles and fields of each kind, as far as they can be read."""
    found = {}
    for folder in ("schemas/records/", "schemas/cmdb/"):
        for _, data in ctx.usable(folder, ".schema.json"):
            about, fields = data.get("x-itsm"), data.get("properties")
            if isinstance(about, dict) and isinstance(fields, dict):
                name = about.get("kind", about.get("class"))
                if isinstance(name, str):
                    found[name] = (_flows_of(about), frozenset(fields))
    return found


def _flows_of(about: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of a kind's life cycle and of those within its documents."""
    inner = about.get("inner_workflows")
    return (str(about.get("workflow", "")), *map(str, inner if isinstance(inner, list) else ()))


def _workflow_names(
    path: str, flow: Any, kinds: Mapping[str, tuple[tuple[str, ...], frozenset[str]]], roles: Any
) -> Iterator[Hit]:
    states = flow["states"]
    used: list[tuple[str, Pointer]] = [(flow["initial"], ("initial",))]
    for number, step in enumerate(flow["transitions"]):
        at = ("transitions", number)
        used += [(s, (*at, "from", i)) for i, s in enumerate(step["from"])]
        used.append((step["to"], (*at, "to")))
        for index, role in enumerate(step.get("by", ()) if roles else ()):
            if role not in roles:
                yield Hit(f"there is no role '{role}'", (*at, "by", index), did_you_mean(role, roles), path)
    for name, pointer in used:
        if name not in states:
            yield Hit(f"there is no state '{name}'", pointer, did_you_mean(name, states), path)
    fields = [f for w, f in kinds.values() if flow["workflow"] in w]
    known = frozenset().union(*fields)
    for name, pointer in _field_names(flow) if fields else ():
        if name not in known:
            yield Hit(
                f"no kind of this life cycle has a field '{name}'", pointer, did_you_mean(name, known), path
            )


def _field_names(flow: Any) -> Iterator[tuple[str, Pointer]]:
    for state, about in flow["states"].items():
        for index, demand in enumerate(about.get("require", ())):
            at: Pointer = ("states", state, "require", index)
            if isinstance(demand, str):
                yield demand, at
            elif "field" in demand:
                yield demand["field"], (*at, "field")
    for index, demand in enumerate(flow.get("require", ())):
        if "field" in demand:
            yield demand["field"], ("require", index, "field")
    for key in ("immutable", "editable_when_closed"):
        for index, name in enumerate(flow.get(key, ())):
            if name not in ("kind", "class"):
                yield name, (key, index)


def _link_names(path: str, links: Any, known: set[str]) -> Iterator[Hit]:
    for name, link in links.items():
        for key in ("from", "to"):
            for index, kind in enumerate(link[key]):
                if kind not in known:
                    hint = did_you_mean(kind, known)
                    yield Hit(f"there is no kind or class '{kind}'", ("links", name, key, index), hint, path)


def book_error(error: ItsmError) -> Hit:
    """Make a hit of rule S022 from the reason why the rule book could not be used at all."""
    match = _PLACE.fullmatch(error.message)
    if not match:
        return Hit(error.message, hint=error.hint, path=WHOLE_BOOK, line=1, column=1)
    path, line, column, message = match.groups()
    return Hit(message, hint=error.hint, path=path, line=int(line or 1), column=int(column or 1))


def settings_have_effect(ctx: BookContext) -> Iterator[Hit]:
    """Look for ignores past their date and for codes of no rule."""
    codes = frozenset((*ctx.codes, *own_codes(ctx)))
    for index, ignored in enumerate(ctx.config.ignore):
        until = day(ignored.until)
        if until is not None and until < ctx.now.date():
            message = f"this was accepted until {ignored.until}"
            yield Hit(message, ("ignore", index, "until"), "", CONFIG)
        yield from _unknown_code(ignored.code, codes, ("ignore", index, "code"), at_key=False)
    for code in ctx.config.severity:
        yield from _unknown_code(code, codes, ("severity", code), at_key=True)


def _unknown_code(code: str, codes: Collection[str], pointer: Pointer, *, at_key: bool) -> Iterator[Hit]:
    if code.strip().upper() not in codes:
        hint = did_you_mean(code, codes) or "itsm explain lists all rules"
        yield Hit(f"there is no rule {code}", pointer, hint, CONFIG, at_key)


def form_faults(form: Any) -> list[Fault]:
    """Return what makes a form unusable as a schema; a form stands alone."""
    return [*faults(form), *reference_faults(form), *circle_faults(form, inlined=False)]


class _Form(NamedTuple):
    """What judges the answers to one form: quickly, and with reasons."""

    validity: validate.Validity
    explainer: validate.Explainer


def _judge_of(form: Any) -> _Form | None:
    """Return what judges the answers to a form; None where that is no usable schema."""
    return None if form_faults(form) else _Form(validate.fast(form), validate.slow(form))


_forms: Once[_Form | None] = Once(most=4096)


def answers_fit_form(ctx: DocumentContext) -> Iterator[Hit]:
    """Judge the answers by the form of the offering."""
    form = (ctx.item(ctx.data.get("offering")) or {}).get("form")
    if not isinstance(form, dict) or "answers" in ctx.refused:
        return
    judge = _forms(form, make=lambda: _judge_of(form))
    answers = ctx.data.get("answers", {})
    if judge is None or judge.validity.is_valid(answers):
        return
    day = finished_on(ctx.kind.workflow, ctx.data)
    for found in answered(form, day, schema.explain(judge.explainer, answers)):
        pointer = ("answers", *found.hit.pointer) if "answers" in ctx.data else ("offering",)
        yield found.hit._replace(pointer=pointer)


def form_is_usable(ctx: DocumentContext) -> Iterator[Hit]:
    """Check an offering's form as a schema, and its names."""
    form = ctx.data.get("form")
    if form is None:
        return
    unusable = form_faults(form)
    if unusable:
        yield from (Hit(fault.message, ("form", *fault.pointer), fault.hint) for fault in unusable)
        return
    questions = form["properties"]
    for index, name in enumerate(form.get("required", ())):
        if name not in questions:
            message = f"the form has no question '{name}'"
            yield Hit(message, ("form", "required", index), did_you_mean(name, questions))


def book_is_untouched(ctx: ChangeContext) -> Iterator[Hit]:
    """Report every file of the rule book that was added, changed or removed."""
    for path in sorted(ctx.changed):
        if path.startswith("schemas/") or path == CONFIG:
            what = "removed" if path in ctx.removed else "changed"
            yield Hit(f"the rule book was {what} here", path=path, line=1, column=1)


RULES = (
    Rule(
        "S020",
        "Schema that is not valid JSON Schema",
        scope=RULEBOOK,
        why="A schema that is itself wrong may accept anything, silently.",
        hint="see schemas/README.md and the JSON Schema (draft-07) documentation",
        bad='"type": "strin"',
        good='"type": "string"',
        check=schema_is_valid,
    ),
    Rule(
        "S021",
        "Rule-book file with a mistake",
        scope=RULEBOOK,
        why="Kinds, life cycles, policies and templates are data; a misspelt key would silently mean nothing.",
        hint="see schemas/README.md; the file's own schema is in schemas/meta",
        bad="states:\n  new: {titel: New, category: new}",
        good="states:\n  new: {title: New, category: new, description: Reported.}",
        check=book_fits_its_meta,
    ),
    Rule(
        "S023",
        "Mistake in itsm.yaml",
        scope=RULEBOOK,
        why="A setting that is not understood would silently not apply.",
        hint="correct the setting (schemas/meta/config.schema.json describes all of them)",
        bad="directory: close",
        good="directory: closed",
        check=config_fits_its_meta,
    ),
    Rule(
        "S022",
        "Rule book that contradicts itself",
        scope=RULEBOOK,
        why="A step to a state that does not exist can never be made; a demand for an unknown field never met.",
        hint="use names that the rule book defines; a new relation goes into policies/links.yaml, a role into policies/roles.yaml",
        bad="transitions:\n  - {name: close, from: [resolved], to: closd}",
        good="transitions:\n  - {name: close, from: [resolved], to: closed}",
        check=book_agrees_with_itself,
    ),
    Rule(
        "S024",
        "Setting that has no effect any more",
        scope=RULEBOOK,
        severity=WARNING,
        why="An ignored finding comes back on purpose after its date; a setting for an unknown rule does nothing.",
        hint="repair the finding, extend the date with a reason, or remove the entry",
        bad="ignore:\n  - {code: D007, path: cmdb/**, reason: Renewal ordered, until: 2020-01-31}",
        good="ignore:\n  - {code: D007, path: cmdb/**, reason: Renewal ordered, until: 2099-01-31}",
        check=settings_have_effect,
    ),
    Rule(
        "S011",
        "Answers that do not fit the form",
        kinds=(meaning.REQUEST,),
        why="The offering's form says what must be answered, and how.",
        hint="correct the answer (the offering's `form` lists the questions)",
        bad="offering: new-laptop\nanswers: {model: lite}",
        good="offering: new-laptop\nanswers: {model: light, start: 2026-12-01}",
        reach=(ITEMS,),
        check=answers_fit_form,
    ),
    Rule(
        "S012",
        "Form that is not a usable schema",
        kinds=(meaning.OFFERING,),
        why="No request could be judged by it, and no form could be drawn.",
        hint="`required` names questions of `properties`; each question is a JSON Schema (draft-07)",
        bad="form:\n  type: object\n  required: [modle]\n  properties: {model: {type: string}}",
        good="form:\n  type: object\n  required: [model]\n  properties: {model: {type: string}}",
        check=form_is_usable,
    ),
    Rule(
        "S027",
        "New demand on finished records",
        severity=INFO,
        why="Nobody can complete a record that was finished before; Git's history has the rules of its time.",
        hint='say since when (handbook, A rule book that lives): "x-since": "YYYY-MM-DD" at the field, `since` in a life cycle',
        bad="# a pull request makes a field required; closed records do not have it",
        good='"warranty": {"type": "string", "x-since": "2026-12-01"}',
    ),
    Rule(
        "S101",
        "Rule book edited",
        scope=CHANGE,
        severity=INFO,
        why="A change of the rules deserves its own review; this range was judged by the rules of its base.",
        hint="let somebody who owns the rule book review it",
        bad="# a pull request that edits schemas/policies/change-control.yaml",
        good="# a pull request that edits records only",
        check=book_is_untouched,
    ),
)
