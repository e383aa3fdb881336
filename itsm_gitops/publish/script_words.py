"""The words that scripts of a site say, in its language: a line before the script that the others build on."""

from __future__ import annotations

import json
import re
from functools import cache

from itsm_gitops.publish.language import ENGLISH, catalogue, current
from itsm_gitops.repository import packaged_rulebook_root

_FIRST = "assets/lib.js"
_TEXT = r'"((?:[^"\\\n]|\\.)*)"'


@cache
def _said(language: str) -> dict[str, str]:
    """Return the words of a language that some script of the tool has as a text."""
    words = catalogue(language)
    texts: set[str] = set()
    for path in sorted((packaged_rulebook_root() / "site/docs/assets").glob("*.js")):
        texts |= set(re.findall(_TEXT, path.read_text(encoding="utf-8")))
    return {text: words[text] for text in sorted(texts) if text in words}


def with_words(url: str, content: bytes) -> bytes:
    """Return a file of the site, the first script with the words of the site's language before it."""
    if url != _FIRST or current() == ENGLISH:
        return content
    words = json.dumps(_said(current()), ensure_ascii=False, separators=(",", ":"))
    return f"globalThis.itsmWords={words};\n".encode() + content
