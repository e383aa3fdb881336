"""The box at the head of a change that waits for approvals: whose are still missing, by what they are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_gitops.model.standing import ApprovalNeed
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import digits, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, words
from itsm_gitops.presentation.pages.approval import AskedApprovals, found_by_rules, policy_fold
from itsm_gitops.presentation.remainder import folded
from itsm_gitops.presentation.view import View

_FEW = 3  # people that are named in a line


def approval_box(view: View, asked: AskedApprovals | None) -> Html:
    """Return how far a change is approved, and who can give what is missing; nothing where nobody is asked."""
    if asked is None or not asked.is_waiting:
        return EMPTY
    count = chip(
        t("{done} of {total} approved", done=asked.done, total=asked.total),
        "done" if asked.done == asked.total else "waiting",
    )
    head = join([esc(t("Approvals")), count], " ")
    rows = join([_row(view, needs, asked.given) for needs in _alike(asked.needs)])
    rules = dict.fromkeys((n.why, n.rule) for n in asked.needs)
    reasons = join([_reason(why, rule) for why, rule in rules])
    policy = policy_fold(Html(f"<ul class=it-needs>{reasons}</ul>{found_by_rules(view, asked)}"))
    where = Html(f"<p>{join(asked.requests, ' ')}</p>") if asked.requests else EMPTY
    return Html(
        f"<section class=it-approved><h2 id=approvals>{head}</h2><dl class=it-told>{rows}</dl>{where}{policy}</section>"
    )


def _alike(needs: Sequence[ApprovalNeed]) -> list[list[ApprovalNeed]]:
    """Return the requirements, together where the same people are asked in the same role about several items."""
    found: dict[object, list[ApprovalNeed]] = {}
    for need in needs:
        same = (need.role, need.number, need.people, need.signed, need.error, bool(need.subject))
        found.setdefault(same, []).append(need)
    return list(found.values())


def _row(view: View, alike: Sequence[ApprovalNeed], given: frozenset[str]) -> Html:
    """Return in what role somebody is asked about which items, and who that is."""
    need = alike[0]
    role = esc(words(need.role))
    if need.subject:
        role = told(
            "{role} of {subject}", role=role, subject=join([view.link(n.subject) for n in alike], ", ")
        )
    signed = f" ({t('signed')})" if need.signed else ""
    return Html(f"<div><dt>{role}{signed}<dd>{_who(view, need, given)}</div>")


def _who(view: View, need: ApprovalNeed, given: frozenset[str]) -> Html:
    """Return who approved, and who can give what is still missing."""
    if need.error:
        return Html(f"{chip('Cannot be asked', 'bad')}<small>{esc(t(need.error))}</small>")
    had = [p for p in need.people if p in given][: need.number]
    missing = need.number - len(had)
    done = [Html(f"{chip('Approved', 'done')} {join([view.link(p) for p in had], ', ')}")] if had else []
    left = [p for p in need.people if p not in given]
    if missing and len(left) < missing:
        done.append(chip("Nobody can", "bad"))
    elif missing:
        done.append(_choice(missing, [view.link(p) for p in left]))
    return join(done, "<br>")


def _choice(number: int, people: Sequence[Html]) -> Html:
    """Return some of several people; many are folded."""
    *first, last = people
    if number == len(people) <= _FEW:
        return told("{items} and {last}", items=join(first, ", "), last=last) if first else last
    if number == 1 and len(people) <= _FEW:
        return told("{items} or {last}", items=join(first, ", "), last=last)
    said = (
        t("Any of {count} people", count=digits(len(people)))
        if number == 1
        else t("{number} of {count} people", number=digits(number), count=digits(len(people)))
    )
    return folded(said, Html(f"<p>{join(people, ', ')}</p>"))


def _reason(why: str, rule: str) -> Html:
    """Return why a rule asks for an approval."""
    return Html(f"<li>{esc(t(why))}<small>{esc(t('From the rule {rule}.', rule=rule))}</small>")
