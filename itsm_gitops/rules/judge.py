"""Judging one snapshot: every document where it is read, then all of them together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from itsm_gitops.git import DRAFT
from itsm_gitops.git.modes import FILE, reason
from itsm_gitops.model import clock
from itsm_gitops.model.errors import RuleBookError
from itsm_gitops.model.findings import ERROR, Finding
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.watched_time import FOREVER
from itsm_gitops.rules import schema
from itsm_gitops.rules.asked_since import asked
from itsm_gitops.rules.book import CONFIG, BookContext
from itsm_gitops.rules.context import Data, DocumentContext, NetworkContext
from itsm_gitops.rules.keeping import Keeping
from itsm_gitops.rules.registry import RULES, find_rule, rules
from itsm_gitops.rules.rule import DOCUMENT, NETWORK, RULEBOOK, Check, Hit, Rule
from itsm_gitops.rules.rulebook import WHOLE_BOOK, book_error
from itsm_gitops.rules.settings import configured
from itsm_gitops.rules.shard import WHOLE, Shard
from itsm_gitops.schema import validate
from itsm_gitops.snapshots import Config, Document, Snapshot, Store, read_config
from itsm_gitops.snapshots.gaps import RESTORE_FOLDER, snapshot_gaps
from itsm_gitops.snapshots.store import is_document

_SHAPES = 4096  # of documents of one kind, remembered
_NOTHING: frozenset[str] = frozenset()

# A rule relies on what the shipped schemas promise. A repository owns its schemas and may loosen
# them, so what then surprises a rule is a finding about the rule book, not a crash.
_UNEXPECTED = (
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    ValueError,
    OverflowError,
    RecursionError,
    RuleBookError,
)


class DocumentVerdict(NamedTuple):
    """What a worker says about one document that is not perfect.

    ``refused`` are the top-level fields that hold something the schema does not accept. ``until`` is a moment at
    which the verdict of this or of an earlier document may change; None where it is not sooner than the last one said.
    """

    path: str
    findings: tuple[Finding, ...]
    refused: frozenset[str]
    until: datetime | None = None


Load = Callable[..., tuple[Store, list[DocumentVerdict]]]


class JudgedSnapshot(NamedTuple):
    """A judged snapshot.

    ``store`` and ``context`` are None where its rule book has errors: then ``findings`` are those
    of the rule book, and ``unjudged`` counts the documents that nobody has judged.
    """

    store: Store | None
    config: Config
    context: NetworkContext | None
    findings: list[Finding]
    unjudged: int = 0


def to_finding(rule: Rule, hit: Hit, path: str = "") -> Finding:
    """Make a finding of a hit."""
    return Finding(
        code=hit.code or rule.code,
        severity=hit.severity or rule.severity,
        path=hit.path or path,
        message=hit.message,
        hint=hit.hint or rule.hint,
        pointer=hit.pointer,
        line=hit.line,
        column=hit.column,
        at_key=hit.at_key,
    )


def _unjudged(rule: Rule, error: Exception, path: str) -> Finding:
    cause = f"there is no {error}" if isinstance(error, KeyError) else str(error) or "it is nested too deeply"
    return to_finding(
        find_rule("S013"), Hit(f"rule {rule.code} cannot judge this: {cause}", line=1, column=1), path
    )


# Of a document: its fields, the keys in its timeline, and whether its way through the life cycle is a usual one.
Shape = tuple[frozenset[str], frozenset[str], bool]


class _Judge:
    """The document rules of one kind, ready to run."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._fast = validate.shared(kind.schema)
        self._slow: Any = None
        self._rules: list[tuple[Rule, Check]] = [
            (rule, rule.check)
            for rule in rules(DOCUMENT)
            if rule.check is not None
            and (not rule.kinds or any(role in kind.plays for role in rule.kinds))
            and (not rule.stateful or kind.workflow is not None)
        ]
        self._about = [(rule, check, _fields_of(rule, kind)) for rule, check in self._rules]
        self._by_shape: dict[Shape, list[tuple[Rule, Check]]] = {}

    def rules_for(self, shape: Shape) -> list[tuple[Rule, Check]]:
        """Return the rules that may find something in a document of a shape."""
        known = self._by_shape.get(shape)
        if known is None:
            if len(self._by_shape) >= _SHAPES:
                self._by_shape.clear()
            fields, said, usual = shape
            known = self._by_shape[shape] = [
                (rule, check)
                for rule, check, about in self._about
                if (about is None or not fields.isdisjoint(about))
                and (rule.said is None or not said.isdisjoint(rule.said))
                and not (rule.unusual and usual)
            ]
        return known

    def refusals(self, data: Any) -> list[schema.Coded]:
        """Return what the kind's schema refuses."""
        if self._fast.is_valid(data):
            return []
        if self._slow is None:
            self._slow = validate.slow(self.kind.schema)
        return schema.explain(self._slow, data)


