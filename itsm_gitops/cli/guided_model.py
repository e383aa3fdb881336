"""The questions of `itsm model`: services, and what each needs; the answers are a sheet."""

from __future__ import annotations

import sys
from typing import Any

from itsm_gitops.cli.output import echo
from itsm_gitops.cli.prompts import ask_line, explain, say_again
from itsm_gitops.cli.render import styles
from itsm_gitops.editing.identifiers import names
from itsm_gitops.model import ids, meaning
from itsm_gitops.model.errors import Refused, UsageError
from itsm_gitops.model.kinds import Kind
from itsm_gitops.repository import Repository

_NEEDS = "depends_on"


def ask_sheet(repo: Repository) -> bytes:
    """Ask for services until an empty answer and return the sheet; raises Abort at the end of input."""
    from itsm_gitops.documents import dump

    service = repo.book.player(meaning.SERVICE)
    if service is None:
        raise Refused("no class of this rule book plays the role service", "itsm model SHEET")
    kinds = [k for k in repo.book.kinds.values() if k.operational and k is not service]
    known = set(names(repo, [k for k in repo.book.kinds.values() if not k.is_record]))
    sheet: dict[str, list[dict[str, Any]]] = {}
    owner = _ask_owner(repo)
    while True:
        name = _ask("Which service? (Enter ends)", "As its users call it.")
        if not name:
            break
        identifier = _ask_identifier(ids.slug(name))
        entry: dict[str, Any] = {"id": identifier, "name": name, "owner": owner, **_in_use(service)}
        for field in service.required:
            if field not in entry and field != "class":
                entry[field] = _ask_field(service, field)
        needed = _ask("What does it need to work?", "Identifiers of items, by commas; Enter for none yet.")
        found = [ids.slug(part) for part in needed.split(",") if part.strip()]
        if found:
            entry[_NEEDS] = found
        sheet.setdefault(service.plural, []).append(entry)
        known.add(identifier)
        for item in found:
            if item not in known:
                kind = _ask_class(item, kinds)
                sheet.setdefault(kind.plural, []).append(_item(kind, item, owner))
                known.add(item)
    if not sheet:
        raise UsageError("nothing was described", "itsm model --starter prints a sheet to begin with")
    return dump(sheet).encode()


def _item(kind: Kind, identifier: str, owner: str) -> dict[str, Any]:
    entry = {
        "id": identifier,
        "name": identifier.replace("-", " ").capitalize(),
        "owner": owner,
        **_in_use(kind),
    }
    for field in kind.required:
        if field not in entry and field != "class":
            entry[field] = _ask_field(kind, field)
    return entry


def _in_use(kind: Kind) -> dict[str, str]:
    """Return the state of what is in use, where the class has one."""
    states = kind.workflow.states.values() if kind.workflow else ()
    name = next((s.name for s in states if meaning.PRODUCTION in s.roles), "")
    return {kind.state_field: name} if name else {}


def _ask_owner(repo: Repository) -> str:
    teams = names(repo, [k for k in repo.book.kinds.values() if meaning.TEAM in k.plays])
    return _ask("Which team owns them?", ", ".join(teams), teams[0] if len(teams) == 1 else "", teams)


def _ask_class(item: str, kinds: list[Kind]) -> Kind:
    by_name = {k.name: k for k in kinds}
    answer = _ask(f"What is {item}?", ", ".join(by_name), "", list(by_name))
    return by_name[answer]


def _ask_field(kind: Kind, field: str) -> str:
    schema = kind.fields.get(field, {})
    choices = [str(o) for o in schema.get("enum", ())]
    about = str(schema.get("description", ""))
    return _ask(
        f"{field.replace('_', ' ').capitalize()}?", f"{about} {', '.join(choices)}".strip(), "", choices
    )


def _ask_identifier(proposal: str) -> str:
    while True:
        answer = _ask("Which identifier?", "Others refer to it by this, for good.", proposal)
        if ids.is_item_id(answer):
            return answer
        say_again(UsageError(f"'{answer}' cannot be an identifier", f"for example {ids.slug(answer)}"))


def _ask(question: str, about: str, default: str = "", choices: list[str] | None = None) -> str:
    """Ask until the answer is one of the choices, where there are any."""
    style = styles(sys.stdout)
    echo(style.bold(question), color=style.on)
    explain(about)
    while True:
        answer = ask_line(choices or (), default, empty=not choices)
        if not choices or answer in choices:
            return answer
        say_again(UsageError(f"'{answer}' is not one of them", ", ".join(choices)))
