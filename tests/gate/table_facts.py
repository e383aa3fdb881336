"""The table of facts that authors type: what is recomputed, what is shown to reviewers, and what is refused.

Rows are read as those in ``situations``; ``says`` may also be one of the notes for reviewers. Times count from
``world.NOW``; commits of the world are of the day before at ten.
"""

from __future__ import annotations

from itsm_gitops.gate.types import ERROR, NOT_APPLICABLE, OVERRIDDEN, SATISFIED, UNSATISFIED
from tests.gate.attacks import NET_ON_CALL
from tests.gate.situations import (
    EMERGENCY,
    FOR_INCIDENT,
    TEMPLATE,
    TEMPLATE_PATH,
    Situation,
    Step,
    commit,
    edit,
    incident,
    ok,
    record,
    write,
)
from tests.gate.world import CHANGE_PATH, INCIDENT_PATH, POLICY_PATH, World, change, server

S2 = "cmdb/servers/s2.yaml"
SOON = {"planned_start": "2026-11-22T09:30:00Z", "planned_end": "2026-11-22T13:30:00Z"}
LATER = {"planned_start": "2026-11-30T20:00:00Z", "planned_end": "2026-11-30T22:00:00Z"}
OUTAGE = {"outage": "{expected: true, minutes: 60}"}  # three points of the five that make a medium risk
LONG_OUTAGE = {"outage": "{expected: true, minutes: 240}"}  # four of them
SHOWN = "but as it is now the commits have it since 2026-11-21 10:00 UTC"
MANAGER = "needs 1 of 1 by change manager"
BOARD = "needs 2 of 2 by cab"
MIA = "needs 1 of 1 by owner: mia could"


def asked(at: str, **fields: str) -> Step:
    """A change for which authorisation was asked at a time, by its timeline."""
    text = change(**fields) + f"  - {{at: {at}, by: ann, state: authorize}}\n"
    return write(CHANGE_PATH, text)


def dated(when: str) -> Step:
    """Commit everything as ann at a time that she chooses."""

    def step(w: World) -> None:
        w.git("add", "-A")
        env = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        w.git("commit", "-q", "-m", "change", env=env)

    return step


def squash_at(when: str) -> Step:
    def step(w: World) -> None:
        w.git("reset", "-q", "--soft", "main")
        dated(when)(w)

    return step


def no_rule(name: str) -> Step:
    """Take a rule out of the policy."""

    def step(w: World) -> None:
        head, mark, rest = (w.root / POLICY_PATH).read_text("utf-8").partition(f"  - name: {name}\n")
        assert mark
        w.write(POLICY_PATH, head + rest[rest.index("\n  - name: ") + 1 :])

    return step


def freeze(exempt: str) -> Step:
    text = (
        "id: quiet\nclass: calendar\nname: Quiet\nowner: net\nlifecycle: production\ntype: freeze\n"
        "time_zone: UTC\nwindows:\n  - {name: Quiet, start: 2026-11-22T00:00:00Z, end: 2026-11-23T00:00:00Z}\n"
        f"exempt_types: [{exempt}]\n"
    )
    return write("cmdb/calendars/quiet.yaml", text)


def dependent(criticality: str = "critical") -> Step:
    extra = f"criticality: {criticality}\nlinks:\n  - {{type: depends_on, target: s1}}\n"
    return write(S2, server("s2", owner="net", extra=extra))


def belongs(pattern: str, item: str = "s2", owner: str = "net") -> Step:
    return write(f"cmdb/servers/{item}.yaml", server(item, owner=owner, extra=f'paths: ["{pattern}"]\n'))


def for_incident(**about: str) -> tuple[Step, ...]:
    """An emergency of s1 that names an incident of the target branch, brought in by ann."""
    return (record(**{**FOR_INCIDENT, **about}), commit())


EXCLUDED = {"excluded_cis": "[{ci: s2, reason: It has the other disk.}]"}
STANDARD = {"type": "standard", "template": "standard-disk"}
BY_TEMPLATE = (write(TEMPLATE_PATH, TEMPLATE),)
HIGH = {"risk": "{level: high, reason: Never.}"}
BOTH = {**FOR_INCIDENT, **HIGH, "cis": "[s1, s2]"}
OPEN = (write(INCIDENT_PATH, incident()),)

