"""The page of one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.last_word import words_of
from itsm_gitops.model.major import RUNNING
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import BLOCK, LOOKS, Field, definition_list, present_fields, value
from itsm_gitops.presentation.language import counted, t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, words
from itsm_gitops.presentation.navigation import known_errors_title
from itsm_gitops.presentation.pages import maps
from itsm_gitops.presentation.pages.approval import AskedApprovals, approvals_asked
from itsm_gitops.presentation.pages.approval_box import approval_box
from itsm_gitops.presentation.pages.board import meeting_agenda
from itsm_gitops.presentation.pages.columns import columns
from itsm_gitops.presentation.pages.decision import decision
from itsm_gitops.presentation.pages.derived import derived_facts
from itsm_gitops.presentation.pages.edits import field_history
from itsm_gitops.presentation.pages.major import record_banner
from itsm_gitops.presentation.pages.offers import MOST_OFFERED, help_section, offered_to
from itsm_gitops.presentation.pages.origin import origin
from itsm_gitops.presentation.pages.outcome import Outcome, outcome, workaround
from itsm_gitops.presentation.pages.parts import (
    Crumb,
    heading,
    record_line,
    relations,
    section,
    unseen,
    workaround_chip,
)
from itsm_gitops.presentation.pages.reading import measure, texts
from itsm_gitops.presentation.pages.record_details import SATISFACTION, SEVERITIES, record_details
from itsm_gitops.presentation.pages.record_head import head_facts
from itsm_gitops.presentation.pages.similar import similar_records
from itsm_gitops.presentation.pages.steps import life, timeline, updates
from itsm_gitops.presentation.view import View


def record_page(view: View, entry: Entry, data: Mapping[str, Any], fields: tuple[Field, ...]) -> Html:
    """Return the article of a record; ``data`` is its document, ``fields`` those of its kind."""
    kind = view.kind(entry)
    present = present_fields(fields, data)
    ended, helped = outcome(view, entry, data, present), workaround(view, entry, data, present)
    used = [f for f in present if f.name not in ended.shown | helped.shown]
    at_head = head_facts(view, entry, data, used)
    head = heading(
        _way(view, kind),
        entry.title or entry.id,
        _chips(view, entry, data, ended.shown),
        at_head.strip,
        kicker=entry.id,
        of=kind.title,
    )
    used = [f for f in used if f.name not in at_head.shown]
    asked = approvals_asked(view, entry, data)
    caused = _caused(view, entry)
    above = [
        life(view, kind, entry, data),
        record_banner(view, entry, data),
        _notice(view, caused),
        approval_box(view, asked),
    ]
    body = _columns(view, entry, data, used, _told(view, entry, data, used, asked), caused, [ended, helped])
    below = origin(view, entry, field_history(view, entry))
    return Html(f"{head}{join(above)}{body}{below}")


def _columns(
    view: View,
    entry: Entry,
    data: Mapping[str, Any],
    used: Sequence[Field],
    told_of: Told,
    caused: Sequence[str],
    first: Sequence[Outcome],
) -> Html:
    """Return what a record says at length, and beside it its details and what is linked to it.

    On a narrow screen these come before what is looked up: the timeline, similar records. The risk of a change and its
    approvals are read, and come before them.
    """
    kind = view.kind(entry)
    main = join([*(one.section for one in first), told_of.first])
    supposed = EMPTY if meaning.CHANGE in kind.plays else maps.affected_map(view, entry)
    supposed = section(maps.TITLE, supposed)
    # Of a problem it is a reason to work on it, of an incident something to look up.
    early, late = (supposed, EMPTY) if meaning.PROBLEM in kind.plays else (EMPTY, supposed)
    events = section("Timeline", timeline(view, kind, data), "timeline")
    rest = join([told_of.later, early, events, late])
    related = view.network.related(entry.id)
    links = [r for r in unseen(view, entry) if r.other not in {*caused, *told_of.offered}]
    named = {*caused, *told_of.offered, *(r.other for r in related)}
    beside = join([derived_facts(view, entry), section("Linked", relations(view, entry.id, links), "links")])
    rows = record_details(view, entry, data, used, has_timeline=bool(events))
    details = section("Details", definition_list(rows) if rows else EMPTY, "details")
    if not (told_of.beside or beside) and (len(rows) < _FEWEST or not main):  # two facts are no column
        main, details = join([main, details]), EMPTY
    return columns(main, join([told_of.beside, details, beside]), rest, similar_records(view, entry, named))


class Told(NamedTuple):
    """What a record says at length: what is read first, what later, what stands beside it, and the records it names."""

    first: Html
    later: Html
    beside: Html
    offered: frozenset[str]


def _told(
    view: View, entry: Entry, data: Mapping[str, Any], used: Sequence[Field], asked: AskedApprovals | None
) -> Told:
    """Return what a record says at length, in the order in which it is read."""
    kind = view.kind(entry)
    decided = decision(view, entry, data, used, asked) if meaning.CHANGE in kind.plays else None
    blocks = {
        f.name: section(f.title, _block(view, data, f), css="it-answers")
        for f in used
        if f.role == BLOCK and f.name != SATISFACTION and not (decided and f.name in decided.shown)
    }
    looked_back = [n for n in blocks if n in _first_blocks(kind, entry)]
    others = join([blocks[n] for n in blocks if n not in looked_back])
    word = "Updates" if meaning.INCIDENT in kind.plays else "Comments"
    said = section(word, updates(view, words_of(data)), "updates")
    agenda = meeting_agenda(view, entry, data)
    offered = _offered_beside(view, entry)
    first = [
        *(blocks[n] for n in looked_back),
        agenda.section,
        texts(view, kind, data, used, decided.planned if decided else ()),
        help_section(view, offered),
    ]
    later = {meaning.CHANGE, meaning.INCIDENT} & set(kind.plays)  # which have the longest of these
    named = frozenset(chain(*offered.values()))
    if later:
        risk = decided.sections if decided else EMPTY
        now, then = (said, EMPTY) if view.is_open(entry) else (EMPTY, said)
        return Told(join([*first, risk, now]), join([others, then]), agenda.beside, named)
    return Told(join([*first, others, said]), EMPTY, agenda.beside, named)


def _offered_beside(view: View, entry: Entry) -> Mapping[str, Sequence[str]]:
    """Return what may help with a record; of a problem only what is not linked to it: its own known error is no help."""
    offered = offered_to(view, entry)
    if meaning.PROBLEM not in view.kind(entry).plays:
        return offered
    linked = {r.other for r in view.network.related(entry.id)}
    return {role: [i for i in found if i not in linked] for role, found in offered.items()}


def _caused(view: View, entry: Entry) -> Sequence[str]:
    """Return the incidents that a change caused and that are still open: whoever opens its page has to know of them."""
    if meaning.CHANGE not in view.kind(entry).plays:
        return ()
    link_type = view.book.links.get(_CAUSED_BY)
    others = view.network.others(entry.id, link_type.inverse) if link_type else ()
    near = (view.entries[i] for i in others if i in view.entries)
    still = (e.id for e in near if meaning.INCIDENT in view.kind(e).plays and view.is_open(e))
    return list(still)[:MOST_OFFERED]


def _notice(view: View, caused: Sequence[str]) -> Html:
    if not caused:
        return EMPTY
    items = join([Html(f"<li>{record_line(view, i)}") for i in caused])
    said = counted(len(caused), "This change caused an open incident", "This change caused open incidents")
    return Html(
        f'<div class="it-notice it-notice--degraded"><p><strong>{esc(said)}</strong></p><ul>{items}</ul></div>'
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
    return (_REVIEW,) if meaning.CHANGE in kind.plays else ()


def _block(view: View, data: Mapping[str, Any], field: Field) -> Html:
    """Return a field with parts of its own; the answers of a request as its offering asked for them."""
    schema, said = field.schema, data[field.name]
    figure = measure(view, said) if field.name == "kpi" else EMPTY
    if figure:
        return figure
    if field.name == _ANSWERS and isinstance(data.get("offering"), str):
        schema = _questions(view, data["offering"], data["answers"]) or schema
    if field.name == _REVIEW and isinstance(said, dict):
        elsewhere = [text for text in data.values() if isinstance(text, str)]
        said = {name: text for name, text in said.items() if text not in elsewhere} or said
    return value(view, said, schema)


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


def _chips(view: View, entry: Entry, data: Mapping[str, Any], below: frozenset[str]) -> list[Html]:
    """Return what is to be seen first: state, priority, major, type, risk; the outcome, where nothing ``below`` says it."""
    flow, ended = view.kind(entry).workflow, isinstance(data.get("outcome"), str)
    # A state that a record has from the beginning tells less than how it ended.
    is_fact = ended and flow is not None and len(flow.states) == 1
    chips = [EMPTY if is_fact else view.state_chip(entry), view.priority_chip(entry)]
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
    severity = data.get("severity")
    if isinstance(severity, str) and severity in SEVERITIES:
        chips.append(chip(SEVERITIES[severity], severity))
    if ended and (is_fact or "outcome" not in below):
        chips.append(chip(words(data["outcome"]), LOOKS.get(data["outcome"], "none")))
    return chips


_CAUSED_BY = "caused_by"
_ANSWERS = "answers"  # of a request
_REVIEW = "review"
_FEWEST = 3  # rows of details that are no column
