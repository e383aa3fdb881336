"""The places in files of the rule book where words of each sort stand: a table of patterns.

A pattern has the keys and positions from the root of the file, with slashes between them: ``*`` for any one, ``**``
for any number of them. One that ends in ``@`` means the key itself, whichever it is, and ``@NAME`` the key NAME.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.migrations import FIELD, KIND, LINK, STATE, VALUE, BookShape, Migration

# By sort of word and folder of the rule book; names in braces stand for words of the migration (`_with_words_of`).
_PATTERNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
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
        "records": (
            "allOf/**/required/*",
            "x-itsm/**",
            "**/x-due/**/latest_of/*",
            "**/x-due/**/before",
            "**/x-due/**/after",
            "**/x-time/after",
            "**/x-time/after/*",
        ),
        "cmdb": (
            "allOf/**/required/*",
            "x-itsm/**",
            "**/x-due/**/latest_of/*",
            "**/x-due/**/before",
            "**/x-due/**/after",
            "**/x-time/after",
            "**/x-time/after/*",
        ),
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
            "rules/*/values/@",
            "rules/*/dates/@",
            "**/field",
            "**/manager_of/*",
            "**/owners/*",
        ),
        "rules": ("**/field",),
    },
    KIND: {
        "workflows": tuple(
            f"**/{part}/**/to{end}" for part in ("require", "refuse", "when") for end in ("", "/*")
        ),
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
        "rules": ("for", "for/*", "**/kind", "**/kind/*", "**/to", "**/to/*"),
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
        "policies": ("categories/@", "rules/*/values/{path}", "rules/*/values/{path}/*"),
        "rules": (),
    },
}


def has_patterns(sort: str, folder: str) -> bool:
    """Whether words of a sort stand at known places in a folder of the rule book."""
    return folder in _PATTERNS[sort]


def patterns_in(
    folder: str, migration: Migration, shape: BookShape, flow: object = None
) -> list[tuple[str, ...]]:
    """Return the patterns of the places where the word of a migration stands in a folder of the rule book.

    ``flow`` is the life cycle that the file describes: one within a document has values of a field as its states.
    """
    sort = STATE if folder == "workflows" and shape.is_inner(flow, migration) else migration.sort
    table = _with_words_of(migration, shape, _PATTERNS[sort][folder])
    return [tuple(p.split("/")) for p in (*table, *_naming_the_field(migration, folder))]


def _with_words_of(migration: Migration, shape: BookShape, patterns: Sequence[str]) -> Iterator[str]:
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


def _naming_the_field(migration: Migration, folder: str) -> Iterator[str]:
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


def matches_any(patterns: Sequence[tuple[str, ...]], pointer: Pointer, at_key: bool) -> bool:
    """Whether one of some patterns means a place."""
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
