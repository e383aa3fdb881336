"""Small words for messages, and the fields of a value by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from itsm_gitops.model.kinds import Kind


def title_of(kind: Kind) -> str:
    """Return the title of a kind inside a sentence: ``incident``, ``SaaS subscription``."""
    first = kind.title.split(" ")[0]
    return kind.title if any(c.isupper() for c in first[1:]) else kind.title[:1].lower() + kind.title[1:]


def a_kind(kind: Kind) -> str:
    """Return the title of a kind with its article: ``an incident``."""
    title = title_of(kind)
    return f"{'an' if title[:1].lower() in 'aeio' else 'a'} {title}"


def counted(count: int, word: str) -> str:
    """Return a number of things: ``1 change``, ``2,000 changes``."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def fields_of(value: DataclassInstance) -> dict[str, Any]:
    """Return the fields of a dataclass by name, in their order; what they hold is not copied."""
    from dataclasses import fields

    return {field.name: getattr(value, field.name) for field in fields(value)}
