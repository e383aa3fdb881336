"""What an unquoted word means: the core schema of YAML 1.2.2, section 10.3.2, with three limits.

Null, booleans, integers (decimal, ``0o``, ``0x``) and floats are recognised; all else is a string
(``no``, ``on``, ``12:30:45``, ``2026-11-22``, ``1_000``). The limits:

- A decimal with a leading zero (``012``, ``-007.5``) is a string: YAML 1.1 reads it as octal and 1.2
  as decimal, and it is mostly a number to dial or to look up, where the zero matters.
- An integer beyond 64 bits is refused: JSON consumers would silently round it.
- ``.inf``, ``.nan`` and floats too large for a double are refused: JSON has no such numbers.
"""

from __future__ import annotations

import math
import re

NUMBER_START = frozenset("-+.0123456789")
_NUMBER_END = frozenset(".0123456789abcdefABCDEFnN")  # hexadecimal, .inf and .nan included
FIRST = NUMBER_START | frozenset(["", *"tTfFnN~"])
CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_decimal = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII).fullmatch
_based = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII).fullmatch
_float = re.compile(
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII
).fullmatch
_not_finite = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)").fullmatch
_LONGEST_INTEGER = 24
_MIN, _MAX = -(2**63), 2**64 - 1


class NotANumber(ValueError):
    """An unquoted word that YAML reads as a number JSON cannot hold. The text says which."""


def plain(text: str) -> str | int | float | bool | None:
    """Return the value of an unquoted scalar; raise NotANumber for one that JSON cannot hold."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if text[0] not in NUMBER_START or text[-1] not in _NUMBER_END:  # a time in UTC ends in Z
        return text
    if _decimal(text):
        return _integer(text, 10)
    if _float(text):
        number = float(text)
        if math.isinf(number):
            raise NotANumber(f"{text[:40]} is too large for a number")
        return number
    if _based(text):
        return _integer(text[2:], 8 if text[1] == "o" else 16)
    if _not_finite(text):
        raise NotANumber(f"{text} is not a finite number")
    return text


def _integer(digits: str, base: int) -> int:
    if len(digits) <= _LONGEST_INTEGER:
        number = int(digits, base)
        if _MIN <= number <= _MAX:
            return number
    raise NotANumber(f"an integer of {len(digits)} digits does not fit into 64 bits")


def is_plain_string(text: str) -> bool:
    """Whether the unquoted word ``text`` is read as the string ``text``."""
    if text[:1] not in FIRST:
        return True
    try:
        return plain(text) == text
    except NotANumber:
        return False
