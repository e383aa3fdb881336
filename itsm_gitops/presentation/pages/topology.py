"""The page of the map: the frame in which a script draws the neighbourhood of any item.

The form, its choices and the text for readers without scripts are made here; drawing, list and details come
from the script, because any of thousands of items can be the start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from itsm_gitops.presentation import urls
from itsm_gitops.presentation.diagram import SIGNS
from itsm_gitops.presentation.language import digits, t
from itsm_gitops.presentation.markup import ROOT, Html, esc, join, link
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import Crumb, heading, paragraph
from itsm_gitops.presentation.topology import LOOKS, Topology

_TITLE = "Map of dependencies"
_DIRECTIONS = (("both", "Both ways"), ("needs", "What it needs"), ("users", "What needs it"))
_STEPS = (("0", "Only these"), ("1", "1 step"), *((str(n), f"{n} steps") for n in range(2, 7)))
_LEAD = (
    "On the left stands what relies on an item, on the right what it relies on. Colours and symbols show the "
    "current status."
)
_KEYS = (
    "Press Tab to reach the map. Arrow keys follow its relations and show more, "
    "Enter opens the details, Escape goes back, plus and minus zoom, 0 fits everything in."
)


def map_page(topology: Topology) -> ListPage:
    """Return the page that shows a part of the network; which one is in its address."""
    if not topology.items:
        body = Html(f"{_head()}{paragraph('There are no configuration items yet.')}")
        return ListPage(urls.MAP, _TITLE, urls.CMDB, body)
    counts = Counter(e.kind for e in topology.items)
    classes = [(k.name, f"{k.plural_title} ({digits(counts[k.name])})") for k in topology.classes]
    lists = "".join(f"<li>{link(urls.index(k), esc(k.plural_title))}</li>" for k in topology.classes)
    without = "The map needs JavaScript. Each item's page has a drawing of its surroundings."
    body = join(
        [
            _head(),
            Html(
                f'<div class="it-net" data-root="{ROOT}"><div class="it-net__head">{_tools(classes)}{_filters(topology)}</div>'
            ),
            Html(
                f'<div class="it-net__bar"><p class="it-net__status" role="status"></p>{_TO_LIST.format(esc(t("As a list")))}{_buttons()}</div>'
            ),
            Html(f'<div class="it-net__stage"><div class="it-net__left">{_VIEW}</div>{_panel()}</div>'),
            Html(f'<div class="it-net__below">{_legend()}{_keys()}</div>'),
            Html('<section class="it-net__apart" hidden></section>'),
            Html(
                '<section class="it-section"><h2 id="list">'
                + esc(t("As a list"))
                + '</h2><div class="it-net__list"></div>'
            ),
            Html("</section></div>"),
            Html(f"<noscript>{paragraph(without)}<ul>{lists}</ul></noscript>"),
        ]
    )
    return ListPage(urls.MAP, t(_TITLE), urls.CMDB, body)


def _keys() -> str:
    return (
        f'<details class="it-fold it-net__keys"><summary>{esc(t("Keys of the map"))}</summary>'
        f'<p class="it-muted" id="it-net-keys">{esc(t(_KEYS))}</p></details>'
    )


# A phone shows a part of the drawing only; what is in it is read sooner in the list.
_TO_LIST = '<a class="it-net__to-list" href="#list">{}</a>'
_VIEW = '<div class="it-net__view"></div>'


def _head() -> Html:
    return heading([Crumb(urls.CMDB, "CMDB")], t(_TITLE), lead=esc(t(_LEAD)))


def _tools(classes: Iterable[tuple[str, str]]) -> Html:
    """Return the questions of the map: where it starts, which way and how far it goes."""
    chosen = _select("class", "or every item of a class", [("", "Choose a class"), *classes])
    return Html(
        '<form class="it-net__tools" aria-label="' + esc(t("What the map shows")) + '">'
        '<label class="it-net__start">'
        + esc(t("Item"))
        + ' <input name="start" type="search" list="it-net-names"'
        ' autocomplete="off" spellcheck="false" maxlength="200" placeholder="'
        + esc(t("Name or identifier"))
        + '"></label>'
        f'<datalist id="it-net-names"></datalist>{chosen}'
        f"{_select('dir', 'Direction', _DIRECTIONS)}{_select('depth', 'How far', _STEPS)}"
        '<button type="submit" class="it-net__go">' + esc(t("Show")) + "</button></form>"
    )


def _select(name: str, label: str, choices: Iterable[tuple[str, str]]) -> str:
    options = "".join(f'<option value="{esc(v)}">{esc(t(title))}</option>' for v, title in choices)
    return f'<label>{esc(t(label))} <select name="{name}">{options}</select></label>'


def _filters(topology: Topology) -> Html:
    """Return the choice of classes and relations; where failure does not travel, a relation is off."""
    classes = "".join(_check("class", k.name, k.plural_title, checked=True) for k in topology.classes)
    ways = "".join(_check("way", w.name, w.title, checked=w.impact) for w in topology.ways)
    return Html(
        '<details class="it-net__filters"><summary>' + esc(t("Classes and relations")) + "</summary>"
        f"<form><fieldset><legend>{esc(t('Classes'))}</legend>{classes}</fieldset>"
        f"<fieldset><legend>{esc(t('Relations'))}</legend>{ways}</fieldset></form></details>"
    )


def _check(name: str, value: str, title: str, *, checked: bool) -> str:
    on = " checked" if checked else ""
    return f'<label><input type="checkbox" name="{name}" value="{esc(value)}"{on}> {esc(title)}</label>'


def _legend() -> str:
    signs = (
        f'<li class="it-map__box{f" it-map__box--{look}" if look else ""}" data-look="{look}"><svg viewBox="-8 -8 16 16" aria-hidden="true">'
        f'<path class="it-map__sign" d="{SIGNS[look]}"/></svg>{esc(t(title))}</li>'
        for look, title in LOOKS.items()
    )
    dashed = (
        '<li data-look="weak"><svg viewBox="-14 -8 28 16" aria-hidden="true">'
        f'<path class="it-map__line it-net__weak" d="M-14 0H14"/></svg>{esc(t("Outage is not passed on"))}</li>'
    )
    return f'<ul class="it-net__legend" aria-label="{esc(t("Signs"))}">{"".join(signs)}{dashed}</ul>'


def _buttons() -> str:
    buttons = (("out", "−", "Smaller"), ("in", "+", "Larger"), ("fit", "Fit", "Fit everything in"))
    content = "".join(
        f'<button type="button" data-zoom="{do}" aria-label="{esc(t(name))}" title="{esc(t(name))}">{esc(t(sign))}</button>'
        for do, sign, name in buttons
    )
    return f'<div class="it-net__zoom" role="group" aria-label="{esc(t("Size"))}">{content}</div>'


def _panel() -> str:
    return f'<section class="it-net__panel" aria-label="{esc(t("Details"))}" hidden></section>'
