"""The one comment on a request: what a reviewer must know before approving, on one screen.

A pure function of data. It answers: what, why, when, how risky and why, who is hit, what if it
fails, what it collides with, and who must still approve. All text of records is escaped
(``markdown``); the whole fits the forges' limit, and what is cut says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from itsm_gitops.forges.reviews import Review
from itsm_gitops.gate import types
from itsm_gitops.gate.markdown import code, plain
from itsm_gitops.gate.types import Assessment, Verdict

MARKER = "<!-- itsm:approvals:v1 -->"
BODY_MAX = 65_536
_MANY = 6
_PEOPLE = 4
_ROWS = 10
_WORDS = {
    types.SATISFIED: "✅&nbsp;approved",
    types.UNSATISFIED: "⏳&nbsp;waiting",
    types.NOT_REQUIRED: "➖&nbsp;nobody&nbsp;need&nbsp;approve",
    types.NOT_APPLICABLE: "➖&nbsp;not&nbsp;needed",
    types.OVERRIDDEN: "⚠️&nbsp;overridden",
    types.BYPASSED: "⛔&nbsp;bypassed",
    types.COMPOSED: "⛔&nbsp;composed",
    types.ERROR: "⛔&nbsp;error",
}
_HEADLINES = {
    types.SATISFIED: "✅ Approved: this may be merged",
    types.NOT_APPLICABLE: "✅ Nobody need approve this: it may be merged",
    types.OVERRIDDEN: "⚠️ Approved by an override: a review must follow",
    types.UNSATISFIED: "⏳ Approvals are missing",
    types.BYPASSED: "⛔ Merged without approval",
    types.COMPOSED: "⛔ Merged into something that nobody saw",
    types.ERROR: "⛔ This cannot be merged as it is",
}


@dataclass(frozen=True, slots=True)
class ChangeBrief:
    """What a reviewer must know of one change. All texts are as the record has them.

    ``window`` and ``outage`` are ready to read; ``reasons`` say where the risk comes from,
    ``services`` who is hit (effect and services), ``collisions`` which other changes and calendars
    are in the way.
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
    services: tuple[tuple[str, tuple[str, ...]], ...] = ()
    items: tuple[str, ...] = ()
    backout: str = ""
    test: str = ""
    collisions: tuple[str, ...] = ()


def render(
    assessment: Assessment, changes: Sequence[ChangeBrief] = (), names: Mapping[str, str] | None = None
) -> str:
    """Return the body of the comment.

    ``names`` maps people, and roles as ``role:NAME``, to what they are called.
    """
    called = names or {}
    blocks = [
        f"{MARKER}\n### {_HEADLINES.get(assessment.result, _HEADLINES[types.ERROR])}",
        *(_change(c) for c in changes[:3]),
        _and_more(len(changes) - 3, "change"),
        *(f"> ⛔ {plain(m, 300)}" for m in assessment.messages[:_MANY]),
        _notes(assessment),
        _approvals(assessment, called),
        _rejected(assessment, called),
        _footer(assessment),
    ]
    return _bounded([b for b in blocks if b])


def _notes(assessment: Assessment) -> str:
    """List what the reviewer has to judge, because no rule can."""
    rows = [f"- 👁️ {plain(note, 300)}" for note in assessment.notes[:_MANY]]
    more = _and_more(len(assessment.notes) - _MANY, "note")
    return "\n".join([*rows, *([f"- {more}"] if more else [])])


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
        ("Why", plain(_cut(change.why, 160))),
        ("What", plain(_cut(change.plan, 230))),
        ("When", _joined([change.window, change.outage], " · ")),
        ("Risk", _risk(change)),
        ("Changes", _listed(change.items)),
        ("Who&nbsp;is&nbsp;hit", _hit(change.services) or "no service that the CMDB knows of"),
        ("If&nbsp;it&nbsp;fails", plain(_cut(change.backout, 230)) or "⚠️ there is no plan to back out"),
        ("Tested", plain(_cut(change.test, 110))),
        ("Conflicts", "<br>".join(plain(c, 160) for c in change.collisions[:4]) or "none"),
    ]
    table = "\n".join(f"| **{name}** | {value} |" for name, value in rows if value)
    return f"**{code(change.id)} {plain(change.title, 160)}** ({kind})\n\n| | |\n|---|---|\n{table}"


