"""Pieces that several types of page share: headings, sections, tables of documents, relations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple
from urllib.parse import quote

from itsm_gitops.graph.network import Relation
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import prose, urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import digits, t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, shorten
from itsm_gitops.presentation.remainder import and_more, opening
from itsm_gitops.presentation.traits import Traits
from itsm_gitops.presentation.view import View

MOST_LINKS = 60
_MOST_FINISHED = 12  # of a list that is longer
_MOST_GAPS = 10
_MOST_WORDS = 180
_MOST_HEADINGS = 1_024


class Crumb(NamedTuple):
    """One step of the way from the start page: a page of the site and what it is called."""

    url: str
    title: str


def heading(
    crumbs: Iterable[Crumb],
    title: str,
    chips: Iterable[Html] = (),
    lead: Html = EMPTY,
    kicker: str = "",
    count: int | None = None,
    of: str = "",
) -> Html:
    """Return the head of a page: where it is, its title, its state at a glance.

    ``kicker`` ends the way to the page: the number of a record, a word that tells the page from others of its title.
    ``count`` is how much the page lists; ``of`` is the kind of the document that it is about, for what was viewed last.
    """
    way = join([Html(f"<li>{link(c.url, esc(t(c.title)))}") for c in crumbs])
    way = Html(f"{way}<li>{esc(kicker)}") if kicker else way
    chip_row = join([c for c in chips if c], " ")
    kind = f' data-kind="{esc(of)}"' if of else ""
    return Html(
        f"<header class=it-head{kind}>"
        + (f'<nav class=it-way aria-label="{esc(t("Breadcrumb"))}"><ol>{way}</ol></nav>' if way else "")
        + f"<h1>{esc(title)}{_count(count)}</h1>"
        + (f"<p class=it-chips>{chip_row}</p>" if chip_row else "")
        + (f"<div class=it-lead>{lead}</div>" if lead else "")
        + "</header>"
    )


def _count(number: int | None) -> str:
    return "" if number is None else f" <span class=it-count>{digits(number)}</span>"


def main_action(url: str, text: str) -> Html:
    """Return the button for what most readers do next; a page has one at most."""
    return actions([(url, text)])


def actions(ways: Iterable[tuple[str, str]]) -> Html:
    """Return what readers do from here: the first as the button, the others as links beside it."""
    shown = [link(url, esc(t(text)), "" if n else "it-do__main") for n, (url, text) in enumerate(ways)]
    return Html(f"<p class=it-do>{join(shown, ' ')}</p>") if shown else EMPTY


def numbers(counts: Iterable[tuple[str, str, str, int]]) -> Html:
    """Return how much there is of what, as a row of links: address, what, its look and the number; zeros are left out.

    An address that begins with # is a part of the same page. Only what is too late has a colour.
    """
    items = []
    for url, title, look, number in counts:
        label = Html(f"{esc(t(title))} <strong>{digits(number)}</strong>")
        leading = f"<a href={url}>{label}</a>" if url.startswith("#") else link(url, label)
        items += [f"<li{' class=it-late' if look == 'bad' else ''}>{leading}"] if number else []
    return Html(f"<ul class=it-counts>{''.join(items)}</ul>") if items else EMPTY


_INCOMPLETE = (
    "Not everything can be read at the moment, so a fault could be missing here. No service is called operational until "
    "that is repaired."
)


def incomplete(view: View) -> Html:
    """Return the notice that the status of services is not known, because files cannot be read; else nothing.

    Which files only an audience that sees everything is told.
    """
    if not view.gaps:
        return EMPTY
    named = view.gaps[:_MOST_GAPS] if view.audience.everything else ()
    items = "".join(f"<li><code>{esc(g.place)}</code>: {esc(g.reason)}</li>" for g in named)
    more = len(view.gaps) - len(named)
    rest = f"<li>{esc(and_more(more))}</li>" if named and more else ""
    return Html(
        f'<div class="it-notice it-notice--unknown" role=status><p><strong>{esc(t(_INCOMPLETE))}</strong></p>'
        + (f"<ul>{items}{rest}</ul>" if named else "")
        + "</div>"
    )


def section(title: str, body: Html, anchor: str = "", *, css: str = "", count: int | None = None) -> Html:
    """Return a titled part of a page, nothing when it has no content; ``count`` is how much it lists."""
    if not body:
        return EMPTY
    return Html(f"{_opening(t(title), anchor, css, count)}{body}</section>")


@lru_cache(_MOST_HEADINGS)
def _opening(title: str, anchor: str, css: str, count: int | None) -> str:
    style = f" class={css}" if css else ""
    mark = f" id={esc(anchor)}" if anchor else ""
    return f"<section{style}><h2{mark}>{esc(title)}{_count(count)}</h2>"


def two_columns(main: Html, side: Html, rest: Html = EMPTY, *, stays: bool = False) -> Html:
    """Return the article and what stands beside it; on a small screen that is below it, and above the rest.

    ``stays`` keeps what stands beside it in sight: it must be short.
    """
    if not side:
        return Html(f"<div class=it-main>{main}{rest}</div>")
    below = f'<div class="it-main it-last">{rest}</div>' if rest else ""
    css = "'it-side it-side--stays'" if stays else "it-side"
    return Html(
        f"<div class=it-cols><div class=it-main>{main}</div><div class={css}>{side}</div>{below}</div>"
    )


def paragraph(text: str, css: str = "it-muted") -> Html:
    """Return one paragraph of the program's own words."""
    return Html(f'<p class="{css}">{esc(t(text))}</p>')


