"""The page of one record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.last_word import words_of
from itsm_gitops.model.major import RUNNING
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import (
    BLOCK,
    FACT,
    LOOKS,
    PROSE,
    Field,
    definition_list,
    present_fields,
    value,
)
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, words
from itsm_gitops.presentation.navigation import known_errors_title
from itsm_gitops.presentation.pages import maps
from itsm_gitops.presentation.pages.approval import (
    approval_summary,
    approvals,
    approvals_asked,
    risk_assessment,
)
from itsm_gitops.presentation.pages.asked import names_who
from itsm_gitops.presentation.pages.derived import clock_chip, derived_facts
from itsm_gitops.presentation.pages.edits import field_history
from itsm_gitops.presentation.pages.major import record_banner
from itsm_gitops.presentation.pages.origin import origin
from itsm_gitops.presentation.pages.outcome import outcome
from itsm_gitops.presentation.pages.parts import (
    Crumb,
    heading,
    relations,
    section,
    two_columns,
    unseen,
    workaround_chip,
)
from itsm_gitops.presentation.pages.similar import similar_records
from itsm_gitops.presentation.pages.steps import stepper, timeline, updates
from itsm_gitops.presentation.remainder import opening
from itsm_gitops.presentation.view import View


def record_page(view: View, entry: Entry, data: Mapping[str, Any], fields: tuple[Field, ...]) -> Html:
    """Return the article of a record; ``data`` is its document, ``fields`` those of its kind."""
    kind = view.kind(entry)
    present = present_fields(fields, data)
    ended = outcome(view, entry, data, present)
    used = [f for f in present if f.name not in ended.shown]
    at_head = [f for f in used if _is_at_head(view, entry, f)]
    head = heading(
        _way(view, kind),
        entry.title or entry.id,
        _chips(view, entry, data),
        _ages(view, entry, data, at_head),
        kicker=entry.id,
    )
    said = words_of(data)
    told_to = "Updates" if meaning.INCIDENT in kind.plays else "Comments"
    asked = approvals_asked(view, entry, data)
    risk = risk_assessment(view, entry, data) if meaning.CHANGE in kind.plays else EMPTY
    blocks = {
        f.name: section(f.title, _block(view, data, f))
        for f in used
        if f.role == BLOCK and not (f.name == "risk" and risk)  # the page shows it once
    }
    looked_back = [n for n in blocks if n in _first_blocks(kind, entry)]
    main = join(
        [
            ended.section,
            *(blocks[n] for n in looked_back),
            *(section(f.title, value(view, data[f.name], f.schema)) for f in _in_reading_order(kind, used)),
            section("Known errors", _offered(view, entry, meaning.KNOWN_ERROR), "known-errors"),
            section("Articles", _offered(view, entry, meaning.ARTICLE), "articles"),
            *(blocks[n] for n in blocks if n not in looked_back),
            section(told_to, updates(view, said), "updates"),
            approvals(view, entry, asked, risk),
            section("Timeline", timeline(view, kind, data), "timeline"),
        ]
    )
    rest = join([similar_records(view, entry), maps.affected_map(view, entry), field_history(view, entry)])
    below = [f for f in used if f not in at_head]
    side = join(
        [
            section("Details", _facts(view, entry, data, below), "details"),
            derived_facts(view, entry),
            section("Linked", relations(view, entry.id, unseen(view, entry)), "links"),
        ]
    )
    banner = join([record_banner(view, entry, data), _caused(view, entry)])
    return Html(
        f"{head}{stepper(kind, entry, data)}{banner}{approval_summary(view, asked)}{two_columns(main, side, rest)}"
        f"{origin(view, entry)}"
    )


def _caused(view: View, entry: Entry) -> Html:
    """Return the incidents that a change caused and that are still open: whoever opens its page has to know of them."""
    if meaning.CHANGE not in view.kind(entry).plays:
        return EMPTY
    link_type = view.book.links.get(_CAUSED_BY)
    others = view.network.others(entry.id, link_type.inverse) if link_type else ()
    near = (view.entries[i] for i in others if i in view.entries)
    still = [e for e in near if meaning.INCIDENT in view.kind(e).plays and view.is_open(e)]
    if not still:
        return EMPTY
    items = join([Html(f"<li>{view.link(e.id)} {view.state_chip(e)}") for e in still[:_OFFERED]])
    said = esc(t("It caused incidents that are open"))
    return Html(
        f'<div class="it-notice it-notice--degraded"><p><strong>{said}</strong></p><ul>{items}</ul></div>'
    )


def _way(view: View, kind: Kind) -> list[Crumb]:
    """Return the way to the records of a kind, through the part of the site that they stand in."""
    part = urls.section(kind)
    if part == urls.CHANGES:
        return [Crumb(part, "Changes"), Crumb(urls.index(kind), "List of changes")]
    if part == urls.KNOWN_ERRORS:
        return [Crumb(part, known_errors_title(view.audience))]
    return [Crumb(part, "Records"), Crumb(urls.index(kind), kind.plural_title)]


def _first_blocks(kind: Kind, entry: Entry) -> tuple[str, ...]:
    """Return the parts that say what came of a record, and stand before what was wanted.

    The review of a change does. That of an incident tells everything again, at length, and comes in its place.
    """
    flow = kind.workflow
    if flow is None or flow.is_open(entry.state):
        return ()
    if flow.is_cancelled(entry.state):
        return ("approval", "rejection")
    return ("review",) if meaning.CHANGE in kind.plays else ()


def _in_reading_order(kind: Kind, used: list[Field]) -> list[Field]:
    """Return the texts of a record; of a known error what can be done comes before why it happens."""
    texts = [f for f in used if f.role == PROSE]
    if meaning.KNOWN_ERROR in kind.plays:
        order = ["symptom", "workaround"]
        texts.sort(key=lambda f: order.index(f.name) if f.name in order else len(order))
    return texts


def _block(view: View, data: Mapping[str, Any], field: Field) -> Html:
    """Return a field with parts of its own; the answers of a request as its offering asked for them."""
    schema = field.schema
    if field.name == "answers" and isinstance(data.get("offering"), str):
        schema = _questions(view, data["offering"], data["answers"]) or schema
    if field.name == "risk":
        schema = _with_answers(schema, data["risk"])
    return value(view, data[field.name], schema)


def _with_answers(schema: Mapping[str, Any], risk: Any) -> Mapping[str, Any]:
    """Return the schema of a risk that says of its answers that they are names of the rule book, not somebody's text."""
    answers = risk.get("answers") if isinstance(risk, dict) else None
    if not isinstance(answers, dict):
        return schema
    known = schema.get("properties", {})
    named = {**known.get("answers", {}), "properties": {name: {"enum": ()} for name in answers}}
    return {**schema, "properties": {**known, "answers": named}}


