"""The table of the door: what somebody tries on the files, branches and freezes that the gate itself stands on.

Rows are read as those in ``situations``.
"""

from __future__ import annotations

from itsm_gitops.gate.types import ERROR, SATISFIED, UNSATISFIED
from tests.gate.situations import (
    EMERGENCY,
    FOR_INCIDENT,
    OPEN_INCIDENT,
    POLICY_ONE,
    REQUEST,
    Given,
    Situation,
    Step,
    commit,
    delete,
    edit,
    ok,
    record,
    write,
)
from tests.gate.world import INCIDENT_PATH, POLICY_PATH, ROLES_PATH, SERVER, server

ADMINS = "by rulebook admin: cab-one, cab-two could"
BOARD = (ok("cab-one"), ok("cab-two"))
NEARLY = "is nearly the name of a protected file"

_SAME = (
    "hooks/pre-receive", "Hooks/pre-receive", "HOOKS/post-receive", "hooks/sub/x", "hooks.",
    ".Gitattributes", "records/.gitattributes", ".gitmodules", ".GITHUB/workflows/x.yml", ".github/actions/a/action.yml",
    ".gitlab-ci.yml", ".gitea/workflows/x.yml", ".forgejo/workflows/x.yml", "docs/codeowners",
    "itsm.yaml ", "itsm.yaml.", "Schemas/policies/approvals.yaml",
)  # fmt: skip
_ALIKE = (
    "sch\u200cemas/policies/approvals.yaml", "ho\u043eks/pre-receive", "hooks\\pre-receive", "GITHUB~1/x", "GITATT~1",
    "itsm.yaml:x", "\uff49tsm.yaml", ".g\u0131thub/workflows/x.yml", "CODEOW~1", "h00ks/pre-receive",
)  # fmt: skip

DOOR_ROWS = (
    *(
        Situation(f"the door is protected: {path!a}", UNSATISFIED, ADMINS, (ok("bob"), ok("paul")),
                  request=(record(), write(path, "x\n"), commit()))
        for path in _SAME
    ),
    *(
        Situation(f"an imitation of the door is refused: {path!a}", ERROR, NEARLY, (ok("bob"), *BOARD),
                  request=(record(), write(path, "x\n"), commit()))
        for path in _ALIKE
    ),
    Situation("an imitation that is taken away is judged as the door", SATISFIED, "approved by cab-one, cab-two", BOARD,
              base=(write("ho\u043eks/x", "x\n"),), request=(delete("ho\u043eks/x"), commit())),
    *(
        Situation(f"a folder of documents is imitated: {path!a}", ERROR, "is nearly in a folder of documents", (ok("bob"), *BOARD),
                  request=(record(), write(path, "x\n"), commit()))
        for path in ("Records/incidents/x.yaml", "CMDB/servers/s2.yaml", "cmd\u200cb/servers/s2.yaml", "r\u0435cords/x.yaml", "cmdb /x.yaml")
    ),
    Situation("another spelling is told to the reviewers", SATISFIED, "Hooks/pre-receive is protected although it is written otherwise", BOARD,
              request=(write("Hooks/pre-receive", "x\n"), commit())),
    Situation("a policy that names no hooks protects them as it protects itself", UNSATISFIED, "needs 2 of 2 " + ADMINS, (ok("bob"), ok("paul")),
              base=(write(POLICY_PATH, POLICY_ONE),), request=(record(), write("hooks/pre-receive", "x\n"), commit())),
    Situation("a policy that protects nothing of its own", ERROR, f"no protected rule is for {POLICY_PATH}", (ok("bob"), *BOARD),
              base=(write(POLICY_PATH, POLICY_ONE.replace("schemas/**", "secret/**")),), request=(record(), write("hooks/pre-receive", "x\n"), commit())),
    *(
        Situation(f"what pins the gate is part of it: {path}", UNSATISFIED, ADMINS, (ok("bob"), ok("paul")),
                  request=(record(), write(path, text), commit()))
        for path, text in (
            ("requirements-ci.txt", "itsm_gitops==0.1\n"), ("pyproject.toml", "dependencies = ['itsm-gitops']\n"),
            ("Jenkinsfile", "sh 'itsm gate'\n"), ("ci/gate.yml", "script: itsm gate --forge gitlab\n"), ("Makefile", "gate:\n\titsm gate\n"),
        )
    ),
    Situation("a pin that is taken away is part of it too", UNSATISFIED, ADMINS, (ok("bob"), ok("paul")),
              base=(write("requirements.txt", "itsm-gitops==0.1\n"),), request=(record(), write("requirements.txt", "flask\n"), commit())),
    # --- honest ------------------------------------------------------------------------------------
    Situation("honest: requirements that do not name the gate", SATISFIED, "approved by paul", (ok("paul"),),
              request=(write("requirements.txt", "flask\n"), commit())),
    Situation("honest: a Makefile that checks documents", SATISFIED, "approved by paul", (ok("paul"),),
              request=(write("Makefile", "check:\n\titsm check\n"), commit())),
    Situation("honest: two of the board change a hook", SATISFIED, "approved by cab-one, cab-two", BOARD,
              request=(write("hooks/pre-receive", "x\n"), commit())),
    *(
        Situation(f"honest: a file that every repository has: {path}", SATISFIED, "approved by paul", (ok("paul"),),
                  request=(write(path, "x\n"), commit()))
        for path in ("Makefile", "LICENSE", "renovate.json", "mkdocs.yml", "README", ".editorconfig", ".vscode/tasks.json",
                     ".pre-commit-config.yaml", "LICENSES/Apache-2.0.txt", "pyproject.toml")
    ),
    *(
        Situation(f"honest: a name that only begins alike: {path!a}", SATISFIED, "approved by bob", (ok("bob"),),
                  request=(record(), write(path, "x\n"), commit()))
        for path in ("webhooks/x.py", "src/schemas/a.json", "git-history/x", "sch\u00e9mas/plan.txt", "backup~1", "\u65e5\u672c\u8a9e/x")
    ),
)  # fmt: skip


