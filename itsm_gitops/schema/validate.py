"""JSON Schema, draft-07: deciding fast, explaining well.

jsonschema defines what the rule book means. jsonschema-rs, where it is installed, only decides
whether a document is valid at all (75 times faster); a differential test proves that they agree.
Both are given the same few formats, checked by our own functions, and the same reading of
patterns.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Protocol

from itsm_gitops.model import clock
from itsm_gitops.model.once import Once


def is_date_time(text: object) -> bool:
    """Whether ``text`` is an RFC 3339 date-time with an offset (anything but a string passes)."""
    if not isinstance(text, str):
        return True
    # The canonical form first: this runs for every timeline entry of every record.
    if (
        len(text) == 20
        and text[19] == "Z"
        and text[10] == "T"
        and text[4] == "-" == text[7]
        and text[13] == ":" == text[16]
    ):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return False
        return True
    return clock.parse_time(text) is not None


def is_date(text: object) -> bool:
    """Whether ``text`` is a calendar date YYYY-MM-DD (anything but a string passes)."""
    if not isinstance(text, str):
        return True
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_uri(text: object) -> bool:
    """Whether ``text`` is shaped like an absolute URI (anything but a string passes)."""
    return not isinstance(text, str) or bool(_URI.fullmatch(text))


_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"\\^`{|}\x00-\x20]+", re.ASCII)

FORMATS: Mapping[str, Callable[[object], bool]] = {
    "date-time": is_date_time,
    "date": is_date,
    "uri": is_uri,
}


_DRAFT = "http://json-schema.org/draft-07/schema#"


class Validity(Protocol):
    """Says whether a document is valid."""

    def is_valid(self, instance: Any) -> bool:
        """Whether the schema accepts ``instance``."""
        ...


def prepare(schema: Any) -> Any:
    """Return a schema without our own keywords (``x-…``) and without formats nobody here checks."""
    if isinstance(schema, list):
        return [prepare(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for key, value in schema.items():
        if key in ("properties", "patternProperties", "definitions", "dependencies") and isinstance(
            value, dict
        ):
            kept[key] = {name: prepare(s) for name, s in value.items()}
        elif key in ("enum", "const", "default", "examples"):
            kept[key] = value
        elif not key.startswith("x-") and (key != "format" or value in FORMATS):
            kept[key] = prepare(value)
    return kept


def fast(schema: Any) -> Validity:
    """Return the fastest validator there is for a schema that is itself valid."""
    validator: Validity
    try:
        import jsonschema_rs
    except ImportError:
        validator = slow(schema)
        return validator
    try:
        validator = jsonschema_rs.Draft7Validator(
            prepare(schema), formats=dict(FORMATS), validate_formats=True
        )
    except (ValueError, TypeError):  # a pattern that only Python's re understands
        validator = slow(schema)
    return validator


_shared: Once[Validity] = Once()


def shared(schema: Any) -> Validity:
    """Return ``fast`` of a schema of the rule book, made once for all that share the schema."""
    return _shared(schema, make=lambda: fast(schema))


def slow(schema: Any) -> Any:
    """Return the validator that can explain (``iter_errors``)."""
    return _explainer_class()(prepare(schema), format_checker=_format_checker())


@cache
def _format_checker() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name, check in FORMATS.items():
        checker.checks(name)(check)
    return checker


@cache
def _explainer_class() -> Any:
    from jsonschema import Draft7Validator
    from jsonschema.validators import extend

    make: Callable[..., Any] = extend
    return make(Draft7Validator, {"pattern": _pattern})


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a schema's pattern as JSON Schema means it: ASCII classes, ``$`` only at the very end."""
    read, escaped, in_class = [], False, False
    for character in pattern:
        if not escaped and not in_class and character == "$":
            read.append(r"\Z")
            continue
        if not escaped and character in "[]":
            in_class = character == "["
        escaped = character == "\\" and not escaped
        read.append(character)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `[[`: Python may read it otherwise one day
        return re.compile("".join(read), re.ASCII)


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and not compiled(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def schema_problem(schema: Any) -> tuple[str, tuple[str | int, ...]] | None:
    """Return what is wrong with a schema itself and where; None when it is valid draft-07."""
    found = None if _surely_valid(schema) else _schema_error(schema)
    return found or _bad_pattern(schema, ())


def _surely_valid(schema: Any) -> bool:
    try:
        import jsonschema_rs
    except ImportError:
        return False
    return isinstance(schema, dict) and bool(jsonschema_rs.meta.is_valid({**schema, "$schema": _DRAFT}))


def _schema_error(schema: Any) -> tuple[str, tuple[str | int, ...]] | None:
    from jsonschema import Draft7Validator

    worst = min(
        Draft7Validator(Draft7Validator.META_SCHEMA).iter_errors(schema),
        key=lambda e: (-len(e.absolute_path), str(e.absolute_path)),
        default=None,
    )
    return (worst.message, tuple(worst.absolute_path)) if worst is not None else None


@cache
def pattern_problem(pattern: str) -> str:
    """Return why a pattern may not be used; empty for a good one.

    A repetition of something that already repeats without bound (``(a+)+``) can take longer than
    the universe is old on thirty characters (CWE-1333), so it is refused.
    """
    try:
        compiled(pattern)
    except re.error as error:
        return f"the pattern cannot be read: {error}"
    plain = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern, flags=re.DOTALL)
    loops: list[bool] = [False]  # for each open group: whether something in it repeats without bound
    closed = False
    for index, character in enumerate(plain):
        endless = character in "*+" or re.match(r"\{\d*,\}", plain[index:]) is not None
        if character == "(":
            loops.append(False)
        elif character == ")" and len(loops) > 1:
            closed = loops.pop()
            loops[-1] = loops[-1] or closed
            continue
        elif endless:
            if closed:
                return "the pattern repeats a repetition, which can take forever"
            loops[-1] = True
        closed = False
    return ""


def _bad_pattern(node: Any, at: tuple[str | int, ...]) -> tuple[str, tuple[str | int, ...]] | None:
    """Return the first pattern that cannot be compiled."""
    children: Any = ()
    if isinstance(node, dict):
        pattern = node.get("pattern")
        if isinstance(pattern, str):
            said = pattern_problem(pattern)
            if said:
                return said, (*at, "pattern")
        children = node.items()
    elif isinstance(node, list):
        children = enumerate(node)
    for key, child in children:
        found = _bad_pattern(child, (*at, key))
        if found:
            return found
    return None
