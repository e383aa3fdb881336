"""Shards of a check: each judges a part, and all of them together find what one check of everything finds.

The first shard reads every document, asks the rules that need all of them (links, names, conflicts, the rule
book and the settings), and reports whatever belongs to no single document. The others read the CMDB and their own
records and ask the rules about single documents. Reading everything is about half of a check, so the first
shard of two gets a quarter of the documents, and the first of more gets none.

A document belongs to the shard that a hash of its identifier names: the same on every machine, whatever else is in
the repository, and two files that claim one identifier are judged together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from itsm_gitops.model.errors import UsageError
from itsm_gitops.snapshots import Snapshot
from itsm_gitops.snapshots.part import PartialSnapshot
from itsm_gitops.snapshots.snapshot import RECORDS
from itsm_gitops.snapshots.store import identifier_of, is_document

MOST = 256
_FORM = re.compile(r"([0-9]{1,3})/([0-9]{1,3})", re.ASCII)
_FIRST_OF_TWO = 0.25  # of the documents: the first shard has the rules about all of them besides


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` shards; ``number`` counts from 1."""

    number: int = 1
    count: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def whole(self) -> bool:
        """Whether this is all of the check."""
        return self.count == 1

    @property
    def first(self) -> bool:
        """Whether this shard asks the rules about everything."""
        return self.number == 1

    def owns(self, path: str) -> bool:
        """Whether the document at a path is judged by this shard."""
        return self.whole or _shard_of(identifier_of(path), self.count) == self.number

    def counts(self, path: str) -> bool:
        """Whether a file is one of this shard's; what is no document is the first one's."""
        return self.owns(path) if is_document(path) else self.first

    def part(self, snapshot: Snapshot) -> Snapshot:
        """Return what this shard has to read of a snapshot."""
        if self.first:
            return snapshot
        records = (i.path for i in snapshot.files(RECORDS) if is_document(i.path) and self.owns(i.path))
        return PartialSnapshot(snapshot, records)


WHOLE = Shard()


def read_shard(text: str) -> Shard:
    """Return the shard that ``NUMBER/COUNT`` names, for example ``2/4``; raises UsageError."""
    match = _FORM.fullmatch(text.strip())
    number, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= count <= MOST:
        raise UsageError(
            f"'{text}' is not a shard",
            f"--shard NUMBER/COUNT, for example 2/4; at most {MOST}, counted from 1",
        )
    return Shard(number, count)


def _shard_of(identifier: str, count: int) -> int:
    digest = sha256(identifier.encode("utf-8", "surrogatepass")).digest()
    place = int.from_bytes(digest[:8], "big")
    whole = 1 << 64
    if count == 2:
        return 1 if place < whole * _FIRST_OF_TWO else 2
    return 2 + place * (count - 1) // whole
