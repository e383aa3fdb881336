"""The scripts of a site as browsers get them: parts joined, without comments, in the site's language.

Scripts are written in parts of one matter each, with their types in comments (`tests/scripts` holds them to these).
What one page needs is one file then, and its comments stay here. The words of the site's language are a line before the
script that all others build on.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from itsm_gitops.presentation.language import ENGLISH, catalogue, current
from itsm_gitops.snapshots import packaged_rulebook_root

_FIRST = "assets/lib.js"
# The parts of scripts that have several, in the order in which they run; the last one gives its name.
_PARTS = (
    ("words", "search"),
    ("seen", "itsm"),
    ("axis", "months"),
    ("zone", "answers", "filing", "drafts", "naming", "beside", "forms"),
    ("layout", "packing", "neighbourhood", "facts", "drawing", "details", "viewing", "address", "map"),
    ("zone", "ordering", "columns", "asking", "taking", "facets", "chosen", "rows", "explorer"),
    ("zone", "ordering", "columns", "rows", "picking", "mine"),
)  # fmt: skip
_JOINED = {f"assets/{parts[-1]}.js": parts for parts in _PARTS}
_INNER = {f"assets/{name}.js" for parts in _PARTS for name in parts} - _JOINED.keys()

_TEXT = r'"((?:[^"\\\n]|\\.)*)"'
_COMMENTS = re.compile(rb"^[ \t]*(?://[^\n]*|/\*\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n", re.MULTILINE)
_TYPES = re.compile(rb"/\*\*[^\n]*?\*/ ?")


def _folder() -> Path:
    return packaged_rulebook_root() / "site/docs"


@cache
def _said(language: str) -> dict[str, str]:
    """Return the words of a language that some script of the tool has as a text."""
    words = catalogue(language)
    texts: set[str] = set()
    for path in sorted((_folder() / "assets").glob("*.js")):
        texts |= set(re.findall(_TEXT, path.read_text(encoding="utf-8")))
    return {text: words[text] for text in sorted(texts) if text in words}


@cache
def _own(url: str) -> bytes | None:
    """Return a script of the tool as browsers get it, but for its words; None for a file that is none."""
    if not re.fullmatch(r"assets/\w+\.js", url) or not (_folder() / url).is_file():
        return None
    names = _JOINED.get(url) or (Path(url).stem,)
    texts = [(_folder() / f"assets/{name}.js").read_bytes() for name in names]
    return b"".join(_TYPES.sub(b"", _COMMENTS.sub(b"", text)) for text in texts)


def addresses() -> list[str]:
    """Return where the scripts of the tool are in a site."""
    names = sorted(f"assets/{path.name}" for path in (_folder() / "assets").glob("*.js"))
    return [url for url in names if not is_inner(url)]


def is_inner(url: str) -> bool:
    """Whether a file of the site is a part of a script, and is published within that."""
    return url in _INNER


def as_published(url: str, content: bytes) -> bytes:
    """Return a file of the site as it is published."""
    own = _own(url)
    if own is None:
        return content
    if url != _FIRST or current() == ENGLISH:
        return own
    words = json.dumps(_said(current()), ensure_ascii=False, separators=(",", ":"))
    return f"globalThis.itsmWords={words};\n".encode() + own
