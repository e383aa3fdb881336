"""Field values given as text, typed by the schema: ``impact=high``, ``cis+=db-1``, ``risk.level=low``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from itsm_gitops.model import clock
from itsm_gitops.model.errors import NotFound, UsageError, did_you_mean
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.moments import local_doubt, relative
from itsm_gitops.model.text import typed_text
from itsm_gitops.model.words import a_kind

SET, APPEND, TAKE, UNSET = "set", "append", "take", "unset"
Schema = Mapping[str, Any]
Resolver = Callable[[Schema, str], str]
Questions = Callable[[Mapping[str, Any]], Mapping[str, Schema] | None]

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*(?:-\w+)*(?:\.\w+(?:-\w+)*)*)\s*(\+=|-=|=)(.*)", re.DOTALL)
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,400}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_YES, _NO = ("true", "yes", "y", "on", "1"), ("false", "no", "n", "off", "0")


class Assignment(NamedTuple):
    """What to do with one field. ``path`` has one step for each part of a dotted name."""

    path: tuple[str, ...]
    action: str
    text: str


def read_assignment(text: str) -> Assignment:
    """Split ``field=value``, ``field+=value``, ``field-=value`` or ``field=``; raises UsageError."""
    match = _ASSIGNMENT.fullmatch(text)
    if not match:
        raise UsageError(f"'{text}' is not an assignment", "write field=value, for example impact=high")
    name, sign, value = match.groups()
    action = {"=": SET if value else UNSET, "+=": APPEND, "-=": TAKE}[sign]
    first, *rest = name.split(".")
    return Assignment((first.replace("-", "_"), *rest), action, value)


def schema_at(kind: Kind, path: tuple[str, ...]) -> Schema:
    """Return the schema of a field or of a part of one, also of the entries of a list.

    Raises NotFound with the nearest names.
    """
    schema: Schema = kind.schema
    for depth, step in enumerate(path):
        while schema_type(schema) == "array" and isinstance(schema.get("items"), dict):
            schema = schema["items"]
        properties: Mapping[str, Any] = schema.get("properties", {})
        free = schema.get("additionalProperties", True)
        if step in properties:
            schema = properties[step]
        elif schema_type(schema) in ("object", "") and free is not False and (depth or not properties):
            schema = free if isinstance(free, dict) else {}
        else:
            name = ".".join(path[: depth + 1])
            hint = did_you_mean(step, properties) or f"itsm explain {kind.name} lists the fields"
            raise NotFound(f"{a_kind(kind)} has no field '{name}'", hint)
    return schema


def _types(schema: Schema) -> Sequence[Any]:
    kind = schema.get("type", ())
    return kind if isinstance(kind, list) else (kind,)


def schema_type(schema: Schema) -> str:
    """Return the JSON type a schema asks for; empty where it leaves that open."""
    kind = schema.get("type", "")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), "")
    return str(kind)


class Reader:
    """Turns text into values.

    ``zone`` is the IANA name of the time zone of local times; ``resolve`` completes references;
    ``questions`` returns the questions of the form that a document answers, None where there is none.
    """

    def __init__(self, zone: str, resolve: Resolver, questions: Questions = lambda _: None) -> None:
        self.zone = zone
        self.resolve = resolve
        self.questions = questions

    def value(self, schema: Schema, text: str, field: str) -> Any:
        """Return the value that ``text`` means; raises UsageError saying what is expected."""
        text = typed_text(text)
        kind = schema_type(schema)
        if text == "null" and "null" in _types(schema):
            return None
        options = schema.get("enum", ())
        if any(not isinstance(o, str) for o in options):
            return _typed_option(text, options, field)
        if kind == "array":
            return self._array(schema, text, field)
        if kind == "object" or (not kind and text[:1] in '[{"'):
            return _json(text, field)
        if kind in ("integer", "number"):
            return _number(text, kind, field)
        if kind == "boolean":
            return _boolean(text, field)
        return self._text(schema, text, field)

    def _array(self, schema: Schema, text: str, field: str) -> list[Any]:
        if text.lstrip().startswith("["):
            found = _json(text, field)
            return found if isinstance(found, list) else [found]
        if text.strip().startswith("{") and schema_type(schema.get("items", {})) == "object":
            return [self.item(schema, text, field)]  # its own commas do not part entries
        return [self.item(schema, part.strip(), field) for part in text.split(",") if part.strip()]

    def item(self, schema: Schema, text: str, field: str) -> Any:
        """Return one element of a list."""
        items = schema.get("items")
        return self.value(items if isinstance(items, dict) else {}, text, field)

    def _text(self, schema: Schema, text: str, field: str) -> str:
        options = [str(o) for o in schema.get("enum", ())]
        if options:
            return _option(text, options, field)
        if schema.get("format") == "date-time":
            return self._moment(text, field)
        if schema.get("format") == "date":
            return self._date(text, field)
        reference = schema.get("x-ref")
        return self.resolve(reference, text) if reference else text

    def _moment(self, text: str, field: str) -> str:
        if clock.parse_time(text):
            return text
        if text.strip().lower() == "now":
            return clock.format_time(clock.now())
        ahead = relative(text)
        if ahead:
            return clock.format_time(ahead)
        doubt = local_doubt(text, self.zone)
        if doubt:
            raise UsageError(f"{field}: {doubt}", "write it with its offset, as 2026-11-22T20:00:00+01:00")
        if _LOCAL.fullmatch(text.strip()):
            from zoneinfo import ZoneInfo

            try:
                local = datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(self.zone))
            except ValueError:
                pass
            else:
                return local.isoformat().replace("+00:00", "Z")
        raise UsageError(
            f"{field}: '{text}' is not a date and time",
            f"write 2026-11-22 20:00 (in {self.zone}), 2026-11-22T20:00:00Z, now or +2h",
        )

    def _date(self, text: str, field: str) -> str:
        today = clock.now().astimezone(UTC).date()
        if text.strip().lower() == "today":
            return today.isoformat()
        try:
            return datetime.strptime(text.strip(), "%Y-%m-%d").date().isoformat()  # noqa: DTZ007 - a day has no zone
        except ValueError as error:
            raise UsageError(f"{field}: '{text}' is not a date", "write 2026-11-22 or today") from error


def _option(text: str, options: list[str], field: str) -> str:
    """Return the option meant: in any case, with hyphens, or the only one that begins so."""
    wanted = text.strip().lower().replace("-", "_").replace(" ", "_")
    by_name = {o.lower().replace("-", "_"): o for o in options}
    begins = [o for n, o in by_name.items() if wanted and n.startswith(wanted)]
    if wanted in by_name:
        return by_name[wanted]
    if len(begins) == 1:
        return begins[0]
    near = did_you_mean(text, options)
    raise UsageError(
        f"{field}: '{text}' is not one of the values",
        f"{near + chr(10) if near else ''}one of: {', '.join(options)}",
    )


def _typed_option(text: str, options: Sequence[Any], field: str) -> Any:
    """Return the option that is written so: a number, true or false, null or a text."""
    import json

    words = {o if isinstance(o, str) else json.dumps(o): o for o in options}
    return words[_option(text, list(words), field)]


def _number(text: str, kind: str, field: str) -> int | float:
    word = text.strip()
    if _WHOLE.fullmatch(word):
        return int(word)
    number = float(word) if kind == "number" and _DECIMAL.fullmatch(word) else math.inf
    if math.isfinite(number):
        return number
    wanted = "a whole number" if kind == "integer" else "a number"
    raise UsageError(f"{field}: '{text}' is not {wanted}", f"for example {field}=3")


def _boolean(text: str, field: str) -> bool:
    word = text.strip().lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise UsageError(f"{field}: '{text}' is neither true nor false", f"{field}=true or {field}=false")


def _json(text: str, field: str) -> Any:
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        hint = f'write JSON, for example {field}=\'{{"key": "value"}}\', or one part: {field}.key=value'
        raise UsageError(f"{field}: this is not JSON: {error.msg} at column {error.colno}", hint) from error


def expected(schema: Schema) -> str:
    """Say in a few words what a field takes, for prompts and hints."""
    options = schema.get("enum")
    if options:
        return " | ".join(str(o) for o in options)
    kind = schema_type(schema)
    if kind == "array":
        items = schema.get("items")
        inner = expected(items) if isinstance(items, dict) else "value"
        return f"{inner},…"
    if schema.get("x-ref"):
        targets = schema["x-ref"].get("to", ())
        return "|".join(str(t) for t in targets[:3]).upper() + " ID" if targets else "ID"
    by_format = {"date-time": "YYYY-MM-DD HH:MM", "date": "YYYY-MM-DD", "uri": "https://…"}
    by_type = {"integer": "N", "number": "N", "boolean": "true | false", "object": "JSON"}
    return by_format.get(str(schema.get("format")), by_type.get(kind, "TEXT"))
