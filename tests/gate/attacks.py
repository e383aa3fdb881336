"""The table of attacks: what somebody tries in order to merge what the policy does not allow, and what comes of it.

Rows are read as those in ``situations``. What is repelled by ``itsm check`` alone is not here: the
gate has to hold by itself.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

from itsm_gitops.forges.reviews import CHANGES_REQUESTED, DISMISSED
from itsm_gitops.gate.types import ERROR, OVERRIDDEN, SATISFIED, UNSATISFIED
from tests.gate.situations import (
    FOR_INCIDENT,
    POLICY_ONE,
    TEMPLATE,
    TEMPLATE_PATH,
    Given,
    Situation,
    Step,
    commit,
    delete,
    edit,
    incident,
    no,
    ok,
    record,
    signed,
    update,
    write,
)
from tests.gate.world import (
    CHANGE_PATH,
    CHG,
    INC,
    INCIDENT_PATH,
    POLICY_PATH,
    SERVER,
    World,
    change,
    server,
)

NET_ON_CALL = "id: net\nclass: team\nname: net\non_call: paul\n"
NEW_CHANGE = "records/changes/2026/11/CHG-261121-BBBBB.yaml"
ONE_OF_THE_BOARD = """\
  - name: one-of-the-board
    why: One of the board always looks, whatever the haste.
    when: {kind: [change], stage: [authorisation], type: [emergency]}
    require: {role: cab, count: 1}
