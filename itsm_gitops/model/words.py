"""Small words for messages."""

from __future__ import annotations

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
    """Return a number of things: ``1 change``, ``2 changes``."""
    return f"{count} {word}{'' if count == 1 else 's'}"
