"""The section of similar records on a record's page, with their resolution."""

from __future__ import annotations

from collections.abc import Collection

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.text import one_paragraph
from itsm_gitops.presentation import prose
from itsm_gitops.presentation.language import t, within
from itsm_gitops.presentation.markup import EMPTY, Html, esc, link, shorten, words
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.view import View

_LONGEST = 240  # letters of an answer; a longer one is on its record's page


def similar_records(view: View, entry: Entry, told: Collection[str]) -> Html:
    """Return a section with up to five similar records, the most similar first; nothing where none is.

    What the page names anyway (``told``) is not among them.
    """
    entries = [view.entries[a.id] for a in view.similar.of(entry) if a.id not in told]
    items = "".join(f"<li>{_line(view, e)}{_hint(view, e)}" for e in entries)
    return section("Similar records", Html(f"<ul class=it-alike>{items}</ul>") if items else EMPTY, "similar")


def _line(view: View, entry: Entry) -> str:
    """Return a record in two lines: its title; its number, its state and when it was opened."""
    title = link(view.url(entry.id), esc(shorten(entry.title or entry.id, 160)))
    opened = f" {view.time(entry.opened)}" if entry.opened else ""
    return f"<p>{title}<p><b>{esc(entry.id)}</b> {view.state_chip(entry)}{opened}"


def _hint(view: View, entry: Entry) -> Html:
    """Say how a record was resolved or worked around; a text that is long or has steps stands on the record's own page only."""
    label, text = _answer(view, entry)
    if not label:
        return EMPTY
    more = f" {esc(text)}" if text else ""
    return Html(f"<p><b>{esc(t(label))}</b>{more}")


def _answer(view: View, entry: Entry) -> tuple[str, str]:
    plays = view.kind(entry).plays
    if meaning.KNOWN_ERROR in plays:
        workaround = _text(entry, "workaround")
        if not facts.is_offered(view.book, entry):
            return "", ""
        return ("Workaround:" if workaround else "It has a workaround."), workaround
    if view.is_open(entry):
        return "", ""
    if meaning.CHANGE in plays:
        outcome = _code(entry, "outcome")
        return (t("Outcome: {outcome}.", outcome=within(words(outcome))), "") if outcome else ("", "")
    code = _code(entry, "resolution_code")
    notes = _text(entry, "resolution_notes") or _text(entry, "resolution")
    if not notes:  # the state beside it says as much
        return "", ""
    return (t("Resolved: {how}.", how=within(words(code))) if code else "Resolved like this:"), notes


def _code(entry: Entry, field: str) -> str:
    """Return a name of the rule book that a field of an entry has; Markdown is read in no name."""
    value = entry.columns.get(field)
    return value if isinstance(value, str) else ""


def _text(entry: Entry, field: str) -> str:
    """Return a field of an entry as one line, empty where it is long or more than a paragraph of prose."""
    value = entry.columns.get(field)
    return prose.plain(one_paragraph(value, _LONGEST)) if isinstance(value, str) else ""
