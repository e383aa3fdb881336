"""Which words the code of the tool itself names: renaming one in a rule book would make the tool blind for it.

Kinds and states play roles, so their names are free. A field, a type of link or a value that code reads is not. The
the sources are read instead of a table, which would be right until the next line is written.
"""

from __future__ import annotations

import re
from pathlib import Path

import itsm_gitops
from itsm_gitops import documents
from itsm_gitops.model.migrations import FIELD, LINK, VALUE, Migration
from itsm_gitops.model.rulebook import LINKS, RuleBook

_PACKAGE = Path(itsm_gitops.__file__).parent


def reader_of(word: str) -> str:
    """Return the first module of the package that names a word as text (``reports/flow.py``); empty for none."""
    literal = re.compile(rb"""["'.](?:[\w.]+\.)?""" + re.escape(word.encode()) + rb"""(?:\.[\w.]+)?["'.]""")
    quoted = re.compile(rb"\"[^\"\n]*\"|'[^'\n]*'")
    sign = word.encode()
    for path in sorted(_PACKAGE.rglob("*.py")):
        source = path.read_bytes()
        if sign in source and any(literal.fullmatch(text) for text in quoted.findall(source)):
            return path.relative_to(_PACKAGE).as_posix()
    return ""


def packaged(path: str) -> bytes:
    """Return one file of the rule book that is shipped with the tool."""
    from itsm_gitops.snapshots import packaged_rulebook_root

    return (packaged_rulebook_root() / path).read_bytes()


def may_be_read(book: RuleBook, migration: Migration) -> bool:
    """Whether code of the tool may mean a word: a relation, and a value of a field, only where they are shipped with it."""
    if migration.sort == LINK:
        links = documents.load_rule_file(packaged(LINKS), is_json=False).data["links"]
        return any(migration.old in (name, link.get("inverse")) for name, link in links.items())
    if migration.sort == VALUE:
        if any(flow.state_field == migration.field for flow in book.kind(migration.kind).inner):
            return False  # states play roles, also those of a life cycle within a document
        try:
            schema = documents.load_rule_file(packaged(book.kind(migration.kind).schema_path), is_json=True)
        except FileNotFoundError:
            return False
        return migration.field.split(".")[0] in schema.data["properties"]
    return migration.sort == FIELD
