"""Plays stories against the product, and compares what gate and audit say with what the oracle says."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from itsm_gitops.evidence import audit, hook, ledger, writing
from itsm_gitops.evidence.statement import Inputs
from itsm_gitops.forges.reviews import Review
from itsm_gitops.gate import signed
from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.digest import content
from itsm_gitops.gate.policy import read_policy
from itsm_gitops.gate.types import Assessment
from itsm_gitops.git import ledger as branch
from itsm_gitops.git import mainline, refs, sshsig
from itsm_gitops.repository import Repository
from tests.gate.model import oracle
from tests.gate.model.generate import Request, Story, Text
from tests.gate.model.oracle_facts import parse
from tests.gate.model.oracle_types import Opinion, Row, Said
from tests.gate.model.organisation import HANDLES, POLICY, rule_book, text
from tests.gate.model.plumbing import Objects

_WORDS = {
    "SATISFIED": oracle.PASS, "OVERRIDDEN": oracle.OVERRIDE, "UNSATISFIED": oracle.MISSING, "ERROR": oracle.ERROR, "NOT_APPLICABLE": oracle.NOBODY_ASKED,
    "NOT_REQUIRED": oracle.NOBODY_ASKED,
}  # fmt: skip


UNVOUCHED = "UNVOUCHED"
# Where a signed refusal that blocked a merge is not kept with the evidence, that merge cannot be computed again.
_KNOWN = () if "statements" in Assessment.__dataclass_fields__ else ("MISMATCH",)


@dataclass
class Difference:
    """Where product and oracle differ: in which story and request, and what each says."""

    seed: int
    step: int
    where: str
    product: object
    oracle: object
    features: frozenset[str]


@dataclass
class Tally:
    """What was compared: results by kind, so that a run that tests nothing is noticed."""

    runs: int = 0
    gate: Counter[str] = field(default_factory=Counter)
    audit: Counter[str] = field(default_factory=Counter)
    door: Counter[str] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


class Keys:
    """One key for each handle, and what it has signed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        for name in HANDLES:
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
            subprocess.run(words, check=True)
        self.public = {n: " ".join((folder / f"{n}.pub").read_text().split()[:2]) for n in HANDLES}

    def sign(self, about: bytes, name: str) -> str:
        """Return the signature of a person."""
        return sshsig.sign(about, self.folder / name, signed.NAMESPACE)


def template(root: Path) -> Objects:
    """Write the objects that all stories share."""
    objects = Objects(root)
    objects.tree(dict(rule_book()))
    return objects


