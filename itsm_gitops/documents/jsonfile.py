"""Reads the JSON files of the rule book as strictly as documents are read."""

from __future__ import annotations

import json
import re
from typing import Any

from itsm_gitops.documents import chars
from itsm_gitops.documents.problems import (
    RULEBOOK_LIMITS,
    Limits,
    LoadedDocument,
    Problem,
    too_deep,
    too_many,
)
from itsm_gitops.documents.reader import explained, readable_text

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]', re.DOTALL)
_ESCAPE = re.compile(r"\\[ubf]")


class _Duplicate(ValueError):
    """An object has the same key twice."""


class _NotFinite(ValueError):
    """NaN or Infinity, which JSON does not have."""


def load_json(raw: bytes, *, limits: Limits = RULEBOOK_LIMITS) -> LoadedDocument:
    """Read one JSON document whose top level is an object.

    Refused with a position: duplicate keys, NaN and infinities, forbidden characters, too much nesting.
    Never raises on content.
    """
    text, problems = readable_text(raw, limits)
    if problems:
        return LoadedDocument(None, problems)
    data, problem = _parsed(text, limits)
    return explained(raw, (problem,)) if problem else LoadedDocument(data, ())


def _parsed(text: str, limits: Limits) -> tuple[Any, Problem | None]:
    """Return the data of a text, or what is wrong with it."""
    try:
        data = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
    except json.JSONDecodeError as error:
        return None, _syntax(error)
    except _Duplicate:
        return None, _find_duplicate(text)
    except RecursionError:
        return None, _measure(text, limits) or too_deep(limits, 1, 1)
    except ValueError as error:
        return None, Problem("P003", str(error), "write a finite number, or text in quotes", 1, 1)
    if not isinstance(data, dict):
        return None, Problem("P011", "the top level is not an object", "write `{ ... }`", 1, 1)
    if not _within(data, limits):
        return None, _measure(text, limits) or too_many(limits, 1, 1)
    # Only an escape can bring in what the text itself does not hold.
    hidden = _hidden(data) if _ESCAPE.search(text) else None
    return (None, hidden) if hidden else (data, None)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise _Duplicate
    return data


def _constant(name: str) -> Any:
    raise _NotFinite(f"{name} is not a JSON number")


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _NotFinite(f"{text[:40]} is too large for a number")
    return number


def _syntax(error: json.JSONDecodeError) -> Problem:
    if error.doc[error.pos :].strip() == "" or error.msg.startswith("Unterminated string"):
        message = "the JSON ends in the middle: the file was cut off, or a bracket or quote is not closed"
        hint = "git checkout -- FILE brings the committed content back, or close what is open"
        return Problem("P003", message, hint, error.lineno, error.colno)
    hint = "compare the brackets, commas and quotes around this place"
    return Problem("P003", f"not valid JSON: {error.msg}", hint, error.lineno, error.colno)


def _within(data: Any, limits: Limits) -> bool:
    """Whether data has no more levels and values than allowed; walks containers level by level."""
    level, depth, values = [data], 0, 0
    while level:
        depth += 1
        inner = []
        for container in level:
            keyed = container.__class__ is dict
            members = container.values() if keyed else container
            values += 2 * len(members) if keyed else len(members)
            inner += [m for m in members if m.__class__ is dict or m.__class__ is list]
        if depth > limits.depth or values > limits.nodes:
            return False
        level = inner
    return True


def _measure(text: str, limits: Limits) -> Problem | None:
    """Locate what makes a document too deep or too long."""
    depth = values = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in ("[", "{"):
            depth += 1
            if depth > limits.depth:
                return too_deep(limits, *chars.position(text, match.start()))
        elif token in ("]", "}"):
            depth -= 1
        elif token in (",", ":"):
            values += 1
            if values > limits.nodes:
                return too_many(limits, *chars.position(text, match.start()))
    return None


def _find_duplicate(text: str) -> Problem:
    """Locate the first key that its object has already; ``text`` is valid JSON with one."""
    objects: list[set[str]] = []
    last: re.Match[str] | None = None
    for match in _TOKEN.finditer(text):
        mark = match.group()
        if mark in ("{", "["):
            objects.append(set())
        elif mark in ("]", "}"):
            objects.pop()
        elif mark == ":" and last is not None:
            key = json.loads(last.group())
            if key in objects[-1]:
                line, column = chars.position(text, last.start())
                return Problem(
                    "P004", f"the key '{key[:40]}' appears twice", "keep one of the two", line, column
                )
            objects[-1].add(key)
        last = match if mark[0] == '"' else None
    return Problem("P004", "a key appears twice", "keep one of the two", 1, 1)


def _hidden(value: Any) -> Problem | None:
    """A forbidden character that came in through an escape."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            problems = chars.value_problems(item, 1, 1)
            if problems:
                return problems[0]
        elif isinstance(item, dict):
            todo += [*item, *item.values()]
        elif isinstance(item, list):
            todo += item
    return None
