"""Rejects texts that YAML 1.2.2 forbids but libyaml accepts, because other YAML readers could not read them.

The rules are those of the specification: a comment needs white space before it (6.6), lines of a value in
brackets or quotes stand further in than what they belong to (7.3, 7.4, 8.1), a lone dash in brackets is no
word (7.3.3), and empty lines above a block of text have no more spaces than the text (8.1.1.1). One liberty is
left: a closing bracket may stand as far out as its key, because everybody writes it so and every reader in use
takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from itsm_gitops.documents.events import YAMLError, open_tokens
from itsm_gitops.documents.events import tokens as types
from itsm_gitops.documents.problems import Problem

_HEADER = re.compile(r"[|>][-+0-9]*")
_FLOW_MARKS = (
    types.FlowSequenceStartToken, types.FlowMappingStartToken, types.FlowSequenceEndToken,
    types.FlowMappingEndToken, types.FlowEntryToken,
)  # fmt: skip
_OPEN = (types.FlowSequenceStartToken, types.FlowMappingStartToken)
_CLOSE = (types.FlowSequenceEndToken, types.FlowMappingEndToken)
_BLOCK = (types.BlockSequenceStartToken, types.BlockMappingStartToken)


def violations(text: str, *, pure: bool = False) -> Iterator[Problem]:
    """Yield the problems of a text that the parser accepts."""
    return _Scan(text).problems(pure)


class _Scan:
    """One walk over the tokens; ``_margins`` are the columns of the block collections that are open."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.split("\n")
        self._margins = [-1]
        self._depth = 0  # of brackets
        self._first = 0  # the line of the outermost bracket

    def problems(self, pure: bool) -> Iterator[Problem]:
        get = open_tokens(self._text, pure=pure)
        while True:
            try:
                token = get()
            except (YAMLError, ValueError, OverflowError):
                return  # the reading itself says so
            if token is None:
                return
            if isinstance(token, _BLOCK):
                self._margins.append(token.start_mark.column)
            elif isinstance(token, types.BlockEndToken):
                self._margins.pop()
            elif isinstance(token, _FLOW_MARKS):
                yield from self._bracket(token)
            elif isinstance(token, types.ScalarToken):
                yield from self._scalar(token)

    def _bracket(self, token: Any) -> Iterator[Problem]:
        yield from self._glued(token.end_mark)
        if isinstance(token, _OPEN):
            if not self._depth:
                self._first = token.start_mark.line
            self._depth += 1
        elif isinstance(token, _CLOSE):
            self._depth -= 1
            if not self._depth:
                yield from self._too_far_out(self._first, token.start_mark.line, brackets=True)

    def _scalar(self, token: Any) -> Iterator[Problem]:
        start, end = token.start_mark, token.end_mark
        if token.style in ("|", ">"):
            yield from self._block(start)
            rest = self._lines[-1] + self._text[end.index :]
            if self._lines[-1] and not rest.strip(" "):
                message = "the last line holds only spaces, and readers differ on what they mean"
                yield _problem(message, "take the spaces away", len(self._lines) - 1, 0)
        elif token.style:
            yield from self._glued(end)
            if not self._depth:
                yield from self._too_far_out(start.line, end.line, brackets=False)
        elif self._depth and self._text[start.index : end.index] == "-":
            yield _problem("a lone dash in brackets", "put it in quotes", start.line, start.column)

    def _glued(self, mark: Any) -> Iterator[Problem]:
        if self._text[mark.index : mark.index + 1] == "#":
            yield _problem(
                "a comment right behind a value", "put a space before the #", mark.line, mark.column
            )

    def _too_far_out(self, first: int, last: int, *, brackets: bool) -> Iterator[Problem]:
        """Yield the first line of a value in brackets or quotes that is not indented as it must be."""
        least = self._margins[-1] + 1
        for number in range(first + 1, last + 1):
            line = self._lines[number]
            spaces, content = len(line) - len(line.lstrip(" ")), line.strip(" \t\r")
            if not content or (brackets and content[0] == "#"):
                continue
            if spaces >= least - (brackets and content[0] in "]}"):
                continue
            what = "in brackets" if brackets else "of a text in quotes"
            hint = f"begin it with at least {least} space{'' if least == 1 else 's'}, not with tabs"
            yield _problem(f"a line {what} that stands too far left", hint, number, spaces)
            return

    def _block(self, start: Any) -> Iterator[Problem]:
        header = _HEADER.match(self._text, start.index)
        if header is None:
            return
        if self._text[header.end() : header.end() + 1] == "#":
            column = start.column + header.end() - start.index
            yield _problem("a comment right behind a value", "put a space before the #", start.line, column)
        if any(c.isdigit() for c in header.group()):
            return
        widest, number = 0, start.line + 1
        while number < len(self._lines) and not self._lines[number].strip(" \r"):
            widest = max(widest, len(self._lines[number].rstrip("\r")))
            number += 1
        line = self._lines[number] if number < len(self._lines) else ""
        spaces = len(line) - len(line.lstrip(" "))
        if line.strip() and self._margins[-1] < spaces < widest:
            message = "an empty line above the text has more spaces than the text"
            yield _problem(message, "take the spaces of the empty lines away", number, spaces)


def _problem(message: str, hint: str, line: int, column: int) -> Problem:
    return Problem("P003", message, hint, line + 1, column + 1)
