"""What an import would write: documents of rows, items that come along, and links in other documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from itsm_gitops import documents
from itsm_gitops.exchange.judging import Proposal
from itsm_gitops.exchange.linking import Link
from itsm_gitops.exchange.merge import Managed, changes, differing
from itsm_gitops.exchange.packing import pack, unpack
from itsm_gitops.exchange.provenance import RecordOrigins
from itsm_gitops.exchange.records import RowDraft
from itsm_gitops.exchange.report import (
    ADJUSTED,
    CREATED,
    KEPT,
    NOT_UNDERSTOOD,
    RETAINED,
    UNCHANGED,
    UPDATED,
    Tally,
)
from itsm_gitops.exchange.retelling import Reteller
from itsm_gitops.exchange.settling import part_of, without
from itsm_gitops.exchange.tracked_columns import agree
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.findings import Finding, Pointer
from itsm_gitops.model.kinds import Kind
from itsm_gitops.snapshots import Store

_REASONS_MAX = 5
_STATED_TWICE = "K005"  # nothing is lost when the second of two equal links is left out
_RETAINED = "the table no longer says it, but somebody has edited the document; it stays"


class Context:
    """What all candidates of one import share."""

    def __init__(
        self,
        store: Store,
        kind: Kind,
        managed: Managed,
        reteller: Reteller,
        provenance: RecordOrigins,
        tally: Tally,
        *,
        update: bool,
    ) -> None:
        self.store = store
        self.kind = kind
        self.managed = managed
        self.reteller = reteller
        self.provenance = provenance
        self.tally = tally
        self.update = update
        self.left_out: dict[str, int] = {}  # identifiers of refused drafts, with their row


class RowDocument:
    """The document of one key of the table."""

    # Thousands of these wait for each other.
    __slots__ = (
        *("_context", "_exists", "_packed", "_path", "_reference"),
        *("content", "draft", "fields", "numbers", "proposal", "raw", "result", "stay"),
    )

    def __init__(
        self,
        context: Context,
        draft: RowDraft,
        data: dict[str, Any],
        reference: Callable[[str], dict[str, str] | None],
    ) -> None:
        self.draft = draft
        self.numbers: dict[tuple[str, str], str] = {}
        self._context = context
        self._reference = reference
        self._packed = pack(data)
        existing = context.store.entries.get(draft.id)
        self._exists = existing is not None
        self._path = existing.path if existing else context.store.book.path_for(context.kind, draft.id)
        self.raw: bytes | None = None  # what the file holds now, where it exists and differs
        self.result = CREATED
        self.fields: tuple[str, ...] = ()
        self.stay: Sequence[str] = ()
        self.content: bytes | None = None
        self.proposal: Proposal | None = None
        self._decide()

    @property
    def path(self) -> str:
        """Where the document is."""
        return self._path

    @property
    def data(self) -> dict[str, Any]:
        """The document as the table alone makes it; a new copy each time."""
        found: dict[str, Any] = unpack(self._packed)
        return found

    def add(self, link: Link) -> None:
        """Take a link that another row asks for."""
        data = self.data
        entry = {"type": link.type, "target": link.target}
        if entry not in data.setdefault("links", []):
            data["links"].append(entry)
            self._put(data)

    def _put(self, data: dict[str, Any]) -> None:
        self._packed = pack(data)
        self._decide()

    def _decide(self) -> None:
        """Work out what becomes of the document as things stand."""
        data, context = self.data, self._context
        self.fields, self.content, self.stay = (), None, ()
        if not self._exists:
            self.result = CREATED
            self._propose(self._packed, None)
            return
        self.raw = self.raw or context.store.raw(self._path)
        if self.raw == documents.dump(data, context.kind.keys).encode():
            self._leave()
            return
        old = context.store.data(self.draft.id)
        unedited = context.provenance.unedited(self.draft.id, context.managed.values(old))
        found = changes(old, data, context.kind, context.managed, context.reteller, unedited=unedited)
        self.stay = found.stay
        if found.edits == []:
            self._leave()
            return
        self.fields = differing(old, data, found.edits)
        self.result = KEPT
        if context.update and found.edits is not None:
            self._update(self.raw, found.edits, found.cleared, old)
        else:
            self._propose(self._packed, old)

    def _leave(self) -> None:
        """Leave the document as it is."""
        self.result, self.proposal, self.raw = UNCHANGED, None, None

    def _update(self, raw: bytes, edits: list[Any], cleared: Sequence[str], old: dict[str, Any]) -> None:
        keys = self._context.kind.keys
        try:
            content = documents.edit(raw, edits, keys)
            new = documents.load(content).data
            told = self._context.reteller.values(old, new, cleared) if "timeline" in new else {}
            if told:
                content = documents.edit(content, [documents.Append(("timeline",), told)], keys)
        except ItsmError as error:
            self.refuse(f"{self._path} cannot be edited: {error.message}")
            return
        self.content, self.result = content, UPDATED
        self._propose(pack(documents.load(content).data if told else new), old)

    def _propose(self, packed: bytes, before: Mapping[str, Any] | None) -> None:
        if self.draft.refusal:
            self.proposal = None
            return
        self.proposal = Proposal(self.draft.id, self._context.kind, self._path, packed, before)

    def refuse(self, reason: str, code: str = "", field: str = "") -> None:
        """Leave the rows of this document out."""
        self.draft.refuse(reason, code, field)
        self.proposal = None
        self._context.left_out[self.draft.id] = self.draft.rows[0]

    def give_way(self, findings: Sequence[Finding], *, wholly: bool) -> bool:
        """Leave out the links that rules are against, or all rows where that does not help."""
        proposal = self.proposal
        if proposal is None:
            return False
        parts: dict[Pointer, Any] = {}
        against = []
        for finding in findings:
            part = () if wholly else part_of(finding, proposal)
            if part:
                parts[part] = proposal.at(part)
            elif self.result != KEPT:
                against.append(finding)
        if against:
            self._object(against)
            return True
        for finding in findings:
            part = () if wholly else part_of(finding, proposal)
            if part:
                self._tell(finding, part, parts[part])
        if not parts:
            return False
        data = self.data
        if not without(data, parts):
            self._object(findings)
            return True
        self._refer(data, parts.values())
        flow = self._context.kind.workflow
        agree(data, flow.track if flow else ())
        self._put(data)
        return True

    def _object(self, findings: Sequence[Finding]) -> None:
        """Leave the rows out and give all reasons; the first one says which rule and field they are under."""
        reasons, fields, doubts = [], [], dict(self.draft.doubts)
        for finding in findings[:_REASONS_MAX]:
            fields.append(self._field(finding))
            doubt = doubts.get(fields[-1], "")
            where = "" if finding.path == self._path else f" in {finding.path}"
            hint = finding.hint if finding.code[0] == "W" else ""
            told = (f"{finding.message}{where} ({finding.code})", (doubt or hint).removesuffix("."))
            about = "; ".join(filter(None, told))
            reasons.append(about)
        rest = len(findings) - len(reasons)
        reasons += [f"{rest} more" if rest > 1 else "one more"] if rest else []
        self.refuse("; also: ".join(dict.fromkeys(reasons)), findings[0].code, fields[0])

    def _field(self, finding: Finding) -> str:
        named = (n for n in self._context.kind.fields if f"'{n}'" in finding.message)
        at = ".".join(str(p) for p in finding.pointer)
        missing = finding.code == "W007" or not at
        return next(named, at) if missing else at

    def _tell(self, finding: Finding, part: Pointer, value: Any) -> None:
        target = value.get("target", "") if isinstance(value, dict) else str(value)
        row = self._context.left_out.get(target)
        reason = f"row {row}, which it names, was left out" if row else f"{finding.message} ({finding.code})"
        number = (
            self.numbers.get((value.get("type", ""), target), target) if isinstance(value, dict) else target
        )
        outcome = ADJUSTED if finding.code == _STATED_TWICE else NOT_UNDERSTOOD
        self._context.tally.add(str(part[0]), outcome, reason, number, self.draft.rows[-1])

    def _refer(self, data: dict[str, Any], values: Any) -> None:
        """Keep the number of a row that was left out as a reference; a later import makes a link of it."""
        for value in values:
            key = (value.get("type", ""), value.get("target", "")) if isinstance(value, dict) else ("", "")
            number = self.numbers.get(key, "") if key[1] in self._context.left_out else ""
            reference = self._reference(number) if number else None
            if reference and reference not in data.get("external_refs", ()):
                data.setdefault("external_refs", []).append(reference)

    def tell_stay(self) -> None:
        """Count the values that stay though the table no longer says them."""
        for name in self.stay:
            self._context.tally.add(name, RETAINED, _RETAINED, "", self.draft.rows[-1])
