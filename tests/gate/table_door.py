"""The table of the door: what somebody tries on the files, branches and freezes that the gate itself stands on.

Rows are read as those in ``situations``.
"""

from __future__ import annotations

from itsm_gitops.gate.types import ERROR, SATISFIED, UNSATISFIED
from tests.gate.situations import (
    POLICY_ONE,
    REQUEST,
    Situation,
    commit,
    delete,
    ok,
    record,
    write,
)
from tests.gate.world import POLICY_PATH

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
            ("Jenkinsfile", "sh 'itsm gate'\n"),
        )
    ),
    Situation("a pin that is taken away is part of it too", UNSATISFIED, ADMINS, (ok("bob"), ok("paul")),
              base=(write("requirements.txt", "itsm-gitops==0.1\n"),), request=(record(), write("requirements.txt", "flask\n"), commit())),
    # --- honest ------------------------------------------------------------------------------------
    Situation("honest: requirements that do not name the gate", SATISFIED, "approved by paul", (ok("paul"),),
              request=(write("requirements.txt", "flask\n"), commit())),
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
_ = REQUEST