def _cut(text: str, cells: int) -> str:
    """Shorten a text to whole words; numbers of a list's steps stay, line breaks go."""
    line = " ".join(text.split())
    return line if len(line) <= cells else line[:cells].rsplit(" ", 1)[0].rstrip(".,;:") + " …"


def _risk(change: ChangeBrief) -> str:
    level = f"**{plain(change.risk)}**" if change.risk else "⚠️ not assessed"
    return _joined_raw([level, "; ".join(plain(r, 120) for r in change.reasons[:3])], ": ")


def _hit(services: Sequence[tuple[str, Sequence[str]]]) -> str:
    return "<br>".join(f"{plain(effect)}: {_listed(names)}" for effect, names in services)


def _joined(texts: Iterable[str], between: str) -> str:
    return _joined_raw([plain(t, 160) for t in texts], between)


def _joined_raw(texts: Iterable[str], between: str) -> str:
    return between.join(t for t in texts if t)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(code(n) for n in names[:_MANY])
    return shown + (f" and {len(names) - _MANY} more" if len(names) > _MANY else "")


def _approvals(assessment: Assessment, called: Mapping[str, str]) -> str:
    changes = assessment.changes if len(assessment.changes) == 1 else ()
    asked = [v for v in assessment.verdicts if v.result != types.NOT_APPLICABLE]
    if not asked:
        return ""
    worst_first = sorted(_grouped(asked), key=lambda g: types.RESULTS.index(g[0].result))
    rows = [_verdict(group, called, changes) for group in worst_first[:_ROWS]]
    head = "| Who must approve | Stands | |\n|---|---|---|"
    more = _and_more(len(worst_first) - _ROWS, "requirement")
    return "\n".join([head, *rows]) + (f"\n\n{more}" if more else "")


def _grouped(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """Put together what differs in its subject only: one person's approval answers all of it."""
    groups: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in verdicts:
        need = verdict.requirement
        said = (need.role, need.count, verdict.result, verdict.counted, verdict.could, verdict.reason)
        groups.setdefault(said, []).append(verdict)
    return list(groups.values())


def _verdict(group: Sequence[Verdict], called: Mapping[str, str], changes: Sequence[str]) -> str:
    verdict = group[0]
    need = verdict.requirement
    role = plain(called.get(f"role:{need.role}", need.role.replace("_", " ")))
    who = f"{need.count} × {role}" if need.count > 1 else role
    # That it is about the only change needs no saying.
    named = [v.requirement.subject for v in group if v.requirement.subject not in ("", *changes)]
    asked = " of ".join(w for w in (who, _listed(named)) if w)
    return f"| {asked} | {_WORDS.get(verdict.result, plain(verdict.result))} | {_people(verdict, called)} |"


def _people(verdict: Verdict, called: Mapping[str, str]) -> str:
    """Say who approved; where that is not enough, who could, or why nobody can."""
    by = ", ".join(dict.fromkeys(_person(r, called) for r in verdict.counted))
    said = [f"by {by}"] if by else []
    if verdict.result not in (types.SATISFIED, types.NOT_REQUIRED, types.OVERRIDDEN):
        could = ", ".join(plain(called.get(p, p), 40) for p in verdict.could[:_PEOPLE])
        more = len(verdict.could) - _PEOPLE
        nobody = f"⚠️ {plain(verdict.reason, 160) or 'nobody'}"
        said.append(f"could: {could}{f' and {more} more' if more > 0 else ''}" if could else nobody)
    return "; ".join(said)


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
