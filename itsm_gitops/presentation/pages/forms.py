"""Forms that become records: a request on an offering's page, a report of an incident, a change.

The site has no server. The script of the page makes the text of the record from the answers; people
copy or download it, open it as a new file on their forge, or run the command that says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.categories import CATEGORIES, CLOSING, CategoryTree
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.presentation import prose, questions, situation, urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, esc, join, link, words
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import Crumb, heading
from itsm_gitops.presentation.pages.plan import freeze_list
from itsm_gitops.presentation.questions import Choice, Question
from itsm_gitops.presentation.remainder import and_more
from itsm_gitops.presentation.view import View

# A page with more names than this would be slow to open; handles are typed then, and not checked.
MOST_NAMES = 500
_MOST_ILL = 4  # services of one status that are named above the form

_PEOPLE, _ITEMS, _CATEGORIES = "it-people", "it-items", "it-categories"
_HANDLES = ("requested_by", "requested_for", "reported_by")
_HANDLE = "Type a part of the name of a person or a team."
# Where a form says something else than the schema, which speaks to those who know the files.
_ASKED = {
    "title": ("", "This is the line people see in lists."),
    "impact": ("Who is affected?", ""),
    "urgency": ("", ""),
    "category": ("", "Type a word and choose one from the list."),
    "requested_by": ("", _HANDLE),
    "reported_by": ("", _HANDLE),
    "requested_for": ("Who gets it?", "Only if it is for somebody else. Type a part of the name."),
    "location": ("Where does it happen?", ""),
    "cis": ("Which configuration items?", "Type a part of the name and choose one."),
    "type": ("", "Standard changes follow an approved template; emergency changes cannot wait."),
    "impact_statement": ("Impact", "Who notices what, during the change and if it fails?"),
    "implementation_plan": ("Steps", "Who does what, and how is success recognised?"),
    "test_plan": ("Tests", "How was it tested, and how is it checked afterwards?"),
    "backout_plan": (
        "Back-out plan",
        "How do you go back, until when is that possible, and how long does it take?",
    ),
    "planned_start": ("", ""),
    "planned_end": ("", "Including the time to back out."),
}
# What each answer means, where the word alone leaves that open.
_MEANING = {
    "impact": {"high": "Many people, or a critical service", "medium": "Some people", "low": "One person"},
    "urgency": {"high": "Now", "medium": "Today or tomorrow", "low": "It can wait"},
}
_BY_ROLE = {
    (meaning.REQUEST, "description"): ("Anything else?", "Whatever the questions above did not ask."),
    (meaning.INCIDENT, "description"): (
        "What do you see?",
        "Error messages, when it began, steps to repeat it.",
    ),
    (meaning.CHANGE, "description"): ("What will be different afterwards?", ""),
    (meaning.CHANGE, "title"): ("What will change?", "The title of the change, as people see it in lists."),
}

_FOR_WHOM, _REQUEST = ("requested_by", "requested_for"), ("description", "title")
_REPORT = ("title", "description", "service", "impact", "urgency", "location", "reported_by", "category")
_LOOKED_AT = _REPORT[:3]  # the line, what is seen, the service


class _Part(NamedTuple):
    """Questions below one heading; of an ``optional`` part none must be answered, a ``folded`` one is opened on demand.

    ``may`` says of an optional part until when its questions can stay open.
    """

    title: str
    fields: tuple[str, ...]
    optional: bool = False
    folded: bool = False
    may: str = "optional"


_CHANGE = (
    _Part("What and why", ("title", "type", "justification", "requested_by")),
    _Part(
        "Where and when",
        ("service", "cis", "planned_start", "planned_end"),
        optional=True,
        may="needed before approval",
    ),
    _Part(
        "How it is done, checked and undone",
        ("description", "impact_statement", "implementation_plan", "test_plan", "backout_plan"),
        optional=True,
        folded=True,
    ),
)


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
    whom = [_field(view, kind, name) for name in _FOR_WHOM if name in kind.fields]
    *rest, title = (_field(view, kind, name) for name in _REQUEST if name in kind.fields)
    # It is answered already, so it comes last.
    title = replace(title, title=t("Title of the request"), value=offering.title)
    fixed = {"offering": offering.id, "origin": "portal"}
    command = f"itsm new {kind.name} --offering {offering.id}"
    asked = [*whom, *form_questions, *rest, title]
    return _form(view, kind, [(_Part("", ()), asked)], fixed, t("Make the request"), command)


def pages(view: View) -> Iterator[ListPage]:
    """Yield the pages that report an incident and file a change, where the rule book has these kinds."""
    for role, url, title, lead, shape, section, button in (
        (
            meaning.INCIDENT,
            urls.REPORT,
            "Report an incident",
            "Something is broken or slow.",
            (_Part("", _REPORT),),
            urls.RECORDS,
            "Make the report",
        ),
        (
            meaning.CHANGE,
            urls.NEW_CHANGE,
            "Plan a change",
            "Say what is to change, why and when.",
            _CHANGE,
            urls.CHANGES,
            "Make the change record",
        ),
    ):
        kind = view.book.player(role)
        if kind is None or not view.audience.forms:
            continue
        fixed = {"origin": "portal"} if "origin" in kind.fields else {}
        if role == meaning.INCIDENT and (unclear := _unclear_category(view)):
            fixed["category"] = unclear
        asked = [f for f in kind.fields if f not in fixed]
        parts = [(p, [_field(view, kind, f) for f in p.fields if f in asked]) for p in shape]
        way = [Crumb(section, "Changes")] if section == urls.CHANGES else []
        beside = _known(view) if role == meaning.INCIDENT else _freezes(view)
        body = _form(view, kind, parts, fixed, t(button), f"itsm new {kind.name}", beside)
        about = Html(f"{esc(t(lead))}{_not_working(view) if role == meaning.INCIDENT else EMPTY}")
        yield ListPage(url, t(title), section, Html(f"{heading(way, t(title), lead=about)}{body}"))


def _unclear_category(view: View) -> str:
    """Return the category of what is not clear yet, which reporters need not judge: one that nothing is closed with; '' for none."""
    tree = CategoryTree(view.book.policy(CATEGORIES))
    return next((str(name) for name in tree.names if tree.say(str(name), CLOSING) is False), "")


def _not_working(view: View) -> Html:
    """Return the services that are not well, by status: these need not be reported again; nothing where all are well."""
    groups: dict[str, list[Html]] = {}
    for entry in situation.services_of(view):
        if not situation.is_well(view, entry.id):
            groups.setdefault(view.health[entry.id].status, []).append(view.link(entry.id))
    rows = []
    for status, services in groups.items():
        more = len(services) - _MOST_ILL
        rest = [link(urls.HOME, esc(and_more(more)))] if more > 0 else []
        said = join([*services[:_MOST_ILL], *rest], DOT)
        rows.append(Html(f"<b>{esc(words(status))}:</b> {said}"))
    asked = esc(t("Is it one of these?"))
    return Html(f"<p class=it-ill-now>{asked} {join(rows, '<br>')}") if rows else EMPTY


def _freezes(view: View) -> Html:
    """Return the freezes ahead, beside the form of a change: a script marks those in which its window lies."""
    shown = freeze_list(view, short=True)
    if not shown:
        return EMPTY
    said = t("Your window lies in this freeze.")
    return Html(
        f'<aside class=it-beside data-said="{esc(said)}"><h2>{esc(t("Freezes ahead"))}</h2>{shown}</aside>'
    )


def _form(
    view: View,
    kind: Kind,
    parts: Sequence[tuple[_Part, Sequence[Question]]],
    fixed: Mapping[str, str],
    button: str,
    command: str,
    beside: Html = EMPTY,
) -> Html:
    lists = dict.fromkeys(q.names for _, asked in parts for q in asked if q.names)
    place = min(1, len(parts) - 1)  # of several parts, the one with the window of a change
    parts = [(part, [replace(q, zone=str(view.zone)) for q in asked]) for part, asked in parts]
    shown = [_part(part, asked, beside if n == place else EMPTY) for n, (part, asked) in enumerate(parts)]
    return Html(
        f'<form class="it-form" autocomplete="off" novalidate data-record="{questions.data(_record(view, kind, fixed))}">'
        f"{join(shown)}{join([_names(view, name) for name in lists])}"
        f'<p class="it-form__next">{esc(t("You can read the record before you send it."))}</p>'
        f'<p><button type="submit" class="md-button md-button--primary" disabled>{esc(button)}</button></p>'
        '<p class="it-form__said" role="status"></p>'
        f"<noscript><p>{esc(t('The form needs JavaScript. Without it, from a clone of the repository:'))}</p>"
        f'<pre class="it-cmd"><code>{esc(command)}</code></pre></noscript>{_made()}</form>'
    )


def _part(part: _Part, asked: Sequence[Question], beside: Html) -> Html:
    """Return the questions of a part below its heading, with what stands beside them."""
    said = [questions.render(replace(q, quiet=part.optional)) for q in asked]
    if not part.title:
        # Below the last answer that it looks at: what is typed into must not move.
        last = max((i for i, q in enumerate(asked) if q.path in _LOOKED_AT), default=-1)
        return join([*said[: last + 1], beside, *said[last + 1 :]])
    body = join([*said, beside])
    may = f' <span class="it-q__may">({esc(t(part.may))})</span>' if part.optional else ""
    title = f"{esc(t(part.title))}{may}"
    if part.folded:
        return Html(f"<details class=it-form__fold><summary>{title}</summary>{body}</details>")
    return Html(f"<h2 class=it-form__part>{title}</h2>{body}")


_MOST_KNOWN = 300


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
    texts = next((_BY_ROLE[r, name] for r in kind.plays if (r, name) in _BY_ROLE), _ASKED.get(name))
    question = questions.of_field(kind, name)
    if texts:
        question = replace(
            question,
            title=t(texts[0]) if texts[0] else question.title,
            help=t(texts[1]) if texts[1] else "",
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
    if name == "planned_end":
        return replace(question, after="planned_start")
    if name in _HANDLES and len(_people(view)) <= MOST_NAMES:
        return replace(question, names=_PEOPLE, known=view.config.directory == "closed")
    if name in _MEANING:
        hints = _MEANING[name]
        # What people can judge is the answer, not the word of the rule book.
        said = (c._replace(label=t(hints[c.value])) if c.value in hints else c for c in question.choices)
        return replace(question, choices=tuple(said), at_once=True)
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
