"""The edits of a migration in one file, be it of the rule book or a document.

`migration_patterns` lists the places of words in files of the rule book. Where only some of the kinds that share a place
are concerned, a list gets the new word beside the old one; a single word is left alone and reported to the caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.migration_context import (
    BookPlace,
    entries_of,
    in_condition,
    kinds_concerned,
    target_kinds,
)
from itsm_gitops.model.migration_documents import edits_in_document, edits_in_examples, is_in_example
from itsm_gitops.model.migration_edits import ADD, DROP, LEFT, REPLACE, WordEdit, renamed, value_at
from itsm_gitops.model.migration_filters import edits_in_filters
from itsm_gitops.model.migration_patterns import has_patterns, matches_any, patterns_in
from itsm_gitops.model.migrations import FIELD, FOLDER, STATE, VALUE, BookShape, Migration


def edits_of(migration: Migration, shape: BookShape, path: str, data: Any) -> list[WordEdit]:
    """Return what a migration does in one file; ``shape`` is the rule book before it."""
    if not isinstance(data, Mapping):
        return []
    if path.startswith("schemas/"):
        if path.startswith((FOLDER, "schemas/meta/")):
            return []
        return list(_edits_in_book(migration, shape, path, data))
    return list(edits_in_document(migration, shape, path, data))


def _edits_in_book(migration: Migration, shape: BookShape, path: str, data: Any) -> Iterator[WordEdit]:
    folder = "common" if path == "schemas/common.schema.json" else path.split("/")[1]
    yield from edits_in_filters(migration, shape, path, data)
    if not has_patterns(migration.sort, folder):
        return
    if folder in ("records", "cmdb") and migration.sort in (STATE, FIELD, VALUE):
        about = data.get("x-itsm")
        name = about.get("kind", about.get("class")) if isinstance(about, Mapping) else None
        if name not in target_kinds(migration, shape) and not shape.has_levels(migration):
            return
    patterns = patterns_in(folder, migration, shape, data.get("workflow"))
    levels = shape.has_levels(migration)
    inside = folder in ("records", "cmdb", "templates")
    # The states of a life cycle within a document are words of their own; its conditions ask for the document's.
    inner = migration.sort == STATE and any(data.get("workflow") in k.inner for k in shape.kinds.values())
    if folder in ("workflows", "rules"):
        yield from edits_in_examples(migration, shape, data)
    for pointer, at_key, word in _keys_and_texts(data):
        if folder in ("workflows", "rules") and is_in_example(pointer):
            continue
        if pointer[0] == "categories" and migration.sort == VALUE and not levels:
            continue
        within = inside or _names_an_entry(migration, data, pointer, at_key)
        fresh = renamed(migration, word, levels=levels, inside=within)
        if fresh is None:
            continue
        place = BookPlace(path, data, pointer, at_key, fresh)
        if in_condition(place, shape, migration) or (not inner and matches_any(patterns, pointer, at_key)):
            yield from _edits_at(place, shape, migration)


def _names_an_entry(migration: Migration, data: Any, pointer: Pointer, at_key: bool) -> bool:
    """Whether a key stands in a condition on the entries of the list that holds the field of a migration."""
    above = migration.old.rpartition(".")[0]
    return at_key and migration.sort == FIELD and bool(above) and entries_of(data, pointer) == above


def _edits_at(place: BookPlace, shape: BookShape, migration: Migration) -> Iterator[WordEdit]:
    """Yield what is done at a place that means the word."""
    pointer, at_key, fresh = place.pointer, place.at_key, place.fresh
    siblings = value_at(place.data, pointer[:-1])
    there = fresh in siblings if fresh else False
    if migration.sort in (STATE, FIELD, VALUE) and not shape.has_levels(migration):
        targets, about = target_kinds(migration, shape), kinds_concerned(place, shape, migration)
        if not about & targets:
            return
        if about - targets:  # others still need the old word
            if isinstance(siblings, list) and fresh and not there:
                yield WordEdit(ADD, pointer[:-1], fresh)
            elif not isinstance(siblings, list) and not there:
                yield WordEdit(LEFT, pointer, fresh, at_key)
            return
    if not migration.removed:
        yield WordEdit(REPLACE, pointer, fresh, at_key)
        return
    if at_key or isinstance(siblings, list):
        deed = DROP if at_key or there or not fresh else REPLACE
        yield WordEdit(deed, pointer, fresh, at_key)
    elif pointer[0] == "transitions" and len(pointer) == 3:
        yield WordEdit(DROP, pointer[:2])  # a step to a state that is no more
    elif fresh:
        yield WordEdit(REPLACE, pointer, fresh)
    else:
        yield WordEdit(LEFT, pointer)


def _keys_and_texts(data: Any, here: Pointer = ()) -> Iterator[tuple[Pointer, bool, str]]:
    """Yield every key and every word of text, with its place."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield (*here, key), True, key
            yield from _keys_and_texts(value, (*here, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _keys_and_texts(item, (*here, index))
    elif isinstance(data, str):
        yield here, False, data
