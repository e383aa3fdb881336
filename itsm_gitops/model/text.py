"""Text from records made safe to show: terminal escapes and direction tricks become visible.

A record's text may hold anything. Printed as it is, a control sequence could clear the screen or
draw a false "approved", and a bidirectional override could reverse an amount (CWE-150).
"""

from __future__ import annotations

import re
from functools import cache

from itsm_gitops.model.joiners import NEEDED_SOMEWHERE, is_needed

# C0 and C1 controls and DEL; bidi embeddings, overrides, isolates and marks; zero-width characters,
# line and paragraph separators, the byte-order mark, interlinear annotations, tag characters.
_CONTROLS = "\x00-\x1f"
_UNSAFE = (
    f"[{_CONTROLS}\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


@cache
def _unsafe(*, but_lines: bool) -> re.Pattern[str]:
    """Compile the pattern when the first text needs it: most runs never do."""
    return re.compile(_UNSAFE.replace(_CONTROLS, "\x00-\x09\x0b-\x1f") if but_lines else _UNSAFE)


def safe_text(text: object, *, lines: bool = False) -> str:
    """Return ``text`` with every character that could act instead of show written as an escape.

    ``lines`` keeps line feeds (and turns CR LF into one); otherwise they become a visible escape
    too. A tab becomes a space.
    """
    shown = str(text).replace("\t", " ")
    if lines:
        shown = shown.replace("\r\n", "\n")
    # Nothing unsafe is printable, and nearly all text is.
    if all(map(str.isprintable, shown.split("\n") if lines else (shown,))):
        return shown
    return _unsafe(but_lines=lines).sub(_escape, shown)


@cache
def _acting() -> re.Pattern[str]:
    """Compile the pattern of what `harmless` looks at: our own colours, ends of lines, and what must not act."""
    own = r"\x1b\[(?:[012]|3[1-6])(?:;(?:[012]|3[1-6]))*m"
    return re.compile(f"(?P<colour>{own})|(?P<kept>\r\n|[\n\t])|{_UNSAFE}")


def harmless(text: str, *, colours: bool = False) -> str:
    """Return text of several lines in which nothing can act on a terminal: the last gate before it is printed.

    Line ends and tabs stay, and with ``colours`` the few escape sequences that this program colours with.
    Whoever writes text from outside still uses `safe_text`, which keeps it on its line.
    """
    if all(map(str.isprintable, text.split("\n"))):
        return text
    return _acting().sub(
        lambda m: (
            m[0] if m["kept"] or (colours and m["colour"]) or _is_needed(m) else "".join(map(_visible, m[0]))
        ),
        text,
    )


def _visible(character: str) -> str:
    return character if character.isprintable() else _escaped(character)


def typed_text(text: str) -> str:
    """Return text that somebody typed or piped in the form that documents have: LF, normal form C."""
    import unicodedata

    return unicodedata.normalize("NFC", text.replace("\r\n", "\n"))


def without_accents(text: str) -> str:
    """Return text whose letters stand without marks above or below them, for searching: ``ö`` becomes ``o``."""
    import unicodedata

    if text.isascii():
        return text
    marked = unicodedata.normalize("NFKD", text)
    return re.sub(
        r"[^\x00-\x7f]+", lambda some: "".join(c for c in some[0] if not unicodedata.combining(c)), marked
    )


def safe_json(text: str) -> str:
    """Return JSON text with the same meaning in which no character can act on a terminal."""
    return _unsafe(but_lines=True).sub(_json_escape, text)


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i] << 8 | units[i + 1]:04x}" for i in range(0, len(units), 2))


def _is_needed(match: re.Match[str]) -> bool:
    return is_needed(match.string, match.start())


def _escape(match: re.Match[str]) -> str:
    return match[0] if _is_needed(match) else _escaped(match[0])


def _escaped(character: str) -> str:
    if character == "\n":
        return "\\n"
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


# Lists, steps, headings, quotations, tables, code and indented lines mean something by the line that they stand on.
_STRUCTURE = r"^(?:[-*+>#|]|\d+[.)]\s|\s|```|~~~)|`"


def one_paragraph(text: str, most: int) -> str:
    """Return prose of one paragraph on one line, whole; empty where it is longer than ``most`` or more than prose.

    Steps and commands are dangerous when they are joined or cut: whoever shows a text in passing says that there is one.
    """
    kept = text.strip()
    if "\n\n" in kept.replace("\r\n", "\n") or re.search(_STRUCTURE, kept, re.MULTILINE):
        return ""
    line = " ".join(kept.split())
    return line if width(line) <= most else ""


def width(text: str) -> int:
    """Return the number of terminal cells that safe, single-line text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells(c) for c in text)


def _cells(character: str) -> int:
    import unicodedata

    if unicodedata.combining(character) or character in NEEDED_SOMEWHERE:
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def shorten(text: str, cells: int) -> str:
    """Cut text to at most ``cells`` terminal cells, the last one an ellipsis where it was cut."""
    if width(text) <= cells:
        return text
    kept, used = [], 0
    for character in text:
        used += _cells(character)
        if used > cells - 1:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"
