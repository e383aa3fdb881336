"""Approval situations that the comparison with the oracle (``model/``) turned up; rows are read as those in ``situations``."""

from __future__ import annotations

from itsm_gitops.gate.types import OVERRIDDEN, SATISFIED, UNSATISFIED
from tests.gate.attacks import incident
from tests.gate.situations import FOR_INCIDENT, Situation, commit, delegates, edit, no, ok, record, write
from tests.gate.world import INCIDENT_PATH, POLICY_PATH, SERVER, change

OTHER = "CHG-261121-BBBBB"
OTHER_PATH = f"records/changes/2026/11/{OTHER}.yaml"
HIGH = "{level: high, reason: Never done.}"
BOTH_AWAY = delegates(
    "from: cab-one, to: paul, until: 2026-12-01", "from: cab-two, to: paul, until: 2026-12-01"
)
ONE_AWAY = delegates("from: cab-one, to: paul, until: 2026-12-01")
CROSSED = (record(requested_by="bob"), write(OTHER_PATH, change(id=OTHER, requested_by="carl")), commit())

SIGNED_TOO = edit(
    POLICY_PATH,
    "\n  - name: owner-of-each-item",
    """
  - name: one-of-the-board
    why: One of the board always looks.
    when: {kind: [change], stage: [authorisation], type: [emergency]}
    require: {role: cab, count: 1, signed: true}

  - name: owner-of-each-item""",
)
URGENT = (record(**FOR_INCIDENT, risk=HIGH), write(INCIDENT_PATH, incident()), commit())

ORACLE = (
    # --- what may be overridden ---------------------------------------------------------------------------
    Situation("the one on call stands in for the board", OVERRIDDEN, "overridden by oscar as on call", (ok("bob"), ok("cab-one"), ok("oscar")), request=URGENT),
    Situation("a rule without an override keeps its people whole, signed or not", UNSATISFIED, "needs 1 more of 2 by cab: cab-two could",
              (ok("bob"), ok("cab-one"), ok("oscar")), base=(SIGNED_TOO,), request=URGENT),
    # --- one vote ---------------------------------------------------------------------------------------
    Situation("whose giver has approved adds no vote and is not asked", UNSATISFIED, "1 more of 2 by cab: cab-two could", (ok("bob"), ok("cab-one")),
              base=(ONE_AWAY,), request=(record(risk=HIGH), commit())),
    Situation("whose delegate has approved adds no vote and is not asked", UNSATISFIED, "1 more of 2 by cab: cab-two could", (ok("bob"), ok("paul")),
              base=(ONE_AWAY,), request=(record(risk=HIGH), commit())),
    Situation("delegate of two does not use the voice of the one who is kept apart", UNSATISFIED, "needs 1 more of 2 by cab: nobody is left",
              (ok("bob"), ok("cab-two"), ok("paul")), base=(BOTH_AWAY,), request=(record(risk=HIGH), commit(by="cab-one"))),
    Situation("delegate of two speaks for the one who may approve", UNSATISFIED, "approved by paul (for cab-two); needs 1 more of 2 by cab",
              (ok("bob"), ok("paul")), base=(BOTH_AWAY,), request=(record(risk=HIGH), commit(by="cab-one"))),
    Situation("delegate and the other of the board", SATISFIED, "approved by cab-two, paul (for cab-one)", (ok("bob"), ok("cab-two"), ok("paul")),
              base=(ONE_AWAY,), request=(record(risk=HIGH), commit())),
    # --- several changes of one item ----------------------------------------------------------------------
    Situation("two who asked for one change each approve that of the other", SATISFIED, "approved by carl", (ok("bob"), ok("carl")), request=CROSSED),
    Situation("who asked for one of two changes approves the other only", UNSATISFIED, "approved by bob", (ok("bob"),), request=CROSSED),
    Situation("who asked for one of two changes is not asked for it", UNSATISFIED, "needs 1 of 1 by owner: carl, eve could", (ok("bob"),), request=CROSSED),
    Situation("somebody who asked for neither of two changes approves both", SATISFIED, "approved by bob", (ok("bob"),),
              request=(record(), write(OTHER_PATH, change(id=OTHER, requested_by="carl")), commit())),
    Situation("an edit beside two changes is approved by nobody who asked for one of them", UNSATISFIED, "needs 1 of 1 by owner: eve could", (ok("bob"), ok("carl")),
              request=(*CROSSED[:2], edit(SERVER, "name: Server s1", "name: Server one"), commit())),
    Situation("a no to one of two changes holds both", UNSATISFIED, "carl asked for changes", (ok("bob"), no("carl")), request=CROSSED),
)  # fmt: skip