LEAD_TIMES = (
    Situation("lead time: asked for early, as the commits show", SATISFIED, "approved by bob", (ok("bob"),),
              request=(asked("2026-11-21T09:50:00Z", **LATER, **OUTAGE), commit())),
    Situation("lead time: asked for late, and said so", UNSATISFIED, MANAGER, (ok("bob"),), request=(asked("2026-11-21T09:50:00Z", **SOON, **OUTAGE), commit())),
    Situation("lead time: dated back from the beginning", UNSATISFIED, MANAGER, (ok("bob"),), request=(asked("2026-11-01T09:00:00Z", **SOON, **OUTAGE), commit())),
    Situation("lead time: dated back is told", UNSATISFIED, SHOWN, (ok("bob"),), request=(asked("2026-11-01T09:00:00Z", **SOON, **OUTAGE), commit())),
    Situation("lead time: moved back in a later commit", UNSATISFIED, SHOWN, (ok("bob"),),
              request=(asked("2026-11-21T09:50:00Z", **SOON, **OUTAGE), commit(), edit(CHANGE_PATH, "at: 2026-11-21T", "at: 2026-11-01T"), commit())),
    Situation("lead time: commits dated back as well", UNSATISFIED, SHOWN, (ok("bob"),),
              request=(asked("2026-11-01T09:00:00Z", **SOON, **OUTAGE), dated("2026-11-01T09:05:00Z"))),
    Situation("lead time: moved back in a record of the target branch", UNSATISFIED, MANAGER, (ok("bob"),),
              base=(asked("2026-11-21T09:50:00Z", **SOON, **OUTAGE),),
              request=(edit(CHANGE_PATH, "at: 2026-11-21T", "at: 2026-11-01T"), edit(CHANGE_PATH, "implementers: [dora]", "implementers: [eve]"), commit())),
    Situation("lead time: the window is brought forward", UNSATISFIED, MANAGER, (ok("bob"),),
              base=(asked("2026-11-01T09:00:00Z", **LATER, **OUTAGE),), request=(asked("2026-11-01T09:00:00Z", **SOON, **OUTAGE), commit())),
    Situation("lead time: asked for another item, then this one", UNSATISFIED, MANAGER, (ok("bob"), ok("mia")),
              base=(asked("2026-11-01T09:00:00Z", **SOON, **OUTAGE, cis="[s2]"),), request=(asked("2026-11-01T09:00:00Z", **SOON, **OUTAGE), commit())),
    Situation("lead time: authorised long ago, only who does it changes", SATISFIED, "approved by bob", (ok("bob"),),
              base=(asked("2026-11-20T10:00:00Z", **LATER, **OUTAGE),), request=(edit(CHANGE_PATH, "implementers: [dora]", "implementers: [eve]"), commit())),
    Situation("lead time: the window is put off", SATISFIED, "approved by bob", (ok("bob"),),
              base=(asked("2026-11-20T10:00:00Z", **SOON, **OUTAGE),), request=(asked("2026-11-20T10:00:00Z", **LATER, **OUTAGE), commit())),
    Situation("lead time: a squash of what was reviewed keeps it", SATISFIED, "approved by bob", (ok("bob"),),
              request=(asked("2026-11-21T09:50:00Z", planned_start="2026-11-24T10:30:00Z", planned_end="2026-11-24T15:00:00Z", **LONG_OUTAGE), commit()),
              after=(squash_at("2026-11-22T11:30:00Z"),)),
)  # fmt: skip

EXCLUSIONS = (
    Situation("exclusion: the owner of a critical dependent is asked", UNSATISFIED, MIA, (ok("bob"),), base=(dependent(),), request=(record(**EXCLUDED), commit())),
    Situation("exclusion: and agrees", SATISFIED, "s2 (critical, of net): It has the other disk.", (ok("bob"), ok("mia")), base=(dependent(),), request=(record(**EXCLUDED), commit())),
    Situation("exclusion: of something less important is told only", SATISFIED, "leaves out 1 item that it says it does not touch: s2 (low, of net)", (ok("bob"),),
              base=(dependent("low"),), request=(record(**EXCLUDED), commit())),
    Situation("exclusion: made unimportant in the same request", UNSATISFIED, MIA, (ok("bob"),), base=(dependent(),),
              request=(record(**EXCLUDED), edit(S2, "criticality: critical", "criticality: low"), commit())),
    Situation("exclusion: added to an authorised change", UNSATISFIED, MIA, (ok("bob"),), base=(dependent(), record()), request=(record(**EXCLUDED), commit())),
    Situation("exclusion: a policy that does not ask tells all the same", SATISFIED, "leaves out 1 item", (ok("bob"),),
              base=(dependent(), no_rule("owner-of-each-exclusion")), request=(record(**EXCLUDED), commit())),
    Situation("exclusion: in a standard change", UNSATISFIED, MIA, (ok("paul"),), base=(dependent(), *BY_TEMPLATE), request=(record(**STANDARD, **EXCLUDED), commit())),
    Situation("exclusion: its owner's word approves nothing else", UNSATISFIED, "needs 1 of 1 by owner: bob, carl could", (ok("mia"),), base=(dependent(),), request=(record(**EXCLUDED), commit())),
    Situation("answers: the lowest ones are told", SATISFIED, "answers 2 of 6 questions about its risk with the lowest answer: rehearsed fully, way_back proven", (ok("bob"),),
              request=(record(risk="{level: low, reason: Easy., answers: {rehearsed: fully, way_back: proven, experience: once}}"), commit())),
)  # fmt: skip

