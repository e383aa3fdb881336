"""JSON Schema, draft-07: deciding fast, explaining well.

jsonschema defines what the rule book means. jsonschema-rs, where it is installed, only decides
whether a document is valid at all (75 times faster); a differential test proves that they agree.
Both are given the same few formats, checked by our own functions, and the same reading of
patterns (`patterns.py`), which both match in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from itsm_gitops.model import clock
from itsm_gitops.model.errors import RuleBookError
from itsm_gitops.model.once import Once
from itsm_gitops.schema import patterns
from itsm_gitops.schema.automaton import fits
from itsm_gitops.schema.patterns import BadPattern


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
    return not isinstance(text, str) or clock.parse_day(text) is not None


def is_uri(text: object) -> bool:
    """Whether ``text`` is shaped like an absolute URI (anything but a string passes)."""
    return not isinstance(text, str) or bool(_URI.fullmatch(text))


_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"\\^`{|}\x00-\x20]+", re.ASCII)

FORMATS: Mapping[str, Callable[[object], bool]] = {
    "date-time": is_date_time,
    "date": is_date,
    "uri": is_uri,
}

# Keywords whose keys are names and whose values are schemas, and those whose values are no schemas.
PATTERN_PROPERTIES = "patternProperties"
NAMED = ("properties", PATTERN_PROPERTIES, "definitions", "dependencies")
VALUES = ("enum", "const", "default", "examples")


class Validity(Protocol):
    """Says whether a document is valid."""

    def is_valid(self, instance: Any) -> bool:
        """Whether the schema accepts ``instance``."""
        ...


def prepare(schema: Any, *, canonical: bool = False) -> Any:
    """Return a schema without our own keywords (``x-…``) and without formats nobody here checks.

    With ``canonical``, patterns are written as every engine reads them; raises BadPattern for one
    that is none.
    """
    if isinstance(schema, list):
        return [prepare(s, canonical=canonical) for s in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key in NAMED and isinstance(value, dict):
            named = {name: prepare(s, canonical=canonical) for name, s in value.items()}
            if canonical and key == PATTERN_PROPERTIES:
                named = {patterns.canonical(pattern): s for pattern, s in named.items()}
            kept[key] = named
        elif key in VALUES:
            kept[key] = value
        elif canonical and key == "pattern" and isinstance(value, str):
            kept[key] = patterns.canonical(value)
        elif not key.startswith("x-") and (key != "format" or value in FORMATS):
            kept[key] = prepare(value, canonical=canonical)
    return kept


def fast(schema: Any) -> Validity:
    """Return the fastest validator there is for a schema that is itself valid."""
    try:
        import jsonschema_rs
    except ImportError:
        return slow(schema)
    try:
        validator: Validity = jsonschema_rs.Draft7Validator(
            prepare(schema, canonical=True),
            formats=dict(FORMATS),
            validate_formats=True,
            pattern_options=jsonschema_rs.RegexOptions(),  # the engine that is linear
        )
    except (ValueError, TypeError):  # a schema with a fault: the other validator says which
        return slow(schema)
    return validator


_shared: Once[Validity] = Once()


def shared(schema: Any) -> Validity:
    """Return ``fast`` of a schema of the rule book, made once for all that share the schema."""
    return _shared(schema, make=lambda: fast(schema))


class Explainer:
    """The validator that can explain: jsonschema's, which never fetches anything from elsewhere."""

    def __init__(self, schema: Any) -> None:
        self._validator = _explainer_class()(
            prepare(schema), format_checker=_format_checker(), registry=_nothing_else()
        )

    def iter_errors(self, instance: Any) -> Iterator[Any]:
        """Yield jsonschema's errors; raises RuleBookError where the schema itself cannot be used."""
        from jsonschema.exceptions import UnknownType
        from referencing.exceptions import Unresolvable

        try:
            yield from self._validator.iter_errors(instance)
        except Unresolvable as error:
            raise RuleBookError(f"a schema refers to {error.ref}, which is not there", _CHECK) from error
        except BadPattern as error:
            raise RuleBookError(f"a schema has a pattern that cannot be used: {error}", _CHECK) from error
        except (UnknownType, RecursionError, AttributeError, TypeError, KeyError, ValueError) as error:
            raise RuleBookError("a schema of the rule book cannot be used", _CHECK) from error

    def is_valid(self, instance: Any) -> bool:
        """Whether the schema accepts ``instance``; raises RuleBookError as `iter_errors` does."""
        return next(self.iter_errors(instance), None) is None


_CHECK = "itsm check names the place"


def slow(schema: Any) -> Explainer:
    """Return the validator that can explain (``iter_errors``)."""
    return Explainer(schema)


@cache
def _nothing_else() -> Any:
    """The registry of schemas that a reference may lead to: none but the schema at hand."""
    from referencing import Registry

    return Registry()


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
    own = {
        "pattern": _pattern,
        PATTERN_PROPERTIES: _pattern_properties,
        "additionalProperties": _additional_properties,
    }
    return make(Draft7Validator, own)


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and not fits(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Any, named: Mapping[str, Any], instance: Any, _schema: Any
) -> Iterator[Any]:
    for pattern, schema in named.items() if isinstance(instance, dict) else ():
        for name, value in instance.items():
            if fits(pattern, name):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, others: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    extras = list(unnamed(schema, instance)) if isinstance(instance, dict) else []
    if isinstance(others, dict):
        for name in extras:
            yield from validator.descend(instance[name], others, path=name)
    elif others is False and extras:
        yield ValidationError(f"no field may be called {', '.join(extras)}")


def unnamed(schema: Mapping[str, Any], instance: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields of a mapping that its schema names neither in full nor by a pattern."""
    known, named = schema.get("properties", {}), schema.get(PATTERN_PROPERTIES, {})
    return (n for n in instance if n not in known and not any(fits(p, n) for p in named))
