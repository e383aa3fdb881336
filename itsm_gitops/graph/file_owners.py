"""A CODEOWNERS file as the CMDB would say it: which patterns belong under ``paths`` of which item.

CODEOWNERS says who is asked about a file, not what the file is for. The item is the one that a folder of the pattern
is named after, the innermost first. What that leaves open is listed with a reason, for somebody to decide; nothing is
guessed. Syntax: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
(GitLab's sections are read as comments; Gitea writes regular expressions instead, which are not read).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from itsm_gitops.graph.network import of_role
from itsm_gitops.model import meaning
from itsm_gitops.model.untyped import as_mappings
from itsm_gitops.snapshots import Store

FIELD = "paths"
_OWN = ("records", "cmdb", "schemas", "site")
_SECTION = re.compile(r"\^?\[.*")
_WORD = re.compile(r"(?:\\.|[^\s\\])+")


class FileOwnerLine(NamedTuple):
    """One line of CODEOWNERS: ``patterns`` as items have them, ``owners`` as the CMDB knows them.

    ``item`` is empty where none is named after a folder; ``reason`` says why, or what else should be known.
    """

    number: int
    text: str
    patterns: tuple[str, ...]
    owners: tuple[str, ...]
    item: str = ""
    reason: str = ""


def read_codeowners(store: Store, text: str) -> list[FileOwnerLine]:
    """Return the lines of a CODEOWNERS file with the item that each belongs to."""
    items = _items(store)
    handles = _handles(store)
    return [_placed(store, line, items) for line in _lines(text, handles)]


def patterns_of(pattern: str) -> tuple[str, ...]:
    """Return a pattern of CODEOWNERS in the form of ``paths``: a file, and a folder with everything in it."""
    pattern = re.sub(r"\\(.)", r"\1", pattern)
    anchored = "/" in pattern.rstrip("/")
    body = pattern.strip("/") or "**"
    start = body if anchored or body.startswith("**") else f"**/{body}"
    if pattern.endswith("/"):
        return (f"{start}/**",)
    if start.endswith(("*", "**")) or re.search(r"\.[A-Za-z0-9]+$", body):
        return (start,)
    return (start, f"{start}/**")


def _lines(text: str, handles: Mapping[str, str]) -> Iterator[FileOwnerLine]:
    for number, raw in enumerate(text.splitlines(), 1):
        words = _WORD.findall(raw)
        if not words or words[0].startswith("#") or _SECTION.fullmatch(raw.strip()):
            continue
        if words[0].startswith("!"):
            yield FileOwnerLine(number, words[0], (), (), reason="exclusions are not known here")
            continue
        named = []
        for word in words[1:]:
            if word.startswith("#"):
                break
            named.append(word)
        owners = tuple(dict.fromkeys(handles.get(n.casefold(), n) for n in named))
        yield FileOwnerLine(number, words[0], patterns_of(words[0]), owners)


def _placed(store: Store, line: FileOwnerLine, items: Mapping[str, str]) -> FileOwnerLine:
    if line.reason:
        return line
    folders = [f for f in line.text.strip("/").split("/") if f]
    if folders and folders[0] in _OWN:
        return line._replace(reason="this is the toolkit's own folder, which has owners already")
    item = next((items[f.casefold()] for f in reversed(folders) if f.casefold() in items), "")
    if not item:
        return line._replace(reason="no item is named after one of its folders")
    owner = store.data(item).get("owner")
    known = line.owners and owner in {*line.owners, *_teams(store, line.owners)}
    return line._replace(item=item, reason="" if known else f"{item} is owned by {owner or 'nobody'}")


def _items(store: Store) -> dict[str, str]:
    """Return the items that can have files, by identifier and alias without regard to case."""
    found: dict[str, str] = {}
    kinds = [k.name for k in store.book.kinds.values() if not k.is_record and FIELD in k.fields]
    for entry in store.of_kinds(kinds):
        for name in (entry.id, *entry.aliases):
            found.setdefault(name.casefold(), entry.id)
    return found


def _handles(store: Store) -> dict[str, str]:
    """Return people and teams by what forges call them: ``@login``, ``@group``, an address."""
    found: dict[str, str] = {}
    for entry in of_role(store, meaning.PERSON, meaning.TEAM):
        data = store.data(entry.id)
        said = [f"@{x.get('login')}" for x in as_mappings(data.get("identities"))]
        said += [f"@{x.get('group')}" for x in as_mappings(data.get("forge_groups"))]
        addresses = data.get("commit_addresses")
        said += [a for a in addresses if isinstance(a, str)] if isinstance(addresses, list) else []
        for name in said:
            found.setdefault(name.casefold(), entry.id)
    return found


def _teams(store: Store, people: tuple[str, ...]) -> set[str]:
    return {
        edge.target
        for person in people
        if person in store.entries
        for edge in store.entries[person].edges
        if edge.relation == "member_of"
    }
