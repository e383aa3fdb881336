"""Writes a new document in the canonical form that `fmt` keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itsm_gitops.documents import render


def ordered(names: Sequence[str], key_order: Sequence[str]) -> list[str]:
    """Sort key names by ``key_order``; others follow in the order they have."""
    rank = {name: position for position, name in enumerate(key_order)}
    return sorted(names, key=lambda name: rank.get(name, len(rank)))


def dump(data: Mapping[str, Any], key_order: Sequence[str] = ()) -> str:
    """Return ``data`` as canonical YAML: block style, LF, a final newline, top-level keys in order.

    Strings are unquoted where every reader takes them for text, texts of several lines are literal
    blocks. Reading the result gives equal data. Raises ValueError for values that a document cannot
    hold: infinite numbers, control characters, integers beyond 64 bits are the caller's to avoid.
    """
    if not data:
        return "{}\n"
    arranged = {name: data[name] for name in ordered(list(data), key_order)}
    return "\n".join(render.lines(arranged, 0)) + "\n"
