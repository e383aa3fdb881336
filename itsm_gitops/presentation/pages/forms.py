"""Forms that become records: a request on an offering's page, a report of an incident, a change.

The site has no server. The script of the page makes the text of the record from the answers; people
copy or download it, open it as a new file on their forge, or run the command that says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.presentation import prose, questions, situation, urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import Crumb, heading
from itsm_gitops.presentation.questions import Choice, Question
from itsm_gitops.presentation.view import View

# A page with more names than this would be slow to open; handles are typed then, and not checked.
MOST_NAMES = 500

_PEOPLE, _ITEMS, _CATEGORIES = "it-people", "it-items", "it-categories"
_HANDLES = ("requested_by", "requested_for", "reported_by")
_HANDLE = "Type a part of the name of a person or a team."
_ITEM_LINES = "Find them by name; one per line."
# Where a form says something else than the schema, which speaks to those who know the files.
_ASKED = {
    "title": ("", "This is the line people see in lists."),
    "impact": ("", "High: many users or a critical service. Medium: some users. Low: one person."),
    "urgency": ("", "High: now. Medium: today or tomorrow. Low: it can wait."),
    "category": ("", "Type a word and choose one from the list."),
    "requested_by": ("", _HANDLE),
    "reported_by": ("", _HANDLE),
    "requested_for": ("Who gets it?", "Only if it is for somebody else. Type a part of the name."),
    "location": ("Where does it happen?", ""),
    "cis": ("Which configuration items?", _ITEM_LINES),
    "type": ("", "Standard changes follow an approved template; emergency changes cannot wait."),
    "impact_statement": ("Who notices what?", "During the change, and if it fails."),
    "planned_start": ("", "In the time zone of your device."),
    "planned_end": ("", "Including the time to back out, in the time zone of your device."),
}
_DESCRIBED = {
    meaning.REQUEST: ("Anything else?", "Whatever the questions above did not ask."),
    meaning.INCIDENT: ("What do you see?", "Error messages, when it began, steps to repeat it."),
    meaning.CHANGE: ("What will be different afterwards?", ""),
}

_REQUEST = ("title", "requested_by", "requested_for", "description")
_REPORT = ("title", "service", "category", "description", "impact", "urgency", "location", "reported_by")
_CHANGE = (
    "title", "type", "service", "cis", "justification", "description", "impact_statement",
    "implementation_plan", "test_plan", "backout_plan", "planned_start", "planned_end", "requested_by",
)  # fmt: skip
# A long form has parts: the first question of each, and its heading.
_PARTS = {
    meaning.CHANGE: {
        "title": "What and why",
        "impact_statement": "How it is done, checked and undone",
        "planned_start": "When and for whom",
    }
}


def _made() -> str:
    """Return the place where a script shows the record that the answers make."""
    return (
        '<section class="it-made" hidden tabindex="-1" aria-labelledby="it-made-title">'
        f'<h3 id="it-made-title">{esc(t("Your record"))} <span data-part="id"></span></h3>'
        f"<p>{esc(t('Nothing has been sent yet. The record exists once this file is in the repository:'))}</p>"
        '<pre data-part="path" tabindex="0"></pre>'
        '<p class="it-made__ways"><a class="md-button" data-part="open" hidden></a>'
        '<a class="md-button" data-part="issue" hidden></a>'
        f'<button type="button" class="md-button" data-part="copy">{esc(t("Copy the record"))}</button>'
        f'<button type="button" class="md-button" data-part="download">{esc(t("Download the file"))}</button></p>'
        '<p class="it-muted" data-part="advice" hidden></p>'
        '<p data-part="said" role="status"></p>'
        f'<pre data-part="text" tabindex="0" aria-label="{esc(t("The record as YAML"))}"></pre>'
        f"<p>{esc(t('Or in a clone of the repository, where it gets a number of its own:'))}</p>"
        f'<pre data-part="command" tabindex="0" aria-label="{esc(t("The same as a command"))}"></pre>'
        '<p class="it-made__ways">'
        f'<button type="button" class="md-button" data-part="copy-command">{esc(t("Copy the command"))}</button></p></section>'
    )


def request_form(view: View, offering: Entry, form: Any) -> Html:
    """Return the form that orders an offering, nothing where it cannot be ordered."""
    kind = view.book.player(meaning.REQUEST)
    form_questions = questions.of_form(form)
    if (
        not view.audience.forms
        or kind is None
        or not form_questions
        or not facts.is_offered(view.book, offering)
    ):
        return EMPTY
    title, *rest = (_field(view, kind, name) for name in _REQUEST if name in kind.fields)
    # It is answered already, so it comes last.
    title = replace(title, title=t("Title of the request"), value=offering.title)
    fixed = {"offering": offering.id, "origin": "portal"}
    command = f"itsm new {kind.name} --offering {offering.id}"
    return _form(view, kind, [*form_questions, *rest, title], fixed, t("Make the request"), command)


def pages(view: View) -> Iterator[ListPage]:
    """Yield the pages that report an incident and file a change, where the rule book has these kinds."""
    for role, url, title, lead, fields, section in (
        (
            meaning.INCIDENT,
            urls.REPORT,
            "Report an incident",
            "Something is broken or slow.",
            _REPORT,
            urls.RECORDS,
        ),
        (
            meaning.CHANGE,
            urls.NEW_CHANGE,
            "Plan a change",
            "Say what is to change, why and when.",
            _CHANGE,
            urls.CHANGES,
        ),
    ):
        kind = view.book.player(role)
        if kind is None or not view.audience.forms:
            continue
        form_questions = [_field(view, kind, f) for f in fields if f in kind.fields]
        fixed = {"origin": "portal"} if "origin" in kind.fields else {}
        way = [Crumb(section, "Changes" if section == urls.CHANGES else "Records")]
        known = _known(view) if role == meaning.INCIDENT else EMPTY
        command = f"itsm new {kind.name}"
        parts = _PARTS.get(role, {})
        body = _form(view, kind, form_questions, fixed, t("Make the record"), command, known, parts)
        about = Html(f"{esc(t(lead))}{_not_working(view) if role == meaning.INCIDENT else EMPTY}")
        yield ListPage(url, t(title), section, Html(f"{heading(way, t(title), lead=about)}{body}"))


def _not_working(view: View) -> Html:
    """Return the way to the services that are not well, which need not be reported again; nothing where all are."""
    if all(situation.is_well(view, e.id) for e in situation.services_of(view)):
        return EMPTY
    return Html(f"<p class=it-next>{link(urls.HOME, esc(t('What is not working now')))}")


def _form(
    view: View,
    kind: Kind,
    form_questions: Sequence[Question],
    fixed: Mapping[str, str],
    button: str,
    command: str,
    known: Html = EMPTY,
    parts: Mapping[str, str] = MappingProxyType({}),
) -> Html:
    lists = [_names(view, name) for name in dict.fromkeys(q.names for q in form_questions if q.names)]
    # Below the last answer that it looks at: what is typed into must not move.
    last = max((i for i, q in enumerate(form_questions) if q.path in _LOOKED_AT), default=-1)
    asked = [Html(f"{_part(parts.get(q.path, ''))}{questions.render(q)}") for q in form_questions]
    return Html(
        f'<form class="it-form" autocomplete="off" novalidate data-record="{questions.data(_record(view, kind, fixed))}">'
        f"{join(asked[: last + 1])}{known}{join(asked[last + 1 :])}{join(lists)}"
        f'<p class="it-form__next">{esc(t("Nothing is sent yet: you see the record first."))}</p>'
        f'<p><button type="submit" class="md-button md-button--primary" disabled>{esc(button)}</button></p>'
        '<p class="it-form__said" role="status"></p>'
        f"<noscript><p>{esc(t('The form needs JavaScript. Without it, from a clone of the repository:'))}</p>"
        f'<pre class="it-cmd"><code>{esc(command)}</code></pre></noscript>{_made()}</form>'
    )


def _part(title: str) -> Html:
    """Return the heading of a part of a form, nothing where none begins."""
    return Html(f"<h2 class=it-form__part>{esc(t(title))}</h2>") if title else EMPTY


_MOST_KNOWN = 300
_LOOKED_AT = (*_REPORT[:2], _REPORT[3])  # the line, the service, what is seen


def _known(view: View) -> Html:
    """Return what may be the same fault: open incidents and known errors, shown while somebody types what they see."""
    incidents = view.open_of_role(meaning.INCIDENT)
    errors = [e for e in view.of_role(meaning.KNOWN_ERROR) if facts.is_offered(view.book, e)]
    found = sorted([*incidents, *errors], key=lambda e: (e.updated, e.id), reverse=True)[:_MOST_KNOWN]
    rows = [
        {
            "url": view.url(e.id),
            "title": e.title,
            "label": view.kind(e).title,
            "service": e.columns.get("service", ""),
            "more": prose.plain(str(e.columns.get("symptom") or "")),
        }
        for e in found
    ]
    return Html(
        f'<section class="it-known" hidden data-known="{questions.data(rows)}">'
        f"<h2>{esc(t('Is it one of these?'))}</h2><p>{esc(t('These are known already. You need not report them again.'))}</p><ul></ul></section>"
    )


def _record(view: View, kind: Kind, fixed: Mapping[str, str]) -> dict[str, Any]:
    """Return what the script has to know of a kind to write a record of it."""
    place = view.config.repository
    return {
        "kind": kind.name,
        "prefix": kind.prefix,
        "folder": kind.folder,
        "keys": list(kind.keys),
        "state": kind.workflow.initial if kind.workflow else "",
        "by": next((h for h in _HANDLES if h in kind.required), ""),
        "fixed": dict(fixed),
        "forge": place._asdict() if place.url else None,
    }


def _field(view: View, kind: Kind, name: str) -> Question:
    """Return the question for a field, with what the snapshot knows of possible answers."""
    texts = (
        next((_DESCRIBED[r] for r in kind.plays if r in _DESCRIBED), None)
        if name == "description"
        else _ASKED.get(name)
    )
    question = questions.of_field(kind, name)
    if texts:
        question = replace(
            question, title=t(texts[0]) if texts[0] else question.title, help=t(texts[1]) if texts[1] else ""
        )
    if name == "service":
        running = [e for e in view.of_role(meaning.SERVICE) if not facts.is_inactive(view.kind(e), e.columns)]
        ordered = sorted(running, key=lambda e: (e.title.lower(), e.id))
        return replace(
            question,
            title=t("Which service?"),
            help="",
            choices=tuple(Choice(e.id, e.title or e.id) for e in ordered),
        )
    if name == "cis":
        return replace(question, names=_ITEMS, known=True)
    if name == "category":
        return replace(question, names=_CATEGORIES)
    if name in _HANDLES and len(_people(view)) <= MOST_NAMES:
        return replace(question, names=_PEOPLE, known=view.config.directory == "closed")
    return replace(question, value="normal") if name == "type" else question


def _people(view: View) -> list[Entry]:
    return [*view.of_role(meaning.PERSON), *view.of_role(meaning.TEAM)]


def _names(view: View, name: str) -> Html:
    if name == _PEOPLE:
        return questions.names(name, [(e.id, e.title) for e in _people(view)])
    if name == _CATEGORIES:
        categories = {str(e.columns.get("category") or "") for e in view.of_role(meaning.INCIDENT)} - {""}
        return questions.names(name, [(c, "") for c in sorted(categories)[:MOST_NAMES]])
    items = [e for k in view.book.kinds.values() if k.operational for e in view.of_kind(k.name)]
    return questions.names(name, [(e.id, e.title) for e in items])