FILES = (
    Situation("files: of no item are told", SATISFIED, "1 file belongs to no item and so to nobody who is asked for it: infra/payments/prod.tf", (ok("bob"),),
              request=(record(), write("infra/payments/prod.tf", "x\n"), commit())),
    Situation("files: many are counted", SATISFIED, "12 files belong to no item and so to nobody who is asked for it: infra/0.tf, infra/1.tf, infra/10.tf, infra/11.tf and 8 more", (ok("bob"),),
              request=(record(), *(write(f"infra/{n}.tf", "x\n") for n in range(12)), commit())),
    Situation("files: of an item that is not named ask its owner", UNSATISFIED, MIA, (ok("bob"),), base=(belongs("infra/s2/**"),),
              request=(record(), write("infra/s2/a/b.tf", "x\n"), commit())),
    Situation("files: whose owner agrees", SATISFIED, "1 file belongs to s2, which no change here names; its owner is asked: infra/s2/b.tf", (ok("bob"), ok("mia")),
              base=(belongs("infra/s2/**"),), request=(record(), write("infra/s2/b.tf", "x\n"), commit())),
    Situation("files: of the item that is named need nobody else", SATISFIED, "approved by bob", (ok("bob"),), base=(belongs("infra/s1/*.tf", "s1", "ops"),),
              request=(record(), write("infra/s1/b.tf", "x\n"), commit())),
    Situation("files: taken over in the same request", UNSATISFIED, MIA, (ok("bob"),), base=(belongs("infra/**"),),
              request=(record(), belongs("none/**"), belongs("infra/**", "s1", "ops"), write("infra/b.tf", "x\n"), commit())),
    Situation("files: beside a standard change", UNSATISFIED, MIA, (ok("paul"),), base=(belongs("infra/s2/**"), *BY_TEMPLATE),
              request=(record(**STANDARD), write("infra/s2/b.tf", "x\n"), commit())),
    Situation("files: beside progress", UNSATISFIED, MIA, (ok("bob"),), base=(belongs("docs/s2/**"), record()),
              request=(record(state="implement"), write("docs/s2/a.md", "x\n"), commit())),
    Situation("files: no emergency of another item lets them pass", UNSATISFIED, MIA, (ok("oscar"), ok("paul")),
              base=(belongs("infra/s2/**"), write("cmdb/teams/net.yaml", NET_ON_CALL), *OPEN),
              request=(record(**FOR_INCIDENT), write("infra/s2/b.tf", "x\n"), commit())),
    Situation("files: pages of an item ask its owner", UNSATISFIED, MIA, (ok("bob"),), base=(belongs("docs/s2/**"),), request=(write("docs/s2/a.md", "x\n"), commit())),
    Situation("files: pages of an item by its owner's word", SATISFIED, "approved by mia", (ok("mia"),), base=(belongs("docs/s2/**"),), request=(write("docs/s2/a.md", "x\n"), commit())),
)  # fmt: skip