def line(view: View, entry: Entry, details: Iterable[Html]) -> Html:
    """Return a record or item as a line of a list: its title, and below it its number and ``details``."""
    number = Html(f"<b>{esc(entry.id)}</b>") if view.kind(entry).is_record else EMPTY
    below = join([part for part in (number, *details) if part], " ")
    title = link(view.url(entry.id), esc(shorten(entry.title or entry.id, 160)))
    return Html(
        f"<p class=it-line__title>{title}" + (f"<p class=it-line__about>{below}</p>" if below else "</p>")
    )


def record_line(view: View, identifier: str) -> Html:
    """Return what a page names as a line of a list: a record with its number and state below, an item by its name."""
    if is_record(view, identifier):
        entry = view.entries[identifier]
        return line(view, entry, [view.state_chip(entry)])
    return Html(f"{view.link(identifier)}{_state_of(view, identifier)}")


def first_words(view: View, entry: Entry, field: str) -> Html:
    """Return the first paragraph of a field of an entry as plain text, cut at a word."""
    text = excerpt(view, entry, field)
    return Html(f"<p>{esc(text)}</p>") if text else EMPTY


def excerpt(view: View, entry: Entry, field: str) -> str:
    """Return the first paragraph of a field of an entry without marks, cut at a word; not escaped."""
    text = view.store.data(entry.id).get(field)
    first = " ".join(prose.plain(text.strip().split("\n\n")[0]).split()) if isinstance(text, str) else ""
    return first if len(first) <= _MOST_WORDS else first[: _MOST_WORDS - 1].rsplit(" ", 1)[0] + "…"


def workaround_chip(view: View, entry: Entry) -> Html:
    """Return what a known error offers its readers while it is in force, else the state that it is in."""
    if not facts.is_offered(view.book, entry):
        return view.state_chip(entry)
    if view.store.data(entry.id).get("workaround"):
        return chip("Workaround available", "done")
    return chip("No workaround yet", "waiting")


def unseen(view: View, entry: Entry) -> list[Relation]:
    """Return the relations of a document that none of its own fields shows: links, and what comes in."""
    return [r for r in view.network.related(entry.id) if not r.outgoing or r.pointer[0] == "links"]


