"""Lines of evidence as a reader follows them: what they name leads to its page."""

from __future__ import annotations

import re

from itsm_gitops.model.practice import REPORT, RULE
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import Html, esc, join, link
from itsm_gitops.presentation.view import View

_NAMED = re.compile(r"\{([^{}]*)\}")
_MARKS = {"+": "Found", "-": "Not found"}


def evidence_list(view: View, text: str) -> Html:
    """Return evidence (`model/report.EVIDENCE`) as a list; what has a page here is a link to it."""
    return Html(f'<ul class="it-evidence">{join([_line(view, line) for line in text.splitlines()])}</ul>')


def _line(view: View, line: str) -> Html:
    mark, _, rest = line.partition(" ")
    parts = _NAMED.split(rest)  # texts and names in turn
    body = join([_named(view, part) if n % 2 else esc(part) for n, part in enumerate(parts)])
    look = "there" if mark == "+" else "absent"
    said = f'<span class="it-vh">{esc(t(_MARKS.get(mark, "")))}: </span>'
    return Html(f'<li class="it-evidence__{look}">{said}{body}</li>')


def _named(view: View, name: str) -> Html:
    form, colon, subject = name.partition(":")
    if not colon:
        return view.link(name) if view.url(name) else esc(name)
    if form == RULE:
        return link(urls.rule(subject), esc(subject))
    if form == REPORT:
        return link(urls.report(subject), Html(f"<code>{esc(subject)}</code>"))
    return Html(f"<code>{esc(subject)}</code>")
