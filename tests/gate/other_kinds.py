"""The table of situations and attacks about records that are no changes: orders, and kinds that a repository adds.

Rows are read as those in ``situations``.
"""

from __future__ import annotations

import json

from itsm_gitops.gate.types import ERROR, NOT_APPLICABLE, OVERRIDDEN, SATISFIED, UNSATISFIED
from tests.gate.situations import FOR_INCIDENT, OPEN_INCIDENT, Situation, commit, edit, ok, record, write
from tests.gate.world import INC, INCIDENT_PATH, POLICY_PATH, World, person

REQ = "REQ-261120-AAAAA"
ORDER_PATH = f"records/requests/2026/11/{REQ}.yaml"
OFFERING_PATH = "cmdb/offerings/laptop.yaml"
REQUEST_SCHEMA = "schemas/records/request.schema.json"
REQUEST_FLOW = "schemas/workflows/request.yaml"
WAITING = ("submitted", "awaiting_approval")
TYPED = "approval: {decision: approved, by: bob, at: 2026-11-20T10:00:00Z}\n"


def offering(approval: str = "{required: true, by: net}", extra: str = "") -> str:
    line = f"approval: {approval}\n" if approval else ""
    return f"id: laptop\nclass: offering\nname: Laptop\nowner: desk\nlifecycle: production\ndescription: A laptop.\n{line}{extra}"


def order(*states: str, extra: str = "") -> str:
    steps = "".join(
        f"  - {{at: 2026-11-20T1{i}:00:00Z, by: eve, state: {s}}}\n" for i, s in enumerate(states)
    )
    return (
        f"id: {REQ}\nkind: request\ntitle: A laptop\noffering: laptop\nrequested_by: eve\nstate: {states[-1]}\n"
        f"{extra}timeline:\n{steps}"
    )


def limit(cost: str) -> str:
    return (
        "  - name: cost-limit\n    why: Whoever pays decides from this cost on.\n"
        f"    when: {{kind: [request], stage: [authorisation], cost_from: {cost}}}\n"
        '    require: {role: "field:offering.owner", count: 1}\n  - name: everyday-records\n'
    )


def renamed(w: World) -> None:
    """Give the states of the life cycle other names, and the rule of the policy with them."""
    for path in (REQUEST_FLOW, POLICY_PATH):
        text = (w.root / path).read_text("utf-8")
        for old, new in (
            ("in_fulfilment", "being_provided"),
            ("approved", "granted"),
            ("fulfilled", "delivered"),
        ):
            text = text.replace(f"  {old}:\n", f"  {new}:\n").replace(f"to: {old}", f"to: {new}")
            text = (
                text.replace(f"[{old}]", f"[{new}]")
                .replace(f", {old}]", f", {new}]")
                .replace(f"[{old},", f"[{new},")
                .replace(f", {old},", f", {new},")
            )
        w.write(path, text)


def access(w: World) -> None:
    """Add a kind of record whose life cycle has an authorised state, and a rule for it."""
    schema = json.loads((w.root / REQUEST_SCHEMA).read_text("utf-8"))
    schema["x-itsm"] = {
        "kind": "access",
        "plural": "accesses",
        "prefix": "ACC",
        "folder": "records/accesses",
        "workflow": "access",
    }
    text = json.dumps({**schema, "title": "Access"}).replace("REQ", "ACC")
    w.write("schemas/records/access.schema.json", text.replace('"const": "request"', '"const": "access"'))
    w.write("schemas/workflows/access.yaml", ACCESS_FLOW)
    rule = (
        "  - name: access-by-the-manager\n    why: A manager answers for what their people may do.\n"
        "    when: {kind: [access], stage: [authorisation]}\n"
        '    require: {role: "manager_of:requested_for", count: 1}\n'
        "  - name: access-in-preparation\n    why: Nothing is granted yet.\n"
        "    when: {kind: [access], stage: [preparation, progress]}\n    require: {count: 0}\n  - name: everyday-records\n"
    )
    w.edit(POLICY_PATH, "  - name: everyday-records\n", rule)


