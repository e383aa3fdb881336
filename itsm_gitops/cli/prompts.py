"""Questions on a terminal, made from the schema: what it is, which values, which documents."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import listing, styles, wrap
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.editing.assign import reader
from itsm_gitops.editing.create import NewDocument, candidates, identifier_for, must_exist, referred_kinds
from itsm_gitops.editing.fields import SET, Assignment, expected, read_assignment, schema_type
from itsm_gitops.model.errors import ItsmError, Refused
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.text import harmless, safe_text
from itsm_gitops.model.words import a_kind

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_FEW = 12


def ask_field(repo: Repository, kind: Kind, field: str, default: str = "") -> Assignment:
    """Ask for one field until the answer fits its schema; raises Abort at the end of input."""
    schema = kind.fields.get(field, {})
    style = styles(sys.stdout)
    question = str(schema.get("x-prompt") or f"{field.replace('_', ' ').capitalize()}?")
    echo(style.bold(safe_text(question)), color=style.on)
    explain(str(schema.get("description", "")))
    options = [str(o) for o in schema.get("enum", ())]
    choices = options or candidates(repo, schema)
    if not choices and must_exist(schema):
        raise _nothing_to_choose(repo, kind, field, schema)
    if choices:
        explain(listing(choices, 60 if options else _FEW))
    parts = _parts(schema)
    if parts:
        return _ask_group(repo, field, schema, parts)
    while True:
        text = ask_line(choices, default)
        try:
            reader(repo).value(schema, text, field)
        except ItsmError as error:
            say_again(error)
        else:
            return Assignment((field,), SET, text)


def _nothing_to_choose(repo: Repository, kind: Kind, field: str, schema: Any) -> ItsmError:
    """Return the end of the questions where one of them has no right answer yet."""
    targets = referred_kinds(repo, schema)
    names = " or ".join(k.title.lower() for k in targets[:_FEW])
    create = next((k.name for k in targets if not k.is_record), "")
    return Refused(
        f"{field}: there is no {names} yet, and {a_kind(kind)} needs one",
        f"itsm new {create} ID --name NAME creates one" if create else "",
    )


def ask_identifier(repo: Repository, kind: Kind) -> str:
    """Ask for the identifier of a new item until it can be one and is free."""
    style = styles(sys.stdout)
    echo(style.bold("Which identifier?"), color=style.on)
    explain(
        f"A short lower-case name with hyphens; others refer to the {kind.title.lower()} by it, for good."
    )
    while True:
        try:
            return identifier_for(repo, kind, ask_line((), ""))
        except ItsmError as error:
            say_again(error)


def explain(text: str) -> None:
    """Write something below a question, standing back."""
    style = styles(sys.stdout)
    for line in wrap(safe_text(text), terminal_width() - 2) if text else ():
        echo(f"  {style.dim(line)}", color=style.on)


def _parts(schema: Any) -> list[str]:
    if schema_type(schema) != "object" or not schema.get("properties"):
        return []
    return list(schema.get("required") or schema["properties"])


def _ask_group(repo: Repository, field: str, schema: Any, parts: Sequence[str]) -> Assignment:
    """Ask for the parts of a field that is a group, and return it as JSON."""
    import json

    values: dict[str, Any] = {}
    for part in parts:
        inner = schema["properties"].get(part, {})
        echo(f"  {part.replace('_', ' ')} ({expected(inner)}): {inner.get('description', '')}")
        while True:
            text = ask_line([str(o) for o in inner.get("enum", ())], "")
            try:
                values[part] = reader(repo).value(inner, text, f"{field}.{part}")
                break
            except ItsmError as error:
                say_again(error)
    return Assignment((field,), SET, json.dumps(values))


def ask_more(draft: NewDocument) -> None:
    """Offer to set further fields until an empty answer."""
    style = styles(sys.stdout)
    echo(style.bold("Anything else?"), color=style.on)
    explain("field=value; ? lists the fields; Enter saves")
    hidden = ("links", draft.kind.state_field)
    while True:
        fields = [f for f in draft.kind.fields if not draft.kind.fields[f].get("x-fixed") and f not in hidden]
        text = ask_line([f"{f}=" for f in fields], "", empty=True)
        if not text:
            return
        if text == "?":
            explain(", ".join(f for f in fields if f not in draft.data))
            continue
        try:
            draft.assign([read_assignment(text)])
        except ItsmError as error:
            say_again(error)


def say_again(error: ItsmError) -> None:
    """Say what was wrong with an answer before the question comes again."""
    style = styles(sys.stdout)
    lines = [error.message, *error.hint.splitlines()]
    echo("\n".join(f"  {style.paint(safe_text(line, lines=True), 'red')}" for line in lines), color=style.on)


def ask_line(choices: Sequence[str], default: str, *, empty: bool = False) -> str:
    """Read one line; the tab key completes from ``choices`` where the terminal can do that."""
    _complete_with(choices)
    while True:
        proposal = f" [{safe_text(default)}]" if default else ""
        try:
            text = input(harmless(f">{proposal} ")).strip()
        except EOFError as error:
            raise click.Abort from error
        if text or default or empty:
            return text or default


def _complete_with(choices: Sequence[str]) -> None:
    with suppress(ImportError):
        import readline

        words = sorted(choices)

        def complete(text: str, state: int) -> str | None:
            hits = [w for w in words if w.startswith(text)] or [w for w in words if text and text in w]
            return hits[state] if state < len(hits) else None

        readline.set_completer_delims(" ,\t\n")
        readline.set_completer(complete)
        readline.parse_and_bind("tab: complete")