"""


def link(path: str, target: str) -> Step:
    def step(w: World) -> None:
        file = w.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.symlink_to(target)

    return step


def submodule(path: str) -> Step:
    """Put a commit of another repository in the place of a file."""

    def step(w: World) -> None:
        (w.root / path).unlink(missing_ok=True)
        w.git("add", "-A")
        w.git("update-index", "--add", "--cacheinfo", f"160000,{w.head},{path}")
        w.git("commit", "-q", "-m", "a module")

    return step


def move_item(old: str, new: str, text: str) -> Step:
    def step(w: World) -> None:
        (w.root / old).unlink()
        w.write(new, text)

    return step


def bytes_name(name: bytes) -> Step:
    def step(w: World) -> None:
        (w.root / Path(os.fsdecode(name))).write_bytes(b"x\n")

    return step


def crossed(*, side: Step, tip: Step) -> tuple[Step, ...]:
    """Meet the target branch in two commits, and take back what only one of them knows.

    A colleague's branch is merged; so are stricter rules (``side``). The request merges both again
    by itself, keeps the colleague's old rules, and adds a trifle (``tip``).
    """

    def step(w: World) -> None:
        w.git("checkout", "-q", "-b", "colleague", "main")
        w.write("README.md", "# Example of a colleague\n")
        w.commit("A colleague's page", by="carl")
        w.on_main()
        side(w)
        w.commit("Stricter rules", by="cab-one")
        w.git("branch", "stricter")
        w.git("merge", "-q", "--no-ff", "--no-edit", "colleague")
        w.git("checkout", "-q", "-B", "topic", "colleague")
        w.git("merge", "-q", "--no-ff", "--no-edit", "-s", "ours", "stricter")
        tip(w)
        w.commit("A trifle")

    return (step,)


def octopus(w: World) -> None:
    """Merge two branches at once, as bob, and edit something while at it."""
    for name in ("two", "three"):
        w.git("checkout", "-q", "-b", name, "main")
        w.write(f"docs/{name}.md", f"{name}\n")
        w.commit(by="ann")
    w.on_topic()
    w.git(
        "merge",
        "-q",
        "--no-edit",
        "two",
        "three",
        env={"GIT_AUTHOR_NAME": "bob", "GIT_AUTHOR_EMAIL": "bob@example.org"},
    )
    w.write("docs/two.md", "two, and more\n")
    w.git("commit", "-q", "-a", "--amend", "--no-edit")


ATTACKS = (
    # --- what a merge would take back --------------------------------------------------------------
    Situation("criss-cross merge takes stricter rules back", ERROR, "it meets the target branch in 2 commits", (ok("paul"),),
              request=crossed(side=edit(POLICY_PATH, "approval_max_age: P14D", "approval_max_age: P1D"), tip=write(INCIDENT_PATH, incident()))),
    Situation("approval of a commit that meets the target twice", UNSATISFIED, "meet in no single commit", (ok("bob"),), "STALE",
              request=(*crossed(side=write("docs/a.md", "A\n"), tip=record()),), after=(lambda w: w.git("merge", "-q", "--no-edit", "main"),)),
    Situation("octopus merge by the approver is his work", UNSATISFIED, "bob wrote commit", (ok("bob"),), "SEPARATION",
              after=(octopus,)),
    Situation("evil merge by the approver is his work", UNSATISFIED, "bob wrote commit", (ok("bob"),), "SEPARATION",
              after=update(main=write("README.md", "# Main\n"), by="bob", then=write("README.md", "# Both\n"))),
    Situation("approved while it went to another branch", UNSATISFIED, "it was given for some other branch, not for main", (ok("bob", target=""),), "OTHER_TARGET"),
    Situation("approved for a branch that the forge does not tell", UNSATISFIED, "nobody knows whether it was given for main: the forge keeps it",
              (ok("bob", target="", note="the forge keeps it to itself"),), "OTHER_TARGET"),
    Situation("approved again after it was sent here", SATISFIED, "approved by bob", (ok("bob", target="", hours=3), ok("bob", hours=1)), "SUPERSEDED"),
    Situation("a no from before it was sent here", UNSATISFIED, "bob asked for changes", (no("bob", target=""),)),
    # --- the same content in another place --------------------------------------------------------------
    Situation("approved content moved to another path", UNSATISFIED, "infra/a.tf is no longer changed", (ok("bob"),), "STALE",
              request=(record(), write("infra/a.tf", "x\n"), commit()), after=(lambda w: w.git("mv", "infra/a.tf", "infra/b.tf"), commit())),
    Situation("approved content copied to another path", UNSATISFIED, "infra/b.tf was added since", (ok("bob"),), "STALE",
              request=(record(), write("infra/a.tf", "x\n"), commit()), after=(write("infra/b.tf", "x\n"), commit())),
    Situation("file replaced by a link", UNSATISFIED, "infra/a.tf: edited since", (ok("bob"),), "STALE",
              request=(record(), write("infra/a.tf", "x\n"), commit()), after=(link("infra/a.tf", "/etc/passwd"), commit())),
    Situation("module moved on", UNSATISFIED, "modules/a: edited since", (ok("bob"),), "STALE",
              request=(record(), commit(), submodule("modules/a")), after=(write("docs/a.md", "A\n"), commit(), submodule("modules/a"))),
    Situation("incident that is a link", ERROR, "cannot be read as an incident", (ok("bob"),), request=(link(INCIDENT_PATH, "/etc/passwd"), commit())),
    Situation("incident that is a module", ERROR, "cannot be read as an incident", (ok("bob"),), request=(submodule(INCIDENT_PATH),)),
    Situation("change among the incidents, where nobody is asked", ERROR, "is not where an incident of that name belongs", (),
              request=(write(f"records/incidents/2026/11/{CHG}.yaml", change()), commit())),
    Situation("incident in another month", ERROR, f"its place is {INCIDENT_PATH}", (),
              request=(write(f"records/incidents/1999/01/{INC}.yaml", incident()), commit())),
    Situation("record with another ending", ERROR, "no rule of the policy covers", (ok("paul"),), request=(write("records/incidents/2026/11/a.yml", "a: 1\n"), commit())),
    Situation("page among the records", ERROR, "no rule of the policy covers", (ok("paul"),), request=(write("records/incidents/2026/11/a.md", "A\n"), commit())),
    Situation("second file of a record's name", ERROR, "is not where a change of that name belongs", (ok("bob"), ok("mia")), base=(record(),),
              request=(write(f"records/changes/2025/11/{CHG}.yaml", change(state="implement")), record(state="implement", cis="[s1, s2]"), commit())),
    Situation("folder whose letters differ in case only", UNSATISFIED, "Schemas/policies/approvals.yaml is protected although it is written otherwise", (ok("bob"),),
              request=(record(), write("Schemas/policies/approvals.yaml", POLICY_ONE), commit())),
    Situation("link in the place of a data root", ERROR, "no rule of the policy covers Records", (ok("bob"),),
              request=(record(), link("Records", "/etc"), commit())),
    Situation("attributes that hide a difference from reviewers", UNSATISFIED, "needs 2 of 2 by rulebook admin", (ok("bob"),),
              request=(record(), write("infra/.gitattributes", "* -diff\n"), write("infra/a.tf", "x\n"), commit())),
    Situation("settings of the repository", UNSATISFIED, "needs 2 of 2 by rulebook admin", (ok("bob"),),
              request=(record(), write("itsm.yaml", "version: 1\norganisation: Mine\n"), commit())),
    Situation("mail map that renames the author", UNSATISFIED, "ann wrote commit", (ok("ann"), ok("cab-one"), ok("cab-two")), "SEPARATION",
              request=(record(), write(".mailmap", "Zed <zed@example.net> <ann@example.org>\n"), commit())),
    Situation("path that is not text", UNSATISFIED, "was added since", (ok("bob"),), "STALE", after=(bytes_name(b"in\xff.txt"), commit())),
    Situation("path that looks like another on a terminal", UNSATISFIED, "was added since", (ok("bob"),), "STALE",
              after=(bytes_name(b"in\n\x1b[31m.txt"), commit())),
    # --- what a change authorises -------------------------------------------------------------------------
    Situation("removed change authorises no work", ERROR, "no rule of the policy covers infra/a.tf", (ok("bob"),),
              base=(record(),), request=(delete(CHANGE_PATH), write("infra/a.tf", "x\n"), commit())),
    Situation("change that is over authorises no work", ERROR, "no rule of the policy covers infra/a.tf", (ok("bob"),),
              request=(record(state="closed"), write("infra/a.tf", "x\n"), commit())),
    Situation("change that still asks authorises no work", ERROR, "no rule of the policy covers infra/a.tf", (ok("bob"),),
              request=(record(state="authorize"), write("infra/a.tf", "x\n"), commit())),
    Situation("progress brings files that nobody approved", UNSATISFIED, "it now brings 1 file that nobody has seen", (),
              base=(record(),), request=(record(state="implement"), write("infra/a.tf", "x\n"), commit())),
    Situation("progress authorises no edit of an item", UNSATISFIED, "needs 1 of 1 by owner: bob, carl", (),
              base=(record(),), request=(record(state="implement"), edit(SERVER, "name: Server s1", "name: Server one"), commit())),
    Situation("link that adds an item while progress is reported", UNSATISFIED, "needs 1 of 1 by owner: mia could", (ok("bob"),),
              base=(record(),), request=(record(links="[{type: affects, target: s2}]"), commit())),
    Situation("change that is over is opened again", UNSATISFIED, "needs 1 of 1 by owner", (),
              base=(record(state="closed"),), request=(record(state="implement"), commit())),
    Situation("another change in the same request is authorised", UNSATISFIED, "needs 1 of 1 by owner: mia could", (ok("bob"), ok("paul")),
              request=(record(cis="[s2]", state="draft"), write(NEW_CHANGE, change(id="CHG-261121-BBBBB")),
                       edit("cmdb/servers/s2.yaml", "name: Server s2", "name: Server two"), commit())),
    Situation("standard change beside an edit of an item", UNSATISFIED, "needs 1 of 1 by owner: mia could", (ok("paul"),),
              base=(write(TEMPLATE_PATH, TEMPLATE),),
              request=(record(type="standard", template="standard-disk"), edit("cmdb/servers/s2.yaml", "name: Server s2", "name: Server two"), commit())),
    Situation("type of change that nobody knows", ERROR, "no rule of the policy covers", (ok("bob"),), request=(record(type="Normal"), commit())),
    Situation("level of risk that nobody knows counts as the worst", UNSATISFIED, "needs 2 of 2 by cab", (ok("bob"),),
              request=(record(risk="{level: lowest, reason: Trust me.}"), commit())),
    Situation("list of levels of risk counts as the worst", UNSATISFIED, "needs 2 of 2 by cab", (ok("bob"),),
              request=(record(risk="{level: [low], reason: Trust me.}"), commit())),
    Situation("window that ends before it begins counts as in a freeze", UNSATISFIED, "needs 2 of 2 by cab", (ok("bob"),),
              request=(record(planned_start="2026-11-27T00:00:00Z", planned_end="2026-11-23T00:00:00Z"), commit())),
    Situation("incident taken away", UNSATISFIED, "needs 1 of 1 by rulebook admin", (ok("bob"),),
              base=(write(INCIDENT_PATH, incident()),), request=(delete(INCIDENT_PATH), commit())),
    Situation("named item that the record excludes all the same", UNSATISFIED, "needs 1 of 1 by owner: bob, carl could", (),
              request=(record(excluded_cis="[{ci: s1, reason: Not really.}]"), commit())),
    Situation("edited item that the record excludes all the same", UNSATISFIED, "needs 1 of 1 by owner: mia could", (ok("bob"),),
              request=(record(excluded_cis="[{ci: s2, reason: Not really.}]"), edit("cmdb/servers/s2.yaml", "name: Server s2", "name: Server two"), commit())),
    Situation("dependent item that is excluded for all to read", UNSATISFIED, "needs 1 of 1 by owner: mia could", (ok("bob"),),
              base=(write("cmdb/servers/s2.yaml", server("s2", owner="net", extra="criticality: critical\nlinks:\n  - {type: depends_on, target: s1}\n")),),
              request=(record(excluded_cis="[{ci: s2, reason: It has the other disk.}]"), commit())),
    Situation("retired template", UNSATISFIED, "needs 1 of 1 by owner", (ok("paul"),), "NO_ROLE",
              base=(write(TEMPLATE_PATH, TEMPLATE.replace("status: approved", "status: retired")),), request=(record(type="standard", template="standard-disk"), commit())),
    Situation("files that programs write are not part of it", SATISFIED, "approved by bob", (ok("bob"),),
              base=(edit(POLICY_PATH, "generated: []", 'generated: ["reports/**"]'),), after=(write("reports/a.txt", "1\n"), commit())),
    Situation("files called generated in the same request", ERROR, "no rule of the policy covers infra/a.tf", (ok("cab-one"), ok("cab-two")),
              request=(edit(POLICY_PATH, "generated: []", 'generated: ["infra/**"]'), write("infra/a.tf", "x\n"), commit())),
    # --- owners -----------------------------------------------------------------------------------------
    Situation("item moved to another class and owner", UNSATISFIED, "needs 1 of 1 by owner: mia could", (ok("bob"),),
              request=(move_item(SERVER, "cmdb/databases/s1.yaml", server("s1", owner="net").replace("class: server", "class: database")), commit())),
    Situation("item moved to a later class and owner", UNSATISFIED, "needs 1 of 1 by owner: mia could", (ok("bob"),),
              base=(move_item(SERVER, "cmdb/applications/s1.yaml", server("s1").replace("class: server", "class: application")),),
              request=(move_item("cmdb/applications/s1.yaml", SERVER, server("s1", owner="net")), commit())),
    Situation("item that nobody owned is given an owner", SATISFIED, "approved by bob", (ok("bob"),),
              base=(write(SERVER, server("s1", owner="")),), request=(write(SERVER, server("s1")), commit())),
    Situation("item that nobody owned is claimed together with work on it", ERROR, "nobody owns s1", (ok("bob"),),
              base=(write(SERVER, server("s1", owner="")),), request=(write(SERVER, server("s1")), record(), commit())),
    Situation("owner who has left", UNSATISFIED, "nobody on the target branch fills that role", (ok("bob"),),
              base=(edit(SERVER, "owner: ops", "owner: bob"), edit("cmdb/people/bob.yaml", "lifecycle: production", "lifecycle: retired"))),
    # --- emergencies --------------------------------------------------------------------------------------
    Situation("on call for a trifle that was added to the change", UNSATISFIED, "needs 1 of 1 by owner: bob, carl", (ok("paul"),),
              base=(write("cmdb/teams/net.yaml", NET_ON_CALL),), request=(record(**{**FOR_INCIDENT, "cis": "[s1, s2]"}), write(INCIDENT_PATH, incident()), commit())),
    Situation("on call for each of the items", OVERRIDDEN, "overridden by oscar as on call", (ok("paul"), ok("oscar")),
              base=(write("cmdb/teams/net.yaml", NET_ON_CALL),), request=(record(**{**FOR_INCIDENT, "cis": "[s1, s2]"}), write(INCIDENT_PATH, incident()), commit())),
    Situation("emergency for an incident that is none", UNSATISFIED, "needs 1 of 1 by owner", (ok("oscar"),), "NO_ROLE", request=(record(**FOR_INCIDENT), commit())),
    Situation("emergency for an incident that is over", UNSATISFIED, "needs 1 of 1 by owner", (ok("oscar"),), "NO_ROLE",
              base=(write(INCIDENT_PATH, incident("closed")),), request=(record(**FOR_INCIDENT), commit())),
    Situation("emergency for an incident opened again in the same request", UNSATISFIED, "needs 1 of 1 by owner", (ok("oscar"),), "NO_ROLE",
              base=(write(INCIDENT_PATH, incident("closed")),), request=(record(**FOR_INCIDENT), write(INCIDENT_PATH, incident()), commit())),
    Situation("what one rule lets pass is not let pass by an earlier one", UNSATISFIED, "needs 2 of 2 by cab", (ok("bob"), ok("oscar")),
              base=(edit(POLICY_PATH, "\nrules:\n", "\nrules:\n" + ONE_OF_THE_BOARD),),
              request=(record(**FOR_INCIDENT, risk="{level: high, reason: Never.}"), write(INCIDENT_PATH, incident()), commit())),
    Situation("what one rule lets pass is not let pass by a later one", UNSATISFIED, "needs 2 of 2 by cab", (ok("bob"), ok("oscar")),
              base=(edit(POLICY_PATH, "\nprotected:\n", "\n" + ONE_OF_THE_BOARD + "\nprotected:\n"),),
              request=(record(**FOR_INCIDENT, risk="{level: high, reason: Never.}"), write(INCIDENT_PATH, incident()), commit())),
    # --- who says what, and when ------------------------------------------------------------------------------
    Situation("yes and no in the same second", UNSATISFIED, "bob asked for changes", (no("bob"), ok("bob"))),
    Situation("yes and a dismissal in the same second", UNSATISFIED, "the review of bob was dismissed", (Given("bob", DISMISSED), ok("bob")), "DISMISSED"),
    Situation("signed yes, then no, then a yes without signature", UNSATISFIED, "needs a statement signed with bob's own key",
              (ok("bob", hours=3, signed=True), no("bob", 2), ok("bob", hours=1)), "SUPERSEDED", base=(write(POLICY_PATH, signed("signed: true")),)),
    Situation("signed yes, then a yes without signature", SATISFIED, "approved by bob", (ok("bob", hours=3, signed=True), ok("bob", hours=1)),
              base=(write(POLICY_PATH, signed("signed: true")),)),
    Situation("future yes does not outlast a no", UNSATISFIED, "bob asked for changes", (no("bob"), ok("bob", hours=-0.05), Given("bob", CHANGES_REQUESTED, -0.06))),
    Situation("no dated far ahead blocks all the same", UNSATISFIED, "bob asked for changes", (ok("bob"), no("bob", -100))),
    Situation("time in another zone", SATISFIED, "approved by bob", (ok("bob", at=datetime(2026, 11, 23, 1, 30, tzinfo=timezone(timedelta(hours=14)))),)),
    Situation("address that claims to be a program", ERROR, "nobody in cmdb/people is known to commit as x <x[bot]@example.net>", (ok("bob"),),
              request=(record(), commit(by="x <x[bot]@example.net>"))),
    Situation("co-author without brackets", UNSATISFIED, "bob is a co-author of commit", (ok("bob"),), "SEPARATION",
              request=(record(), commit(message="change\n\nCo-authored-by: bob@example.org"))),
    Situation("co-author among other lines and in other letters", UNSATISFIED, "bob is a co-author of commit", (ok("bob"),), "SEPARATION",
              request=(record(), commit(message="change\n\nReviewed-by: Zed\nCO-AUTHORED-BY :  Bob  <bob@example.org>\n"))),
    Situation("whoever does a task carries the change out", UNSATISFIED, f"bob carries out {CHG}", (ok("bob"),), "SEPARATION",
              request=(record(tasks="[{name: Swap it, assignee: bob}]"), commit())),
    Situation("whoever is asked for a decision carries nothing out", SATISFIED, "approved by bob", (ok("bob"),),
              request=(record(tasks="[{name: Decide, kind: decision, assignee: bob}]"), commit())),
    Situation("commit address claimed in the same request", ERROR, "nobody in cmdb/people is known to commit as Zed", (ok("bob"), ok("cab-one"), ok("cab-two")),
              request=(record(), edit("cmdb/people/mia.yaml", "[mia@example.org]", "[mia@example.org, zed@example.net]"), commit(by="Zed <zed@example.net>"))),
    Situation("person named instead of an account", SATISFIED, "approved by bob", (ok("bob", person="bob", identity="", login=""),)),
    Situation("person named who is in no directory", UNSATISFIED, "there is no 'bobby' in cmdb/people", (ok("bob", person="bobby", identity="", login=""),), "UNKNOWN_PERSON"),
    Situation("account that differs in case only", UNSATISFIED, "is nobody's account", (ok("bob", identity="GitHub:2"),), "UNKNOWN_PERSON"),
    Situation("account that only looks like a number", UNSATISFIED, "is nobody's account", (ok("bob", identity="github:\uff12"),), "UNKNOWN_PERSON"),
    Situation("delegate of a delegate", UNSATISFIED, "needs 1 of 1 by owner", (ok("paul"),), "NO_ROLE",
              base=(edit("schemas/policies/roles.yaml", "\ndelegates: []\n", "\ndelegates:\n  - {from: bob, to: oscar, until: 2026-12-01}\n"
                         "  - {from: oscar, to: paul, until: 2026-12-01}\n"),)),
    Situation("one delegate of two has one vote", UNSATISFIED, "needs 1 more of 2 by cab", (ok("bob"), ok("paul")),
              base=(edit("schemas/policies/roles.yaml", "\ndelegates: []\n", "\ndelegates:\n  - {from: cab-one, to: paul, until: 2026-12-01}\n"
                         "  - {from: cab-two, to: paul, until: 2026-12-01}\n"),), request=(record(risk="{level: high, reason: Never.}"), commit())),
    # --- rules that say less than they seem to ------------------------------------------------------------------
    Situation("rule for paths with another condition", ERROR, "is for paths, so it can have no other condition", (ok("bob"),),
              base=(edit(POLICY_PATH, 'when: {paths: ["*.md", "docs/**", "site/**"]}', 'when: {paths: ["infra/**"], type: [standard]}'),)),
    Situation("rule for nothing", ERROR, "names neither kinds nor paths", (ok("bob"),),
              base=(edit(POLICY_PATH, "when: {kind: [item]}", "when: {risk: [low]}"),)),
    Situation("what is not said does not make approvals superfluous", ERROR, "no rule of the policy covers", (ok("bob"),),
              base=(write(POLICY_PATH, POLICY_ONE.replace("when: {kind: [change]}", "when: {kind: [change], risk: [low]}").replace("role: peer, count: 1", "count: 0")),),
              request=(record(risk=""), commit())),
    Situation("condition that only changes have does not let a record pass", ERROR, "no rule of the policy covers", (ok("bob"),),
              base=(write(POLICY_PATH, POLICY_ONE.replace("when: {kind: [change]}", "when: {kind: [record], stage: [progress]}").replace("role: peer, count: 1", "count: 0")),),
              request=(write(INCIDENT_PATH, incident()), commit())),
)  # fmt: skip