def _fields(refusals: Iterable[schema.Coded]) -> frozenset[str]:
    """Return the top-level fields that something is refused in."""
    return frozenset(str(c.hit.pointer[0]) for c in refusals if c.hit.pointer)


def _fields_of(rule: Rule, kind: Kind) -> Collection[str] | None:
    """Return the fields of a kind that a rule is about, None where it looks at any document; one that fails says so there."""
    try:
        return rule.about(kind) if callable(rule.about) else rule.about
    except _UNEXPECTED:
        return None


class DocumentJudge:
    """Judges each document when it has been read; called in the processes that read."""

    def __init__(self, now: datetime, keeping: Keeping | None = None, shard: Shard = WHOLE) -> None:
        """``shard`` says which documents are judged; of the others only the schema's refusals are reported."""
        self._now: datetime = keeping.now if keeping else now
        self._keeping = keeping
        self._until = FOREVER
        self._shard = shard
        self._judges: dict[str, _Judge] = {}
        self._items: dict[str, Data | None] = {}

    def _judge(self, kind: Kind) -> _Judge:
        known = self._judges.get(kind.name)
        if known is None:
            known = self._judges[kind.name] = _Judge(kind)
        return known

    def _item(self, store: Store, identifier: str) -> Data | None:
        """Return what the schema accepts of a CMDB item that another document names."""
        if identifier not in self._items:
            entry = store.entries.get(identifier) or store.entries.get(store.aliases.get(identifier, ""))
            kind = store.book.kinds[entry.kind] if entry else None
            if entry is None or kind is None or kind.is_record:
                self._items[identifier] = None
            else:
                data = store.data(entry.id)
                refused = _fields(self._judge(kind).refusals(data))
                self._items[identifier] = {k: v for k, v in data.items() if k not in refused}
        return self._items[identifier]

    def refused(self, document: Document) -> frozenset[str]:
        """Return the top-level fields of a document that its schema refuses."""
        if document.kind is None or not isinstance(document.data, dict):
            return _NOTHING
        judge = self._judge(document.kind)
        return _fields(asked(document.kind, document.data, judge.refusals(document.data)))

    def __call__(self, store: Store, document: Document) -> list[DocumentVerdict]:
        """Return one verdict for a document with findings, none for a good one."""
        kind, data = document.kind, document.data
        own = self._shard.owns(document.path) and not store.root_of(document.path)
        if kind is None or not isinstance(data, dict) or not (own or self._shard.first):
            return []
        judge = self._judge(kind)
        refusals = asked(kind, data, judge.refusals(data))
        refused = _NOTHING
        if not own:
            return [DocumentVerdict(document.path, (), _fields(refusals))] if refusals else []
        findings: list[Finding] = []
        if refusals:
            refused = _fields(refusals)
            data = {k: v for k, v in data.items() if k not in refused}
            findings += [to_finding(find_rule(code), hit, document.path) for code, hit in refusals]
        context = DocumentContext.of(document, kind, data, refused, store, self._now, self._item)
        for rule, check in judge.rules_for((frozenset(data), context.said, context.usual)):
            try:
                for hit in check(context):
                    findings.append(to_finding(rule, hit, document.path))
            except _UNEXPECTED as error:
                findings.append(_unjudged(rule, error, document.path))
        until = self._sooner()
        if not findings and until is None:
            return []
        return [DocumentVerdict(document.path, tuple(findings), refused, until)]

    def _sooner(self) -> datetime | None:
        """Return until when all verdicts so far hold, where that is sooner than the last time."""
        if self._keeping is None or self._keeping.watched_until >= self._until:
            return None
        self._until = self._keeping.watched_until
        return self._until


