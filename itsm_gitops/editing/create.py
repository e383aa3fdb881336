"""`itsm new`: a document from a template, from options, from answers."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from itsm_gitops.editing.assign import ANSWERS, apply, reader
from itsm_gitops.editing.change import Written, prepare, write, written
from itsm_gitops.editing.fields import SET, Assignment, expected
from itsm_gitops.editing.identifiers import kinds_of, names
from itsm_gitops.editing.link import add_link, find_link
from itsm_gitops.editing.opening import Opened, open_document, read_document
from itsm_gitops.editing.routing import FIELD, team_of_category
from itsm_gitops.editing.validation import judged
from itsm_gitops.git.actor import acting
from itsm_gitops.model import clock, ids
from itsm_gitops.model.diff import diff
from itsm_gitops.model.errors import NotFound, Refused, UsageError, did_you_mean
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.text import typed_text
from itsm_gitops.model.words import a_kind

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

# Options named for people, and the field of the kind at hand that they mean (the first it has).
SHORT_NAMES: Mapping[str, tuple[str, ...]] = {
    "ci": ("cis",),
    "team": ("assigned_team", "owner", "teams"),
    "why": ("justification", "description"),
    "requester": ("requested_by", "reported_by"),
    "for": ("requested_for",),
    "start": ("planned_start", "start"),
    "end": ("planned_end", "end"),
    "risk": ("risk.level",),
    "implementer": ("implementers",),
    "implementation": ("implementation_plan",),
    "backout": ("backout_plan",),
    "test": ("test_plan",),
    "communication": ("communication_plan",),
    "answer": ("answers",),
    "label": ("labels",),
    "alias": ("aliases",),
}

# The fields that are typed every day, by one letter.
LETTERS: Mapping[str, str] = {"-s": "--service", "-c": "--category", "-i": "--impact", "-u": "--urgency"}

# Fields that default to whoever acts.
_ACTING = ("reported_by", "requested_by", "owner")


@dataclass
class NewDocument:
    """A document in the making. ``data`` holds what is known so far, in canonical order."""

    repo: Repository
    kind: Kind
    id: str
    by: str
    data: dict[str, Any]
    links: list[tuple[str, str]] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The path that the document will have."""
        return self.repo.book.path_for(self.kind, self.id)

    @property
    def opened(self) -> Opened:
        """The draft as if it were on disk."""
        return Opened(self.id, self.path, self.kind, b"", self.data)

    def assign(self, assignments: Sequence[Assignment]) -> None:
        """Set fields; raises as ``assign.apply`` does."""
        self.data = _ordered(self.kind, apply(self.opened, reader(self.repo), assignments, fresh=True))

    def missing(self) -> list[str]:
        """Return the fields that the schema or the initial state demands and that are not there."""
        flow = self.kind.workflow
        state = str(self.data.get(self.kind.state_field, ""))
        wanted = [*self.kind.required, *(flow.required(state, self.data) if flow else ())]
        return [f for f in dict.fromkeys(wanted) if _is_blank(self.data.get(f))]


def _is_blank(value: Any) -> bool:
    return not value.strip() if isinstance(value, str) else value in (None, [], {})


def start(
    repo: Repository,
    kind_word: str,
    *,
    identifier: str | None = None,
    template: str | None = None,
    by: str | None = None,
) -> NewDocument:
    """Begin a document; raises NotFound for an unknown kind or template, UsageError for a bad identifier."""
    kind = repo.book.kind(kind_word)
    values = _template_values(repo, kind, template) if template else {}
    handle = acting(repo, by) if kind.is_record else (by or "")
    draft = NewDocument(repo, kind, identifier_for(repo, kind, identifier), handle, {})
    draft.data = _ordered(kind, {**_fixed(draft), **copy.deepcopy(dict(values))})
    for name in _ACTING if kind.is_record else ():
        if name in kind.required:
            draft.data.setdefault(name, handle)
    draft.data = _ordered(kind, draft.data)
    return draft


def start_derived(
    repo: Repository,
    kind: Kind,
    identifier: str,
    by: str,
    opened: datetime,
    *,
    template: str | None = None,
    values: Mapping[str, Any],
) -> NewDocument:
    """Begin a record whose identifier, author and opening (UTC) follow from elsewhere; raises NotFound and UsageError."""
    given = _template_values(repo, kind, template) if template else {}
    draft = NewDocument(repo, kind, identifier, by, {})
    fixed = _fixed(draft)
    for entry in fixed.get("timeline", ()):
        entry["at"] = clock.format_time(opened)
    draft.data = _ordered(kind, {**fixed, **copy.deepcopy(dict(given)), **copy.deepcopy(dict(values))})
    return draft


