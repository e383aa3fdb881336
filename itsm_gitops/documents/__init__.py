"""Documents: safe loading, positions, splicing edits, canonical form, atomic writing.

The only room that uses PyYAML. Importing it does not import yaml; the first `load` does. What
writes is imported when it is first asked for: commands that only read start faster.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from itsm_gitops.documents.load import load, load_value
from itsm_gitops.documents.problems import (
    LIMITS,
    RULEBOOK_LIMITS,
    UNWRITABLE_HINT,
    Limits,
    Loaded,
    Problem,
)

if TYPE_CHECKING:  # __getattr__ below imports these when they are asked for
    from itsm_gitops.documents.dump import dump
    from itsm_gitops.documents.edit import Append, Edit, Remove, Set, edit
    from itsm_gitops.documents.files import delete_atomic, write_atomic
    from itsm_gitops.documents.fmt import fmt
    from itsm_gitops.documents.jsonfile import load_json
    from itsm_gitops.documents.locate import SourceMap, Span, locate
    from itsm_gitops.documents.shared import load_rule_file

__all__ = [
    "LIMITS",
    "RULEBOOK_LIMITS",
    "UNWRITABLE_HINT",
    "Append",
    "Edit",
    "Limits",
    "Loaded",
    "Problem",
    "Remove",
    "Set",
    "SourceMap",
    "Span",
    "delete_atomic",
    "dump",
    "edit",
    "fmt",
    "load",
    "load_json",
    "load_rule_file",
    "load_value",
    "locate",
    "write_atomic",
]

_LATER = {
    "Append": "edit",
    "Edit": "edit",
    "Remove": "edit",
    "Set": "edit",
    "SourceMap": "locate",
    "Span": "locate",
    "delete_atomic": "files",
    "dump": "dump",
    "edit": "edit",
    "fmt": "fmt",
    "load_json": "jsonfile",
    "load_rule_file": "shared",
    "locate": "locate",
    "write_atomic": "files",
}


class _Room(ModuleType):
    """This package, in which a name means the function and never the submodule of that name."""

    def __setattr__(self, name: str, value: Any) -> None:
        # The import system binds each submodule it has loaded to its name here.
        if not (isinstance(value, ModuleType) and (name in _LATER or name == "load")):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"{self.__name__}.{_LATER[name]}"), name)
        setattr(self, name, value)
        return value


sys.modules[__name__].__class__ = _Room
