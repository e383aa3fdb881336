"""The table of approval situations: what happens, what must come of it, and which words explain it.

``base`` changes the organisation before the request, ``request`` is the request, ``after`` happens
after the reviews were given. Reviews are about the commit at their time unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from itsm_gitops.forges.reviews import APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED, PENDING
from itsm_gitops.gate.types import ERROR, NOT_APPLICABLE, OVERRIDDEN, SATISFIED, UNSATISFIED
from tests.gate.world import (
    CHANGE_PATH,
    CHG,
    INC,
    INCIDENT_PATH,
    POLICY_PATH,
    ROLES_PATH,
    SERVER,
    World,
    change,
    person,
    server,
)

Step = Callable[[World], object]


@dataclass(frozen=True)
class Given:
    """A review in the table: who, state, and what is unusual about it."""

    who: str
    state: str = APPROVED
    hours: float = 1
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Situation:
    """One row of the table."""

    name: str
    result: str
    says: str
    reviews: tuple[Given, ...] = ()
    code: str = ""
    base: tuple[Step, ...] = ()
    request: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    opened_by: str = ""
    target: str = "main"


def ok(who: str, **about: Any) -> Given:
    hours = about.pop("hours", 1)
    return Given(who, APPROVED, hours, about)


def no(who: str, hours: float = 1, **about: Any) -> Given:
    return Given(who, CHANGES_REQUESTED, hours, about)


def record(**fields: str) -> Step:
    return lambda w: w.write(CHANGE_PATH, change(**fields))


def write(path: str, text: str) -> Step:
    return lambda w: w.write(path, text)


def edit(path: str, old: str, new: str) -> Step:
    return lambda w: w.edit(path, old, new)


def commit(by: str = "ann", committer: str = "", message: str = "change") -> Step:
    return lambda w: w.commit(message, by=by, committer=committer)


def delete(path: str) -> Step:
    return lambda w: (w.root / path).unlink()


def delegates(*lines: str) -> Step:
    text = "".join(f"  - {{{line}}}\n" for line in lines)
    return lambda w: w.edit(ROLES_PATH, "\ndelegates: []\n", f"\ndelegates:\n{text}")


def amend(path: str, old: str, new: str) -> Step:
    """Rewrite the last commit, as a force-push would, and sweep the old one away."""

    def step(w: World) -> None:
        w.edit(path, old, new)
        w.git("commit", "-q", "-a", "--amend", "--no-edit")
        w.git("reflog", "expire", "--expire=now", "--all")
        w.git("gc", "-q", "--prune=now")

    return step


def rebase(*, main: Step, by: str = "ann") -> tuple[Step, ...]:
    """Let the target branch move on, and put the request on top of it."""

    def step(w: World) -> None:
        w.on_main()
        main(w)
        w.commit("main moves on", by="cab-one")
        w.on_topic()
        w.git(
            "rebase", "-q", "main", env={"GIT_COMMITTER_NAME": by, "GIT_COMMITTER_EMAIL": f"{by}@example.org"}
        )

    return (step,)


def update(*, main: Step, by: str = "ann", then: Step | None = None) -> tuple[Step, ...]:
    """Let the target branch move on, and merge it into the request; ``then`` edits the merge."""

    def step(w: World) -> None:
        w.on_main()
        main(w)
        w.commit("main moves on", by="cab-one")
        w.on_topic()
        who = {
            "GIT_AUTHOR_NAME": by, "GIT_AUTHOR_EMAIL": f"{by}@example.org",
            "GIT_COMMITTER_NAME": by, "GIT_COMMITTER_EMAIL": f"{by}@example.org",
        }  # fmt: skip
        w.git("merge", "-q", "--no-ff", "--no-edit", "main", env=who)
        if then:
            then(w)
            w.git("commit", "-q", "-a", "--amend", "--no-edit", env=who)

    return (step,)


def squash(w: World) -> None:
    w.git("reset", "-q", "--soft", "main")
    w.commit("all in one")


WORDS = "# Example, in other words\n"
REQUEST = (record(), commit())
EMERGENCY = {
    "type": "emergency",
    "state": "implement",
    "planned_start": "2026-11-22T13:00:00Z",
    "planned_end": "2026-11-22T14:00:00Z",
}
FOR_INCIDENT = {**EMERGENCY, "links": f"[{{type: resolves, target: {INC}}}]"}


def incident(
    state: str = "in_progress", about: str = "cis: [s1]", opened: str = "2026-11-20T09:00:00Z"
) -> str:
    """An incident of s1, opened two days ago; empty parts are left out."""
    since = f"timeline:\n  - {{at: {opened}, by: paul, state: new}}\n" if opened else ""
    return f"id: {INC}\nkind: incident\ntitle: Down\nstate: {state}\n{about}\n{since}"


OPEN_INCIDENT = incident()
# What the answers of this make is medium.
ANSWERED = "{level: low, reason: Easy., answers: {data: destroyed, rehearsed: never}}"
OVERRIDDEN_RISK = ANSWERED.replace("}}", "}, override: {by: cab-one, reason: Copies only.}}")
TEMPLATE_PATH = "schemas/templates/standard-disk.yaml"
TEMPLATE = """\
template: standard-disk
kind: change
title: Replace a disk
description: By the book.
status: approved
version: 1
fixed: [title]
values: {title: Replace the disk of s1, type: standard}
"""
POLICY_ONE = """\
version: 1
separation: [author]
approval_max_age: P14D
no_match: error
rules:
  - name: anybody
    why: It is a small place.
    when: {kind: [change]}
    require: {role: peer, count: 1}
