"""What surrounds a place in a file of the rule book: a condition or not, and the kinds it speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.condition_reader import ALL, AND, ANY, BESIDES, HAVE, IN, LINKED, NOT, OR, TESTS, TO
from itsm_gitops.model.condition_reader import FIELD as FIELD_KEY
from itsm_gitops.model.condition_reader import LINK as LINK_KEY
from itsm_gitops.model.condition_reader import STATE as STATE_KEY
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import GROUPS
from itsm_gitops.model.migration_edits import TRACKED_PATHS, value_at
from itsm_gitops.model.migrations import FIELD, KIND, STATE, VALUE, BookShape, Migration

# Conditions name fields as keys and their values below them, wherever they stand. What they are made of besides is
# of `condition_reader`.
_CONDITIONS = ("when", "unless", "must", "only", "never", "refuse", HAVE)
_STRUCTURE = frozenset((AND, OR, NOT, HAVE, *_CONDITIONS, *TESTS))
_REACHED = f"timeline.{STATE_KEY}"  # a state that a document has been in
_PATHS = (ALL, ANY, FIELD_KEY, BESIDES)  # keys of conditions whose text is a path of fields
_WITH_CONDITIONS = ("require", "refuse", "states", "transitions", "must", "when")  # first keys of files
# Files of policies that speak of the kinds with one role where they name none.
_ROLE_OF_POLICY = {
    "approvals.yaml": meaning.CHANGE,
    "change-control.yaml": meaning.CHANGE,
    "change-models.yaml": meaning.CHANGE,
    "risk.yaml": meaning.CHANGE,
}


@dataclass(frozen=True, slots=True)
class BookPlace:
    """A place in a file of the rule book where the word of a migration stands; ``fresh`` is what it becomes."""

    path: str
    data: Any
    pointer: Pointer
    at_key: bool
    fresh: str


def in_condition(place: BookPlace, shape: BookShape, migration: Migration) -> bool:
    """Whether a place is in a condition and means the word there."""
    pointer, at_key = place.pointer, place.at_key
    words = [str(p) for p in pointer]
    begins = [i for i, w in enumerate(words[:-1]) if w in _CONDITIONS]
    sort = migration.sort
    if not at_key and words[-1] in _PATHS and words[0] in _WITH_CONDITIONS:
        return sort == FIELD
    if at_key:
        return sort == FIELD and bool(begins) and words[-1] not in _STRUCTURE
    named = [w for p, w in zip(pointer, words, strict=True) if isinstance(p, str) and w not in _STRUCTURE]
    field = named[-1] if named else ""
    part = value_at(place.data, pointer[: _last_key(pointer)])
    if isinstance(part, Mapping) and (LINK_KEY in part or LINKED in part):
        return sort == STATE and field == STATE_KEY  # of the documents at the other end
    if isinstance(part, Mapping) and IN in part and sort == VALUE:
        return migration.field in (part.get(ALL), part.get(ANY))
    if not begins:
        return False
    if sort == VALUE:
        list_of = entries_of(place.data, pointer)
        field = f"{list_of}.{field}" if list_of else field
        for lead in TRACKED_PATHS:
            field = field.removeprefix(lead)
        return field in (shape.vocabularies if shape.has_levels(migration) else (migration.field,))
    if sort == STATE:
        kinds = (shape.kinds[k] for k in shape.sharing(migration.kind) if k in shape.kinds)
        return field in {STATE_KEY, _REACHED, *(k.state_field for k in kinds)}
    return sort == KIND and field in ("kind", "class")


def entries_of(place_data: Any, pointer: Pointer) -> str:
    """Return the path of the list whose entries a condition is about (`all: tasks` with `have`); empty for none."""
    part = _part_with_have(place_data, pointer)
    path = part.get(ALL, part.get(ANY)) if part else None
    return path if isinstance(path, str) else ""


def _part_with_have(data: Any, pointer: Pointer) -> Mapping[str, Any]:
    """Return the innermost part of a condition with the place inside its `have`; empty where there is no such part."""
    for index in reversed(range(len(pointer))):
        if pointer[index] == HAVE and isinstance(part := value_at(data, pointer[:index]), Mapping):
            return part
    return {}


def _at_other_end(part: Mapping[str, Any], shape: BookShape) -> frozenset[str]:
    """Return the kinds at the other end of the link in a part of a condition."""
    told = part.get(TO, ())
    named = [told] if isinstance(told, str) else [str(name) for name in told]
    return _group_members(named or shape.ends.get(str(part.get(LINK_KEY, part.get(LINKED))), ("any",)), shape)


def target_kinds(migration: Migration, shape: BookShape) -> frozenset[str]:
    """Return the kinds whose word is renamed: all that share a life cycle for a state."""
    if migration.sort == STATE:
        return shape.sharing(migration.kind)
    return frozenset([migration.kind])


def kinds_concerned(place: BookPlace, shape: BookShape, migration: Migration) -> frozenset[str]:
    """Return the kinds that a place of the rule book speaks of, as far as they know the word."""
    path, data, pointer = place.path, place.data, place.pointer
    folder = path.split("/")[1]
    part = value_at(data, pointer[: _last_key(pointer)])
    of_others = migration.sort == STATE and pointer[_last_key(pointer)] == STATE_KEY
    if of_others and isinstance(part, Mapping) and (LINK_KEY in part or LINKED in part):
        return _at_other_end(part, shape)
    having = _part_with_have(data, pointer)
    if LINK_KEY in having or LINKED in having:
        return _at_other_end(having, shape)
    if folder == "workflows":
        name = data.get("workflow")
        return frozenset(k.name for k in shape.kinds.values() if name in (k.life_cycle, *k.inner))
    if folder in ("records", "cmdb"):
        return target_kinds(migration, shape)
    if folder in ("templates", "imports"):
        return _group_members([str(data.get("kind", data.get("class", "")))], shape)
    named = _named_kinds(data, pointer)
    if named:
        return _group_members(named, shape)
    role = _ROLE_OF_POLICY.get(path.rpartition("/")[2])
    if role is not None:
        return frozenset(k.name for k in shape.kinds.values() if role in k.plays)
    if migration.sort == STATE:
        return shape.sharing(migration.kind)
    field = (migration.old if migration.sort == FIELD else migration.field).split(".")[0]
    return frozenset(k.name for k in shape.kinds.values() if field in k.fields)


def _named_kinds(data: Any, pointer: Pointer) -> list[str]:
    """Return the kinds that the nearest part of a policy around a place names; none for all."""
    parts = [(pointer[:i], value_at(data, pointer[:i])) for i in range(len(pointer))]
    for above, part in reversed(parts):
        if above and above[-2:-1] in (("kinds",), ("progress_fields_of",)):
            return [str(above[-1])]
        if isinstance(part, Mapping):
            for key in ("kind", "for", "kinds"):
                inner = part.get("when")
                for source in (part, inner if isinstance(inner, Mapping) else {}):
                    value = source.get(key)
                    if isinstance(value, str):
                        return [value]
                    if isinstance(value, list) and all(isinstance(v, str) for v in value):
                        return list(value)
    return []


def _group_members(names: Iterable[str], shape: BookShape) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        if name in GROUPS:
            records = name in ("record", "any")
            items = name != "record"
            found |= {
                k.name
                for k in shape.kinds.values()
                if (k.family == "record" and records) or (k.family != "record" and items)
            }
        else:
            found.add(name)
    return frozenset(found)


def _last_key(pointer: Pointer) -> int:
    """Return the index of the last key of a place; what follows are positions in lists."""
    return max((i for i, p in enumerate(pointer) if isinstance(p, str)), default=0)
