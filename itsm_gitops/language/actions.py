"""The steps that a document in an editor can take now, each as the edit that `itsm move` would make."""

from __future__ import annotations

from typing import NamedTuple

from itsm_gitops.editing.change import prepare
from itsm_gitops.editing.move import moved
from itsm_gitops.editing.opening import Opened, read_document
from itsm_gitops.editing.steps import Step, next_steps
from itsm_gitops.editing.validation import DocumentRejected, judged
from itsm_gitops.language.session import Session
from itsm_gitops.model.errors import ItsmError


class NextState(NamedTuple):
    """One step: its title, the text afterwards (None where it cannot be taken now), and why not."""

    title: str
    state: str
    text: str | None
    reason: str = ""


class Replacement(NamedTuple):
    """Whole lines that take the place of the lines ``first`` up to ``last`` (excluded, from 0)."""

    first: int
    last: int
    text: str


def next_states(session: Session, path: str, text: str) -> list[NextState]:
    """Return the steps from the present state; none for what cannot be read or has no life cycle."""
    try:
        document = read_document(session.book, path, text.encode())
    except (ItsmError, UnicodeEncodeError):
        return []
    return [_step(session, document, step) for step in next_steps(document.kind, document.data)]


def _step(session: Session, document: Opened, step: Step) -> NextState:
    title = f"{step.title} → {step.state.replace('_', ' ')}"
    if step.needs:
        return NextState(title, step.state, None, f"needs {', '.join(n.field for n in step.needs)}")
    try:
        raw = prepare(document, moved(session.repo, document, step.state)).raw
        judged(session.repo, {document.path: raw}, {document.path: document.raw})
    except DocumentRejected as error:
        return NextState(title, step.state, None, error.findings[0].message)
    except ItsmError as error:
        return NextState(title, step.state, None, error.message)
    return NextState(title, step.state, raw.decode())


def difference(before: str, after: str) -> list[Replacement]:
    """Return the lines that differ between two texts, the last ones first, so that each holds while the others are made."""
    import difflib

    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found = [
        Replacement(a, b, "".join(new[c:d]))
        for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    return found[::-1]
