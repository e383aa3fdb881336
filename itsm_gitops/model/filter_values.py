"""What a field of a document may hold by the rule book alone: choices, categories, dates, the standing of a clock.

A filter that asks such a field for anything else can find nothing, be it typed or kept in a file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from itsm_gitops.model import moments
from itsm_gitops.model.categories import CATEGORIES, CategoryTree, has_categories
from itsm_gitops.model.errors import UsageError, did_you_mean
from itsm_gitops.model.filter_language import FilterTerm, FilterValue
from itsm_gitops.model.filter_words import ANY, NONE
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.levels import levels
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.tokens import fold

TIMES = ("date-time", "date")  # formats of fields that hold a time
_OBJECT = "object"


def schemas_of(kinds: Sequence[Kind], word: str) -> dict[str, Mapping[str, Any]]:
    """Return what one value at a place of each kind is, by kind; those without such a place are left out."""
    first, *rest = word.split(".")
    return {k.name: s for k in kinds if (s := _schema(k, first, rest)) is not None}


def _schema(kind: Kind, first: str, rest: Sequence[str]) -> Mapping[str, Any] | None:
    """Return what one value at a place of a kind is; empty where the schema leaves that open, None for no such place."""
    schema: Any = kind.fields.get(first)
    if schema is None:
        return None
    for step in rest:
        schema = element(schema)
        properties = schema.get("properties", {})
        if step in properties:
            schema = properties[step]
        elif schema.get("additionalProperties", True) is False:
            return None
        else:
            free = schema.get("additionalProperties")
            schema = free if isinstance(free, dict) else {}
    return element(schema)


def element(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a field holds: for a list, what its entries are."""
    items = schema.get("items")
    return items if isinstance(items, dict) else schema


def choices_of(schemas: Collection[Mapping[str, Any]]) -> list[str]:
    """Return the choices of some fields, in lower case."""
    return [str(o).lower() for s in schemas for o in s.get("enum", ())]


def value_fault(
    schemas: Collection[Mapping[str, Any]], term: FilterTerm, value: FilterValue
) -> UsageError | None:
    """Return what is wrong with a value that is none of the choices of a field, or asks a group of fields for one."""
    if not schemas or value.operator or is_special(value):
        return None
    options = choices_of(schemas)
    if all("enum" in s for s in schemas) and value.text.lower() not in options:
        listed = f"values: {', '.join(dict.fromkeys(options))}"
        return term.error(
            f"{term.word}: '{value.text}' is not one of the values",
            did_you_mean(value.text, options) or listed,
            value.column,
        )
    if all(s.get("type") == _OBJECT and s.get("properties") for s in schemas):
        parts = dict.fromkeys(f"{term.word}.{name}" for s in schemas for name in s["properties"])
        return term.error(
            f"{term.word} is a group of fields, not a value", f"fields: {', '.join(parts)}", value.column
        )
    return None


def category_fault(
    book: RuleBook, schemas: Collection[Mapping[str, Any]], term: FilterTerm, value: FilterValue
) -> UsageError | None:
    """Return what is wrong with a category that no name of the tree has in it; documents may have one all the same."""
    tree = CategoryTree(book.policy(CATEGORIES))
    if not schemas or not tree.names or value.operator or is_special(value):
        return None
    if not all(map(has_categories, schemas)) or _may_be_category(tree, term, value):
        return None
    return term.error(
        f"{term.word}: there is no category '{value.text}'",
        did_you_mean(value.text, _names_and_parts(tree)) or f"categories stand in {CATEGORIES}",
        value.column,
    )


def time_fault(
    schemas: Collection[Mapping[str, Any]], term: FilterTerm, value: FilterValue
) -> UsageError | None:
    """Return what is wrong with a value that is no time where a field holds one; documents may have it all the same."""
    if not schemas or any(s.get("format") not in TIMES for s in schemas):
        return None
    if not term.exact or value.operator:
        return not_times(term, value)
    if is_special(value) or value.quoted or moments.moment_of(value.text, "UTC"):
        return None
    return no_time(term, value, value.text)  # the whole value is meant: "2026-11" is none


def not_times(term: FilterTerm, value: FilterValue) -> UsageError | None:
    """Return what is wrong with an end of a range that is no time; None for times, and for ends left open."""
    if not value.operator and not value.quoted and value.text.lower() in (NONE, ANY, ""):
        return None
    wrong = (t for t in (value.text, value.upper) if t and moments.read_time(t, "UTC") is None)
    return next((no_time(term, value, text) for text in wrong), None)


def no_time(term: FilterTerm, value: FilterValue, text: str) -> UsageError:
    """Return the error that names a text that is no time, or a day that does not exist."""
    if term.option and not term.exact:
        example = "write 7d, 12h, 2026-11-22 or '2026-11-22 20:00'"
        return term.error(f"'{text.removeprefix('-')}' is not a date and time", example)
    example = f"write {moments.FORMS}, for example {term.word}:>-30d"
    return term.error(f"{term.word}: '{text}' is not a time", example, value.column)


def is_special(value: FilterValue) -> bool:
    """Whether a value asks for documents with or without any."""
    return not value.quoted and value.text in (NONE, ANY, "")


def _may_be_category(tree: CategoryTree, term: FilterTerm, value: FilterValue) -> bool:
    if tree.has(value.text):
        return True
    wanted = fold(value.text)
    return not term.exact and any(wanted in fold(str(name)) for name in tree.names)


def _names_and_parts(tree: CategoryTree) -> Iterator[str]:
    for name in tree.names:
        yield str(name)
        yield from levels(str(name))
