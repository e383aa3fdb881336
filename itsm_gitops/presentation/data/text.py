"""Writing JSON and XML so that what a record says stays text wherever the file ends up."""

from __future__ import annotations

import json
import re
from typing import Any

from itsm_gitops.presentation.markup import esc

# XML 1.0 has no way to write these characters, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A server that does not say what a file is lets browsers guess: nothing in it may look like HTML.
_MARKUP = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
# Documents are read from YAML without anchors and so have no circles; not to look for them is a third faster.
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))


def as_json(data: Any) -> bytes:
    """Return data as JSON in UTF-8, on one line, without a character that could be markup."""
    text = _ENCODER.encode(data)
    for sign, code in _MARKUP.items():
        if sign in text:
            text = text.replace(sign, code)
    return f"{text}\n".encode()


def xml(value: object) -> str:
    """Escape a value for XML content and quoted attributes."""
    return _NOT_XML.sub("\ufffd", esc(value))
