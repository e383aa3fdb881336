"""Texts made fit for a field: of its type, within its bounds, one of its words."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from itsm_gitops.documents import chars
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.schema.automaton import automaton

_TRUE = frozenset({"true", "yes", "y", "1", "on"})
_FALSE = frozenset({"false", "no", "n", "0", "off"})
_BLANKS = re.compile(r"\s*[\r\n]+\s*")


class _Absent:
    """The value of a field that is not there (None would be a value)."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Any = _Absent()


def _integer(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return ABSENT


def _number(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return ABSENT
    return value if math.isfinite(value) else ABSENT


def _boolean(text: str) -> Any:
    lowered = text.lower()
    return True if lowered in _TRUE else False if lowered in _FALSE else ABSENT


SCALARS: Mapping[str, Callable[[str], Any]] = {"integer": _integer, "number": _number, "boolean": _boolean}
_BY_SCHEMA = {
    "array": "list",
    "object": "mapping",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}


def type_of(schema: Mapping[str, Any]) -> str:
    """Return what a text for a field of this schema means: text, time, date, list, mapping, a number …."""
    if schema.get("format") == "date-time":
        return "time"
    if schema.get("format") == "date":
        return "date"
    return _BY_SCHEMA.get(str(schema.get("type")), "text")


def schema_at(fields: Mapping[str, Any], path: Sequence[str]) -> Mapping[str, Any]:
    """Return the schema of a nested field; empty where the schema leaves it open."""
    node: Mapping[str, Any] = {"properties": fields}
    for name in path:
        inner = node.get("properties", {}).get(name) or node.get("additionalProperties")
        if not isinstance(inner, dict):
            return {}
        node = inner
    return node


def names_people(schema: Mapping[str, Any], handles: Collection[str]) -> bool:
    """Whether a field of this schema names one of these classes, those of people and teams (or no field is meant)."""
    reference = schema.get("x-ref") or schema.get("items", {}).get("x-ref")
    return not reference or not set(handles).isdisjoint(reference.get("to", ()))


def clean(text: str) -> str:
    """Return a text with line feeds, in normal form C and without characters that documents refuse."""
    value = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return chars.replaced(value, lambda _: " ").strip()


def whole(text: str) -> str:
    """Return a name on one line, without the blanks that tell nothing apart.

    Characters that documents refuse are written as their numbers, because they tell names apart, too.
    """
    line = " ".join(unicodedata.normalize("NFC", text).split())
    return line if line.isascii() and line.isprintable() else chars.replaced(line, _number_of)


def _number_of(character: str) -> str:
    return f"\\u{ord(character):04x}"


def caseless(text: str) -> str:
    """Return a name without regard to case and blanks. Letters that only resemble each other stay different."""
    return whole(text).lower()


def fit(text: str, schema: Mapping[str, Any]) -> tuple[Any, str, list[str]]:
    """Make a text fit for a document and for the schema of its field.

    Returns the text, what is wrong with it (empty when nothing is) and what had to be changed:
    characters that documents do not allow, line breaks where one line is wanted, its length, the way
    a word of a list is written.
    """
    changes = []
    value = clean(text)
    if value != unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")):
        changes.append("characters that documents do not allow became blanks")
    pattern = automaton(schema["pattern"]) if "pattern" in schema else None
    if pattern and "\n" in value and not pattern.fits(value):
        changes.append("line breaks became blanks")
        value = _BLANKS.sub(" ", value)
    most = schema.get("maxLength")
    if most and len(value) > most:
        changes.append(f"shortened to {most} characters")
        value = value[: most - 1].rstrip() + "…"
    if "enum" in schema and value not in schema["enum"]:
        word, problem = _word(value, [str(w) for w in schema["enum"]])
        return (word, "", [f"read as '{word}'"]) if word else (ABSENT, problem, [])
    if not value or len(value) < schema.get("minLength", 0) or (pattern and not pattern.fits(value)):
        return ABSENT, "does not fit the field", []
    return value, "", changes


def _word(text: str, words: Sequence[str]) -> tuple[str, str]:
    """Return the one word that a text is but for case, blanks and hyphens, or what is wrong with it."""
    alike = [w for w in words if _letters(w) == _letters(text)]
    if len(alike) == 1:
        return alike[0], ""
    near = did_you_mean(text.lower(), words)
    return "", f"not one of {', '.join(words)}" + (f"; {near}" if near else "")


def _letters(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.casefold().strip())
