"""The terms of a contract and of a licence in words: when notice is due, how it renews, how much of it is in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

from itsm_gitops.graph.contracts import terms_of
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.duties import NEAR, PAST
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.windows import moment_of
from itsm_gitops.presentation import fields
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import counted, digits, t, told
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, esc, join
from itsm_gitops.presentation.moments import full_day
from itsm_gitops.presentation.pages.due import SOON
from itsm_gitops.presentation.pages.lists import ListPage, class_list
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.pages.tables import ListColumn, columns, standing_column
from itsm_gitops.presentation.view import View

# Told by the words here.
_RENEWALS, _NOTICE = frozenset({"renewal", "renewal_term_months"}), frozenset({"notice_days", "end"})
OF_LICENCE = frozenset({"quantity", "in_use", "over_allocation_allowed", "perpetual", "verification"})
_RENEWAL = {"tacit": "Renews automatically", "express": "Ends unless it is renewed", "none": "Does not renew"}
_NEARLY = 0.95  # of what was bought is in use
_FOR_MONTHS = ("Renews automatically for {count} month", "Renews automatically for {count} months")


def told_of_contract(data: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields of a contract that need no row: how it renews is a sentence, and its last day to give notice is above."""
    renewals = _RENEWALS if "renewal" in data else frozenset()
    return renewals | {"notice_days"} if data.keys() >= _NOTICE else renewals


def told_of_licence(data: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields of a licence that need no row: that it never ends is said above, and of what is not bought there is no number."""
    return frozenset({"perpetual"} if data.get("quantity") else {"perpetual", "quantity"})


def notice(view: View, entry: Entry, data: Mapping[str, Any]) -> Html:
    """Return the label of a contract whose day to give notice is near or over; nothing before that."""
    kind = view.kind(entry)
    today = moment_of(view.today, "00:00", view.zone)
    day = terms_of(kind, entry, data, today, view.zone).notice
    if day is None or facts.is_inactive(kind, entry.columns) or day.stage not in (NEAR, PAST):
        return EMPTY
    left = day.days_left(today, view.zone)
    if left > SOON:
        return EMPTY
    if left < 0:
        return chip("The day to give notice is over", "bad")
    if left == 0:
        return chip("Notice due today", "degraded")
    return chip(counted(left, "Notice due in {count} day", "Notice due in {count} days"), "degraded")


def renewal(data: Mapping[str, Any]) -> Iterator[tuple[str, Html]]:
    """Yield what happens at the end of a contract."""
    months, how = data.get("renewal_term_months"), data.get("renewal")
    if how == "tacit" and isinstance(months, int):
        yield "At the end", esc(counted(months, *_FOR_MONTHS))
    elif isinstance(how, str) and how in _RENEWAL:
        yield "At the end", esc(t(_RENEWAL[how]))


def usage(view: View, data: Mapping[str, Any]) -> Html:
    """Return the section of a licence that says how much of what was bought is in use; nothing where that is not known."""
    bought, used = data.get("quantity"), data.get("in_use")
    if type(bought) is not int or type(used) is not int or bought < 1:
        return EMPTY
    over = used > bought
    full = 100 if over else round(100 * used / bought, 1)
    look = "over" if over else "nearly" if used > _NEARLY * bought else "used"
    bar = (
        '<svg class=it-use viewBox="0 0 100 4" preserveAspectRatio=none aria-hidden=true><rect width=100 height=4 />'
        f"<rect class=it-use--{look} width={full} height=4 /></svg>"
    )
    said = t("{used} of {all} in use", used=digits(used), all=digits(bought))
    rest = counted(bought - used, "{count} free", "{count} free")
    more = counted(used - bought, "{count} more than bought", "{count} more than bought")
    left = esc(more if over else rest)
    # The colour of the bar has its word beside it.
    mark = EMPTY if look == "used" else chip(more if over else rest, "bad" if over else "degraded")
    notes = [*([] if mark else [left]), *_terms(view, data)]
    below = f"<p class=it-muted>{join(notes, DOT)}</p>" if notes else ""
    return section(
        "Use",
        Html(f"<p class=it-use__said><span><b>{esc(said)}</b> {mark}</span>{bar}</p>{below}"),
        "use",
    )


def _terms(view: View, data: Mapping[str, Any]) -> Iterator[Html]:
    allowed = data.get("over_allocation_allowed")
    if isinstance(allowed, bool):
        yield esc(t("extra seats are invoiced afterwards" if allowed else "no more may be used"))
    checked = data.get("verification")
    if not isinstance(checked, dict) or not isinstance(checked.get("date"), str):
        return
    try:
        day = full_day(date.fromisoformat(checked["date"]))
    except ValueError:
        return
    by = checked.get("by")
    if isinstance(by, str):
        yield told("counted on {day} by {person}", day=esc(day), person=view.link(by) or esc(by))
    else:
        yield told("counted on {day}", day=esc(day))


def lasts(data: Mapping[str, Any]) -> Iterator[tuple[str, Html]]:
    """Yield that a licence never ends; of another its last day tells."""
    if data.get("perpetual") is True:
        yield "Term", esc(t("Does not expire"))


def licence_lists(view: View) -> Iterator[ListPage]:
    """Yield the page that lists all licences, for each class of them: of what, until when, and how much is in use."""

    def of(show: Callable[[Mapping[str, Any]], Html]) -> Callable[[Entry], Html]:
        return lambda e: show(view.store.data(e.id))

    for kind in (k for k in view.book.kinds.values() if meaning.LICENCE in k.plays):
        shown = [
            *columns(view, "name"),
            standing_column(view, kind),
            ListColumn("Product", of(lambda data: esc(data.get("product") or ""))),
            *columns(view, "owner"),
            ListColumn("Term ends", of(partial(_last_day, view)), "it-c-time"),
            ListColumn("In use", of(_in_use), "it-c-num", label="in use"),
        ]
        yield class_list(view, kind, shown)


def _last_day(view: View, data: Mapping[str, Any]) -> Html:
    if data.get("perpetual") is True:
        return esc(t("Never"))
    return fields.day(view, data["end"]) if isinstance(data.get("end"), str) else EMPTY


def _in_use(data: Mapping[str, Any]) -> Html:
    bought, used = data.get("quantity"), data.get("in_use")
    if type(bought) is not int or type(used) is not int or bought < 1:
        return EMPTY
    return esc(t("{count} of {all}", count=digits(used), all=digits(bought)))
