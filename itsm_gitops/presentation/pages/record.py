"""The page of one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.last_word import words_of
from itsm_gitops.model.major import RUNNING
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import BLOCK, FACT, LOOKS, Field, definition_list, present_fields, value
from itsm_gitops.presentation.language import counted, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, words
from itsm_gitops.presentation.navigation import known_errors_title
from itsm_gitops.presentation.pages import maps
from itsm_gitops.presentation.pages.approval import (
    AskedApprovals,
    approval_summary,
    approvals_asked,
    template_title,
)
from itsm_gitops.presentation.pages.board import meeting_agenda
from itsm_gitops.presentation.pages.decision import decision
from itsm_gitops.presentation.pages.derived import derived_facts
from itsm_gitops.presentation.pages.edits import field_history
from itsm_gitops.presentation.pages.major import record_banner
from itsm_gitops.presentation.pages.origin import origin
from itsm_gitops.presentation.pages.outcome import outcome, workaround
from itsm_gitops.presentation.pages.parts import (
    Crumb,
    heading,
    record_line,
    relations,
    section,
    two_columns,
    unseen,
    workaround_chip,
)
from itsm_gitops.presentation.pages.reading import measure, satisfaction, texts
from itsm_gitops.presentation.pages.record_head import head_facts
from itsm_gitops.presentation.pages.similar import similar_records
from itsm_gitops.presentation.pages.steps import life, timeline, updates
from itsm_gitops.presentation.remainder import opening
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
        _chips(view, entry, data),
        at_head.strip,
        kicker=entry.id,
        of=kind.title,
    )
    used = [f for f in used if f.name not in at_head.shown]
    asked = approvals_asked(view, entry, data)
    caused = _caused(view, entry)
    offered = {role: _offered(view, entry, role) for role in _OFFERED_TO}
    told_of = [ended.section, helped.section, _told(view, entry, data, used, asked, offered)]
    links = [r for r in unseen(view, entry) if r.other not in caused]
    named = {*caused, *(r.other for r in view.network.related(entry.id)), *chain(*offered.values())}
    supposed = EMPTY if meaning.CHANGE in kind.plays else maps.affected_map(view, entry)
    if not view.hit_by.get(entry.id):  # else the impact beside it has that title
        supposed = section("Impact", supposed)
    # Of a problem it is a reason to work on it, of an incident something to look up.
    early, late = (supposed, EMPTY) if meaning.PROBLEM in kind.plays else (EMPTY, supposed)
    main = join([*told_of, early, section("Timeline", timeline(view, kind, data), "timeline")])
    rest = join([similar_records(view, entry, named), late])
    beside = join([derived_facts(view, entry), section("Linked", relations(view, entry.id, links), "links")])
    rows = _facts(view, entry, data, used)
    details = section("Details", definition_list(rows) if rows else EMPTY, "details")
    if not beside and len(rows) < _FEWEST and meaning.MEETING not in kind.plays:  # two facts are no column
        main, details = join([main, details]), EMPTY
    above = join(
        [
            life(view, kind, entry, data),
            record_banner(view, entry, data),
            _notice(view, caused),
            approval_summary(view, asked),
        ]
    )
    below = origin(view, entry, field_history(view, entry))
    stays = not beside and len(rows) <= _MOST_STAYING
    return Html(f"{head}{above}{two_columns(main, join([details, beside]), rest, stays=stays)}{below}")


def _told(
    view: View,
    entry: Entry,
    data: Mapping[str, Any],
    used: list[Field],
    asked: AskedApprovals | None,
    offered: Mapping[str, Sequence[str]],
) -> Html:
    """Return what a record says at length, in the order in which it is read."""
    kind = view.kind(entry)
    decided = decision(view, entry, data, used, asked) if meaning.CHANGE in kind.plays else None
    blocks = {
        f.name: section(f.title, _block(view, data, f), css="it-answers" if f.name == _ANSWERS else "")
        for f in used
        if f.role == BLOCK and f.name != _SATISFACTION and not (decided and f.name in decided.shown)
    }
    looked_back = [n for n in blocks if n in _first_blocks(kind, entry)]
    told_to = "Updates" if meaning.INCIDENT in kind.plays else "Comments"
    return join(
        [
            *(blocks[n] for n in looked_back),
            meeting_agenda(view, entry, data),
            texts(view, kind, data, used),
            _help(view, offered),
            decided.section if decided else EMPTY,
            *(blocks[n] for n in blocks if n not in looked_back),
            section(told_to, updates(view, words_of(data)), "updates"),
        ]
    )


def _caused(view: View, entry: Entry) -> Sequence[str]:
    """Return the incidents that a change caused and that are still open: whoever opens its page has to know of them."""
    if meaning.CHANGE not in view.kind(entry).plays:
        return ()
    link_type = view.book.links.get(_CAUSED_BY)
    others = view.network.others(entry.id, link_type.inverse) if link_type else ()
    near = (view.entries[i] for i in others if i in view.entries)
    still = (e.id for e in near if meaning.INCIDENT in view.kind(e).plays and view.is_open(e))
    return list(still)[:_OFFERED]


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
    return ("review",) if meaning.CHANGE in kind.plays else ()


def _block(view: View, data: Mapping[str, Any], field: Field) -> Html:
    """Return a field with parts of its own; the answers of a request as its offering asked for them."""
    schema, said = field.schema, data[field.name]
    figure = measure(view, said) if field.name == "kpi" else EMPTY
    if figure:
        return figure
    if field.name == _ANSWERS and isinstance(data.get("offering"), str):
        schema = _questions(view, data["offering"], data["answers"]) or schema
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


def _chips(view: View, entry: Entry, data: Mapping[str, Any]) -> list[Html]:
    """Return what is to be seen first: state, priority, major, type, risk, outcome."""
    chips = [view.state_chip(entry), view.priority_chip(entry)]
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
    if isinstance(severity, str) and severity in _SEVERITIES:
        chips.append(chip(_SEVERITIES[severity], severity))
    if isinstance(data.get("outcome"), str):
        chips.append(chip(words(data["outcome"]), LOOKS.get(data["outcome"], "none")))
    return chips


def _facts(
    view: View, entry: Entry, data: Mapping[str, Any], used: list[Field]
) -> list[tuple[str, Html, bool]]:
    """Return the details that are not at the head: plain facts, how the priority came about, and when what happened."""
    priority = view.priority(entry)
    told_above = {"type"} if meaning.CHANGE in view.kind(entry).plays else set()
    told_above |= {"severity"} if data.get("severity") in tuple(_SEVERITIES) else set()
    told_above |= {"impact", "urgency"} if priority and not priority.overridden else set()
    rows = [
        (f.title, _fact(view, data, f), False)
        for f in used
        if (f.role == FACT or f.name == _SATISFACTION) and f.name not in told_above
    ]
    if priority:
        rows.insert(0, ("Priority", _derived_priority(view, entry, data), False))
    is_open = view.is_open(entry)
    times = {"Opened": entry.opened if is_open else "", "State changed": entry.entered if is_open else ""}
    times["Last change"] = entry.updated if entry.updated != entry.entered else ""
    seen = {"", *(() if is_open else (entry.opened,))}
    for title, at in times.items():
        if at not in seen:
            rows.append((title, view.time(at), False))
            seen.add(at)
    return rows


def _fact(view: View, data: Mapping[str, Any], field: Field) -> Html:
    """Return a plain fact; a template by its title."""
    said = data[field.name]
    if field.name == _SATISFACTION:
        return satisfaction(view, said) or value(view, said, field.schema)
    if field.name == "template":
        return esc(template_title(view, data)) or value(view, said, field.schema)
    return value(view, said, field.schema)


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
_SEVERITIES = {"low": "Low severity", "medium": "Medium severity", "high": "High severity"}
_ANSWERS = "answers"  # of a request
_SATISFACTION = "satisfaction"  # two words, among the details
_FEWEST, _MOST_STAYING = 3, 14  # rows of details that are no column, and with which one fits a screen
_OFFERED = 10
_OFFERED_TO = {
    meaning.KNOWN_ERROR: {meaning.INCIDENT, meaning.PROBLEM},
    meaning.ARTICLE: {meaning.INCIDENT, meaning.PROBLEM, meaning.REQUEST},
}


def _offered(view: View, entry: Entry, role: str) -> Sequence[str]:
    """Return the known errors or articles that are about something that a record affects."""
    if not _OFFERED_TO[role] & set(view.kind(entry).plays):
        return ()
    shared = (i for target in facts.affected(entry) for i in view.offers.get(target, ()))
    return [i for i in dict.fromkeys(shared) if role in view.kind(view.entries[i]).plays]


def _help(view: View, offered: Mapping[str, Sequence[str]]) -> Html:
    """Return what may help with a record, under one heading."""
    errors, articles = offered[meaning.KNOWN_ERROR], offered[meaning.ARTICLE]
    if errors and articles:
        return section("Known errors and articles", _links(view, [*errors, *articles]), "known-errors")
    title, anchor = ("Known errors", "known-errors") if errors else ("Articles", "articles")
    return section(title, _links(view, [*errors, *articles]), anchor)


def _links(view: View, offered: Sequence[str]) -> Html:
    items = "".join(f"<li>{record_line(view, i)}" for i in offered[:_OFFERED])
    if len(offered) > _OFFERED:
        items += f"<li>{opening([view.link(i) for i in offered[_OFFERED:]])}"
    return Html(f"<ul class=it-list>{items}</ul>") if items else EMPTY
