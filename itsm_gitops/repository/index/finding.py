"""Which document somebody means, by a few rows of the index: the rules are those of ``model.ids.find``.

SQLite narrows the names down, and the rules are applied to what is left. It knows the case of Latin letters only,
so names with others are always among what is left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import suppress

from itsm_gitops.model import ids
from itsm_gitops.model.errors import NotFound
from itsm_gitops.repository.index.database import DAMAGE

_OTHERS = "GLOB '*[^ -~]*'"
# The inner question reads the index of names alone; rows are looked at for what it leaves.
_USABLE = "SELECT id FROM document WHERE usable = 1 AND id IN (SELECT id FROM document WHERE {} OR id {}) ORDER BY id"
_EXACT = _USABLE.format("lower(id) = ?", _OTHERS)
_PART = _USABLE.format("instr(lower(id), ?)", _OTHERS)
_ALIAS = (
    f"SELECT name, id FROM alias JOIN document ON number = document WHERE lower(name) = ? OR name {_OTHERS}"  # noqa: S608
    " ORDER BY path"
)


def find_name(connection: sqlite3.Connection, fragment: str, broken: Collection[str]) -> str | None:
    """Return the identifier that a fragment means; None where nothing is called so, or the index cannot tell.

    ``broken`` are the documents that cannot be used: they can be meant, too. Raises Ambiguous.
    """
    wanted = fragment.strip().lower()
    if not wanted:
        return None
    with suppress(*DAMAGE):
        names = [name for (name,) in connection.execute(_EXACT, (wanted,))]
        exact = [n for n in (*names, *broken) if n.lower() == wanted]
        if exact:
            first: str = exact[0]
            return first
        aliases: dict[str, str] = {}
        for name, identifier in connection.execute(_ALIAS, (wanted,)):
            aliases.setdefault(name, identifier)
        parts = [name for (name,) in connection.execute(_PART, (wanted,))]
        with suppress(NotFound):
            return ids.find(fragment, (*parts, *broken), aliases)
    return None
