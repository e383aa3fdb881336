"""Finished records in the light of the rule book of their time, where Git knows it.

A rule book goes on, and records that were finished under an older one cannot. What makes such a record wrong today is
dropped where some commit of the history had it as it is now, finished, under a rule book that had nothing to say
against it. Who made a step is judged in the same way, of open records too: an entry of a timeline never changes, and
people leave teams. That happens only for findings about finished records, so it costs nothing while there are none; ``x-since``
(`asked_since.py`) says the same for good, and without a history.

Nothing fails open: open records, records that are finished in the request that is judged, and clones without their
history are judged by the rule book as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import GitError, ItsmError
from itsm_gitops.model.findings import ERROR, Finding
from itsm_gitops.model.guards import Guard
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import ROLES, RuleBook
from itsm_gitops.model.user_rules import UserRule
from itsm_gitops.repository import Repository
from itsm_gitops.repository.former_words import FormerWords
from itsm_gitops.repository.history import log
from itsm_gitops.rules.judge import DocumentJudge, DocumentVerdict
from itsm_gitops.rules.registry import RULES
from itsm_gitops.rules.rule import DOCUMENT, GUARDS
from itsm_gitops.snapshots import Document, Store, load_store
from itsm_gitops.snapshots.part import PartialSnapshot

_VERSIONS = 40  # the number of older states of a rule book that are read
_SCHEMA, _MISSING, _STUCK = "S", "S002", "S013"
_WORDS = frozenset(("S033",))  # warnings about words that were right when the record was finished
_STEPS = frozenset(("W008",))  # warnings about an entry of the timeline, right when it was written


class TimelyFindings(NamedTuple):
    """Findings that count, and those that were dropped because the records were right when they were finished."""

    kept: list[Finding]
    dropped: list[Finding]


def in_their_time(
    repo: Repository, store: Store, findings: Sequence[Finding], start: str, now: datetime
) -> TimelyFindings:
    """Divide findings; ``start`` is the revision from which history is believed: that which is already merged."""
    about = {f.path: e for f in findings if (e := _finished(store, f)) is not None}
    if not about or repo.git is None or repo.git.shallow:
        return TimelyFindings(list(findings), [])
    waiting = [f for f in findings if f.path in about and _is_asking(f, store.book)]
    dropped: list[Finding] = []
    try:
        commit = repo.git.resolve(start)
        words = FormerWords(repo.git, store.book, commit)
        for former in _commits(repo, commit, _paths(store, about.values(), waiting)):
            if not waiting:
                break
            right = _right_then(repo, store, former, waiting, words, now, first=former == commit)
            dropped += right
            waiting = [f for f in waiting if f not in right]
    except GitError:
        return TimelyFindings(list(findings), [])
    gone = set(dropped)
    return TimelyFindings([f for f in findings if f not in gone], dropped)


def _own(book: RuleBook, code: str) -> UserRule | None:
    return next((r for r in book.user_rules if r.code == code), None)


def _is_asking(finding: Finding, book: RuleBook) -> bool:
    rule = RULES.get(finding.code)
    # What is no error makes nothing illegal: a date that is due stays due, whenever that was written down.
    wrong = finding.severity == ERROR or finding.code in _WORDS | _STEPS
    if rule is None:
        return wrong and _own(book, finding.code) is not None
    return wrong and rule is not None and (rule.scope == DOCUMENT or GUARDS in (rule.reach or ()))


def _finished(store: Store, finding: Finding) -> Entry | None:
    entry = store.by_path.get(finding.path) if _is_asking(finding, store.book) else None
    if entry and finding.code in _STEPS:
        return entry
    flow = store.book.kinds[entry.kind].workflow if entry else None
    return entry if entry and flow is not None and flow.is_terminal(entry.state) else None


def _paths(store: Store, entries: Iterable[Entry], waiting: Iterable[Finding]) -> list[str]:
    """Return the files whose former versions may have judged otherwise: the rule book, and items that records name.

    Of who made steps, only the roles and those people and teams decide.
    """
    steps = [f for f in waiting if f.code in _STEPS]
    found = {store.entries[name].path for f in steps if (name := _actor(store, f)) in store.entries}
    found.add(ROLES)
    others = {f.path for f in waiting if f.code not in _STEPS}
    for entry in entries:
        if entry.path not in others:
            continue
        found.add("schemas")
        for edge in entry.edges:
            other = store.entries.get(edge.target)
            if other is not None and other.path.startswith("cmdb/"):
                found.add(other.path)
    return sorted(found)[:200]


def _actor(store: Store, finding: Finding) -> str:
    """Return who made the step that a finding is about."""
    about: Any = store.data(store.by_path[finding.path].id)
    for step in finding.pointer[:2]:
        about = about[step]
    return str(about.get("by", ""))


def _commits(repo: Repository, start: str, paths: Sequence[str]) -> Iterator[str]:
    """Yield commits with different states of some files, the newest first: the start, then what was before each change."""
    yield start
    options = ("--first-parent", "--diff-merges=first-parent", f"-n{_VERSIONS}")
    for header, _ in log(repo.history, ("%H", "%P"), start, list(paths), *options):
        parents = header[1].decode("ascii").split()
        if parents:
            yield parents[0]


def _right_then(
    repo: Repository,
    store: Store,
    commit: str,
    waiting: Sequence[Finding],
    words: FormerWords,
    now: datetime,
    *,
    first: bool,
) -> list[Finding]:
    """Return the findings that one older commit does not have about the same finished records.

    ``first`` says that it is the one from which history is believed.
    """
    paths = {f.path for f in waiting}
    judge, seen = DocumentJudge(now), dict[str, Document]()

    def visit(former: Store, document: Document) -> list[DocumentVerdict]:
        if document.path not in paths:
            return []
        seen[document.path] = document
        return judge(former, document)

    try:
        part = PartialSnapshot(repo.snapshot(commit), paths)
        past, verdicts = load_store(part, jobs=1, visit=visit)
    except ItsmError:
        return []  # that rule book could judge nothing
    said = {_place(f) for verdict in verdicts for f in verdict.findings}
    unjudged = _unjudged(verdicts, waiting)
    right = _right_before(store, past, judge, waiting, seen) if first else []
    for finding in waiting:
        document, entry = seen.get(finding.path), store.by_path[finding.path]
        if document is None or document.kind is None or not isinstance(document.data, dict):
            continue
        kind = store.book.kinds[entry.kind]
        then, today = words.read(finding.path, commit, document.data), store.data(entry.id)
        if finding.path in unjudged or not _is_same_place(finding, then, today):
            continue
        sealed = _sealed(kind, then) == _sealed(kind, today) and _was_finished(document.kind, document.data)
        if not sealed and finding.code not in _STEPS:
            continue
        own = _own(store.book, finding.code)
        if own is not None:
            wrong = _asked_by_own(past.book, document.kind, own, finding, said)
        else:
            wrong = _said(finding, document, said, _guards(kind, entry))
        if not wrong:
            right.append(finding)
    return right


def _right_before(
    store: Store,
    past: Store,
    judge: DocumentJudge,
    waiting: Sequence[Finding],
    seen: Mapping[str, Document],
) -> list[Finding]:
    """Return the findings about steps that are not merged yet and that the CMDB which is merged has nothing against."""
    right = []
    for finding in waiting:
        data = store.data(store.by_path[finding.path].id)
        former = seen.get(finding.path)
        if finding.code not in _STEPS or _is_same_place(finding, (former and former.data) or {}, data):
            continue
        today = Document(finding.path, b"", data, past.book.kind_at(finding.path), ())
        verdicts = judge(past, today)
        said = {_place(f) for verdict in verdicts for f in verdict.findings}
        if today.kind is not None and not _unjudged(verdicts, waiting) and _place(finding) not in said:
            right.append(finding)
    return right


def _guards(kind: Kind, entry: Entry) -> Sequence[Guard]:
    state = kind.workflow.states.get(entry.state) if kind.workflow else None
    return state.guards if state else ()


def _unjudged(verdicts: Iterable[DocumentVerdict], waiting: Iterable[Finding]) -> frozenset[str]:
    """Return the documents of which an older rule book judged less: it refused fields, or a rule could not go on.

    What is refused today, too, hides as much today.
    """
    today: dict[str, set[str]] = {}
    for finding in waiting:
        if finding.code.startswith(_SCHEMA):
            today.setdefault(finding.path, set()).update(map(str, finding.pointer[:1]))
    return frozenset(
        v.path
        for v in verdicts
        if v.refused - today.get(v.path, set()) or any(f.code == _STUCK for f in v.findings)
    )


def _place(finding: Finding) -> tuple[object, ...]:
    detail = finding.message if finding.code == _MISSING else ""
    return finding.code, finding.path, finding.pointer, detail


def _said(
    finding: Finding, document: Document, said: set[tuple[object, ...]], today: Sequence[Guard]
) -> bool:
    """Whether a finding was made then; ``today`` are the guards that the state has now."""
    if RULES[finding.code].scope == DOCUMENT:
        return _place(finding) in said
    # A guard about links: what was linked then is not read again; it was right where no such guard was there, nor one
    # that asks the same in other words.
    flow = document.kind.workflow if document.kind else None
    state = flow.states.get(str((document.data or {}).get(flow.state_field))) if flow else None
    same = [g.must for g in today if _tells(g, finding)]
    return state is None or any(_tells(g, finding) or g.must in same for g in state.guards)


def _asked_by_own(
    past: RuleBook, kind: Kind, rule: UserRule, finding: Finding, said: set[tuple[object, ...]]
) -> bool:
    """Whether an own rule of then found this, under this code or another that asks the same."""
    alike = [
        r
        for r in past.user_rules
        if kind.name in past.members(r.kinds) and (r.code == rule.code or r.guard.must == rule.guard.must)
    ]
    if rule.guard.links:  # what was linked then is not read again
        return bool(alike)
    return any((r.code, *_place(finding)[1:]) in said for r in alike)


def _tells(guard: Guard, finding: Finding) -> bool:
    return not guard.message or finding.message.startswith(guard.message)


def _was_finished(kind: Kind, data: Mapping[str, Any]) -> bool:
    flow = kind.workflow
    return flow is not None and flow.is_terminal(str(data.get(flow.state_field)))


def _is_same_place(finding: Finding, then: Mapping[str, Any], today: Mapping[str, Any]) -> bool:
    """Whether what a finding is about stands as it did: a field that may change after the end, or an entry of one."""
    if not finding.pointer:
        return True
    former, present = then.get(str(finding.pointer[0])), today.get(str(finding.pointer[0]))
    index = finding.pointer[1] if len(finding.pointer) > 1 else None
    if isinstance(index, int) and isinstance(former, list) and isinstance(present, list):
        return former[index : index + 1] == present[index : index + 1]
    return bool(former == present)


def _sealed(kind: Kind, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a finished record never changes again."""
    free = set(kind.workflow.editable_when_closed if kind.workflow else ())
    return {k: v for k, v in data.items() if k not in free}