def freeze(**fields: str) -> str:
    """A freeze of everything from the 24th to the 26th; fields replace or (empty) remove."""
    about = {
        "id": "rest", "class": "calendar", "name": "Rest", "owner": "net", "lifecycle": "production", "type": "freeze", "time_zone": "UTC",
        "windows": "[{start: 2026-11-24T00:00:00Z, end: 2026-11-26T00:00:00Z, name: Rest}]", **fields,
    }  # fmt: skip
    return "".join(f"{k}: {v}\n" for k, v in about.items() if v)


REST = "cmdb/calendars/rest.yaml"
TODAY = "[{start: 2026-11-22T00:00:00Z, end: 2026-11-26T00:00:00Z, name: Rest}]"
LATER = {"planned_start": "2026-12-05T20:00:00Z", "planned_end": "2026-12-05T21:00:00Z"}
CABS = "by cab: cab-one, cab-two could"
MAIL = "id: mail\nclass: service\nname: Mail\nowner: net\nlifecycle: production\nlinks:\n  - {type: depends_on, target: s2}\n"
S2 = "cmdb/servers/s2.yaml"
# The service mail needs s2, which needs s1; the freeze is for the service.
CHAIN = (
    write("cmdb/services/mail.yaml", MAIL),
    write(S2, server("s2", owner="net", extra="links:\n  - {type: depends_on, target: s1}\n")),
)


def _lift(name: str, says: str, after: str | None, before: str = "") -> Situation:
    step = delete(REST) if after is None else write(REST, after)
    return Situation(f"a freeze is lifted: {name}", UNSATISFIED, says, (ok("mia"),),
                     base=(write(REST, before or freeze()),), request=(step, commit()))  # fmt: skip


