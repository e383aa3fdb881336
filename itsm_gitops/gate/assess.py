"""How a request stands: what the policy of its base asks for, who has given it, who still can.

One pure function over two commits and a list of reviews; the command line, CI, the server's hook
and the audit all ask it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from itsm_gitops.forges.reviews import PROGRAM, Review
from itsm_gitops.gate import landing, signed
from itsm_gitops.gate import requirements as wanted
from itsm_gitops.gate.announced import Announcements
from itsm_gitops.gate.authors import joining, unknown_words, with_joining
from itsm_gitops.gate.digest import Content, ReviewedContent, content
from itsm_gitops.gate.disclosure import notes
from itsm_gitops.gate.lapsed import lapsed
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.policy import ApprovalRule, Policy, read_policy
from itsm_gitops.gate.progress import asked_again
from itsm_gitops.gate.pull_request import Request
from itsm_gitops.gate.reviews import Judge
from itsm_gitops.gate.separation import Parts, Provenance, separate
from itsm_gitops.gate.signers import signers
from itsm_gitops.gate.spent import ApprovalUse
from itsm_gitops.gate.summary import describe
from itsm_gitops.gate.types import ERROR, NOT_APPLICABLE, Assessment, Requirement, Verdict, worst
from itsm_gitops.gate.verdicts import JudgedRequirements, OtherDirectories, judge
from itsm_gitops.git import refs
from itsm_gitops.git.changeset import Authored, changeset, contributors, merge_bases
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.door import plain_name
from itsm_gitops.model.errors import Incomplete, RuleBookError
from itsm_gitops.model.migrations import FOLDER as MIGRATIONS
from itsm_gitops.model.rulebook import CHANGE_CONTROL, CHANGE_MODELS, RISK, ROLES
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import Snapshot, Store, read_rulebook
from itsm_gitops.snapshots.identity import identity, pinned
from itsm_gitops.snapshots.mended import Mended, mended
from itsm_gitops.snapshots.migrated import differing_by_words
from itsm_gitops.snapshots.part import PartialSnapshot
from itsm_gitops.snapshots.recalled_store import load_recalling
from itsm_gitops.snapshots.shelf import Shelf
from itsm_gitops.snapshots.snapshot import CONFIG

_NAMED = 5
_DOCUMENTS = ("records/", "cmdb/")
_PURPOSE = "who must approve"


def assess(
    repo: Repository,
    *,
    base: str,
    head: str,
    target: str = "",
    reviews: Iterable[Review] = (),
    now: datetime,
    opened_by: str = "",
    pushed_by: Sequence[str] = (),
    statements: Iterable[refs.StoredText] | None = None,
    overrides: bool = True,
    judged: str = landing.LANDING,
) -> Assessment:
    """Return how the request that brings ``head`` into ``base`` stands.

    ``base`` is the tip of the branch it wants to enter, called ``target``; ``opened_by`` the
    account that opened it, ``pushed_by`` who pushed to it (see ``separation.Provenance``). ``statements`` are signed ones, to be checked here; None stands for all
    that the repository keeps. Without ``overrides`` nobody may let it pass in the place of those who
    are asked. Policy, roles, people, delegates and owners are those of ``base``.
    What is judged is what would land: the merge result against ``base``. As a PROPOSAL (``judged``) it is what the
    branch shows since it left the target branch, and nothing is asked about earlier merges: so
    programs of version 0.1 judged.
    What cannot be decided is a verdict ERROR, never a pass: so is everything while a document of the CMDB
    or a record in question cannot be read at ``base``, unless the request repairs it (then the last version
    that could be read counts). Raises GitError where a commit or
    the history is missing.
    """
    git = repo.history
    base_commit, head_commit = git.resolve(base), git.resolve(head)
    git.require_history("who wrote what is to be merged")
    merge_base, *more = merge_bases(git, base_commit, head_commit)
    blank = Assessment(base_commit, merge_base, head_commit, target, "", now, judged=judged)
    if more:
        return replace(blank, messages=(landing.crossed([merge_base, *more], target),))
    kept = signed.stored(git) if statements is None else tuple(statements)
    try:
        return _Case(
            repo, blank, tuple(reviews), Provenance(opened_by, tuple(pushed_by)), kept, overrides
        ).assessment()
    except (RuleBookError, Incomplete) as error:
        said = " ".join(error.message.split("\n"))
        text = f"{said}; {error.hint}" if error.hint else said
        return replace(blank, messages=(text,))


@dataclass
class _Case:
    """One request, read step by step."""

    repo: Repository
    blank: Assessment
    reviews: Sequence[Review]
    provenance: Provenance
    statements: Sequence[refs.StoredText]
    overrides: bool

    def assessment(self) -> Assessment:
        request, parts = self.request, self.parts
        if not request.content.changes:
            return replace(
                self.blank, messages=("the request changes nothing, so there is nothing to approve",)
            )
        asked, idle, left = wanted.required(request)
        if not self.overrides:
            asked = [replace(a, override=None) for a in asked]
        found = signed.read(self.statements, self.directory, self.blank.at, self._origin, self._about_this)
        standing = self.judge.sort((*self.reviews, *found.reviews))
        standing.rejected.extend(found.rejected)
        others = OtherDirectories(lambda: self.head_directory, lambda: self.began_directory)
        judged = judge(asked, self.judge, standing, others)
        unclear = [_error(f"statement of {person}", why) for person, why in found.unclear.items()]
        verdicts = [*unclear, *self._unjudgeable(left, asked), *judged.verdicts, *map(_not_applicable, idle)]
        if not asked:
            verdicts.insert(0, _error("policy", "no rule of the policy applies, and that is never a pass"))
        return replace(
            self.blank,
            digest=request.content.digest,
            unseen=self._unseen,
            changes=tuple(t.id for t in request.changes),
            paths=tuple(request.content.changes),
            verdicts=tuple(verdicts),
            rejected=judged.rejected,
            result=worst([v.result for v in verdicts]),
            messages=tuple(self._messages(judged)),
            authors=parts.authors,
            committers=parts.committers,
            separated=parts.apart(),
            sources=self._sources(asked, judged),
            facts={t.id: describe(request, t) for t in request.changes},
            statements=found.proved,
            notes=notes(request),
        )

    @cached_property
    def policy(self) -> Policy:
        return read_policy(self.base.book.policy(POLICY))

    @cached_property
    def _merge(self) -> landing.MergePreview:
        about = self.blank
        return landing.preview(
            self.repo.history, about.merge_base, about.base, about.head, judged=about.judged
        )

    @cached_property
    def _unseen(self) -> str:
        return landing.unseen(self.repo.history, self._merge, self.request.content, self.policy.ignores)

    @cached_property
    def _records(self) -> list[str]:
        merge = self._merge
        return [c.path for c in changeset(merge.git, merge.old, merge.new)]

    @cached_property
    def _shelf(self) -> Shelf:
        """What was read of one of the commits and is the same in the others."""
        return Shelf(self.repo.history)

    @cached_property
    def base(self) -> Store:
        part = PartialSnapshot(self.repo.snapshot(self.blank.base), self._records)
        try:
            return _complete(part, self._shelf)
        except (Incomplete, RuleBookError):
            repaired = mended(self.repo.history, self.blank.base, self._merge.snapshot, self._records)
            if not repaired:
                raise
            older = Mended(self.repo.snapshot(self.blank.base), repaired)
            return _complete(PartialSnapshot(older, self._records), self._shelf)

    @cached_property
    def head(self) -> Store:
        # Read by the old rule book: what the request makes of the rules does not matter yet.
        snapshot = PartialSnapshot(self._merge.snapshot, self._records)
        return load_recalling(snapshot, self.base.book, self._shelf)

    @cached_property
    def directory(self) -> Directory:
        return Directory(self.base, self.blank.at)

    @cached_property
    def head_directory(self) -> Directory:
        """Who would be who after the merge: only to explain, never to decide."""
        try:
            roles = read_rulebook(self.head.snapshot).policy(ROLES)
        except RuleBookError:
            roles = None
        return Directory(self.head, self.blank.at, roles)

    @cached_property
    def began_directory(self) -> Directory:
        """Who was who where the request left the target branch: only to explain."""
        part = PartialSnapshot(self.repo.snapshot(self.blank.merge_base), ())
        try:
            return Directory(load_recalling(part, beside=self._shelf), self.blank.at)
        except RuleBookError:
            return self.directory

    @cached_property
    def request(self) -> Request:
        seen = (r.commit for r in self.reviews if r.commit)
        proof = Announcements(self.repo, self.base.book, self.blank.base, self.blank.head, seen)
        return Request(
            policy=self.policy,
            base=self.base,
            head=self.head,
            content=self._content,
            now=self.blank.at,
            text=self._text,
            proof=proof,
            renamed=self._renamed,
        )

    @cached_property
    def _renamed(self) -> frozenset[str]:
        """The documents that a migration of this request makes what they are, byte for byte.

        The policy is not read through it: what else the request does is judged by the words of the target branch.
        """
        if not any(path.startswith(MIGRATIONS) for path in self._content.changes):
            return frozenset()
        paths = [p for p, c in self._content.changes.items() if c.status == "M" and p.startswith(_DOCUMENTS)]
        before = self.repo.snapshot(self.blank.base)
        return differing_by_words(before, self.base.book, self._merge.snapshot, paths)

    @cached_property
    def _content(self) -> Content:
        merge = self._merge
        return content(merge.git, merge.old, merge.new, self.policy.ignores)

    def _text(self, blob: str) -> str:
        return next(self._merge.git.blobs([blob])).content.decode("utf-8", "replace")

    @cached_property
    def commits(self) -> list[Authored]:
        return contributors(self.repo.history, self.blank.base, self.blank.head)

    @cached_property
    def parts(self) -> Parts:
        states = {t.id: [d for d in (t.before, t.after) if d is not None] for t in self.request.decided}
        by = signers(self.repo.history, [c.commit for c in self.commits], self.directory)
        provenance = replace(self.provenance, signers=by)
        parts = separate(self.policy, self.directory, self.commits, provenance, states)
        return with_joining(self.request, parts)

    @cached_property
    def judge(self) -> Judge:
        return Judge(
            policy=self.policy,
            directory=self.directory,
            parts=self.parts,
            seen=ReviewedContent(self._merge.git, self.blank.base, self.request.content, self.policy.ignores),
            digest=self.request.content.digest,
            target=self.blank.target,
            now=self.blank.at,
            use=self._use,
        )

    @property
    def _use(self) -> ApprovalUse | None:
        if self.blank.judged == landing.PROPOSAL:
            return None
        return ApprovalUse(
            self.repo.history, self.blank.base, self.blank.target, self.request.content.changes
        )

    @property
    def _origin(self) -> str:
        """What this repository is known by; not looked for where nobody has signed."""
        if not self.statements:
            return ""
        return identity(self.repo.history, self.blank.base, self.base.snapshot)

    def _about_this(self, review: Review) -> bool:
        """Whether a statement is about some state of this request, and not about another one."""
        commits = {self.blank.head, *(c.commit for c in self.commits)}
        return (
            review.digest == self.request.content.digest
            or review.commit in commits
            or bool({t.id for t in self.request.changes} & set(review.changes))
        )

    def _unjudgeable(self, left: list[str], asked: Sequence[wanted.AppliedRequirement]) -> Iterator[Verdict]:
        """Yield an ERROR for everything that keeps the request from being judged.

        Who wrote it matters only where somebody has to approve: otherwise nobody is kept apart from anything.
        """
        for path in left:
            hint = "name it in a rule, or let a change in the same request authorise it"
            yield _error(path, f"no rule of the policy covers {path}; {hint}")
        for name, why in (*self.request.broken.items(), *lapsed(self.request)):
            yield _error(name, why)
        stuck = landing.conflict(self._merge, self.blank.target)
        if stuck:
            yield _error("merge", stuck)
        stays = (p for p, c in self.request.content.changes.items() if c.status != "D")
        for path, why in self.request.door.refusals(stays):
            yield _error(plain_name(path), why)
        strict = self.policy.unknown_author == "error" and any(a.requirement.count or a.error for a in asked)
        if strict and not joining(self.request, self.parts):
            yield from (_error("authors", words) for words in unknown_words(self.parts))

    def _other_identity(self) -> bool:
        git, about = self.repo.history, self.blank
        if CONFIG not in self.request.content.changes:
            return False
        before = pinned(git, about.base)
        return bool(before) and before != pinned(git, about.head)

    def _messages(self, judged: JudgedRequirements) -> Iterator[str]:
        for change in self.request.changes:
            yield from asked_again(change.id, self.request.facts(change), len(self.request.work))
        if self.policy.unknown_author != "error" or joining(self.request, self.parts):
            yield from unknown_words(self.parts)
        for pusher in self.provenance.pushed_by:
            if not pusher.startswith(PROGRAM) and not self.directory.by_identity(pusher):
                yield f"{pusher.removeprefix('user:')} pushed this, and is nobody in cmdb/people on the target branch"
        if self._unseen:
            yield landing.behind(self._unseen, self.blank.target)
        if self._other_identity():
            yield "this request changes the identity of the repository: every signed approval that waits is void after it"
        if any(self.request.protected(p) for p in self.request.content.changes):
            yield "this request changes who may approve; it is judged by the rules, roles and people of the target branch"
        for calendar, becomes in self.request.lifted:
            yield f"the freeze {calendar.id} {becomes}, so those are asked who decide about changes in that freeze"
        for what in dict.fromkeys(w.what for w in self.request.weakened):
            yield f"{what}, so those are asked who would have had to agree"
        yield from self.request.door.respelt(self.request.content.changes)
        yield from judged.messages

    def _sources(
        self, asked: Sequence[wanted.AppliedRequirement], judged: JudgedRequirements
    ) -> Mapping[str, str]:
        """Return the blobs at base of the rules, and of the people and items that mattered."""
        named = {a.requirement.subject for a in asked} | {o for a in asked for o in a.owners}
        named |= {str(r.person) for v in judged.verdicts for r in v.counted}
        paths = {POLICY, ROLES, CHANGE_CONTROL, CHANGE_MODELS, RISK}
        paths |= {self.base.entries[n].path for n in named if n in self.base.entries}
        infos = self.base.snapshot.files("schemas", "cmdb")
        return {i.path: i.oid for i in infos if i.path in paths}


def _complete(snapshot: Snapshot, shelf: Shelf) -> Store:
    """Load a base of which everything can be read that a judgement may rest on."""
    store = load_recalling(snapshot, beside=shelf)
    store.book.policy(POLICY)
    store.require_complete(_PURPOSE)
    return store


def _error(name: str, reason: str) -> Verdict:
    return Verdict(Requirement(name, "", name, 1, reason, False, "no_match"), ERROR, (), (), reason)


def _not_applicable(rule: ApprovalRule) -> Verdict:
    need = rule.require
    requirement = Requirement(rule.name, need.role, "", need.count, rule.why, need.signed, rule.name)
    return Verdict(requirement, NOT_APPLICABLE, (), (), "its conditions do not hold for this request")
