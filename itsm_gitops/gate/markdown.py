"""Text of records inside a forge's comment: shown, never acting.

A comment is written with the rights of a bot. Text in it must not become a link, a picture, a
mention (which notifies), a reference to another issue, HTML, or a command at the start of a line
(GitLab runs those). Punctuation that Markdown reads becomes a character reference; what a forge
looks for after rendering (mentions, references, addresses) is broken by a zero-width space.
"""

from __future__ import annotations

import re

from itsm_gitops.model.text import safe_text, shorten

_PUNCTUATION = re.compile(r"[\\`*_{}\[\]()<>#+=|~^$!&\"':/%]")
_ACTING = re.compile(
    r"@(?=[\w-])|[#!%~$&](?=\w)|(?<=\w)(?=://)|\b(?:www|mailto)(?=[.:])|\bGH(?=-\d)|(?<=\w)(?=@)",
    re.IGNORECASE,
)
_BREAK = "\u2060"  # a mark of our own; no text of a record still holds one when it is set
_REFERENCE = "&#8203;"


def plain(text: object, cells: int = 0) -> str:
    """Return ``text`` as one line of Markdown that renders as exactly these characters.

    ``cells`` above 0 cuts it to that width first.
    """
    line = safe_text(" ".join(str(text).split()))
    if cells:
        line = shorten(line, cells)
    broken = _ACTING.sub(lambda m: f"{m[0]}{_BREAK}", line)
    escaped = _PUNCTUATION.sub(lambda m: f"&#{ord(m[0])};", broken)
    return _lead(escaped).replace(_BREAK, _REFERENCE)


def _lead(line: str) -> str:
    """Escape what means something only at the start of a line: bullets, numbers, commands."""
    if line[:1] in "-.0123456789":
        return re.sub(r"^(\d{0,9})([-.])", lambda m: f"{m[1]}&#{ord(m[2])};", line)
    return line


def code(text: object) -> str:
    """Return ``text`` as code: for identifiers and paths. Mentions do not act in code."""
    line = safe_text(" ".join(str(text).split()))
    return f"<code>{_PUNCTUATION.sub(lambda m: f'&#{ord(m[0])};', line)}</code>"
