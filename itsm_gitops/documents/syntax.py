"""Translates error messages of the YAML parser into problems with a hint."""

from __future__ import annotations

from typing import NamedTuple

from itsm_gitops.documents.problems import Problem

_QUOTE = "put the value in quotes"
_INDENT = "line it up with its neighbours: two spaces for each level, no tabs"


class _Says(NamedTuple):
    """``marker`` is looked for in what the parser says; ``at_start``: point where the construct began."""

    marker: str
    message: str
    hint: str
    at_start: bool = False


# The first row that matches counts. The C parser and the pure Python one word most things alike.
_TABLE = (
    _Says("directive", "a directive (a line that starts with %)", "remove the line"),
    _Says("found unexpected ':'", "a colon in brackets without a space behind it", _QUOTE),
    _Says("tab character that violates", "a tab in the indentation", "indent with spaces"),
    _Says("found unexpected end of stream", "the quote is never closed", "add the closing quote", True),
    _Says("found unexpected document", "the quote is never closed", "add the closing quote", True),
    _Says(
        "found unknown escape",
        "an unknown escape after a backslash",
        "use single quotes, or write \\\\ for \\",
    ),
    _Says(
        "expected escape sequence",
        "an incomplete \\x, \\u or \\U escape",
        "write all its digits, or \\\\ for \\",
    ),
    _Says(
        "did not find expected hexdecimal",
        "an incomplete \\x, \\u or \\U escape",
        "write all its digits, or \\\\ for \\",
    ),
    _Says("chr() arg", "an escape that names no character", "remove the escape"),
    _Says("too large to convert", "an escape that names no character", "remove the escape"),
    _Says("invalid Unicode character escape", "an escape that names no character", "remove the escape"),
    _Says("indentation space is expected", "a tab in the indentation", "indent with spaces"),
    _Says(
        "mapping values are not allowed",
        "a second ': ' on one line, or a key at the wrong indentation",
        "put a value that contains ': ' in quotes, or line the key up with its neighbours",
    ),
    _Says(
        "could not find expected ':'",
        "a key without a colon",
        "write `key: value`, with a space after the colon",
        True,
    ),
    _Says("expected ',' or ']'", "the list is not closed", "add `]`, or a comma between its items", True),
    _Says("expected ',' or '}'", "the braces are not closed", "add `}`, or a comma between its keys", True),
    _Says(
        "block sequence entries are not allowed",
        "a list item where none can be",
        "start the list on its own line",
    ),
    _Says(
        "sequence entries are not allowed", "a list item where none can be", "start the list on its own line"
    ),
    _Says("mapping keys are not allowed", "a `?` where no key can be", _QUOTE),
    _Says("expected '-' indicator", "this line does not belong to the list above", _INDENT),
    _Says("while parsing a block collection", "this line does not belong to the list above", _INDENT),
    _Says("expected key", "this line does not belong to the keys above it", _INDENT),
    _Says("while parsing a block mapping", "this line does not belong to the keys above it", _INDENT),
    _Says("expected comment or line break", "text after `|` or `>`", "start the text on the next line"),
    _Says("expected a comment or a line break", "text after `|` or `>`", "start the text on the next line"),
    _Says("expected chomping or indentation", "text after `|` or `>`", "start the text on the next line"),
    _Says("indentation indicator", "a wrong number after `|` or `>`", "leave the number out"),
    _Says("incompatible YAML document", "a %YAML directive for another version", "remove the line"),
    _Says("document start", "text that does not belong to the keys above it", _INDENT),
    _Says("tag", "a tag (a word that starts with `!`) that cannot be read", _QUOTE),
    _Says("alias", "a word that starts with `*` or `&`", _QUOTE),
    _Says("anchor", "a word that starts with `*` or `&`", _QUOTE),
    _Says("expected node content", "a value is missing or starts with a reserved character", _QUOTE),
    _Says("expected the node content", "a value is missing or starts with a reserved character", _QUOTE),
)
_TAB = _Says("", "a tab in the indentation", "indent with spaces")
_NO_KEY = _Says("", "a key is missing before the colon", "write the key")
_RESERVED = _Says("", "a value cannot start with this character", _QUOTE)


def translate(text: str, error: Exception) -> Problem:
    """Turn an exception of the YAML parser about ``text`` into a problem with a position."""
    complaint = f"{getattr(error, 'context', None) or ''}; {getattr(error, 'problem', None) or error}"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if "cannot start any token" in complaint:
        row = _TAB if mark and text[mark.index : mark.index + 1] == "\t" else _RESERVED
    elif (mark and "expected key" in complaint and text[mark.index : mark.index + 1] == ":") or (
        mark and "but found ':'" in complaint
    ):
        row = _NO_KEY
    else:
        row = next(
            (row for row in _TABLE if row.marker in complaint),
            _Says("", complaint.strip("; "), "check the quotes, colons and indentation here"),
        )
    if row.at_start:
        mark = getattr(error, "context_mark", None) or mark
    if mark is None:
        return Problem("P003", row.message, row.hint, 1, 1)
    return Problem("P003", row.message, row.hint, mark.line + 1, mark.column + 1)
