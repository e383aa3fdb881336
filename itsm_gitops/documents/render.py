"""Writes values as YAML text: scalars in the plainest style that reads back the same."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.documents.chars import describe, hidden, is_clean
from itsm_gitops.documents.scalars import is_plain_string

INDENT = 2


class Layout(NamedTuple):
    """How far block mappings and the dashes of lists stand in from the key they belong to.

    Without ``keep`` no block scalar is written that takes in the empty lines behind it.
    """

    indent: int = INDENT
    dash: int = 0
    keep: bool = True


CANONICAL = Layout()
# An unquoted word starts with none of these: indicators and white space; "-?:" only before a space.
_PLAIN = re.compile(r"(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[-?:](?=[^\s,\[\]{}]))[^\n\r\t]*")
_BREAKS_PLAIN = re.compile(r":(?:\s|$)|\s#|\s$")
_BREAKS_FLOW = re.compile(r"[,\[\]{}]|:(?=[,\[\]{}\"'])")
# Words that other readers (YAML 1.1: PyYAML, editors, older tools) take for something else than text.
_MISREAD = re.compile(
    r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"  # sexagesimal: 12:30:45
    r"|[-+]?(?:0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_,]*)"
    r"|[-+]?(?:[0-9][0-9_]*)?\.[0-9_]*(?:[eE][-+]?[0-9]+)?"
    r"|y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|=|<<|\.{3}.*|---.*"
)
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?(?:$|[Tt\s])")


def render_number(value: Any) -> str:
    """Write null, a boolean or a number."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} cannot be written: JSON has no such number")
        text = repr(value)
        return text if "." in text or "e" not in text else text.replace("e", ".0e")
    return str(value)


def can_be_plain(text: str, *, flow: bool = False, strict: bool = True) -> bool:
    """Whether ``text`` can stand unquoted on one line, inside brackets with ``flow``.

    ``strict`` also asks that no common reader takes it for a number, a boolean or a date without time.
    """
    if not _PLAIN.fullmatch(text) or _BREAKS_PLAIN.search(text) or not is_plain_string(text):
        return False
    # libyaml refuses `[:x]`, other readers `[?x]` or `[-x]`.
    if flow and (text[0] in ":?-" or _BREAKS_FLOW.search(text)):
        return False
    if text.startswith(("---", "...")) or text == "<<" or not is_clean(text):
        return False
    return not (strict and _MISREAD.fullmatch(text))


def quote(text: str) -> str:
    """Write ``text`` in quotes on one line: single ones, or double ones when something needs an escape."""
    _check_characters(text)
    if "\n" in text or "\r" in text or "\t" in text:
        return json.dumps(text, ensure_ascii=False)
    if "'" in text and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def _check_characters(text: str) -> None:
    """Refuse what `load` would refuse."""
    if not is_clean(text):
        bad = next(hidden(text), None)
        what = describe(bad.group()) if bad else "characters that are not in Unicode normal form C"
        raise ValueError(f"a text with {what} cannot be written")


def can_be_quoted(text: str) -> bool:
    """Whether single quotes can hold ``text`` on one line."""
    return is_clean(text) and not any(c in text for c in "\n\r\t")


def double_quote(text: str) -> str:
    """Write ``text`` in double quotes on one line."""
    _check_characters(text)
    return json.dumps(text, ensure_ascii=False)


def can_be_block(text: str) -> bool:
    """Whether ``text`` reads back the same from a block scalar, and its end can be seen there."""
    body = text.rstrip("\n")
    visible = bool(body.strip()) and bool(body.rsplit("\n", 1)[-1].strip())
    return visible and "\r" not in text and is_clean(text) and "\t" not in body[:1]


def block(text: str, margin: int, step: int = INDENT) -> str:
    """Write ``text`` as a literal block (``|``); no final newline.

    Its lines start ``margin`` spaces in, which is ``step`` more than the key or dash it belongs to.
    """
    body = text.rstrip("\n")
    breaks = len(text) - len(body)
    chomp = "-" if breaks == 0 else "" if breaks == 1 else "+"
    # A first line that starts with a space (or is empty) hides how far the block is indented.
    hint = str(step) if body.startswith((" ", "\n")) else ""
    lines = [" " * margin + line if line else "" for line in body.split("\n")]
    return "\n".join([f"|{hint}{chomp}", *lines, *[""] * (breaks - 1)])


def flow(value: Any) -> str:
    """Write any value on one line, with brackets and braces."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow_key(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str):
        return value if can_be_plain(value, flow=True) else quote(value)
    return render_number(value)


def key(text: str) -> str:
    """Write a key of a block mapping."""
    return text if can_be_plain(text) and len(text) < 120 else quote(text)


def flow_key(text: str) -> str:
    """Write a key of a flow mapping."""
    return text if can_be_plain(text, flow=True) else quote(text)


def lines(value: Any, indent: int, layout: Layout = CANONICAL) -> list[str]:
    """Write a mapping or list that is not empty as lines that start ``indent`` spaces in."""
    margin = " " * indent
    out: list[str] = []
    if isinstance(value, Mapping):
        for name, item in value.items():
            out += pair_lines(margin + key(name) + ":", item, indent, layout)
    else:
        for item in value:
            out += item_lines(item, indent, layout)
    return out


def pair_lines(head: str, value: Any, indent: int, layout: Layout = CANONICAL) -> list[str]:
    """Write ``head`` (a key and its colon) with its value; ``indent`` is where the key starts."""
    if isinstance(value, Mapping) and value:
        return [head, *lines(value, indent + layout.indent, layout)]
    if is_list(value) and value:
        return [head, *lines(value, indent + layout.dash, layout)]
    return f"{head} {leaf(value, indent + layout.indent, layout.indent, keep=layout.keep)}".split("\n")


def item_lines(value: Any, indent: int, layout: Layout = CANONICAL) -> list[str]:
    """Write one list item whose dash stands ``indent`` spaces in."""
    dash = " " * indent + "- "
    if (isinstance(value, Mapping) or is_list(value)) and value:
        below = lines(value, indent + INDENT, layout)
        return [dash + below[0][indent + INDENT :], *below[1:]]
    return f"{dash}{leaf(value, indent + INDENT, INDENT, keep=layout.keep)}".split("\n")


def folded(text: str, margin: int) -> str | None:
    """Write ``text`` as a folded block (``>``), one line for each of its lines; None if that is not exact."""
    body = text.rstrip("\n")
    if len(text) - len(body) > 1 or any(not line or line[0] in " \t" for line in body.split("\n")):
        return None
    chomp = "" if text.endswith("\n") else "-"
    return f">{chomp}\n" + "\n\n".join(" " * margin + line for line in body.split("\n"))


def leaf(value: Any, margin: int, step: int, *, keep: bool = True) -> str:
    """Write a scalar or an empty collection after ``key: `` or ``- ``; see `block` for the numbers."""
    if isinstance(value, Mapping):
        return "{}"
    if not isinstance(value, str):
        return "[]" if is_list(value) else render_number(value)
    if "\n" in value and can_be_block(value) and (keep or not value.endswith("\n\n")):
        return block(value, margin, step)
    return value if can_be_plain(value) else quote(value)


def is_list(value: Any) -> bool:
    """Whether ``value`` is a list of a document."""
    return isinstance(value, Sequence) and not isinstance(value, str)
