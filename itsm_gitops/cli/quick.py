"""`itsm show ID` without the command-line parser.

The parser costs as much time as everything else that showing a record needs, and showing one by
its name is what people do all day. Anything but the plain form, and everything that goes wrong,
is left to the ordinary way, so that options, help and errors exist once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from itsm_gitops.model.errors import ItsmError


def shown_plainly(arguments: Sequence[str]) -> str | None:
    """Return what `itsm show ID` prints; None where the ordinary way has to answer."""
    if len(arguments) != 2 or arguments[0] != "show" or arguments[1][:1] in ("-", ""):
        return None
    if "_ITSM_COMPLETE" in os.environ or os.environ.get("ITSM_DEBUG"):
        return None
    try:
        return _show(arguments[1])
    except (ItsmError, OSError):
        return None


if TYPE_CHECKING:
    from itsm_gitops.snapshots.mentions import Search
    from itsm_gitops.snapshots.snapshot import Snapshot


def _show(fragment: str) -> str | None:
    from pathlib import Path

    from itsm_gitops.repository.index.early import ask_early
    from itsm_gitops.snapshots.place import settings_folder

    place = settings_folder(Path.cwd())
    if place is None:
        return None
    # Git looks at all files, and a search for links reads some, while we load what follows.
    with ask_early(place.resolve()) or nullcontext() as asked:
        from itsm_gitops.repository.repository import Repository

        repo = Repository.open()
        repo.asked = asked
        path = repo.locate(fragment, in_roots=True)
        search = None if asked else _search(repo.whole(), path)

        from itsm_gitops.cli.render import styles
        from itsm_gitops.cli.view import render
        from itsm_gitops.cli.width import terminal_width
        from itsm_gitops.commands.showing import show

        document = show(repo, path, search=search, clocks=False)
    if repo.gaps:
        return None  # the ordinary way says what is missing
    lines = render(document, styles(sys.stdout), terminal_width(), repo.config.timezone)
    return "\n".join(lines) + "\n"


def _search(whole: Snapshot, path: str) -> Search:
    from itsm_gitops.snapshots.mentions import SEARCHED_FOLDER_MAX, Search

    return Search(whole, path.rsplit("/", 1)[-1].removesuffix(".yaml"), SEARCHED_FOLDER_MAX)