class Play:
    """One story, told to the product and to the oracle."""

    def __init__(self, root: Path, shared: Objects, seed: int, keys: Keys) -> None:
        self.seed = seed
        self.keys = keys
        self.story = Story(root, shared, seed, keys.public)
        self.story.objects.point("refs/heads/main", self.story.tip)
        self.root_commit = self.story.tip
        self.repo = Repository(root)
        self.kept: list[refs.StoredText] = []
        self.landed: list[tuple[Request, str]] = []

    def run(self, steps: int, tally: Tally) -> None:
        """Play some requests, then audit everything that landed."""
        for step in range(steps):
            self._step(step, tally)
        self._audit(steps, tally)
        self.story.objects.close()

    def _step(self, step: int, tally: Tally) -> None:
        story = self.story
        made = story.request()
        os.environ["ITSM_NOW"] = text(made.now)
        self._hand_in()
        opinion = oracle.judge(story.objects, story.question(made))
        assessment = self.assess(made)
        features = frozenset(made.features)
        tally.runs += 1
        tally.gate[opinion.result] += 1
        tally.features.update(features)
        for where, product, ours in differences(assessment, opinion):
            tally.differences.append(Difference(self.seed, step, where, product, ours, features))
        story.land(made, opinion.result)
        if made.landed:
            self._push(step, made, made.landed, tally)
            if made.foxtrot:
                self._push(step, made, made.foxtrot, tally)
            story.objects.point("refs/heads/main", story.tip)
            self._record(step, made, tally)

    def _push(self, step: int, made: Request, new: str, tally: Tally) -> None:
        """Push to a plain server, where only statements count: what may come in is on top of the branch, and approved."""
        env = {"GIT_DIR": str(self.story.objects.root / ".git")}
        update = hook.Update(made.base, new, "refs/heads/main")
        (decision,) = hook.pre_receive([update], env, check=False)
        question = replace(
            self.story.question(made, new), said=tuple(t.said for t in self.story.texts), opened_by=""
        )
        passing = oracle.judge(self.story.objects, question).result in (
            oracle.PASS,
            oracle.OVERRIDE,
            oracle.NOBODY_ASKED,
        )
        on_top = made.base in self.story.objects.line(new)
        tally.door[f"{'on top' if on_top else 'foxtrot'}, {'approved' if passing else 'not approved'}"] += 1
        if decision.allowed != (on_top and passing):
            said = f"allowed: {decision.allowed}, {decision.reason}; {_told(decision.assessment) if decision.assessment else ''}"
            tally.differences.append(
                Difference(self.seed, step, "door", said, (on_top, passing), frozenset(made.features))
            )

    def assess(self, made: Request) -> Assessment:
        """Ask the gate."""
        return assess(
            self.repo, base=made.base, head=made.head, target="main", reviews=[review(s) for s in made.reviews],
            now=made.now, opened_by=made.opened_by, statements=tuple(self.kept),
        )  # fmt: skip

    # --- statements ---------------------------------------------------------------------------------------

    def _hand_in(self) -> None:
        for about in self.story.texts[len(self.kept) :]:
            blob = self._blob(about)
            oid = self.story.objects.put("blob", blob)
            name = f"{signed.PREFIX}/model/{len(self.kept)}"
            self.story.objects.point(name, oid)
            self.kept.append(refs.StoredText(name, oid, blob))

    def _blob(self, about: Text) -> bytes:
        said, git = about.said, self.repo.history
        policy = read_policy(parse(self.story.objects.read(self.story.objects.files(said.base)[POLICY])))
        merge_base = git.merge_base(said.base, said.commit)
        seen = content(git, merge_base, said.commit, policy.ignores)
        changes = tuple(
            p.rpartition("/")[2].removesuffix(".yaml")
            for p in seen.changes
            if p.startswith("records/changes/")
        )
        stands = Assessment(
            said.base, merge_base, said.commit, said.target or "", seen.digest, said.at, changes
        )
        origin = "0" * 40 if said.elsewhere else mainline.origin(git, said.base)
        plain = signed.statement(stands, origin, said.person, said.state)
        honest = json.loads(plain)
        first = {
            "renamed": {"person": about.by if about.by != said.person else "somebody"},
            "edited time": {"at": "2026-11-01T00:00:00Z"},
            "turned": {"state": "changes_requested" if said.state == "approved" else "approved"},
        }.get(about.spoiled, {})
        signature = (
            "none"
            if about.spoiled == "unsigned"
            else self.keys.sign(signed.canonical({**honest, **first}), about.by)
        )
        return signed.canonical({"statement": plain.decode(), "signature": signature})

    # --- evidence -----------------------------------------------------------------------------------------

    def _record(self, step: int, made: Request, tally: Tally) -> None:
        inputs = Inputs(tuple(review(s) for s in made.reviews), tuple(self.kept), made.opened_by)
        opinion = oracle.judge(self.story.objects, self.story.question(made, made.landed))
        same = self.story.objects.at(made.base).tree == self.story.objects.at(made.landed).tree
        passing = (oracle.PASS, oracle.OVERRIDE, oracle.NOBODY_ASKED)
        result = "unchanged" if same else opinion.result if opinion.result in passing else "bypassed"
        self.landed.append((made, result if made.recorded else "unreviewed"))
        if not made.recorded:
            return
        git = self.repo.history
        draft = writing.draft(self.repo, made.base, mainline.one(git, made.landed), "main", inputs, made.now)
        product = (
            "unchanged"
            if not draft.changed
            else {**_WORDS, "BYPASSED": "bypassed", "COMPOSED": "bypassed"}[draft.result]
        )
        product = oracle.NOBODY_ASKED if product == oracle.PASS and _nobody(draft.assessment) else product
        if product != result:
            said = f"{product}: {_told(draft.assessment)}"
            tally.differences.append(
                Difference(self.seed, step, "landed", said, (result, opinion.why), frozenset(made.features))
            )
        who = self._recorder()
        by = writing.Recorder("model", {}, who, self.keys.folder / who if who else None)
        branch.append(git, lambda files: writing.additions(git, files, [draft], by))

    def _recorder(self) -> str:
        """Return who signs the evidence; empty where nobody does, as nobody may, or has no key."""
        who = self.story.org.recorder
        file = self.story.org.files.get(f"cmdb/people/{who}.yaml", b"").decode()
        good = self.keys.public.get(who, "?") in file and "valid_until" not in file and "retired" not in file
        return who if good else ""

    def _audit(self, step: int, tally: Tally) -> None:
        git, now = self.repo.history, self.story.now
        os.environ["ITSM_NOW"] = text(now)
        report = audit.verify(
            self.repo, ledger.read_ledger(git, branch.tip(git)), {"main": self.story.tip},
            now=now, everything=False, **_from(self.root_commit),
        )  # fmt: skip
        product = sorted((f.commit, f.code) for f in report.findings if f.code not in (UNVOUCHED, *_KNOWN))
        if any(f.code == UNVOUCHED for f in report.findings) not in self._unvouched():
            tally.differences.append(
                Difference(self.seed, step, UNVOUCHED, report.findings, self._unvouched(), frozenset())
            )
        ours = sorted(self._expected(now))
        tally.audit.update(code for _, code in ours)
        tally.audit["merges"] += len(self.landed)
        if product != ours:
            missing = [x for x in ours if x not in product]
            more = [
                (f.commit[:8], f.code, f.message[:150])
                for f in report.findings
                if (f.commit, f.code) not in ours
            ]
            tally.differences.append(Difference(self.seed, step, "audit", more, missing, frozenset()))

    def _unvouched(self) -> set[bool]:
        """Return whether reviews that only a forge tells have counted without a recorder's signature; both: perhaps."""
        recorded = [(made, result) for made, result in self.landed if made.recorded]
        passed = [made for made, result in recorded if result in (oracle.PASS, oracle.OVERRIDE)]
        if self._recorder():
            return {False}
        if not self.story.org.recorder and not any(made.reviews for made, _ in recorded):
            return {False}
        return {True} if any(made.reviews and not self.story.texts for made in passed) else {True, False}

    def _expected(self, now: datetime) -> Iterator[tuple[str, str]]:
        """Yield what the audit has to find, by commit."""
        objects = self.story.objects
        for made, result in self.landed:
            if result == "bypassed":
                yield made.landed, "BYPASSED"
            elif result == oracle.OVERRIDE:
                yield made.landed, "OVERDUE" if (now - made.now).total_seconds() > 2 * 86400 else "OVERRIDDEN"
            elif result == "unreviewed":
                commit = made.landed
                while commit != made.base:
                    first = objects.at(commit).parents[0]
                    if objects.at(first).tree != objects.at(commit).tree:
                        yield commit, "UNREVIEWED"
                    commit = first