ACCESS_FLOW = """\
workflow: access
title: Access
description: From the wish to the right.
initial: wished
states:
  wished: {title: Wished, category: new, description: Asked for.}
  open: {title: Open, category: active, roles: [authorised], description: May be used.}
  shut: {title: Shut, category: done, terminal: true, description: Taken back.}
transitions:
  - {name: grant, title: Grant, from: [wished], to: open, by: [anyone]}
  - {name: revoke, title: Revoke, from: [wished, open], to: shut, by: [anyone]}
immutable: [id, kind]
editable_when_closed: [timeline]
"""
ACCESS_PATH = "records/accesses/2026/11/ACC-261120-AAAAA.yaml"
ACCESS = "id: ACC-261120-AAAAA\nkind: access\ntitle: The payroll\nrequested_by: eve\nrequested_for: eve\nstate: {state}\n"
MANAGED = write("cmdb/people/eve.yaml", person("eve", "ops", 7, manager="bob"))
OFFERED = write(OFFERING_PATH, offering())
WAITS = write(ORDER_PATH, order(*WAITING))
GRANTED = (write(ORDER_PATH, order(*WAITING, "approved", extra=TYPED)), commit())
EMERGENCY = (record(**FOR_INCIDENT), write(INCIDENT_PATH, OPEN_INCIDENT), commit(by="oscar"))

