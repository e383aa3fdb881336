"""Which document somebody means, by a few rows of the index: the rules are those of ``model.ids.find``.

SQLite narrows the names down, and the rules are applied to what is left. It knows the case of Latin letters only,
so names with others are always among what is left. LIKE reads twice as fast as ``lower`` and ``instr`` together, and its
wildcards in a text only leave more to the rules.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import suppress

from itsm_gitops.model import ids
from itsm_gitops.model.errors import NotFound
from itsm_gitops.repository.index.database import DAMAGE, OTHER_LETTERS

# The inner questions read indexes of names alone; rows are looked at for what they leave.
_LIKE = (
    "SELECT id FROM document WHERE usable = 1 AND id IN (SELECT id FROM document WHERE id LIKE ?"  # noqa: S608
    f" UNION SELECT id FROM document WHERE {OTHER_LETTERS.format('id')}) ORDER BY id"
)
_ALIAS = (
    "SELECT name, id FROM alias JOIN document ON number = document"  # noqa: S608
    f" WHERE name LIKE ? OR {OTHER_LETTERS.format('name')} ORDER BY path"
)


def find_name(connection: sqlite3.Connection, fragment: str, broken: Collection[str]) -> str | None:
    """Return the identifier that a fragment means; None where nothing is called so, or the index cannot tell.

    ``broken`` are the documents that cannot be used: they can be meant, too. Raises Ambiguous.
    """
    wanted = fragment.strip().lower()
    if not wanted:
        return None
    with suppress(*DAMAGE):
        names = [name for (name,) in connection.execute(_LIKE, (wanted,))]
        exact = [n for n in (*names, *broken) if n.lower() == wanted]
        if exact:
            first: str = exact[0]
            return first
        aliases: dict[str, str] = {}
        for name, identifier in connection.execute(_ALIAS, (wanted,)):
            aliases.setdefault(name, identifier)
        parts = [name for (name,) in connection.execute(_LIKE, (f"%{wanted}%",))]
        with suppress(NotFound):
            return ids.find(fragment, (*parts, *broken), aliases)
    return None
