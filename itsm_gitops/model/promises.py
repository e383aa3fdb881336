"""The standing of clocks, which one matters most, and the words for it; for lists, pages and filters."""

from __future__ import annotations

from collections.abc import Iterable

from itsm_gitops.model.standing import Promise
from itsm_gitops.model.wording import ENGLISH, Figure, Phrase, Writer, business_time, duration

MET, MISSED, RUNNING, SOON, PAUSED = STANDINGS = ("met", "missed", "running", "soon", "paused")
_LAST = 1 << 60
_MANY_HOURS = 10 * 3600


def standings_of(promise: Promise) -> frozenset[str]:
    """Return how a clock stands: met, missed, running, and while it runs soon or paused."""
    found = {promise.verdict}
    if promise.paused_by:
        found.add(PAUSED)
    if promise.near:
        found.add(SOON)
    return frozenset(found)


def pressing(promises: Iterable[Promise]) -> Promise | None:
    """Return the clock that matters most: the running one that ends first, then the worst that was missed, then any."""
    found = list(promises)
    running = [p for p in found if p.verdict == RUNNING]
    if running:
        return min(running, key=lambda p: (bool(p.paused_by), p.left))
    return min(found, key=lambda p: p.left, default=None)


def urgency_of(promise: Promise | None) -> tuple[int, int]:
    """Return the order of clocks: missed and running ones by the time that is left, then paused ones, then those met."""
    if promise is None:
        return 3, _LAST
    if promise.verdict == MET:
        return 2, promise.left
    return (1 if promise.paused_by else 0), promise.left


def in_words(promise: Promise) -> Phrase:
    """Say how a clock stands: ``1 h 20 min left``, ``missed by 3 h``, ``paused, 2 h left``, ``met``."""
    if promise.verdict == MET:
        return Phrase("met")
    if promise.verdict == MISSED:
        return Phrase("missed by {time}", time=_time(promise, _coarse(-promise.left)))
    left = _time(promise, _coarse(promise.left))
    return Phrase("paused, {time} left" if promise.paused_by else "{time} left", time=left)


def at_a_glance(promise: Promise) -> Phrase:
    """Say how a clock stands in the room of a label: a paused one, which does not move, in whole hours where it has any."""
    if promise.verdict == RUNNING and promise.paused_by:
        left = promise.left - promise.left % 3600 if promise.left >= 3600 else promise.left
        return Phrase("paused · {time} left", time=_time(promise, left))
    return in_words(promise)


def _coarse(seconds: int) -> int:
    """Return a time without what nobody needs at a glance: minutes beside many hours."""
    return seconds - seconds % 3600 if seconds >= _MANY_HOURS else seconds


def _time(promise: Promise, seconds: int) -> Figure:
    return Figure(business_time if promise.calendar else duration, seconds)


def spoken(promise: Promise, seconds: int, writer: Writer = ENGLISH) -> str:
    """Say a time of a promise: in the hours of a calendar never in days."""
    return _time(promise, seconds).said(writer)


def pause_in_words(promise: Promise) -> str:
    """Say by what a clock is paused: ``on hold (awaiting caller)``; empty where it is not."""
    if not promise.paused_by:
        return ""
    state, *reason = (word.replace("_", " ") for word in promise.paused_by)
    return f"{state} ({reason[0]})" if reason else state
