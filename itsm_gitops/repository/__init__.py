"""A repository on this machine: its index, what a pull request alters, history, and how names find documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itsm_gitops.model.lazy_names import lazy_names

if TYPE_CHECKING:
    from itsm_gitops.repository.repository import INDEX, Repository

__all__ = ["INDEX", "Repository"]

# Some commands need neither, and each takes time to load.
_PLACES = {"INDEX": "repository", "Repository": "repository"}
__getattr__ = lazy_names(__name__, _PLACES)