def review(said: Said) -> Review:
    """Return a review as an adapter of a forge would give it."""
    return Review(
        person=None, identity=said.account, source="github", state=said.state, commit=said.commit, at=said.at,
        bot=said.bot, target=said.target, login="",
    )  # fmt: skip


def _from(commit: str) -> dict[str, Any]:
    """Return the words that begin an audit behind a commit."""
    period = getattr(audit, "Period", None)
    return {"period": period(commit=commit)} if period else {"since": audit.Since(commit=commit)}


def _nobody(found: Assessment) -> bool:
    return not any(v.requirement.count for v in found.verdicts if v.result != "NOT_APPLICABLE")


def _told(found: Assessment) -> list[str]:
    return [
        *found.messages,
        *(v.reason for v in found.verdicts if v.result in ("ERROR", "UNSATISFIED")),
        *(r.reason for r in found.rejected),
    ]


def differences(found: Assessment, opinion: Opinion) -> Iterator[tuple[str, object, object]]:
    """Yield where the gate and the oracle do not say the same: as a whole, then row by row."""
    result = _WORDS[found.result]
    if result == oracle.PASS and _nobody(found):
        result = oracle.NOBODY_ASKED
    if result != opinion.result:
        yield "result", f"{result}: {_told(found)}", (opinion.result, opinion.why)
    if oracle.ERROR in (result, opinion.result) and not opinion.rows:
        return
    product = _rows(
        (v.requirement.role, v.requirement.subject, _WORDS[v.result], frozenset(v.could))
        for v in found.verdicts
        if v.result != "NOT_APPLICABLE" and v.requirement.rule != "no_match" and v.requirement.count
    )
    ours = _rows((r.role, r.subject, r.result, r.could) for r in opinion.rows if r.count)
    # Where somebody asked for changes, it is for them to change their mind.
    for key in {(r.role, r.subject) for r in opinion.rows if r.refused}:
        product, ours = (
            {**side, key: (side[key][0], [])} if key in side else side for side in (product, ours)
        )
    # Which of two requirements gets a person that only one may have is nobody's concern.
    if product != ours and not any(r.distinct for r in opinion.rows):
        keys = sorted(k for k in {*product, *ours} if product.get(k) != ours.get(k))
        yield "rows", {k: product.get(k) for k in keys}, {k: ours.get(k) for k in keys}


def _rows(
    rows: Iterator[tuple[str, str, str, frozenset[str]]],
) -> Mapping[tuple[str, str], tuple[str, list[str]]]:
    """Put what is asked of the same role for the same subject together: the worst result, and all who could help."""
    order = [oracle.ERROR, oracle.MISSING, oracle.OVERRIDE, oracle.PASS]
    found: dict[tuple[str, str], tuple[str, set[str]]] = {}
    for role, subject, result, could in rows:
        old, people = found.get((role, subject), (oracle.PASS, set()))
        worst = min(old, result, key=order.index)
        found[role, subject] = worst, people | (set(could) if result == oracle.MISSING else set())
    return {k: (result, sorted(people)) for k, (result, people) in found.items()}


def row_of(row: Row) -> str:
    """Say a row, for a person who looks for the reason of a difference."""
    return f"{row.rule} {row.role} {row.subject} {row.count} {row.result} {sorted(row.could)} {row.error}"