def relations(view: View, about: str, all_relations: Iterable[Relation]) -> Html:
    """Return the relations of a document grouped by title, each group with links that show titles and states.

    What is related in several ways stands once, under all of their titles. On the page of an item, the other items come
    before the records: there are always more of these.
    """
    titles: dict[str, set[str]] = {}
    for relation in all_relations:
        titles.setdefault(relation.other, set()).add(t(relation.title))
    groups: dict[str, list[str]] = {}
    for other, several in titles.items():
        first, *further = sorted(several)
        groups.setdefault(" · ".join([first, *further]), []).append(other)
    on_item = not is_record(view, about)
    in_order = sorted(groups.items(), key=lambda g: (on_item and any(is_record(view, i) for i in g[1]), g[0]))
    return join([_group(view, about, title, others) for title, others in in_order])


def _group(view: View, about: str, title: str, others: list[str]) -> Html:
    unique = _newest_first(view, dict.fromkeys(others))
    # All items and the newest records: the explorer has all records, and nothing else lists the items.
    shown = unique if len(unique) <= MOST_LINKS else _without_old(view, unique[:MOST_LINKS])
    rest = [i for i in unique[len(shown) :] if not is_record(view, i)]
    items = "".join(f"<li>{record_line(view, i)}" for i in shown)
    more = len(unique) - len(shown) - len(rest)
    if more > 0:
        items += f"<li>{link(_records_about(view, about), esc(and_more(more)))}"
    if rest:
        items += f"<li>{opening([view.link(i) for i in rest])}"
    count = f" <span class=it-count>{len(unique)}</span>" if len(unique) > 1 else ""
    return Html(f"<div class=it-rel><h3>{esc(title)}{count}</h3><ul>{items}</ul></div>")


def _without_old(view: View, newest_first: Sequence[str]) -> list[str]:
    """Return what is shown of a long list: everything before its finished records, and the newest of these."""
    finished = [n for n, i in enumerate(newest_first) if is_record(view, i) and not _is_open(view, i)]
    return list(newest_first[: finished[_MOST_FINISHED]] if len(finished) > _MOST_FINISHED else newest_first)


def _is_open(view: View, identifier: str) -> bool:
    traits = view.traits(identifier)
    return traits is not None and traits.is_open


def is_record(view: View, identifier: str) -> bool:
    """Whether an identifier is that of a record that exists."""
    traits = view.traits(identifier)
    return traits is not None and traits.is_record


def _records_about(view: View, identifier: str) -> str:
    """Return the address of the explorer with every record that names a document."""
    entry = view.entries.get(identifier)
    plays = view.kind(entry).plays if entry else ()
    facets = {meaning.SERVICE: "service", meaning.TEAM: "team"}
    facet = next((facets[p] for p in plays if p in facets), "q")
    return explore_url(**{facet: identifier, "status": "all"})


def _newest_first(view: View, identifiers: Iterable[str]) -> list[str]:
    """Order items by name first, then records, open ones first and the newest first."""
    items: list[str] = []
    records: list[Traits] = []
    for identifier in identifiers:
        traits = view.traits(identifier)
        if traits is None or not traits.is_record:
            items.append(identifier)
        else:
            records.append(traits)
    items.sort(key=lambda i: (view.title(i).lower(), i))
    records.sort(key=attrgetter("id"))
    records.sort(key=attrgetter("is_open", "opened"), reverse=True)
    return [*items, *(record.id for record in records)]


def _state_of(view: View, identifier: str) -> Html:
    entry = view.entries.get(identifier)
    if entry is None:
        return EMPTY
    state = view.state_chip(entry) if view.kind(entry).is_record else _item_state(view, identifier)
    return Html(f" {state}") if state else EMPTY


def _item_state(view: View, identifier: str) -> Html:
    """The health of an item, where it is not simply operational."""
    health = view.health.get(identifier)
    return view.health_chip(identifier) if health and health.status != "operational" else EMPTY


def explore_link(text: str, **facets: str) -> Html:
    """Return a paragraph that leads to the explorer with facets chosen."""
    return Html(f"<p class=it-next>{link(explore_url(**facets), esc(t(text)))}</p>")


def explore_url(**facets: str) -> str:
    """Return the address of the explorer with facets chosen."""
    query = "&".join(f"{name}={quote(value, safe=',')}" for name, value in facets.items())
    return f"{urls.EXPLORE}?{query}" if query else urls.EXPLORE
