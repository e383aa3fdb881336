"""Judges the documents of an import and leaves out what rules refuse, in turn, until the rest would pass `itsm check`."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from itsm_gitops.exchange.judging import Proposal, ProposalJudge
from itsm_gitops.exchange.linking import take_out
from itsm_gitops.model.findings import Finding, Pointer

_ROUNDS = 50  # enough for links that run in fifty circles one inside the other; then rows go instead of links
_LINKS = "links"


class Candidate(Protocol):
    """Something that an import would write, and that gives way to rules."""

    @property
    def proposal(self) -> Proposal | None:
        """The document as it would be written; None for nothing any more."""
        ...

    def give_way(self, findings: Sequence[Finding], *, wholly: bool) -> bool:
        """Leave out what the findings are about, ``wholly`` all of it; returns whether something changed."""
        ...


def settle(judge: ProposalJudge, candidates: Callable[[], Iterable[Candidate]]) -> None:
    """Let candidates give way to the rules until none has an error that is its own."""
    for turn in range(_ROUNDS + len(list(candidates())) + 1):
        live = {p.id: c for c in candidates() if (p := c.proposal) is not None}
        errors = judge.errors(p for c in live.values() if (p := c.proposal)) if live else {}
        gc.collect()  # what a round looked at refers to itself, and is as large as the table
        changed = [live[i].give_way(found, wholly=turn >= _ROUNDS) for i, found in errors.items()]
        if not any(changed):
            return


def part_of(finding: Finding, proposal: Proposal) -> Pointer:
    """Return the part of a document that can be left out to satisfy a rule about links; empty for none."""
    if finding.code[0] != "K" or finding.path != proposal.path or not finding.pointer:
        return ()
    pointer = finding.pointer[:2] if finding.pointer[0] == _LINKS else finding.pointer
    if len(pointer) == 1 and pointer[0] in proposal.kind.required:
        return ()
    return pointer if proposal.at(pointer) is not None else ()


def without(data: dict[str, object], parts: Mapping[Pointer, object]) -> bool:
    """Take parts out of a document where they stand there with these values; returns whether all did."""
    complete = True
    for pointer, value in sorted(parts.items(), key=lambda p: [str(s).zfill(6) for s in p[0]], reverse=True):
        place: Pointer = pointer
        if pointer[0] == _LINKS:
            links = data.get(_LINKS)
            place = (_LINKS, links.index(value)) if isinstance(links, list) and value in links else ()
        if place and _at(data, place) == value:
            take_out(data, place)
        else:
            complete = False
    return complete


def _at(node: object, pointer: Pointer) -> object:
    for step in pointer:
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            return None
    return node
