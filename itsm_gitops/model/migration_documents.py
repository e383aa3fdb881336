"""The edits of a migration in documents: in records, in configuration items, and in examples of the rule book."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.migration_edits import ADD, LEFT, REPLACE, WordEdit, renamed, value_at
from itsm_gitops.model.migrations import FIELD, KIND, LINK, STATE, VALUE, BookShape, Migration

_EXAMPLES = frozenset(("good", "bad"))  # keys below which documents stand
_TRACKED = ("set", "was")  # keys of timeline entries that say what tracked fields became, and were
# Where a service level names states, and the reasons that they have, by what is renamed.
_PAUSES = {
    STATE: (("pause_states", "*"), ("pauses", "*", "state")),
    VALUE: (("pauses", "*", "reasons", "*"),),
}
# Fields of documents that name kinds, by the role of the class that has them.
_KINDS_NAMED_BY = {meaning.SERVICE_LEVEL: ("targets", "*", "record")}


def edits_in_document(migration: Migration, shape: BookShape, path: str, data: Any) -> Iterator[WordEdit]:
    """Yield the edits in one record or configuration item."""
    kind = shape.at(path)
    if kind is not None and migration.new:
        yield from _edits_of_kind(migration, shape, kind.name, data)
        if meaning.SERVICE_LEVEL in kind.plays:
            yield from _edits_of_pauses(migration, shape, data)


def _edits_of_pauses(migration: Migration, shape: BookShape, data: Any) -> Iterator[WordEdit]:
    """Yield the edits of the states and reasons in which the clocks of a service level stand still.

    They are those of the kinds of record about which it promises something; where it speaks of other kinds too, the
    old word stays beside the new one.
    """
    about = {str(value_at(data, p)) for p in _existing(data, ("targets", "*", "record"), at_key=False)}
    named = set(shape.sharing(migration.kind)) if migration.sort == STATE else {migration.kind}
    if not about & named:
        return
    for steps in _PAUSES.get(migration.sort, ()):
        for pointer in _existing(data, steps, at_key=False):
            if value_at(data, pointer) != migration.old:
                continue
            if about <= named:
                yield WordEdit(REPLACE, pointer, migration.new)
            elif steps[-1] != "*":
                yield WordEdit(LEFT, pointer)
            elif migration.new not in value_at(data, pointer[:-1]):
                yield WordEdit(ADD, pointer[:-1], migration.new)


def edits_in_examples(migration: Migration, shape: BookShape, data: Any) -> Iterator[WordEdit]:
    """Yield the edits in the documents that a life cycle or a rule shows as good and as bad."""
    for pointer, document in _examples(data):
        name = document.get("kind", document.get("class"))
        if migration.new and isinstance(name, str) and name in shape.kinds:
            yield from _edits_of_kind(migration, shape, name, document, pointer)


def is_in_example(pointer: Pointer) -> bool:
    """Whether a place of a life cycle or a rule is in a document that it shows."""
    return not _EXAMPLES.isdisjoint(pointer)


def _edits_of_kind(
    migration: Migration, shape: BookShape, name: str, data: Any, above: Pointer = ()
) -> Iterator[WordEdit]:
    """Yield the edits in one document of a kind; ``above`` is where it stands in a file of the rule book."""
    for steps, at_key in _document_places(migration, shape, name):
        for pointer in _existing(data, steps, at_key=at_key):
            if at_key:
                whole = steps[-1] == migration.old  # of a tracked field a timeline says the whole path
                fresh = migration.new if whole else migration.new.rpartition(".")[2]
                yield WordEdit(REPLACE, (*above, *pointer), fresh, at_key=True)
            else:
                word = value_at(data, pointer)
                levels = shape.has_levels(migration)
                made = renamed(migration, word, levels=levels) if isinstance(word, str) else None
                if made is not None:
                    yield WordEdit(REPLACE, (*above, *pointer), made)


def _examples(
    data: Any, here: Pointer = (), *, inside: bool = False
) -> Iterator[tuple[Pointer, Mapping[str, Any]]]:
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _examples(item, (*here, index), inside=inside)
    elif isinstance(data, Mapping):
        if inside:
            yield here, data
            return
        for key, value in data.items():
            yield from _examples(value, (*here, key), inside=key in _EXAMPLES)


def _document_places(
    migration: Migration, shape: BookShape, name: str
) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the places of one kind's documents where the word may stand: as keys and ``*``."""
    kind = shape.kinds[name]
    sort = migration.sort
    if sort == STATE and name in shape.sharing(migration.kind):
        yield (kind.state_field,), False
        if kind.state_field == "state" or kind.family == "record":
            yield ("timeline", "*", "state"), False
    elif sort == FIELD and name == migration.kind:
        yield tuple(migration.old.split(".")), True
        for key in _TRACKED:
            yield ("timeline", "*", key, migration.old), True
    elif sort == KIND:
        if name == migration.old:
            yield (kind.own_key,), False
        for role, steps in _KINDS_NAMED_BY.items():
            if role in kind.plays:
                yield steps, False
    elif sort == LINK:
        yield ("links", "*", "type"), False
    elif sort == VALUE:
        yield from _value_places(migration, shape, name)


def _value_places(
    migration: Migration, shape: BookShape, name: str
) -> Iterator[tuple[tuple[str, ...], bool]]:
    if shape.has_levels(migration):  # there is one tree of categories for all of them
        fields = sorted(shape.kinds[name].vocabularies)
    else:
        fields = [migration.field] if name == migration.kind else []
    for field in fields:
        yield tuple(field.split(".")), False
        for key in _TRACKED:
            yield ("timeline", "*", key, field), False


def _existing(data: Any, steps: Sequence[str], *, at_key: bool, here: Pointer = ()) -> Iterator[Pointer]:
    """Yield the places that exist; lists on the way, and at the end of a value, stand for their entries."""
    if isinstance(data, list):
        rest = steps[1:] if steps and steps[0] == "*" else steps
        for index, item in enumerate(data):
            yield from _existing(item, rest, at_key=at_key, here=(*here, index))
        return
    if not steps:
        if not at_key:
            yield here
        return
    if isinstance(data, Mapping) and steps[0] in data:
        below = (*here, steps[0])
        if at_key and len(steps) == 1:
            yield below
        else:
            yield from _existing(data[steps[0]], steps[1:], at_key=at_key, here=below)