protected:
  - {name: rules, why: They are rules., paths: ["schemas/**"], require: {role: rulebook_admin, count: 2}}
"""


def signed(when: str) -> str:
    return POLICY_ONE.replace("role: peer, count: 1", f"role: peer, count: 1, {when}")


SITUATIONS = (
    # --- who approves -------------------------------------------------------------------------
    Situation("owner approves", SATISFIED, "approved by bob", (ok("bob"),)),
    Situation("nobody has approved", UNSATISFIED, "needs 1 of 1 by owner: bob, carl could"),
    Situation("somebody without the role approves", UNSATISFIED, "paul has none of the roles that are asked for (owner)", (ok("paul"),), "NO_ROLE"),
    Situation("more approve than needed", SATISFIED, "others have approved already", (ok("bob"), ok("carl")), "NOT_NEEDED"),
    Situation("comment is no approval", UNSATISFIED, "needs 1 of 1 by owner", (Given("bob", COMMENTED),)),
    Situation("pending review is no approval", UNSATISFIED, "needs 1 of 1 by owner", (Given("bob", PENDING),)),
    Situation("may not approve for the team", UNSATISFIED, "bob has none of the roles", (ok("bob"),), "NO_ROLE",
              base=(edit("cmdb/people/bob.yaml", "teams: [ops]\n", "teams: [ops]\napprover: false\n"),)),
    # --- separation of duties -----------------------------------------------------------------
    Situation("self-approval by the author", UNSATISFIED, "ann wrote commit", (ok("ann"),), "SEPARATION"),
    Situation("self-approval by a committer", UNSATISFIED, "bob committed commit", (ok("bob"),), "SEPARATION",
              request=(record(), commit(committer="bob"))),
    Situation("self-approval by the requester", UNSATISFIED, f"eve asked for {CHG}", (ok("eve"),), "SEPARATION"),
    Situation("self-approval by an implementer", UNSATISFIED, f"dora carries out {CHG}", (ok("dora"),), "SEPARATION"),
    Situation("self-approval by a co-author", UNSATISFIED, "bob is a co-author of commit", (ok("bob"),), "SEPARATION",
              request=(record(), commit(message="change\n\nCo-authored-by: Bob <BOB@example.org>"))),
    Situation("author of an earlier commit only", UNSATISFIED, "bob wrote commit", (ok("bob"),), "SEPARATION",
              request=(record(), commit(by="bob"), edit(CHANGE_PATH, "disk of s1", "disk in s1"), commit())),
    Situation("author known by the number in a no-reply address", UNSATISFIED, "bob wrote commit", (ok("bob"),), "SEPARATION",
              request=(record(), commit(by="Bobby <2+bobby@users.noreply.github.com>"))),
    Situation("whoever opened the request", UNSATISFIED, "bob wrote this request (it was opened by them)", (ok("bob"),), "SEPARATION",
              opened_by="github:2"),
    Situation("member of the team that carries it out", UNSATISFIED, f"bob carries out {CHG}", (ok("bob"),), "SEPARATION",
              request=(record(implementers="[ops]"), commit())),
    Situation("nobody is left to approve", UNSATISFIED, "nobody is left, because ann wrote commit", (),
              request=(record(implementers="[ops]"), commit())),
    Situation("implementer taken off the record in the same request", UNSATISFIED, f"bob carries out {CHG}", (ok("bob"),), "SEPARATION",
              base=(record(implementers="[bob]"),), request=(record(implementers="[dora]", title="Other"), commit())),
    Situation("author's address is nobody's", ERROR, "nobody in cmdb/people is known to commit as Zed <zed@example.net>", (ok("bob"),),
              request=(record(), commit(by="Zed <zed@example.net>"))),
    Situation("author's address is nobody's, and the policy only warns", SATISFIED, "nobody in cmdb/people is known to commit as Zed",
              (ok("bob"),), base=(edit(POLICY_PATH, "unknown_author: error", "unknown_author: warning"),),
              request=(record(), commit(by="Zed <zed@example.net>"))),
    Situation("robot commits on somebody's behalf", SATISFIED, "approved by bob", (ok("bob"),),
              request=(record(), commit(committer="GitHub <noreply@github.com>"))),
    Situation("bot is the only author", ERROR, "only a program is named as the author of commit", (ok("bob"),),
              request=(record(), commit(by="renovate[bot] <29139614+renovate[bot]@users.noreply.github.com>"))),
    Situation("reviewer pressed update branch", SATISFIED, "approved by bob", (ok("bob"),),
              after=update(main=write("README.md", WORDS), by="bob")),
    # --- latest decisive review ---------------------------------------------------------------
    Situation("dismissed approval", UNSATISFIED, "the review of bob was dismissed", (Given("bob", DISMISSED),), "DISMISSED"),
    Situation("no fall back behind a dismissed review", UNSATISFIED, "reviewed again later, and that review was dismissed",
              (ok("bob", hours=3), Given("bob", DISMISSED, 1)), "SUPERSEDED"),
    Situation("approves again after a dismissal", SATISFIED, "approved by bob", (Given("bob", DISMISSED, 3), ok("bob"))),
    Situation("changed mind to no", UNSATISFIED, "bob asked for changes", (ok("bob", hours=3), no("bob")), "SUPERSEDED"),
    Situation("changed mind to yes", SATISFIED, "approved by bob", (no("bob", 3), ok("bob"))),
    Situation("comment after an approval", SATISFIED, "approved by bob", (ok("bob", hours=3), Given("bob", COMMENTED))),
    Situation("comment after asking for changes", UNSATISFIED, "bob asked for changes", (no("bob", 3), Given("bob", COMMENTED))),
    Situation("order of the list does not matter", UNSATISFIED, "bob asked for changes", (no("bob", 1), ok("bob", hours=3)), "SUPERSEDED"),
    Situation("one owner approves, another asks for changes", UNSATISFIED, "carl asked for changes", (ok("bob"), no("carl"))),
    Situation("old request for changes still blocks", UNSATISFIED, "carl asked for changes", (ok("bob"), no("carl", 24 * 30))),
    Situation("somebody without the role asks for changes", SATISFIED, "has no role in this; it does not block", (ok("bob"), no("paul")), "NO_ROLE"),
    Situation("dismissed request for changes", SATISFIED, "approved by bob", (ok("bob"), Given("carl", DISMISSED))),
    # --- bound to content ---------------------------------------------------------------------
    Situation("field edited after the approval", UNSATISFIED, "risk.level was low, is medium", (ok("bob"), ok("cab-one")), "STALE",
              after=(edit(CHANGE_PATH, "level: low", "level: medium"), commit())),
    Situation("comment added to the YAML", UNSATISFIED, "only layout or comments were edited", (ok("bob"),), "STALE",
              after=(edit(CHANGE_PATH, "cis: [s1]", "cis: [s1]  # the old one"), commit())),
    Situation("another file added", UNSATISFIED, "tools/run.sh was added since", (ok("bob"),), "STALE",
              after=(write("tools/run.sh", "rm -r /\n"), commit())),
    Situation("mode changed", UNSATISFIED, "mode 100644 is now 100755", (ok("bob"),), "STALE",
              request=(record(), write("tools/run.sh", "true\n"), commit()),
              after=(lambda w: (w.root / "tools/run.sh").chmod(0o755), commit())),
    Situation("file renamed", UNSATISFIED, "tools/run.sh is no longer changed", (ok("bob"),), "STALE",
              request=(record(), write("tools/run.sh", "true\n"), commit()),
              after=(lambda w: w.git("mv", "tools/run.sh", "tools/go.sh"), commit())),
    Situation("edited and put back", SATISFIED, "approved by bob", (ok("bob"),),
              after=(edit(CHANGE_PATH, "level: low", "level: high"), commit(), edit(CHANGE_PATH, "level: high", "level: low"), commit())),
    Situation("empty commit after the approval", SATISFIED, "approved by bob", (ok("bob"),), after=(commit(),)),
    Situation("clean rebase", SATISFIED, "approved by bob", (ok("bob"),), after=rebase(main=write("README.md", WORDS))),
    Situation("clean update of the branch", SATISFIED, "approved by bob", (ok("bob"),), after=update(main=write("README.md", WORDS))),
    Situation("evil merge", UNSATISFIED, "risk.level was low, is high", (ok("bob"), ok("cab-one"), ok("cab-two")), "STALE",
              after=update(main=write("README.md", WORDS), then=edit(CHANGE_PATH, "level: low", "level: high"))),
    Situation("evil merge takes the target's edit back", UNSATISFIED, "README.md was edited since", (ok("bob"),), "STALE",
              after=update(main=write("README.md", WORDS), then=write("README.md", "# Example\n"))),
    Situation("squash", SATISFIED, "approved by bob", (ok("bob"),),
              request=(record(), commit(), write("tools/run.sh", "true\n"), commit()), after=(squash,)),
    Situation("commit forced away", UNSATISFIED, "the commit it was given for is gone", (ok("bob"),), "STALE",
              after=(amend(CHANGE_PATH, "level: low", "level: medium"),)),
    Situation("forge does not say which commit", UNSATISFIED, "it does not say what bob saw", (ok("bob", commit=None),), "NO_COMMIT"),
    Situation("approval of an older commit with the same content", SATISFIED, "approved by bob", (ok("bob"),),
              after=(lambda w: w.git("commit", "-q", "--amend", "-m", "better words"),)),
    Situation("given for another branch", UNSATISFIED, "given for the branch release, not for main", (ok("bob", target="release"),), "OTHER_TARGET"),
    # --- age ----------------------------------------------------------------------------------
    Situation("too old", UNSATISFIED, "it is 15 d old, and approvals count for 14 d", (ok("bob", hours=15 * 24),), "EXPIRED"),
    Situation("just young enough", SATISFIED, "approved by bob", (ok("bob", hours=14 * 24 - 1),)),
    Situation("from the future", UNSATISFIED, "which is yet to come", (ok("bob", hours=-2),), "FROM_THE_FUTURE"),
    # --- who is who ---------------------------------------------------------------------------
    Situation("bot approves", UNSATISFIED, "is a bot; programs do not approve", (ok("bob", bot=True),), "BOT"),
    Situation("bot by its login", UNSATISFIED, "is a bot", (ok("bob", login="helper[bot]"),), "BOT"),
    Situation("login renamed, number the same", SATISFIED, "approved by bob", (ok("bob", login="robert"),)),
    Situation("login taken over by another account", UNSATISFIED, "bob has that login written down, but another number",
              (ok("bob", identity="github:999"),), "UNKNOWN_PERSON"),
    Situation("account of nobody", UNSATISFIED, "is nobody's account in cmdb/people", (ok("zoe", identity="github:77"),), "UNKNOWN_PERSON"),
    Situation("deleted account", UNSATISFIED, "the account was deleted", (ok("ghost", identity="", login=""),), "NO_ACCOUNT"),
    Situation("person has left", UNSATISFIED, "bob is not active", (ok("bob"),), "INACTIVE",
              base=(write("cmdb/people/bob.yaml", person("bob", "ops", 2, lifecycle="retired")),)),
    Situation("person leaves while the request is open", UNSATISFIED, "bob is not active", (ok("bob"),), "INACTIVE",
              after=update(main=write("cmdb/people/bob.yaml", person("bob", "ops", 2, lifecycle="retired")))),
    Situation("two people claim one account", UNSATISFIED, "is nobody's account", (ok("bob"),), "UNKNOWN_PERSON",
              base=(write("cmdb/people/rob.yaml", person("rob", "ops", 2)),)),
    Situation("request from a fork", SATISFIED, "approved by bob", (ok("bob", source="github", note="fork"),), opened_by="github:1"),
    Situation("fork whose commit was never fetched", UNSATISFIED, "the commit it was given for is gone", (ok("bob", commit="ab" * 20),), "STALE"),
    # --- delegates ----------------------------------------------------------------------------
    Situation("delegate in date", SATISFIED, "approved by paul", (ok("paul"),),
              base=(delegates("from: bob, to: paul, until: 2026-11-30"),)),
    Situation("delegate after the last day", UNSATISFIED, "paul acts for bob from 2026-11-01 to 2026-11-21 only", (ok("paul"),), "NO_ROLE",
              base=(delegates("from: bob, to: paul, since: 2026-11-01, until: 2026-11-21"),)),
    Situation("delegate before the first day", UNSATISFIED, "paul acts for bob from 2026-12-01", (ok("paul"),), "NO_ROLE",
              base=(delegates("from: bob, to: paul, since: 2026-12-01, until: 2026-12-31"),)),
    Situation("delegate on the last day", SATISFIED, "approved by paul", (ok("paul"),),
              base=(delegates("from: bob, to: paul, until: 2026-11-22"),)),
    Situation("delegate of somebody who may not approve", UNSATISFIED, "paul acts for dora, who may not approve", (ok("paul"),), "NOT_NEEDED",
              base=(delegates("from: dora, to: paul, until: 2026-11-30"),)),
    Situation("delegate for another role only", UNSATISFIED, "paul acts for bob", (ok("paul"),), "NO_ROLE",
              base=(delegates("from: bob, to: paul, until: 2026-11-30, roles: [cab]"),)),
    Situation("delegate and giver have one vote", UNSATISFIED, "paul acts for cab-one, who has approved too", (ok("cab-one"), ok("paul"), ok("bob")),
              "NOT_NEEDED", base=(delegates("from: cab-one, to: paul, until: 2026-11-30"),),
              request=(record(risk="{level: high, reason: Never done.}"), commit())),
    Situation("delegate written in the same request", UNSATISFIED, "paul would be owner only through this request", (ok("paul"),), "NO_ROLE",
              request=(record(), delegates("from: bob, to: paul, until: 2026-11-30"), commit())),
    # --- the request changes the rules -----------------------------------------------------------
    Situation("role gained in the same request", UNSATISFIED, "paul would be owner only through this request", (ok("paul"),), "NO_ROLE",
              request=(record(), edit("cmdb/people/paul.yaml", "teams: [desk]", "teams: [ops]"), commit())),
    Situation("policy edited in the same request", UNSATISFIED, "needs 2 of 2 by rulebook admin: cab-one, cab-two could", (ok("bob"), ok("paul")),
              request=(record(), write(POLICY_PATH, POLICY_ONE), commit())),
    Situation("policy edited, judged by the old one", SATISFIED, "it is judged by the rules, roles and people of the target branch",
              (ok("cab-one"), ok("cab-two")), request=(write(POLICY_PATH, POLICY_ONE), commit())),
    Situation("account number changed in the same request", UNSATISFIED, "is nobody's account", (ok("zoe", identity="github:99"),), "UNKNOWN_PERSON",
              request=(record(), edit("cmdb/people/bob.yaml", "id: 2\n", "id: 99\n"), commit())),
    Situation("workflow of the CI edited", UNSATISFIED, "needs 1 more of 2 by rulebook admin: cab-two could", (ok("bob"), ok("cab-one")),
              request=(record(), write(".github/workflows/gate.yml", "on: push\n"), commit())),
    Situation("owner changed in the same request: the old owner is asked", UNSATISFIED, "needs 1 of 1 by owner: bob, carl, dora, eve could", (ok("mia"),),
              request=(edit(SERVER, "owner: ops", "owner: net"), commit())),
    Situation("owner changed in the same request: the new owner is asked too", UNSATISFIED, "needs 1 of 1 by owner: mia could", (ok("bob"),),
              request=(edit(SERVER, "owner: ops", "owner: net"), commit())),
    Situation("owner changed with both agreeing", SATISFIED, "approved by mia", (ok("bob"), ok("mia")),
              request=(edit(SERVER, "owner: ops", "owner: net"), commit())),
    Situation("approvals typed into the record", UNSATISFIED, "needs 1 of 1 by owner", (),
              request=(record(x="{approvals: [{by: bob, state: approved}, {by: carl, state: approved}]}"), commit())),
    # --- nothing to go by ---------------------------------------------------------------------
    Situation("empty request", ERROR, "changes nothing", (ok("bob"),), request=(commit(),)),
    Situation("nothing matched", ERROR, "no rule of the policy covers tools/run.sh", (ok("bob"),), request=(write("tools/run.sh", "true\n"), commit())),
    Situation("no policy on the target branch", ERROR, f"there is no {POLICY_PATH}", (ok("bob"),), base=(delete(POLICY_PATH),)),
    Situation("empty policy", ERROR, "it has no rules", (ok("bob"),),
              base=(write(POLICY_PATH, POLICY_ONE.partition("rules:")[0] + "rules: []\nprotected: []\n"),)),
    Situation("policy with an unknown condition", ERROR, "unknown condition 'colour'", (ok("bob"),),
              base=(edit(POLICY_PATH, "when: {kind: [item]}", "when: {kind: [item], colour: [red]}"),)),
    Situation("policy that cannot be read", ERROR, POLICY_PATH, (ok("bob"),), base=(write(POLICY_PATH, "rules: [\n"),)),
    Situation("policy with a role that is none", ERROR, "there is no role 'pope'", (ok("bob"),),
              base=(edit(POLICY_PATH, "why: The owner of an item decides on changes to it.\n    when: {kind: [change], stage: [authorisation], type: [normal, emergency]}\n    require: {role: owner,",
                         "why: X.\n    when: {kind: [change], stage: [authorisation], type: [normal, emergency]}\n    require: {role: pope,"),)),
    Situation("change names no item", ERROR, "names no service and no item", (ok("bob"),), request=(record(cis=""), commit())),
    Situation("change names an item that is none", ERROR, "there is no 's9'", (ok("bob"),), request=(record(cis="[s1, s9]"), commit())),
    Situation("item without an owner", ERROR, "nobody owns s1", (ok("bob"),), base=(write(SERVER, server("s1", owner="")),)),
    Situation("owner is a team of nobody", UNSATISFIED, "nobody on the target branch fills that role", (ok("bob"),),
              base=(edit(SERVER, "owner: ops", "owner: ghosts"),)),
    Situation("record that cannot be read", ERROR, "cannot be read as a change", (ok("bob"),), request=(write(CHANGE_PATH, "a: [\n"), commit())),
    # --- risk, type, window -------------------------------------------------------------------
    Situation("medium risk asks the change manager too", UNSATISFIED, "by change manager: cab-one, cab-two could", (ok("bob"),),
              request=(record(risk="{level: medium, reason: Seldom.}"), commit())),
    Situation("high risk with the whole board", SATISFIED, "approved by cab-one, cab-two", (ok("bob"), ok("cab-one"), ok("cab-two")),
              request=(record(risk="{level: high, reason: Never.}"), commit())),
    Situation("one of the board is not enough", UNSATISFIED, "needs 1 more of 2 by cab: cab-two could", (ok("bob"), ok("cab-one")),
              request=(record(risk="{level: high, reason: Never.}"), commit())),
    Situation("risk left out counts as the worst", UNSATISFIED, "by cab: cab-one, cab-two could", (ok("bob"),), request=(record(risk=""), commit())),
    Situation("risk lower than its own answers", UNSATISFIED, "by change manager: cab-one, cab-two could", (ok("bob"),),
              request=(record(risk=ANSWERED), commit())),
    Situation("risk lower than the facts: a service of consequence, soon, and down for hours", UNSATISFIED, "by cab: cab-one, cab-two could", (ok("bob"), ok("carl")),
              base=(edit(SERVER, "owner: ops\n", "owner: ops\ncriticality: critical\n"),),
              request=(record(planned_start="2026-11-23T02:00:00Z", planned_end="2026-11-23T08:00:00Z", outage="{expected: true, minutes: 300}"), commit())),
    Situation("override of the risk asks the change manager", UNSATISFIED, "by change manager: cab-one, cab-two could", (ok("bob"),), request=(record(risk=OVERRIDDEN_RISK), commit())),
    Situation("override of the risk that the change manager agrees to", SATISFIED, "approved by cab-one", (ok("bob"), ok("cab-one")),
              request=(record(risk=OVERRIDDEN_RISK), commit())),
    Situation("override that lowers nothing asks nobody", SATISFIED, "approved by bob", (ok("bob"),),
              request=(record(risk="{level: low, reason: Done often., override: {by: cab-one, reason: Just so.}}"), commit())),
    Situation("window in a freeze", UNSATISFIED, "by cab: cab-one, cab-two could", (ok("bob"),),
              base=(write("cmdb/calendars/rest.yaml", "id: rest\nclass: calendar\nname: Rest\nowner: ops\ntype: freeze\ntime_zone: UTC\nwindows:\n"
                          "  - {start: 2026-11-24T00:00:00Z, end: 2026-11-26T00:00:00Z, name: Rest}\n"),)),
    Situation("window on a day of a freeze that is written as days", UNSATISFIED, "by cab: cab-one, cab-two could", (ok("bob"),),
              base=(write("cmdb/calendars/rest.yaml", "id: rest\nclass: calendar\nname: Rest\nowner: ops\ntype: freeze\ntime_zone: UTC\ndates:\n"
                          "  - {date: 2026-11-25, name: Stocktaking}\n"),)),
    Situation("window in a freeze that is only drafted", SATISFIED, "approved by bob", (ok("bob"),),
              base=(write("cmdb/calendars/rest.yaml", "id: rest\nclass: calendar\nname: Rest\nowner: ops\nlifecycle: planned\ntype: freeze\ntime_zone: UTC\nwindows:\n"
                          "  - {start: 2026-11-24T00:00:00Z, end: 2026-11-26T00:00:00Z, name: Rest}\n"),)),
    Situation("every item's owner is asked", UNSATISFIED, "needs 1 of 1 by owner: mia could", (ok("bob"),), request=(record(cis="[s1, s2]"), commit())),
    Situation("every item's owner approves", SATISFIED, "approved by mia", (ok("bob"), ok("mia")), request=(record(cis="[s1, s2]"), commit())),
    Situation("item edited beside the change is affected", UNSATISFIED, "needs 1 of 1 by owner: mia could", (ok("bob"),),
              request=(record(), edit("cmdb/servers/s2.yaml", "name: Server s2", "name: Server two"), commit())),
    Situation("critical dependent is affected", UNSATISFIED, "needs 1 of 1 by owner: mia could", (ok("bob"),),
              base=(write("cmdb/servers/s2.yaml", server("s2", owner="net", extra="criticality: critical\nlinks:\n  - {type: depends_on, target: s1}\n")),)),
    Situation("standard change by an approved template", SATISFIED, "approved by paul", (ok("paul"),),
              base=(write(TEMPLATE_PATH, TEMPLATE),), request=(record(type="standard", template="standard-disk"), commit())),
    Situation("standard change that departs from its template", UNSATISFIED, "needs 1 of 1 by owner", (ok("paul"),), "NO_ROLE",
              base=(write(TEMPLATE_PATH, TEMPLATE),), request=(record(type="standard", template="standard-disk", title="Replace all disks"), commit())),
    Situation("line breaks are no departure from a template", SATISFIED, "approved by paul", (ok("paul"),),
              base=(write(TEMPLATE_PATH, TEMPLATE),),
              request=(record(type="standard", template="standard-disk", title='"Replace the disk  of s1 "'), commit())),
    Situation("standard change without a template", UNSATISFIED, "needs 1 of 1 by owner", (ok("paul"),), "NO_ROLE", request=(record(type="standard"), commit())),
    Situation("template approved in the same request", UNSATISFIED, "needs 1 of 1 by owner", (ok("paul"),), "NO_ROLE",
              base=(write(TEMPLATE_PATH, TEMPLATE.replace("approved", "proposed")),),
              request=(record(type="standard", template="standard-disk"), write(TEMPLATE_PATH, TEMPLATE), commit())),
    Situation("draft needs another reader only", SATISFIED, "approved by paul", (ok("paul"),), request=(record(state="draft"), commit())),
    Situation("progress is reported without asking", NOT_APPLICABLE, "nobody need approve", (),
              base=(record(),), request=(record(state="implement", actual_start="2026-11-25T20:01:00Z"), commit())),
    Situation("plan edited while it is reported as progress", UNSATISFIED, "needs 1 of 1 by owner", (),
              base=(record(),), request=(record(state="implement", planned_end="2026-11-26T21:00:00Z"), commit())),
    Situation("authorised record removed", UNSATISFIED, "needs 1 of 1 by owner", (), base=(record(),), request=(delete(CHANGE_PATH), commit())),
    Situation("work beside an authorised change", SATISFIED, "approved by bob", (ok("bob"),), request=(record(), write("infra/main.tf", "x\n"), commit())),
    Situation("work beside a draft", ERROR, "no rule of the policy covers infra/main.tf", (ok("bob"),),
              request=(record(state="draft"), write("infra/main.tf", "x\n"), commit())),
    Situation("incident needs nobody", NOT_APPLICABLE, "nobody need approve", (),
              request=(write(INCIDENT_PATH, f"id: {INC}\nkind: incident\ntitle: Down\nstate: new\n"), commit())),
    # --- emergencies --------------------------------------------------------------------------
    Situation("emergency overridden by who is on call", OVERRIDDEN, "overridden by oscar as on call; review due P2D after the merge", (ok("oscar"),),
              request=(record(**FOR_INCIDENT), write(INCIDENT_PATH, OPEN_INCIDENT), commit())),
    Situation("emergency with its owner needs no override", SATISFIED, "approved by bob", (ok("bob"),), request=(record(**FOR_INCIDENT), write(INCIDENT_PATH, OPEN_INCIDENT), commit())),
    Situation("emergency without an incident", UNSATISFIED, "needs 1 of 1 by owner", (ok("oscar"),), "NO_ROLE", request=(record(**EMERGENCY), commit())),
    Situation("normal change is not overridden", UNSATISFIED, "needs 1 of 1 by owner", (ok("oscar"),), "NO_ROLE", request=REQUEST),
    Situation("no override over a no", UNSATISFIED, "bob asked for changes", (ok("oscar"), no("bob")), request=(record(**FOR_INCIDENT), write(INCIDENT_PATH, OPEN_INCIDENT), commit())),
    Situation("override by somebody not on call", UNSATISFIED, "needs 1 of 1 by owner", (ok("paul"),), "NO_ROLE", request=(record(**FOR_INCIDENT), write(INCIDENT_PATH, OPEN_INCIDENT), commit())),
    Situation("stale override", UNSATISFIED, "title was", (ok("oscar"),), "STALE", request=(record(**FOR_INCIDENT), write(INCIDENT_PATH, OPEN_INCIDENT), commit()),
              after=(edit(CHANGE_PATH, "Replace the disk", "Replace both disks"), commit())),
    # --- kinds of requirement -----------------------------------------------------------------
    Situation("only signed statements count", UNSATISFIED, "needs a statement signed with bob's own key", (ok("bob"),), "NOT_SIGNED",
              base=(write(POLICY_PATH, signed("signed: true")),)),
    Situation("one person for one distinct requirement", UNSATISFIED, "needs 1 of 1 by owner: carl, dora, eve could", (ok("bob"),),
              base=(write(POLICY_PATH, signed("distinct: true").replace("protected:", "  - name: second\n    why: Two.\n    when: {kind: [change]}\n"
                          "    require: {role: owner, each: affected_ci, count: 1, distinct: true}\nprotected:")),)),
    Situation("two people for two distinct requirements", SATISFIED, "approved by paul", (ok("bob"), ok("paul")),
              base=(write(POLICY_PATH, signed("distinct: true").replace("protected:", "  - name: second\n    why: Two.\n    when: {kind: [change]}\n"
                          "    require: {role: owner, each: affected_ci, count: 1, distinct: true}\nprotected:")),)),
)  # fmt: skip
