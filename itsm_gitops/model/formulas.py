"""Cell values that a spreadsheet would run as formulas, made harmless on export and restored on import.

A cell that begins with one of ``= + - @``, a tab or a carriage return (also in its full-width form,
also after blanks) is a formula to a spreadsheet (CWE-1236). An apostrophe in front makes it text.
"""

from __future__ import annotations

import re

MARK = "'"

# Marks already there are part of the pattern: what was neutralised once can be neutralised again,
# and restoring takes exactly one mark off, so that every text survives the round trip.
_RISKY = re.compile(r"'*\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]|'*\s*[\t\r]")


def neutralise(value: str) -> str:
    """Return ``value`` with an apostrophe in front where a spreadsheet might calculate it."""
    return MARK + value if _RISKY.match(value) else value


def restore(value: str) -> str:
    """Take off the apostrophe that `neutralise` put there, and no other."""
    return value[1:] if value.startswith(MARK) and _RISKY.match(value) else value