def _questions(view: View, offering: str, answers: Any) -> dict[str, Any]:
    """Return what an offering's form says of its questions that can be relied on: titles and formats.

    An answer that is the identifier of an item, a person or a record says so, and is shown by its name.
    """
    form = view.store.data(offering).get("form") if offering in view.entries else None
    properties = form.get("properties") if isinstance(form, dict) else None
    if not isinstance(properties, dict) or not isinstance(answers, dict):
        return {}
    keys = ("title", "format")
    return {
        "properties": {
            name: {k: schema[k] for k in keys if isinstance(schema.get(k), str)}
            | _names(view, answers.get(name))
            for name, schema in properties.items()
            if isinstance(schema, dict)
        }
    }


def _names(view: View, answer: Any) -> dict[str, Any]:
    """Return the schema of an answer that names documents. A single word may be just a word, and is none."""
    if isinstance(answer, list):
        return {"items": {"x-ref": []}} if answer and all(_names(view, one) for one in answer) else {}
    return {"x-ref": []} if isinstance(answer, str) and "-" in answer and answer in view.entries else {}


def _chips(view: View, entry: Entry, data: Mapping[str, Any]) -> list[Html]:
    """Return what is to be seen first: state, priority, service level, major, type, risk, outcome."""
    chips = [view.state_chip(entry), view.priority_chip(entry), clock_chip(view, entry)]
    if meaning.KNOWN_ERROR in view.kind(entry).plays and facts.is_offered(view.book, entry):
        chips.insert(0, workaround_chip(view, entry))
    if view.is_major(entry):
        declared = view.major_stage(entry) == RUNNING
        chips.append(chip("Major incident" if declared else "Major incident proposed", "bad"))
    if meaning.CHANGE in view.kind(entry).plays and isinstance(data.get("type"), str):
        chips.append(
            chip(
                t("{type} change", type=words(data["type"])), "bad" if data["type"] == "emergency" else "none"
            )
        )
    risk = data.get("risk")
    level = risk.get("level") if isinstance(risk, dict) else None
    if level in ("low", "medium", "high"):
        chips.append(chip(t("{level} risk", level=words(level)), level))
    if isinstance(data.get("outcome"), str):
        chips.append(chip(words(data["outcome"]), LOOKS.get(data["outcome"], "none")))
    return chips


