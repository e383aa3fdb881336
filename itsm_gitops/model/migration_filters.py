"""What a migration does in the filters of reports, views and maps of standards: words inside a line of text.

    incidents state:in_progress contact_method:phone

Where a filter is about other kinds as well, which have the old word too, people have to look at it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from itsm_gitops.model.kinds import GROUPS
from itsm_gitops.model.migration_edits import LEFT, REPLACE, WordEdit, renamed
from itsm_gitops.model.migrations import FIELD, KIND, LINK, STATE, VALUE, BookShape, KindShape, Migration
from itsm_gitops.model.stored_filters import StoredFilter, stored_filters

_STATE = "state"
_ITEMS, _RECORD = ("items", "cis", "cmdb"), "record"
# A text in quotes is no condition; a word before a sign is one, with its values behind it; others are words alone.
_PIECE = re.compile(
    r'"(?:[^"\\]|\\.)*"|(?P<word>[^\W\d](?:[\w.-]*\w)?)(?P<sign>[:=])(?P<values>[^\s()]*)|(?P<alone>[^\s():="]+)'
)


def edits_in_filters(migration: Migration, shape: BookShape, path: str, data: Any) -> Iterator[WordEdit]:
    """Yield what a migration does to the filters and columns of one file."""
    for stored in stored_filters(path, data):
        asked = _asked(stored.text, shape)
        targets = shape.sharing(migration.kind) if migration.sort == STATE else {migration.kind}
        if migration.sort in (FIELD, STATE, VALUE) and not asked.keys() & targets:
            continue
        others = [k for name, k in asked.items() if name not in targets and _may_know(migration, k)]
        # A state is asked for by that word, and by the field that holds it (`lifecycle:production`).
        fields = {
            STATE: {_STATE, *(k.state_field for name, k in asked.items() if name in targets)},
            VALUE: {migration.field},
            KIND: {"kind"},
        }.get(migration.sort, set())
        for pointer, word, fresh in _renamings(migration, stored, fields):
            if others or migration.removed or not fresh:
                yield WordEdit(LEFT, pointer, word)
            else:
                yield WordEdit(REPLACE, pointer, fresh)


def _may_know(migration: Migration, kind: KindShape) -> bool:
    """Whether a kind has the old word too: its fields are known, its words and states are not."""
    field = migration.old if migration.sort == FIELD else migration.field
    if migration.sort in (FIELD, VALUE):
        return field.partition(".")[0] in kind.fields
    return migration.sort == STATE and bool(kind.state_field)


def _asked(text: str, shape: BookShape) -> Mapping[str, KindShape]:
    """Return the kinds that a filter is about by its first words; all records where it names none."""
    found: dict[str, KindShape] = {}
    for word in text.split():
        named = [k for k in shape.kinds.values() if word.lower() in (k.name, k.folder.rpartition("/")[2])]
        if word.lower() in _ITEMS:
            named = [k for k in shape.kinds.values() if k.family != _RECORD]
        if not named and word.lower() not in GROUPS:
            break
        found.update({k.name: k for k in named})
    return found or {name: k for name, k in shape.kinds.items() if k.family == _RECORD}


def _renamings(
    migration: Migration, stored: StoredFilter, fields: Collection[str]
) -> Iterator[tuple[tuple[Any, ...], str, str]]:
    """Yield the places that hold the word as a value of some fields, what stands there, and what it becomes."""
    fresh = _in_text(migration, stored.text, fields)
    if fresh != stored.text:
        yield stored.pointer, stored.text, fresh
    if migration.sort == FIELD:
        for column in stored.columns:
            name = renamed(migration, column.name)
            if name is not None:
                yield column.pointer, column.name, f"{column.order}{name}"


def _in_text(migration: Migration, text: str, fields: Collection[str]) -> str:
    def replaced(piece: re.Match[str]) -> str:
        word, sign, values, alone = piece["word"], piece["sign"], piece["values"], piece["alone"]
        if word is None:
            return _renamed(migration, alone) if alone and migration.sort == KIND else piece[0]
        if migration.sort in (FIELD, LINK):
            return f"{_renamed(migration, word)}{sign}{values}"
        if word not in fields:
            return piece[0]
        return f"{word}{sign}{','.join(_renamed(migration, v) for v in values.split(','))}"

    return _PIECE.sub(replaced, text)


def _renamed(migration: Migration, word: str) -> str:
    found = renamed(migration, word)
    return word if found is None else found
