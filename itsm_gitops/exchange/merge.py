"""Takes a table's newer values over into a document that exists, keeping everything else of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itsm_gitops import documents

_TIMELINE = "timeline"


def merge(
    raw: bytes, old: Mapping[str, Any], new: Mapping[str, Any], key_order: Sequence[str]
) -> bytes | None:
    """Return the document with the values of ``new`` where they differ; None when history differs.

    Fields that ``new`` does not have stay, comments too. The timeline only grows: where the old one
    is not the beginning of the new one, somebody wrote into it and the document is left alone.
    """
    edits: list[documents.Set | documents.Append | documents.Remove] = []
    for name, value in new.items():
        if name == _TIMELINE or old.get(name) == value:
            continue
        edits.append(documents.Set((name,), value))
    before, after = old.get(_TIMELINE, []), new.get(_TIMELINE, [])
    if after[: len(before)] != before:
        return None
    edits += [documents.Append((_TIMELINE,), entry) for entry in after[len(before) :]]
    return documents.edit(raw, edits, key_order)
