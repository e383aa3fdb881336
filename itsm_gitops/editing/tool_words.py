"""Which words the code of the tool itself names: renaming one in a rule book would make the tool blind for it.

Kinds and states play roles, so their names are free. A field, a type of link or a value that code reads is not. The
the sources are read instead of a table, which would be right until the next line is written.
"""

from __future__ import annotations

import re
from pathlib import Path

import itsm_gitops

_PACKAGE = Path(itsm_gitops.__file__).parent


def reader_of(word: str) -> str:
    """Return the first module of the package that names a word as text (``reports/flow.py``); empty for none."""
    literal = re.compile(rb"""["'.](?:[\w.]+\.)?""" + re.escape(word.encode()) + rb"""(?:\.[\w.]+)?["'.]""")
    quoted = re.compile(rb"\"[^\"\n]*\"|'[^'\n]*'")
    sign = word.encode()
    for path in sorted(_PACKAGE.rglob("*.py")):
        source = path.read_bytes()
        if sign in source and any(literal.fullmatch(text) for text in quoted.findall(source)):
            return path.relative_to(_PACKAGE).as_posix()
    return ""
