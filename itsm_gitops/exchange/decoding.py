"""Finds the byte of a file that is not of its encoding, so that a refusal can say where it stands."""

from __future__ import annotations

import codecs
from typing import IO, NamedTuple

_BLOCK = 1 << 16
_AROUND = 20  # bytes before and behind that make the place recognisable
_GUESS = "cp1252"  # what most tables are that are not what they say


class Undecodable(NamedTuple):
    """A byte (counted from 1) that is not of an encoding, its line and column, what it is, and what to do."""

    byte: int
    line: int
    column: int
    what: str
    advice: str

    @property
    def place(self) -> str:
        """The place in words."""
        return f"line {self.line}, column {self.column} (byte {self.byte})"


def find_undecodable(file: IO[bytes], encoding: str) -> Undecodable | None:
    """Return the first byte of a file that is not of the encoding; None where there is none.

    Lines end with a line feed; where the text has none, with a carriage return.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    start, feeds, returns, line = 0, 0, 0, ""
    while True:
        block = file.read(_BLOCK)
        waiting = len(decoder.getstate()[0])
        error = None
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as caught:
            error = caught
            text = caught.object[: caught.start].decode(encoding, "replace")
        feeds, returns = feeds + text.count("\n"), returns + text.count("\r")
        line = (line + text).rpartition("\n" if feeds else "\r")[2]
        if error:
            byte = start - waiting + error.start + 1
            return Undecodable(byte, (feeds or returns) + 1, len(line) + 1, *_words(error, encoding))
        if not block:
            return None
        start += len(block)


def _words(error: UnicodeDecodeError, encoding: str) -> tuple[str, str]:
    what = f"byte 0x{error.object[error.start]:02x} is not {encoding}: {error.reason}"
    advice = "name the right encoding in the mapping (source.encoding), or convert the file"
    around = error.object[max(0, error.start - _AROUND) : error.start + _AROUND]
    try:
        read = " ".join(around.decode(_GUESS).split())
    except UnicodeDecodeError:
        return what, advice
    return what, f"{advice}; as {_GUESS} it reads '… {read} …'" if read.isprintable() else advice
