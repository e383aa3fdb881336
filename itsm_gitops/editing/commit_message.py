"""What a commit of `itsm sync` says: what happened to each document, in the words of its timeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.model.additions import fresh
from itsm_gitops.model.diff import same
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.text import shorten
from itsm_gitops.model.timeline import STATE, changes_in_words, entries_of

Data = Mapping[str, Any]
_SUBJECT_MAX = 72
_TIMELINE = "timeline"


class EditedDocument(NamedTuple):
    """A document before (None: new) and after (None: deleted) what is committed."""

    id: str
    kind: Kind | None
    before: Data | None
    after: Data | None


def message(documents: Sequence[EditedDocument]) -> str:
    """Return the message: one line for one document, else a line for each below a first one."""
    lines = [f"{d.id}: {'; '.join(dict.fromkeys(_said(d)))}" for d in documents]
    if len(lines) == 1:
        return (
            lines[0] if len(lines[0]) <= _SUBJECT_MAX else f"{shorten(lines[0], _SUBJECT_MAX)}\n\n{lines[0]}"
        )
    names = [d.id for d in documents]
    subject = shorten(f"{len(names)} documents: {', '.join(names)}", _SUBJECT_MAX)
    return "\n".join([subject, "", *lines])


def _said(document: EditedDocument) -> Iterator[str]:
    before, after, kind = document.before, document.after, document.kind
    if after is None:
        yield "deleted"
        return
    if before is None:
        yield f"new {kind.title.lower() if kind else 'document'}, {after.get(kind.label if kind else 'title', '')}"
        return
    told = set[str]()
    new = entries_of(after.get(_TIMELINE))
    for index in fresh(entries_of(before.get(_TIMELINE)), new):
        entry = new[index]
        if STATE in entry:
            yield f"{entry[STATE]}"
            told.add(kind.state_field if kind else STATE)
        yield from (name for name in ("note", "comment") if name in entry)
        yield from (" ".join(words.split()) for words in changes_in_words(entry))
        told |= {n.partition(".")[0] for part in ("set", "was") for n in entry.get(part, {})}
    names = [n for n in (*after, *(k for k in before if k not in after)) if n not in told | {_TIMELINE}]
    edited = [n.replace("_", " ") for n in names if not same(before.get(n), after.get(n))]
    if edited:
        yield ", ".join(edited)
