"""Documents: safe loading, positions, splicing edits, canonical form, atomic writing.

Decisions
---------

One loader is the truth. PyYAML's C events under our own constructor take about half the time of its own loader
and refuse what differs between YAML readers: aliases, tags, duplicate keys, words that YAML 1.1 reads as booleans.
Faster parsers were measured; they disagree on edge cases, so none replaces it.

Editing is splicing. No library that dumps YAML leaves a hand-written file byte for byte alone. A splice does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itsm_gitops.documents.problems import (
    LIMITS,
    RULEBOOK_LIMITS,
    UNWRITABLE_HINT,
    Limits,
    LoadedDocument,
    Problem,
)
from itsm_gitops.documents.reader import load
from itsm_gitops.model.lazy_names import lazy_names

if TYPE_CHECKING:  # __getattr__ below imports these when they are asked for
    from itsm_gitops.documents.dumper import dump
    from itsm_gitops.documents.editor import Append, Edit, Insert, Remove, Set, edit
    from itsm_gitops.documents.files import delete_atomic, output_file, write_atomic, write_output
    from itsm_gitops.documents.formatter import comments_in, fmt
    from itsm_gitops.documents.jsonfile import load_json
    from itsm_gitops.documents.positions import SourceMap, TextSpan, locate
    from itsm_gitops.documents.shared import load_rule_file

__all__ = [
    "LIMITS",
    "RULEBOOK_LIMITS",
    "UNWRITABLE_HINT",
    "Append",
    "Edit",
    "Insert",
    "Limits",
    "LoadedDocument",
    "Problem",
    "Remove",
    "Set",
    "SourceMap",
    "TextSpan",
    "comments_in",
    "delete_atomic",
    "dump",
    "edit",
    "fmt",
    "load",
    "load_json",
    "load_rule_file",
    "locate",
    "output_file",
    "write_atomic",
    "write_output",
]

_LATER = {
    "Append": "editor",
    "Edit": "editor",
    "Insert": "editor",
    "Remove": "editor",
    "Set": "editor",
    "SourceMap": "positions",
    "TextSpan": "positions",
    "comments_in": "formatter",
    "delete_atomic": "files",
    "dump": "dumper",
    "edit": "editor",
    "fmt": "formatter",
    "load_json": "jsonfile",
    "load_rule_file": "shared",
    "locate": "positions",
    "output_file": "files",
    "write_atomic": "files",
    "write_output": "files",
}
__getattr__ = lazy_names(__name__, _LATER)
