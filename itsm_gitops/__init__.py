"""itsm-gitops: IT service management as schema-validated files in a Git repository.

Python users start here::

    import itsm_gitops

    repo = itsm_gitops.open(".")
    store = repo.store()  # or repo.store("v1.0"): any revision
    print(store.find("payments").title)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from itsm_gitops.repository import Repository

__version__ = "0.2.0.dev0"


def open(path: str | Path = ".") -> Repository:  # noqa: A001 - itsm_gitops.open() reads well
    """Return the repository that ``path`` is in; raises NotFound when there is none."""
    from itsm_gitops.repository import Repository

    return Repository.open(path)
