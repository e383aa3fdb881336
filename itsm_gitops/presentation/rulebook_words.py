"""A rule book in the language of the site: titles that the catalogue knows are replaced, names never are."""

from __future__ import annotations

from typing import Any

from itsm_gitops.model.kind_heads import plural_title
from itsm_gitops.model.rulebook import COMMON, LINKS, PRIORITY, RuleBook
from itsm_gitops.presentation.language import ENGLISH, current, t

_SAID = frozenset(["title", "plural_title", "inverse_title", "x-prompt", "description"])
_FILES = ("schemas/records/", "schemas/cmdb/", "schemas/workflows/", COMMON, LINKS, PRIORITY)


def in_language(book: RuleBook) -> RuleBook:
    """Return a rule book with the words of the site's language; the same one where that is English."""
    if current() == ENGLISH:
        return book
    return book.reworded(lambda path, data: _reworded(_titled(data)) if path.startswith(_FILES) else data)


def _titled(data: Any) -> Any:
    """Return a schema that says what many of its kind are called, also where that follows from their name."""
    about = data.get("x-itsm") if isinstance(data, dict) else None
    if not isinstance(about, dict) or not isinstance(about.get("plural"), str):
        return data
    return {**data, "x-itsm": {**about, "plural_title": plural_title(about)}}


def _reworded(node: Any) -> Any:
    if isinstance(node, dict):
        named = {"plural_title": plural_title(node)} if isinstance(node.get("plural"), str) else {}
        return {
            key: t(value) if key in _SAID and isinstance(value, str) else _reworded(value)
            for key, value in {**named, **node}.items()
        }
    return [_reworded(item) for item in node] if isinstance(node, list) else node
