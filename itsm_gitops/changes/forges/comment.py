"""The one comment on a request: what a reviewer must know before approving, on one screen.

A pure function of data. It answers: what, why, when, how risky and why, who is hit, what if it
fails, what it collides with, and who must still approve. All text of records is escaped
(``markdown``); the whole fits the forges' limit, and what is cut says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from itsm_gitops.changes import types
from itsm_gitops.changes.forges.markdown import code, plain
from itsm_gitops.changes.types import Assessment, Review, Verdict

MARKER = "<!-- itsm:approvals:v1 -->"
BODY_MAX = 65_536
_MANY = 6
_WORDS = {
    types.SATISFIED: "✅ approved",
    types.UNSATISFIED: "⏳ waiting",
    types.NOT_APPLICABLE: "➖ not needed",
    types.OVERRIDDEN: "⚠️ overridden",
    types.BYPASSED: "⛔ bypassed",
    types.ERROR: "⛔ error",
}
_HEADLINES = {
    types.SATISFIED: "✅ Approved: this may be merged",
    types.OVERRIDDEN: "⚠️ Approved by an override: a review must follow",
    types.UNSATISFIED: "⏳ Approvals are missing",
    types.BYPASSED: "⛔ Merged without approval",
    types.ERROR: "⛔ This cannot be merged as it is",
}


class ChangeBrief(NamedTuple):
    """What a reviewer must know of one change. All texts are as the record has them.

    ``window`` and ``outage`` are ready to read; ``reasons`` say where the risk comes from,
    ``services`` who is hit, ``collisions`` which other changes and calendars are in the way.
    """

    id: str
    title: str
    type: str = ""
    state: str = ""
    why: str = ""
    plan: str = ""
    window: str = ""
    outage: str = ""
    risk: str = ""
    reasons: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    backout: str = ""
    test: str = ""
    collisions: tuple[str, ...] = ()


def render(
    assessment: Assessment, changes: Sequence[ChangeBrief] = (), names: Mapping[str, str] | None = None
) -> str:
    """Return the body of the comment. ``names`` maps people to what they are called."""
    called = names or {}
    blocks = [
        f"{MARKER}\n### {_HEADLINES.get(assessment.result, _HEADLINES[types.ERROR])}",
        *(_change(c) for c in changes[:3]),
        _and_more(len(changes) - 3, "change"),
        *(f"> ⛔ {plain(m, 300)}" for m in assessment.messages[:_MANY]),
        _approvals(assessment.verdicts, called),
        _rejected(assessment, called),
        _footer(assessment),
    ]
    return _bounded([b for b in blocks if b])


def _footer(assessment: Assessment) -> str:
    return (
        f"<sub>Content {code(assessment.digest[-12:])} of commit {code(assessment.head[:9])}, judged by the "
        f"rules of {code(assessment.base[:9])}. Approve with the forge's review; "
        f"{code('itsm approvals')} explains.</sub>"
    )


def _bounded(blocks: list[str]) -> str:
    """Join the blocks; where they are too long, drop whole ones from the end of the middle."""
    dropped = "\n\n*More than fits here: `itsm approvals` shows everything.*"
    body = "\n\n".join(blocks)
    while len(body.encode()) > BODY_MAX - len(dropped.encode()) and len(blocks) > 2:
        del blocks[-2]
        body = "\n\n".join(blocks) + dropped
    return body + "\n"


def _and_more(count: int, what: str) -> str:
    return f"… and {count} more {what}{'s' if count > 1 else ''}" if count > 0 else ""


def _change(change: ChangeBrief) -> str:
    kind = " · ".join(plain(w) for w in (change.type, change.state) if w)
    rows = [
        ("Why", plain(change.why, 240)),
        ("What", plain(change.plan, 300)),
        ("When", _joined([change.window, change.outage], " · ")),
        ("Risk", _risk(change)),
        ("Who is hit", _listed(change.services) or "no service that the CMDB knows of"),
        ("Items", _listed(change.items)),
        ("If it fails", plain(change.backout, 240) or "⚠️ there is no plan to back out"),
        ("Tested by", plain(change.test, 160)),
        ("In the way", "<br>".join(plain(c, 160) for c in change.collisions[:4]) or "nothing"),
    ]
    table = "\n".join(f"| **{name}** | {value} |" for name, value in rows if value)
    return f"**{code(change.id)} {plain(change.title, 160)}** ({kind})\n\n| | |\n|---|---|\n{table}"


def _risk(change: ChangeBrief) -> str:
    level = f"**{plain(change.risk)}**" if change.risk else "⚠️ not assessed"
    return _joined_raw([level, "; ".join(plain(r, 120) for r in change.reasons[:4])], ": ")


def _joined(texts: Iterable[str], between: str) -> str:
    return _joined_raw([plain(t, 160) for t in texts], between)


def _joined_raw(texts: Iterable[str], between: str) -> str:
    return between.join(t for t in texts if t)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(code(n) for n in names[:_MANY])
    return shown + (f" and {len(names) - _MANY} more" if len(names) > _MANY else "")


def _approvals(verdicts: Sequence[Verdict], called: Mapping[str, str]) -> str:
    asked = [v for v in verdicts if v.result != types.NOT_APPLICABLE]
    if not asked:
        return ""
    worst_first = sorted(asked, key=lambda v: types.RESULTS.index(v.result))
    rows = [_verdict(v, called) for v in worst_first[:10]]
    head = "| Who must approve | Stands | By | Could approve |\n|---|---|---|---|"
    return "\n".join([head, *rows]) + (
        f"\n\n{_and_more(len(asked) - 10, 'requirement')}" if len(asked) > 10 else ""
    )


def _verdict(verdict: Verdict, called: Mapping[str, str]) -> str:
    need = verdict.requirement
    role = plain(need.role.replace("_", " "))
    who = f"{need.count} × {role}" if need.count > 1 else role
    subject = code(need.subject) if need.subject else ""
    asked = " of ".join(w for w in (who, subject) if w)
    done = verdict.result in (types.SATISFIED, types.OVERRIDDEN)
    could = "" if done else ", ".join(plain(called.get(p, p), 40) for p in verdict.could[:_MANY])
    more = len(verdict.could) - _MANY
    nobody = "" if done else f"⚠️ {plain(verdict.reason, 160) or 'nobody'}"
    by = ", ".join(dict.fromkeys(_person(r, called) for r in verdict.counted))
    return (
        f"| {asked} | {_WORDS.get(verdict.result, plain(verdict.result))} | {by} "
        f"| {could or nobody}{f' and {more} more' if could and more > 0 else ''} |"
    )


def _rejected(assessment: Assessment, called: Mapping[str, str]) -> str:
    if not assessment.rejected:
        return ""
    rows = [f"- {_person(r.review, called)}: {plain(r.reason, 240)}" for r in assessment.rejected[:_MANY]]
    count = len(assessment.rejected)
    what = "review that does not count" if count == 1 else "reviews that do not count"
    more = [f"- {_and_more(count - _MANY, 'review')}"] if count > _MANY else []
    return "\n".join([f"<details><summary>{count} {what}</summary>\n", *rows, *more, "\n</details>"])


def _person(review: Review, called: Mapping[str, str]) -> str:
    name = called.get(review.person or "", "") or review.person or review.login or "a deleted account"
    return plain(name, 40)
