"""The parts of a change's page about approvals, collisions and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.standing import ApprovalNeed, Proof
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import definition_list
from itsm_gitops.presentation.language import t, told, within
from itsm_gitops.presentation.markup import EMPTY, Html, esc, external, join, link, words
from itsm_gitops.presentation.pages.risk import named
from itsm_gitops.presentation.remainder import opening
from itsm_gitops.presentation.view import View

_NAMED = 8
_RESULTS = {
    "SATISFIED": ("Approved", "done"),
    "OVERRIDDEN": ("Allowed in an emergency", "waiting"),
    "BYPASSED": ("Merged without the gate", "bad"),
    "COMPOSED": ("Merged into something nobody reviewed", "bad"),
    "UNSATISFIED": ("Not approved", "bad"),
    "ERROR": ("Could not be judged", "bad"),
    "NOT_REQUIRED": ("No approval needed", "none"),
    "NOT_APPLICABLE": ("No approval needed", "none"),
}
_SHORT = 16
_NOBODY = "The policy asks for nobody's approval."
_DECIDED = "Approved. The approver is not recorded."
_BY_TEMPLATE = "Covered by the approved template {template}."


class AskedApprovals(NamedTuple):
    """What the policy asks for to authorise a change, and how far it is approved.

    ``facts`` says what the rules found in the change; ``given`` are the people whose approval counts; ``requests`` are links
    to where it is being reviewed. ``is_decided`` says that the work was authorised and no evidence tells by whom;
    ``template`` is the title of the approved one that it keeps to.
    """

    needs: Sequence[ApprovalNeed]
    facts: str
    done: int
    total: int
    given: frozenset[str]
    requests: Sequence[Html]
    is_decided: bool = False
    template: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether a box at the head of the page says how far it is approved."""
        return bool(self.needs) and not self.is_decided


def approvals_asked(view: View, entry: Entry, data: Mapping[str, Any]) -> AskedApprovals | None:
    """Return whose approval an open change needs, None for everything else.

    What was approved on the way to a draft is no approval of the work, so evidence counts once that is authorised.
    """
    if meaning.CHANGE not in view.kind(entry).plays or not view.is_open(entry) or view.asking is None:
        return None  # in this order: asking is a question about everything
    asking = view.asking(entry, data)
    if not asking.facts:
        return None
    authorised = facts.is_firm(view.book, entry.kind, entry.state)
    found = view.proofs.get(entry.id, ()) if authorised else ()
    given = frozenset(who for proof in found for who, _ in proof.approvers)
    done = sum(min(n.number, len(given & set(n.people))) for n in asking.needs)
    total = sum(n.number for n in asking.needs)
    decided = authorised and not found
    requests = _pull_requests(data)
    template = template_title(view, data) if asking.by_template else ""
    return AskedApprovals(asking.needs, asking.facts, done, total, given, requests, decided, template)


def template_title(view: View, data: Mapping[str, Any]) -> str:
    """Return the title of the template of a change, else its name; empty where it has none."""
    name = data.get("template")
    if not isinstance(name, str):
        return ""
    title = view.book.template(name).get("title") if name in view.book.templates else None
    return title if isinstance(title, str) else name


def decided_parts(view: View, entry: Entry, asked: AskedApprovals | None) -> list[tuple[str, str, Html]]:
    """Return the parts about the approval of a change (title, anchor, content); the box at the head has what it waits for."""
    proofs = view.proofs.get(entry.id, ())
    said = EMPTY if asked is None or asked.is_waiting else _unasked(view, asked)
    return [
        ("Approvals", "approvals", said),
        ("Evidence of approval", "evidence", join([_proof(view, p) for p in proofs])),
        ("Conflicts", "conflicts", _conflicts(view, entry)),
    ]


def _unasked(view: View, asked: AskedApprovals) -> Html:
    """Return what the policy asks for of a change that waits for nobody, and what is known of its approval."""
    needs = join([_need(view, n) for n in asked.needs]) or Html(f"<li>{esc(t(_NOBODY))}</li>")
    detail = Html(f"<ul class=it-needs>{needs}</ul>{found_by_rules(view, asked)}")
    if not asked.needs:
        return detail
    said = t(_BY_TEMPLATE, template=asked.template) if asked.template else t(_DECIDED)
    return Html(f"<p>{esc(said)}</p>{policy_fold(detail)}")


def policy_fold(detail: Html) -> Html:
    """Return what the policy asks for, folded."""
    said = esc(t("What the policy asks for"))
    return Html(f"<details class=it-fold><summary>{said}</summary>{detail}</details>")


def found_by_rules(view: View, asked: AskedApprovals) -> Html:
    """Return what the rules saw in the change."""
    text = t(
        "What the policy asks for to authorise this change as it is written here. The rules found that it {facts}.",
        facts=t(asked.facts),
    )
    return Html(f"<p class=it-muted>{named(view, text)}</p>")


