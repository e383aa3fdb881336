"""Reads files of the rule book with a cache: the same bytes are parsed once in a process."""

from __future__ import annotations

from functools import lru_cache

from itsm_gitops.documents.jsonfile import load_json
from itsm_gitops.documents.problems import RULEBOOK_LIMITS, LoadedDocument
from itsm_gitops.documents.reader import load


@lru_cache(maxsize=256)
def load_rule_file(raw: bytes, *, is_json: bool) -> LoadedDocument:
    """Read one file of a rule book; the data is shared, so do not change it."""
    return load_json(raw) if is_json else load(raw, limits=RULEBOOK_LIMITS)
