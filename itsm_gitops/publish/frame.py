"""The sources that the site engine renders: the handbook, the references, the navigation, the empty pages.

All of it follows from ``site/``, the rule book and the settings, so it can be rendered while the
documents are still being read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.audience import Audience
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.presentation import handbook, navigation, urls
from itsm_gitops.presentation.language import ENGLISH, current, t
from itsm_gitops.presentation.markup import Html, esc
from itsm_gitops.presentation.moments import zone_of
from itsm_gitops.presentation.pages import mine
from itsm_gitops.presentation.rulebook_words import in_language
from itsm_gitops.publish import engine
from itsm_gitops.publish.engine_settings import read_settings
from itsm_gitops.publish.tool import site_folder
from itsm_gitops.snapshots.config import Config


def _palette(theme: Mapping[str, Any]) -> Any:
    """Return the palette of a theme with what its switches do in the language of the site."""
    palette = theme.get("palette", {})
    if not isinstance(palette, list):
        return palette
    return [
        {**one, "toggle": {**one["toggle"], "name": t(one["toggle"]["name"])}} if "toggle" in one else one
        for one in palette
    ]


def _titled(look: Mapping[str, Any]) -> dict[str, Any]:
    """Return a look with what the list of a page's headings is called in the language of the site."""
    extensions = [
        {"toc": {**one["toc"], "title": t(one["toc"]["title"])}}
        if isinstance(one, dict) and "title" in (one.get("toc") or ())
        else one
        for one in look.get("markdown_extensions", ())
    ]
    return {**look, "markdown_extensions": extensions}


def language_of(root: Path, config: Config) -> str:
    """Return the language of a site: that of the settings, else that of the theme, else English."""
    return config.language or written_language(root)


def written_language(root: Path) -> str:
    """Return the language of the handbook: that of the theme, else English, as the one that the tool brings."""
    theme = read_settings(site_folder(root) / "mkdocs.yml", "site/mkdocs.yml")["theme"]
    return str(theme.get("language") or ENGLISH)


def _footer_links(book: RuleBook, audience: Audience, *, handbook: bool) -> str:
    """Return the ways that every page ends with, as far as the site has these pages."""
    ways = (
        (urls.REPORT, "Report an incident", audience.forms and bool(book.playing(meaning.INCIDENT))),
        (urls.SUBSCRIBE, "Subscribe", True),
        (urls.HANDBOOK, "Handbook", handbook),
    )
    links = "".join(
        f'<a href="{navigation.PAGE}{url}">{esc(t(title))}</a>' for url, title, there in ways if there
    )
    return f'<nav class="it-foot" aria-label="{esc(t("Footer"))}">{links}</nav>'


def sources(
    root: Path,
    book: RuleBook,
    config: Config,
    audience: Audience,
    url: str,
    *,
    cli_reference: str | None,
    rules: Sequence[handbook.RuleText],
    reports: Sequence[tuple[str, str]],
) -> engine.Sources:
    """Return what the engine renders for an audience of the repository at ``root``.

    ``book`` is the rule book as the audience sees it, in its own words: its reference is part of the handbook, which is
    not translated. ``url`` is where the site will be, ``cli_reference`` the
    Markdown of the command line's reference, ``rules`` what the handbook says of each rule, ``reports`` the
    names and titles of the reports that the site has.
    """
    folder = site_folder(root)
    reference = handbook.reference_pages(book, rules, cli_reference) if audience.reference else {}
    pages = {path: text for path, (_, text) in reference.items()}
    titles = [(path, navigation.plain(title)) for path, (title, _) in reference.items()]
    left_out = navigation.left_out(folder / "docs", audience.handbook)
    prose = [page for page in navigation.handbook_pages(folder / "docs") if page[0] not in left_out]
    prose = navigation.as_the_index(prose, folder / "docs")
    index = navigation.source_of(urls.HANDBOOK)
    if (prose or titles) and index not in dict(prose):
        pages[index] = navigation.handbook_index([*prose, *titles])
        prose.insert(0, (index, "Handbook"))
    figures = [(urls.report(name), title) for name, title in reports]
    nav, empty = navigation.navigation(
        in_language(book),
        prose,
        titles,
        figures,
        forms=audience.forms,
        dues=audience.reports,
        people=mine.has_page(book, audience),
        # Customers have no use for them; what others link to them is there all the same.
        items=audience.forms or audience.reports,
        known_errors=navigation.known_errors_title(audience),
    )
    name = navigation.plain(config.site_name or config.organisation)
    footer = Html(
        esc(t("{organisation}. Times are in {zone}.", organisation=config.organisation, zone=zone_of(config)))
        + _footer_links(book, audience, handbook=bool(prose))
    )
    look = read_settings(folder / "mkdocs.yml", "site/mkdocs.yml")
    look = _titled(look)
    look = {**look, "theme": {**look["theme"], "language": current(), "palette": _palette(look["theme"])}}
    return engine.Sources(folder, look, {**empty, **pages}, nav, name, url, footer, left_out, config.engine)
