"""Edits a document by splicing its text: comments, quotes, order and line ends stay as they are.

A document that is JSON stays JSON, indented as it is.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from itsm_gitops.documents.jsonsplice import Json, is_json
from itsm_gitops.documents.lines import Lines
from itsm_gitops.documents.problems import UNWRITABLE_HINT
from itsm_gitops.documents.reader import load
from itsm_gitops.documents.splice import Cut, Text
from itsm_gitops.documents.tree import SCALAR, Node, parse
from itsm_gitops.model.errors import ItsmError, NotFound, Refused
from itsm_gitops.model.findings import Pointer, json_pointer


@dataclass(frozen=True)
class Set:
    """Write ``value`` at ``pointer``; a missing key is inserted, missing mappings on the way are made."""

    pointer: Pointer
    value: Any


@dataclass(frozen=True)
class Append:
    """Add ``value`` to the end of the list at ``pointer``; a missing list is made."""

    pointer: Pointer
    value: Any


@dataclass(frozen=True)
class Insert:
    """Add ``value`` to a list; ``pointer`` ends with the position that it gets. The list has that many items already."""

    pointer: Pointer
    value: Any


@dataclass(frozen=True)
class Remove:
    """Take out the key or list item at ``pointer``. The last one leaves ``{}`` or ``[]``."""

    pointer: Pointer


Edit = Set | Append | Insert | Remove


def edit(raw: bytes, edits: Sequence[Edit], key_order: Sequence[str] = ()) -> bytes:
    """Return ``raw`` with ``edits`` made one after the other; all other lines keep every byte, each its own line end.

    A missing top-level key is inserted where ``key_order`` puts it, keys it does not name at the end.
    The result is read again and compared with what was intended. Raises Refused for a document that has
    problems or a value that cannot be written, NotFound for a pointer into nothing, and ItsmError when
    the text is laid out in a way that cannot be spliced (`fmt` helps); never returns other data.
    """
    loaded = load(raw)
    if loaded.problems:
        first = loaded.problems[0]
        raise Refused(f"line {first.line}: {first.message}", first.hint)
    text = Lines(raw.decode())
    data = loaded.data
    as_json = bool(data) and is_json(raw)  # `{}` is taken for YAML
    for change in edits:
        changed = _apply(data, change)
        if _same(changed, data):
            continue
        if not as_json:
            _close(text)
        try:
            text.apply(_cut(Json(text.text) if as_json else Text(text.text), data, change, key_order))
        except ValueError as error:
            raise Refused(f"{json_pointer(change.pointer)}: {error}", UNWRITABLE_HINT) from None
        data = changed
    return raw if _same(data, loaded.data) else _verified(text, data, as_json)


def _verified(text: Lines, intended: Any, as_json: bool) -> bytes:
    """Return the text that reads back as intended; without a final line break where there was none."""
    for candidate in (text.open_again(), text):
        if candidate is not None:
            result = candidate.content.encode()
            again = load(result)
            sound = not again.problems and _same(again.data, intended)
            if sound and (not as_json or is_json(result)):
                return result
    raise ItsmError(
        "the document is laid out in a way that cannot be edited in place; nothing was changed",
        "run `itsm fmt` on it first",
    )


def _same(one: Any, other: Any) -> bool:
    """Equality that tells 1, 1.0 and true apart and ignores the order of keys."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _plain_data(value: Any) -> Any:
    """A private copy of ``value`` as a document would hold it."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(f"this value cannot be stored in a document: {error}") from None


def _apply(data: Any, change: Edit) -> Any:
    """Return what the data shall be after ``change``."""
    if not change.pointer:
        raise NotFound("a pointer names at least one key")
    data = copy.deepcopy(data)
    *path, last = change.pointer
    holder = _walk(data, path, make=not isinstance(change, Insert | Remove))
    if isinstance(change, Insert):
        if not isinstance(holder, list) or not isinstance(last, int) or not 0 <= last <= len(holder):
            raise NotFound(f"there is no place at {json_pointer(change.pointer)}")
        holder.insert(last, _plain_data(change.value))
    elif isinstance(change, Remove):
        if not _has(holder, last):
            raise NotFound(f"there is nothing at {json_pointer(change.pointer)}")
        del holder[last]
    elif isinstance(change, Append):
        present = holder[last] if _has(holder, last) else None
        if present is not None and not isinstance(present, list):
            raise NotFound(f"there is no list at {json_pointer(change.pointer)}")
        _store(holder, last, [*(present or []), _plain_data(change.value)], change.pointer)
    else:
        _store(holder, last, _plain_data(change.value), change.pointer)
    return data


def _walk(data: Any, path: Sequence[str | int], *, make: bool) -> Any:
    for position, part in enumerate(path):
        if make and isinstance(data, dict) and isinstance(part, str) and data.get(part) is None:
            data[part] = {}
        if not _has(data, part):
            raise NotFound(f"there is nothing at {json_pointer(tuple(path[: position + 1]))}")
        data = data[part]
    return data


def _has(holder: Any, part: str | int) -> bool:
    if isinstance(holder, list):
        return isinstance(part, int) and 0 <= part < len(holder)
    return isinstance(holder, dict) and part in holder


def _store(holder: Any, part: str | int, value: Any, pointer: Pointer) -> None:
    if not (_has(holder, part) or (isinstance(holder, dict) and isinstance(part, str))):
        raise NotFound(f"there is no place at {json_pointer(pointer)}")
    holder[part] = value


def _get(data: Any, pointer: Pointer) -> Any:
    for part in pointer:
        data = data[part]
    return data


def _cut(text: Text | Json, data: Any, change: Edit, key_order: Sequence[str]) -> Cut:
    """Return how ``change`` is made in ``text``, which holds ``data``: by one of five operations."""
    *above, last = change.pointer
    pointer, holder = change.pointer, tuple(above)
    if isinstance(change, Remove):
        rest = _get(data, holder)
        if len(rest) > 1:
            return text.remove(pointer)
        return text.replace(holder, [] if isinstance(rest, list) else {})
    value = _plain_data(change.value)
    if isinstance(change, Insert):
        return (
            text.insert_item(holder, int(last), value)
            if _get(data, holder)
            else text.replace(holder, [value])
        )
    if isinstance(change, Append):
        present = _get(data, pointer) if _exists(data, pointer) else None
        if present:
            return text.insert_item(pointer, len(present), value)
        value = [value]
    if _exists(data, pointer):
        return text.replace(pointer, value)
    # Wrap the value in the mappings that are missing on the way to it.
    while not _exists(data, holder) or _get(data, holder) is None:
        value, last, holder = {str(last): value}, holder[-1], holder[:-1]
    if _exists(data, (*holder, last)):
        return text.replace((*holder, last), value)
    if _get(data, holder):
        return text.insert(holder, str(last), value, () if holder else key_order)
    return text.replace(holder, {str(last): value})


def _exists(data: Any, pointer: Pointer) -> bool:
    for part in pointer:
        if not _has(data, part):
            return False
        data = data[part]
    return True


def _close(lines: Lines) -> None:
    """End the last line; a block scalar there gets the mark that drops the new line break (``|-``)."""
    text = lines.text
    if text.endswith("\n"):
        return
    node: Node | None = parse(text)
    while node is not None and node.kind != SCALAR and not node.flow:
        node = node.children()[-1]
    if node is None or node.style not in ("|", ">") or node.end < len(text):
        start = text.rfind("\n") + 1
        lines.close(start, text[start:] + "\n")
        return
    line_end = text.find("\n", node.start)
    header = text[node.start : line_end if line_end >= 0 else len(text)]
    marks, hash_mark, comment = header.partition("#")
    spaces = marks[len(marks.rstrip()) :]
    marks = marks.rstrip().replace("+", "").replace("-", "") + "-"
    rest = text[node.start + len(header) :]
    lines.close(node.start, marks + spaces + hash_mark + comment + rest + "\n")
