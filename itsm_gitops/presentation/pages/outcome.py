"""What came of a record whose work is done: what its page says first, before what was wanted and planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import LOOKS, PROSE, Field, value
from itsm_gitops.presentation.language import told
from itsm_gitops.presentation.markup import EMPTY, Html, join, words
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.view import View

# How it ended, and the texts that say what was found and done, in the order in which they are read.
_ENDS = ("outcome", "resolution_code", "fulfilment", "cancellation_reason", "retirement_reason")
_TEXTS = ("close_notes", "resolution_notes", "root_cause", "fix_notes", "fulfilment_notes")
_CAUSE = "root_cause"  # says something of the end only together with it
_SPANS = (("actual_start", "actual_end"), ("started_at", "finished_at"))
_HELP, _SYMPTOM = "workaround", "symptom"


class Outcome(NamedTuple):
    """The section of the outcome, and the names of the fields that it shows: nothing else on the page has them."""

    section: Html
    shown: frozenset[str]


def outcome(view: View, entry: Entry, data: Mapping[str, Any], used: Sequence[Field]) -> Outcome:
    """Return how a record ended, when, and what was done; nothing while its work goes on. ``used`` are its fields."""
    present = {f.name: f for f in used}
    if view.is_open(entry) and "outcome" not in present:
        return Outcome(EMPTY, frozenset())
    listed = [present[n] for n in (*_ENDS, *_TEXTS) if n in present]
    ends = [f for f in listed if "enum" in f.schema]  # one word; whoever writes a sentence writes a text
    texts = [f for f in listed if f.role == PROSE or (f.name in _ENDS and f not in ends)]
    if not ends and not any(f.name != _CAUSE for f in texts):
        return Outcome(EMPTY, frozenset())
    when, times = _when(view, data)
    end = join([*(_end(data[f.name]) for f in ends), *([Html(f"<span>{when}</span>")] if when else [])], " ")
    line = Html(f"<p class=it-outcome__end>{end}</p>") if end else EMPTY
    if len(texts) == 1:  # the heading of the section says what it is
        shown_texts = value(view, data[texts[0].name], texts[0].schema)
    else:
        shown_texts = join([section(f.title, value(view, data[f.name], f.schema)) for f in texts])
    css = '"it-outcome it-outcome--given-up"' if facts.is_cancelled(view.book, entry) else "it-outcome"
    body = Html(f"<div class={css}>{line}{shown_texts}</div>")
    return Outcome(section("Outcome", body, "outcome"), frozenset({f.name for f in (*ends, *texts)} | times))


def _end(text: object) -> Html:
    """Return how a record ended, as a chip: with a colour where the word says whether that is good."""
    return chip(words(str(text)), LOOKS.get(str(text), "none"))


def _when(view: View, data: Mapping[str, Any]) -> tuple[Html, set[str]]:
    """Return from when until when the work went on, and the fields that say so."""
    for names in _SPANS:
        begin, end = (clock.parse_time(str(data.get(name, ""))) for name in names)
        if begin is None or end is None:
            continue
        first, last = in_zone(begin, view.zone), in_zone(end, view.zone)
        until = Html(f"{last:%H:%M}") if first.date() == last.date() else view.moment(end)
        return told("{start} to {end}", start=view.moment(begin), end=until), set(names)
    return EMPTY, set()


def workaround(view: View, entry: Entry, data: Mapping[str, Any], used: Sequence[Field]) -> Outcome:
    """Return what helps until a fault is gone, in the place of an outcome: it is what people come for."""
    field = next((f for f in used if f.name == _HELP), None)
    helped = {meaning.PROBLEM, meaning.KNOWN_ERROR} & set(view.kind(entry).plays)
    if field is None or not helped or not view.is_open(entry):
        return Outcome(EMPTY, frozenset())
    # Nobody relies on a draft yet.
    is_draft = meaning.KNOWN_ERROR in helped and not facts.is_offered(view.book, entry)
    css = '"it-outcome it-outcome--draft"' if is_draft else "it-outcome"
    body = Html(f"<div class={css}>{value(view, data[_HELP], field.schema)}</div>")
    # Whoever looks for help first makes sure that it is their fault.
    first = [f for f in used if f.name == _SYMPTOM]
    seen = [section(f.title, value(view, data[f.name], f.schema)) for f in first]
    helps = section(field.title, body, "workaround")
    return Outcome(join([*seen, helps]), frozenset({_HELP, *(f.name for f in first)}))
