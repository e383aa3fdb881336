"""Which characters a document may hold, decided on its bytes before any parser sees them.

Refused are characters that people cannot see or that make a text look like another text: control
characters, marks that reverse the reading direction (CVE-2021-42574), zero-width characters,
Unicode tag characters, line breaks that YAML 1.1 and 1.2 read differently, and the two code points
at the end of the basic plane that are no characters. Joiners and marks stand where a script needs them
(``model/joiners.py``) and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

from itsm_gitops.documents.problems import MAX_PROBLEMS, Problem
from itsm_gitops.model.joiners import is_needed

_NOT_ASCII = (
    "\x80-\x9f"  # C1 controls, among them U+0085 NEXT LINE
    "\xad"  # soft hyphen
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction marks, overrides and isolates
    "\u180e\u200b-\u200d\u2060-\u2065\ufeff"  # zero width
    "\u2028\u2029"  # line and paragraph separator
    "\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff"  # halves of characters
    "\U000e0000-\U000e007f"  # tags
)
_LONE_RETURN = re.compile(r"\r(?!\n)")
_ALLOWED_BYTES = bytes([9, 10, 13, *range(32, 127), *range(128, 256)])

_NAMES = {0xFEFF: "a byte order mark", 0x85: "NEXT LINE", 0x00: "NUL", 0x1B: "ESCAPE", 0x7F: "DELETE"}


@cache
def forbidden(*, ascii_too: bool = True) -> re.Pattern[str]:
    """The pattern of one forbidden character. Compiled when first needed: sound ASCII texts never do."""
    controls = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f" if ascii_too else ""
    return re.compile(f"[{controls}{_NOT_ASCII}]")


def hidden(text: str, *, ascii_too: bool = True) -> Iterator[re.Match[str]]:
    """Yield the characters of a text that are forbidden where they stand."""
    found = forbidden(ascii_too=ascii_too).finditer(text)
    return (match for match in found if not is_needed(text, match.start()))


def replaced(text: str, how: Callable[[str], str]) -> str:
    """Return a text with what ``how`` makes of each character that is forbidden where it stands."""
    return forbidden().sub(lambda m: m[0] if is_needed(text, m.start()) else how(m[0]), text)


def clean_text(raw: bytes) -> str | None:
    """Decode ``raw`` when all its characters are allowed; otherwise None, see `diagnose`."""
    if raw.translate(None, _ALLOWED_BYTES):
        return None
    if raw.isascii():
        text = raw.decode("ascii")
    else:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return None
        if _hides_something(text) or not unicodedata.is_normalized("NFC", text):
            return None
    if "\r" in text and _LONE_RETURN.search(text):
        return None
    return text


def _hides_something(text: str) -> bool:
    """Whether a text whose ASCII characters are all allowed holds a forbidden one."""
    # Nothing forbidden is printable, and all that is in most texts is. That is quicker than the pattern.
    if text.replace("\n", " ").replace("\t", " ").isprintable():
        return False
    return any(hidden(text, ascii_too=False))


def is_clean(value: str) -> bool:
    """Whether a value holds only allowed characters and is normalised (NFC)."""
    if value.isascii() and value.isprintable():
        return True
    return not any(hidden(value)) and unicodedata.is_normalized("NFC", value)


def describe(character: str) -> str:
    """Name a character without showing it, for example ``U+202E RIGHT-TO-LEFT OVERRIDE``."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte of a command line that it cannot decode
        return f"a byte that is not UTF-8 (0x{code - 0xDC00:02X})"
    name = _NAMES.get(code) or unicodedata.name(character, "a control character")
    return f"U+{code:04X} {name}"


def position(text: str, index: int) -> tuple[int, int]:
    """Line and column, counted from 1, of the character at ``index``."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def value_problems(value: str, line: int, column: int) -> list[Problem]:
    """Return the problems of the characters of a value that starts at ``line`` and ``column``."""
    problems = []
    bad = next(hidden(value), None)
    if bad:
        problems.append(_forbidden(bad.group(), line, column, "through an escape"))
    if not unicodedata.is_normalized("NFC", value):
        problems.append(_denormal(value, line, column))
    return problems


def diagnose(raw: bytes) -> list[Problem]:
    """List the characters of ``raw`` that are not allowed, with their positions; at most 50."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return [_undecodable(raw, error)]
    problems = [
        _forbidden(match.group(), *position(text, match.start()))
        for match, _ in zip(hidden(text), range(MAX_PROBLEMS), strict=False)
    ]
    for match, _ in zip(_LONE_RETURN.finditer(text), range(MAX_PROBLEMS), strict=False):
        line, column = position(text, match.start())
        hint = "end lines with LF or CRLF; `itsm fmt` writes LF"
        problems.append(Problem("P002", "a carriage return that ends no line", hint, line, column))
    if not unicodedata.is_normalized("NFC", text):
        index = _first_denormal(text)
        problems.append(_denormal(text[index : index + 1], *position(text, index)))
    return sorted(problems, key=lambda p: (p.line, p.column))[:MAX_PROBLEMS]


def _forbidden(character: str, line: int, column: int, how: str = "") -> Problem:
    message = f"the character {describe(character)} is not allowed" + (f" ({how})" if how else "")
    hint = "remove it; it is invisible or changes how the text is read"
    return Problem("P002", message, hint, line, column)


def _denormal(near: str, line: int, column: int) -> Problem:
    place = f" near U+{ord(near[0]):04X}" if near else ""
    return Problem(
        "P012",
        f"the text is not in Unicode normal form C{place}",
        "the same letters can be written in two ways; write them composed: itsm check --fix does",
        line,
        column,
    )


def _first_denormal(text: str) -> int:
    """Index of the first character that normalisation would change (the start of its cluster)."""
    normal = unicodedata.normalize("NFC", text)
    index = next((i for i, (a, b) in enumerate(zip(text, normal, strict=False)) if a != b), len(normal))
    return min(index, len(text) - 1)


def _undecodable(raw: bytes, error: UnicodeDecodeError) -> Problem:
    line = raw.count(b"\n", 0, error.start) + 1
    before = raw[raw.rfind(b"\n", 0, error.start) + 1 : error.start]
    column = len(before.decode("utf-8", "replace")) + 1
    message = f"byte 0x{raw[error.start]:02X} is not UTF-8"
    return Problem("P001", message, "save the file as UTF-8 without a byte order mark", line, column)
