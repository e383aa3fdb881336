"""The life of a record on its page: the stepper of states and the timeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from itsm_gitops.model import clock, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.last_word import LastWord
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.timeline import CORRECTS, HAPPENED, REASON, changes_of_entry
from itsm_gitops.model.workflow import Workflow
from itsm_gitops.presentation import prose
from itsm_gitops.presentation.chips import state_look
from itsm_gitops.presentation.fields import changed, field_at, value
from itsm_gitops.presentation.language import counted, t, told
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, esc, join, words
from itsm_gitops.presentation.moments import day_and_month
from itsm_gitops.presentation.remainder import folded
from itsm_gitops.presentation.view import View

MOST_EVENTS = 500
_NOTE, _COMMENT = "note", "comment"
_NEXT_UPDATE = "major.next_update_by"
_FEWEST = 4  # steps of a life that is worth a picture
_LONG = {_NOTE, HAPPENED, REASON}  # what an event says beside its state
PUBLISHED = {meaning.ARTICLE, meaning.KNOWN_ERROR}


def life(view: View, kind: Kind, entry: Entry, data: Mapping[str, Any]) -> Html:
    """Return where a record stands in its life: of an open one as steps, of a finished one when it reached its end."""
    return stepper(kind, entry, data) if view.is_open(entry) else _ended(view, kind, entry, data)


def stepper(kind: Kind, entry: Entry, data: Mapping[str, Any]) -> Html:
    """Return the states a record went through, the one it is in, and the way to its end.

    Nothing where the label of the state says as much: the way is short, or what is published has no end to work towards.
    """
    workflow = kind.workflow
    if workflow is None or entry.state not in workflow.states or PUBLISHED & set(kind.plays):
        return EMPTY
    visited = {e.get("state") for e in events(data)}
    ahead = _way_to_end(workflow, entry.state, data)
    states = [
        s for s in workflow.states.values() if s.name in visited or s.name == entry.state or s.name in ahead
    ]
    if len(states) < _FEWEST:
        return EMPTY
    now = _end(workflow, entry.state) if workflow.is_terminal(entry.state) else "now"
    items, place = [], 0
    for number, state in enumerate(states, 1):
        if state.name == entry.state:
            look, place = f"{now} aria-current=step", number
        else:
            look = "next" if state.name in ahead else "past"
        items.append(f"<li class={look}>{esc(state.title)}")
    label = esc(t("Life cycle"))
    title = esc(t(workflow.states[entry.state].title))
    said = told("Step {number} of {all}: {state}", number=esc(place), all=esc(len(states)), state=title)
    return Html(
        f'<p class=it-steps__said aria-hidden=true>{said}</p><ol class=it-steps aria-label="{label}">{"".join(items)}</ol>'
    )


def _ended(view: View, kind: Kind, entry: Entry, data: Mapping[str, Any]) -> Html:
    """Return in a line when a record was opened, and when it reached the states of its end."""
    flow, opened = kind.workflow, clock.parse_time(entry.opened)
    if flow is None or opened is None:
        return EMPTY
    reached: list[tuple[str, datetime]] = []
    for event in events(data):
        state, at = event.get("state"), clock.parse_time(str(event.get("at", "")))
        if not isinstance(state, str) or at is None or state not in flow.states:
            continue
        reached = [*reached, (flow.states[state].title, at)] if not flow.is_open(state) else []
    parts, before = [], None
    # What is written down when it is over has one moment.
    begins = [] if [at for _, at in reached] == [opened] else [("Opened", opened)]
    for title, at in (*begins, *reached):
        parts.append(Html(f"<span>{esc(t(title))} {_after(view, at, before)}</span>"))
        before = at
    arrow = Html(" <span aria-hidden=true>→</span> ")
    return Html(f"<p class=it-life>{arrow.join(parts)}</p>")


def _after(view: View, at: datetime, before: datetime | None) -> Html:
    """Return a moment without what the one before says: its day, its year."""
    local = in_zone(at, view.zone)
    last = in_zone(before, view.zone) if before else None
    if last is None or last.year != local.year:
        return view.moment(at)
    clock_time = f"{local:%H:%M}"
    shown = (
        clock_time
        if last.date() == local.date()
        else t("{day}, {time}", day=day_and_month(local), time=clock_time)
    )
    return Html(f"<time datetime={clock.format_time(at)}>{esc(shown)}</time>")


def _end(workflow: Workflow, state: str) -> str:
    """Return the look of the last state: the work was done, was given up, or its result is out of use by now."""
    if workflow.is_cancelled(state):
        return "stopped"
    return "past" if state_look(workflow.states[state]) == "none" else "end"


def _way_to_end(workflow: Workflow, state: str, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the usual way from a state to its end: always the first step the life cycle lists.

    Cancelling is not usual, nor is a state that only waits.
    """
    order = list(workflow.states)
    way = [state]
    while not workflow.is_terminal(way[-1]):
        ahead = [
            step.target
            for step in workflow.steps_from(way[-1], data)
            if step.target in workflow.states
            and order.index(step.target) > order.index(way[-1])
            and not workflow.is_cancelled(step.target)
            and not _is_detour(workflow, way[-1], step.target, data)
        ]
        if not ahead:
            break
        way.append(ahead[0])
    return tuple(way[1:])


