"""The field history of a document: who changed what from what to what, from Git."""

from __future__ import annotations

import json
from itertools import groupby

from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.presentation.document_history import MOST, Edit
from itsm_gitops.presentation.fields import BELOW, Schema, changed, field_at, value
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, esc, join, value_words, words
from itsm_gitops.presentation.pages.parts import paragraph, section
from itsm_gitops.presentation.view import View


def field_history(view: View, entry: Entry) -> Html:
    """Return a section with the last edits, newest first; nothing where there are none or none are shown."""
    if view.history is None or view.store.root_of(entry.path):
        return EMPTY
    kind = view.kind(entry)
    edits = view.history.of(entry.path)
    commits = [list(same) for _, same in groupby(edits, key=lambda e: e.commit)]
    items = join([_commit(view, kind, some) for some in commits])
    if not items:
        return EMPTY
    note = t(
        "From the commits. New timeline entries are shown above." if kind.is_record else "From the commits."
    )
    more = paragraph(f"{t('The last {count} edits.', count=MOST)} {note}" if len(edits) >= MOST else note)
    body = Html(f"<ol class=it-edits>{items}</ol>{more}")
    return section("Field history", body, "history")


def _commit(view: View, kind: Kind, edits: list[Edit]) -> Html:
    first = edits[0]
    who = view.link(first.person) if first.person in view.entries else esc(first.author)
    rows = join([_edit(view, kind, e) for e in edits])
    return Html(
        f"<li><p class=it-edits__head>{view.time(first.at)}{DOT}{who}{DOT}<code>{esc(first.commit)}</code></p>"
        f"<dl>{rows}</dl></li>"
    )


_NUMBERS = ("integer", "number")


def _edit(view: View, kind: Kind, edit: Edit) -> Html:
    title, schema = field_at(kind, edit.field)
    if edit.field == kind.state_field:
        schema = {"enum": ()}  # a state is a word of the rule book
    return changed(title, *(_value(view, kind, edit.field, v, schema) for v in (edit.old, edit.new)))


def _value(view: View, kind: Kind, field: str, text: str, schema: Schema) -> Html:
    if "enum" in schema:
        return esc(words(text)) if text else EMPTY
    if view.url(text):
        return view.link(text)
    if schema.get("type") in _NUMBERS and text.replace(".", "", 1).isdecimal():
        return value(view, json.loads(text), schema)
    return view.time(text) if clock.parse_time(text) else _in_words(view, kind, field, text)


def _in_words(view: View, kind: Kind, field: str, text: str) -> Html:
    """Return a value with parts, which the history has as JSON, as people write it."""
    if not text.startswith(("{", "[")):
        return esc(value_words(text))
    try:
        found = json.loads(text)
    except ValueError:  # it was cut
        return esc(text)
    if isinstance(found, dict):
        inner = [(field_at(kind, f"{field}.{name}"), part) for name, part in found.items()]
        return join(
            [
                Html(f"{esc(one.title.rpartition(BELOW)[2])}: {_plain(view, part, one.schema)}")
                for one, part in inner
            ],
            ", ",
        )
    return join([_plain(view, part, {}) for part in found], ", ")


def _plain(view: View, part: object, schema: Schema) -> Html:
    """Return a part of a value within a line: words, dates and names as on other pages, the rest unchanged."""
    if schema.get("type") in _NUMBERS:
        return value(view, part, schema)
    if not isinstance(part, str):
        return esc(json.dumps(part, ensure_ascii=False))
    if schema.get("x-text"):
        return esc(part)
    if view.url(part):
        return view.link(part)
    return value(view, part, schema) if schema else esc(value_words(part))
