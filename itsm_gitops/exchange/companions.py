"""What comes along with the rows of an import: items that they need, and links in other documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from itsm_gitops import documents
from itsm_gitops.exchange.judging import Proposal
from itsm_gitops.exchange.linking import Link
from itsm_gitops.exchange.packing import pack
from itsm_gitops.exchange.report import NOT_UNDERSTOOD, Tally
from itsm_gitops.exchange.settling import part_of
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.findings import Finding
from itsm_gitops.snapshots import Store


class NewItem:
    """An item of the CMDB that rows need and that does not exist yet."""

    def __init__(self, store: Store, data: dict[str, Any], tally: Tally) -> None:
        self._tally = tally
        kind = store.book.kind(str(data["class"]))
        self.id = str(data["id"])
        self.kind = kind
        self.proposal: Proposal | None = Proposal(
            self.id, kind, store.book.path_for(kind, self.id), pack(data)
        )

    def give_way(self, findings: Sequence[Finding], *, wholly: bool) -> bool:
        """Leave the item out; what needs it is judged again without it."""
        del wholly
        first = findings[0]
        self._tally.add(
            self.kind.name, NOT_UNDERSTOOD, f"cannot be made: {first.message} ({first.code})", self.id, 0
        )
        self.proposal = None
        return True


class LinkedDocument:
    """A document that exists and gets links which rows ask for."""

    def __init__(self, store: Store, entry: Entry, tally: Tally) -> None:
        self.entry = entry
        self._tally = tally
        self._kind = store.book.kinds[entry.kind]
        self.raw = store.raw(entry.path)
        self._old = store.data(entry.id)
        self.links: list[Link] = []
        self.refused: dict[Link, Finding] = {}
        self.proposal: Proposal | None = None

    def add(self, link: Link) -> bool:
        """Take a link; returns False where the document has it already."""
        if any(_same(link, e) for e in [*self._old.get("links", ()), *map(_entry, self.links)]):
            return False
        self.links.append(link)
        self._propose()
        return True

    def _propose(self) -> None:
        if not self.links:
            self.proposal = None
            return
        data = {**self._old, "links": [*self._old.get("links", ()), *map(_entry, self.links)]}
        proposal = self.proposal or Proposal(self.entry.id, self._kind, self.entry.path, b"", self._old)
        proposal.put(data)
        self.proposal = proposal

    @property
    def content(self) -> bytes:
        """The document with its new links, everything else as it is."""
        edits = [documents.Append(("links",), _entry(link)) for link in self.links]
        return documents.edit(self.raw, edits, self._kind.keys)

    def give_way(self, findings: Sequence[Finding], *, wholly: bool) -> bool:
        """Leave out the links that rules are against, or all."""
        proposal = self.proposal
        if proposal is None:
            return False
        bad: dict[Link, Finding] = {}
        for finding in findings:
            part = () if wholly else part_of(finding, proposal)
            value = proposal.at(part) if part else None
            against = [link for link in self.links if value is not None and _same(link, value)]
            bad |= dict.fromkeys(against or self.links, finding)
        self.refused |= bad
        self.links = [link for link in self.links if link not in bad]
        for link, finding in bad.items():
            self._tally.add(
                "links", NOT_UNDERSTOOD, f"{finding.message} ({finding.code})", link.number, link.row
            )
        self._propose()
        return True


def _entry(link: Link) -> dict[str, str]:
    return {"type": link.type, "target": link.target}


def _same(link: Link, entry: Any) -> bool:
    return isinstance(entry, dict) and (entry.get("type"), entry.get("target")) == (link.type, link.target)
