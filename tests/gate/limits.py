"""The table of limits: what a change by an approved template may touch, and what comes of it when it touches more."""

from __future__ import annotations

from itsm_gitops.gate.types import ERROR, SATISFIED, UNSATISFIED
from tests.gate.situations import (
    TEMPLATE,
    TEMPLATE_PATH,
    WORDS,
    Situation,
    commit,
    edit,
    ok,
    record,
    write,
)

DATABASE = "id: d1\nclass: database\nname: One\nowner: ops\nlifecycle: production\n"
MAIL = "id: mail\nclass: service\nname: Mail\nowner: net\nlifecycle: production\n"

LIMITS = (
    Situation("standard change of a class that its template touches", SATISFIED, "approved by paul", (ok("paul"),),
              base=(write(TEMPLATE_PATH, TEMPLATE + "touches: {classes: [server]}\n"),), request=(record(type="standard", template="standard-disk"), commit())),
    Situation("standard change for a service", SATISFIED, "approved by paul", (ok("paul"),),
              base=(write(TEMPLATE_PATH, TEMPLATE + "touches: {classes: [server]}\n"), write("cmdb/services/mail.yaml", MAIL)),
              request=(record(type="standard", template="standard-disk", service="mail"), commit())),
    Situation("standard change with files that its template touches", SATISFIED, "approved by paul", (ok("paul"),),
              base=(write(TEMPLATE_PATH, TEMPLATE + 'touches: {paths: ["deploy/**"]}\n'),),
              request=(record(type="standard", template="standard-disk"), write("deploy/a/b.tf", "x\n"), write("README.md", WORDS), commit())),
    Situation("standard change with any file where its template sets no limit", SATISFIED, "approved by paul", (ok("paul"),),
              base=(write(TEMPLATE_PATH, TEMPLATE + "touches: {classes: [server]}\n"),),
              request=(record(type="standard", template="standard-disk"), write("deploy/a.tf", "x\n"), commit())),
    Situation("standard change with files beyond its template and its owner", SATISFIED, "approved by bob", (ok("bob"),),
              base=(write(TEMPLATE_PATH, TEMPLATE + "touches: {paths: []}\n"),),
              request=(record(type="standard", template="standard-disk"), write("deploy/a.tf", "x\n"), commit())),
    *(
        Situation(f"standard change beyond its template: {name}", UNSATISFIED, "needs 1 of 1 by owner", (ok("paul"),), "NO_ROLE",
                  base=(write(TEMPLATE_PATH, f"{TEMPLATE}touches: {{{limit}}}\n"), write("cmdb/databases/d1.yaml", DATABASE)),
                  request=(record(type="standard", template="standard-disk", **fields), *more, commit()))
        for name, limit, fields, more in (
            ("a file", "paths: [deploy/**]", {}, (write("infra/a.tf", "x\n"),)),
            ("a file where none is allowed", "paths: []", {}, (write("infra/a.tf", "x\n"),)),
            ("a folder that looks alike", "paths: [deploy/**]", {}, (write("Deploy/a.tf", "x\n"),)),
            ("one file of two", "paths: [deploy/*]", {}, (write("deploy/a.tf", "x\n"), write("deploy/b/c.tf", "x\n"))),
            ("an item of another class", "classes: [server]", {"cis": "[s1, d1]"}, ()),
            ("an item that is no list", "classes: [server]", {"cis": "d1"}, ()),
            ("a linked item", "classes: [server]", {"links": "[{type: affects, target: d1}]"}, ()),
            ("an item in the place of a service", "classes: [server]", {"services": "[d1]"}, ()),
            ("no class at all", "classes: []", {}, ()),
        )
    ),
    Situation("standard change with an edited item of another class", UNSATISFIED, "needs 1 of 1 by owner", (ok("mia"), ok("paul")), "NO_ROLE",
              base=(write(TEMPLATE_PATH, f"{TEMPLATE}touches: {{classes: [server]}}\n"), write("cmdb/databases/d1.yaml", DATABASE.replace("ops", "net"))),
              request=(record(type="standard", template="standard-disk"), edit("cmdb/databases/d1.yaml", "name: One", "name: Two"), commit())),
    Situation("limits widened in the same request", UNSATISFIED, "needs 1 of 1 by owner", (ok("paul"), ok("cab-one"), ok("cab-two")), "NO_ROLE",
              base=(write(TEMPLATE_PATH, f"{TEMPLATE}touches: {{paths: []}}\n"),),
              request=(record(type="standard", template="standard-disk"), write("infra/a.tf", "x\n"), write(TEMPLATE_PATH, TEMPLATE), commit())),
    Situation("standard change with an item that nobody knows", ERROR, "there is no 's9'", (ok("paul"),), "NO_ROLE",
              base=(write(TEMPLATE_PATH, f"{TEMPLATE}touches: {{classes: [server]}}\n"),),
              request=(record(type="standard", template="standard-disk", cis="[s1, s9]"), commit())),
)  # fmt: skip