PAST = {"planned_start": "2026-11-01T20:00:00Z", "planned_end": "2026-11-01T21:00:00Z"}
DONE_TODAY = {"planned_start": "2026-11-22T03:00:00Z", "planned_end": "2026-11-22T06:00:00Z"}
WINDOWS = (
    Situation("window: over", ERROR, "ended on 2026-11-01 21:00 UTC, 20 d ago, so nothing can be authorised for it", (ok("bob"),), request=(record(**PAST), commit())),
    Situation("window: over an hour ago", ERROR, "6 h ago, so nothing can be authorised", (ok("bob"),), request=(record(**DONE_TODAY), commit())),
    Situation("window: going on", SATISFIED, "approved by bob", (ok("bob"),), request=(record(**{**DONE_TODAY, "planned_end": "2026-11-22T18:00:00Z"}), commit())),
    Situation("window: over, and straight to work", ERROR, "nothing can be authorised", (ok("bob"),), request=(record(**PAST, state="implement"), commit())),
    Situation("window: over, and opened again", ERROR, "nothing can be authorised", (ok("bob"),), base=(record(**PAST, state="closed"),), request=(record(**PAST, state="implement"), commit())),
    Situation("window: over in a draft", SATISFIED, "approved by paul", (ok("paul"),), request=(record(**PAST, state="draft"), commit())),
    Situation("window: over, recorded as done", SATISFIED, "approved by bob", (ok("bob"),), request=(record(**PAST, state="closed", outcome="successful"), commit())),
    Situation("window: an emergency of this night", OVERRIDDEN, "overridden by oscar as on call", (ok("oscar"),), base=OPEN, request=for_incident(**DONE_TODAY)),
    Situation("window: an emergency of this night without an incident", ERROR, "nothing can be authorised", (ok("bob"),), request=(record(**{**EMERGENCY, **DONE_TODAY}), commit())),
    Situation("window: work that began long after it is told", NOT_APPLICABLE, "the work began 20 d after its window had ended (2026-11-01 21:00 UTC)",
              base=(record(**PAST),), request=(record(**PAST, state="implement"), commit())),
    Situation("window: work that ended after it is told", NOT_APPLICABLE, "the work ended 11 h after its window", base=(record(**PAST, state="implement"),),
              request=(record(**PAST, state="review", actual_start="2026-11-01T20:00:00Z", actual_end="2026-11-02T08:00:00Z"), commit())),
)  # fmt: skip

EMERGENCIES = (
    Situation("emergency: for an incident of another item", UNSATISFIED, "it is about s2, which the change neither touches nor puts at risk", (ok("oscar"),),
              base=(write(INCIDENT_PATH, incident(about="cis: [s2]")),), request=for_incident()),
    Situation("emergency: for an incident of what depends on it", OVERRIDDEN, "overridden by oscar as on call", (ok("oscar"),),
              base=(dependent("low"), write(INCIDENT_PATH, incident(about="cis: [s2]"))), request=for_incident()),
    Situation("emergency: for an incident about nothing", UNSATISFIED, "does not say which service or item it is about", (ok("oscar"),),
              base=(write(INCIDENT_PATH, incident(about="")),), request=for_incident()),
    Situation("emergency: for an incident of last year", UNSATISFIED, "it was opened on 2025-11-20, more than 14 d ago", (ok("oscar"),),
              base=(write(INCIDENT_PATH, incident("on_hold", opened="2025-11-20T09:00:00Z")),), request=for_incident()),
    Situation("emergency: where the policy waits longer", OVERRIDDEN, "overridden by oscar as on call", (ok("oscar"),),
              base=(write(INCIDENT_PATH, incident(opened="2026-11-01T09:00:00Z")), edit(POLICY_PATH, "incident_opened_within: P14D", "incident_opened_within: P30D")), request=for_incident()),
    Situation("emergency: for an incident of tomorrow", UNSATISFIED, "which is yet to come", (ok("oscar"),),
              base=(write(INCIDENT_PATH, incident(opened="2026-11-23T09:00:00Z")),), request=for_incident()),
    Situation("emergency: for an incident without a beginning", UNSATISFIED, "does not say when it was opened", (ok("oscar"),),
              base=(write(INCIDENT_PATH, incident(opened="")),), request=for_incident()),
    Situation("emergency: of next year", UNSATISFIED, "the change is planned for 2027-03-01, more than 2 d from now", (ok("oscar"),),
              base=OPEN, request=for_incident(planned_start="2027-03-01T20:00:00Z", planned_end="2027-03-01T21:00:00Z")),
    Situation("emergency: whose window is not known yet", OVERRIDDEN, "overridden by oscar as on call", (ok("oscar"),), base=OPEN, request=for_incident(planned_start="", planned_end="")),
    Situation("emergency: whose window ends before it begins", UNSATISFIED, "does not say when it is carried out", (ok("oscar"),), base=OPEN, request=for_incident(planned_start="2026-11-22T15:00:00Z")),
    Situation("emergency: whose window is no time", UNSATISFIED, "does not say when it is carried out", (ok("oscar"),), base=OPEN, request=for_incident(planned_start="soon")),
    Situation("emergency: the incident is made to fit in the same request", UNSATISFIED, "it is about s2, which the change neither touches nor puts at risk", (ok("oscar"),), base=(write(INCIDENT_PATH, incident(about="cis: [s2]")),),
              request=(record(**FOR_INCIDENT), write(INCIDENT_PATH, incident()), commit())),
    Situation("emergency: in a freeze that lets emergencies through", OVERRIDDEN, "overridden by oscar as on call", (ok("oscar"),), base=(freeze("emergency"), *OPEN), request=for_incident()),
    Situation("emergency: in such a freeze without an incident", UNSATISFIED, BOARD, (ok("bob"),), base=(freeze("emergency"),), request=(record(**EMERGENCY), commit())),
    Situation("freeze: another type that it lets through", SATISFIED, "approved by bob", (ok("bob"),), base=(freeze("normal"),),
              request=(record(planned_start="2026-11-22T14:00:00Z", planned_end="2026-11-22T15:00:00Z"), commit())),
)  # fmt: skip

