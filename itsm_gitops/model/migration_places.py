"""Where the word of a migration stands in a file of the rule book or in a document, and what stands there afterwards.

The places are a table of patterns: keys and positions from the root of the file, ``*`` for any one, ``**`` for any
number of them; a pattern that ends in ``@`` means the key itself. Where a place speaks of several kinds of which only
some are meant, a list gets the new word beside the old one; a single word is left alone, and the caller is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.condition_reader import ALL, AND, ANY, BESIDES, HAVE, IN, LINKED, NOT, OR, TESTS, TO
from itsm_gitops.model.condition_reader import FIELD as FIELD_KEY
from itsm_gitops.model.condition_reader import LINK as LINK_KEY
from itsm_gitops.model.condition_reader import STATE as STATE_KEY
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import GROUPS
from itsm_gitops.model.migrations import FIELD, FOLDER, KIND, LINK, STATE, VALUE, BookShape, Migration

REPLACE, DROP, ADD, LEFT = "replace", "drop", "add", "left"


@dataclass(frozen=True, slots=True)
class WordEdit:
    """What is done at one place: the word (or the key, ``at_key``) is replaced by ``value``, dropped, or joined by it.

    ``left`` is a place that is not touched, because it speaks of other kinds too.
    """

    deed: str
    pointer: Pointer
    value: str = ""
    at_key: bool = False


# Conditions name fields as keys and their values below them, wherever they stand. What they are made of besides is
# of `condition_reader`.
_CONDITIONS = ("when", "unless", "must", "only", "never", "refuse", HAVE)
_STRUCTURE = frozenset((AND, OR, NOT, HAVE, *_CONDITIONS, *TESTS))
_PATHS = (ALL, ANY, FIELD_KEY, BESIDES)  # keys of conditions whose text is a path of fields
_FILES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    STATE: {
        "workflows": (
            "initial",
            "states/@",
            "transitions/*/from/*",
            "transitions/*/to",
            "**/while/*",
            "**/except/*",
            "examples/*/to",
            "**/states/*",
        ),
        "records": ("**/properties/{state}/enum/*", "**/properties/{state}/const"),
        "cmdb": (
            "**/properties/{state}/enum/*",
            "**/properties/{state}/const",
            "**/properties/{state}/default",
        ),
        "templates": ("values/{state}",),
        "imports": ("columns/{state}/map/*", "columns/**/states/*", "timeline/**/map/*", "**/to", "**/state"),
        "policies": (
            "preparation/*",
            "**/through/*",
            "**/content_from",
            "**/plans_from",
            "**/window_from",
            "authorised_states/*",
            "controlled_lifecycles/*",
            "**/state",
            "**/state/*",
            "**/{state}",
            "**/{state}/*",
            "**/states/*",
        ),
        "rules": ("**/{state}", "**/{state}/*"),
    },
    FIELD: {
        "workflows": (
            "states/*/require/*",
            "states/*/require/*/field",
            "immutable/*",
            "editable_when_closed/*",
            "transitions/*/clear/*",
            "transitions/*/require/*",
            "transitions/*/require/*/field",
            "track/*",
            "track/*/field",
            "reason_for/*",
            "state_field",
        ),
        "records": ("allOf/**/required/*", "x-itsm/**", "**/x-due/**/before", "**/x-due/**/after"),
        "cmdb": ("allOf/**/required/*", "x-itsm/**", "**/x-due/**/before", "**/x-due/**/after"),
        "templates": ("values/@", "fixed/*"),
        "imports": ("columns/@",),
        "policies": (
            "**/plans/*/*",
            "**/fields/*",
            "**/withhold/*",
            "**/show/*",
            "free_fields/*",
            "progress_fields/*",
            "progress_fields_of/*/*",
            "**/field",
            "**/manager_of/*",
            "**/owners/*",
        ),
        "rules": ("**/field",),
    },
    KIND: {
        "workflows": ("**/require/**/to/*", "**/refuse/**/to/*", "**/when/**/to/*"),
        "records": (
            "x-itsm/kind",
            "properties/kind/const",
            "properties/kind/enum/*",
            "**/x-ref/to/*",
            "**/x-ref/to",
        ),
        "cmdb": (
            "x-itsm/class",
            "properties/class/const",
            "properties/class/enum/*",
            "**/x-ref/to/*",
            "**/x-ref/to",
            "**/properties/record/enum/*",
        ),
        "common": ("**/x-ref/to/*",),
        "templates": ("kind", "class", "touches/classes/*"),
        "imports": ("kind", "class", "**/ensure", "**/kind"),
        "policies": (
            "links/*/from/*",
            "links/*/to/*",
            "**/kind",
            "**/kind/*",
            "**/kinds/*",
            "**/kinds/@",
            "**/class",
            "**/class/*",
            "**/classes/*",
            "progress_fields_of/@",
            "**/for/*",
            "**/for",
        ),
        "rules": ("for", "for/*", "**/kind", "**/kind/*"),
    },
    LINK: {
        "workflows": ("**/link", "**/linked"),
        "records": ("**/x-ref/relation",),
        "cmdb": ("**/x-ref/relation",),
        "common": ("**/x-ref/relation",),
        "templates": ("values/links/*/type",),
        "imports": ("**/link", "**/relation", "links/**/type"),
        "policies": ("links/@", "**/link", "**/linked", "**/relation"),
        "rules": ("**/link", "**/linked"),
    },
    VALUE: {
        "workflows": (),
        "records": ("{schema}/enum/*", "{schema}/const", "{schema}/default", "{schema}/items/enum/*"),
        "cmdb": ("{schema}/enum/*", "{schema}/const", "{schema}/default", "{schema}/items/enum/*"),
        "templates": ("values/{path}", "values/{path}/*"),
        "imports": ("columns/{field}/map/*", "columns/{field}/value", "columns/{field}/default"),
        "policies": ("categories/@",),
        "rules": (),
    },
}
# Files of policies that speak of the kinds with one role where they name none.
_ABOUT = {
    "approvals.yaml": meaning.CHANGE,
    "change-control.yaml": meaning.CHANGE,
    "change-models.yaml": meaning.CHANGE,
    "risk.yaml": meaning.CHANGE,
}
_EXAMPLES = frozenset(("good", "bad"))  # keys below which documents stand
_TRACKED = ("set", "was")  # keys of timeline entries that say what tracked fields became, and were
# Fields of documents that name kinds, by the role of the class that has them.
_KINDS_NAMED_BY = {meaning.SERVICE_LEVEL: ("targets", "*", "record")}


def edits_of(migration: Migration, shape: BookShape, path: str, data: Any) -> list[WordEdit]:
    """Return what a migration does in one file; ``shape`` is the rule book before it."""
    if not isinstance(data, Mapping):
        return []
    if path.startswith("schemas/"):
        if path.startswith((FOLDER, "schemas/meta/")):
            return []
        return list(_in_book(migration, shape, path, data))
    return list(_in_document(migration, shape, path, data))


# ---------------------------------------------------------------------------------------------- documents


def _in_document(migration: Migration, shape: BookShape, path: str, data: Any) -> Iterator[WordEdit]:
    kind = shape.at(path)
    if kind is not None and migration.new:
        yield from _of_kind(migration, shape, kind.name, data)


def _of_kind(
    migration: Migration, shape: BookShape, name: str, data: Any, above: Pointer = ()
) -> Iterator[WordEdit]:
    """Yield the edits in one document of a kind; ``above`` is where it stands in a file of the rule book."""
    for steps, at_key in _document_places(migration, shape, name):
        for pointer in _expand(data, steps, at_key=at_key):
            if at_key:
                whole = steps[-1] == migration.old  # of a tracked field a timeline says the whole path
                fresh = migration.new if whole else migration.new.rpartition(".")[2]
                yield WordEdit(REPLACE, (*above, *pointer), fresh, at_key=True)
            else:
                word = _get(data, pointer)
                levels = shape.has_levels(migration)
                made = _renamed(migration, word, levels=levels) if isinstance(word, str) else None
                if made is not None:
                    yield WordEdit(REPLACE, (*above, *pointer), made)


def _in_examples(migration: Migration, shape: BookShape, data: Any) -> Iterator[WordEdit]:
    """Yield the edits in the documents that a life cycle or a rule shows as good and as bad."""
    for pointer, document in _shown(data):
        name = document.get("kind", document.get("class"))
        if migration.new and isinstance(name, str) and name in shape.kinds:
            yield from _of_kind(migration, shape, name, document, pointer)


def _shown(
    data: Any, here: Pointer = (), *, inside: bool = False
) -> Iterator[tuple[Pointer, Mapping[str, Any]]]:
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _shown(item, (*here, index), inside=inside)
    elif isinstance(data, Mapping):
        if inside:
            yield here, data
            return
        for key, value in data.items():
            yield from _shown(value, (*here, key), inside=key in _EXAMPLES)


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


def _expand(data: Any, steps: Sequence[str], *, at_key: bool, here: Pointer = ()) -> Iterator[Pointer]:
    """Yield the places that exist; lists on the way, and at the end of a value, stand for their entries."""
    if isinstance(data, list):
        rest = steps[1:] if steps and steps[0] == "*" else steps
        for index, item in enumerate(data):
            yield from _expand(item, rest, at_key=at_key, here=(*here, index))
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
            yield from _expand(data[steps[0]], steps[1:], at_key=at_key, here=below)


def _get(data: Any, pointer: Pointer) -> Any:
    for step in pointer:
        data = data[step]
    return data


# ---------------------------------------------------------------------------------------------- the rule book


def _in_book(migration: Migration, shape: BookShape, path: str, data: Any) -> Iterator[WordEdit]:
    folder = "common" if path == "schemas/common.schema.json" else path.split("/")[1]
    patterns = _FILES[migration.sort].get(folder)
    if patterns is None:
        yield from _mentions(migration, data) if folder == "reports" else ()
        return
    targets = _targets(migration, shape)
    if folder in ("records", "cmdb") and migration.sort in (STATE, FIELD, VALUE):
        about = data.get("x-itsm")
        name = about.get("kind", about.get("class")) if isinstance(about, Mapping) else None
        if name not in targets and not shape.has_levels(migration):
            return
    compiled = [
        tuple(p.split("/")) for p in (*_filled(migration, shape, patterns), *_of_schema(migration, folder))
    ]
    levels = shape.has_levels(migration)
    inside = folder in ("records", "cmdb", "templates")
    if folder in ("workflows", "rules"):
        yield from _in_examples(migration, shape, data)
    for pointer, at_key, word in _words(data):
        if folder in ("workflows", "rules") and not _EXAMPLES.isdisjoint(pointer):
            continue
        if pointer[0] == "categories" and migration.sort == VALUE and not levels:
            continue
        fresh = _renamed(migration, word, levels=levels, inside=inside)
        if fresh is None:
            continue
        if not (_conditional(migration, shape, data, pointer, at_key) or _meant(compiled, pointer, at_key)):
            continue
        yield from _edit(migration, _Place(path, data, pointer, at_key, fresh), shape, targets)


def _mentions(migration: Migration, data: Any) -> Iterator[WordEdit]:
    """Yield the texts that name the word among others (filters of reports): people have to look at them."""
    word = re.compile(rf"(?<![\w-]){re.escape(migration.old)}(?![\w-])")
    for pointer, at_key, text in _words(data):
        if not at_key and word.search(text) and pointer[-1] not in _PROSE:
            yield WordEdit(LEFT, pointer)


_PROSE = frozenset(("title", "lead", "description", "why", "requirement", "text", "audience", "note"))


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    data: Any
    pointer: Pointer
    at_key: bool
    fresh: str


def _edit(
    migration: Migration, place: _Place, shape: BookShape, targets: frozenset[str]
) -> Iterator[WordEdit]:
    pointer, at_key, fresh = place.pointer, place.at_key, place.fresh
    siblings = _get(place.data, pointer[:-1])
    there = fresh in siblings if fresh else False
    if migration.sort in (STATE, FIELD, VALUE) and not shape.has_levels(migration):
        about = _concerns(place, shape, migration)
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


def _targets(migration: Migration, shape: BookShape) -> frozenset[str]:
    if migration.sort == STATE:
        return shape.sharing(migration.kind)
    return frozenset([migration.kind])


def _filled(migration: Migration, shape: BookShape, patterns: Sequence[str]) -> Iterator[str]:
    kind = shape.kinds.get(migration.kind)
    words = {
        "state": kind.state_field if kind and kind.state_field else "state",
        "field": migration.field,
        "path": migration.field.replace(".", "/"),
        "schema": _in_schema(migration.field),
    }
    for pattern in patterns:
        yield pattern.format(**words)


def _in_schema(field: str) -> str:
    """Return where a schema describes a dotted field; a list on the way may stand between."""
    return "properties/" + "/**/properties/".join(field.split("."))


def _of_schema(migration: Migration, folder: str) -> Iterator[str]:
    """Yield the places in a schema (or a template) that name the field of a migration as a key, or as required."""
    *above, last = migration.old.split(".")
    if migration.sort == FIELD and folder == "templates" and above:
        yield "/".join(("values", *above, f"@{last}"))
    if migration.sort != FIELD or folder not in ("records", "cmdb"):
        return
    begin = f"{_in_schema('.'.join(above))}/**/" if above else ""
    yield f"{begin}properties/@{last}"
    yield f"{begin}required/*"
    if not above:
        yield f"allOf/**/properties/@{last}"


def _words(data: Any, here: Pointer = ()) -> Iterator[tuple[Pointer, bool, str]]:
    """Yield every key and every word of text, with its place."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield (*here, key), True, key
            yield from _words(value, (*here, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _words(item, (*here, index))
    elif isinstance(data, str):
        yield here, False, data


def _renamed(migration: Migration, word: str, *, levels: bool = False, inside: bool = False) -> str | None:
    """Return what a word is afterwards; None where it is another one.

    Fields may go on behind a dot, and words of a vocabulary (``levels``) behind a slash. ``inside`` a structure a
    dotted field has its last name only.
    """
    if word == migration.old:
        return migration.new
    if migration.sort == FIELD and migration.new and word.startswith(f"{migration.old}."):
        return migration.new + word[len(migration.old) :]
    if (
        migration.sort == FIELD
        and inside
        and "." in migration.old
        and word == migration.old.rpartition(".")[2]
    ):
        return migration.new.rpartition(".")[2]
    if (
        levels and migration.new
    ):  # capitals make no difference in the tree of categories, and stay as they are
        size = len(migration.old)
        part, rest = word[:size], word[size:]
        if part.lower() == migration.old.lower() and rest[:1] in ("", "/"):
            capital = part != migration.old and part == migration.old.capitalize()
            return (migration.new.capitalize() if capital else migration.new) + rest
    return None


def _conditional(migration: Migration, shape: BookShape, data: Any, pointer: Pointer, at_key: bool) -> bool:
    """Whether a place is in a condition and means the word there."""
    words = [str(p) for p in pointer]
    begins = [i for i, w in enumerate(words[:-1]) if w in _CONDITIONS]
    sort = migration.sort
    if (
        not at_key
        and words[-1] in _PATHS
        and words[0] in ("require", "refuse", "states", "transitions", "must", "when")
    ):
        return sort == FIELD
    if at_key:
        return sort == FIELD and bool(begins) and words[-1] not in _STRUCTURE
    named = [w for p, w in zip(pointer, words, strict=True) if isinstance(p, str) and w not in _STRUCTURE]
    field = named[-1] if named else ""
    part = _get(data, pointer[: _last_key(pointer)])
    if isinstance(part, Mapping) and (LINK_KEY in part or LINKED in part):
        return sort == STATE and field == STATE_KEY  # of the documents at the other end
    if isinstance(part, Mapping) and IN in part and sort == VALUE:
        return migration.field in (part.get(ALL), part.get(ANY))
    if not begins:
        return False
    if sort == VALUE:
        return field in (shape.vocabularies if shape.has_levels(migration) else (migration.field,))
    if sort == STATE:
        kinds = (shape.kinds[k] for k in shape.sharing(migration.kind) if k in shape.kinds)
        return field in {STATE_KEY, *(k.state_field for k in kinds)}
    return sort == KIND and field in ("kind", "class")


def _last_key(pointer: Pointer) -> int:
    return max((i for i, p in enumerate(pointer) if isinstance(p, str)), default=0)


def _meant(patterns: Sequence[tuple[str, ...]], pointer: Pointer, at_key: bool) -> bool:
    return any(_matches(p, tuple(map(str, pointer)), at_key) for p in patterns)


def _matches(pattern: Sequence[str], words: Sequence[str], at_key: bool) -> bool:
    if not pattern or not words:
        return not pattern and not words
    head = pattern[0]
    if head == "**":
        return _matches(pattern[1:], words, at_key) or _matches(pattern, words[1:], at_key)
    if len(pattern) == 1:
        if head.startswith("@"):
            return at_key and len(words) == 1 and head[1:] in ("", words[0])
        return not at_key and len(words) == 1 and head in ("*", words[0])
    return head in ("*", words[0]) and _matches(pattern[1:], words[1:], at_key)


def _concerns(place: _Place, shape: BookShape, migration: Migration) -> frozenset[str]:
    """Return the kinds that a place of the rule book speaks of, as far as they know the word."""
    path, data, pointer = place.path, place.data, place.pointer
    folder = path.split("/")[1]
    part = _get(data, pointer[: _last_key(pointer)])
    if isinstance(part, Mapping) and (LINK_KEY in part or LINKED in part):
        told = part.get(TO)
        of_others = migration.sort == STATE and pointer[_last_key(pointer)] == STATE_KEY
        if of_others:  # without `to`, documents of any kind are at the other end
            return _expanded([told] if isinstance(told, str) else list(told or ["any"]), shape)
    if folder == "workflows":
        name = data.get("workflow")
        return frozenset(k.name for k in shape.kinds.values() if k.life_cycle == name)
    if folder in ("records", "cmdb"):
        return _targets(migration, shape)
    if folder in ("templates", "imports"):
        return _expanded([str(data.get("kind", data.get("class", "")))], shape)
    named = _named_kinds(data, pointer)
    if named:
        return _expanded(named, shape)
    role = _ABOUT.get(path.rpartition("/")[2])
    if role is not None:
        return frozenset(k.name for k in shape.kinds.values() if role in k.plays)
    if migration.sort == STATE:
        return shape.sharing(migration.kind)
    field = (migration.old if migration.sort == FIELD else migration.field).split(".")[0]
    return frozenset(k.name for k in shape.kinds.values() if field in k.fields)


def _named_kinds(data: Any, pointer: Pointer) -> list[str]:
    """Return the kinds that the nearest part of a policy around a place names; none for all."""
    parts = [(pointer[:i], _get(data, pointer[:i])) for i in range(len(pointer))]
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


def _expanded(names: Sequence[str], shape: BookShape) -> frozenset[str]:
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
