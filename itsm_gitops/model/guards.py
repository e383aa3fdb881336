"""Guards of life cycles: what must be so in a state, beside its fields, and when a step may not be made.

`itsm move` asks before a step, `itsm check` of every document in its state; both ask here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from itsm_gitops.model.condition_reader import FORMS, read_condition
from itsm_gitops.model.condition_words import in_words
from itsm_gitops.model.conditions import (
    ALWAYS,
    Always,
    Both,
    Condition,
    InList,
    Linked,
    Present,
    Subject,
    holds,
)
from itsm_gitops.model.findings import Pointer

MUST, WHEN, MESSAGE, HINT, FIELD, EXCEPT, SEVERITY = (
    "must",
    "when",
    "message",
    "hint",
    "field",
    "except",
    "severity",
)
WHILE = "while"
SINCE = "since"
BESIDE = frozenset((WHEN, MESSAGE, HINT, SEVERITY, WHILE, SINCE))
_NAMED_BY = ("name", "title", "id")  # how an entry of a list is called


@dataclass(frozen=True, slots=True)
class Guard:
    """What must be so where ``when`` holds; ``severity`` is empty where a breach is an error.

    Records that were finished before the day ``since`` (``YYYY-MM-DD``) are not asked.
    """

    must: Condition
    when: Condition = ALWAYS
    message: str = ""
    hint: str = ""
    severity: str = ""
    since: str = ""

    @property
    def links(self) -> frozenset[str]:
        """The types of link (or their inverse names) that decide."""
        words = (*self.must.words(), *self.when.words())
        return frozenset(word for sort, word in words if sort == "link")


@dataclass(frozen=True, slots=True)
class StopSign:
    """When no step may be made, but for those to the states in ``besides``."""

    when: Condition
    message: str = ""
    hint: str = ""
    besides: frozenset[str] = frozenset()


class Breach(NamedTuple):
    """A guard that does not hold: in words, with the place in the document; an empty pointer is the state."""

    message: str
    hint: str
    pointer: Pointer = ()
    severity: str = ""


def read_guard(raw: Mapping[str, Any]) -> Guard:
    """Read an entry of ``require`` that is no field."""
    body = {k: v for k, v in raw.items() if k not in BESIDE}
    must = body[MUST] if MUST in body and not FORMS.keys() & body.keys() else body
    return Guard(
        read_condition(must),
        read_condition(raw.get(WHEN)),
        raw.get(MESSAGE, ""),
        raw.get(HINT, ""),
        raw.get(SEVERITY, ""),
        str(raw.get(SINCE, "")),
    )


def asked_of(guards: Iterable[Guard], finished: str) -> list[Guard]:
    """Return the guards that are asked of a record that was finished on a day (``YYYY-MM-DD``; empty: it is not)."""
    return [g for g in guards if not finished or not finished < g.since]


def read_stop(raw: Mapping[str, Any]) -> StopSign:
    """Read an entry of ``refuse``: ``{field: on_hold}`` or ``{when: CONDITION}``."""
    parts: list[Condition] = [Present(raw[FIELD])] if FIELD in raw else []
    if WHEN in raw:
        parts.append(read_condition(raw[WHEN]))
    return StopSign(
        parts[0] if len(parts) == 1 else Both(tuple(parts)),
        raw.get(MESSAGE, ""),
        raw.get(HINT, ""),
        frozenset(raw.get(EXCEPT, ())),
    )


def breaches(guards: Iterable[Guard], subject: Subject, *, unknown: bool = False) -> Iterator[Breach]:
    """Yield what the guards refuse; ``unknown`` is what counts where nobody can know whether a guard holds.

    Where nobody can know whether a guard is for this document (its ``when``), it is not.
    """
    for guard in guards:
        if guard.when.__class__ is Always or holds(guard.when, subject):
            truth = guard.must.truth(subject)
            if truth is False or (truth is None and unknown):
                yield from _breaches(guard, subject)


def _breaches(guard: Guard, subject: Subject) -> Iterator[Breach]:
    """Yield one breach for each entry of a list, or each linked document, that is not as it must be."""
    must, reason = guard.must, ""
    if guard.when.__class__ is not Always:
        reason = f" ({in_words(guard.when)})"
    if isinstance(must, InList) and must.every:
        for index, entry in enumerate(subject.parts(must.path) or ()):
            if must.part.truth(entry) is not True:
                name = next((v for n in _NAMED_BY for v in entry.values(n) or ()), index + 1)
                said = guard.message or f"of {must.path} this must be so: {in_words(must.part)}"
                yield Breach(f"'{name}': {said}", guard.hint, (*must.path.split("."), index), guard.severity)
    elif isinstance(must, Linked) and must.every:
        for name in must.failing(subject):
            said = guard.message or f"this must be so: {in_words(must)}"
            yield Breach(f"{name}: {said}", guard.hint, (), guard.severity)
    else:
        said = guard.message or f"this must be so: {in_words(must)}{reason}"
        yield Breach(said, guard.hint, _place(guard, subject), guard.severity)


def _place(guard: Guard, subject: Subject) -> Pointer:
    """Return the first field that the guard is about and the document has."""
    for condition in (guard.when, guard.must):
        for sort, path in condition.words():
            if sort == "path" and subject.values(path.partition(".")[0]):
                return (path.partition(".")[0],)
    return ()


def stops(stopping: Iterable[StopSign], target: str, subject: Subject) -> Iterator[Breach]:
    """Yield why a step to a state may not be made."""
    for stop in stopping:
        if target not in stop.besides and holds(stop.when, subject):
            fields = [word.partition(".")[0] for sort, word in stop.when.words() if sort == "path"]
            yield Breach(
                stop.message or f"no step may be made while {in_words(stop.when)}",
                stop.hint,
                tuple(fields[:1]),
            )