def _load(*args: Any, **kwargs: Any) -> tuple[Store, list[DocumentVerdict]]:
    """Read all documents: what that takes is loaded here, since most commands judge a few."""
    from itsm_gitops.snapshots.loading import load_store

    return load_store(*args, **kwargs)


def judge_snapshot(
    snapshot: Snapshot,
    now: datetime,
    keeping: Keeping | None = None,
    load: Load | None = None,
    shard: Shard = WHOLE,
) -> JudgedSnapshot:
    """Load one snapshot and return everything that is wrong with it, not yet located.

    ``keeping`` finds out until when that holds. ``load`` reads all documents, as ``load_store`` does. With a
    shard: what that one reports, see ``rules.shard``.
    """
    config = read_config(snapshot)
    now = keeping.now if keeping else now
    findings = _of_book(BookContext.read(snapshot, config, now, RULES), config)
    if _unusable(findings, config, now):
        return _not_judged(snapshot, config, _causes(findings), shard)
    try:
        store, verdicts = (load or _load)(
            shard.part(snapshot), visit=DocumentJudge(now, keeping, shard), config=config
        )
    except RuleBookError as error:
        findings.append(to_finding(find_rule("S022"), book_error(error)))
        return _not_judged(snapshot, config, findings, shard)
    context = NetworkContext(store, now, {v.path: v.refused for v in verdicts if v.refused})
    if not shard.first:  # the first shard reports what the rule book and the settings have
        findings = []
    for verdict in verdicts:
        findings += verdict.findings
        if keeping and verdict.until:
            keeping.note(verdict.until)
    findings += (f for f in faulty_files(store) if shard.owns(f.path))
    if shard.first:
        findings += odd_files(store)
        findings += run(NETWORK, context, keeping)
    if config.roots:  # what is wrong inside a root is its own business
        findings = [f for f in findings if not store.root_of(f.path)]
    return JudgedSnapshot(store, config, context, findings)


def _not_judged(snapshot: Snapshot, config: Config, findings: list[Finding], shard: Shard) -> JudgedSnapshot:
    """Return what is left to say where the rule book is unusable: why, and how many documents nobody judged."""
    paths = (info.path for info in snapshot.files("cmdb", "records"))
    count = sum(is_document(path) and shard.owns(path) for path in paths)
    return JudgedSnapshot(None, config, None, findings if shard.first else [], count)


def _of_book(book: BookContext, config: Config) -> list[Finding]:
    """Return what is wrong with a rule book and the settings."""
    settings = [f for f in config.faults if f.code.startswith("P")]  # the others are hits of a rule
    return [*settings, *_book_problems(book), *run(RULEBOOK, book)]


def rulebook_findings(snapshot: Snapshot, config: Config, now: datetime) -> list[Finding]:
    """Return everything that is wrong with the rule book of a snapshot, not yet located."""
    return _of_book(BookContext.read(snapshot, config, now, RULES), config)


def book_findings(book: BookContext, config: Config, now: datetime) -> list[Finding] | None:
    """Return what is wrong with a rule book by which documents can be judged; None where they cannot."""
    findings = _of_book(book, config)
    return None if _unusable(findings, config, now) else findings


