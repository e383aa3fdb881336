"""Clocks of agreements worked out by hand: lives of records, and what each promise makes of them.

Times are days and times of November 2026, UTC (the 2nd is a Monday). The present is Friday the 27th, 12:00. The
calendar ``office`` has the hours 8 to 18 of Berlin, which are 7 to 17 UTC; the 18th is a holiday.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NOW = "2026-11-27T12:00:00Z"

OFFICE = """\
id: office
class: calendar
name: Office
type: business_hours
time_zone: Europe/Berlin
hours:
- {days: [mon, tue, wed, thu, fri], from: '08:00', to: '18:00'}
holidays: [free]
"""
FREE = "id: free\nclass: calendar\nname: Free\ntype: holidays\ndates:\n- {date: 2026-11-18, name: Day of prayer}\n"


def _level(name: str, targets: list[tuple[str, str, int]], more: str = "", kind: str = "sla") -> str:
    lines = "".join(
        f"- {{record: incident, metric: {metric}, {f'priority: {p}, ' if p else ''}minutes: {minutes}}}\n"
        for metric, p, minutes in targets
    )
    head = (
        f"id: {name}\nclass: service-level\nname: {name}\nowner: desk\nlifecycle: production\nkind: {kind}\n"
    )
    return f"{head}targets:\n{lines}{more}"


LEVELS = {
    "gold": _level(
        "gold",
        [("response", "P1", 30), ("resolution", "P1", 240), ("resolution", "", 600)],
        "calendar: office\npause_states: [on_hold]\n",
    ),
    "prio": _level(
        "prio",
        [
            ("response", "P1", 15),
            ("resolution", "P1", 240),
            ("resolution", "P3", 1440),
            ("resolution", "P4", 5760),
        ],
    ),
    "day": _level(
        "day",
        [("response", "", 60), ("resolution", "", 480)],
        "pauses:\n- {state: on_hold, reasons: [awaiting_caller]}\n",
    ),
    "talk": _level("talk", [("response", "", 60)], "response_is: first_comment\n"),
    "give": _level("give", [("response", "", 60)], "response_is: first_assignment\n"),
    "felt": _level("felt", [("resolution", "", 240)], "starts_at: started_at\nstops_at: mitigated_at\n"),
    "late": _level("late", [("resolution", "", 60)], "start: 2026-11-10\n"),
    "team-level": _level(
        "team-level",
        [("response", "", 30), ("resolution", "", 120)],
        "teams: [net]\nunderpins: [prio]\n",
        kind="ola",
    ),
    "contract-level": _level(
        "contract-level", [("response", "", 60), ("resolution", "", 300)], "supplier: acme\n", kind="uc"
    ),
}

Expected = tuple[str, str, str, int]  # level, metric, verdict, minutes used
P1 = {"impact": "high", "urgency": "high"}
P3 = {"impact": "medium", "urgency": "medium"}
P4 = {"impact": "low", "urgency": "low"}


@dataclass(frozen=True)
class Lived:
    """A record: its service level, its timeline, and what each clock shows; ``why`` is the calculation."""

    name: str
    level: str
    steps: list[tuple[str, str] | tuple[str, str, dict[str, Any]]]
    clocks: list[Expected]
    why: str
    fields: dict[str, Any] = field(default_factory=lambda: dict(P1))
    internal: list[Expected] = field(default_factory=list)


def moved(new: dict[str, Any], old: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """An entry's values: what was set, and what was there before."""
    return {"set": new, **({"was": old} if old else {}), **more}


def at(text: str) -> str:
    return f"2026-11-{text.replace(' ', 'T')}:00Z"


START = [("02 08:00", "new"), ("02 08:05", "in_progress")]
CALLER, VENDOR = {"on_hold_reason": "awaiting_caller"}, {"on_hold_reason": "awaiting_vendor"}
RAISED, LOWERED = moved(P1, P4), moved(P4, P1)
DESK, NET = {"assigned_team": "desk"}, {"assigned_team": "net"}
LATER = {"reason": "Written down later."}