def _is_detour(workflow: Workflow, source: str, target: str, data: Mapping[str, Any]) -> bool:
    """Whether a state only waits: everything it leads this record to can be reached without it."""
    direct = {t.target for t in workflow.steps_from(source, data)}
    exits = {t.target for t in workflow.steps_from(target, data)}
    waits = workflow.states[target].category == "waiting"
    return waits and source in exits and exits <= direct | {source}


def events(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the entries of a timeline that can be used."""
    timeline = data.get("timeline")
    return [e for e in timeline if isinstance(e, dict)] if isinstance(timeline, list) else []


def timeline(view: View, kind: Kind, data: Mapping[str, Any]) -> Html:
    """Return the timeline, the newest event first; nothing where it says no more than the head of the page.

    What users were told stands in a section of its own; an event that did more as well points to it.
    """
    own = [e for e in events(data) if not _only_tells(e)]
    if not own or (len(own) == 1 and not (_LONG & own[0].keys() or _changes(own[0]))):
        return EMPTY
    return _newest_and_older([_event(view, kind, e) for e in reversed(own)], "it-timeline")


def _only_tells(event: Mapping[str, Any]) -> bool:
    """Whether an event is a comment and nothing else."""
    return bool(event.get(_COMMENT)) and not (_LONG | {"state"}) & event.keys() and not _changes(event)


def _changes(event: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return what an event changed; when the next update comes belongs to the update that says so."""
    told_of = event.get(_COMMENT)
    return [c for c in changes_of_entry(event) if not (told_of and c[0] == _NEXT_UPDATE)]


def _newest_and_older(items: Sequence[Html], css: str) -> Html:
    """Return a list, the newest first, with the older ones behind a line that opens them."""
    if not items:
        return EMPTY
    shown, older = (
        Html(f"<ol class={css}>{join(some)}</ol>") for some in (items[:MOST_EVENTS], items[MOST_EVENTS:])
    )
    number = len(items) - MOST_EVENTS
    if number <= 0:
        return shown
    return Html(f"{shown}{folded(counted(number, 'and {count} older one', 'and {count} older ones'), older)}")


def updates(view: View, said: Sequence[LastWord]) -> Html:
    """Return what users were told, the newest first: apart from internal notes, so that nobody takes one for the other."""
    items = [
        Html(f"<li><p>{_at(view, word)}{_by(view, word.by)}</p>{prose.render(word.text, view.id_link)}")
        for word in reversed(said)
    ]
    return _newest_and_older(items, "it-updates")


def _at(view: View, word: LastWord) -> Html:
    return view.moment(datetime.fromtimestamp(word.at, UTC)) if word.at is not None else EMPTY


def _by(view: View, who: str) -> Html:
    return Html(f"{DOT}{view.link(who)}") if who else EMPTY


def _asides(view: View, event: Mapping[str, Any]) -> Iterator[Html]:
    """Yield the time of the event, where it differs from that of the entry, and the reason."""
    happened, wrong, reason = (event.get(name) for name in (HAPPENED, CORRECTS, REASON))
    if isinstance(happened, str):
        what = (
            told("What was written {when} happened", when=view.time(wrong))
            if isinstance(wrong, str)
            else esc(t("Happened"))
        )
        yield Html(f"{what} {view.time(happened)}")
    if isinstance(reason, str):
        yield esc(t("Because: {reason}", reason=reason))


def _values(view: View, kind: Kind, event: Mapping[str, Any]) -> Html:
    """Return the fields that an entry changed, each with its old and its new value."""
    rows = []
    for name, was, now in _changes(event):
        title, schema = field_at(kind, str(name))
        rows.append(changed(title, value(view, was, schema), value(view, now, schema)))
    return Html(f"<dl class=it-edits>{join(rows)}</dl>") if rows else EMPTY


def _event(view: View, kind: Kind, event: Mapping[str, Any]) -> Html:
    parts, reached, look = "", "", "note"
    state = event.get("state")
    if isinstance(state, str):
        state_type = kind.workflow.states.get(state) if kind.workflow else None
        look = state_look(state_type) if state_type else "none"
        # It has the colour of the event.
        reached = f"<b>{esc(state_type.title if state_type else words(state))}</b>"
    note = event.get(_NOTE)
    if isinstance(note, str):
        parts += (
            f"<div class={_NOTE}><b>{esc(t('Internal note'))}</b>{prose.render(note, view.id_link)}</div>"
        )
    if event.get(_COMMENT) and look == _NOTE:
        look = _COMMENT
    values = _values(view, kind, event)
    parts += f"<div>{values}</div>" if values else ""
    parts += "".join(f"<div class=it-muted>{line}</div>" for line in _asides(view, event))
    who = event.get("by")
    by = Html(f" <span class=it-timeline__by>{view.link(who)}</span>") if isinstance(who, str) else EMPTY
    before = f"{reached} " if reached else ""
    if event.get(_COMMENT):
        name = "Update for users" if meaning.INCIDENT in kind.plays else "Comment"
        before += f"<a href=#updates>{esc(t(name))}</a> "
    return Html(f"<li class={look}><p>{before}{view.time(str(event.get('at', '')))}{by}{parts}")