def book_errors(snapshot: Snapshot) -> list[Finding]:
    """Return what is wrong with the rule book of a snapshot, whatever its settings say; no document is read."""
    config = read_config(snapshot)
    found = _of_book(BookContext.read(snapshot, config, clock.now(), RULES), config)
    return [f for f in found if f.path != CONFIG]


def _causes(findings: Iterable[Finding]) -> list[Finding]:
    """Leave out that the rule book, or a file of it, cannot be used where another error says why."""
    found = list(findings)
    named = {f.path for f in found if f.severity == ERROR and f.code not in ("S013", "S022")} - {CONFIG}
    return [
        f
        for f in found
        if not (f.code == "S013" and named)
        and not (f.code == "S022" and (f.path in named or (named and f.path == WHOLE_BOOK)))
    ]


def _unusable(findings: Iterable[Finding], config: Config, now: datetime) -> bool:
    """Whether the rule book has an error: a document that it judges might be right or wrong by mistake.

    What makes a rule book unreadable or contradictory (families P and S) counts whatever itsm.yaml
    says of it; other errors count unless the settings soften or accept them. Mistakes in itsm.yaml
    itself do not: what cannot be read there softens nothing.
    """
    errors = [f for f in findings if f.severity == ERROR and f.path != CONFIG]
    return any(f.code[0] in "PS" for f in errors) or any(
        f.severity == ERROR for f in configured(errors, config, now, None)
    )


def run(scope: str, context: Any, keeping: Keeping | None = None) -> Iterator[Finding]:
    """Run all rules of one scope over its context; ``keeping`` finds out until when what each says holds."""
    for rule in rules(scope):
        findings = run_rule(rule, context)
        yield from keeping.of_rule(rule, findings) if keeping else findings


def run_rule(rule: Rule, context: Any) -> Iterator[Finding]:
    """Run one rule over a context of its scope."""
    check: Callable[[Any], Iterable[Hit]] | None = rule.check
    try:
        for hit in check(context) if check else ():
            yield to_finding(rule, hit)
    except RuleBookError as error:
        yield to_finding(find_rule("S022"), book_error(error))
    except _UNEXPECTED as error:
        yield _unjudged(rule, error, WHOLE_BOOK)


def _book_problems(book: BookContext) -> list[Finding]:
    return [
        Finding(p.code, ERROR, path, p.message, p.hint, (), p.line, p.column)
        for path, loaded in book.files.items()
        if path.startswith("schemas/")
        for p in loaded.problems
    ]


_DRAFT_HINT = "remove it; the document itself holds what was written last"


def unreadable(store: Store) -> list[Finding]:
    """Return the findings of family P."""
    return [*faulty_files(store), *odd_files(store)]


def faulty_files(store: Store) -> list[Finding]:
    """Return what is wrong with documents as YAML, or with reading them."""
    return [
        Finding(p.code, ERROR, path, p.message, p.hint, (), p.line, p.column)
        for path, problems in store.problems.items()
        for p in problems
    ]


def odd_files(store: Store) -> list[Finding]:
    """Return what is not a regular file, is missing, or has a name that cannot be shown."""
    found = [irregular_finding(path, mode) for path, mode in store.irregular.items()]
    unnamed = find_rule("P014")
    found += [
        to_finding(unnamed, Hit(g.reason, hint=g.hint, line=g.line or 1, column=g.column or 1), g.path)
        for g in snapshot_gaps(store.book, store.snapshot)
    ]
    return found + [odd_name(path) for path in store.files if not path.isprintable()]


def irregular_finding(path: str, mode: str) -> Finding:
    """Return the finding of what is not a regular file."""
    hint = {DRAFT: _DRAFT_HINT, FILE: RESTORE_FOLDER}.get(mode, "")
    return to_finding(find_rule("P013"), Hit(reason(mode), hint=hint, line=1, column=1), path)


def odd_name(path: str) -> Finding:
    """Return the finding of a path that holds what no screen can show."""
    return to_finding(find_rule("P014"), Hit("this name cannot be shown", line=1, column=1), path)
