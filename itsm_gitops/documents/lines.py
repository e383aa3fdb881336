"""A text being edited: edits work on LF, and each line that stays keeps its own line end (LF or CRLF)."""

from __future__ import annotations

import re

from itsm_gitops.documents.splice import Cut

_BREAK = re.compile(r"\r?\n")


class Lines:
    """``text`` with LF; cuts are applied one after the other. ``content`` is the text with its own line ends.

    A new line ends as the line does that it was put behind, or in place of.
    """

    def __init__(self, content: str) -> None:
        self._breaks = _BREAK.findall(content)
        self.text = content.replace("\r\n", "\n")
        self._tail: tuple[str, str] | None = None  # the last line as it was and with its new line break

    def apply(self, cut: Cut) -> None:
        """Make a change."""
        first = self.text.count("\n", 0, cut.start)
        removed, added = self.text.count("\n", cut.start, cut.end), cut.new.count("\n")
        near = self._breaks[first : first + 1] or self._breaks[-1:] or ["\n"]
        stay = self._breaks[first : first + min(removed, added)]
        self._breaks[first : first + removed] = stay + near * (added - len(stay))
        if self._tail and cut.end > len(self.text) - len(self._tail[1]):
            # Lines put behind the last one end as lines do; where the last one goes, the one above it is whole.
            whole = cut.start == cut.end or cut.end == len(self.text)
            self._tail = None if whole else ("", "\n")
        self.text = self.text[: cut.start] + cut.new + self.text[cut.end :]

    def close(self, start: int, last: str) -> None:
        """End the last line, which begins at ``start`` and is to be ``last``; `open_again` takes that back."""
        if not self.text.endswith("\n"):
            self._tail = (self.text[start:], last)
            self._breaks += self._breaks[-1:] or ["\n"]
            self.text = self.text[:start] + last

    def open_again(self) -> Lines | None:
        """Return the text without the break that `close` added, None where there is none to take away."""
        if not self._tail or not self.text.endswith(self._tail[1]):
            return None
        before, after = self._tail
        again = Lines("")
        again.text = self.text[: len(self.text) - len(after)] + before
        again._breaks = self._breaks[: again.text.count("\n")]
        return again

    @property
    def content(self) -> str:
        """The text with its own line ends."""
        parts = self.text.split("\n")
        return "".join(part + end for part, end in zip(parts, [*self._breaks, ""], strict=True))
