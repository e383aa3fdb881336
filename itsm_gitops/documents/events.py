"""The only module that imports PyYAML: its parsers as a source of events. Importing this module imports yaml (25 ms).

The C parser (libyaml) is used where PyYAML was built with it, the pure Python one elsewhere; both
give the same documents and refuse the same texts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yaml import YAMLError, events, tokens
from yaml.error import MarkedYAMLError
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

try:
    from yaml import _yaml

    CParser: Any = _yaml.CParser
except ImportError:
    CParser = None

NextEvent = Callable[[], Any]

__all__ = [
    "CParser",
    "MarkedYAMLError",
    "NextEvent",
    "PurePython",
    "YAMLError",
    "events",
    "open_events",
    "open_tokens",
    "tokens",
]


class PurePython(Reader, Scanner, Parser):
    """PyYAML's own parser without the parts that make objects."""

    def __init__(self, stream: str) -> None:
        Reader.__init__(self, stream)
        Scanner.__init__(self)
        Parser.__init__(self)


def open_events(text: str, *, pure: bool = False) -> NextEvent:
    """Return a function that gives the next event of ``text`` each time it is called."""
    if CParser is None or pure:
        get: NextEvent = PurePython(text).get_event
    else:
        get = CParser(text).get_event
    return get


def open_tokens(text: str, *, pure: bool = False) -> NextEvent:
    """Return a function that gives the next token of ``text`` each time it is called, None at the end."""
    source = PurePython(text) if CParser is None or pure else CParser(text)
    get: NextEvent = source.get_token
    return get