OTHER_KINDS = (
    # --- orders of offerings that want approval ------------------------------------------------
    Situation("order: approved by whom the offering names", SATISFIED, "approved by mia", (ok("mia"),), base=(OFFERED, WAITS), request=GRANTED),
    Situation("order: a typed approval approves nothing", UNSATISFIED, "needs 1 of 1 by offering approver: mia could", base=(OFFERED, WAITS), request=GRANTED),
    Situation("order: approved by somebody else", UNSATISFIED, "bob has none of the roles", (ok("bob"),), "NO_ROLE", base=(OFFERED, WAITS), request=GRANTED),
    Situation("order: who asked for it does not approve it", UNSATISFIED, f"eve asked for {REQ}", (ok("eve"),), "SEPARATION",
              base=(write(OFFERING_PATH, offering("{required: true, by: ops}")), WAITS), request=GRANTED),
    Situation("order: for whom it is does not approve it", UNSATISFIED, f"bob asked for {REQ}", (ok("bob"),), "SEPARATION",
              base=(write(OFFERING_PATH, offering("{required: true, by: ops}")), WAITS),
              request=(write(ORDER_PATH, order(*WAITING, "approved", extra=f"requested_for: bob\n{TYPED}")), commit())),
    Situation("order: taken off the record as the requester", UNSATISFIED, f"eve asked for {REQ}", (ok("eve"),), "SEPARATION",
              base=(write(OFFERING_PATH, offering("{required: true, by: ops}")), WAITS),
              request=(write(ORDER_PATH, order(*WAITING, "approved", extra=TYPED).replace("by: eve\nstate", "by: paul\nstate")), commit())),
    Situation("order: asking for approval needs nobody", NOT_APPLICABLE, "nobody need approve", base=(OFFERED,), request=(WAITS, commit())),
    Situation("order: straight to work", UNSATISFIED, "needs 1 of 1 by offering approver", base=(OFFERED,), request=(write(ORDER_PATH, order("submitted", "in_fulfilment")), commit())),
    Situation("order: done and over in one request", UNSATISFIED, "needs 1 of 1 by offering approver", base=(OFFERED,),
              request=(write(ORDER_PATH, order("submitted", "in_fulfilment", "fulfilled", "closed")), commit())),
    Situation("order: a state that the life cycle does not have", UNSATISFIED, "needs 1 of 1 by offering approver", base=(OFFERED,), request=(write(ORDER_PATH, order("waved_through")), commit())),
    Situation("order: progress of an approved one needs nobody", NOT_APPLICABLE, "nobody need approve", base=(OFFERED, write(ORDER_PATH, order(*WAITING, "approved"))),
              request=(write(ORDER_PATH, order(*WAITING, "approved", "in_fulfilment", extra="assigned_team: desk\n")), commit())),
    Situation("order: more is ordered after the approval", UNSATISFIED, "needs 1 of 1 by offering approver", base=(OFFERED, write(ORDER_PATH, order(*WAITING, "approved"))),
              request=(write(ORDER_PATH, order(*WAITING, "approved", extra="answers: {size: huge}\n")), commit())),
    Situation("order: an offering that wants no approval", NOT_APPLICABLE, "nobody need approve", base=(write(OFFERING_PATH, offering("{required: false}")),),
              request=(write(ORDER_PATH, order("submitted", "in_fulfilment")), commit())),
    Situation("order: the offering is made harmless in the same request", UNSATISFIED, "needs 1 of 1 by offering approver", (ok("paul"),), base=(OFFERED,),
              request=(write(OFFERING_PATH, offering("{required: false}")), write(ORDER_PATH, order("submitted", "in_fulfilment")), commit())),
    Situation("order: of something that does not exist", UNSATISFIED, "needs 1 of 1 by offering approver", request=(write(ORDER_PATH, order("submitted", "in_fulfilment")), commit())),
    Situation("order: another offering is named in the same request", UNSATISFIED, "needs 1 of 1 by offering approver",
              base=(OFFERED, write("cmdb/offerings/pen.yaml", offering("{required: false}").replace("laptop", "pen")), WAITS),
              request=(write(ORDER_PATH, order(*WAITING, "in_fulfilment").replace("offering: laptop", "offering: pen")), commit())),
    Situation("order: the manager where the offering names nobody", SATISFIED, "approved by bob", (ok("bob"),), base=(write(OFFERING_PATH, offering("{required: true}")), MANAGED, WAITS), request=GRANTED),
    Situation("order: nobody named and no manager", UNSATISFIED, "nobody on the target branch fills that role", base=(write(OFFERING_PATH, offering("{required: true}")), WAITS), request=GRANTED),
    Situation("order: states with other names", UNSATISFIED, "needs 1 of 1 by offering approver", base=(OFFERED, renamed), request=(write(ORDER_PATH, order("submitted", "being_provided")), commit())),
    # --- a limit of cost ------------------------------------------------------------------------
    Situation("cost: from the limit on its owner is asked", UNSATISFIED, "needs 1 of 1 by field:offering.owner: paul could",
              base=(write(OFFERING_PATH, offering("", "cost: {amount: 900, currency: EUR}\n")), edit(POLICY_PATH, "  - name: everyday-records\n", limit("500"))),
              request=(write(ORDER_PATH, order("submitted", "in_fulfilment")), commit())),
    Situation("cost: a lower one typed into the order does not help", UNSATISFIED, "needs 1 of 1 by field:offering.owner",
              base=(write(OFFERING_PATH, offering("", "cost: {amount: 900, currency: EUR}\n")), edit(POLICY_PATH, "  - name: everyday-records\n", limit("500"))),
              request=(write(ORDER_PATH, order("submitted", "in_fulfilment", extra="cost: {amount: 1, currency: EUR}\n")), commit())),
    Situation("cost: below the limit nobody is asked", NOT_APPLICABLE, "nobody need approve",
              base=(write(OFFERING_PATH, offering("", "cost: {amount: 499, currency: EUR}\n")), edit(POLICY_PATH, "  - name: everyday-records\n", limit("500"))),
              request=(write(ORDER_PATH, order("submitted", "in_fulfilment")), commit())),
    # --- a kind that the repository added --------------------------------------------------------
    Situation("added kind: its manager approves", SATISFIED, "approved by bob", (ok("bob"),), base=(access, MANAGED), request=(write(ACCESS_PATH, ACCESS.format(state="open")), commit())),
    Situation("added kind: not by itself", UNSATISFIED, "needs 1 of 1 by manager of:requested for: bob could", base=(access, MANAGED), request=(write(ACCESS_PATH, ACCESS.format(state="open")), commit())),
    Situation("added kind: wishing is free", NOT_APPLICABLE, "nobody need approve", base=(access, MANAGED), request=(write(ACCESS_PATH, ACCESS.format(state="wished")), commit())),
    # --- one person at night ------------------------------------------------------------------
    Situation("alone: the one on call lets their own emergency pass", OVERRIDDEN, "overridden by oscar as on call, alone and for their own work; review due P2D", (ok("oscar"),), request=EMERGENCY),
    Situation("alone: a way is named", UNSATISFIED, "or an override by oscar (on call), with a retrospective review within P2D", request=EMERGENCY),
    Situation("alone: not by who is not on call", UNSATISFIED, "ann wrote commit", (ok("ann"),), "SEPARATION", request=(record(**FOR_INCIDENT), write(INCIDENT_PATH, OPEN_INCIDENT), commit())),
    Situation("alone: not without an open incident", UNSATISFIED, "oscar wrote commit", (ok("oscar"),), "SEPARATION",
              request=(record(**FOR_INCIDENT), write(INCIDENT_PATH, OPEN_INCIDENT.replace("in_progress", "closed")), commit(by="oscar"))),
    Situation("alone: not where the policy does not say so", UNSATISFIED, "oscar wrote commit", (ok("oscar"),), "SEPARATION",
              base=(lambda w: w.write(POLICY_PATH, (w.root / POLICY_PATH).read_text("utf-8").replace("alone: true", "alone: false")),), request=EMERGENCY),
    Situation("alone: not by making oneself the one on call", UNSATISFIED, "ann wrote commit", (ok("ann"),), "SEPARATION",
              request=(record(**FOR_INCIDENT), write(INCIDENT_PATH, OPEN_INCIDENT), edit("cmdb/teams/ops.yaml", "on_call: oscar", "on_call: ann"), commit())),
    # --- people whom nobody knows -----------------------------------------------------------------
    Situation("unknown: an incident of an outsider needs nobody", NOT_APPLICABLE, "nobody need approve",
              request=(write(INCIDENT_PATH, f"id: {INC}\nkind: incident\ntitle: Down\nstate: new\n"), commit(by="Customer <customer@example.com>"))),
    Situation("unknown: a change of an outsider is not judged", ERROR, "nobody in cmdb/people is known", (ok("bob"),), request=(record(), commit(by="Customer <customer@example.com>"))),
    Situation("unknown: a new colleague brings her own file", UNSATISFIED, "needs 2 of 2 by rulebook admin",
              request=(write("cmdb/people/zoe.yaml", person("zoe", "ops", 77)), commit(by="zoe"))),
    Situation("unknown: and is taken in by those who decide", SATISFIED, "approved by cab-one, cab-two", (ok("cab-one"), ok("cab-two")),
              request=(write("cmdb/people/zoe.yaml", person("zoe", "ops", 77)), commit(by="zoe"))),
    Situation("unknown: a new colleague brings more than her file", ERROR, "nobody in cmdb/people is known", (ok("cab-one"), ok("cab-two"), ok("bob")),
              request=(write("cmdb/people/zoe.yaml", person("zoe", "ops", 77)), record(), commit(by="zoe"))),
    Situation("unknown: an address written into somebody else's file", ERROR, "nobody in cmdb/people is known", (ok("cab-one"), ok("cab-two")),
              request=(edit("cmdb/people/bob.yaml", "bob@example.org", "x@example.org"), commit(by="Bob <x@example.org>"))),
)  # fmt: skip