FREEZE_ROWS = (
    _lift("taken away", "the freeze rest would be no freeze any more", None),
    _lift("out of force", "the freeze rest would be no freeze any more", freeze(lifecycle="retired")),
    _lift("another type", "the freeze rest would be no freeze any more", freeze(type="holidays", windows="", dates="[{date: 2026-11-24}]")),
    _lift("shorter", "the freeze rest would hold for less time", freeze(windows="[{start: 2026-11-24T00:00:00Z, end: 2026-11-25T00:00:00Z, name: Rest}]")),
    _lift("moved", "the freeze rest would hold for less time", freeze(windows="[{start: 2026-12-24T00:00:00Z, end: 2026-12-26T00:00:00Z, name: Rest}]")),
    _lift("one of two windows", "would hold for less time", freeze(),
          freeze(windows="[{start: 2026-11-24T00:00:00Z, end: 2026-11-26T00:00:00Z}, {start: 2027-12-24T00:00:00Z, end: 2027-12-26T00:00:00Z}]")),
    _lift("days in another zone", "would hold for less time", freeze(windows="", dates="[{date: 2026-11-24}]", time_zone="Asia/Tokyo"),
          freeze(windows="", dates="[{date: 2026-11-24}]")),
    _lift("for fewer items", "would be for fewer items", freeze(applies_to="[s1]")),
    _lift("for other items", "would be for fewer items", freeze(applies_to="[s2]"), freeze(applies_to="[s1]")),
    _lift("another type of change goes through", "would let through normal", freeze(exempt_types="[normal]")),
    Situation("a freeze is lifted: those whom it demands are asked besides the owner", UNSATISFIED, CABS, (ok("mia"),),
              base=(write(REST, freeze()),), request=(delete(REST), commit())),
    Situation("a freeze is lifted: the owner and two of the board", SATISFIED, "approved by cab-one, cab-two", (ok("mia"), *BOARD),
              base=(write(REST, freeze()),), request=(delete(REST), commit())),
    Situation("a freeze is lifted: nobody on call overrides that", UNSATISFIED, CABS, (ok("mia"), ok("oscar"), ok("bob")),
              base=(write(REST, freeze()),), request=(delete(REST), record(**FOR_INCIDENT), write(INCIDENT_PATH, OPEN_INCIDENT), commit())),
    Situation("a freeze is lifted through its holidays", UNSATISFIED, "would hold for less time", (ok("mia"),),
              base=(write(REST, freeze(windows="", hours="[{days: [tue], from: '00:00', to: '24:00'}]", holidays="[off]")),
                    write("cmdb/calendars/off.yaml", freeze(id="off", type="holidays", windows="", dates="[{date: 2026-12-25}]"))),
              request=(write("cmdb/calendars/off.yaml", freeze(id="off", type="holidays", windows="", dates="[{date: 2026-11-24}]")), commit())),
    # --- what a freeze holds -------------------------------------------------------------------------
    Situation("a freeze of a service holds a change of what is below it", UNSATISFIED, CABS, (ok("bob"), ok("mia")),
              base=(*CHAIN, write(REST, freeze(applies_to="[mail]")),), request=(record(planned_start="2026-11-25T20:00:00Z"), commit())),
    Situation("a freeze of a service holds an edit of what is below it", UNSATISFIED, CABS, (ok("bob"),),
              base=(*CHAIN, write(REST, freeze(applies_to="[mail]", windows=TODAY)),), request=(edit(SERVER, "owner: ops\n", "owner: ops\ncriticality: high\n"), commit())),
    Situation("a dependency that is cut in the same request counts still", UNSATISFIED, CABS, (ok("bob"), ok("mia")),
              base=(*CHAIN, write(REST, freeze(applies_to="[mail]")),), request=(record(planned_start="2026-11-25T20:00:00Z"), write(S2, server("s2", owner="net")), commit())),
    Situation("a freeze of everything holds an edit of any item", UNSATISFIED, CABS, (ok("bob"),),
              base=(write(REST, freeze(windows=TODAY)),), request=(edit(SERVER, "owner: ops\n", "owner: ops\ncriticality: high\n"), commit())),
    Situation("a freeze holds an edit beside a change that is planned for later", UNSATISFIED, CABS, (ok("bob"),),
              base=(write(REST, freeze(windows=TODAY)),), request=(record(**LATER), edit(SERVER, "owner: ops\n", "owner: ops\ncriticality: high\n"), commit())),
    Situation("a freeze that lets emergencies through lets none through without an incident", UNSATISFIED, CABS, (ok("bob"),),
              base=(write(REST, freeze(exempt_types="[emergency]", windows=TODAY)),), request=(record(**EMERGENCY), commit())),
    # --- honest ----------------------------------------------------------------------------------
    Situation("honest: a freeze that lets emergencies through, for an open incident", SATISFIED, "approved by bob", (ok("bob"),),
              base=(write(REST, freeze(exempt_types="[emergency]", windows=TODAY)),), request=(record(**FOR_INCIDENT), write(INCIDENT_PATH, OPEN_INCIDENT), commit())),
    Situation("honest: a change of what the frozen service does not need", SATISFIED, "approved by bob", (ok("bob"),),
              base=(write("cmdb/services/mail.yaml", MAIL), write(REST, freeze(applies_to="[mail]")),), request=REQUEST),
    Situation("honest: an edit before the freeze begins", SATISFIED, "approved by bob", (ok("bob"),),
              base=(write(REST, freeze()),), request=(edit(SERVER, "owner: ops\n", "owner: ops\ncriticality: high\n"), commit())),
    Situation("honest: a correction that anybody may make, in a freeze", SATISFIED, "approved by bob", (ok("bob"),),
              base=(write(REST, freeze(windows=TODAY)),), request=(edit(SERVER, "name: Server s1", "name: The server s1"), commit())),
    Situation("honest: a freeze made longer by its owner", SATISFIED, "approved by mia", (ok("mia"),),
              base=(write(REST, freeze()),), request=(write(REST, freeze(windows="[{start: 2026-11-23T00:00:00Z, end: 2026-11-28T00:00:00Z, name: Rest}]")), commit())),
    Situation("honest: a freeze in two parts that touch", SATISFIED, "approved by mia", (ok("mia"),),
              base=(write(REST, freeze()),),
              request=(write(REST, freeze(windows="[{start: 2026-11-24T00:00:00Z, end: 2026-11-25T00:00:00Z}, {start: 2026-11-25T00:00:00Z, end: 2026-11-26T00:00:00Z}]")), commit())),
    Situation("honest: a freeze for everything that was for one item", SATISFIED, "approved by mia", (ok("mia"),),
              base=(write(REST, freeze(applies_to="[s1]")),), request=(write(REST, freeze()), commit())),
    Situation("honest: a freeze that is over is tidied away", SATISFIED, "approved by mia", (ok("mia"),),
              base=(write(REST, freeze(windows="[{start: 2026-10-24T00:00:00Z, end: 2026-10-26T00:00:00Z}]")),), request=(delete(REST), commit())),
    Situation("honest: a freeze that was only drafted is dropped", SATISFIED, "approved by mia", (ok("mia"),),
              base=(write(REST, freeze(lifecycle="planned")),), request=(delete(REST), commit())),
    Situation("honest: the name of a freeze is corrected", SATISFIED, "approved by mia", (ok("mia"),),
              base=(write(REST, freeze()),), request=(write(REST, freeze(name="Quiet days")), commit())),
)  # fmt: skip


