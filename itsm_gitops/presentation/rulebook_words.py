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
    return book.reworded(lambda path, data: _reworded(data) if path.startswith(_FILES) else data)


def _reworded(node: Any) -> Any:
    if isinstance(node, dict):
        # A plural that the schema leaves to its name needs a translation, too.
        named = {"plural_title": plural_title(node)} if isinstance(node.get("plural"), str) else {}
        return {
            key: t(value) if key in _SAID and isinstance(value, str) else _reworded(value)
            for key, value in {**named, **node}.items()
        }
    return [_reworded(item) for item in node] if isinstance(node, list) else node