def identifier_for(repo: Repository, kind: Kind, given: str | None) -> str:
    """Return the identifier of a new document: a minted one for a record, the given one for an item.

    Raises UsageError for one that is missing, not wanted or badly formed, Refused for one that is taken.
    """
    if kind.is_record:
        if given:
            raise UsageError(
                f"{a_kind(kind)} gets its identifier by itself", "leave it out; --title says what it is about"
            )
        while True:
            identifier = ids.mint(kind.prefix)
            if not (repo.root / repo.book.path_for(kind, identifier)).exists():
                return identifier
    if not given:
        raise UsageError(
            f"{a_kind(kind)} needs an identifier",
            f'itsm new {kind.name} mail --name "Mail" (lower case, hyphens)',
        )
    if not ids.is_item_id(given):
        raise UsageError(f"'{given}' cannot be an identifier", f"for example {ids.slug(given)}")
    taken = [k.name for k in repo.book.kinds.values() if not k.is_record and _exists(repo, k, given)]
    if taken:
        raise Refused(f"'{given}' is taken: it is a {taken[0]}", f"itsm show {given}")
    return given


def _exists(repo: Repository, kind: Kind, identifier: str) -> bool:
    return (repo.root / repo.book.path_for(kind, identifier)).exists()


def _template_values(repo: Repository, kind: Kind, name: str) -> Mapping[str, Any]:
    if name not in repo.book.templates:
        near = did_you_mean(name, repo.book.templates)
        raise NotFound(f"there is no template '{name}'", near or _templates_for(repo, kind))
    about = repo.book.template(name)
    if about.get("kind") != kind.name:
        raise UsageError(
            f"the template '{name}' is for {about.get('kind')}, not for {kind.name}",
            _templates_for(repo, kind),
        )
    values = about.get("values")
    return values if isinstance(values, dict) else {}


def _templates_for(repo: Repository, kind: Kind) -> str:
    """Say which templates a kind has."""
    fitting = [t for t in repo.book.templates if repo.book.template(t).get("kind") == kind.name]
    return f"templates for it: {', '.join(fitting)}" if fitting else f"there is no template for {kind.name}"


def _fixed(draft: NewDocument) -> dict[str, Any]:
    kind = draft.kind
    data: dict[str, Any] = {"id": draft.id, kind.tag: kind.name}
    if kind.workflow is not None:
        data[kind.state_field] = kind.workflow.initial
    if kind.is_record and kind.workflow is not None:
        at = clock.format_time(clock.now())
        data["timeline"] = [{"at": at, "by": draft.by, "state": kind.workflow.initial}]
    return data


def _ordered(kind: Kind, data: Mapping[str, Any]) -> dict[str, Any]:
    known = {k: data[k] for k in kind.keys if k in data}
    return {**known, **{k: v for k, v in data.items() if k not in known}}


def field_for(kind: Kind, option: str) -> str:
    """Return the field (or ``field.part``) that an option name means for a kind; raises UsageError."""
    name = option.replace("-", "_")
    if name.split(".")[0] in kind.fields:
        return name
    for candidate in SHORT_NAMES.get(name, ()):
        if candidate.split(".")[0] in kind.fields:
            return candidate
    usual = [s for s, fields in SHORT_NAMES.items() if any(f.split(".")[0] in kind.fields for f in fields)]
    own = [f for f, schema in kind.fields.items() if not schema.get("x-fixed")]
    near = did_you_mean(name, [*own, *usual])
    near = near.replace("_", "-") if near else f"itsm explain {kind.name} lists the fields"
    raise UsageError(f"there is no option '--{option}': {a_kind(kind)} has no such field", near)


def assignment_for(kind: Kind, option: str, value: str) -> Assignment:
    """Return the assignment that ``--option value`` means; repeated list options add up."""
    name = field_for(kind, option)
    if kind.fields[name.split(".")[0]].get("type") == "object" and not value.startswith("{"):
        name = next(iter(SHORT_NAMES.get(name, ())), name)  # --risk low: the part that people mean
    if name in ("answers", "labels") and "=" in value:
        key, _, text = value.partition("=")
        return Assignment((name, key), SET, text)
    schema = kind.fields[name.split(".")[0]]
    action = "append" if schema.get("type") == "array" and not value.startswith("[") else SET
    return Assignment(tuple(name.split(".")), action, value)


