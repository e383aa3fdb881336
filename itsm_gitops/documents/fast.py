"""The fast YAML reader for sound documents. It gives up at the first doubt; `slow` then finds the reason.

libyaml composes the nodes in C and this module turns them into data. That is about 2.5 times as fast
as ``yaml.load(text, CSafeLoader)`` because no tag is resolved, no constructor looked up and no event
object made. What composing hides (anchors, tags, directives) is excluded by looking at the text first.
"""

from __future__ import annotations

import re
from typing import Any

from yaml.nodes import MappingNode, ScalarNode

from itsm_gitops.documents.chars import is_clean
from itsm_gitops.documents.events import CParser
from itsm_gitops.documents.problems import Doubt, Limits
from itsm_gitops.documents.scalars import FIRST, plain

# Where an anchor, alias or tag could stand. Prose with "R&D", "5 * 3" or "wow!" does not match.
_PROPERTY = re.compile(r"[!&*](?<![^\s,\[\]{}:?-][!&*])(?:(?<=!)|\S)").search
# `[?x]` is a key to libyaml and a word to YAML 1.2.
_QUERY = re.compile(r"\?(?<![^\s,\[\]{}]\?)\S").search
# What `strict` looks at: a comment right behind a value, a lone dash in brackets.
_GLUED = re.compile(r"[\]},\[{]#|[|>][-+0-9]{0,2}#").search
_DASH = re.compile(r"(?<![^\s\[\]{},:])-[\[\]{},]").search
# A collection in a collection in a collection on one line, 60 levels deep and more.
_STAIRCASE = re.compile(r"[-?:][-?: \t]{120}").search
_FLOW_LEVELS = 200
_SHORT = 4096


if CParser is not None:

    class _Composer(CParser):  # type: ignore[misc]  # no stubs for the C module
        """Composes nodes in C without resolving tags, which nobody reads here."""

        def descend_resolver(self, parent: Any, index: Any) -> None:
            """Called before a node is composed, for path resolvers; there are none."""

        def ascend_resolver(self) -> None:
            """Called after a node has been composed."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> None:
            """Return the tag of a node: none."""


def read(text: str, limits: Limits) -> Any:
    """Return the data of ``text``; raise Doubt or a YAMLError when anything is unusual."""
    if CParser is None or len(text) > limits.nodes:
        raise Doubt
    # libyaml composes recursively in C: a text that could nest thousands deep never gets there.
    if text.count("[") + text.count("{") > _FLOW_LEVELS or (len(text) > _SHORT and _STAIRCASE(text)):
        raise Doubt
    if ("!" in text or "&" in text or "*" in text) and _PROPERTY(text):
        raise Doubt
    if "?" in text and _QUERY(text):
        raise Doubt
    if "#" in text and _GLUED(text):
        raise Doubt
    if ("[" in text or "{" in text) and _DASH(text):
        raise Doubt
    if text[-1:] == " " and not text[text.rfind("\n") + 1 :].strip(" "):
        raise Doubt
    if "%" in text and (text[0] == "%" or "\n%" in text):
        raise Doubt
    root = _Composer(text).get_single_node()
    if root.__class__ is not MappingNode:
        raise Doubt
    data = _mapping(root, limits.depth, text)
    if "\\" in text:
        _check_escapes(data)
    return data


def _mapping(node: Any, depth: int, text: str) -> dict[str, Any]:
    if not depth:
        raise Doubt
    data: dict[str, Any] = {}
    flow = node.flow_style
    for key_node, child in node.value:
        key = key_node.value
        if key_node.__class__ is not ScalarNode or key in data:
            raise Doubt
        if key_node.style:
            _check_style(key_node, text)
        elif key == "<<" or (key[:1] in FIRST and plain(key) is not key):
            raise Doubt
        value = child.value
        if child.__class__ is ScalarNode:
            if child.style:
                _check_style(child, text)
                data[key] = value
            else:
                data[key] = plain(value) if value[:1] in FIRST else value
            continue
        if child.flow_style and not flow and child.start_mark.line != child.end_mark.line:
            raise Doubt  # how far its lines must stand in depends on where it is
        if child.__class__ is MappingNode:
            data[key] = _mapping(child, depth - 1, text)
        else:
            data[key] = _sequence(child, depth - 1, text)
    return data


def _sequence(node: Any, depth: int, text: str) -> list[Any]:
    if not depth:
        raise Doubt
    data: list[Any] = []
    flow = node.flow_style
    for child in node.value:
        value = child.value
        if child.__class__ is ScalarNode:
            if child.style:
                _check_style(child, text)
                data.append(value)
            else:
                data.append(plain(value) if value[:1] in FIRST else value)
            continue
        if child.flow_style and not flow and child.start_mark.line != child.end_mark.line:
            raise Doubt
        data.append((_mapping if child.__class__ is MappingNode else _sequence)(child, depth - 1, text))
    return data


def _check_style(node: Any, text: str) -> None:
    """Raise Doubt for quotes over several lines or before a `#`, and for an empty block of text: see `strict`."""
    if node.style in "\"'":
        end = node.end_mark
        if node.start_mark.line != end.line or text[end.index : end.index + 1] == "#":
            raise Doubt
    elif not node.value.strip():
        raise Doubt


def _check_escapes(value: Any) -> None:
    """Raise Doubt when a value holds a character that only an escape could bring in."""
    if isinstance(value, str):
        if not is_clean(value):
            raise Doubt
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_escapes(key)
            _check_escapes(item)
    elif isinstance(value, list):
        for item in value:
            _check_escapes(item)
