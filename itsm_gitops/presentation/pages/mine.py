"""The page "My work": the frame in which a script shows what is one person's or one team's.

Who reads a page is not known when it is made, and nobody signs in: readers say once who they are, and their browser keeps
it.
"""

from __future__ import annotations

from itsm_gitops.model import meaning
from itsm_gitops.model.audience import NAMES, Audience
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import Html, esc, join
from itsm_gitops.presentation.navigation import MINE_TITLE
from itsm_gitops.presentation.pages.acts import beside, buttons
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import heading, paragraph
from itsm_gitops.presentation.view import View

_LEAD = "Everything assigned to you, waiting for your approval, due or watched."
_HINT = "Your name or your team. It stays in this browser, and nothing is sent."
_WITHOUT = "This page needs JavaScript. The pages of people and teams list the same work without it."


def has_page(book: RuleBook, audience: Audience) -> bool:
    """Whether a site for this audience has the page: where people have names."""
    return audience.people == NAMES and bool(book.playing(meaning.PERSON))


def mine_page(view: View) -> ListPage:
    """Return the page; what it shows is put in by the site's script. Who may report something finds the way to it."""
    form = (
        f'<form class="it-mine__who"><label for="it-mine-q">{esc(t("Who are you?"))}</label>'
        f'<p id="it-mine-hint" class="it-muted">{esc(t(_HINT))}</p>'
        '<input id="it-mine-q" type="text" list="it-mine-names" autocomplete="off" spellcheck="false" maxlength="100" '
        'aria-describedby="it-mine-hint it-mine-said"><datalist id="it-mine-names"></datalist>'
        f'<button type="submit" class="it-x__button it-mine__show">{esc(t("Show my work"))}</button></form>'
        '<p id="it-mine-said" class="it-muted" role="status"></p>'
    )
    may_report = view.audience.forms and bool(view.book.playing(meaning.INCIDENT))
    report = buttons([(urls.REPORT, "Report an incident")] if may_report else [], main=False)
    body = join(
        [
            beside(heading([], t(MINE_TITLE), lead=esc(t(_LEAD))), report),
            Html(f"<noscript>{paragraph(_WITHOUT)}</noscript>"),
            Html(f'<div class="it-mine">{form}<div class="it-mine__parts"></div></div>'),
        ]
    )
    return ListPage(urls.MINE, t(MINE_TITLE), urls.MINE, body)
