"""Records of a log that have an event which cannot be read: they wait, because no history may have a hole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Holes:
    """Collects, while a log is read, which records an unreadable row may belong to.

    ``key_first`` says that the key stands in the first column, where a missing or surplus delimiter does not
    move it. Elsewhere the key of such a row counts only when a row beside it has the same. A row without
    such a key may belong to the record above or to the one below. ``reasons`` has a reason for each key.
    """

    key_first: bool
    reasons: dict[str, str] = field(default_factory=dict)
    _above: str = ""
    _waiting: list[tuple[int, str, str]] = field(default_factory=list)

    def unreadable(self, row: int, key: str, fault: str) -> None:
        """Take a row that cannot be read; ``key`` is what stands where its key should be."""
        self._waiting.append((row, key, fault))

    def readable(self, key: str) -> None:
        """Take the key of the next row that can be read; empty at the end of the table."""
        for row, own, fault in self._waiting:
            beside = {self._above, key} - {""}
            certain = bool(own) and (self.key_first or own in beside)
            self._note({own} if certain else beside, row, fault, certain=certain or len(beside) == 1)
        self._waiting.clear()
        self._above = key

    def _note(self, keys: Iterable[str], row: int, fault: str, *, certain: bool) -> None:
        about = "an event of this record" if certain else "perhaps an event of this record"
        for key in keys:
            self.reasons.setdefault(key, f"row {row}, {about}, {fault}")