def _role(need: ApprovalNeed) -> str:
    """Return the role that a requirement names, in words within a sentence."""
    return within(words(need.role))


def _pull_requests(data: Mapping[str, Any]) -> list[Html]:
    """Return where the change is being reviewed, as far as it says so."""
    urls_of = data.get("pull_requests")
    texts = [u for u in urls_of if isinstance(u, str)] if isinstance(urls_of, list) else []
    return [external(u, esc(t("Pull request"))) for u in texts[:_NAMED]]


def _need(view: View, need: ApprovalNeed) -> Html:
    role = _role(need)
    subject = Html(f" {told('of {subject}', subject=view.link(need.subject))}") if need.subject else EMPTY
    signed = f" ({t('signed')})" if need.signed else ""
    if need.error:
        who = Html(f"<small>{esc(t(need.error))}</small>")
        return Html(f"<li>{chip('Cannot be asked', 'bad')} {esc(role)}{subject}{who}</li>")
    people = ", ".join(view.link(p) for p in need.people[:_NAMED])
    more = opening([view.link(p) for p in need.people[_NAMED:]]) if len(need.people) > _NAMED else EMPTY
    could = Html(f": {people}{more}") if people else Html(f" {chip('Nobody can', 'bad')}")
    rule = t("From the rule {rule}.", rule=need.rule)
    why = Html(f"<small>{esc(t(need.why))} {esc(rule)}</small>")
    return Html(f"<li><strong>{need.number}</strong> {esc(role)}{subject}{signed}{could}{why}</li>")


_STATEMENT = "Statement {number}. {file}. {command} computes it again."
_VERIFY = Html("<code>itsm audit verify</code>")


def _proof(view: View, proof: Proof) -> Html:
    outcome, look = _RESULTS.get(proof.result, (words(proof.result.lower()), "none"))
    title = "Reviewed afterwards" if proof.kind == "retroactive" else "Merged"
    requirements = "".join(
        f"<li>{esc(name)} {chip(*_RESULTS.get(result, (words(result.lower()), 'none')))}</li>"
        for name, result in proof.asked
    )
    rows = [
        ("Approved by", _approvers(view, proof.approvers), False),
        ("Asked for", Html(f"<ul class=it-list>{requirements}</ul>") if requirements else EMPTY, False),
        (
            "Commit",
            told(
                "{commit} on {branch}",
                commit=Html(f"<code>{esc(proof.commit[:_SHORT])}</code>"),
                branch=esc(proof.target),
            ),
            False,
        ),
        ("Approved content", Html(f"<code class=it-digest>{esc(proof.digest)}</code>"), False),
        ("Statement", Html(f"<code class=it-digest>sha256:{esc(proof.sha256)}</code>"), False),
        ("To be reviewed by", view.time(proof.review_due) if proof.review_due else EMPTY, False),
    ]
    file = link(urls.evidence(proof.file), esc(t("The in-toto statement as JSON")))
    return Html(
        f"<div class='it-proof'><p>{chip(outcome, look)} {esc(t(title))} {view.time(proof.judged_at)}</p>"
        f"{definition_list([r for r in rows if r[1]])}"
        f"<p class=it-muted>{told(_STATEMENT, number=esc(proof.sequence), file=file, command=_VERIFY)}</p></div>"
    )


def _approvers(view: View, approvers: Sequence[tuple[str, str]]) -> Html:
    names = [f"{view.link(who) if who in view.entries else esc(who)} ({esc(how)})" for who, how in approvers]
    return Html(", ".join(names)) if names else esc(t("nobody"))


def _conflicts(view: View, entry: Entry) -> Html:
    conflicts = view.conflicts.get(entry.id)
    if conflicts is None:
        return EMPTY
    items = []
    for collision in conflicts.collisions:
        other = collision.second if collision.first.id == entry.id else collision.first
        why = told(
            "{reason}, {start} to {end}",
            reason=esc(t(collision.reason)),
            start=view.moment(collision.overlap.start),
            end=view.moment(collision.overlap.end),
        )
        items.append(f"{view.link(other.id)} <small>{why}</small>")
    for hold in conflicts.holds:
        consequence = "its type is exempt" if hold.exempt else "nothing may change then unless it is allowed"
        freeze = told("Freeze {calendar}", calendar=view.link(hold.calendar.id))
        items.append(f"{freeze} <small>{esc(t(consequence))}</small>")
    if conflicts.outside:
        names = join([view.link(c.id) for c in conflicts.outside.calendars], ", ")
        items.append(told("Outside the maintenance windows of {calendars}", calendars=names))
    return Html(f"<ul class=it-needs>{''.join(f'<li>{i}</li>' for i in items)}</ul>")