ON_CALL = (
    Situation("on call: for one of two items, and the board", UNSATISFIED, BOARD, (ok("bob"), ok("paul")), base=(write("cmdb/teams/net.yaml", NET_ON_CALL), *OPEN), request=(record(**BOTH), commit())),
    Situation("on call: for one of two items, and the change manager", UNSATISFIED, MANAGER, (ok("mia"), ok("oscar")), base=(write("cmdb/teams/net.yaml", NET_ON_CALL), *OPEN), request=(record(**BOTH), commit())),
    Situation("on call: each for their own, and together", OVERRIDDEN, "overridden by oscar, paul as on call", (ok("oscar"), ok("paul")),
              base=(write("cmdb/teams/net.yaml", NET_ON_CALL), *OPEN), request=(record(**BOTH), commit())),
    Situation("on call: for everything that it is about", OVERRIDDEN, "overridden by oscar as on call", (ok("oscar"),), base=OPEN, request=(record(**FOR_INCIDENT, **HIGH), commit())),
    Situation("on call: nobody for one of the items", UNSATISFIED, "or an override by nobody at present: nobody is on call for s2", (ok("oscar"),), base=OPEN, request=(record(**BOTH), commit())),
    Situation("on call: one of the board is not", UNSATISFIED, "needs 1 more of 2 by cab", (ok("cab-one"), ok("bob")), base=OPEN, request=(record(**FOR_INCIDENT, **HIGH), commit())),
    Situation("on call: alone, for a part of it", UNSATISFIED, BOARD, (ok("oscar"), ok("mia")), base=(write("cmdb/teams/net.yaml", NET_ON_CALL), *OPEN), request=(record(**BOTH), commit(by="oscar"))),
)  # fmt: skip

TEMPLATES = (
    *(
        Situation(f"template: {name}", UNSATISFIED, says, (ok("paul"),), base=BY_TEMPLATE, request=(record(**{**STANDARD, **fields}), commit()))
        for name, says, fields in (
            ("an interruption of four days", "needs 1 of 1 by owner", {"outage": "{expected: true, minutes: 6000}"}),
            ("an interruption that is not expected but long", "needs 1 of 1 by owner", {"outage": "{expected: false, minutes: 6000}"}),
            ("an interruption of unknown length", "needs 1 of 1 by owner", {"outage": "{expected: true}"}),
            ("a window of a year", "needs 1 of 1 by owner", {"planned_end": "2027-11-25T21:00:00Z"}),
            ("a high risk", BOARD, HIGH),
            ("a medium risk", MANAGER, {"risk": "{level: medium, reason: Hm.}"}),
        )
    ),
    Situation("template: within its limits", SATISFIED, "approved by paul", (ok("paul"),), base=BY_TEMPLATE, request=(record(**STANDARD, outage="{expected: true, minutes: 10}"), commit())),
    Situation("template: with limits of its own", SATISFIED, "approved by paul", (ok("paul"),),
              base=(write(TEMPLATE_PATH, TEMPLATE + "limits: {outage_minutes: 120, window_hours: 48, risk: medium}\n"),),
              request=(record(**STANDARD, outage="{expected: true, minutes: 90}", planned_end="2026-11-27T20:00:00Z", risk="{level: medium, reason: Hm.}"), commit())),
    Situation("template: limits widened in the same request", UNSATISFIED, "needs 1 of 1 by owner", (ok("paul"),), base=BY_TEMPLATE,
              request=(record(**STANDARD, outage="{expected: true, minutes: 90}"), write(TEMPLATE_PATH, TEMPLATE + "limits: {outage_minutes: 120}\n"), commit())),
)  # fmt: skip

FACTS = (*LEAD_TIMES, *EXCLUSIONS, *FILES, *WINDOWS, *EMERGENCIES, *ON_CALL, *TEMPLATES)
