"""``check --fix``: repairs that cannot lose information, made by splicing and atomic writes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.documents import Append, Edit, Remove, Set
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.findings import Finding
from itsm_gitops.repository import Repository
from itsm_gitops.rules.identity import stem

_BOM = b"\xef\xbb\xbf"


class Repair(NamedTuple):
    """One thing that was repaired: where, which rule asked for it, and what was done."""

    path: str
    code: str
    message: str


def repair(repo: Repository, findings: Iterable[Finding]) -> tuple[Repair, ...]:
    """Repair what is safe in the working tree; what cannot be repaired stays a finding.

    Content is repaired before files move, so that every path still means what the finding meant.
    """
    done: list[Repair] = []
    todo = sorted(set(findings), key=lambda f: (f.code in _MOVES, f.path, f.code, _later_first(f)))
    for finding in todo:
        work = _REPAIRS.get(finding.code)
        if work is None:
            continue
        try:
            said = work(repo, finding)
        except ItsmError:
            continue  # it changed meanwhile, or is laid out in a way that cannot be spliced
        if said:
            done.append(Repair(finding.path, finding.code, said))
    return tuple(done)


def _later_first(finding: Finding) -> tuple[int, ...]:
    """Order repairs in one list from its end, so that earlier positions stay true."""
    return tuple(-p for p in finding.pointer if isinstance(p, int))


def _read(repo: Repository, path: str) -> tuple[bytes, Any]:
    raw = repo.snapshot().read(path)
    return raw, documents.load(raw).data


def _rewrite(repo: Repository, path: str, raw: bytes, edits: list[Edit]) -> None:
    kind = repo.book.kind_at(path)
    content = documents.edit(raw, edits, kind.keys if kind else ())
    documents.write_atomic(repo.root / path, content, expected=raw)


def _without_bom(repo: Repository, finding: Finding) -> str:
    raw = repo.snapshot().read(finding.path)
    if not raw.startswith(_BOM):
        return ""
    documents.write_atomic(repo.root / finding.path, raw.removeprefix(_BOM), expected=raw)
    return "removed the byte-order mark"


def _normalised(repo: Repository, finding: Finding) -> str:
    raw = repo.snapshot().read(finding.path)
    try:
        content = unicodedata.normalize("NFC", raw.decode()).encode()
    except UnicodeDecodeError:
        return ""
    if content == raw or documents.load(content).data is None:
        return ""
    documents.write_atomic(repo.root / finding.path, content, expected=raw)
    return "wrote the text in normal form"


def _state_from_timeline(repo: Repository, finding: Finding) -> str:
    raw, data = _read(repo, finding.path)
    last = [e["state"] for e in data["timeline"] if isinstance(e, dict) and "state" in e][-1]
    _rewrite(repo, finding.path, raw, [Set(finding.pointer, last)])
    return f"set {finding.pointer[-1]} to '{last}'"


def _one_entry(repo: Repository, finding: Finding) -> str:
    """Remove a list entry that equals an earlier one."""
    raw, data = _read(repo, finding.path)
    entries: Any = data
    for step in finding.pointer[:-1]:
        entries = entries[step]
    index = finding.pointer[-1]
    if not isinstance(index, int) or entries[index] not in entries[:index]:
        return ""
    _rewrite(repo, finding.path, raw, [Remove(finding.pointer)])
    return f"removed entry {index + 1} of {finding.pointer[-2]}, which was there already"


def _one_link(repo: Repository, finding: Finding) -> str:
    """Remove a link that says exactly, or less than, what an earlier one in the same file says."""
    raw, data = _read(repo, finding.path)
    index = finding.pointer[1]
    link, earlier = data["links"][index], data["links"][:index]
    if not any(_says(other, link) for other in earlier):
        return ""
    _rewrite(repo, finding.path, raw, [Remove(("links", index))])
    return f"removed the second '{link['type']}' {link['target']}"


def _says(other: Any, link: dict[str, Any]) -> bool:
    return isinstance(other, dict) and all(other.get(k) == v for k, v in link.items())


def _right_side(repo: Repository, finding: Finding) -> str:
    """Store an inverse link in the document it starts at; first there, then gone here."""
    raw, data = _read(repo, finding.path)
    index = finding.pointer[1]
    link = data["links"][index]
    stored = repo.book.inverses[link["type"]]
    other = repo.locate(link["target"])
    there_raw, there = _read(repo, other)
    moved = {**link, "type": stored.name, "target": stem(finding.path)}
    if stem(other) != link["target"] or not isinstance(there, dict):
        return ""
    if not any(_says(o, moved) for o in there.get("links") or ()):
        _rewrite(repo, other, there_raw, [Append(("links",), moved)])
    _rewrite(repo, finding.path, raw, [Remove(("links", index))])
    return f"moved the link to {other} as '{stored.name}'"


def _right_folder(repo: Repository, finding: Finding) -> str:
    kind = repo.book.kind_at(finding.path)
    return _move(repo, finding.path, repo.book.path_for(kind, stem(finding.path))) if kind else ""


def _right_ending(repo: Repository, finding: Finding) -> str:
    head, dot, ending = finding.path.rpartition(".")
    if not dot or ending.lower() not in ("yml", "yaml"):
        return ""
    return _move(repo, finding.path, f"{head}.yaml")


def _move(repo: Repository, path: str, wanted: str) -> str:
    """Write the file at its new place, which must be free, then take the old one away."""
    raw = repo.snapshot().read(path)
    documents.write_atomic(repo.root / wanted, raw, expected=None)
    documents.delete_atomic(repo.root / path, expected=raw)
    return f"moved to {wanted}"


_MOVES = ("I002", "I009")
_REPAIRS: dict[str, Callable[[Repository, Finding], str]] = {
    "P002": _without_bom,
    "P012": _normalised,
    "S009": _one_entry,
    "W002": _state_from_timeline,
    "K005": _one_link,
    "K006": _right_side,
    "I002": _right_folder,
    "I009": _right_ending,
}
