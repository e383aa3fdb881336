"""Every state of every life cycle: each move is either a step of the table or refused with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest

from itsm_gitops.editing.move import open_moves
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.workflow import Workflow
from itsm_gitops.repository import Repository
from tests.cli.conftest import Cli

Later = Callable[[int], None]

CHANGE = (
    "change", "--title", "Install patches", "--service", "email", "--ci", "mailbox-db", "--why", "It is full.",
    "--category", "database/storage", "--team", "it-operations", "--implementation", "Grow it.", "--backout", "Shrink it.",
    "--test", "Try it.",
)  # fmt: skip
STANDARD = (
    "change", "--template", "standard-patch-os", "--title", "Patch", "--ci", "mail-host-1", "--service", "email",
    "--team", "it-operations",
)  # fmt: skip
# Each step is a minute later: the work begins in its window, after the change was authorised.
WINDOW = ("planned_start=2026-11-22 13:03", "planned_end=2026-11-22 14:00")
DONE = ("actual_start=now", "actual_end=now")
JUDGED = ("risk.level=medium", "risk.reason=Small.", "impact_statement=None.")
CLOSED = ("outcome=successful", "close_notes=As planned.")
REVIEWED = 'review={"reviewed_at": "2026-11-22T12:00:00Z", "objective_met": true}'
DECIDED = 'approval={"decision": "%s", "by": "operations-lead", "at": "2026-11-22T12:00:00Z"%s}'
WHY = ', "reason": "There is one already."'
CRITERIA = 'acceptance_criteria=[{"criterion": "Mail arrives.", "met": "%s"}]'
THIS, LAST = "this record", "the record made last"
PERIOD = 'period={"from": "2026-10-01", "to": "2026-10-31"}'
DESK, ENGINEER, MANAGER = "@duty-agent", "@mail-engineer", "@change-manager"


class Walk(NamedTuple):
    """How a document is made, and the steps that it takes.

    A step is a state, then what is set on the way, ``@`` who does it, and commands (tuples) that must go before.
    """

    name: str
    made: Sequence[str]
    steps: Sequence[tuple[str | tuple[str, ...], ...]]


WALKS = (
    Walk(
        "incident",
        ("incident", "--title", "Mail is slow", "--service", "email", "--category", "email", "--impact", "low",
         "--urgency", "low"),
        [
            ("in_progress", "assigned_team=it-operations"),
            ("on_hold", "on_hold_reason=awaiting_vendor"),
            ("resolved", "resolution_code=fixed", "resolution_notes=Restarted."),
            ("closed", "closure_category=email"),
        ],
    ),
    Walk(
        "incident that is none",
        ("incident", "--title", "Mail is slow", "--service", "email", "--category", "email", "--impact", "low",
         "--urgency", "low"),
        [("cancelled", "cancellation_reason=Raised twice.")],
    ),
    Walk(
        "request",
        ("request", "--title", "Mailbox", "--offering", "new-mailbox", "--answer", "mailbox=trainee", "--answer",
         "from=2026-12-01"),
        [
            ("awaiting_approval",),
            ("approved", DECIDED % ("approved", ""), MANAGER),
            ("in_fulfilment", "assigned_team=service-desk", DESK),
            ("on_hold", "on_hold_reason=awaiting_stock", DESK),
            ("fulfilled", "fulfilment=complete", DESK),
            ("closed", DESK),
        ],
    ),
    Walk(
        "request that is turned down",
        ("request", "--title", "Mailbox", "--offering", "new-mailbox", "--answer", "mailbox=trainee", "--answer",
         "from=2026-12-01"),
        [
            ("awaiting_approval",),
            ("rejected", DECIDED % ("rejected", WHY), MANAGER),
        ],
    ),
    Walk(
        "problem",
        ("problem", "--title", "Mail fails", "--service", "email", "--category", "email", "--impact", "low",
         "--urgency", "low"),
        [
            ("assess", "assigned_team=it-operations"),
            ("root_cause_analysis",),
            ("fix_in_progress", "root_cause=Too small."),
            ("resolved", "resolution_code=fix_applied", "fix_notes=Enlarged."),
            ("closed",),
        ],
    ),
    Walk(
        "known error",
        ("known-error", "--title", "Sending fails", "--symptom", "A time-out.", "--service", "email"),
        [
            ("published", "root_cause=Full.", "workaround=Wait.", "review_by=2030-01-01"),
            ("retired", "retirement_reason=fixed"),
        ],
    ),
    Walk(
        "normal change",
        (*CHANGE, "--type", "normal"),
        [
            ("assess",),
            ("authorize", *JUDGED),
            ("scheduled", *WINDOW, MANAGER),
            ("implement", "implementers=mail-engineer", ENGINEER),
            ("review", *DONE),
            ("closed", *CLOSED),
        ],
    ),
    Walk(
        "emergency change",
        (*CHANGE, "--type", "emergency"),
        [
            ("authorize", "risk.level=medium"),
            ("implement", *WINDOW, "implementers=mail-engineer", MANAGER),
            ("review", *DONE),
            ("closed", *CLOSED, REVIEWED),
        ],
    ),
    Walk(
        "standard change",
        STANDARD,
        [
            ("scheduled", *WINDOW),
            ("implement", "implementers=mail-engineer", ENGINEER),
            ("closed", *DONE, *CLOSED),
        ],
    ),
    Walk("change that is called off", (*CHANGE, "--type", "normal"), [("cancelled", "cancellation_reason=No need.")]),
    Walk(
        "article",
        ("article", "--title", "How to share a calendar", "--audience", "staff", "--service", "email"),
        [
            ("in_review", "body=Press Share.", "summary=Press Share."),
            ("published", "review_by=2027-06-01"),
            ("outdated", "outdated_reason=The button moved."),
            ("retired", "retirement_reason=superseded"),
        ],
    ),
    Walk(
        "complaint",
        ("complaint", "--title", "Nobody called back", "--service", "email", "--assigned-team", "service-desk"),
        [
            ("investigating", "answer_by=2026-11-27", DESK),
            ("answered", "findings=The call was forgotten.", "answered_at=now", DESK),
            ("closed", "justified=true", "remedy=Called.", DESK),
        ],
    ),
    Walk(
        "complaint that is none",
        ("complaint", "--title", "Nobody called back", "--service", "email", "--assigned-team", "service-desk"),
        [("cancelled", "cancellation_reason=Raised twice.", DESK)],
    ),
    Walk(
        "improvement",
        ("improvement", "--title", "Answer sooner", "--source", "idea"),
        [
            ("agreed", "owner=operations-lead", "benefit=Less waiting.", "size=small", "due=2027-01-31",
             'kpi={"name": "Waiting", "unit": "minutes", "before": 9, "target": 5}'),
            ("in_progress",),
            ("measuring",),
            ("concluded", "result=achieved", "kpi.after=4", "kpi.measured_on=2026-11-22"),
        ],
    ),
    Walk(
        "improvement that is turned down",
        ("improvement", "--title", "Answer sooner", "--source", "idea"),
        [("rejected", "rejection_reason=Too dear.")],
    ),
    Walk(
        "meeting",
        ("meeting", "--title", "Advisory board", "--board", "change-management", "--starts-at", "2026-11-22 13:00"),
        [("took_place", "attendees=change-manager"), ("closed", "minutes=All agreed.")],
    ),
    Walk(
        "meeting that is called off",
        ("meeting", "--title", "Advisory board", "--board", "change-management", "--starts-at", "2026-11-22 13:00"),
        [("cancelled", "cancellation_reason=Nothing to decide.")],
    ),
    Walk(
        "service review",
        ("service-review", "--title", "Mail in October", "--service", "email"),
        [
            ("took_place", "held_on=2026-11-22", "attendees=service-manager"),
            ("closed", PERIOD, "summary=It went well.", "next_review=2027-05-22"),
        ],
    ),
    Walk(
        "service review that is called off",
        ("service-review", "--title", "Mail in October", "--service", "email"),
        [("cancelled", "cancellation_reason=Held with another.")],
    ),
    Walk(
        "supplier evaluation",
        ("supplier-evaluation", "--title", "Cloud in October", "--supplier", "example-cloud"),
        [
            ("in_progress", PERIOD),
            ("concluded", 'scores={"quality": 4}', "findings=Good.", "decision=keep", "next_evaluation=2027-11-22"),
        ],
    ),
    Walk(
        "supplier evaluation that is called off",
        ("supplier-evaluation", "--title", "Cloud in October", "--supplier", "example-cloud"),
        [("cancelled", "cancellation_reason=The contract ended.")],
    ),
    Walk(
        "release",
        ("release", "--title", "Mail 2", "--type", "minor"),
        [
            ("building", ("new", *STANDARD), ("move", LAST, "scheduled", "--set", WINDOW[0], "--set", WINDOW[1]),
             ("set", THIS, f"changes={LAST}"), CRITERIA % "open"),
            ("testing", "back_out_plan=Put the old one back."),
            ("cleared", CRITERIA % "met", "test_evidence=Tried it.", "deploy_from=now", "deploy_until=2026-11-30 13:00"),
            ("deployed",
             ("move", LAST, "implement", "--set", "implementers=mail-engineer", "--by", "mail-engineer"),
             ("move", LAST, "closed", *(w for field in (*DONE, *CLOSED) for w in ("--set", field))),
             ("new", "deployment", "--title", "Mail 2", "--release", THIS, "--environment", "production",
              "--outcome", "successful", "--started-at", "now")),
            ("closed", 'review={"reviewed_at": "2026-11-22T12:05:00Z", "lessons": "None."}'),
        ],
    ),
    Walk("release that is called off", ("release", "--title", "Mail 2", "--type", "minor"),
         [("cancelled", "cancellation_reason=No need.")]),
    Walk(
        "server",
        ("server", "spare", "--name", "Spare", "--team", "it-operations", "--description", "Spare part.",
         "--link", "connects_to:core-switch"),
        [("test",), ("production",), ("maintenance",), ("retired",)],
    ),
)  # fmt: skip


class Walker:
    """One document on its way."""

    def __init__(self, cli: Cli, later: Later, walk: Walk) -> None:
        self._cli = cli
        self._later = later
        self._minutes = 0
        self._last = ""
        self.id = str(cli("new", *walk.made, "--json").json["id"])

    def step(self, state: str, *given: str | tuple[str, ...]) -> None:
        self._minutes += 1
        self._later(self._minutes)
        for command in given:
            if isinstance(command, tuple):
                self._before(command)
        fields = [f for f in given if isinstance(f, str)]
        words = [f"--by={f[1:]}" if f.startswith("@") else f"--set={f}" for f in fields]
        self._cli("move", self.id, state, *words)
        self._cli("check", "--fail-on", "info")

    def _before(self, command: tuple[str, ...]) -> None:
        words = [w.replace(THIS, self.id).replace(LAST, self._last) for w in command]
        if words[0] == "new":
            self._last = str(self._cli(*words, "--json").json["id"])
        else:
            self._cli(*words)

    def refusal(self, state: str) -> str:
        """What is said to a move that must not happen, on one line."""
        return " ".join(self._cli("move", self.id, state, "--dry-run", code=1).err.split())

    def judge(self, workflow: Workflow, present: str) -> None:
        """Try every state of the life cycle from the present one."""
        steps = {s.state: s for s in open_moves(Repository.open("."), self.id)}
        assert set(steps) <= set(workflow.states)
        for state in workflow.states:
            if state == present:
                assert f"{self.id} is already '{state}'" in self.refusal(state)
            elif state not in steps:
                self._not_a_step(state, present, list(steps))
            elif steps[state].needs:
                said = self.refusal(state)
                missing = ", ".join(n.field for n in steps[state].needs)
                assert f"{self.id} cannot become '{state}' yet: missing {missing} hint: add" in said
                assert all(n.option in said and n.description.split()[0] in said for n in steps[state].needs)

    def _not_a_step(self, state: str, present: str, allowed: Sequence[str]) -> None:
        said = self.refusal(state)
        assert f"{self.id} cannot go from '{present}' to '{state}'" in said
        if allowed:
            assert f"allowed from '{present}':" in said
            assert all(f" {name}" in said.split("allowed from")[1] for name in allowed)
        else:
            assert f"'{present}' is final: nothing follows it" in said


@pytest.mark.parametrize("walk", WALKS, ids=lambda w: w.name)
def test_each_state_allows_its_steps_and_refuses_all_others_with_the_reason(
    walk: Walk, acme: object, cli: Cli, later: Later, book: RuleBook
) -> None:
    workflow = book.kind(walk.made[0]).workflow
    assert workflow is not None
    walker = Walker(cli, later, walk)
    walker.judge(workflow, workflow.initial)
    for state, *fields in walk.steps:
        assert isinstance(state, str)
        walker.step(state, *fields)
        walker.judge(workflow, state)


def test_the_walks_visit_every_state_of_every_life_cycle(book: RuleBook) -> None:
    for kind in book.kinds.values():
        if kind.workflow is None or not (kind.is_record or kind.name == "server"):
            continue
        visited = {s[0] for w in WALKS if w.made[0] == kind.name for s in w.steps}
        assert visited | {kind.workflow.initial} == set(kind.workflow.states) - (
            {"cancelled"} if kind.name in ("request", "problem") else set()
        )