# fmt: off
TABLE = [
    Lived(
        "GOLD1", "gold", [("02 08:00", "new"), ("02 08:20", "in_progress"), ("02 10:00", "resolved")],
        [("gold", "response", "met", 20), ("gold", "resolution", "met", 120)], "8:00 to 8:20; 8:00 to 10:00",
    ),
    Lived(
        "GOLD2", "gold", [("02 16:00", "new"), ("03 08:00", "in_progress"), ("03 09:00", "resolved")],
        [("gold", "response", "missed", 120), ("gold", "resolution", "met", 180)],
        "16 to 17 and 7 to 8: 60 + 60; 16 to 17 and 7 to 9: 60 + 120",
    ),
    Lived(
        "GOLD3", "gold", [("06 16:30", "new"), ("09 07:15", "in_progress"), ("09 08:00", "resolved")],
        [("gold", "response", "missed", 45), ("gold", "resolution", "met", 90)],
        "over the week-end: 30 + 15; 30 + 60",
    ),
    Lived(
        "GOLD4", "gold",
        [("02 08:00", "new"), ("02 08:10", "in_progress"), ("02 09:00", "on_hold"), ("02 12:00", "in_progress"),
         ("02 14:00", "resolved")],
        [("gold", "response", "met", 10), ("gold", "resolution", "met", 180)], "6 hours less 3 on hold",
    ),
    Lived(
        "GOLD5", "gold", [("17 16:00", "new"), ("17 16:10", "in_progress"), ("19 08:00", "resolved")],
        [("gold", "response", "met", 10), ("gold", "resolution", "met", 120)], "the 18th is a holiday: 60 + 60",
    ),
    Lived(
        "GOLD6", "gold", [("07 10:00", "new"), ("07 10:05", "in_progress"), ("07 11:00", "resolved")],
        [("gold", "response", "met", 0), ("gold", "resolution", "met", 0)], "on a Saturday no time counts",
    ),
    Lived(
        "GOLD7", "gold", [("02 07:00", "new"), ("02 07:10", "in_progress"), ("03 08:00", "resolved")],
        [("gold", "resolution", "missed", 660)], "P4 has the promise for all: 10 h and 1 h", P4,
    ),
    Lived(
        "GOLD8", "gold", [("27 08:00", "new"), ("27 08:05", "in_progress")],
        [("gold", "response", "met", 5), ("gold", "resolution", "running", 240)],
        "8 to 12 is all the time there is, and not more",
    ),
    Lived(
        "GOLD9", "gold",
        [("02 08:00", "new"), ("02 08:10", "in_progress"), ("02 09:00", "resolved"), ("03 08:00", "in_progress"),
         ("03 09:30", "resolved")],
        [("gold", "response", "met", 10), ("gold", "resolution", "met", 150)],
        "8 to 9 and 8 to 9:30; between, nobody waited",
    ),
    Lived("GOLDA", "gold", [("02 08:00", "new"), ("02 18:00", "cancelled")], [], "cancelled: counts for nothing"),
    Lived(
        "PRI01", "prio", [("25 08:00", "new"), ("25 08:10", "in_progress"), ("27 11:00", "", RAISED)],
        [("prio", "resolution", "running", 60)], "raised after 51 h of the 96 h of P4; P1 from then on: 11 to 12",
        P1,
    ),
    Lived(
        "PRI02", "prio", [*START, ("02 09:00", "", LOWERED), ("03 08:00", "resolved")],
        [("prio", "response", "met", 5), ("prio", "resolution", "met", 1380)], "P4 from 9 to 8 the next day: 23 h",
        P4,
    ),
    Lived(
        "PRI03", "prio", [*START, ("02 13:00", "", LOWERED), ("02 14:00", "resolved")],
        [("prio", "response", "met", 5), ("prio", "resolution", "missed", 300), ("prio", "resolution", "met", 60)],
        "lowered after 5 h of the 4: that stays missed; P4 from 13 to 14", P4,
    ),
    Lived(
        "PRI04", "prio",
        [*START, ("02 10:00", "", LOWERED), ("02 12:00", "", RAISED), ("02 15:00", "resolved")],
        [("prio", "response", "met", 5), ("prio", "resolution", "missed", 300)],
        "P1 from 8 to 10 and from 12 to 15: going back and forth starts no new clock",
    ),
    Lived(
        "PRI05", "prio",
        [*START, ("02 12:00", "", moved(P1, P3, happened=at("02 09:00"), **LATER)), ("02 12:30", "resolved")],
        [("prio", "resolution", "met", 210)], "raised at 9, written at 12: 9 to 12:30",
    ),
    Lived(
        "PRI06", "prio",
        [*START, ("02 09:00", "", {"corrects": at("02 08:00"), "happened": at("02 07:00"), **LATER}),
         ("02 11:30", "resolved")],
        [("prio", "response", "missed", 65), ("prio", "resolution", "missed", 270)], "opened at 7 in truth",
    ),
    Lived(
        "PRI07", "prio", [*START, ("02 14:00", "resolved", {"happened": at("02 11:00"), **LATER})],
        [("prio", "response", "met", 5), ("prio", "resolution", "met", 180)], "resolved at 11, written at 14",
    ),
    Lived(
        "PRI08", "prio",
        [*START, ("02 10:00", "", moved({"priority_override.priority": "P1"})), ("02 12:00", "resolved")],
        [("prio", "resolution", "met", 120)], "P1 by hand from 10 to 12",
        {**P4, "priority_override": {"priority": "P1", "by": "ada", "reason": "The board meets."}},
    ),
    Lived(
        "DAY01", "day",
        [("02 08:00", "new"), ("02 08:30", "in_progress"), ("02 09:00", "on_hold", moved(CALLER)),
         ("02 12:00", "in_progress", {"was": CALLER}), ("02 14:00", "resolved")],
        [("day", "response", "met", 30), ("day", "resolution", "met", 180)], "awaiting the caller pauses: 6 h - 3 h",
    ),
    Lived(
        "DAY02", "day",
        [("02 08:00", "new"), ("02 08:30", "in_progress"), ("02 09:00", "on_hold", moved(VENDOR)),
         ("02 12:00", "in_progress", {"was": VENDOR}), ("02 14:00", "resolved")],
        [("day", "response", "met", 30), ("day", "resolution", "met", 360)], "awaiting a vendor does not: 6 h",
    ),
    Lived(
        "DAY03", "day",
        [("02 08:00", "new"), ("02 08:30", "in_progress"), ("02 09:00", "on_hold", moved(VENDOR)),
         ("02 10:00", "", moved(CALLER, VENDOR)), ("02 12:00", "in_progress", {"was": CALLER}),
         ("02 14:00", "resolved")],
        [("day", "response", "met", 30), ("day", "resolution", "met", 240)], "paused from 10 to 12 only: 6 h - 2 h",
    ),
    Lived(
        "DAY04", "day",
        [("02 08:00", "new"), ("02 08:30", "in_progress"), ("02 09:00", "on_hold"), ("02 12:00", "in_progress"),
         ("02 14:00", "resolved")],
        [("day", "response", "met", 30), ("day", "resolution", "met", 180)],
        "from before reasons were kept: the state pauses",
    ),
    Lived(
        "DAY05", "day",
        [("02 08:00", "new"), ("02 08:20", "on_hold", moved(CALLER)), ("02 10:00", "in_progress", {"was": CALLER}),
         ("02 11:00", "resolved")],
        [("day", "response", "met", 20), ("day", "resolution", "met", 80)],
        "putting it aside is no response; 20 min before, 60 min after",
    ),
    Lived(
        "DAY06", "day",
        [("27 08:00", "new"), ("27 08:10", "in_progress"), ("27 09:00", "on_hold", moved(CALLER))],
        [("day", "response", "met", 10), ("day", "resolution", "running", 60)], "stands still since 9",
        {**P1, **CALLER},
    ),
    Lived(
        "TALK1", "talk", [*START, ("02 09:30", "", {"comment": "We are on it."}), ("02 11:00", "resolved")],
        [("talk", "response", "missed", 90)], "first comment after 90 min",
    ),
    Lived(
        "TALK2", "talk", [*START, ("02 08:30", "", {"comment": "We are on it."}), ("02 11:00", "resolved")],
        [("talk", "response", "met", 30)], "first comment after 30 min",
    ),
    Lived("TALK3", "talk", [*START, ("02 10:00", "resolved")], [("talk", "response", "missed", 120)], "no comment"),
    Lived(
        "GIVE1", "give",
        [("02 08:00", "new"), ("02 08:40", "", moved(NET)), ("02 09:30", "in_progress"), ("02 10:00", "resolved")],
        [("give", "response", "met", 40)], "assigned at 8:40", {**P1, **NET},
    ),
    Lived(
        "GIVE2", "give", [("02 08:00", "new"), ("02 09:30", "in_progress"), ("02 10:00", "resolved")],
        [("give", "response", "missed", 90)], "nothing tells of it: when work began", {**P1, **NET},
    ),
    Lived(
        "FELT1", "felt", [*START, ("02 15:00", "resolved")], [("felt", "resolution", "met", 210)],
        "7:00 to 10:30, as declared",
        {**P1, "started_at": at("02 07:00"), "mitigated_at": at("02 10:30")},
    ),
    Lived(
        "FELT2", "felt", [*START, ("02 09:30", "resolved")], [("felt", "resolution", "missed", 270)],
        "5:00 to 9:30", {**P1, "major": {"state": "accepted", "reason": "All.", "started_at": at("02 05:00")}},
    ),
    Lived("LATE1", "late", [("09 12:00", "new"), ("09 15:00", "resolved")], [], "before the first day"),
    Lived(
        "LATE2", "late", [("09 23:30", "new"), ("10 00:15", "resolved")], [("late", "resolution", "met", 45)],
        "in Berlin the 10th began at 23:00 UTC",
    ),
    Lived("LATE3", "late", [("09 22:30", "new"), ("10 12:00", "resolved")], [], "half an hour before it began"),
    Lived(
        "TEAM1", "prio",
        [*START, ("02 09:00", "", moved(NET, DESK)), ("02 10:30", "", moved(DESK, NET)), ("02 11:00", "resolved")],
        [("prio", "response", "met", 5), ("prio", "resolution", "met", 180)], "the team had it from 9 to 10:30",
        {**P1, **DESK}, [("team-level", "response", "met", 0), ("team-level", "resolution", "met", 90)],
    ),
    Lived(
        "TEAM2", "prio", [*START, ("02 09:00", "", moved(NET, DESK)), ("02 11:30", "resolved")],
        [("prio", "response", "met", 5), ("prio", "resolution", "met", 210)], "from 9 to 11:30",
        {**P1, **NET}, [("team-level", "response", "met", 0), ("team-level", "resolution", "missed", 150)],
    ),
    Lived(
        "TEAM3", "prio", [("02 08:00", "new"), ("02 08:45", "in_progress"), ("02 09:30", "resolved")],
        [("prio", "response", "missed", 45), ("prio", "resolution", "met", 90)], "the team had it from the beginning",
        {**P1, **NET}, [("team-level", "response", "missed", 45), ("team-level", "resolution", "met", 90)],
    ),
    Lived(
        "TEAM4", "prio",
        [*START, ("02 08:30", "", moved(NET, DESK)), ("02 09:30", "", moved(DESK, NET)),
         ("02 11:00", "", moved(NET, DESK)), ("02 12:00", "resolved"), ("02 18:00", "in_progress"),
         ("02 18:30", "resolved")],
        [("prio", "response", "met", 5), ("prio", "resolution", "missed", 270)],
        "the team: 8:30 to 9:30, 11 to 12, 18 to 18:30; all: 8 to 12 and half an hour",
        {**P1, **NET}, [("team-level", "response", "met", 0), ("team-level", "resolution", "missed", 150)],
    ),
    Lived(
        "SUPP1", "day", [("02 08:00", "new"), ("02 08:30", "in_progress"), ("02 15:00", "resolved")],
        [("day", "response", "met", 30), ("day", "resolution", "met", 420)], "their case: 9 to 13, answered 9:30",
        {**P1, "supplier_cases": [{"supplier": "acme", "opened_at": at("02 09:00"), "answered_at": at("02 09:30"),
                                   "closed_at": at("02 13:00")}]},
        [("contract-level", "response", "met", 30), ("contract-level", "resolution", "met", 240)],
    ),
    Lived(
        "SUPP2", "day", [("27 05:00", "new"), ("27 05:30", "in_progress")],
        [("day", "response", "met", 30), ("day", "resolution", "running", 420)], "their case is open since 6: 6 h",
        {**P1, "supplier_cases": [{"supplier": "acme", "opened_at": at("27 06:00")}]},
        [("contract-level", "response", "missed", 360), ("contract-level", "resolution", "missed", 360)],
    ),
]
# fmt: on