# What is planned is asked of what is not done yet.
_PLANNED = ("planned_start", "planned_end")
_TITLES = {"assigned_team": "Team"}


def _is_at_head(view: View, entry: Entry, field: Field) -> bool:
    """Whether a field is shown at the head: whose the record is, what it is about, and when it is planned."""
    if field.name in _PLANNED:
        return view.is_open(entry)
    return field.role == FACT and "x-ref" in field.schema and names_who(view, field)


def _ages(view: View, entry: Entry, data: Mapping[str, Any], at_head: list[Field]) -> Html:
    """Return when an open record is planned, the ages of a record, and whose it is.

    Nothing of it but the ages is among the details again: those follow far below on narrow screens, with the times in
    full. A script says how long ago a time was.
    """
    ended = not view.is_open(entry)
    flow = view.kind(entry).workflow
    state = flow.states.get(entry.state) if flow else None
    times = [
        ("Opened", entry.opened),
        (state.title if ended and state else "State changed", entry.entered),
        ("Last change", "" if ended or entry.updated == entry.entered else entry.updated),
    ]
    ages = [(title, view.age(at)) for title, at in times if at]
    named = [(f.name, _TITLES.get(f.name, f.title), value(view, data[f.name], f.schema)) for f in at_head]
    planned = [(title, shown) for name, title, shown in named if name in _PLANNED]
    about = [(title, shown) for name, title, shown in named if name not in _PLANNED]
    rows = [*planned, *about, *ages]
    parts = join([Html(f"<div><dt>{esc(t(title))}<dd>{shown}</div>") for title, shown in rows if shown])
    return Html(f"<dl class=it-ages>{parts}</dl>") if parts else EMPTY


def _facts(view: View, entry: Entry, data: Mapping[str, Any], used: list[Field]) -> Html:
    rows = [(f.title, value(view, data[f.name], f.schema), False) for f in used if f.role == FACT]
    priority = _derived_priority(view, entry, data)
    if priority:
        rows.insert(0, ("Priority", priority, False))
    if entry.opened:
        rows.append(("Opened", view.time(entry.opened), False))
    if entry.updated and entry.updated != entry.opened:
        rows.append(("Last change", view.time(entry.updated), False))
    return definition_list(rows) if rows else EMPTY


def _derived_priority(view: View, entry: Entry, data: Mapping[str, Any]) -> Html:
    """Return the priority with how it came about."""
    priority = view.priority(entry)
    if priority is None:
        return EMPTY
    title = view.priority_title(priority.name)
    name = esc(f"{priority.name} {title}" if title and title != priority.name else priority.name)
    if priority.overridden:
        how = esc(t("set by hand; see the reason"))
    else:
        how = told(
            "from impact {impact} and urgency {urgency}",
            impact=esc(words(str(data.get("impact"))).lower()),
            urgency=esc(words(str(data.get("urgency"))).lower()),
        )
    return Html(f"{name} <small>{how}</small>")


_CAUSED_BY = "caused_by"
_OFFERED = 10
_OFFERED_TO = {
    meaning.KNOWN_ERROR: {meaning.INCIDENT, meaning.PROBLEM},
    meaning.ARTICLE: {meaning.INCIDENT, meaning.PROBLEM, meaning.REQUEST},
}


def _offered(view: View, entry: Entry, role: str) -> Html:
    """Return the known errors or articles that are about something that a record affects."""
    if not _OFFERED_TO[role] & set(view.kind(entry).plays):
        return EMPTY
    shared = (i for target in facts.affected(entry) for i in view.offers.get(target, ()))
    offered = [i for i in dict.fromkeys(shared) if role in view.kind(view.entries[i]).plays]
    items = "".join(f"<li>{view.link(i)}" for i in offered[:_OFFERED])
    if len(offered) > _OFFERED:
        items += f"<li>{opening([view.link(i) for i in offered[_OFFERED:]])}"
    return Html(f"<ul class=it-list>{items}</ul>") if items else EMPTY