def rules(old: str, new: str) -> Step:
    return edit(POLICY_PATH, old, new)


# The rule book is kept by the desk alone here; the board is other people.
_KEEPERS = (
    rules("require: {role: rulebook_admin, count: 2}", "require: {role: rulebook_admin, count: 1}"),
    lambda w: w.write(ROLES_PATH, _kept_by_desk((w.root / ROLES_PATH).read_text())),
)
_BOARD_RULE = "    when: {kind: [change], stage: [authorisation], type: [normal, emergency], risk: [high]}\n    require: {role: cab, count: 2}\n"


def _kept_by_desk(text: str) -> str:
    head, mark, tail = text.partition("  rulebook_admin:\n")
    return head + mark + tail.replace("teams: [change-management]", "teams: [desk]", 1)


def _weaken(name: str, says: str, *steps: Step, result: str = UNSATISFIED, reviews: tuple[Given, ...] = (ok("paul"),)) -> Situation:  # fmt: skip
    return Situation(
        f"a decision is weakened: {name}", result, says, reviews, base=_KEEPERS, request=(*steps, commit())
    )


_LESS = rules(_BOARD_RULE, _BOARD_RULE.replace("count: 2", "count: 1"))
_CAB_ROLE = "    description: Decides about changes of high risk, two people at least.\n    teams: [change-management]"

WEAKENED_ROWS = (
    _weaken("one of the board for two", "the rule board-for-high-risk would ask for something else", _LESS),
    _weaken("one of the board for two: the board is asked", "needs 2 of 2 by cab: cab-one, cab-two could", _LESS),
    _weaken("only for emergencies", "the rule board-for-high-risk would ask for something else", rules(_BOARD_RULE, _BOARD_RULE.replace("normal, ", ""))),
    _weaken("a rule is renamed", "the rule board-for-high-risk would be gone", rules("name: board-for-high-risk", "name: board")),
    _weaken("the role is given to others", "the role cab would be filled by others", edit(ROLES_PATH, _CAB_ROLE, _CAB_ROLE.replace("change-management", "ops"))),
    _weaken("a member leaves the board", "cab-two would be no cab any more", edit("cmdb/people/cab-two.yaml", "teams: [change-management]", "teams: [desk]")),
    _weaken("a member's file is taken away: those who stay are asked", "needs 1 of 1 by cab: cab-one", delete("cmdb/people/cab-two.yaml")),
    _weaken("protected paths become fewer: the keepers decide, and it is told", "the rule rule-book would ask for something else", rules("      - cmdb/teams/**\n", ""), result=SATISFIED),
    # --- honest ----------------------------------------------------------------------------------
    _weaken("honest, the board agrees", "approved by cab-one, cab-two", _LESS, result=SATISFIED, reviews=(ok("paul"), *BOARD)),
    _weaken("honest, a rule becomes stricter", "approved by paul", rules(_BOARD_RULE, _BOARD_RULE.replace("count: 2", "count: 3")), result=SATISFIED),
    _weaken("honest, its reason is reworded", "approved by paul", rules("why: A high risk is taken by the board, not by one person.", "why: The board takes it."), result=SATISFIED),
    _weaken("honest, a colleague joins the board", "approved by paul", edit("cmdb/people/mia.yaml", "teams: [net]", "teams: [net, change-management]"), result=SATISFIED),
    _weaken("honest, a colleague of no board leaves", "approved by paul", delete("cmdb/people/mia.yaml"), result=SATISFIED),
)  # fmt: skip