def assignments_for(kind: Kind, options: Iterable[tuple[str, str]]) -> list[Assignment]:
    """Return the assignments that options with their values mean.

    Of an option that is given again the last value counts, as is usual on a command line; no answer to a question is lost.
    """
    found = [assignment_for(kind, name, value) for name, value in options]
    last = {a.path: a for a in found if a.action == SET}
    return [a for a in found if a.action != SET or a.path[0] == ANSWERS or last[a.path] is a]


def usage_of(kind: Kind, name: str) -> str:
    """Return the option that gives a field, with what it takes."""
    return f"--{name.replace('_', '-')} '{expected(kind.fields.get(name, {}))}'"


def candidates(repo: Repository, schema: Mapping[str, Any]) -> list[str]:
    """Return the identifiers that a reference field may hold, sorted; empty for other fields."""
    return names(repo, referred_kinds(repo, schema))


def referred_kinds(repo: Repository, schema: Mapping[str, Any]) -> list[Kind]:
    """Return the kinds that a reference field refers to; none for other fields."""
    reference = _reference(schema)
    return kinds_of(repo.book, reference.get("to", ("any",))) if reference else []


def must_exist(schema: Mapping[str, Any]) -> bool:
    """Whether a field refers to a document that has to be there; an open reference takes any handle."""
    reference = _reference(schema)
    return bool(reference) and not reference.get("open")


def _reference(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return schema.get("x-ref") or (schema.get("items") or {}).get("x-ref") or {}


def text_of(draft: NewDocument) -> bytes:
    """Return the file that the draft becomes."""
    from itsm_gitops.documents import UNWRITABLE_HINT, dump

    try:
        return dump(draft.data, draft.kind.keys).encode()
    except ValueError as error:
        raise Refused(str(error), UNWRITABLE_HINT) from error


def finish(
    draft: NewDocument, *, note: str | None = None, dry_run: bool = False, edited: bytes | None = None
) -> tuple[Written, list[Written], bytes]:
    """Write the draft and its links.

    Returns it, the other documents in which links are stored, and the file's content. Links
    whose inverse is what was asked for are stored in the other document. Raises UsageError where
    fields are missing and Rejected where rules are broken; nothing is written then.
    """
    from itsm_gitops.documents import write_atomic

    if edited is not None:
        draft.data = read_document(draft.repo.book, draft.path, edited).data
    refuse_missing(draft)
    if note and draft.kind.is_record:
        last = draft.data["timeline"][-1]
        draft.data["timeline"] = [
            *draft.data["timeline"],
            {"at": last["at"], "by": draft.by, "note": typed_text(note)},
        ]
    team = "" if edited is not None else team_of_category(draft.repo.book, draft.kind, draft.data)
    if team:
        draft.data = _ordered(draft.kind, {**draft.data, FIELD: team})
    others: dict[str, tuple[Opened, dict[str, Any]]] = {}
    for word, target in draft.links:
        _link(draft, word, target, others)
    raw = text_of(draft) if edited is None or note or draft.links else edited
    edits = [prepare(other, data) for other, data in others.values()]
    after = {draft.path: raw} | {e.document.path: e.raw for e in edits}
    found = judged(draft.repo, after, {e.document.path: e.document.raw for e in edits})
    if not dry_run:
        write_atomic(draft.repo.root / draft.path, raw, expected=None)
    done = [write(draft.repo, e, dry_run=dry_run) for e in edits]
    changes = diff({}, draft.data)
    result = written(draft.id, draft.path, draft.kind, draft.data, changes, not dry_run)
    return replace(result, findings=tuple(found)), done, raw


def refuse_missing(draft: NewDocument) -> None:
    """Raise UsageError that lists the missing fields with the options that give them."""
    missing = draft.missing()
    if missing:
        lines = [
            line
            for name in missing
            for line in (f"  {usage_of(draft.kind, name)}", f"      {_about(draft.kind, name)}")
        ]
        raise UsageError(f"{a_kind(draft.kind)} also needs: {', '.join(missing)}", "\n".join(["add", *lines]))


def _about(kind: Kind, name: str) -> str:
    return str(kind.fields.get(name, {}).get("description", ""))


def _link(
    draft: NewDocument, word: str, target: str, others: dict[str, tuple[Opened, dict[str, Any]]]
) -> None:
    """Store a link in the draft, or in the other document where the vocabulary says so."""
    kind, forward = find_link(draft.repo.book, word)
    other = open_document(draft.repo, target)
    if forward:
        draft.data = _ordered(draft.kind, add_link(draft.repo.book, kind, draft.opened, other))
    else:
        found, data = others.get(other.path, (other, other.data))
        others[other.path] = (found, add_link(draft.repo.book, kind, found._replace(data=data), draft.opened))
