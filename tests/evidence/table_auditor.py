"""The table of an auditor's situations: what happened, what the audit must find, and in which words.

``ask`` is the command whose answer is compared. ``codes`` are all findings (of `verify`) or exceptions that come out;
``says`` is a piece of what the auditor reads. ``clean`` is the verdict of `verify`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.evidence.test_audit import INCIDENT, Place, _rewrite
from tests.gate.world import CHANGE_PATH, CHG, INC, INCIDENT_PATH, POLICY_PATH, SERVER, change, server

Step = Callable[[Place], object]
VERIFY, EXCEPTIONS = "verify", "exceptions"
MONTH_LATER = "2026-12-20T12:00:00Z"
S2 = "cmdb/servers/s2.yaml"
HONEST = True


@dataclass(frozen=True)
class Audited:
    """One row of the table."""

    name: str
    steps: tuple[Step, ...]
    codes: tuple[str, ...] = ()
    says: str = ""
    ask: str = VERIFY
    words: tuple[str, ...] = ()
    clean: bool | None = None
    honest: bool = False
    now: str = "2026-11-22T12:00:00Z"


def first(place: Place) -> str:
    return place.git("rev-list", "--max-parents=0", "main")


def into_rules(*edits: tuple[str, str, str]) -> Step:
    """Edit what is there when the rules come."""

    def step(place: Place) -> None:
        for path, old, new in edits:
            place.world.edit(path, old, new)
        place.git("add", "-A")
        place.git("commit", "-q", "--amend", "--no-edit", env={"GIT_COMMITTER_DATE": "2026-11-21T10:00:00Z"})

    return step


recorders = into_rules((POLICY_PATH, "recorders: []", "recorders: [cab-one]"))
absent_recorder = into_rules(
    (POLICY_PATH, "recorders: []", "recorders: [cab-one]"),
    ("cmdb/people/cab-one.yaml", "lifecycle: production", "lifecycle: retired"),
)


def approved(text: str = "One.", **how: str) -> Step:
    def step(place: Place) -> None:
        branch = f"b{len(text)}{text[:1]}"
        place.propose(branch, SERVER, server("s1", extra=f"description: {text}\n"))
        place.approve(branch, "bob", **how)
        place.merge(branch)

    return step


def commit(path: str, text: str, *, by: str = "ann", at: str = "2026-11-21T10:00:00Z") -> Step:
    """Commit straight to main, past everybody."""

    def step(place: Place) -> None:
        place.git("checkout", "-q", "main")
        place.world.write(path, text)
        place.git("add", "-A")
        sides = {f"GIT_{s}_{w}": v for s in ("AUTHOR", "COMMITTER")
                 for w, v in (("NAME", by), ("EMAIL", f"{by}@example.org"), ("DATE", at))}  # fmt: skip
        place.git("commit", "-q", "-m", f"Edit {path}", env=sides)

    return step


def past_the_gate(text: str = "Past.", at: str = "2026-11-21T10:00:00Z") -> Step:
    return commit(SERVER, server("s1", extra=f"description: {text}\n"), at=at)


set_up = commit("cmdb/people/zoe.yaml", "id: zoe\nclass: person\nname: Zoe\nlifecycle: production\n")
incident = commit(INCIDENT_PATH, INCIDENT.replace("s1 is down", "s1 is slow"))


def record(*words: str, now: str = "2026-11-22T12:00:00Z", since: str = "") -> Step:
    def step(place: Place) -> None:
        begin = ("--since", since or first(place))
        place.itsm("audit", "record", *begin, *words, now=now)

    return step


def record_on(place: Place) -> None:
    place.itsm("audit", "record")


def typed(who: str = "github:2", *words: str, source: str = "") -> Step:
    """Push past the gate, and record reviews that somebody typed, perhaps as if a forge had said them."""

    def step(place: Place) -> None:
        past_the_gate("Typed.")(place)
        review = {"identity": who, "login": "bob", "state": "approved", "commit": place.world.head,
                  "at": "2026-11-22T10:00:00Z", "id": "991", "target": "main"}  # fmt: skip
        file = place.world.root.parent / "reviews.json"
        file.write_text(json.dumps({"version": 1, "reviews": [review]}))
        record("--reviews", str(file), *words)(place)
        if source:
            _rewrite(place, lambda tree: _renamed(tree, source))

    return step


def _renamed(tree: Path, source: str) -> None:
    file = min(tree.rglob("*.json"))
    file.write_text(file.read_text().replace('"source":"json"', f'"source":"{source}"'))


def signed(who: str) -> Step:
    """Typed reviews in a page that somebody signed."""
    return lambda place: typed("github:2", "--sign", "--by", who, "--key", str(place.key(who)))(place)


def no_evidence_any_more(place: Place) -> None:
    place.git("update-ref", "-d", "refs/heads/itsm/evidence")


def planned(*people: str, **fields: str) -> Step:
    """A change of s1, approved and merged."""

    def step(place: Place) -> None:
        place.propose("plan", CHANGE_PATH, change(**fields))
        place.approve("plan", *(people or ("bob",)))
        place.merge("plan")

    return step


def done(**fields: str) -> Step:
    """A report that the change was carried out: nobody need approve it."""
    return commit(CHANGE_PATH, change(state="implement", **fields))


def both_sides(same: bool) -> Step:
    """An approved edit of s1 whose branch is behind: main edited the same file, or another one."""

    def step(place: Place) -> None:
        place.propose("behind", SERVER, server("s1", extra="description: New.\n"))
        mine = (
            server("s1").replace("name: Server s1", "name: Server one") if same else server("s2", owner="ops")
        )
        path = SERVER if same else "cmdb/servers/s3.yaml"
        other = mine if same else mine.replace("id: s2", "id: s3")
        place.propose("other", path, other)
        place.approve("other", "bob")
        place.git("checkout", "-q", "main")
        place.merge("other")
        place.approve("behind", "bob", base="main~1")
        place.merge("behind")

    return step


def reviewed(place: Place) -> None:
    """The bypass of the newest merge is reviewed afterwards by the owner."""
    merge = place.git("rev-parse", "main")
    by = ("--by", "bob", "--key", str(place.key("bob")))
    about = ("--base", "main~1", "--head", "main", "--target", "main")
    place.itsm("approve", "--sign", *by, *about, now="2026-11-23T10:00:00Z")
    place.itsm("audit", "retro", merge[:12], now="2026-11-23T11:00:00Z")


def bare(place: Place) -> None:
    mirror = place.world.root.parent / "mirror.git"
    place.git("clone", "-q", "--mirror", str(place.world.root), str(mirror))
    place.world.root = mirror


def without_files(place: Place) -> None:
    clone = place.world.root.parent / "clone"
    place.git("clone", "-q", "--no-checkout", str(place.world.root), str(clone))
    place.world.root = clone
    place.git("fetch", "-q", "origin", "+refs/heads/itsm/evidence:refs/remotes/origin/itsm/evidence")


def older_checkout(place: Place) -> None:
    place.git("checkout", "-q", "--detach", first(place))


TABLE = [
    # -- honest work: nothing to find ------------------------------------------------------------------
    Audited("an approved merge", (approved(), record()), clean=True, honest=HONEST),
    Audited("a bare mirror", (approved(), record(), bare), clean=True, honest=HONEST),
    Audited("a clone without files", (approved(), record(), without_files), clean=True, honest=HONEST),
    Audited("an older commit checked out", (approved(), record(), older_checkout), clean=True, honest=HONEST),
    Audited("people are set up before evidence begins", (set_up, approved(), record(since="main~1")),
            ("UNREVIEWED",), "set up rules and people before evidence began", clean=True, honest=HONEST),
    Audited("an incident that nobody need approve", (incident, record()), clean=True, honest=HONEST),
    Audited("evidence a month late", (approved(), record(now=MONTH_LATER)), clean=True, honest=HONEST, now=MONTH_LATER),
    Audited("recorders are named, and one has signed", (recorders, signed("cab-one")), clean=True, honest=HONEST),
    Audited("recorders are named, and signed approvals prove themselves", (recorders, approved(), record()),
            clean=True, honest=HONEST),
    Audited("exceptions: none of an approved change", (planned(), record()), ask=EXCEPTIONS, honest=HONEST),
    Audited("exceptions: none of an incident", (incident, record()), ask=EXCEPTIONS, honest=HONEST),
    Audited("exceptions: progress after the approval", (planned(), done(actual_start="2026-11-25T20:01:00Z"), record()),
            ask=EXCEPTIONS, honest=HONEST),
    # -- where evidence begins ---------------------------------------------------------------------------
    Audited("evidence begins behind a bypass", (past_the_gate(), approved(), record(since="main~1")),
            ("UNREVIEWED",), "after the rules about approvals and before the first statement", clean=False),
    Audited("the cure of that is told", (past_the_gate(), approved(), record(since="main~1")),
            ("UNREVIEWED",), "itsm audit record --since", clean=False),
    Audited("what was before can still be written down", (past_the_gate(), approved(), record(since="main~1"), record()),
            ("BYPASSED",), "needs 1 of 1 by owner", clean=False),
    Audited("rules are edited after work began, before evidence", (past_the_gate(), set_up, approved(), record(since="main~1")),
            ("UNREVIEWED", "UNREVIEWED"), "no statement says who approved it", clean=False),
    Audited("evidence is thrown away and begun anew", (past_the_gate(), record(), no_evidence_any_more, approved(), record(since="main~1")),
            ("UNREVIEWED",), "before the first statement", clean=False),
    Audited("rules are edited behind the first statement", (approved(), record(), set_up),
            ("UNREVIEWED",), "no statement says who approved it", clean=False),
    # -- who vouches --------------------------------------------------------------------------------------
    Audited("reviews out of a file", (typed(),), ("UNVOUCHED",), "reviews out of a file (not signed)", clean=False),
    Audited("a file signed by somebody the policy does not name", (signed("carl"),), ("UNVOUCHED",),
            "signed by carl, whom the policy does not name", clean=False),
    Audited("a file called a forge by hand", (typed(source="github"),), ("UNVOUCHED",),
            "whoever may write to itsm/evidence is believed", clean=True),
    Audited("recorders are named, and nobody signed", (recorders, typed()), ("UNVOUCHED",), "no recorder signed it", clean=False),
    Audited("recorders are named, and another signed", (recorders, signed("carl")), ("UNVOUCHED",), "carl, who is no recorder", clean=False),
    Audited("recorders are named, and a forge is claimed", (recorders, typed(source="github")), ("UNVOUCHED",),
            "it counts what github said, and no recorder signed it; recorders are: cab-one", clean=False),
    Audited("the recorder has left", (absent_recorder, typed()), ("UNVOUCHED",), "nobody who is active", clean=False),
    Audited("a bypass that no recorder wrote", (recorders, past_the_gate(), record()), ("UNVOUCHED", "BYPASSED"),
            "it says what was bypassed", clean=False),
    # -- late evidence ------------------------------------------------------------------------------------
    Audited("a month late, and nobody had approved", (past_the_gate(), record(now=MONTH_LATER)), ("BYPASSED",),
            "needs 1 of 1 by owner", clean=False, now=MONTH_LATER),
    Audited("too old already when it was merged", (approved(now="2026-11-01T10:00:00Z"), record(now=MONTH_LATER)), ("BYPASSED",),
            "needs 1 of 1 by owner", clean=False, now=MONTH_LATER),
    Audited("exceptions: approved a week after the merge, recorded later",
            (approved(now="2026-11-29T10:00:00Z"), record(now=MONTH_LATER)), ("NO_CHANGE", "LATE"),
            "approved 2026-11-29T10:00:00Z, and it was merged 2026-11-22", EXCEPTIONS, now=MONTH_LATER),
    # -- periods --------------------------------------------------------------------------------------------
    Audited("a period after the bypass", (past_the_gate(), record(), approved("Two."), record_on),
            words=("--since", "2026-11-23"), clean=True, now="2026-11-24T00:00:00Z"),
    Audited("a period with the bypass", (past_the_gate(), record()), ("BYPASSED",), "owner", clean=False,
            words=("--since", "2026-11-22", "--until", "2026-11-22")),
    Audited("a period before the bypass", (past_the_gate(), record()), words=("--until", "2026-11-21"), clean=True),
    Audited("a commit dated years ago hides from no period", (past_the_gate(at="2020-01-01T00:00:00Z"),), ("UNREVIEWED",),
            "no statement says who approved it", clean=False, words=("--since", "2026-11-22")),
    # -- deviations stay deviations -------------------------------------------------------------------------
    Audited("exceptions: a bypass that was reviewed", (past_the_gate(), record(), reviewed), ("BYPASSED", "NO_CHANGE"),
            "2026-11-23T11:00:00Z by bob (signed)", EXCEPTIONS, now="2026-11-24T00:00:00Z"),
    Audited("exceptions: an override", (Place.overridden, record()), ("OVERRIDDEN",), "overridden by oscar as on call", EXCEPTIONS),
    Audited("exceptions: an emergency that was approved",
            (planned("bob", type="emergency", links=f"[{{type: resolves, target: {INC}}}]"), record()),
            ("EMERGENCY",), "an emergency change, approved before it was merged", EXCEPTIONS),
    Audited("exceptions: an item without a change", (approved(), record()), ("NO_CHANGE",), "edits s1, and no change is in it", EXCEPTIONS),
    Audited("exceptions: a merge that nobody recorded", (approved(), record(), past_the_gate()), ("UNREVIEWED", "NO_CHANGE", "NO_CHANGE"),
            "no statement is about it", EXCEPTIONS),
    Audited("exceptions: a change without evidence", (commit(CHANGE_PATH, change()),), ("UNREVIEWED", "NO_EVIDENCE"),
            "is in the state scheduled, and no statement is about it", EXCEPTIONS),
    Audited("exceptions: work began before it was approved", (planned(), done(actual_start="2026-11-20T08:00:00Z"), record()), ("LATE",),
            "the work began 2026-11-20T08:00:00Z", EXCEPTIONS),
    Audited("exceptions: a combination that nobody saw", (both_sides(same=True), record()), ("COMPOSED", "NO_CHANGE", "NO_CHANGE"),
            "the merge made of it: cmdb/servers/s1.yaml: name was", EXCEPTIONS),
    Audited("exceptions: behind, and other files", (both_sides(same=False), record()), ("NO_CHANGE", "NO_CHANGE"),
            "edits s1", EXCEPTIONS),
    Audited("exceptions: typed reviews", (typed(),), ("UNVOUCHED", "NO_CHANGE"), "reviews out of a file", EXCEPTIONS),
]  # fmt: skip

ABOUT = CHG
