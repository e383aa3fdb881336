"""Which documents' files a build makes, in the pieces that worker processes take.

The files of a document are its page and, where it has one of its own, its JSON. Finished records share JSON files
(`publish/finished.py`), so those of one file stand in one piece: whoever makes their pages writes that file too. Of
records whose page is up to date, it takes over the lines that are there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from itsm_gitops.model.entry import Entry

_TOGETHER = 100  # documents in a piece without a file in common


class Piece(NamedTuple):
    """Documents whose files are made by one process; ``shard`` is the JSON file of all of them, '' for none.

    ``members`` are the records of that file, in order of key; ``reuse`` says that the lines of those which are not
    among ``entries`` can be taken from the file as it is. ``start`` is how many documents come before this piece.
    """

    start: int
    entries: Sequence[Entry]
    shard: str = ""
    members: Sequence[str] = ()
    reuse: bool = False


class StaleFile(NamedTuple):
    """One JSON file of finished records that is not up to date: its address, its records, whether its lines hold."""

    url: str
    members: Sequence[str]
    reuse: bool


def pieces(todo: Sequence[Entry], stale: Iterable[StaleFile], entries: Mapping[str, Entry]) -> list[Piece]:
    """Return the pieces with the documents of ``todo`` and the files that are ``stale``; nothing is in two of them."""
    waiting = {e.id: e for e in todo}
    together: list[Piece] = []
    for shard in stale:
        if shard.reuse:
            made = [waiting.pop(i) for i in shard.members if i in waiting]
        else:
            made = [waiting.pop(i, entries[i]) for i in shard.members]
        together.append(Piece(0, made, shard.url, shard.members, shard.reuse))
    others = list(waiting.values())
    # Items first: their pages take the longest, and short pieces at the end keep no process waiting.
    alone = [Piece(0, others[n : n + _TOGETHER]) for n in range(0, len(others), _TOGETHER)]
    found: list[Piece] = []
    start = 0
    for piece in (*alone, *together):
        found.append(piece._replace(start=start))
        start += len(piece.entries)
    return found


def shape_of(members: Iterable[str]) -> str:
    """Return what tells the records of one file from those that it had in the last build."""
    return hashlib.blake2b("\n".join(members).encode(), digest_size=16).hexdigest()
