"""Documents: safe loading, positions, splicing edits, canonical form, atomic writing.

The only room that uses PyYAML. Importing it does not import yaml; the first `load` does.
"""

from __future__ import annotations

from itsm_gitops.documents.dump import dump
from itsm_gitops.documents.edit import Append, Edit, Remove, Set, edit
from itsm_gitops.documents.files import delete_atomic, write_atomic
from itsm_gitops.documents.fmt import fmt
from itsm_gitops.documents.jsonfile import load_json
from itsm_gitops.documents.load import load, load_value
from itsm_gitops.documents.locate import SourceMap, Span, locate
from itsm_gitops.documents.problems import LIMITS, RULEBOOK_LIMITS, Limits, Loaded, Problem

__all__ = [
    "LIMITS",
    "RULEBOOK_LIMITS",
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
    "load_value",
    "locate",
    "write_atomic",
]
